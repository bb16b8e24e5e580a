//! What replies are held to, token by token.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use serde_json::Value;

use super::repetition::repetitions;
use super::sampler::{ROOT, gbnf};
use crate::error::LlmError;

/// A grammar from a file, which holds replies to it while they are written.
#[derive(Debug)]
pub struct Constraint {
    path: PathBuf,
    grammar: String,
    validator: Option<Validator>,
}

impl Constraint {
    /// The grammar of a file with a JSON Schema.
    ///
    /// # Errors
    /// [`LlmError::Constraint`] for a file that cannot be read or is no JSON Schema, and for a schema that llama.cpp has no grammar for.
    pub fn schema(path: &Path) -> Result<Self, LlmError> {
        let fail = |problem, source| LlmError::Constraint {
            path: path.to_owned(),
            problem,
            source,
        };
        let schema: Value = serde_json::from_str(&read(path)?)
            .map_err(|error| fail("it is no JSON", Some(error.into())))?;
        let validator = jsonschema::validator_for(&schema)
            .map_err(|error| fail("it is no JSON Schema", Some(error.to_string().into())))?;
        let grammar =
            gbnf(&schema).ok_or_else(|| fail("llama.cpp makes no grammar of this schema", None))?;
        Ok(Self {
            path: path.to_owned(),
            grammar,
            validator: Some(validator),
        })
    }

    /// A file with a grammar in llama.cpp's notation, GBNF, whose rule `root` is the reply. Whether llama.cpp can read it shows
    /// with a model: see [`TokenModel::check`](super::TokenModel::check).
    ///
    /// # Errors
    /// [`LlmError::Constraint`] for a file that cannot be read, and for a repetition whose least number is above its most.
    pub fn grammar(path: &Path) -> Result<Self, LlmError> {
        let grammar = read(path)?;
        if !repetitions(&grammar).iter().all(|one| one.is_possible()) {
            return Err(LlmError::Constraint {
                path: path.to_owned(),
                problem: "a repetition `{m,n}` in it has m above n",
                source: None,
            });
        }
        Ok(Self {
            path: path.to_owned(),
            grammar,
            validator: None,
        })
    }

    /// The grammar as text, in GBNF. It decides what replies can be.
    pub fn gbnf(&self) -> &str {
        &self.grammar
    }

    /// Whether a reply that ended by itself is as it should be: one JSON value that the schema takes, which can ask for more than its grammar.
    /// Of a grammar, llama.cpp lets no other reply end.
    pub fn is_met(&self, reply: &str) -> bool {
        self.validator.as_ref().is_none_or(|validator| {
            serde_json::from_str::<Value>(reply).is_ok_and(|value| validator.is_valid(&value))
        })
    }

    /// What holds one reply.
    pub(super) fn sampler(&self, model: &LlamaModel) -> Result<LlamaSampler, LlmError> {
        LlamaSampler::grammar(model, &self.grammar, ROOT).map_err(|error| LlmError::Constraint {
            path: self.path.clone(),
            problem: if self.validator.is_some() {
                "llama.cpp cannot read the grammar that it makes of this schema; fewer repetitions may help"
            } else {
                "llama.cpp reads no grammar with a rule `root` in it"
            },
            source: Some(error.into()),
        })
    }
}

fn read(path: &Path) -> Result<String, LlmError> {
    fs::read_to_string(path).map_err(|error| LlmError::Constraint {
        path: path.to_owned(),
        problem: "it cannot be read as text",
        source: Some(error.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Result<Constraint, LlmError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.json");
        fs::write(&path, text).unwrap();
        Constraint::schema(&path)
    }

    #[test]
    fn a_schema_is_a_grammar_and_a_check() {
        let text = r#"{"type": "object", "properties": {"n": {"type": "integer", "multipleOf": 2}}, "required": ["n"],
            "additionalProperties": false}"#;
        let constraint = schema(text).unwrap();
        assert!(constraint.gbnf().contains("root"));
        assert!(constraint.is_met(" {\"n\": 4}\n"));
        for other in ["{\"n\": 3}", "{\"n\": 4", "{\"n\": 4} {}", "four", ""] {
            assert!(!constraint.is_met(other), "{other}");
        }
    }

    #[test]
    fn what_can_hold_no_reply_says_why() {
        for (text, why) in [
            ("{", "is no JSON"),
            (r#"{"type": "text"}"#, "is no JSON Schema"),
            (r#"{"type": "string", "minLength": 5000}"#, "no grammar"),
            (
                r#"{"type": "string", "minLength": 5, "maxLength": 2}"#,
                "no grammar",
            ),
        ] {
            let error = schema(text).unwrap_err().to_string();
            assert!(
                error.contains("answer.json") && error.contains(why),
                "{error}"
            );
        }
        // Braces in a literal repeat nothing.
        schema(r#"{"const": "{3000}"}"#).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.gbnf");
        fs::write(&path, "root ::= \"a\"{5,2}").unwrap();
        let error = Constraint::grammar(&path).unwrap_err().to_string();
        assert!(error.contains("m above n"), "{error}");
        let nowhere = Path::new("nowhere.gbnf");
        let error = Constraint::grammar(nowhere).unwrap_err();
        assert!(matches!(error, LlmError::Constraint { path, .. } if path == nowhere));
    }
}
