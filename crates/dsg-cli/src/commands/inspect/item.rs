//! Candidates and examples: the list, one in full with its receipts.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use dsg::core::{Candidate, Citation, Example, Role, Span};
use serde::Serialize;

use super::InspectArgs;
use super::select::{Selection, select};
use crate::error::CliError;
use crate::session::Session;
use crate::sources::{Sources, excerpt, last_line_of, line_of};
use crate::table::{Align, Table};
use crate::terminal::{one_line, printable};

/// What both kinds of records have.
struct Item<'a> {
    id: &'a str,
    topic: &'a str,
    /// Difficulty, question type, split or verdict, generator.
    traits: Vec<String>,
    question: &'a str,
    answer: &'a str,
    citations: &'a [Citation],
    /// What curation said, a line each.
    notes: Vec<String>,
}

impl<'a> From<&'a Candidate> for Item<'a> {
    fn from(candidate: &'a Candidate) -> Self {
        let mut notes = Vec::new();
        if let Some(verdict) = &candidate.verdict {
            let failed = verdict.checks.iter().filter(|check| !check.passed);
            notes.extend(failed.map(|check| {
                format!(
                    "failed {}: {}",
                    check.name,
                    check.detail.as_deref().unwrap_or_default()
                )
            }));
            notes.extend(
                verdict
                    .repairs
                    .iter()
                    .map(|r| format!("changed {}: {}", r.name, r.detail)),
            );
        }
        Self {
            id: candidate.id.as_str(),
            topic: &candidate.topic,
            traits: vec![
                candidate.difficulty.as_str().to_owned(),
                candidate.question_type.as_str().to_owned(),
                candidate.generator.prompt.clone(),
            ],
            question: &candidate.question,
            answer: &candidate.answer,
            citations: &candidate.citations,
            notes,
        }
    }
}

impl<'a> From<&'a Example> for Item<'a> {
    fn from(example: &'a Example) -> Self {
        let last = |role| {
            let mut turns = example.messages.iter().rev();
            turns
                .find(|message| message.role == role)
                .map_or("", |message| message.content.as_str())
        };
        let meta = &example.meta;
        Self {
            id: example.id.as_str(),
            topic: &meta.topic,
            traits: vec![
                meta.difficulty.as_str().to_owned(),
                meta.question_type.as_str().to_owned(),
                meta.split.as_str().to_owned(),
                meta.generator.prompt.clone(),
            ],
            question: last(Role::User),
            answer: last(Role::Assistant),
            citations: &meta.citations,
            notes: Vec::new(),
        }
    }
}

pub(super) fn show_candidates(
    args: &InspectArgs,
    file: &Path,
    session: &Session,
) -> Result<(), CliError> {
    show(
        args,
        &select::<Candidate>(args, file, |c| vec![c.id.to_string()])?,
        session,
    )
}

pub(super) fn show_examples(
    args: &InspectArgs,
    file: &Path,
    session: &Session,
) -> Result<(), CliError> {
    show(
        args,
        &select::<Example>(args, file, |e| vec![e.id.to_string()])?,
        session,
    )
}

fn show<T: Serialize>(
    args: &InspectArgs,
    chosen: &Selection<T>,
    session: &Session,
) -> Result<(), CliError>
where
    for<'a> Item<'a>: From<&'a T>,
{
    if session.json {
        return session.print_json(&chosen.records);
    }
    let items: Vec<Item<'_>> = chosen.records.iter().map(Item::from).collect();
    if chosen.full {
        let cited = items.iter().flat_map(|item| item.citations);
        let wanted: BTreeSet<_> = cited.map(|citation| citation.doc_id.clone()).collect();
        let sources = Sources::read(args.corpus().as_deref(), &wanted)?;
        let texts: Vec<String> = items
            .iter()
            .map(|item| full(item, &sources, args.context, session))
            .collect();
        return session.print(texts.join("\n"));
    }
    let mut table = Table::new([
        ("item", Align::Left),
        ("topic", Align::Left),
        ("type", Align::Left),
        ("question", Align::Left),
    ]);
    for item in &items {
        table.row([
            item.id.to_owned(),
            item.topic.to_owned(),
            item.traits.get(1).cloned().unwrap_or_default(),
            one_line(item.question, 80),
        ]);
    }
    session.print(table.lines().join("\n") + "\n" + &chosen.rest("items"))
}

fn full(item: &Item<'_>, sources: &Sources, context: usize, session: &Session) -> String {
    let paint = session.paint;
    let mut out = format!(
        "{} {}\n\n",
        paint.strong(item.id),
        paint.faint(format!("{} · {}", item.topic, item.traits.join(" · ")))
    );
    for (label, text) in [("Q", item.question), ("A", item.answer)] {
        for (index, line) in printable(text).lines().enumerate() {
            let label = if index == 0 { label } else { " " };
            out.push_str(format!("  {}  {line}", paint.name(label)).trim_end());
            out.push('\n');
        }
        out.push('\n');
    }
    for note in &item.notes {
        let _ = writeln!(out, "  {}", printable(note));
    }
    let mut shown = 0;
    for group in neighbours(item.citations, sources, context) {
        let numbers = match group.len() {
            1 => format!("receipt {}", shown + 1),
            n => format!("receipts {}–{}", shown + 1, shown + n),
        };
        shown += group.len();
        let Some(first) = group.first() else { continue };
        let bytes: Vec<String> = group
            .iter()
            .map(|citation| format!("{}–{}", citation.span.start(), citation.span.end()))
            .collect();
        let _ = writeln!(
            out,
            "  {numbers} of {}: {} {}",
            item.citations.len(),
            paint.strong(printable(&sources.place(&first.doc_id, first.span))),
            paint.faint(format!("bytes {} of {}", bytes.join(", "), first.chunk_id)),
        );
        for line in receipts(group, sources, context, session) {
            let _ = writeln!(out, "    {line}");
        }
        out.push('\n');
    }
    out
}

/// Consecutive citations of one document whose lines, with those around them, touch: they are shown in one piece.
fn neighbours<'a>(
    citations: &'a [Citation],
    sources: &Sources,
    context: usize,
) -> Vec<&'a [Citation]> {
    let together = |a: &Citation, b: &Citation| {
        a.doc_id == b.doc_id
            && a.span <= b.span
            && sources.get(&a.doc_id).is_some_and(|document| {
                let end = last_line_of(&document.text, a.span);
                line_of(&document.text, b.span.start()) <= end + 2 * context + 1
            })
    };
    citations.chunk_by(together).collect()
}

/// The source lines around receipts, or their quotes alone when the corpus is not at hand.
fn receipts(
    group: &[Citation],
    sources: &Sources,
    context: usize,
    session: &Session,
) -> Vec<String> {
    let paint = session.paint;
    let document = group
        .first()
        .and_then(|citation| sources.get(&citation.doc_id));
    let holds = |citation: &Citation| {
        document.is_some_and(|d| d.slice(citation.span) == Some(citation.quote.as_str()))
    };
    if let Some(document) = document
        && group.iter().all(holds)
    {
        let spans: Vec<Span> = group.iter().map(|citation| citation.span).collect();
        return excerpt(&document.text, &spans, context, paint);
    }
    let mut lines = Vec::new();
    for citation in group {
        if document.is_some() && !holds(citation) {
            lines.push(paint.bad("does not hold: the corpus says something else at these bytes"));
        }
        lines.extend(
            printable(&citation.quote)
                .lines()
                .map(|line| paint.mark(line)),
        );
    }
    lines
}
