//! Documents: the list of a corpus, the outline of one.

use std::path::Path;

use dsg::core::{BlockKind, Document};

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
        let texts: Vec<String> = chosen
            .records
            .iter()
            .map(|document| outline(document, session))
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

/// A document's blocks, headings indented by level and everything else below them.
fn outline(document: &Document, session: &Session) -> String {
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
    let mut depth = 0;
    for block in &document.blocks {
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
