//! Text to token ids and back, exactly as the model's own tokenizer does, by the crate `tokenizers`.
//!
//! A folder brings `tokenizer.json`, which is used as it is. A GGUF file brings a vocabulary, from which the same kind of tokenizer is put
//! together so that it agrees with llama.cpp: `bpe.rs` for byte-level BPE (`gpt2`), `spm.rs` for SentencePiece (`llama`). `to_gguf.rs` goes the
//! other way, from `tokenizer.json` to such a vocabulary.

mod bpe;
mod file;
mod folder;
mod gguf;
mod spm;
mod to_gguf;
mod vocabulary;

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

use tokenizers::{NormalizedString, Normalizer as _, NormalizerWrapper};

use crate::error::TrainError;
use crate::template::SpecialTexts;

pub(crate) use folder::special_texts;
pub(crate) use to_gguf::TokenizerKeys;

/// Tokens that end a turn or a text in the models of the field, whatever their files say of it; as llama.cpp has it.
const END_TEXTS: [&str; 7] = [
    "<|im_end|>",
    "<end_of_turn>",
    "<|eot_id|>",
    "<|end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<EOT>",
];

/// What the texts of special tokens mean where they stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Specials {
    /// Their tokens. For what a template wrote.
    Parse,
    /// Text like any other. For what documents and people wrote, so that no text can end a turn.
    Text,
}

/// A model's tokenizer.
pub struct Tokenizer {
    parsing: tokenizers::Tokenizer,
    /// The same, to which special tokens in a text are text; made when first asked for.
    literal: OnceLock<Box<tokenizers::Tokenizer>>,
    bos: Option<u32>,
    ends: Vec<u32>,
    texts: SpecialTexts,
    /// Ids from here on have no row in the model's embedding.
    vocabulary: usize,
}

/// What there is to know about a tokenizer besides how it tokenizes.
pub(crate) struct Traits {
    pub(crate) bos: Option<u32>,
    pub(crate) ends: Vec<u32>,
    pub(crate) texts: SpecialTexts,
}

impl Tokenizer {
    fn new(engine: tokenizers::Tokenizer, traits: Traits) -> Self {
        let mut ends = traits.ends;
        ends.extend(
            END_TEXTS
                .iter()
                .filter(|text| engine.get_added_vocabulary().is_special_token(text))
                .filter_map(|text| engine.token_to_id(text)),
        );
        ends.sort_unstable();
        ends.dedup();
        Self {
            vocabulary: usize::MAX,
            parsing: engine,
            literal: OnceLock::new(),
            bos: traits.bos,
            ends,
            texts: traits.texts,
        }
    }

    /// Holds the tokenizer against the rows of an embedding. Added tokens beyond them are no error until a text has one: Gemma 3 has
    /// one for images that its text models lack.
    pub(crate) fn check(&mut self, path: &Path, vocabulary: usize) -> Result<(), TrainError> {
        let ids = self.parsing.get_vocab(false);
        let tokens = ids.values().max().map_or(0, |id| *id as usize + 1);
        if tokens > vocabulary {
            return Err(TrainError::Tokenizer {
                path: path.to_path_buf(),
                problem: format!("it has {tokens} tokens and the model {vocabulary}"),
            });
        }
        self.vocabulary = vocabulary;
        Ok(())
    }

    /// The tokenizer as the text of a `tokenizer.json`.
    ///
    /// # Errors
    /// [`TrainError::Encode`] when it cannot be put into one.
    pub fn to_json(&self) -> Result<String, TrainError> {
        self.parsing
            .to_string(true)
            .map_err(|error| TrainError::Encode {
                problem: error.to_string(),
            })
    }

    /// The ids of a text, without tokens of beginning or end.
    ///
    /// # Errors
    /// [`TrainError::Token`] for a token without a row in the model's embedding.
    pub fn encode(&self, text: &str, specials: Specials) -> Result<Vec<u32>, TrainError> {
        let engine = match specials {
            Specials::Parse => &self.parsing,
            Specials::Text => self.literal.get_or_init(|| {
                let mut engine = Box::new(self.parsing.clone());
                engine.set_encode_special_tokens(true);
                engine
            }),
        };
        let encoding = engine
            .encode_fast(text, false)
            .map_err(|error| TrainError::Encode {
                problem: error.to_string(),
            })?;
        let ids = encoding.get_ids();
        match ids.iter().find(|id| **id as usize >= self.vocabulary) {
            Some(id) => Err(TrainError::Token {
                id: *id,
                vocabulary: self.vocabulary,
            }),
            None => Ok(ids.to_vec()),
        }
    }

    /// The text of tokens; without special ones where `skip_specials`. Bytes that are no UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// [`TrainError::Encode`] when the tokenizer's decoder fails.
    pub fn decode(&self, ids: &[u32], skip_specials: bool) -> Result<String, TrainError> {
        self.parsing
            .decode(ids, skip_specials)
            .map_err(|error| TrainError::Encode {
                problem: error.to_string(),
            })
    }

    /// The id of a token.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.parsing.token_to_id(token)
    }

    /// The token of an id, as the vocabulary has it.
    pub fn token(&self, id: u32) -> Option<String> {
        self.parsing.id_to_token(id)
    }

    /// Number of tokens, added ones among them.
    pub fn len(&self) -> usize {
        self.parsing.get_vocab_size(true)
    }

    /// Whether it has no tokens.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The token that the model wants before a text, if it wants one. Chat templates write it themselves.
    pub const fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// The tokens that end a turn or a text, in rising order.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// The text with its characters composed (NFC), where this tokenizer does that before it cuts texts.
    pub(crate) fn composed(&self, text: &str) -> Option<String> {
        let normalizer = self.parsing.get_normalizer()?;
        if !matches!(normalizer, NormalizerWrapper::NFC(_)) {
            return None;
        }
        let mut text = NormalizedString::from(text);
        normalizer.normalize(&mut text).ok()?;
        Some(text.get().to_owned())
    }

    /// Whether a token of end is put behind a text where special tokens are added.
    pub(crate) fn adds_end(&self) -> bool {
        let bare = self.parsing.encode_fast("", true);
        bare.is_ok_and(|bare| {
            let last = bare.get_ids().last();
            last.is_some_and(|last| Some(*last) != self.bos && self.ends.contains(last))
        })
    }

    /// The texts that chat templates name.
    pub(crate) fn special_texts(&self) -> SpecialTexts {
        self.texts.clone()
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("tokens", &self.len())
            .field("bos", &self.bos)
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}
