//! Blocks to the light Markdown of an answer.

mod block;
mod passage;

pub(crate) use block::{block, cell_text, label};
pub(crate) use passage::{Introduces, Passage, Rendered, Segment, passage, segments, usable};
