//! Rejects: how many for which reason, and each with its detail.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use dsg::core::artifact::read_jsonl;
use dsg::core::{Reason, Reject, Stage};
use serde::Serialize;
use serde_json::Value;

use super::InspectArgs;
use crate::error::CliError;
use crate::session::Session;
use crate::table::{Align, Table};
use crate::terminal::{one_line, printable};

/// The JSON of an overview: one per stage and reason.
#[derive(Serialize)]
struct Tally {
    stage: Stage,
    reason: Reason,
    count: usize,
    example: String,
}

pub(super) fn show(args: &InspectArgs, file: &Path, session: &Session) -> Result<(), CliError> {
    if args.reason.is_none() && args.id.is_none() {
        return overview(file, session);
    }
    let wanted = |reject: &Reject| {
        let begins = |text: &str, with: &Option<String>| {
            with.as_ref()
                .is_none_or(|with| text.starts_with(with.as_str()))
        };
        begins(reject.reason.as_str(), &args.reason) && begins(&reject.id, &args.id)
    };
    let mut chosen: Vec<Reject> = Vec::new();
    let mut matched = 0;
    for reject in read_jsonl::<Reject>(file)? {
        let reject = reject?;
        if wanted(&reject) {
            matched += 1;
            if chosen.len() < args.limit {
                chosen.push(reject);
            }
        }
    }
    if matched == 0 {
        return Err(CliError::not_found(
            format!("no reject in `{}` is like that", file.display()),
            "`dsg inspect` on the file alone lists the reasons that occur",
        ));
    }
    if session.json {
        return session.print_json(&chosen);
    }
    let mut out: String = chosen.iter().map(|reject| one(reject, session)).collect();
    if matched > chosen.len() {
        let _ = writeln!(out, "… {} more; --limit shows more", matched - chosen.len());
    }
    session.print(out)
}

fn overview(file: &Path, session: &Session) -> Result<(), CliError> {
    let mut tallies: BTreeMap<(Stage, Reason), Tally> = BTreeMap::new();
    let mut total = 0;
    for reject in read_jsonl::<Reject>(file)? {
        let Reject {
            stage,
            reason,
            detail,
            id,
            ..
        } = reject?;
        total += 1;
        let tally = tallies
            .entry((stage, reason.clone()))
            .or_insert_with(|| Tally {
                stage,
                reason,
                count: 0,
                example: if detail.is_empty() { id } else { detail },
            });
        tally.count += 1;
    }
    let mut tallies: Vec<Tally> = tallies.into_values().collect();
    tallies.sort_by(|a, b| a.stage.cmp(&b.stage).then(b.count.cmp(&a.count)));
    if session.json {
        return session.print_json(&tallies);
    }
    let mut table = Table::new([
        ("stage", Align::Left),
        ("count", Align::Right),
        ("reason", Align::Left),
        ("for example", Align::Left),
    ]);
    for tally in tallies {
        table.row([
            tally.stage.to_string(),
            tally.count.to_string(),
            tally.reason.to_string(),
            one_line(&tally.example, 70),
        ]);
    }
    session.print(format!(
        "{}\n  {total} rejects; --reason REASON lists those of one reason\n",
        table.lines().join("\n")
    ))
}

fn one(reject: &Reject, session: &Session) -> String {
    let paint = session.paint;
    let mut out = format!(
        "{} {}\n  {}\n",
        paint.strong(printable(&reject.id)),
        paint.warn(&reject.reason),
        printable(&reject.detail)
    );
    for (label, key) in [("Q", "question"), ("A", "answer")] {
        if let Some(text) = reject.record.get(key).and_then(Value::as_str) {
            let mut label = label;
            for line in printable(text).lines() {
                out.push_str(format!("  {}  {line}", paint.name(label)).trim_end());
                out.push('\n');
                label = " ";
            }
        }
    }
    out.push('\n');
    out
}
