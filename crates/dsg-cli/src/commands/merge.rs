//! `dsg merge`.

use std::path::PathBuf;

use clap::Args;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;

/// Merge an adapter into its base model
///
/// Writes a Hugging Face folder in single precision: weights, config.json, tokenizer and chat template. The adapter may come from dsg or from PEFT,
/// LoRA or DoRA.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg merge --base models/smollm2-135m --adapter student/ --out student/merged
  dsg merge --base gemma-3-270m-it-f16.gguf --adapter student/ --out student/merged
  dsg merge --base smollm2-135m-instruct.gguf --out smollm2-135m/      a GGUF file as a folder, without an adapter")]
pub(crate) struct MergeArgs {
    /// The base model: a Hugging Face folder or a GGUF file
    #[arg(long, value_name = "MODEL")]
    base: PathBuf,
    /// The folder with adapter_config.json and adapter_model.safetensors [default: none, and the base is written alone]
    #[arg(long, value_name = "FOLDER")]
    adapter: Option<PathBuf>,
    /// The folder for the merged model
    #[arg(long, short, value_name = "FOLDER")]
    out: PathBuf,
}

pub(crate) fn execute(args: &MergeArgs, session: &Session) -> Result<ExitCode, CliError> {
    dsg::can_train()?;
    #[cfg(feature = "train")]
    return run(args, session);
    #[cfg(not(feature = "train"))]
    {
        // Refused above.
        let _ = (args, session);
        Ok(ExitCode::Usage)
    }
}

#[cfg(feature = "train")]
fn run(args: &MergeArgs, session: &Session) -> Result<ExitCode, CliError> {
    dsg::merge(&dsg::MergeJob {
        base: args.base.clone(),
        adapter: args.adapter.clone(),
        out: args.out.clone(),
    })?;
    let written = args.out.display().to_string();
    session.report(&serde_json::json!({ "written": [written] }), || {
        format!("Wrote {written}\n")
    })?;
    Ok(ExitCode::Done)
}
