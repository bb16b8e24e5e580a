//! A decoder from its source.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::rotary::Rotary;
use super::{Attention, Block, Decoder, FeedForward, Projection, RmsNorm};
use crate::architecture::{LayerWeight, ModelConfig, Weight};
use crate::error::TrainError;
use crate::source::Source;

impl Decoder {
    /// Reads all weights onto a device. Every one is converted to single precision; the embedding is kept once where it is the head.
    pub(crate) fn load(source: &Source, device: &Device) -> Result<Self, TrainError> {
        let config = source.config();
        let values = config
            .weights()
            .par_iter()
            .map(|weight| Ok((*weight, source.values(*weight)?)))
            .collect::<Result<HashMap<_, _>, TrainError>>()?;
        let mut weights = Weights {
            source,
            device,
            values,
        };
        let blocks = (0..config.layers)
            .map(|layer| weights.block(layer))
            .collect::<Result<_, _>>()?;
        let head = if config.tied {
            None
        } else {
            Some(weights.take(Weight::Head)?)
        };
        let rotary =
            |base, scaling| Rotary::new(base, scaling, config.head_width, config.context, device);
        Ok(Self {
            config: config.clone(),
            embedding: weights.take(Weight::Embedding)?,
            blocks,
            norm: weights.norm(Weight::OutputNorm)?,
            head,
            rotary: rotary(config.rope_base, &config.rope_scaling),
            local_rotary: config
                .local
                .as_ref()
                .map(|local| rotary(local.rope_base, &crate::architecture::RopeScaling::None)),
        })
    }
}

/// Values on their way to the device.
struct Weights<'a> {
    source: &'a Source,
    device: &'a Device,
    values: HashMap<Weight, Vec<f32>>,
}

impl Weights<'_> {
    const fn config(&self) -> &ModelConfig {
        self.source.config()
    }

    fn take<const D: usize>(&mut self, weight: Weight) -> Result<Tensor<D>, TrainError> {
        let values = self
            .values
            .remove(&weight)
            .ok_or_else(|| TrainError::MissingTensor {
                path: self.source.path().to_path_buf(),
                tensor: weight.gguf_name(),
            })?;
        let data = TensorData::new(values, self.config().shape(weight));
        Ok(Tensor::from_data(data, self.device))
    }

    fn norm(&mut self, weight: Weight) -> Result<RmsNorm, TrainError> {
        Ok(RmsNorm::new(self.take(weight)?, self.config().norm_epsilon))
    }

    fn block(&mut self, layer: usize) -> Result<Block, TrainError> {
        let config = self.config();
        let (heads, kv_heads, head_width) = (config.heads, config.kv_heads, config.head_width);
        let activation = config.architecture.activation();
        let local = config.window(layer).is_some();
        let mut part = Layer {
            weights: self,
            layer,
        };
        let attention = Attention {
            query: part.projection(LayerWeight::Query, Some(LayerWeight::QueryBias))?,
            key: part.projection(LayerWeight::Key, Some(LayerWeight::KeyBias))?,
            value: part.projection(LayerWeight::Value, Some(LayerWeight::ValueBias))?,
            output: part.projection(LayerWeight::Output, None)?,
            query_norm: part.norm_if_any(LayerWeight::QueryNorm)?,
            key_norm: part.norm_if_any(LayerWeight::KeyNorm)?,
            heads,
            kv_heads,
            head_width,
        };
        let feed_forward = FeedForward {
            gate: part.projection(LayerWeight::Gate, None)?,
            up: part.projection(LayerWeight::Up, None)?,
            down: part.projection(LayerWeight::Down, None)?,
            activation,
        };
        Ok(Block {
            attention,
            feed_forward,
            attention_norm: part.norm(LayerWeight::AttentionNorm)?,
            behind_attention: part.norm_if_any(LayerWeight::BehindAttentionNorm)?,
            feed_forward_norm: part.norm(LayerWeight::FeedForwardNorm)?,
            behind_feed_forward: part.norm_if_any(LayerWeight::BehindFeedForwardNorm)?,
            local,
        })
    }
}

struct Layer<'w, 'a> {
    weights: &'w mut Weights<'a>,
    layer: usize,
}

impl Layer<'_, '_> {
    fn has(&self, part: LayerWeight) -> bool {
        part.is_in(self.weights.config().architecture)
    }

    fn projection(
        &mut self,
        part: LayerWeight,
        bias: Option<LayerWeight>,
    ) -> Result<Projection, TrainError> {
        let weight = self.weights.take(Weight::Layer(self.layer, part))?;
        let bias = match bias {
            Some(bias) if self.has(bias) => {
                Some(self.weights.take(Weight::Layer(self.layer, bias))?)
            }
            _ => None,
        };
        Ok(Projection::new(weight, bias))
    }

    fn norm(&mut self, part: LayerWeight) -> Result<RmsNorm, TrainError> {
        self.weights.norm(Weight::Layer(self.layer, part))
    }

    fn norm_if_any(&mut self, part: LayerWeight) -> Result<Option<RmsNorm>, TrainError> {
        if self.has(part) {
            self.norm(part).map(Some)
        } else {
            Ok(None)
        }
    }
}
