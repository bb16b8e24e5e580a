//! What error pages say: how long to wait, and the sentence for the user.

use std::time::{Duration, SystemTime};

use hyper::header::{self, HeaderMap};

/// Characters of a server's message that are quoted.
const MAX_DETAIL_CHARS: usize = 500;

/// `Retry-After` as a wait: seconds, or a date against the server's own clock where it tells it.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = headers
        .get(header::DATE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

/// The sentence in an error page: `error.message`, `error`, `message`, `detail`, or the text itself, cut.
pub(crate) fn message_of(page: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(page).unwrap_or_default();
    let message = ["/error/message", "/error", "/message", "/detail"]
        .iter()
        .find_map(|path| json.pointer(path)?.as_str())
        .unwrap_or(page);
    let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(MAX_DETAIL_CHARS) {
        Some((cut, _)) => format!("{}…", words.get(..cut).unwrap_or_default()),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderName;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let seconds = headers(&[(header::RETRY_AFTER, " 7 ")]);
        assert_eq!(retry_after(&seconds), Some(Duration::from_secs(7)));
        let date = headers(&[
            (header::DATE, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (header::RETRY_AFTER, "Sun, 06 Nov 1994 08:50:07 GMT"),
        ]);
        assert_eq!(retry_after(&date), Some(Duration::from_secs(30)));
        let past = headers(&[(header::RETRY_AFTER, "Sun, 06 Nov 1994 08:49:37 GMT")]);
        assert_eq!(retry_after(&past), Some(Duration::ZERO));
        assert_eq!(
            retry_after(&headers(&[(header::RETRY_AFTER, "soon")])),
            None
        );
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn the_sentence_is_found_in_every_dialect_of_error_page() {
        for page in [
            r#"{"error":{"message":"no such model","type":"x"}}"#,
            r#"{"error":"no such model"}"#,
            r#"{"object":"error","message":"no  such\nmodel"}"#,
            "no such model",
        ] {
            assert_eq!(message_of(page), "no such model");
        }
        assert_eq!(message_of(&"é".repeat(600)).chars().count(), 501);
    }
}
