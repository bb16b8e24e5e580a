use crate::Result;
use clap::Args;
use std::path::Path;
#[derive(Args)]
pub(crate) struct BenchArgs {}
pub(crate) fn run(_root: &Path, _args: &BenchArgs) -> Result {
    Ok(())
}
