//! The forward pass as it is written on paper: one token at a time, loops over numbers in double precision.

use std::collections::BTreeMap;

use dsg_train::architecture::{Activation, LayerWeight, ModelConfig, RopeScaling, Weight};

type Vector = Vec<f64>;

/// Logits of every token of a sequence.
pub(crate) fn logits(
    config: &ModelConfig,
    values: &BTreeMap<Weight, Vec<f32>>,
    tokens: &[u32],
) -> Vec<Vector> {
    let model = Model { config, values };
    let mut states: Vec<Vector> = tokens.iter().map(|id| model.embedding(*id)).collect();
    for layer in 0..config.layers {
        states = model.block(layer, &states);
    }
    let head = if config.tied {
        Weight::Embedding
    } else {
        Weight::Head
    };
    states
        .iter()
        .map(|state| model.matrix(head, &model.norm(Weight::OutputNorm, state)))
        .collect()
}

struct Model<'a> {
    config: &'a ModelConfig,
    values: &'a BTreeMap<Weight, Vec<f32>>,
}

impl Model<'_> {
    fn get(&self, weight: Weight) -> Vector {
        self.values[&weight].iter().map(|v| f64::from(*v)).collect()
    }

    fn embedding(&self, id: u32) -> Vector {
        let width = self.config.width;
        let scale = self.config.embedding_scale().unwrap_or(1.0);
        let table = self.get(Weight::Embedding);
        let row = &table[id as usize * width..][..width];
        row.iter().map(|value| value * scale).collect()
    }

    fn matrix(&self, weight: Weight, input: &[f64]) -> Vector {
        let matrix = self.get(weight);
        let rows = matrix.chunks(input.len());
        rows.map(|row| row.iter().zip(input).map(|(a, b)| a * b).sum())
            .collect()
    }

    fn norm(&self, weight: Weight, input: &[f64]) -> Vector {
        let mean = input.iter().map(|x| x * x).sum::<f64>() / input.len() as f64;
        let factor = 1.0 / (mean + self.config.norm_epsilon).sqrt();
        let weights = self.get(weight);
        input
            .iter()
            .zip(weights)
            .map(|(x, w)| x * factor * w)
            .collect()
    }

    fn heads(
        &self,
        layer: usize,
        parts: [LayerWeight; 3],
        input: &[f64],
        at: usize,
    ) -> Vec<Vector> {
        let [matrix, bias, norm] = parts.map(|part| Weight::Layer(layer, part));
        let mut all = self.matrix(matrix, input);
        if self.values.contains_key(&bias) {
            let bias = self.get(bias);
            all.iter_mut().zip(bias).for_each(|(x, b)| *x += b);
        }
        all.chunks(self.config.head_width)
            .map(|head| {
                let head = if self.values.contains_key(&norm) {
                    self.norm(norm, head)
                } else {
                    head.to_vec()
                };
                self.turned(layer, &head, at)
            })
            .collect()
    }

    fn turned(&self, layer: usize, head: &[f64], at: usize) -> Vector {
        let half = head.len() / 2;
        let base = match (&self.config.local, self.config.window(layer)) {
            (Some(local), Some(_)) => local.rope_base,
            _ => self.config.rope_base,
        };
        assert_eq!(self.config.rope_scaling, RopeScaling::None);
        let mut result = head.to_vec();
        for pair in 0..half {
            let angle = at as f64 / base.powf(2.0 * pair as f64 / head.len() as f64);
            let (a, b) = (head[pair], head[pair + half]);
            result[pair] = a * angle.cos() - b * angle.sin();
            result[pair + half] = b * angle.cos() + a * angle.sin();
        }
        result
    }

    fn block(&self, layer: usize, states: &[Vector]) -> Vec<Vector> {
        use LayerWeight as L;
        let part = |part| Weight::Layer(layer, part);
        let config = self.config;
        let normed: Vec<Vector> = states
            .iter()
            .map(|state| self.norm(part(L::AttentionNorm), state))
            .collect();
        let keys: Vec<Vec<Vector>> = (0..)
            .zip(&normed)
            .map(|(at, x)| self.heads(layer, [L::Key, L::KeyBias, L::KeyNorm], x, at))
            .collect();
        let mut result = Vec::new();
        for (at, (state, x)) in states.iter().zip(&normed).enumerate() {
            let queries = self.heads(layer, [L::Query, L::QueryBias, L::QueryNorm], x, at);
            let first = config
                .window(layer)
                .map_or(0, |w| (at + 1).saturating_sub(w));
            let mut seen = Vec::new();
            for (number, query) in queries.iter().enumerate() {
                let shared = number / (config.heads / config.kv_heads);
                let weights: Vector = (first..=at)
                    .map(|other| {
                        let key = &keys[other][shared];
                        let product: f64 = query.iter().zip(key).map(|(a, b)| a * b).sum();
                        (product * config.attention_scale).exp()
                    })
                    .collect();
                let total: f64 = weights.iter().sum();
                let mut head = vec![0.0; config.head_width];
                for (weight, other) in weights.iter().zip(first..) {
                    let mut value = self.matrix(part(L::Value), &normed[other]);
                    if let Some(bias) = self.values.get(&part(L::ValueBias)) {
                        value
                            .iter_mut()
                            .zip(bias)
                            .for_each(|(v, b)| *v += f64::from(*b));
                    }
                    let value = &value[shared * config.head_width..][..config.head_width];
                    head.iter_mut()
                        .zip(value)
                        .for_each(|(h, v)| *h += weight / total * v);
                }
                seen.extend(head);
            }
            let attended = self.matrix(part(L::Output), &seen);
            let state = self.added(state, &attended, part(L::BehindAttentionNorm));
            let x = self.norm(part(L::FeedForwardNorm), &state);
            let gate = self.matrix(part(L::Gate), &x);
            let up = self.matrix(part(L::Up), &x);
            let inner: Vector = gate
                .iter()
                .zip(up)
                .map(|(gate, up)| self.activated(*gate) * up)
                .collect();
            let fed = self.matrix(part(L::Down), &inner);
            result.push(self.added(&state, &fed, part(L::BehindFeedForwardNorm)));
        }
        result
    }

    fn activated(&self, x: f64) -> f64 {
        match self.config.architecture.activation() {
            Activation::Silu => x / (1.0 + (-x).exp()),
            Activation::GeluTanh => {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
                0.5 * x * (1.0 + inner.tanh())
            }
        }
    }

    fn added(&self, state: &[f64], more: &[f64], norm: Weight) -> Vector {
        let more = if self.values.contains_key(&norm) {
            self.norm(norm, more)
        } else {
            more.to_vec()
        };
        state.iter().zip(more).map(|(a, b)| a + b).collect()
    }
}
