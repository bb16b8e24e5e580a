//! What the blocks of one pass share: the shape of the batch, angles, masks.

use burn::tensor::{Device, Tensor, TensorData};

use super::rotary::{Angles, Rotary};

/// What is added to the products that a token must not see. Not infinite, so that no arithmetic makes it something else.
const HIDDEN: f32 = -1e30;

/// A pass over `batch` sequences of `length` tokens, the first of which is at position `start`: behind what a cache holds, else 0.
#[derive(Debug, Clone)]
pub struct Frame {
    pub(super) batch: usize,
    pub(super) length: usize,
    pub(super) global: View,
    pub(super) local: Option<View>,
}

/// What the layers of a kind see.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) angles: Angles,
    /// `[1, 1, group · length, start + length]`, to be added; `None` where every token sees all.
    pub(super) mask: Option<Tensor<4>>,
}

/// Where the angles come from, and how far local layers see.
pub(super) struct Layout<'a> {
    pub(super) global: &'a Rotary,
    pub(super) local: Option<(&'a Rotary, usize)>,
    /// Heads of the query for each of key and value.
    pub(super) group: usize,
}

impl Frame {
    pub(super) fn new(
        layout: &Layout<'_>,
        batch: usize,
        length: usize,
        start: usize,
        device: &Device,
    ) -> Self {
        let masked = |window: usize| mask(layout.group, length, start, window, device);
        let global = View {
            angles: layout.global.angles(start, length),
            mask: masked(usize::MAX),
        };
        let local = layout.local.map(|(rotary, window)| View {
            angles: rotary.angles(start, length),
            // Within the window both see the same.
            mask: if start + length <= window {
                global.mask.clone()
            } else {
                masked(window)
            },
        });
        Self {
            batch,
            length,
            global,
            local,
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

/// A token sees itself and what is before it, at most `window` tokens. The rows of a group's heads stand one after the other.
fn mask(
    group: usize,
    length: usize,
    start: usize,
    window: usize,
    device: &Device,
) -> Option<Tensor<4>> {
    let keys = start + length;
    if length == 1 && keys <= window {
        return None;
    }
    let mut values = Vec::with_capacity(group * length * keys);
    for _ in 0..group {
        for query in start..keys {
            let first = (query + 1).saturating_sub(window);
            values.extend((0..keys).map(|key| {
                if (first..=query).contains(&key) {
                    0.0
                } else {
                    HIDDEN
                }
            }));
        }
    }
    let data = TensorData::new(values, [1, 1, group * length, keys]);
    Some(Tensor::from_data(data, device))
}
