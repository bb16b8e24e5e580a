//! `dsg export`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use dsg::DatasetFormat;
use serde_json::json;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;

/// Write a dataset in further formats
///
/// train.jsonl and eval.jsonl are always in the `messages` format, which most trainers read. The formats named here go to
/// formats/ in the output folder, into its manifest and its card; formats written earlier and not named are removed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg export out/ --format alpaca
  dsg export out/ --format alpaca,sharegpt,prompt-completion
  dsg export out/ --format messages               back to train.jsonl and eval.jsonl alone

To have a format written by every run, set export.formats in the configuration.")]
pub(crate) struct ExportArgs {
    /// The output folder of `dsg run`
    outdir: PathBuf,
    /// Formats, separated by commas
    #[arg(long, short, value_name = "FORMAT", required = true, value_delimiter = ',',
        value_parser = PossibleValuesParser::new(DatasetFormat::ALL.map(DatasetFormat::as_str))
            .try_map(|name| name.parse::<DatasetFormat>()))]
    format: Vec<DatasetFormat>,
}

pub(crate) fn execute(args: &ExportArgs, session: &Session) -> Result<ExitCode, CliError> {
    let mut formats = args.format.clone();
    formats.sort_unstable();
    formats.dedup();
    formats.retain(|format| *format != DatasetFormat::Messages);
    let manifest = dsg::export(&args.outdir, Some(formats))?;
    let written: Vec<String> = manifest
        .outputs
        .iter()
        .filter(|file| file.records.is_some() && file.path != "rejects.jsonl")
        .map(|file| args.outdir.join(&file.path).display().to_string())
        .collect();
    session.report(&json!({ "written": written }), || {
        format!("Wrote\n  {}\n", written.join("\n  "))
    })?;
    Ok(ExitCode::Done)
}
