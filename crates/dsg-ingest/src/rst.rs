//! p
use dsg_core::Block;
use crate::front_matter::FrontMatter;
pub(crate) fn parse(_t: &str, _m: &FrontMatter) -> Vec<Block> { Vec::new() }
