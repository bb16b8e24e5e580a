//! p
use crate::ingester::Parsed;
pub(crate) fn parse(_t: &str, _p: &str) -> Parsed { Parsed::default() }
