//! Whether a file says what the model says that it was made of.

use burn::tensor::{Device, Tensor};
use dsg_gguf::FileType;
use serde::Serialize;

use crate::adapter::LoraWeights;
use crate::error::TrainError;
use crate::generate::likeliest;
use crate::source::Source;
use crate::template::{Message, RenderOptions};
use crate::tokenizer::{Specials, Tokenizer};

/// Most tokens of a text that are compared.
const MOST_TOKENS: usize = 512;
/// Positions whose logits of both models are in memory at a time.
const POSITIONS: usize = 32;

/// How far the distributions of a file are from those of its source, over every position of some texts. KL is that of the file's distribution
/// from the source's, in nats.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Texts.
    pub texts: usize,
    /// Positions, over all texts.
    pub positions: usize,
    /// Texts that the two tokenizers make other tokens of, though not those of `uncomposed`.
    pub other_tokens: usize,
    /// Texts that get other tokens only since the source's tokenizer composes characters first, and llama.cpp does not.
    pub uncomposed: usize,
    /// Whether a chat, as the template of each writes it, gets other tokens.
    pub other_chat: bool,
    /// Whether other tokens begin a text, or end a turn.
    pub other_ends: bool,
    /// KL at a position, in the mean.
    pub mean_kl: f64,
    /// The largest KL at a position.
    pub max_kl: f64,
    /// Part of the positions where both find the same token likeliest, 0 to 1.
    pub same_top: f64,
}

impl Comparison {
    /// Whether the file says what its source says, as near as a file of this type comes to it. The bounds on the mean KL only tell a sound file
    /// from one that was made wrongly: 1e-6 for F32, 1e-3 for F16 and BF16, 1e-2 for Q8_0, 1 from 4 bits on and 4 below.
    pub fn is_ok(&self, file_type: FileType) -> bool {
        let most_kl = match file_type {
            FileType::F32 => 1e-6,
            FileType::F16 | FileType::Bf16 => 1e-3,
            FileType::Q8_0 => 1e-2,
            FileType::Q2K | FileType::Q3KS | FileType::Q3KM | FileType::Q3KL => 4.0,
            _ => 1.0,
        };
        let same_tokens = self.other_tokens == 0 && !self.other_chat && !self.other_ends;
        same_tokens && self.mean_kl <= most_kl
    }
}

/// Compares what `file` says with what `source` says with `adapter` beside it: logits on the CPU in single precision. The blocks of one model are
/// in memory at a time, hidden states and heads of both together, and the logits of some positions. Texts are those of documents, without special
/// tokens but the one of the beginning; 512 tokens of each are compared at most. The tokens of a chat are compared, too, where the template takes one
/// of a question and its answer.
///
/// # Errors
/// Those of reading either model, [`TrainError::Config`] where no text has a token, [`TrainError::Compute`] for logits that are not finite.
pub fn compare(
    source: &Source,
    adapter: Option<&LoraWeights>,
    file: &Source,
    texts: &[String],
) -> Result<Comparison, TrainError> {
    let (tokenizer, other) = (source.tokenizer()?, file.tokenizer()?);
    let mut sequences = Vec::new();
    let (mut other_tokens, mut uncomposed) = (0, 0);
    for text in texts {
        let mut tokens = ids(&tokenizer, text)?;
        if tokens != ids(&other, text)? {
            match tokenizer.composed(text) {
                Some(composed) if tokens == ids(&other, &composed)? => uncomposed += 1,
                _ => other_tokens += 1,
            }
        }
        tokens.truncate(MOST_TOKENS.min(source.config().context));
        if !tokens.is_empty() {
            sequences.push(tokens);
        }
    }
    if sequences.is_empty() {
        return Err(TrainError::Config {
            field: "probe",
            problem: "there is no text in it".to_owned(),
        });
    }
    let expected = States::of(source, adapter, &sequences)?;
    let actual = States::of(file, None, &sequences)?;
    let [positions, _] = expected.hidden.dims();
    let (mut sum, mut max_kl, mut same) = (0.0, 0.0_f64, 0_usize);
    for start in (0..positions).step_by(POSITIONS) {
        let end = (start + POSITIONS).min(positions);
        let (p, q) = (expected.logits(start, end)?, actual.logits(start, end)?);
        let width = p.len() / (end - start);
        for (p, q) in p.chunks(width).zip(q.chunks(width)) {
            let kl = divergence(p, q);
            if !kl.is_finite() {
                return Err(TrainError::Compute {
                    what: "compare logits",
                    problem: "some are infinite or no numbers".to_owned(),
                });
            }
            sum += kl;
            max_kl = max_kl.max(kl);
            same += usize::from(likeliest(p) == likeliest(q));
        }
    }
    Ok(Comparison {
        texts: sequences.len(),
        positions,
        other_tokens,
        uncomposed,
        other_chat: chat(source, &tokenizer)? != chat(file, &other)?,
        other_ends: (tokenizer.bos(), tokenizer.ends()) != (other.bos(), other.ends()),
        mean_kl: sum / positions as f64,
        max_kl,
        same_top: same as f64 / positions as f64,
    })
}

fn ids(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>, TrainError> {
    let mut ids: Vec<u32> = tokenizer.bos().into_iter().collect();
    ids.extend(tokenizer.encode(text, Specials::Text)?);
    Ok(ids)
}

/// The tokens of a chat; none without a template that can be read and takes such a chat.
fn chat(source: &Source, tokenizer: &Tokenizer) -> Result<Option<Vec<u32>>, TrainError> {
    let Ok(Some(template)) = source.template() else {
        return Ok(None);
    };
    let chat = [
        Message::new("user", "Which queue is free?"),
        Message::new("assistant", "`short`, from 8 to 20 h."),
    ];
    match template.render(&chat, &RenderOptions::whole()) {
        Ok(text) => tokenizer.encode(&text, Specials::Parse).map(Some),
        Err(_) => Ok(None),
    }
}

/// What a model makes of some sequences, and what makes logits of that.
struct States {
    /// `[positions, width]`.
    hidden: Tensor<2>,
    head: Tensor<2>,
}

impl States {
    fn of(
        source: &Source,
        adapter: Option<&LoraWeights>,
        sequences: &[Vec<u32>],
    ) -> Result<Self, TrainError> {
        let mut decoder = source.decoder(&Device::flex())?;
        if let Some(adapter) = adapter {
            adapter.attach(&mut decoder)?;
        }
        let mut rows = Vec::new();
        for sequence in sequences {
            let hidden = decoder.hidden(decoder.batch(&[sequence])?)?;
            let [_, length, width] = hidden.dims();
            rows.push(hidden.reshape([length, width]));
        }
        Ok(Self {
            hidden: Tensor::cat(rows, 0),
            head: decoder.head().clone(),
        })
    }

    fn logits(&self, start: usize, end: usize) -> Result<Vec<f32>, TrainError> {
        let [_, width] = self.hidden.dims();
        let rows = self.hidden.clone().slice([start..end, 0..width]);
        rows.matmul(self.head.clone().transpose())
            .into_data()
            .try_into_vec()
            .map_err(|error| TrainError::compute("read logits", &error))
    }
}

/// `Σ p (log p - log q)` of the distributions that two rows of logits stand for.
fn divergence(p: &[f32], q: &[f32]) -> f64 {
    let (log_p, log_q) = (log_sum(p), log_sum(q));
    let terms = p.iter().zip(q).map(|(p, q)| {
        let (p, q) = (f64::from(*p) - log_p, f64::from(*q) - log_q);
        p.exp() * (p - q)
    });
    let sum: f64 = terms.sum();
    // Below zero by rounding alone; what is no number stays so.
    if sum < 0.0 { 0.0 } else { sum }
}

/// The logarithm of the sum of exponentials.
fn log_sum(logits: &[f32]) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let largest = f64::from(largest);
    let sum: f64 = logits
        .iter()
        .map(|logit| (f64::from(*logit) - largest).exp())
        .sum();
    largest + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divergences_are_those_of_the_textbook() {
        let logits = |p: [f64; 3]| {
            p.map(|p| {
                #[allow(clippy::cast_possible_truncation, reason = "a test's number")]
                let logit = p.ln() as f32;
                logit + 5.0
            })
        };
        let (p, q) = ([0.5, 0.25, 0.25], [0.25, 0.5, 0.25]);
        let expected = 0.5 * 2_f64.ln() - 0.25 * 2_f64.ln();
        assert!((divergence(&logits(p), &logits(q)) - expected).abs() < 1e-6);
        assert!(divergence(&logits(p), &logits(p)) < 1e-12);
    }

    #[test]
    fn a_file_is_refused_for_other_tokens_and_for_distributions_far_away() {
        let near = Comparison {
            texts: 2,
            positions: 20,
            other_tokens: 0,
            uncomposed: 1,
            other_chat: false,
            other_ends: false,
            mean_kl: 5e-3,
            max_kl: 0.1,
            same_top: 0.9,
        };
        assert!(near.is_ok(FileType::Q8_0) && near.is_ok(FileType::Q4KM));
        assert!(!near.is_ok(FileType::F16) && !near.is_ok(FileType::F32));
        let change = |change: fn(&mut Comparison)| {
            let mut other = near.clone();
            change(&mut other);
            other.is_ok(FileType::Q4_0)
        };
        assert!(change(|_| {}));
        assert!(!change(|other| other.other_tokens = 1));
        assert!(!change(|other| other.other_chat = true));
        assert!(!change(|other| other.other_ends = true));
        assert!(!change(|other| other.mean_kl = 1.5));
    }
}
