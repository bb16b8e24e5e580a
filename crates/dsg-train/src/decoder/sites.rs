//! What adapters and training need of a decoder.

use burn::tensor::Tensor;
use dsg_core::hash::xxh3_hex;

use super::{Decoder, Frame, Projection};
use crate::adapter::Site;
use crate::data::Batch;
use crate::error::TrainError;

impl Decoder {
    /// Every projection that an adapter may be attached to, block after block.
    pub fn sites(&self) -> impl Iterator<Item = (Site, &Projection)> {
        let blocks = self.blocks().iter().enumerate();
        blocks.flat_map(|(layer, block)| {
            let projections = block.projections().into_iter();
            projections.filter_map(move |(weight, projection)| {
                Some((Site::of(layer, weight)?, projection))
            })
        })
    }

    /// The same, to be changed.
    pub fn sites_mut(&mut self) -> impl Iterator<Item = (Site, &mut Projection)> {
        let blocks = self.blocks_mut().iter_mut().enumerate();
        blocks.flat_map(|(layer, block)| {
            let projections = block.projections_mut().into_iter();
            projections.filter_map(move |(weight, projection)| {
                Some((Site::of(layer, weight)?, projection))
            })
        })
    }

    /// Changes with the frozen projections, of each of which it sees the first row; enough to tell two base models of a training apart. Adapters
    /// count for nothing.
    pub(crate) fn fingerprint(&self) -> String {
        let mut bytes = Vec::new();
        for (site, projection) in self.sites() {
            let row = projection.weight().slice(0..1).into_data();
            bytes.extend(site.module().into_bytes());
            bytes.extend(row.iter::<f32>().flat_map(f32::to_le_bytes));
        }
        xxh3_hex(&bytes)
    }

    /// What the blocks share in a pass over a batch, in which every sample sees itself alone.
    pub(crate) fn frame_of(&self, batch: &Batch) -> Result<Frame, TrainError> {
        let [sequences, length] = batch.tokens.dims();
        self.frame_at(sequences, length, 0, batch.borders.as_ref())
    }

    /// The hidden states that predict the labels of a batch, `[labels, width]`.
    pub(crate) fn label_states(&self, batch: &Batch) -> Result<Tensor<2>, TrainError> {
        let hidden = self.pass(batch.tokens.clone(), &self.frame_of(batch)?);
        Ok(hidden.select(0, batch.positions.clone()))
    }
}
