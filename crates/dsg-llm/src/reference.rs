//! Where a model is, in one word of a configuration.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::LlmError;

/// A model, as written: `models/qwen.gguf`, `hf://owner/repo/file.gguf`, `ollama:qwen2.5-coder:1.5b`, `http://127.0.0.1:8080/v1`.
/// Serialized as that text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum ModelRef {
    /// A file on this machine.
    File(PathBuf),
    /// A file of a repository on the Hugging Face hub.
    Hub {
        /// `owner/repo`.
        repo: String,
        /// The file's path in the repository.
        file: String,
    },
    /// A model of the Ollama server, with its tag.
    Ollama(String),
    /// An OpenAI-compatible server: where its `/chat/completions` is.
    Server(String),
}

impl FromStr for ModelRef {
    type Err = LlmError;

    /// # Errors
    /// [`LlmError::Config`] for a text that is none of the four.
    fn from_str(text: &str) -> Result<Self, LlmError> {
        let complain = |problem: &str| LlmError::config("model", format!("`{text}` {problem}"));
        if text.is_empty() || text.trim() != text {
            return Err(complain("must be a name without white space around it"));
        }
        if let Some(name) = text.strip_prefix("ollama:") {
            return match name {
                "" => Err(complain("names no model after `ollama:`")),
                name => Ok(Self::Ollama(name.to_owned())),
            };
        }
        if let Some(path) = text.strip_prefix("hf://") {
            let mut parts = path.splitn(3, '/');
            let is_name = |part: &str| {
                part.split('/').all(|name| !matches!(name, "" | "." | ".."))
                    && !part.contains(['\\', '?', '#'])
            };
            return match (parts.next(), parts.next(), parts.next()) {
                (Some(owner), Some(repo), Some(file))
                    if [owner, repo, file].into_iter().all(is_name) =>
                {
                    Ok(Self::Hub {
                        repo: format!("{owner}/{repo}"),
                        file: file.to_owned(),
                    })
                }
                _ => Err(complain("must read `hf://owner/repo/file`")),
            };
        }
        match text.split_once("://") {
            Some(("http" | "https", _)) => Ok(Self::Server(text.to_owned())),
            Some(_) => Err(complain(
                "has an unknown scheme; known are a path, `hf://`, `ollama:`, `http://` and `https://`",
            )),
            None => Ok(Self::File(PathBuf::from(text))),
        }
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Hub { repo, file } => write!(f, "hf://{repo}/{file}"),
            Self::Ollama(name) => write!(f, "ollama:{name}"),
            Self::Server(url) => f.write_str(url),
        }
    }
}

impl TryFrom<String> for ModelRef {
    type Error = LlmError;

    fn try_from(text: String) -> Result<Self, LlmError> {
        text.parse()
    }
}

impl From<ModelRef> for String {
    fn from(reference: ModelRef) -> Self {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_known_and_written_as_it_was_read() {
        let hub = |repo: &str, file: &str| ModelRef::Hub {
            repo: repo.to_owned(),
            file: file.to_owned(),
        };
        for (text, expected) in [
            ("models/a b.gguf", ModelRef::File("models/a b.gguf".into())),
            (
                "C:\\models\\a.gguf",
                ModelRef::File("C:\\models\\a.gguf".into()),
            ),
            ("hf://owner/repo/a.gguf", hub("owner/repo", "a.gguf")),
            ("hf://owner/repo/q4/a.gguf", hub("owner/repo", "q4/a.gguf")),
            ("ollama:qwen:1.5b", ModelRef::Ollama("qwen:1.5b".into())),
            (
                "http://[::1]:8080/v1",
                ModelRef::Server("http://[::1]:8080/v1".into()),
            ),
        ] {
            let read: ModelRef = text.parse().unwrap();
            assert_eq!(read, expected);
            assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn what_is_none_of_them_says_what_is_wrong() {
        for (text, part) in [
            ("", "white space"),
            (" a.gguf", "white space"),
            ("ollama:", "names no model"),
            ("hf://owner/repo", "owner/repo/file"),
            ("hf://owner//a.gguf", "owner/repo/file"),
            ("hf://owner/repo/../../a.gguf", "owner/repo/file"),
            ("hf://owner/repo/a.gguf?x=1", "owner/repo/file"),
            ("s3://bucket/a.gguf", "unknown scheme"),
        ] {
            let error = text.parse::<ModelRef>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let json = serde_json::from_str::<ModelRef>("\"ftp://a\"").unwrap_err();
        assert!(json.to_string().contains("unknown scheme"), "{json}");
    }
}
