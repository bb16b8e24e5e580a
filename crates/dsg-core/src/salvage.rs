//! JSON out of a model's reply, however it is wrapped and wherever it was cut.

use serde_json::{Map, Value};

/// A JSON object or array that stood in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Salvaged {
    /// What it says.
    pub value: Value,
    /// Whether its end is missing. Of what was cut only complete values are kept: a text, number or word that was not
    /// finished is gone, and so is the last element of a list.
    pub is_cut: bool,
}

/// The outermost JSON objects and arrays of `text`, in order: the text itself, or what stands in it between fences and words.
///
/// Forgiven are line breaks inside of texts, escapes that JSON does not know (the backslash stays), commas before a closing
/// bracket, Python's `True`, `False` and `None`, and a missing end. What is wrong otherwise is passed over, though not the
/// complete values inside of it. Brackets nest 128 deep at most.
pub fn salvage(text: &str) -> Vec<Salvaged> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[']) {
        let start = rest.get(at..).unwrap_or_default();
        let mut reader = Reader {
            rest: start,
            depth: 0,
        };
        let salvaged = match reader.value() {
            Ok(value) => Some((value, false)),
            Err(Stop::Cut(part)) => part.map(|value| (value, true)),
            Err(Stop::Wrong) => None,
        };
        rest = match salvaged {
            Some((value, is_cut)) => {
                found.push(Salvaged { value, is_cut });
                reader.rest
            }
            None => start.get(1..).unwrap_or_default(),
        };
    }
    found
}

const DEEPEST: usize = 128;
const FENCE: &str = "```";

/// Why a value was not read to its end.
enum Stop {
    /// The text, or its fence, ended before; with what is complete of the value.
    Cut(Option<Value>),
    /// It is no JSON.
    Wrong,
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    /// The next character that is no white space; it stays. A fence ends the text.
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        let next = self.rest.chars().next();
        next.filter(|_| !self.rest.starts_with(FENCE))
    }

    fn bump(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn value(&mut self) -> Result<Value, Stop> {
        match self.peek() {
            Some(open @ ('{' | '[')) if self.depth < DEEPEST => {
                self.bump();
                self.depth += 1;
                let value = if open == '{' {
                    self.object()
                } else {
                    self.array()
                };
                self.depth -= 1;
                value
            }
            Some('"') => self.string().map(Value::String),
            Some(_) => self.word(),
            None => Err(Stop::Cut(None)),
        }
    }

    fn object(&mut self) -> Result<Value, Stop> {
        let mut fields = Map::new();
        let cut = |fields: Map<String, Value>| {
            Stop::Cut((!fields.is_empty()).then_some(Value::Object(fields)))
        };
        loop {
            match self.peek() {
                Some('}') => {
                    self.bump();
                    return Ok(Value::Object(fields));
                }
                Some('"') => {}
                Some(_) => return Err(Stop::Wrong),
                None => return Err(cut(fields)),
            }
            let Ok(name) = self.string() else {
                return Err(cut(fields));
            };
            match self.peek() {
                Some(':') => self.bump(),
                Some(_) => return Err(Stop::Wrong),
                None => return Err(cut(fields)),
            };
            match self.value() {
                Ok(value) => fields.insert(name, value),
                Err(Stop::Cut(part)) => {
                    fields.extend(part.map(|part| (name, part)));
                    return Err(cut(fields));
                }
                Err(Stop::Wrong) => return Err(Stop::Wrong),
            };
            self.separator('}')?;
        }
    }

    fn array(&mut self) -> Result<Value, Stop> {
        let mut items = Vec::new();
        let cut = |items: Vec<Value>| Stop::Cut((!items.is_empty()).then_some(Value::Array(items)));
        loop {
            match self.peek() {
                Some(']') => {
                    self.bump();
                    return Ok(Value::Array(items));
                }
                Some(_) => {}
                None => return Err(cut(items)),
            }
            match self.value() {
                Ok(value) => items.push(value),
                Err(Stop::Cut(_)) => return Err(cut(items)),
                Err(Stop::Wrong) => return Err(Stop::Wrong),
            }
            self.separator(']')?;
        }
    }

    /// Passes a comma; the end of the value or of the text is left to the caller.
    fn separator(&mut self, close: char) -> Result<(), Stop> {
        match self.peek() {
            Some(',') => {
                self.bump();
                Ok(())
            }
            Some(c) if c != close => Err(Stop::Wrong),
            _ => Ok(()),
        }
    }

    fn string(&mut self) -> Result<String, Stop> {
        let mut text = String::new();
        self.bump();
        while let Some(c) = self.bump() {
            match c {
                '"' => return Ok(text),
                '\\' => self.escape(&mut text)?,
                '\n' | '\t' => text.push(c),
                c if c < ' ' => {}
                c => text.push(c),
            }
        }
        Err(Stop::Cut(None))
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Stop> {
        let c = self.bump().ok_or(Stop::Cut(None))?;
        let known = match c {
            '"' | '\\' | '/' => Some(c),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => self.unicode(),
            _ => None,
        };
        if known.is_none() {
            text.push('\\');
        }
        text.push(known.unwrap_or(c));
        Ok(())
    }

    /// Four hex digits, or two times four for a character beyond them; what is half of a pair becomes U+FFFD.
    fn unicode(&mut self) -> Option<char> {
        let unit = self.hex()?;
        if !(0xD800..0xDC00).contains(&unit) {
            return Some(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.rest;
        self.rest = self.rest.strip_prefix("\\u").unwrap_or_default();
        if let Some(low) = self.hex().filter(|low| (0xDC00..0xE000).contains(low)) {
            return char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
        }
        self.rest = before;
        Some(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
        self.rest = rest;
        Some(unit)
    }

    /// A number, `true`, `false` or `null`. At the end of the text nobody knows whether it is complete.
    fn word(&mut self) -> Result<Value, Stop> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).ok_or(Stop::Wrong)?;
        if rest.is_empty() {
            return Err(Stop::Cut(None));
        }
        self.rest = rest;
        match word {
            "True" => Ok(Value::Bool(true)),
            "False" => Ok(Value::Bool(false)),
            "None" => Ok(Value::Null),
            word => serde_json::from_str(word).map_err(|_| Stop::Wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// The values of `text`, each of which must be whole.
    fn whole(text: &str) -> Vec<Value> {
        let found = salvage(text);
        assert!(found.iter().all(|found| !found.is_cut), "{text}");
        found.into_iter().map(|found| found.value).collect()
    }

    #[test]
    fn json_is_found_however_it_is_wrapped() {
        let expected = [json!({"items": ["a b", "c"]})];
        for text in [
            r#"{"items": ["a b", "c"]}"#,
            "Here you are:\n```json\n{\"items\": [\"a b\", \"c\",],}\n```\nHope it helps {really}.",
            r#"Two [items: {"items": ["a b", "c"]}"#,
            r#"A set {x, y}, then {"items": ["a b", "c"]} and [so on"#,
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
        assert_eq!(whole("[1] and {\"a\": {}}"), [json!([1]), json!({"a": {}})]);
    }

    #[test]
    fn what_models_get_wrong_inside_is_forgiven() {
        for (text, expected) in [
            ("[\"a\nb \\_ c\"]", json!(["a\nb \\_ c"])),
            (r#"["{", "\"]"]"#, json!(["{", "\"]"])),
            (
                r"[True, False, None, -1.5e3]",
                json!([true, false, null, -1.5e3]),
            ),
            (
                r#"["\u00e9 \ud83d\ude00 \ud83d \uZZ"]"#,
                json!(["é 😀 \u{FFFD} \\uZZ"]),
            ),
        ] {
            assert_eq!(whole(text), [expected], "{text}");
        }
    }

    #[test]
    fn of_what_was_cut_only_complete_values_are_kept() {
        for (text, expected) in [
            (r#"{"a": "x", "b": "cu"#, json!({"a": "x"})),
            (r#"{"a": "x", "b": 12"#, json!({"a": "x"})),
            (r#"{"a": "x", "b": tru"#, json!({"a": "x"})),
            (r#"{"a": "x", "b"#, json!({"a": "x"})),
            (r#"{"a": "x", "b":"#, json!({"a": "x"})),
            (r#"{"a": "x""#, json!({"a": "x"})),
            (
                r#"{"q": [{"a": 1, "b": 2}, {"a": 3, "b": "#,
                json!({"q": [{"a": 1, "b": 2}]}),
            ),
            (
                r#"{"q": [{"a": 1}, {"a": 3}"#,
                json!({"q": [{"a": 1}, {"a": 3}]}),
            ),
            (
                r#"{"v": {"ok": true, "why": "bec"#,
                json!({"v": {"ok": true}}),
            ),
            (
                "```json\n{\"a\": 1, \"b\": [2, 3]\n```\nDone.",
                json!({"a": 1, "b": [2, 3]}),
            ),
        ] {
            let found = salvage(text);
            let expected = Salvaged {
                value: expected,
                is_cut: true,
            };
            assert_eq!(found, [expected], "{text}");
        }
    }

    #[test]
    fn complete_parts_of_something_wrong_are_kept() {
        let found = whole(r#"{"items": [{"q": 1}, {"q": 2}, oops]}"#);
        assert_eq!(found, [json!({"q": 1}), json!({"q": 2})]);
    }

    #[test]
    fn where_there_is_nothing_nothing_is_found() {
        for text in [
            "",
            "No.",
            "[",
            "{",
            "{\"",
            "[x]",
            "{a: 1}",
            "f(x) { return }",
        ] {
            assert_eq!(salvage(text), [], "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(salvage(&deep), []);
    }

    fn json_values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".{0,4}", inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    /// Whether `part` is `whole` without some of its fields and without some of the ends of its lists.
    fn is_part(part: &Value, whole: &Value) -> bool {
        match (part, whole) {
            (Value::Object(part), Value::Object(whole)) => part
                .iter()
                .all(|(name, value)| whole.get(name).is_some_and(|whole| is_part(value, whole))),
            (Value::Array(part), Value::Array(whole)) => {
                part.len() <= whole.len() && part.iter().zip(whole).all(|(a, b)| is_part(a, b))
            }
            (part, whole) => part == whole,
        }
    }

    proptest! {
        #[test]
        fn json_is_read_as_it_is(value in json_values()) {
            let value = json!([value]);
            let read = Salvaged { value: value.clone(), is_cut: false };
            prop_assert_eq!(salvage(&value.to_string()), [read]);
        }

        #[test]
        fn a_cut_invents_nothing(value in json_values(), cut in 0_usize..1000) {
            let value = json!({"value": value});
            let text = value.to_string();
            let mut at = cut % text.len();
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            if let Some(first) = salvage(text.split_at(at).0).first()
                && first.value.get("value").is_some()
            {
                prop_assert!(is_part(&first.value, &value), "{first:?} of {text}");
            }
        }

        #[test]
        fn reading_never_panics(text in "(?s)[{}\\[\\]\",:\\\\au0\n` ]{0,60}") {
            salvage(&text);
        }
    }
}
