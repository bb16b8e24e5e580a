//! Which tensors are written, in which order, as what.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use dsg_gguf::{FileType, TensorInfo, TensorType, block_of};

use super::note::{ExportNote, is_quantized};
use crate::adapter::LoraWeights;
use crate::architecture::{ROPE_FACTORS, RopeScaling, Weight};
use crate::merge::site_of;
use crate::source::Source;

/// A tensor to be written.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) kind: TensorType,
    /// The length of a row first.
    pub(super) shape: Vec<u64>,
    content: Content,
}

/// What a tensor is filled with.
pub(super) enum Content {
    Weight(Weight),
    /// Those of rotary frequencies, which a folder has as numbers of its configuration.
    Factors(Vec<f32>),
    /// The bytes of the source's tensor.
    Copy,
}

/// The tensors of a file.
pub(super) struct Plan {
    tensors: Vec<Planned>,
    /// Places in `tensors` by name.
    places: HashMap<String, usize>,
    file_type: FileType,
    requantized: usize,
    fallbacks: BTreeMap<(u64, TensorType), usize>,
    head: Option<TensorType>,
}

impl Plan {
    /// Matrices of `wanted`, which is what `file_type` calls them.
    pub(super) fn new(
        source: &Source,
        adapter: Option<&LoraWeights>,
        file_type: FileType,
        wanted: TensorType,
    ) -> Self {
        let mut plan = Self {
            tensors: Vec::new(),
            places: HashMap::new(),
            file_type,
            requantized: 0,
            fallbacks: BTreeMap::new(),
            head: None,
        };
        for weight in source.config().weights() {
            plan.weight(source, adapter, weight, wanted);
        }
        plan.others(source);
        plan.tensors.sort_by(|a, b| in_order(&a.name, &b.name));
        let names = plan.tensors.iter().enumerate();
        plan.places = names
            .map(|(place, tensor)| (tensor.name.clone(), place))
            .collect();
        plan
    }

    fn weight(
        &mut self,
        source: &Source,
        adapter: Option<&LoraWeights>,
        weight: Weight,
        wanted: TensorType,
    ) {
        let config = source.config();
        let name = weight.gguf_name();
        let shape: Vec<u64> = config
            .shape(weight)
            .iter()
            .rev()
            .map(|n| *n as u64)
            .collect();
        let is_head = match weight {
            Weight::Head => true,
            Weight::Embedding => config.tied,
            _ => false,
        };
        let kind = self.kind(weight, &shape, is_head, wanted);
        let old = source.gguf().and_then(|file| file.tensor(&name));
        let is_changed = site_of(adapter, weight).is_some();
        let content = match old {
            // Written as it is, to the last bit.
            Some(old) if old.kind() == kind && old.shape() == shape && !is_changed => Content::Copy,
            Some(old) => {
                self.requantized += usize::from(is_quantized(old.kind()) && is_quantized(kind));
                Content::Weight(weight)
            }
            None => Content::Weight(weight),
        };
        self.tensors.push(Planned {
            name,
            kind,
            shape,
            content,
        });
    }

    /// As llama.cpp's quantizer chooses, but for the head, which is Q8_0 where that would take Q6_K, and for rows that are no multiple of 32, which
    /// some of its versions refuse: they are F16.
    fn kind(
        &mut self,
        weight: Weight,
        shape: &[u64],
        is_head: bool,
        wanted: TensorType,
    ) -> TensorType {
        if shape.len() < 2 || weight.is_norm() {
            return TensorType::F32;
        }
        let kind = if is_head && is_quantized(wanted) {
            TensorType::Q8_0
        } else {
            wanted
        };
        let row = shape.first().copied().unwrap_or(1);
        if kind.bytes_of(row).is_none() {
            *self.fallbacks.entry((row, TensorType::F16)).or_default() += 1;
            return TensorType::F16;
        }
        if kind != wanted {
            self.head = Some(kind);
        }
        kind
    }

    /// What is no weight: rotary factors, and whatever else a GGUF file has.
    fn others(&mut self, source: &Source) {
        let Some(file) = source.gguf() else {
            if let RopeScaling::Factors(factors) = &source.config().rope_scaling {
                #[allow(
                    clippy::cast_possible_truncation,
                    reason = "the format has 32 bits for it"
                )]
                let factors: Vec<f32> = factors.iter().map(|factor| *factor as f32).collect();
                self.tensors.push(Planned {
                    name: ROPE_FACTORS.to_owned(),
                    kind: TensorType::F32,
                    shape: vec![factors.len() as u64],
                    content: Content::Factors(factors),
                });
            }
            return;
        };
        let known: Vec<String> = self.tensors.iter().map(|t| t.name.clone()).collect();
        let is_known = |tensor: &&TensorInfo| !known.iter().any(|name| name == tensor.name());
        for tensor in file.tensors().iter().filter(is_known) {
            self.tensors.push(Planned {
                name: tensor.name().to_owned(),
                kind: tensor.kind(),
                shape: tensor.shape().to_vec(),
                content: Content::Copy,
            });
        }
    }

    pub(super) fn tensors(&self) -> &[Planned] {
        &self.tensors
    }

    pub(super) fn content(&self, name: &str) -> Option<&Content> {
        let tensor = self.tensors.get(*self.places.get(name)?)?;
        Some(&tensor.content)
    }

    pub(super) fn notes(&self) -> Vec<ExportNote> {
        let mut notes = Vec::new();
        for ((row, kind), tensors) in &self.fallbacks {
            notes.push(ExportNote::Fallback {
                row: *row,
                wanted: self.file_type,
                kind: *kind,
                tensors: *tensors,
            });
        }
        notes.extend(self.head.map(|kind| ExportNote::Head { kind }));
        if self.requantized > 0 {
            notes.push(ExportNote::Requantized {
                tensors: self.requantized,
            });
        }
        notes
    }
}

/// The order of llama.cpp's quantizer.
fn in_order(a: &str, b: &str) -> Ordering {
    (block_of(a), a).cmp(&(block_of(b), b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_stand_as_the_quantizer_has_them() {
        let mut names = [
            "blk.10.attn_k.weight",
            "token_embd.weight",
            "blk.2.ffn_up.weight",
            "output_norm.weight",
            "blk.2.attn_q.weight",
            "output.weight",
        ];
        names.sort_by(|a, b| in_order(a, b));
        assert_eq!(
            names,
            [
                "output.weight",
                "output_norm.weight",
                "token_embd.weight",
                "blk.2.attn_q.weight",
                "blk.2.ffn_up.weight",
                "blk.10.attn_k.weight",
            ]
        );
    }
}
