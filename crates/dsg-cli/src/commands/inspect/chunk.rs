//! Chunks: the list of an index, one in full.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use dsg::core::Chunk;

use super::InspectArgs;
use super::select::select;
use crate::error::CliError;
use crate::session::Session;
use crate::sources::Sources;
use crate::table::{Align, Table};
use crate::terminal::{one_line, printable};

pub(super) fn show(args: &InspectArgs, file: &Path, session: &Session) -> Result<(), CliError> {
    let chosen = select::<Chunk>(args, file, |chunk| vec![chunk.chunk_id.to_string()])?;
    if session.json {
        return session.print_json(&chosen.records);
    }
    if chosen.full {
        let wanted: BTreeSet<_> = chosen
            .records
            .iter()
            .map(|chunk| chunk.doc_id.clone())
            .collect();
        let sources = Sources::read(args.corpus().as_deref(), &wanted)?;
        let texts: Vec<String> = chosen
            .records
            .iter()
            .map(|chunk| full(chunk, &sources, session))
            .collect();
        return session.print(texts.join("\n"));
    }
    let mut table = Table::new([
        ("chunk", Align::Left),
        ("tokens", Align::Right),
        ("kinds", Align::Left),
        ("heading path", Align::Left),
    ]);
    for chunk in &chosen.records {
        table.row([
            chunk.chunk_id.to_string(),
            chunk.tokens.to_string(),
            chunk.kinds.join(", "),
            one_line(&chunk.heading_path.join(" › "), 60),
        ]);
    }
    session.print(table.lines().join("\n") + "\n" + &chosen.rest("chunks"))
}

fn full(chunk: &Chunk, sources: &Sources, session: &Session) -> String {
    let paint = session.paint;
    let mut out = format!(
        "{}\n  {}\n  {} · bytes {}–{} · {} tokens · {}\n",
        paint.strong(&chunk.chunk_id),
        paint.name(printable(&chunk.heading_path.join(" › "))),
        printable(&sources.place(&chunk.doc_id, chunk.span)),
        chunk.span.start(),
        chunk.span.end(),
        chunk.tokens,
        chunk.kinds.join(", "),
    );
    if !chunk.commands.is_empty() {
        let _ = writeln!(out, "  commands: {}", chunk.commands.join(", "));
    }
    let context = &chunk.context;
    for (title, names) in [("options", &context.options), ("columns", &context.columns)] {
        if !names.is_empty() {
            let _ = writeln!(out, "  {title}: {}", printable(&names.join(", ")));
        }
    }
    if let (Some(previous), Some(next)) = (&context.previous, &context.next) {
        let _ = writeln!(out, "  between {previous} and {next}");
    }
    if let Some(document) = sources.get(&chunk.doc_id)
        && document.slice(chunk.span) != Some(chunk.text.as_str())
    {
        let notice = "this is not what the corpus holds at these bytes; `dsg build-index` again";
        let _ = writeln!(out, "  {}", paint.bad(notice));
    }
    out.push('\n');
    for line in printable(&chunk.text).lines() {
        out.push_str(format!("{} {line}", paint.faint("│")).trim_end());
        out.push('\n');
    }
    out
}
