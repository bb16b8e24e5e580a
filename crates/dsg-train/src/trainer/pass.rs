//! One batch through the model and back.

use burn::module::Module as _;
use burn::tensor::{Gradients as Tape, Tensor};

use crate::data::Batch;
use crate::decoder::{Block, Decoder};
use crate::error::TrainError;
use crate::loss::label_loss;

/// A batch that goes through a decoder, to whose adapters leaves are attached.
pub(super) struct Pass<'a> {
    pub(super) decoder: &'a Decoder,
    pub(super) batch: &'a Batch,
    /// Gradients are those of the sum of the labels' losses times this.
    pub(super) scale: f64,
}

impl Pass<'_> {
    /// The sum of the labels' losses, in nats. Unless that is not finite, `read` gets the tape with the gradients of all leaves.
    pub(super) fn at_once(&self, mut read: impl FnMut(&mut Tape)) -> Result<f64, TrainError> {
        let (sum, tape) = self.loss(self.decoder.label_states(self.batch)?)?;
        if let Some(mut tape) = tape {
            read(&mut tape);
        }
        Ok(sum)
    }

    /// The same with the tape of one layer at a time: the forward pass has none and keeps the layers' inputs, and each layer runs again when the
    /// backward pass comes to it. What dropout takes is a function of the draw, so that it takes the same again.
    pub(super) fn by_layers(&self, mut read: impl FnMut(&mut Tape)) -> Result<f64, TrainError> {
        let blocks = self.decoder.blocks();
        // Below the first that learns, no gradient is asked for.
        let first = blocks.iter().position(Block::has_adapter);
        let first = first.unwrap_or(blocks.len());
        let plain = self.decoder.valid();
        let frame = plain.frame_of(self.batch)?;
        let mut rows = plain.embed(self.batch.tokens.clone());
        let mut inputs = Vec::with_capacity(blocks.len());
        for (layer, block) in plain.blocks().iter().enumerate() {
            if layer >= first {
                inputs.push(rows.clone());
            }
            rows = block.forward(rows, &frame);
        }

        let last = rows.autodiff().require_grad();
        let hidden = self.decoder.finish(last.clone());
        let (sum, tape) = self.loss(hidden.select(0, self.batch.positions.clone()))?;
        let mut gradient = tape.and_then(|mut tape| last.grad_remove(&mut tape));
        let layers = blocks.iter().skip(first).zip(inputs).enumerate();
        for (above_first, (block, input)) in layers.rev() {
            let Some(of_output) = gradient.take() else {
                break;
            };
            let input = if above_first == 0 {
                input
            } else {
                input.autodiff().require_grad()
            };
            let output = block.forward(input.clone(), &frame);
            // Its derivative is that of the loss.
            let mut tape = (output * of_output).sum().backward();
            gradient = input.grad_remove(&mut tape);
            read(&mut tape);
        }
        Ok(sum)
    }

    /// The loss of the labels' hidden states, and its tape.
    fn loss(&self, hidden: Tensor<2>) -> Result<(f64, Option<Tape>), TrainError> {
        let (head, targets) = (self.decoder.head(), &self.batch.targets);
        let loss = label_loss(&hidden, head, targets, Some(self.scale))?;
        let gradient = loss.gradient.filter(|_| loss.sum.is_finite());
        // Its derivative is that of the loss.
        let tape = gradient.map(|gradient| (hidden * gradient).sum().backward());
        Ok((loss.sum, tape))
    }
}
