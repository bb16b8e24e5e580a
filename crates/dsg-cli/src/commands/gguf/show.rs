//! `dsg gguf show`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use dsg::gguf::{Array, Gguf, Summary, TensorInfo, Value};
use serde::Serialize;
use serde_json::json;

use super::{shape, short};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::table::{Align, Table};
use crate::terminal::printable;

/// Items of a list in JSON, unless its key is asked for.
const FEW_ITEMS: u64 = 16;
/// Characters of a value in the list of keys.
const VALUE_WIDTH: usize = 60;

/// Show what a model file is: architecture, sizes, types, tokenizer, keys
///
/// Bits per weight are those of all tensors together, scales included: what a mixture such as Q4_K_M really comes to. Only the header
/// is read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg gguf show model.gguf
  dsg gguf show model.gguf --tensors
  dsg gguf show model.gguf --key tokenizer.chat_template
  dsg gguf show model.gguf --json | jq .summary.bits_per_weight")]
pub(super) struct ShowArgs {
    /// The model file
    file: PathBuf,
    /// List the tensors, too
    #[arg(long)]
    tensors: bool,
    /// Print the value of this key alone, as a whole
    #[arg(long, value_name = "KEY", conflicts_with = "tensors")]
    key: Option<String>,
}

/// The JSON of a file.
#[derive(Serialize)]
struct ShowJson<'a> {
    summary: &'a Summary,
    keys: Vec<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tensors: Option<&'a [TensorInfo]>,
}

pub(super) fn execute(args: &ShowArgs, session: &Session) -> Result<ExitCode, CliError> {
    let file = Gguf::open(&args.file)?;
    if let Some(key) = &args.key {
        one(args, key, &file, session)?;
        return Ok(ExitCode::Done);
    }
    let summary = file.summary();
    if session.json {
        session.print_json(&ShowJson {
            summary: &summary,
            keys: file
                .keys()
                .map(|(key, value)| key_json(key, value.kind(), value.decode()))
                .collect(),
            tensors: args.tensors.then(|| file.tensors()),
        })?;
    } else {
        session.print(text(args, &file, &summary, session))?;
    }
    Ok(ExitCode::Done)
}

/// One key, whole.
fn one(args: &ShowArgs, key: &str, file: &Gguf, session: &Session) -> Result<(), CliError> {
    let Some(value) = file.value(key) else {
        return Err(CliError::not_found(
            format!("no key `{key}` in `{}`", args.file.display()),
            "without --key, `dsg gguf show` lists the keys",
        ));
    };
    if session.json {
        return session.print_json(&value);
    }
    let line = |value: Value<'_>| match value {
        Value::String(bytes) => printable(&String::from_utf8_lossy(bytes)),
        value => short(value, usize::MAX),
    };
    let mut text = String::new();
    match value {
        Value::Array(array) => {
            for item in array {
                text.push_str(&line(item));
                text.push('\n');
            }
        }
        value => {
            text.push_str(&line(value));
            text.push('\n');
        }
    }
    session.print(text)
}

fn key_json(key: &str, kind: dsg::gguf::ValueType, value: Value<'_>) -> serde_json::Value {
    match value {
        Value::Array(array) if array.len() > FEW_ITEMS => {
            json!({ "key": key, "type": kind.to_string(), "item": array.item().to_string(), "items": array.len(),
                "first": first(array) })
        }
        value => json!({ "key": key, "type": kind.to_string(), "value": value }),
    }
}

fn first(array: Array<'_>) -> Vec<Value<'_>> {
    array.iter().take(4).collect()
}

fn text(args: &ShowArgs, file: &Gguf, summary: &Summary, session: &Session) -> String {
    let paint = session.paint;
    let mut out = String::new();
    let unknown = || "?".to_owned();
    let name = summary.name.as_deref().map(printable);
    let _ = writeln!(
        out,
        "{} {}",
        paint.strong(name.unwrap_or_else(|| args.file.display().to_string())),
        paint.faint(format!(
            "(GGUF version {}, {} bytes)",
            summary.version, summary.size
        )),
    );
    let mut line = |label: &str, value: String| {
        let _ = writeln!(out, "  {} {value}", paint.name(format!("{label:<15}")));
    };
    let architecture = summary
        .architecture
        .as_deref()
        .map_or_else(unknown, printable);
    line("architecture", architecture);
    if summary.kind != "model" {
        line("kind", printable(&summary.kind));
    }
    line(
        "parameters",
        format!("{} in {} tensors", summary.parameters, summary.tensors),
    );
    let mixture = summary.file_type.as_ref();
    line(
        "bits per weight",
        format!(
            "{:.2}{}",
            summary.bits_per_weight,
            mixture.map_or_else(String::new, |name| format!(", called {name}"))
        ),
    );
    if let Some(length) = summary.context_length {
        line("context", format!("{length} tokens"));
    }
    let tokenizer = summary.tokenizer.as_ref().map_or_else(
        || "none".to_owned(),
        |tokenizer| {
            let pre = tokenizer
                .pre
                .as_deref()
                .map(|pre| format!(", {}", printable(pre)));
            let pre = pre.unwrap_or_default();
            format!(
                "{}{pre}, {} tokens",
                printable(&tokenizer.model),
                tokenizer.tokens
            )
        },
    );
    line("tokenizer", tokenizer);
    let yes_no = |yes| if yes { "yes" } else { "no" }.to_owned();
    line("chat template", yes_no(summary.chat_template));
    if let Some(tied) = summary.tied_embeddings {
        line("tied embeddings", yes_no(tied));
    }

    let mut types = Table::new([
        ("type", Align::Left),
        ("tensors", Align::Right),
        ("values", Align::Right),
        ("bytes", Align::Right),
    ]);
    for share in &summary.types {
        types.row([
            share.kind.to_string(),
            share.tensors.to_string(),
            share.values.to_string(),
            share.bytes.to_string(),
        ]);
    }
    let mut keys = Table::new([
        ("key", Align::Left),
        ("type", Align::Left),
        ("value", Align::Left),
    ]);
    for (key, value) in file.keys() {
        keys.row([
            printable(key),
            value.kind().to_string(),
            short(value.decode(), VALUE_WIDTH),
        ]);
    }
    let mut tables = vec![types, keys];
    if args.tensors {
        let mut tensors = Table::new([
            ("tensor", Align::Left),
            ("type", Align::Left),
            ("shape", Align::Right),
            ("offset", Align::Right),
            ("bytes", Align::Right),
        ]);
        for tensor in file.tensors() {
            tensors.row([
                printable(tensor.name()),
                tensor.kind().to_string(),
                shape(tensor.shape()),
                tensor.offset().to_string(),
                tensor.bytes().to_string(),
            ]);
        }
        tables.push(tensors);
    }
    for table in tables {
        out.push('\n');
        for line in table.lines() {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}
