//! `dsg gguf`: model files.

mod diff;
mod show;
mod verify;

use clap::{Args, Subcommand};
use dsg::gguf::{Value, ValueType};

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::terminal::one_line;

/// Look into model files (GGUF), compare them, check them
#[derive(Debug, Args)]
pub(crate) struct GgufArgs {
    #[command(subcommand)]
    command: GgufCommand,
}

#[derive(Debug, Subcommand)]
enum GgufCommand {
    Show(show::ShowArgs),
    Diff(diff::DiffArgs),
    Verify(verify::VerifyArgs),
}

pub(crate) fn execute(args: &GgufArgs, session: &Session) -> Result<ExitCode, CliError> {
    match &args.command {
        GgufCommand::Show(args) => show::execute(args, session),
        GgufCommand::Diff(args) => diff::execute(args, session),
        GgufCommand::Verify(args) => verify::execute(args, session),
    }
}

/// A value in so many characters; of lists, the first items and how many there are.
fn short(value: Value<'_>, width: usize) -> String {
    match value {
        Value::Array(array) => {
            let mut text = format!("{} × {}: ", array.len(), array.item());
            for item in array.iter().take(width / 2) {
                text.push_str(&short(item, width));
                text.push_str(if array.item() == ValueType::String {
                    " "
                } else {
                    ", "
                });
                if text.chars().count() > width {
                    break;
                }
            }
            one_line(text.trim_end_matches([',', ' ']), width)
        }
        Value::String(bytes) => one_line(&String::from_utf8_lossy(bytes), width),
        Value::Bool(value) => value.to_string(),
        Value::U8(value) => value.to_string(),
        Value::I8(value) => value.to_string(),
        Value::U16(value) => value.to_string(),
        Value::I16(value) => value.to_string(),
        Value::U32(value) => value.to_string(),
        Value::I32(value) => value.to_string(),
        Value::F32(value) => value.to_string(),
        Value::U64(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F64(value) => value.to_string(),
    }
}

/// `[576, 49152]` as people write it.
fn shape(shape: &[u64]) -> String {
    let parts: Vec<_> = shape.iter().map(ToString::to_string).collect();
    if parts.is_empty() {
        "scalar".to_owned()
    } else {
        parts.join("×")
    }
}
