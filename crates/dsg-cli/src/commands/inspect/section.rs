//! Sections: which have items, which have none and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use dsg::core::artifact::read_jsonl;
use dsg::core::{Reason, Section};
use serde::Serialize;

use super::InspectArgs;
use crate::error::CliError;
use crate::session::Session;
use crate::table::{Align, Table};
use crate::terminal::one_line;

/// One document's sections.
#[derive(Debug, Default, Serialize)]
struct Page {
    path: String,
    sections: usize,
    covered: usize,
    train: u64,
    eval: u64,
}

/// All of them, for the overview.
#[derive(Debug, Serialize)]
struct Overview {
    sections: usize,
    covered: usize,
    without: BTreeMap<Reason, usize>,
    documents: Vec<Page>,
}

pub(super) fn show(args: &InspectArgs, file: &Path, session: &Session) -> Result<(), CliError> {
    match &args.id {
        None => overview(args, file, session),
        Some(id) => document(args, id, file, session),
    }
}

fn overview(args: &InspectArgs, file: &Path, session: &Session) -> Result<(), CliError> {
    let mut pages: Vec<Page> = Vec::new();
    let mut without: BTreeMap<Reason, usize> = BTreeMap::new();
    for section in read_jsonl::<Section>(file)? {
        let section = section?;
        if pages.last().is_none_or(|page| page.path != section.path) {
            pages.push(Page {
                path: section.path.clone(),
                ..Page::default()
            });
        }
        if let Some(page) = pages.last_mut() {
            page.sections += 1;
            page.covered += usize::from(section.is_covered());
            page.train += section.train;
            page.eval += section.eval;
        }
        if let Some(why) = section.why {
            *without.entry(why).or_default() += 1;
        }
    }
    let overview = Overview {
        sections: pages.iter().map(|page| page.sections).sum(),
        covered: pages.iter().map(|page| page.covered).sum(),
        without,
        documents: pages,
    };
    if session.json {
        return session.print_json(&overview);
    }
    let mut table = Table::new([
        ("source", Align::Left),
        ("sections", Align::Right),
        ("with items", Align::Right),
        ("train", Align::Right),
        ("eval", Align::Right),
    ]);
    for page in overview.documents.iter().take(args.limit) {
        table.row([
            one_line(&page.path, 60),
            page.sections.to_string(),
            page.covered.to_string(),
            page.train.to_string(),
            page.eval.to_string(),
        ]);
    }
    let mut out = table.lines().join("\n") + "\n";
    if overview.documents.len() > args.limit {
        let more = overview.documents.len() - args.limit;
        let _ = writeln!(out, "  … {more} more documents; --limit shows more");
    }
    let _ = writeln!(
        out,
        "  {} of {} sections have items; a source path lists its sections",
        overview.covered, overview.sections
    );
    let mut reasons: Vec<(&Reason, &usize)> = overview.without.iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    for (reason, count) in reasons {
        let _ = writeln!(out, "  {count:>6} without: {reason}");
    }
    session.print(out)
}

fn document(args: &InspectArgs, id: &str, file: &Path, session: &Session) -> Result<(), CliError> {
    let mut found: Vec<Section> = Vec::new();
    for section in read_jsonl::<Section>(file)? {
        let section = section?;
        if section.path.starts_with(id) || section.doc_id.as_str().starts_with(id) {
            found.push(section);
        }
    }
    if found.is_empty() {
        return Err(CliError::not_found(
            format!("no document of `{}` begins with `{id}`", file.display()),
            "`dsg inspect` without an id lists what there is",
        ));
    }
    let matched = found.len();
    found.truncate(args.limit);
    if session.json {
        return session.print_json(&found);
    }
    let mut table = Table::new([
        ("section", Align::Left),
        ("bytes", Align::Left),
        ("train", Align::Right),
        ("eval", Align::Right),
        ("rejected", Align::Right),
        ("why none", Align::Left),
    ]);
    for section in &found {
        table.row([
            one_line(&section.heading_path.join(" › "), 60),
            format!("{}–{}", section.span.start(), section.span.end()),
            section.train.to_string(),
            section.eval.to_string(),
            section.rejected.values().sum::<u64>().to_string(),
            section
                .why
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ]);
    }
    let mut out = table.lines().join("\n") + "\n";
    if matched > found.len() {
        let more = matched - found.len();
        let _ = writeln!(out, "  … {more} more sections; --limit shows more");
    }
    session.print(out)
}
