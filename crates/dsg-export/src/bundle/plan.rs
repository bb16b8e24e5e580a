//! With which settings a model runs on a machine, and what memory that takes.

use std::path::Path;

use serde::Serialize;

use super::shape::Shape;
use super::target::{MIB, Target};
use crate::error::ExportError;

/// Tokens of context below which a model is of no use for answering from documents; no wish goes below, either.
const LEAST_CONTEXT: u64 = 512;
/// Tokens read at once below which reading a prompt takes as long as writing it.
const LEAST_BATCH: u64 = 32;
/// Bytes of llama.cpp itself, of the vocabulary and of what the estimate leaves out.
const PROGRAM: u64 = 128 * MIB;

/// How the keys and values of earlier tokens are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum KvType {
    /// Half precision: 16 bits a value.
    F16,
    /// Blocks of 32 bytes under a 16-bit scale: 8.5 bits a value.
    Q8_0,
}

impl KvType {
    /// As llama.cpp calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::Q8_0 => "q8_0",
        }
    }

    const fn bytes(self, values: u64) -> u64 {
        match self {
            Self::F16 => values.saturating_mul(2),
            Self::Q8_0 => values.div_ceil(32).saturating_mul(34),
        }
    }
}

/// The settings of a model on a machine, and the bytes that they take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// Bytes of memory that the machine is assumed to have.
    pub memory: u64,
    /// Those that the model may take.
    pub usable: u64,
    /// Threads; `None` leaves the choice to llama.cpp.
    pub threads: Option<u32>,
    /// Tokens of prompt and reply together.
    pub context: u64,
    /// Tokens of a prompt that are read at once.
    pub batch: u64,
    /// How keys and values are kept.
    pub kv_type: KvType,
    /// Bytes of the weights; those of an embedding that is the head, too, twice.
    pub weights: u64,
    /// Bytes of keys and values of a full context, of all layers. A layer with a sliding window takes less.
    pub kv: u64,
    /// Bytes of intermediate results while a batch is read, estimated.
    pub compute: u64,
    /// Bytes in which the server keeps the states of earlier prompts, at most.
    pub cache: u64,
    /// Bytes of the program, estimated.
    pub program: u64,
    /// The sum. An estimate and no bound: where llama.cpp brings weights into another order when it loads them (Q4_0, Q8_0 and K-quants on ARM and
    /// newer x86), copies of them come on top, while the mapped pages of the file stay until the kernel wants them back.
    pub needs: u64,
}

impl Plan {
    /// The most context that the machine has patience and memory for: keys and values in half precision if that fits, else in 8 bits,
    /// a smaller batch before a smaller context. `context` is a wish that is kept, from 512 tokens (or all that the model was made for) on.
    ///
    /// # Errors
    /// [`ExportError::TooLarge`] where nothing fits, unless `force`; [`ExportError::Context`] for a wish that the model was not made for, and a smaller one.
    pub(crate) fn new(
        path: &Path,
        shape: &Shape,
        target: Target,
        memory: u64,
        context: Option<u64>,
        force: bool,
    ) -> Result<Self, ExportError> {
        let least = LEAST_CONTEXT.min(shape.context);
        if let Some(context) = context
            && !(least..=shape.context).contains(&context)
        {
            return Err(ExportError::Context {
                path: path.to_path_buf(),
                context,
                least,
                most: shape.context,
            });
        }
        let contexts: Vec<u64> = match context {
            Some(context) => vec![context],
            None => halved(target.context(), LEAST_CONTEXT)
                .map(|context| context.min(shape.context))
                .collect(),
        };
        let kv_types: &[KvType] = if shape.kv_in_blocks {
            &[KvType::F16, KvType::Q8_0]
        } else {
            &[KvType::F16]
        };
        let mut smallest = None;
        for context in contexts {
            for kv_type in kv_types {
                for batch in halved(target.batch(), LEAST_BATCH) {
                    let plan = Self::of(shape, target, memory, context, batch, *kv_type);
                    if plan.needs <= plan.usable {
                        return Ok(plan);
                    }
                    smallest = Some(plan);
                }
            }
        }
        match smallest {
            Some(plan) if force => Ok(plan),
            // There is always one: the lists above are not empty.
            plan => Err(ExportError::TooLarge {
                path: path.to_path_buf(),
                target: target.title(),
                needs: plan.map_or(shape.weights, |plan| plan.needs),
                weights: shape.weights,
                usable: target.usable(memory),
                memory,
            }),
        }
    }

    fn of(
        shape: &Shape,
        target: Target,
        memory: u64,
        context: u64,
        batch: u64,
        kv_type: KvType,
    ) -> Self {
        let batch = batch.min(context);
        let kv = kv_type.bytes(shape.kv_values.saturating_mul(context));
        // Likelihoods of all tokens, and the widest results of a layer beside each other, as 32-bit floats.
        let width = shape
            .vocabulary
            .saturating_add(shape.feed_forward.saturating_mul(2))
            .saturating_add(shape.embedding.saturating_mul(4));
        let compute = width.saturating_mul(batch).saturating_mul(4);
        let usable = target.usable(memory);
        let rest = [shape.weights, kv, compute, PROGRAM]
            .into_iter()
            .fold(0, u64::saturating_add);
        // What is left, in whole MiB, as llama.cpp takes it.
        let cache = target.cache().min(usable.saturating_sub(rest)) / MIB * MIB;
        Self {
            memory,
            usable,
            threads: target.threads(),
            context,
            batch,
            kv_type,
            weights: shape.weights,
            kv,
            compute,
            cache,
            program: PROGRAM,
            needs: rest.saturating_add(cache),
        }
    }
}

/// `most`, its half, and so on, down to `least`.
fn halved(most: u64, least: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(most), |n| Some(n / 2)).take_while(move |n| *n >= least)
}

#[cfg(test)]
mod tests {
    use super::super::target::GIB;
    use super::*;

    /// Qwen2.5 0.5B in about 8 bits.
    fn small() -> Shape {
        Shape {
            layers: 24,
            context: 32_768,
            vocabulary: 151_936,
            embedding: 896,
            feed_forward: 4864,
            kv_values: 24 * 2 * (64 + 64),
            kv_in_blocks: true,
            is_tied: false,
            weights: 500 * MIB,
        }
    }

    fn plan(shape: &Shape, target: Target, memory: u64) -> Result<Plan, ExportError> {
        Plan::new(Path::new("m.gguf"), shape, target, memory, None, false)
    }

    #[test]
    fn a_small_model_gets_all_that_the_target_has_patience_for() {
        for target in Target::ALL {
            let plan = plan(&small(), target, target.memory()).unwrap();
            assert_eq!(
                (plan.context, plan.batch),
                (target.context(), target.batch())
            );
            assert_eq!(plan.kv_type, KvType::F16);
            let parts = plan.weights + plan.kv + plan.compute + plan.cache + plan.program;
            assert_eq!(plan.needs, parts);
        }
        let plan = plan(&small(), Target::Rpi4, 4 * GIB).unwrap();
        // 6144 values of 2 bytes for each of 2048 tokens.
        assert_eq!(plan.kv, 2048 * 6144 * 2);
    }

    #[test]
    fn less_memory_takes_the_batch_first_then_precision_then_context() {
        let shape = Shape {
            kv_values: 32 * 8 * 256,
            ..small()
        };
        let needs =
            |context, batch, kv| Plan::of(&shape, Target::Rpi4, 0, context, batch, kv).needs;
        let with = |needs: u64| {
            let plan = plan(&shape, Target::Rpi4, needs.div_ceil(3) * 4).unwrap();
            (plan.context, plan.batch, plan.kv_type)
        };
        assert_eq!(with(needs(2048, 64, KvType::F16)), (2048, 64, KvType::F16));
        assert_eq!(
            with(needs(2048, 32, KvType::F16) - 4),
            (2048, 128, KvType::Q8_0)
        );
        assert_eq!(
            with(needs(2048, 32, KvType::Q8_0) - 4),
            (1024, 32, KvType::F16)
        );
    }

    #[test]
    fn what_does_not_fit_is_refused_with_sizes_and_forced_at_its_smallest() {
        let shape = Shape {
            weights: 4 * GIB,
            ..small()
        };
        let error = plan(&shape, Target::Rpi4, 4 * GIB).unwrap_err().to_string();
        assert!(
            error.contains("4.0 GiB") && error.contains("3.0 GiB"),
            "{error}"
        );
        let path = Path::new("m.gguf");
        let forced = Plan::new(path, &shape, Target::Rpi4, 4 * GIB, None, true).unwrap();
        assert_eq!((forced.context, forced.batch), (LEAST_CONTEXT, LEAST_BATCH));
        assert!(forced.needs > forced.usable);
    }

    #[test]
    fn a_wish_for_context_is_kept_or_refused() {
        let ask = |context| {
            let path = Path::new("m.gguf");
            Plan::new(path, &small(), Target::Rpi5, 8 * GIB, Some(context), false)
        };
        assert_eq!(ask(1000).unwrap().context, 1000);
        assert_eq!(ask(32_768).unwrap().context, 32_768);
        assert_eq!(ask(LEAST_CONTEXT).unwrap().context, LEAST_CONTEXT);
        for context in [0, LEAST_CONTEXT - 1, 32_769] {
            assert!(matches!(ask(context), Err(ExportError::Context { .. })));
        }
    }

    #[test]
    fn heads_that_are_no_whole_blocks_stay_in_half_precision() {
        let shape = Shape {
            kv_in_blocks: false,
            kv_values: 32 * 8 * 2 * 80,
            ..small()
        };
        let tight = Plan::of(&shape, Target::Rpi4, 0, 1024, 32, KvType::F16).needs;
        let plan = plan(&shape, Target::Rpi4, tight.div_ceil(3) * 4).unwrap();
        assert_eq!((plan.context, plan.kv_type), (1024, KvType::F16));
    }
}
