//! What a reply says, however it is wrapped.

use serde_json::{Map, Value, json};

/// A reply, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said<T> {
    /// What was asked for.
    This(T),
    /// That it cannot be done, and why.
    Cannot(String),
}

/// The schema of `{"quotes": […]}` or `{"cannot": …}`.
pub(crate) fn quotes_schema(most: usize) -> Value {
    either(
        "quotes",
        &json!({"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": most}),
    )
}

/// The schema of an object with one text, or `{"cannot": …}`.
pub(crate) fn text_schema(name: &str) -> Value {
    either(name, &json!({"type": "string"}))
}

fn either(name: &str, value: &Value) -> Value {
    let object = |name: &str, value: &Value| {
        json!({
            "type": "object",
            "properties": {name: value},
            "required": [name],
            "additionalProperties": false,
        })
    };
    json!({"anyOf": [object(name, value), object("cannot", &json!({"type": "string"}))]})
}

/// The quotes of a reply.
pub(crate) fn quotes(text: &str) -> Result<Said<Vec<String>>, String> {
    let value = objects(text)
        .into_iter()
        .find(|object| object.contains_key("quotes") || object.contains_key("cannot"))
        .map_or_else(|| list(text), Ok)?;
    let found: Vec<String> = match value.get("quotes") {
        Some(Value::Array(items)) => items.iter().filter_map(quote).collect(),
        Some(other) => quote(other).into_iter().collect(),
        None => Vec::new(),
    };
    if !found.is_empty() {
        return Ok(Said::This(found));
    }
    match value.get("cannot").and_then(Value::as_str) {
        Some(why) => Ok(Said::Cannot(why.trim().to_owned())),
        None if matches!(value.get("quotes"), Some(Value::Array(items)) if items.is_empty()) => {
            Ok(Said::Cannot("no quotes".to_owned()))
        }
        None => Err("no JSON object with quotes".to_owned()),
    }
}

/// A quote, also as `{"quote": "…"}`.
fn quote(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text,
        Value::Object(fields) => fields.values().find_map(Value::as_str)?,
        _ => return None,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A bare list of quotes.
fn list(text: &str) -> Result<Map<String, Value>, String> {
    let none = || "no JSON object with quotes".to_owned();
    let (start, end) = text.find('[').zip(text.rfind(']')).ok_or_else(none)?;
    let list = text.get(start..=end).ok_or_else(none)?;
    let items: Vec<String> = serde_json::from_str(list).map_err(|_| none())?;
    Ok(Map::from_iter([("quotes".to_owned(), json!(items))]))
}

/// The text under `name` of a reply.
pub(crate) fn text(reply: &str, name: &str) -> Result<Said<String>, String> {
    let found = objects(reply)
        .into_iter()
        .find(|object| object.contains_key(name) || object.contains_key("cannot"));
    let Some(object) = found else {
        return bare(reply, name);
    };
    let field = |name: &str| {
        let text = object.get(name)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    match (field(name), field("cannot")) {
        (Some(text), _) => Ok(Said::This(text)),
        (None, Some(why)) => Ok(Said::Cannot(why)),
        (None, None) => Err(format!("no text under `{name}`")),
    }
}

/// A question that came without its object; of an answer nobody knows where it begins.
fn bare(reply: &str, name: &str) -> Result<Said<String>, String> {
    let line = reply.trim().trim_matches(['"', '*']);
    if name == "question" && line.ends_with('?') && !line.contains(['\n', '{']) {
        return Ok(Said::This(line.to_owned()));
    }
    Err(format!("no JSON object with `{name}`"))
}

/// The JSON objects of a reply, outermost ones only: the reply itself, or what stands in it between other text and fences.
pub(crate) fn objects(text: &str) -> Vec<Map<String, Value>> {
    values(text)
        .into_iter()
        .filter_map(|value| match value {
            Value::Object(object) => Some(object),
            _ => None,
        })
        .collect()
}

/// The JSON objects and arrays of a reply. Line breaks inside of texts, escapes that JSON does not know and trailing
/// commas are forgiven.
pub(crate) fn values(text: &str) -> Vec<Value> {
    let found = scan(text);
    match text.find('{') {
        // A bracket in the words before took the object for its content.
        Some(start) if found.is_empty() => scan(text.get(start..).unwrap_or_default()),
        _ => found,
    }
}

fn scan(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let (mut in_string, mut escaped) = (false, false);
    // What has been read of the value, mended.
    let mut value = String::new();
    for c in text.chars() {
        if depth == 0 && !matches!(c, '{' | '[') {
            continue;
        }
        if in_string {
            match c {
                _ if escaped => {
                    escaped = false;
                    if !matches!(c, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u') {
                        value.push('\\');
                    }
                    value.push(c);
                    continue;
                }
                '\\' => escaped = true,
                '"' => in_string = false,
                '\n' => {
                    value.push_str("\\n");
                    continue;
                }
                '\t' => {
                    value.push_str("\\t");
                    continue;
                }
                c if c.is_control() => continue,
                _ => {}
            }
            value.push(c);
            continue;
        }
        match c {
            '"' => in_string = true,
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth -= 1;
                let kept = value.trim_end().trim_end_matches(',').len();
                value.truncate(kept);
            }
            _ => {}
        }
        value.push(c);
        if depth == 0 {
            found.extend(serde_json::from_str::<Value>(&value));
            value.clear();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(reply: &str) -> Option<Vec<String>> {
        match quotes(reply) {
            Ok(Said::This(found)) => Some(found),
            _ => None,
        }
    }

    #[test]
    fn quotes_are_read_however_they_are_wrapped() {
        for reply in [
            r#"{"quotes": ["a b", "c"]}"#,
            "Here you are:\n```json\n{\"quotes\": [\"a b\", \"c\",],}\n```\nHope it helps {really}.",
            r#"{"quotes": [{"quote": "a b"}, {"quote": "c"}, " "]}"#,
            r#"["a b", "c"]"#,
            r#"Two [quotes: {"quotes": ["a b", "c"]}"#,
            r#"{"thought": "{", "quotes": ["a b", "c"]}"#,
        ] {
            assert_eq!(quoted(reply).unwrap_or_default(), ["a b", "c"], "{reply}");
        }
        assert_eq!(
            quoted("{\"quotes\": [\"a\nb \\_ c\"]}").unwrap(),
            ["a\nb \\_ c"]
        );
        assert_eq!(quoted(r#"{"quotes": "a b"}"#).unwrap(), ["a b"]);
    }

    #[test]
    fn a_way_out_is_no_error() {
        assert_eq!(
            quotes(r#"{"cannot": "no steps here"}"#),
            Ok(Said::Cannot("no steps here".into()))
        );
        assert_eq!(
            quotes(r#"{"quotes": []}"#),
            Ok(Said::Cannot("no quotes".into()))
        );
        assert_eq!(
            text(r#"{"cannot": "not said"}"#, "answer"),
            Ok(Said::Cannot("not said".into()))
        );
    }

    #[test]
    fn what_is_not_what_was_asked_for_says_so() {
        for reply in [
            "",
            "I cannot.",
            r#"{"quotes": [1]}"#,
            r#"{"quotes": ["cut"#,
            "{}",
        ] {
            assert!(quotes(reply).is_err(), "{reply}");
        }
        for reply in [
            "Yes.",
            r#"{"answer": ""}"#,
            r#"{"answer": 1}"#,
            r#"{"reply": "x"}"#,
        ] {
            assert!(text(reply, "answer").is_err(), "{reply}");
        }
    }

    #[test]
    fn a_question_may_come_without_its_object() {
        let asked = Ok(Said::This("What is it?".to_owned()));
        assert_eq!(text("**What is it?**", "question"), asked);
        assert!(text("Well.\nWhat is it?", "question").is_err());
        assert!(text("What is it?", "answer").is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics(reply in "(?s)[{}\\[\\]\",:\\\\a\n]{0,60}") {
            values(&reply);
            let _ = quotes(&reply);
            let _ = text(&reply, "answer");
        }
    }
}
