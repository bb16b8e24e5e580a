//! Asks a model.

use std::ops::{ControlFlow, Range};

use burn::tensor::Device;
use dsg_core::hash::xxh3_hex;
use dsg_core::{Message, Role};
use serde_json::json;

use crate::adapter::LoraWeights;
use crate::data::{ChatFormat, Encoder, ModelChat, Padding, Refusal, Row, Sample};
use crate::decoder::Decoder;
use crate::error::TrainError;
use crate::generate::{Finish, GenerateOptions, Sampling};
use crate::source::Source;
use crate::template::ChatTemplate;
use crate::tokenizer::Tokenizer;
use crate::trainer::mean_loss;

/// A question with the answer that it should get, as tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct EvalItem {
    id: String,
    question: String,
    reference: String,
    sample: Sample,
}

impl EvalItem {
    /// The last answer of a conversation, and what was said before it. `most` is the model's context.
    ///
    /// # Errors
    /// Why the row is refused: as in training, but that nothing is left out of a conversation that is too long.
    pub fn new(row: &Row, format: &impl ChatFormat, most: usize) -> Result<Self, Refusal> {
        let row = row.until_last_answer().ok_or(Refusal::NoAnswer)?;
        let turns = row.messages();
        let text = |turn: &Message| turn.content.clone();
        let reference = turns.last().map(text).unwrap_or_default();
        let question = turns.iter().rfind(|turn| turn.role == Role::User);
        let question = question.map(text).unwrap_or_default();
        let mut sample = Encoder::new(format, usize::MAX).encode(&row)?;
        if sample.tokens.len() > most {
            return Err(Refusal::TooLong {
                tokens: sample.tokens.len(),
                most,
            });
        }
        sample.labels = sample.labels.pop().into_iter().collect();
        Ok(Self {
            id: row.id().to_owned(),
            question,
            reference,
            sample,
        })
    }

    /// The row's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the user said last.
    pub fn question(&self) -> &str {
        &self.question
    }

    /// What should be answered.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    fn answer(&self) -> Range<usize> {
        self.sample.labels.first().cloned().unwrap_or_default()
    }

    /// Hash of the tokens of the answer that should be given. Likelihoods of two models can be compared where it is the same.
    pub fn label_hash(&self) -> String {
        let labels = self.labels().iter().copied();
        let bytes: Vec<u8> = labels.flat_map(u32::to_le_bytes).collect();
        xxh3_hex(&bytes)
    }

    /// What the model is given: all up to where the assistant begins to speak.
    pub fn prompt(&self) -> &[u32] {
        let start = self.answer().start;
        self.sample.tokens.get(..start).unwrap_or_default()
    }

    /// What it should say: the tokens of the answer that should be given, with the one that ends the turn.
    pub fn labels(&self) -> &[u32] {
        self.sample.tokens.get(self.answer()).unwrap_or_default()
    }

    /// Changes with the item and with `identity`, which names whatever else an answer depends on: who is asked, and how.
    pub fn key(&self, identity: &str) -> String {
        let all = json!([identity, self.id, self.sample.tokens, self.answer().start]);
        xxh3_hex(all.to_string().as_bytes())
    }
}

/// What a model makes of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What it says.
    pub text: String,
    /// Why it stopped.
    pub finish: Finish,
    /// Mean negative log-likelihood of the tokens of the answer that it should give, with the one that ends the turn, in nats; finite.
    pub nll: f64,
    /// The number of these tokens.
    pub tokens: usize,
}

/// A model that is asked.
#[derive(Debug)]
pub struct Evaluator {
    decoder: Decoder,
    tokenizer: Tokenizer,
    template: ChatTemplate,
    options: GenerateOptions,
    identity: String,
}

impl Evaluator {
    /// A model on the CPU, with an adapter where there is one. Replies end where the model's turns end, whatever `options` say of ends.
    ///
    /// # Errors
    /// [`TrainError`] for models that cannot be loaded or have no chat template, adapters that do not fit, impossible options.
    pub fn new(
        source: &Source,
        adapter: Option<&LoraWeights>,
        mut options: GenerateOptions,
    ) -> Result<Self, TrainError> {
        options.validate()?;
        let tokenizer = source.tokenizer()?;
        let template = source.chat_template()?;
        let mut decoder = source.decoder(&Device::flex())?;
        options.ends = tokenizer.ends().to_vec();
        let model = source.fingerprint()?;
        let identity = json!({
            "dsg": env!("CARGO_PKG_VERSION"),
            "model": model,
            "adapter": adapter.map(|adapter| (adapter.config(), adapter.fingerprint())),
            "replies": options,
        });
        if let Some(adapter) = adapter {
            adapter.attach(&mut decoder)?;
        }
        Ok(Self {
            decoder,
            tokenizer,
            template,
            options,
            identity: identity.to_string(),
        })
    }

    /// A row as an item for this model.
    ///
    /// # Errors
    /// As [`EvalItem::new`].
    pub fn item(&self, row: &Row) -> Result<EvalItem, Refusal> {
        let chat = ModelChat {
            tokenizer: &self.tokenizer,
            template: &self.template,
        };
        EvalItem::new(row, &chat, self.decoder.config().context)
    }

    /// Changes with everything that the answer depends on: this crate's version, the model's files, the adapter, how replies are made, the item.
    pub fn key(&self, item: &EvalItem) -> String {
        item.key(&self.identity)
    }

    /// The model's answer, and how likely it finds the right one. By chance, every item has draws of its own that only seed and id decide. `go_on` is
    /// asked after every token and may stop the reply. [`Refusal::NoLikelihood`] where the loss is not finite; then the model is not asked.
    ///
    /// # Errors
    /// [`TrainError::Compute`] when the device fails, and what [`Decoder::generate`] may return.
    pub fn ask(
        &self,
        item: &EvalItem,
        mut go_on: impl FnMut() -> ControlFlow<()>,
    ) -> Result<Result<Answer, Refusal>, TrainError> {
        let padding = Padding {
            bucket: 1,
            most: self.decoder.config().context,
            packing: false,
        };
        let sample = &item.sample;
        let nll =
            mean_loss(&self.decoder, [sample], padding, sample.tokens.len())?.unwrap_or(f64::NAN);
        if !nll.is_finite() {
            return Ok(Err(Refusal::NoLikelihood));
        }
        let mut options = self.options.clone();
        if let Sampling::TopP { seed, .. } = &mut options.sampling {
            *seed = seed.derive("evaluate", &item.id);
        }
        let reply = self
            .decoder
            .generate(item.prompt(), &options, |_| go_on())?;
        Ok(Ok(Answer {
            text: self.tokenizer.decode(&reply.tokens, true)?,
            finish: reply.finish,
            nll,
            tokens: sample.label_count(),
        }))
    }
}
