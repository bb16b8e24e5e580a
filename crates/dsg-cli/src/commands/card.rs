//! `dsg card`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;

/// Write the dataset card of an output folder again
///
/// README.md is made from the manifest and the items, as `dsg run` leaves it: use this after an edit that you want undone. To change
/// the name, licence or number of samples, set export.pretty_name, export.license or export.card_samples in the
/// configuration and run again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg card out/
  dsg run --input docs/ --outdir out/ --set export.license=cc-by-4.0")]
pub(crate) struct CardArgs {
    /// The output folder of `dsg run`
    outdir: PathBuf,
}

pub(crate) fn execute(args: &CardArgs, session: &Session) -> Result<ExitCode, CliError> {
    dsg::export(&args.outdir, None)?;
    let written = args.outdir.join("README.md").display().to_string();
    session.report(&json!({ "written": [written] }), || {
        format!("Wrote {written}\n")
    })?;
    Ok(ExitCode::Done)
}
