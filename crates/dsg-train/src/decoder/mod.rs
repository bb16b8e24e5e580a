//! The forward pass.

mod attention;
mod block;
mod blocks;
mod cache;
mod feed_forward;
mod frame;
mod load;
mod norm;
mod projection;
mod rotary;
mod sites;

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};

pub use attention::Attention;
pub use block::Block;
pub use blocks::Bits;
pub use cache::Cache;
pub use feed_forward::FeedForward;
pub use frame::Frame;
pub use norm::RmsNorm;
pub use projection::Projection;

use crate::architecture::ModelConfig;
use crate::error::TrainError;
use crate::kernel;
use frame::Layout;
use rotary::Rotary;

/// A language model with frozen weights, in single precision.
///
/// Its only parameters are those of adapters: all else are plain tensors, which neither optimiser nor autodiff touch. It is loaded
/// [from a source](crate::source::Source::decoder) onto any device. [`Module::train`] returns it for training (the same weights, on a
/// device with autodiff), [`Module::valid`] back.
///
/// Right padding needs no mask: no token sees what comes after it.
#[derive(Module, Debug)]
pub struct Decoder {
    #[module(skip)]
    config: ModelConfig,
    embedding: Tensor<2>,
    blocks: Vec<Block>,
    norm: RmsNorm,
    head: Option<Tensor<2>>,
    rotary: Rotary,
    local_rotary: Option<Rotary>,
}

impl Decoder {
    /// What the model is.
    pub const fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.embedding.device()
    }

    /// Its layers.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The same, to attach adapters.
    pub fn blocks_mut(&mut self) -> &mut [Block] {
        &mut self.blocks
    }

    /// The matrix that makes logits of hidden states, `[vocabulary, width]`.
    pub fn head(&self) -> &Tensor<2> {
        self.head.as_ref().unwrap_or(&self.embedding)
    }

    /// Sequences as `[batch, length]`, the shorter ones filled up with token 0 at their end.
    ///
    /// # Errors
    /// [`TrainError::Token`] for an id that has no row in the embedding, [`TrainError::Context`] for a sequence that is too long,
    /// [`TrainError::Config`] where there is no token at all.
    pub fn batch<S: AsRef<[u32]>>(&self, sequences: &[S]) -> Result<Tensor<2, Int>, TrainError> {
        let vocabulary = self.config.vocabulary;
        let sequences: Vec<&[u32]> = sequences.iter().map(AsRef::as_ref).collect();
        let length = sequences.iter().map(|s| s.len()).max().unwrap_or_default();
        self.check_length(length)?;
        if length == 0 {
            return Err(TrainError::Config {
                field: "sequences",
                problem: "there is no token in them".to_owned(),
            });
        }
        let mut ids = Vec::with_capacity(sequences.len() * length);
        for sequence in &sequences {
            if let Some(id) = sequence.iter().find(|id| **id as usize >= vocabulary) {
                return Err(TrainError::Token {
                    id: *id,
                    vocabulary,
                });
            }
            ids.extend(sequence.iter().map(|id| i64::from(*id)));
            ids.extend(std::iter::repeat_n(0, length - sequence.len()));
        }
        let data = TensorData::new(ids, [sequences.len(), length]);
        Ok(Tensor::from_data(data, &self.device()))
    }

    fn check_length(&self, tokens: usize) -> Result<(), TrainError> {
        let context = self.config.context;
        if tokens > context {
            return Err(TrainError::Context { tokens, context });
        }
        Ok(())
    }

    /// Normed hidden states, `[batch, length, width]`, of tokens of `[batch, length]`.
    ///
    /// # Errors
    /// [`TrainError::Context`] for sequences longer than the model's context.
    pub fn hidden(&self, tokens: Tensor<2, Int>) -> Result<Tensor<3>, TrainError> {
        let [batch, length] = tokens.dims();
        let frame = self.frame(batch, length)?;
        let rows = self.pass(tokens, &frame);
        Ok(rows.reshape([batch, length, self.config.width]))
    }

    /// The same for tokens that follow those in `cache`, which they are added to.
    ///
    /// # Errors
    /// As [`hidden`](Self::hidden).
    pub fn hidden_after(
        &self,
        tokens: Tensor<2, Int>,
        cache: &mut Cache,
    ) -> Result<Tensor<3>, TrainError> {
        let [batch, length] = tokens.dims();
        let frame = self.frame_at(batch, length, cache.length, None)?;
        cache
            .layers
            .resize_with(self.blocks.len(), Default::default);
        let mut rows = self.embed(tokens);
        for (block, cache) in self.blocks.iter().zip(&mut cache.layers) {
            rows = block.forward_with(rows, &frame, Some(cache));
        }
        cache.length += length;
        let rows = self.finish(rows);
        Ok(rows.reshape([batch, length, self.config.width]))
    }

    /// Normed hidden states, `[batch · length, width]`, of tokens of `[batch, length]` that see what the frame lets them.
    fn pass(&self, tokens: Tensor<2, Int>, frame: &Frame) -> Tensor<2> {
        let mut rows = self.embed(tokens);
        for block in &self.blocks {
            rows = block.forward(rows, frame);
        }
        self.finish(rows)
    }

    /// Logits, `[rows, vocabulary]`, of normed hidden states of `[rows, width]`.
    pub fn logits(&self, hidden: Tensor<2>) -> Tensor<2> {
        hidden.matmul(self.head().clone().transpose())
    }

    /// What the blocks of a pass share. With [`embed`](Self::embed), [`blocks`](Self::blocks) and [`finish`](Self::finish) a pass can be made
    /// block by block.
    ///
    /// # Errors
    /// [`TrainError::Context`] for sequences longer than the model's context.
    pub fn frame(&self, batch: usize, length: usize) -> Result<Frame, TrainError> {
        self.frame_at(batch, length, 0, None)
    }

    fn frame_at(
        &self,
        batch: usize,
        length: usize,
        start: usize,
        borders: Option<&Arc<[usize]>>,
    ) -> Result<Frame, TrainError> {
        self.check_length(start.saturating_add(length))?;
        let window = self.config.local.as_ref().map(|local| local.window);
        let layout = Layout {
            global: &self.rotary,
            local: self.local_rotary.as_ref().zip(window),
            group: self.config.heads / self.config.kv_heads,
            scale: self.config.attention_scale,
            masks: (!kernel::fused(&self.embedding)).then(|| self.device()),
        };
        Ok(Frame::new(&layout, batch, length, start, borders))
    }

    /// The rows of the embedding, `[batch · length, width]`, scaled where the model does.
    pub fn embed(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        let [batch, length] = tokens.dims();
        let rows = self
            .embedding
            .clone()
            .select(0, tokens.reshape([batch * length]));
        match self.config.embedding_scale() {
            Some(scale) => rows.mul_scalar(scale),
            None => rows,
        }
    }

    /// The last norm, of what the last block returned.
    pub fn finish(&self, rows: Tensor<2>) -> Tensor<2> {
        self.norm.forward(rows)
    }
}
