//! The tokenizer of a GGUF file.

use dsg_gguf::Gguf;

use super::vocabulary::{Vocabulary, fail};
use super::{Tokenizer, Traits, bpe, spm};
use crate::error::TrainError;
use crate::template::SpecialTexts;

impl Tokenizer {
    /// The tokenizer that the keys `tokenizer.ggml.*` describe.
    ///
    /// # Errors
    /// [`TrainError::Tokenizer`] for a vocabulary that is missing, damaged or of a kind that is not supported.
    pub fn from_gguf(file: &Gguf) -> Result<Self, TrainError> {
        let vocabulary = Vocabulary::read(file)?;
        let (mut engine, adds_bos) = match file.text("tokenizer.ggml.model") {
            Some("gpt2") => bpe::engine(file, &vocabulary)?,
            Some("llama") => (spm::engine(file, &vocabulary)?, true),
            other => {
                let kind = other.unwrap_or_default();
                let problem =
                    format!("its kind is `{kind}`; supported are gpt2 (BPE) and llama (SPM)");
                return Err(fail(file, problem));
            }
        };
        let (special, defined) = vocabulary.added();
        engine.add_special_tokens(&special);
        engine.add_tokens(&defined);
        let adds_bos = vocabulary.flag("add_bos_token").unwrap_or(adds_bos);
        let traits = Traits {
            bos: vocabulary.special("bos_token_id").filter(|_| adds_bos),
            ends: ["eos_token_id", "eot_token_id"]
                .iter()
                .filter_map(|key| vocabulary.special(key))
                .collect(),
            texts: SpecialTexts {
                bos: vocabulary.special_text("bos_token_id"),
                eos: vocabulary.special_text("eos_token_id"),
                pad: vocabulary.special_text("padding_token_id"),
                unk: vocabulary.special_text("unknown_token_id"),
            },
        };
        Ok(Self::new(engine, traits))
    }
}
