//! The YAML, TOML or JSON block at the top of a page.

use dsg_core::Span;
use serde_json::{Map, Value};

use crate::lines::{head, lines, tail};

/// What stands above a document's text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FrontMatter {
    /// The block with its fences; `None` when there is none.
    pub span: Option<Span>,
    /// Its fields, or `front_matter_error` when it cannot be read.
    pub fields: Map<String, Value>,
}

impl FrontMatter {
    /// Where the document's own text begins.
    pub(crate) fn end(&self) -> usize {
        self.span.map_or(0, Span::end)
    }

    /// A field that is a non-empty string.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.fields
            .get(field)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }
}

/// Reads front matter at the start of `text`: YAML between `---` lines, TOML between `+++` lines, or a JSON object.
///
/// What cannot be parsed leaves a note in `front_matter_error`. It stays in the text: as boilerplate where it is closed
/// and holds fields, else as ordinary text.
pub(crate) fn read(text: &str) -> FrontMatter {
    let (fence, ends): (&str, &[&str]) = if text.starts_with("---") {
        ("---", &["---", "..."])
    } else if text.starts_with("+++") {
        ("+++", &["+++"])
    } else if text.starts_with('{') {
        return json(text);
    } else {
        return FrontMatter::default();
    };
    let all = lines(text, 0);
    let mut rest = all.iter();
    let Some(first) = rest.next().filter(|line| line.text.trim_end() == fence) else {
        return FrontMatter::default();
    };
    // `---` and a blank line is a rule, not front matter.
    if rest.clone().next().is_none_or(|line| line.is_blank()) {
        return FrontMatter::default();
    }
    let Some(last) = rest.find(|line| ends.contains(&line.text.trim_end())) else {
        return note("it is not closed");
    };
    let source = tail(head(text, last.start), first.end());
    let parsed = if fence == "---" {
        serde_saphyr::from_str::<Value>(source).map_err(|error| error.to_string())
    } else {
        toml::from_str::<Value>(source).map_err(|error| error.message().to_owned())
    };
    match parsed {
        Ok(Value::Object(fields)) => FrontMatter {
            span: Some(Span::of_len(0, last.end())),
            fields,
        },
        Ok(Value::Null) => FrontMatter {
            span: Some(Span::of_len(0, last.end())),
            fields: Map::new(),
        },
        Ok(_) => note("it is not a mapping"),
        Err(error) => {
            let mut matter = note(error.lines().next().unwrap_or("it cannot be parsed"));
            // Broken fields are no prose either; they stay in the text, out of the content.
            matter.span = begins_with_field(source).then(|| Span::of_len(0, last.end()));
            matter
        }
    }
}

/// A JSON object that ends on a line of its own, as Hugo takes it.
fn json(text: &str) -> FrontMatter {
    let is_object = tail(text, 1).trim_start().starts_with('"');
    if !is_object {
        return FrontMatter::default();
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Map<String, Value>>();
    match values.next() {
        Some(Ok(fields)) => {
            let end = values.byte_offset();
            let after = tail(text, end).lines().next().unwrap_or_default();
            if !after.trim().is_empty() {
                return FrontMatter::default();
            }
            FrontMatter {
                span: Some(Span::of_len(0, end)),
                fields,
            }
        }
        Some(Err(error)) => note(&error.to_string()),
        None => FrontMatter::default(),
    }
}

/// Whether the block begins as fields do, `name: value` or `name = value`.
fn begins_with_field(source: &str) -> bool {
    let first = source.trim_start().lines().next().unwrap_or_default();
    let name = first
        .find([':', '='])
        .and_then(|end| first.get(..end))
        .unwrap_or_default()
        .trim();
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

fn note(error: &str) -> FrontMatter {
    let mut fields = Map::new();
    fields.insert("front_matter_error".into(), Value::String(error.to_owned()));
    FrontMatter { span: None, fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_give_fields_and_a_span() {
        let yaml = read("---\ntitle: Jobs\ntags: [a, b]\n---\n# T\n");
        assert_eq!(yaml.text("title"), Some("Jobs"));
        assert_eq!(yaml.end(), 32);
        let toml = read("+++\ntitle = \"Jobs\"\nweight = 3\n+++\n\ntext\n");
        assert_eq!(toml.text("title"), Some("Jobs"));
        assert_eq!(toml.fields["weight"], 3);
        let json = read("{\n  \"title\": \"Jobs\",\n  \"tags\": [\"a\"]\n}\n\n# T\n");
        assert_eq!(json.text("title"), Some("Jobs"));
        assert_eq!(json.end(), 38);
        assert_eq!(read("{{< x >}}\n"), FrontMatter::default());
        assert_eq!(read("{\"a\": 1} is JSON\n"), FrontMatter::default());
    }

    #[test]
    fn what_is_broken_leaves_a_note() {
        for (broken, end) in [
            ("---\na: [1\n---\ntext", 13),
            ("---\ntitle: x\nno end", 0),
            ("+++\n= 1\n+++\n", 0),
            ("{\n\"title\": x\n}\n", 0),
            ("---\nwords: and [more\nin prose\n---\n", 33),
            ("---\nplain words, [more\n---\n", 0),
        ] {
            let matter = read(broken);
            assert_eq!(matter.end(), end, "{broken}");
            assert!(matter.text("front_matter_error").is_some(), "{broken}");
        }
    }

    #[test]
    fn a_rule_is_not_front_matter() {
        assert_eq!(read("---\n\nText\n\n---\n"), FrontMatter::default());
        assert_eq!(read("----\nText\n"), FrontMatter::default());
    }

    #[test]
    fn an_alias_bomb_is_a_note() {
        use std::fmt::Write as _;

        let mut bomb = String::from("---\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            let list = vec![alias; 10].join(",");
            writeln!(bomb, "a{level}: &a{level} [{list}]").unwrap();
        }
        bomb.push_str("---\ntext\n");
        assert!(read(&bomb).text("front_matter_error").is_some());
    }
}
