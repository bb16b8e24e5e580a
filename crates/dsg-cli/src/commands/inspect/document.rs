//! Documents: the list of a corpus, the outline of one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use dsg::core::artifact::read_jsonl;
use dsg::core::{BlockKind, Chunk, DocId, Document};

use super::InspectArgs;
use super::select::select;
use crate::error::CliError;
use crate::session::Session;
use crate::sources::line_of;
use crate::table::{Align, Table};
use crate::terminal::{one_line, printable};

pub(super) fn show(args: &InspectArgs, file: &Path, session: &Session) -> Result<(), CliError> {
    let chosen = select::<Document>(args, file, |document| {
        vec![document.doc_id.to_string(), document.source.path.clone()]
    })?;
    if session.json {
        return session.print_json(&chosen.records);
    }
    if chosen.full {
        let chunks = chunks(file, &chosen.records)?;
        let texts: Vec<String> = chosen
            .records
            .iter()
            .map(|document| {
                let own = chunks.get(&document.doc_id).map_or(&[][..], Vec::as_slice);
                outline(document, own, session)
            })
            .collect();
        return session.print(texts.join("\n"));
    }
    let mut table = Table::new([
        ("document", Align::Left),
        ("source", Align::Left),
        ("format", Align::Left),
        ("bytes", Align::Right),
        ("blocks", Align::Right),
        ("title", Align::Left),
    ]);
    for document in &chosen.records {
        table.row([
            document.doc_id.to_string(),
            document.source.path.clone(),
            format!("{:?}", document.source.format).to_lowercase(),
            document.text.len().to_string(),
            document.blocks.len().to_string(),
            one_line(&document.title, 40),
        ]);
    }
    session.print(table.lines().join("\n") + "\n" + &chosen.rest("documents"))
}

/// The chunks of `documents` in the index beside the corpus, where there is one.
fn chunks(corpus: &Path, documents: &[Document]) -> Result<BTreeMap<DocId, Vec<Chunk>>, CliError> {
    let mut found: BTreeMap<DocId, Vec<Chunk>> = BTreeMap::new();
    let file = corpus.with_file_name("index").join("chunks.jsonl");
    if file.is_file() {
        for chunk in read_jsonl::<Chunk>(&file)? {
            let chunk = chunk?;
            if documents
                .iter()
                .any(|document| document.doc_id == chunk.doc_id)
            {
                found.entry(chunk.doc_id.clone()).or_default().push(chunk);
            }
        }
    }
    Ok(found)
}

/// A document's blocks, headings indented by level and everything else below them, with a line where each chunk begins.
fn outline(document: &Document, chunks: &[Chunk], session: &Session) -> String {
    let paint = session.paint;
    let source = &document.source;
    let mut out = format!(
        "{}\n  {} · {} · {} bytes of text · {} · sha256 {}\n\n",
        paint.strong(printable(&document.title)),
        document.doc_id,
        printable(&source.path),
        document.text.len(),
        document.language,
        source.sha256,
    );
    for (name, problem) in document.metadata.iter().filter(|(name, _)| is_about(name)) {
        let said = problem
            .as_str()
            .map_or_else(|| problem.to_string(), str::to_owned);
        let _ = writeln!(out, "  {name}: {}", one_line(&said, 90));
    }
    let mut depth = 0;
    let mut rest = chunks.iter().peekable();
    for block in &document.blocks {
        while let Some(chunk) = rest.next_if(|chunk| chunk.span.start() <= block.span.start()) {
            let line = format!("── {} · {} tokens", chunk.chunk_id, chunk.tokens);
            out.push_str(&paint.faint(line));
            out.push('\n');
        }
        let text = block.label.unwrap_or(block.span);
        let text = one_line(document.slice(text).unwrap_or_default(), 70);
        let place = format!("{:>6} ", line_of(&document.text, block.span.start()));
        let kind = block.kind.name();
        let line = if let BlockKind::Heading { level } = block.kind {
            depth = usize::from(level);
            format!(
                "{}{}",
                "  ".repeat(depth.saturating_sub(1)),
                paint.strong(text)
            )
        } else {
            format!("{}{} {text}", "  ".repeat(depth), paint.name(kind))
        };
        out.push_str(&paint.faint(place));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Metadata that tell what reading the document was like, and whose it is.
fn is_about(name: &str) -> bool {
    ["encoding", "license", "source_url", "ingest_warnings"].contains(&name)
}
