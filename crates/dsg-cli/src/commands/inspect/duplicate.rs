//! Duplicates: how many of which kind, and which item lost to which.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use dsg::core::artifact::read_jsonl;
use dsg::core::{Duplicate, DuplicateKind};

use super::InspectArgs;
use super::select::select;
use crate::error::CliError;
use crate::session::Session;
use crate::table::{Align, Table};
use crate::terminal::{one_line, printable};

pub(super) fn show(args: &InspectArgs, file: &Path, session: &Session) -> Result<(), CliError> {
    let chosen = select::<Duplicate>(args, file, |duplicate| {
        vec![duplicate.lost.to_string(), duplicate.kept.to_string()]
    })?;
    if session.json {
        return session.print_json(&chosen.records);
    }
    if chosen.full {
        let texts: Vec<String> = chosen
            .records
            .iter()
            .map(|one| full(one, session))
            .collect();
        return session.print(texts.join("\n"));
    }
    let mut table = Table::new([
        ("kind", Align::Left),
        ("alike", Align::Right),
        ("lost", Align::Left),
        ("to", Align::Left),
    ]);
    for duplicate in &chosen.records {
        table.row([
            duplicate.kind.as_str().to_owned(),
            format!("{:.3}", duplicate.similarity),
            one_line(&duplicate.lost_question, 50),
            one_line(&duplicate.kept_question, 50),
        ]);
    }
    session.print(format!(
        "{}\n{}  {}\n",
        table.lines().join("\n"),
        chosen.rest("duplicates"),
        kinds(file)?
    ))
}

/// How many there are of each kind, as a line.
fn kinds(file: &Path) -> Result<String, CliError> {
    let mut counts: BTreeMap<DuplicateKind, usize> = BTreeMap::new();
    for duplicate in read_jsonl::<Duplicate>(file)? {
        *counts.entry(duplicate?.kind).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.as_str()))
        .collect();
    Ok(format!("{} removed", counts.join(", ")))
}

fn full(duplicate: &Duplicate, session: &Session) -> String {
    let paint = session.paint;
    let mut out = format!(
        "{} {} · {:.3}\n",
        paint.strong(duplicate.kind.as_str()),
        paint.warn(&duplicate.reason),
        duplicate.similarity
    );
    for (label, id, question) in [
        ("lost", &duplicate.lost, &duplicate.lost_question),
        ("kept", &duplicate.kept, &duplicate.kept_question),
    ] {
        let _ = writeln!(out, "  {} {id}  {}", paint.name(label), printable(question));
    }
    out
}
