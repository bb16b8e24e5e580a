//! The tokenizer of a GGUF file.

use dsg_gguf::Gguf;
use tokenizers::processors::template::TemplateProcessing;

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
        let bos = vocabulary.special("bos_token_id").filter(|_| adds_bos);
        if let (Some(id), Some(text)) = (bos, vocabulary.special_text("bos_token_id")) {
            // For the `tokenizer.json` that may be made of it; what is encoded here goes without.
            let before = before(id, text).map_err(|problem| fail(file, problem))?;
            engine.with_post_processor(Some(before));
        }
        let traits = Traits {
            bos,
            ends: ["eos_token_id", "eot_token_id", "eom_token_id"]
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

/// Puts a token before texts.
fn before(id: u32, text: String) -> Result<TemplateProcessing, String> {
    TemplateProcessing::builder()
        .try_single(format!("{text}:0 $A:0"))?
        .special_tokens(vec![(text, id)])
        .build()
        .map_err(|error| error.to_string())
}
