//! The vocabulary in a GGUF file's keys.

use dsg_gguf::{Array, Gguf, Value};
use tokenizers::AddedToken;
use tokenizers::models::bpe::Vocab;

use crate::error::TrainError;

/// What a token is, numbered as in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

impl Kind {
    const fn from_number(number: u64) -> Self {
        match number {
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            _ => Self::Normal,
        }
    }

    pub(super) const fn number(self) -> i32 {
        match self {
            Self::Normal => 1,
            Self::Unknown => 2,
            Self::Control => 3,
            Self::UserDefined => 4,
            Self::Unused => 5,
            Self::Byte => 6,
        }
    }
}

/// Tokens, their kinds and their scores, by id.
pub(super) struct Vocabulary<'a> {
    file: &'a Gguf,
    pub(super) tokens: Vec<&'a str>,
    pub(super) kinds: Vec<Kind>,
}

impl<'a> Vocabulary<'a> {
    pub(super) fn read(file: &'a Gguf) -> Result<Self, TrainError> {
        let array = array(file, "tokens")?;
        let mut tokens = Vec::new();
        for (id, token) in array.iter().enumerate() {
            let token = token
                .as_str()
                .ok_or_else(|| fail(file, format!("token {id} is no text")))?;
            tokens.push(token);
        }
        let mut kinds: Vec<Kind> = match file.value("tokenizer.ggml.token_type") {
            None => Vec::new(),
            Some(_) => self::array(file, "token_type")?
                .iter()
                .map(|kind| Kind::from_number(kind.as_u64().unwrap_or_default()))
                .collect(),
        };
        if !kinds.is_empty() && kinds.len() != tokens.len() {
            let problem = format!("{} kinds for {} tokens", kinds.len(), tokens.len());
            return Err(fail(file, problem));
        }
        kinds.resize(tokens.len(), Kind::Normal);
        Ok(Self {
            file,
            tokens,
            kinds,
        })
    }

    /// One score a token.
    pub(super) fn scores(&self) -> Result<Vec<f32>, TrainError> {
        let scores: Vec<f32> = array(self.file, "scores")?
            .iter()
            .map(|score| match score {
                Value::F32(score) => score,
                _ => 0.0,
            })
            .collect();
        if scores.len() == self.tokens.len() {
            Ok(scores)
        } else {
            let problem = format!("{} scores for {} tokens", scores.len(), self.tokens.len());
            Err(fail(self.file, problem))
        }
    }

    /// Pairs that are merged, the first ones first.
    pub(super) fn merges(&self) -> Result<Vec<(String, String)>, TrainError> {
        let mut merges = Vec::new();
        for (number, merge) in array(self.file, "merges")?.iter().enumerate() {
            let pair = merge.as_str().and_then(split_merge);
            let (left, right) = pair
                .ok_or_else(|| fail(self.file, format!("merge {number} is no pair of tokens")))?;
            merges.push((left.to_owned(), right.to_owned()));
        }
        Ok(merges)
    }

    /// Ids by token.
    pub(super) fn ids(&self) -> Result<Vocab, TrainError> {
        let mut ids = Vocab::default();
        for (id, token) in (0..).zip(&self.tokens) {
            if let Some(first) = ids.insert((*token).to_owned(), id) {
                let problem = format!("`{token}` is both token {first} and token {id}");
                return Err(fail(self.file, problem));
            }
        }
        Ok(ids)
    }

    /// Tokens that are taken from a text before anything else: special ones, and those that a user defined.
    pub(super) fn added(&self) -> (Vec<AddedToken>, Vec<AddedToken>) {
        let of = |kinds: &[Kind], special: bool| {
            self.tokens
                .iter()
                .zip(&self.kinds)
                .filter(|(token, kind)| !token.is_empty() && kinds.contains(kind))
                .map(|(token, _)| AddedToken::from(*token, special).normalized(false))
                .collect()
        };
        (
            of(&[Kind::Control, Kind::Unknown], true),
            of(&[Kind::UserDefined], false),
        )
    }

    /// The token of the id under a key, as `bos_token_id`.
    pub(super) fn special(&self, key: &str) -> Option<u32> {
        let id = self.file.number(&format!("tokenizer.ggml.{key}"))?;
        let known = usize::try_from(id).ok()? < self.tokens.len();
        u32::try_from(id).ok().filter(|_| known)
    }

    /// The text of the token of the id under a key.
    pub(super) fn special_text(&self, key: &str) -> Option<String> {
        let id = usize::try_from(self.special(key)?).ok()?;
        self.tokens.get(id).map(|token| (*token).to_owned())
    }

    /// A truth value.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.file.value(&format!("tokenizer.ggml.{key}"))?.as_bool()
    }
}

/// The two sides of `left right`. Either may begin with a space of its own in vocabularies that are not byte-level; the first place that
/// leaves neither empty is where llama.cpp cuts.
fn split_merge(merge: &str) -> Option<(&str, &str)> {
    let at = merge
        .char_indices()
        .skip(1)
        .find(|(_, character)| *character == ' ')?
        .0;
    let (left, right) = merge.split_at_checked(at)?;
    Some((left, right.strip_prefix(' ')?))
}

fn array<'a>(file: &'a Gguf, name: &str) -> Result<Array<'a>, TrainError> {
    let key = format!("tokenizer.ggml.{name}");
    file.value(&key)
        .and_then(|value| value.as_array())
        .ok_or_else(|| fail(file, format!("key `{key}` is missing or no list")))
}

/// The error for a vocabulary that is not one.
pub(super) fn fail(file: &Gguf, problem: String) -> TrainError {
    TrainError::Tokenizer {
        path: file.path().to_path_buf(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_are_cut_where_llama_cpp_cuts() {
        assert_eq!(split_merge("Ġ t"), Some(("Ġ", "t")));
        assert_eq!(split_merge("  x"), Some((" ", "x")));
        assert_eq!(split_merge("ab"), None);
    }
}
