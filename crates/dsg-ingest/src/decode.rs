//! Bytes to text: byte-order marks, UTF-8, UTF-16, windows-1252; line ends as LF.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// A file as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// The text, without byte-order mark, lines ended by LF.
    pub text: String,
    /// The encoding's name when it was not UTF-8.
    pub encoding: Option<&'static str>,
}

/// Decodes `bytes`; `None` when they are binary data.
pub(crate) fn decode(bytes: &[u8]) -> Option<Decoded> {
    let (encoding, skip) = match Encoding::for_bom(bytes) {
        Some((encoding, skip)) => (encoding, skip),
        None => (guess(bytes)?, 0),
    };
    let content = bytes.get(skip..).unwrap_or_default();
    let (text, malformed) = encoding.decode_without_bom_handling(content);
    // A byte-order mark that lies, or half of a pair missing: not text that anyone could cite.
    if malformed && encoding != WINDOWS_1252 && replaced_share(&text) > 0.02 {
        return None;
    }
    if controls_share(&text) > 0.02 {
        return None;
    }
    Some(Decoded {
        text: without_terminal_codes(with_lf(&text)),
        encoding: (encoding != UTF_8).then(|| encoding.name()),
    })
}

/// The encoding of bytes without a byte-order mark; `None` for binary data.
fn guess(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..8192).unwrap_or(bytes);
    if sample.contains(&0) {
        let zeros = |parity: usize| {
            sample
                .iter()
                .skip(parity)
                .step_by(2)
                .filter(|byte| **byte == 0)
                .count()
        };
        let (even, odd) = (zeros(0), zeros(1));
        let many = sample.len() / 5;
        return match () {
            () if odd > many && even * 20 < odd => Some(UTF_16LE),
            () if even > many && odd * 20 < even => Some(UTF_16BE),
            () => None,
        };
    }
    if std::str::from_utf8(bytes).is_ok() {
        Some(UTF_8)
    } else {
        Some(WINDOWS_1252)
    }
}

fn replaced_share(text: &str) -> f64 {
    share(text, |c| c == '\u{fffd}')
}

fn controls_share(text: &str) -> f64 {
    share(text, |c| {
        c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{8}' | '\u{1b}')
    })
}

fn share(text: &str, odd: impl Fn(char) -> bool) -> f64 {
    let (mut all, mut hits) = (0_usize, 0_usize);
    for c in text.chars() {
        all += 1;
        hits += usize::from(odd(c));
    }
    if all == 0 {
        0.0
    } else {
        hits as f64 / all as f64
    }
}

/// `text` without colour codes (`ESC [ … m`) and overstrike (`_ BS x`), as terminals and printed man pages have them.
fn without_terminal_codes(text: String) -> String {
    if !text.contains(['\u{1b}', '\u{8}']) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{8}' => {
                if !out.ends_with('\n') {
                    out.pop();
                }
            }
            '\u{1b}' => {
                if chars.next_if_eq(&'[').is_some() {
                    while chars
                        .next_if(|c| !c.is_ascii_alphabetic() && *c != '\n')
                        .is_some()
                    {}
                    chars.next_if(char::is_ascii_alphabetic);
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// `text` with CRLF and CR as LF.
fn with_lf(text: &str) -> String {
    if !text.contains('\r') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\r' {
            if chars.peek() != Some(&'\n') {
                out.push('\n');
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Option<(String, Option<&'static str>)> {
        decode(bytes).map(|decoded| (decoded.text, decoded.encoding))
    }

    #[test]
    fn marks_are_obeyed_and_removed() {
        assert_eq!(
            text(b"\xef\xbb\xbfa\r\nb\rc\n"),
            Some(("a\nb\nc\n".into(), None))
        );
        assert_eq!(
            text(b"\xff\xfea\0b\0"),
            Some(("ab".into(), Some("UTF-16LE")))
        );
        assert_eq!(
            text(b"\xfe\xff\0a\0b"),
            Some(("ab".into(), Some("UTF-16BE")))
        );
    }

    #[test]
    fn what_is_not_utf8_is_windows_1252_unless_binary() {
        assert_eq!(
            text(b"na\xefve \x93x\x94"),
            Some(("naïve “x”".into(), Some("windows-1252")))
        );
        assert_eq!(text(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), None);
    }

    #[test]
    fn terminal_codes_and_overstrike_are_gone() {
        let printed = "N\u{8}NA\u{8}A _\u{8}x \u{1b}[1;31mred\u{1b}[0m";
        assert_eq!(text(printed.as_bytes()), Some(("NA x red".into(), None)));
    }

    #[test]
    fn utf16_without_a_mark_is_seen_by_its_zeros() {
        let le: Vec<u8> = "plain words"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(text(&le), Some(("plain words".into(), Some("UTF-16LE"))));
    }
}
