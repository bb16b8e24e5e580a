//! Takes secrets and personal data out of answers and receipts.

use dsg_core::{Candidate, Citation, Repair, Span};
use serde_json::Value;

use crate::config::JudgeConfig;
use crate::error::JudgeError;
use crate::finding::Finding;
use crate::personal::{self, PersonalScanner};
use crate::reason::JudgeReason;
use crate::secret::SecretScanner;
use crate::sensitive::{Sensitive, replace};

/// Pieces of a quote with fewer letters and digits than this prove nothing.
const LEAST_PIECE: usize = 8;

#[derive(Debug)]
pub(crate) struct Redactor {
    secrets: SecretScanner,
    personal: PersonalScanner,
}

impl Redactor {
    pub(crate) fn new(config: &JudgeConfig) -> Result<Self, JudgeError> {
        Ok(Self {
            secrets: SecretScanner::new()?,
            personal: PersonalScanner::new(&config.role_mailboxes, config.ip_addresses)?,
        })
    }

    /// Redacts the answer, and cuts personal data out of the citations: what is left of a quote are exact spans still.
    /// Secrets in a quote are left for [`check`](Self::check) to reject: a text that holds one is not worth keeping.
    pub(crate) fn fix(&self, candidate: &mut Candidate, repairs: &mut Vec<Repair>) {
        let secrets = self.secrets.scan(&candidate.answer);
        if !secrets.is_empty() {
            note(repairs, "answer", &secrets);
            candidate.answer = replace(&candidate.answer, &secrets, |_| "<secret>");
        }
        let personal = self.personal.scan(&candidate.answer);
        if !personal.is_empty() {
            note(repairs, "answer", &personal);
            candidate.answer = replace(&candidate.answer, &personal, personal::placeholder);
        }
        if candidate
            .citations
            .iter()
            .all(|citation| self.personal.scan(&citation.quote).is_empty())
        {
            return;
        }
        candidate.citations = std::mem::take(&mut candidate.citations)
            .into_iter()
            .flat_map(|citation| {
                let found = self.personal.scan(&citation.quote);
                if found.is_empty() {
                    return vec![citation];
                }
                note(repairs, "citation", &found);
                pieces(&citation, &found)
            })
            .collect();
    }

    /// Replaces secrets and personal data in every text of `value`.
    pub(crate) fn mask(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.masked(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.mask(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// `text` with placeholders for secrets and personal data.
    pub(crate) fn masked(&self, text: &str) -> String {
        let text = replace(text, &self.secrets.scan(text), |_| "<secret>");
        replace(&text, &self.personal.scan(&text), personal::placeholder)
    }

    /// Fails for a secret or personal data in the question or in a quote, or for what is left in the answer.
    pub(crate) fn check(&self, candidate: &Candidate) -> Vec<Finding> {
        let places = || {
            [
                ("the question", candidate.question.as_str()),
                ("the answer", candidate.answer.as_str()),
            ]
            .into_iter()
            .chain(
                candidate
                    .citations
                    .iter()
                    .map(|citation| ("a quote", citation.quote.as_str())),
            )
        };
        let first = |scan: &dyn Fn(&str) -> Vec<Sensitive>| {
            places().find_map(|(place, text)| {
                let found = scan(text);
                found
                    .first()
                    .map(|found| format!("{} in {place}", found.label))
            })
        };
        vec![
            Finding::from_detail(
                "safety.secret",
                JudgeReason::Secret,
                first(&|text| self.secrets.scan(text)),
            ),
            Finding::from_detail(
                "safety.personal_data",
                JudgeReason::PersonalData,
                first(&|text| self.personal.scan(text)),
            ),
        ]
    }
}

/// One repair per finding, without its text.
fn note(repairs: &mut Vec<Repair>, place: &str, found: &[Sensitive]) {
    repairs.extend(found.iter().map(|item| Repair {
        name: format!("redact.{}", item.label),
        detail: format!("{} bytes taken out of the {place}", item.range.len()),
    }));
}

/// The parts of a citation between the findings.
fn pieces(citation: &Citation, found: &[Sensitive]) -> Vec<Citation> {
    let ends = found
        .iter()
        .map(|item| item.range.start)
        .chain([citation.quote.len()]);
    let starts = [0]
        .into_iter()
        .chain(found.iter().map(|item| item.range.end));
    starts
        .zip(ends)
        .filter_map(|(start, end)| {
            let piece = Span::new(start, end).ok()?.trimmed(&citation.quote);
            let quote = piece.slice(&citation.quote)?;
            let enough = quote.chars().filter(|c| c.is_alphanumeric()).count() >= LEAST_PIECE;
            enough.then(|| Citation {
                span: Span::of_len(citation.span.start() + piece.start(), piece.len()),
                quote: quote.to_owned(),
                ..citation.clone()
            })
        })
        .collect()
}
