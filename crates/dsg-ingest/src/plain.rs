//! p
use dsg_core::Block;
pub(crate) fn parse(_t: &str) -> Vec<Block> { Vec::new() }
