//! `dsg gguf diff`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use dsg::gguf::{Diff, Gguf, KeyChange, TensorChange};

use super::{shape, short};
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::table::{Align, Table};
use crate::terminal::printable;

/// Characters of a value.
const VALUE_WIDTH: usize = 40;

/// Compare two model files: keys, tensors, and how far values are apart
///
/// Tensors of different types are compared by their values: the largest difference, the root of the mean squared one (RMSE), and that
/// by the root mean square of the first file's values. The order of keys and places of tensors are no difference.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg gguf diff model-f16.gguf model-q8_0.gguf
  dsg gguf diff before.gguf after.gguf --json | jq .keys

Exits with 1 when anything differs.")]
pub(super) struct DiffArgs {
    /// The first file
    left: PathBuf,
    /// The other
    right: PathBuf,
}

pub(super) fn execute(args: &DiffArgs, session: &Session) -> Result<ExitCode, CliError> {
    let (left, right) = (Gguf::open(&args.left)?, Gguf::open(&args.right)?);
    let diff = dsg::gguf::diff(&left, &right);
    session.report(&diff, || text(&diff, &left, &right, session))?;
    Ok(if diff.is_empty() {
        ExitCode::Done
    } else {
        ExitCode::GateMissed
    })
}

fn text(diff: &Diff, left: &Gguf, right: &Gguf, session: &Session) -> String {
    let paint = session.paint;
    let mut out = String::new();
    let value = |file: &Gguf, key: &str| {
        file.value(key)
            .map_or_else(String::new, |value| short(value, VALUE_WIDTH))
    };
    for key in &diff.keys {
        let name = &key.key;
        let (mark, values) = match key.change {
            KeyChange::OnlyLeft => (paint.bad("-"), value(left, name)),
            KeyChange::OnlyRight => (paint.good("+"), value(right, name)),
            KeyChange::Value => (
                paint.warn("~"),
                format!("{} → {}", value(left, name), value(right, name)),
            ),
        };
        let _ = writeln!(out, "{mark} {}: {values}", printable(name));
    }
    let mut table = Table::new([
        ("tensor", Align::Left),
        ("change", Align::Left),
        ("max abs", Align::Right),
        ("RMSE", Align::Right),
        ("relative", Align::Right),
    ]);
    for tensor in &diff.tensors {
        let mut figures = [String::new(), String::new(), String::new()];
        let change = match &tensor.change {
            TensorChange::OnlyLeft => "only in the first".to_owned(),
            TensorChange::OnlyRight => "only in the second".to_owned(),
            TensorChange::Shape { left, right } => format!("{} → {}", shape(left), shape(right)),
            TensorChange::Unreadable { left, right } => format!("{left} → {right}, not readable"),
            TensorChange::Values {
                left,
                right,
                distance,
            } => {
                figures = [distance.max_abs, distance.rmse, distance.relative]
                    .map(|figure| format!("{figure:.3e}"));
                let bad = match distance.not_finite {
                    0 => String::new(),
                    count => format!(", {count} not finite"),
                };
                format!("{left} → {right}{bad}")
            }
            _ => "differs".to_owned(),
        };
        let [max_abs, rmse, relative] = figures;
        table.row([printable(&tensor.name), change, max_abs, rmse, relative]);
    }
    if !diff.tensors.is_empty() {
        for line in table.lines() {
            let _ = writeln!(out, "{line}");
        }
    }
    let _ = writeln!(
        out,
        "{} keys and {} tensors differ, {} and {} are the same",
        diff.keys.len(),
        diff.tensors.len(),
        diff.same_keys,
        diff.same_tensors
    );
    out
}
