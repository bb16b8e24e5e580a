//! The tokenizer of a Hugging Face folder.

use std::path::Path;

use serde_json::Value;

use super::{Tokenizer, Traits};
use crate::error::TrainError;
use crate::source::read_object;
use crate::template::SpecialTexts;

const TOKENIZER: &str = "tokenizer.json";
/// Files that name tokens of end, as ids.
const WITH_ENDS: [&str; 2] = ["config.json", "generation_config.json"];

impl Tokenizer {
    /// The tokenizer in a folder with `tokenizer.json`; `tokenizer_config.json`, `config.json` and `generation_config.json` say which
    /// tokens begin and end.
    ///
    /// # Errors
    /// [`TrainError::Tokenizer`] when it is missing or no tokenizer, [`TrainError::Format`] for other files that are no JSON.
    pub fn from_folder(folder: &Path) -> Result<Self, TrainError> {
        let path = folder.join(TOKENIZER);
        let fail = |problem: String| TrainError::Tokenizer {
            path: path.clone(),
            problem,
        };
        let bytes = std::fs::read(&path).map_err(|error| fail(error.to_string()))?;
        let mut engine =
            tokenizers::Tokenizer::from_bytes(&bytes).map_err(|error| fail(error.to_string()))?;
        // Settings of inference servers: they would cut or fill up.
        engine.with_padding(None);
        engine
            .with_truncation(None)
            .map_err(|error| fail(error.to_string()))?;

        let texts = special_texts(folder)?;
        // What the post-processor puts before a text.
        let first = |special| -> Result<Option<u32>, TrainError> {
            let ids = engine
                .encode_fast("a", special)
                .map_err(|error| fail(error.to_string()))?;
            Ok(ids.get_ids().first().copied())
        };
        let (bare, whole) = (first(false)?, first(true)?);
        let bos_id = texts.bos.as_ref().and_then(|bos| engine.token_to_id(bos));
        let bos = whole
            .filter(|first| bare != Some(*first))
            .filter(|first| bos_id.is_none_or(|bos| bos == *first));
        let mut ends = Vec::new();
        for name in WITH_ENDS {
            let path = folder.join(name);
            if path.is_file() {
                let object = read_object(&path, "configuration")?;
                match object.get("eos_token_id") {
                    Some(Value::Array(several)) => ends.extend(several.iter().filter_map(id)),
                    Some(one) => ends.extend(id(one)),
                    None => {}
                }
            }
        }
        ends.extend(texts.eos.as_ref().and_then(|eos| engine.token_to_id(eos)));
        Ok(Self::new(engine, Traits { bos, ends, texts }))
    }
}

fn id(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// The texts that `tokenizer_config.json` gives special tokens.
pub(crate) fn special_texts(folder: &Path) -> Result<SpecialTexts, TrainError> {
    let path = folder.join("tokenizer_config.json");
    if !path.is_file() {
        return Ok(SpecialTexts::default());
    }
    let config = read_object(&path, "configuration of a tokenizer")?;
    let text = |field: &str| match config.get(field) {
        Some(Value::String(text)) => Some(text.clone()),
        // An added token with its settings.
        Some(Value::Object(token)) => Some(token.get("content")?.as_str()?.to_owned()),
        _ => None,
    };
    Ok(SpecialTexts {
        bos: text("bos_token"),
        eos: text("eos_token"),
        pad: text("pad_token"),
        unk: text("unk_token"),
    })
}
