//! What the blocks of one pass share: the shape of the batch, angles, masks.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use super::rotary::{Angles, Rotary};
use crate::kernel::Sight;

/// What is added to the products that a token must not see. Not infinite, so that no arithmetic makes it something else.
const HIDDEN: f32 = -1e30;

/// A pass over `batch` sequences of `length` tokens, the first of which is at position `start`: behind what a cache holds, else 0.
#[derive(Debug, Clone)]
pub struct Frame {
    pub(super) batch: usize,
    pub(super) length: usize,
    global: View,
    local: Option<View>,
}

/// What the layers of a kind see.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// Those of queries have the scale of their products with keys in them.
    pub(super) queries: Angles,
    pub(super) keys: Angles,
    pub(super) sight: Sight,
    /// `[1, 1, group · length, start + length]`, to be added on devices without an operation that knows `sight`; `None` where every token
    /// sees all. Where samples share sequences, there is one for each sequence: `[batch, 1, group · length, length]`.
    pub(super) mask: Option<Tensor<4>>,
}

/// What does not depend on the pass.
pub(super) struct Layout<'a> {
    pub(super) global: &'a Rotary,
    /// With how far local layers see.
    pub(super) local: Option<(&'a Rotary, usize)>,
    /// Heads of the query for each of key and value.
    pub(super) group: usize,
    /// What products of queries and keys are multiplied by.
    pub(super) scale: f64,
    /// Where masks are needed, and on which device.
    pub(super) masks: Option<Device>,
}

impl Frame {
    /// With `borders`, of which [`Sight`] has more, `start` is 0, and positions are those in the sample.
    pub(super) fn new(
        layout: &Layout<'_>,
        batch: usize,
        length: usize,
        start: usize,
        borders: Option<&Arc<[usize]>>,
    ) -> Self {
        let view = |rotary: &Rotary, window: usize| {
            let sight = Sight {
                length,
                start,
                window,
                borders: borders.cloned(),
            };
            let keys = match borders {
                Some(borders) => {
                    let tokens = borders.iter().enumerate();
                    rotary.angles_of(tokens.map(|(token, border)| token % length - border))
                }
                None => rotary.angles(start, length),
            };
            let mask = layout
                .masks
                .as_ref()
                .and_then(|device| mask(batch, layout.group, &sight, device));
            View {
                queries: keys.scaled(layout.scale),
                keys,
                sight,
                mask,
            }
        };
        Self {
            batch,
            length,
            global: view(layout.global, usize::MAX),
            local: layout.local.map(|(rotary, window)| view(rotary, window)),
        }
    }

    /// What a layer sees that is local or not.
    pub(super) fn view(&self, is_local: bool) -> &View {
        match &self.local {
            Some(local) if is_local => local,
            _ => &self.global,
        }
    }
}

/// The rows of a group's heads stand one after the other and see alike: those of one are made here, and the device repeats them.
fn mask(batch: usize, group: usize, sight: &Sight, device: &Device) -> Option<Tensor<4>> {
    let keys = sight.start + sight.length;
    if sight.length == 1 && keys <= sight.window {
        return None;
    }
    // Without borders, sequences see alike.
    let sequences = if sight.borders.is_some() { batch } else { 1 };
    let mut values = Vec::with_capacity(sequences * sight.length * keys);
    for sequence in 0..sequences {
        for query in 0..sight.length {
            let seen = sight.of(sequence, query);
            values.extend((0..keys).map(|key| if seen.contains(&key) { 0.0 } else { HIDDEN }));
        }
    }
    let data = TensorData::new(values, [sequences, 1, sight.length, keys]);
    Some(Tensor::<4>::from_data(data, device).repeat_dim(2, group))
}
