//! What is exported, and what the dataset card says about it.

use serde::{Deserialize, Serialize};

use crate::error::ExportError;
use crate::format::DatasetFormat;

/// What is exported beside `train.jsonl` and `eval.jsonl`, and what the dataset card says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExportConfig {
    /// Further shapes, each written to `formats/<name>/train.jsonl` and `formats/<name>/eval.jsonl`. Default: none.
    /// `messages` is what `train.jsonl` and `eval.jsonl` always hold, so naming it here is an error.
    pub formats: Vec<DatasetFormat>,
    /// The dataset's name in the card, one line. Default: `Questions and answers from documentation`.
    pub pretty_name: String,
    /// The dataset's licence in the card, as a Hugging Face licence id (`cc-by-4.0`). Default: absent, which takes the
    /// licence that every source states in its front matter, or `other` when they state none or differ.
    pub license: Option<String>,
    /// How many items the card shows with their receipts. Default: 3; at most 20.
    pub card_samples: usize,
}

impl Default for ExportConfig {
    fn default() -> Self {
        Self {
            formats: Vec::new(),
            pretty_name: "Questions and answers from documentation".to_owned(),
            license: None,
            card_samples: 3,
        }
    }
}

impl ExportConfig {
    /// Checks the values.
    ///
    /// # Errors
    /// [`ExportError::Config`] naming the field.
    pub fn validate(&self) -> Result<(), ExportError> {
        let fault = |field, why: String| Err(ExportError::Config { field, why });
        let mut seen = Vec::new();
        for format in &self.formats {
            if *format == DatasetFormat::Messages {
                return fault(
                    "formats",
                    "`messages` is always written as train.jsonl and eval.jsonl; leave it out"
                        .to_owned(),
                );
            }
            if seen.contains(format) {
                return fault("formats", format!("`{format}` is named twice"));
            }
            seen.push(*format);
        }
        if self.pretty_name.trim().is_empty() || self.pretty_name.contains(['\n', '\r']) {
            return fault("pretty_name", "must be one line of text".to_owned());
        }
        if self.license.as_ref().is_some_and(|id| !is_license_id(id)) {
            return fault(
                "license",
                "must be a Hugging Face licence id such as `cc-by-4.0` or `other`".to_owned(),
            );
        }
        if self.card_samples > 20 {
            return fault(
                "card_samples",
                format!("is {}, must be at most 20", self.card_samples),
            );
        }
        Ok(())
    }
}

/// Whether `id` is made as Hugging Face makes its licence ids: lower-case letters, digits, dots, pluses and dashes.
pub(crate) fn is_license_id(id: &str) -> bool {
    !id.is_empty()
        && id
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(config: &ExportConfig) -> String {
        config.validate().unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_valid_and_faults_name_their_field() {
        ExportConfig::default().validate().unwrap();
        let with = |change: fn(&mut ExportConfig)| {
            let mut config = ExportConfig::default();
            change(&mut config);
            fault_of(&config)
        };
        assert!(with(|c| c.formats = vec![DatasetFormat::Messages]).contains("formats"));
        assert!(
            with(|c| c.formats = vec![DatasetFormat::Alpaca, DatasetFormat::Alpaca])
                .contains("twice")
        );
        assert!(with(|c| c.pretty_name = "a\nb".into()).contains("pretty_name"));
        assert!(with(|c| c.license = Some("My Licence".into())).contains("license"));
        assert!(with(|c| c.card_samples = 21).contains("card_samples"));
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(serde_json::from_str::<ExportConfig>(r#"{"format":["alpaca"]}"#).is_err());
    }
}
