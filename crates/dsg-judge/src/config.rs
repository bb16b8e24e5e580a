//! What the judge checks against.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::JudgeError;
use crate::language;

/// Settings of a [`Judge`](crate::Judge).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JudgeConfig {
    /// Rules of the whole dataset, never read from the judge's section of a configuration file. Default: none.
    #[serde(skip)]
    pub rules: Rules,
    /// Names that questions may use though no evidence says them: the product or site that the documents are about.
    /// Default: none.
    pub known_terms: Vec<String>,
    /// ISO 639-1 code that question and answer must be written in; `None` accepts any language. Only prose that is long
    /// enough to tell is judged. Default: `en`, the language of the built-in question templates.
    pub language: Option<String>,
    /// Length of the question in characters. Default: 12 to 400.
    pub question_chars: LengthBand,
    /// Length of the answer in characters. Default: 20 to 4,000.
    pub answer_chars: LengthBand,
    /// Where the literals of an answer must occur. Default: `receipts`.
    pub literals_in: LiteralScope,
    /// Least share of the answer's content words that must occur in the citations' quotes, in `[0, 1]`. Default: 0.5; the
    /// literal checks are strict at any value.
    pub min_groundedness: f64,
    /// The same for each sentence of an answer that a model wrote, where headings and documented commands count too. Default: 0.6.
    pub min_sentence_groundedness: f64,
    /// Whether public IP addresses count as personal data. Default: false, since documentation names servers by them.
    pub ip_addresses: bool,
    /// Mail addresses whose local part is one of these name a role, not a person, and are kept. Default: `support`,
    /// `help`, `helpdesk`, `servicedesk`, `info`, `contact`, `admin`, `security`, `noreply` and the like.
    pub role_mailboxes: Vec<String>,
}

impl Default for JudgeConfig {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            known_terms: Vec::new(),
            language: Some("en".to_owned()),
            question_chars: LengthBand { min: 12, max: 400 },
            answer_chars: LengthBand {
                min: 20,
                max: 4_000,
            },
            literals_in: LiteralScope::default(),
            min_groundedness: 0.5,
            min_sentence_groundedness: 0.6,
            ip_addresses: false,
            role_mailboxes: [
                "abuse",
                "announce",
                "admin",
                "bugs",
                "contact",
                "dataprotection",
                "dev",
                "dpo",
                "feedback",
                "help",
                "helpdesk",
                "hpc",
                "info",
                "it",
                "list",
                "noreply",
                "no-reply",
                "office",
                "postmaster",
                "root",
                "sales",
                "security",
                "service",
                "servicedesk",
                "support",
                "team",
                "users",
                "webmaster",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }
}

/// The `rules` section of `datasetgen.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Every one must occur in the question or the answer. Plain text matches without regard to case; `/…/` is a regular
    /// expression. Default: none.
    pub must_include: Vec<String>,
    /// None may occur in the question or the answer; the same notation. Default: none.
    pub must_avoid: Vec<String>,
    /// What stands for a site's own value: keys `partition`, `account`, `qos`, `reservation`. A key that is absent leaves
    /// such values as they are. Default: none.
    pub placeholders: BTreeMap<String, String>,
}

/// What supports a literal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiteralScope {
    /// The quotes of the item's citations, and the headings and commands of their chunks: what the item can prove.
    #[default]
    Receipts,
    /// The whole text of every chunk that the writer was shown, too.
    Evidence,
}

/// An inclusive range of lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LengthBand {
    /// Least length.
    pub min: usize,
    /// Greatest length.
    pub max: usize,
}

impl LengthBand {
    /// Whether `length` lies in the band.
    pub const fn contains(self, length: usize) -> bool {
        self.min <= length && length <= self.max
    }
}

impl JudgeConfig {
    pub(crate) fn validate(&self) -> Result<(), JudgeError> {
        for (field, band) in [
            ("question_chars", self.question_chars),
            ("answer_chars", self.answer_chars),
        ] {
            if band.min > band.max {
                return Err(JudgeError::config(
                    field,
                    format!("min {} is above max {}", band.min, band.max),
                ));
            }
        }
        for (field, share) in [
            ("min_groundedness", self.min_groundedness),
            ("min_sentence_groundedness", self.min_sentence_groundedness),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return Err(JudgeError::config(
                    field,
                    format!("{share} is not between 0 and 1"),
                ));
            }
        }
        if let Some(code) = self
            .language
            .as_deref()
            .filter(|code| !language::is_known(code))
        {
            return Err(JudgeError::config(
                "language",
                format!("`{code}` is not the two-letter code of a language that can be told"),
            ));
        }
        for key in self.rules.placeholders.keys() {
            if !PLACEHOLDER_KEYS.contains(&key.as_str()) {
                return Err(JudgeError::config(
                    "rules.placeholders",
                    format!("`{key}` is none of {}", PLACEHOLDER_KEYS.join(", ")),
                ));
            }
        }
        Ok(())
    }
}

/// The kinds of site values that can be replaced.
pub const PLACEHOLDER_KEYS: [&str; 4] = ["partition", "account", "qos", "reservation"];
