//! One block as the light Markdown of an answer.

use dsg_core::{BlockKind, Chunk, Span};

use super::passage::{Introduces, Passage, Rendered, Shape, paragraph, passage, segments};
use crate::inline::{clean, is_code_like};
use crate::outline::Node;
use crate::regexes::regex;

/// Larger tables are looked up, not read.
const MAX_TABLE_ROWS: usize = 12;
/// Longer code is a listing, not an answer.
const MAX_CODE_LINES: usize = 45;

/// One block that is not running text.
pub(crate) fn block(chunk: &Chunk, node: &Node<'_>) -> Option<Rendered> {
    let (text, kind) = match node.kind() {
        BlockKind::Paragraph => {
            return paragraph(chunk, node.body(), Introduces::Nothing, usize::MAX)
                .map(|(rendered, _)| rendered);
        }
        BlockKind::Code { language } => (code(chunk, node, language.as_deref())?, Shape::Code),
        BlockKind::List { ordered } => (list(chunk, node, *ordered)?, Shape::Other),
        BlockKind::ListItem => (item(chunk, node, "- ")?, Shape::Other),
        BlockKind::Definition | BlockKind::Option => (entry(chunk, node)?, Shape::Other),
        BlockKind::Table => (table(chunk, node)?, Shape::Other),
        BlockKind::Quote => (nested(chunk, node, usize::MAX)?, Shape::Other),
        BlockKind::Admonition { class } => {
            let content = nested(chunk, node, usize::MAX)?;
            let named = node
                .block
                .label
                .and_then(|label| chunk.slice(label))
                .map(|label| clean(label, chunk.markup));
            let word = admonition_word(class)
                .map(str::to_owned)
                .or(named)
                .unwrap_or_default();
            let gap = if content.starts_with(['`', '-']) {
                ":\n\n"
            } else {
                ": "
            };
            let gap = if word.is_empty() { "" } else { gap };
            (format!("{word}{gap}{content}"), Shape::Other)
        }
        _ => return None,
    };
    (!text.is_empty()).then(|| Rendered {
        text,
        spans: vec![node.span()],
        kind,
    })
}

/// What an admonition of this class begins with; tabs, examples and the like keep their own titles.
fn admonition_word(class: &str) -> Option<&'static str> {
    match class {
        "warning" | "danger" | "caution" | "attention" | "error" | "failure" | "bug" => {
            Some("Warning")
        }
        "tip" | "hint" | "success" => Some("Tip"),
        "note" | "info" | "important" | "notice" | "todo" | "seealso" => Some("Note"),
        _ => None,
    }
}

fn nested(chunk: &Chunk, node: &Node<'_>, budget: usize) -> Option<String> {
    let passage = passage(chunk, &segments(chunk, node.body(), &node.children), budget);
    (passage.complete && !passage.is_empty()).then(|| {
        passage
            .blocks
            .iter()
            .map(|block| block.text.as_str())
            .collect::<Vec<_>>()
            .join("\n\n")
    })
}

/// A fenced block, dedented.
fn code(chunk: &Chunk, node: &Node<'_>, language: Option<&str>) -> Option<String> {
    let raw = chunk.slice(node.block.body.unwrap_or(node.block.span))?;
    let lines: Vec<&str> = raw.lines().collect();
    // The body begins at its first non-space byte, so the first line's indent is that of the second at most.
    let indent_of = |line: &&str| line.len() - line.trim_start().len();
    let first_indent = lines.first().map_or(0, indent_of);
    let later = lines.iter().skip(1).filter(|line| !line.trim().is_empty());
    let least = later.map(indent_of).min();
    let indent = if first_indent > 0 {
        least.map_or(first_indent, |least| least.min(first_indent))
    } else {
        least.unwrap_or(0).min(column(chunk, node.body()))
    };
    let mut shown: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(position, line)| {
            let cut = if position == 0 && first_indent == 0 {
                0
            } else {
                indent
            };
            line.get(cut..)
                .unwrap_or_else(|| line.trim_start())
                .trim_end()
                .to_owned()
        })
        .collect();
    while shown.last().is_some_and(String::is_empty) {
        shown.pop();
    }
    while shown.first().is_some_and(String::is_empty) {
        shown.remove(0);
    }
    // A drawing in words is no answer.
    let drawn = language.is_some_and(|info| info.starts_with("mermaid"));
    if shown.is_empty() || shown.len() > MAX_CODE_LINES || raw.contains("```") || drawn {
        return None;
    }
    let language = language
        .and_then(|info| info.split([' ', ',', '{']).next())
        .filter(|word| regex!(r"^[A-Za-z][\w+-]*$").is_match(word))
        .unwrap_or("");
    Some(format!("```{language}\n{}\n```", shown.join("\n")))
}

/// Bytes between the start of the line and `span`, when they are all spaces.
fn column(chunk: &Chunk, span: Span) -> usize {
    let Ok(before) = Span::new(chunk.span.start(), span.start()) else {
        return 0;
    };
    let text = chunk.slice(before).unwrap_or_default();
    let line = text.rsplit('\n').next().unwrap_or_default();
    if line.trim().is_empty() {
        line.len()
    } else {
        0
    }
}

fn list(chunk: &Chunk, node: &Node<'_>, ordered: bool) -> Option<String> {
    let mut lines = Vec::new();
    for (position, child) in node.children.iter().enumerate() {
        let marker = if ordered {
            format!("{}. ", position + 1)
        } else {
            "- ".to_owned()
        };
        let shown = match child.kind() {
            BlockKind::ListItem => item(chunk, child, &marker),
            BlockKind::Definition | BlockKind::Option => entry(chunk, child),
            _ => block(chunk, child).map(|rendered| rendered.text),
        };
        match shown {
            Some(shown) => lines.push(shown),
            // A step that cannot be shown breaks a procedure; a bullet that is only a pointer does not break a list.
            None if ordered => return None,
            None => {}
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn item(chunk: &Chunk, node: &Node<'_>, marker: &str) -> Option<String> {
    // An item that is a definition brings its own marker.
    if let [only] = node.children.as_slice()
        && only.is_entry()
        && marker == "- "
    {
        return entry(chunk, only);
    }
    let passage = passage(
        chunk,
        &segments(chunk, node.body(), &node.children),
        usize::MAX,
    );
    if !passage.complete || passage.is_empty() {
        return None;
    }
    // An item whose own words were left out is its list.
    if let [only] = passage.blocks.as_slice()
        && only.text.starts_with("- ")
    {
        return Some(only.text.clone());
    }
    let indent = " ".repeat(marker.len());
    Some(hanging(&passage, marker, &indent))
}

fn hanging(passage: &Passage, marker: &str, indent: &str) -> String {
    let mut out = String::from(marker);
    for (position, block) in passage.blocks.iter().enumerate() {
        // A list below a label begins on a line of its own.
        if position == 0 && marker.ends_with(": ") && block.text.starts_with("- ") {
            out = format!("{}\n{indent}", marker.trim_end());
        }
        if position > 0 {
            out.push('\n');
            if block.is_running_text() || block.is_code() {
                out.push('\n');
            }
        }
        for (number, line) in block.text.lines().enumerate() {
            if number > 0 {
                out.push('\n');
            }
            if (number > 0 || position > 0) && !line.is_empty() {
                out.push_str(indent);
            }
            out.push_str(line);
        }
    }
    out
}

/// A nested definition as a list item: “- `name`: what it says”.
fn entry(chunk: &Chunk, node: &Node<'_>) -> Option<String> {
    let label = label(chunk, node)?;
    let passage = passage(
        chunk,
        &segments(chunk, node.body(), &node.children),
        usize::MAX,
    );
    if passage.is_empty() {
        return Some(format!("- {label}"));
    }
    Some(hanging(&passage, &format!("- {label}: "), "  "))
}

/// The label of an entry with its names as code.
pub(crate) fn label(chunk: &Chunk, node: &Node<'_>) -> Option<String> {
    let raw = chunk.slice(node.block.label?)?;
    // In a signature such as `{*|block}[:{*|cyclic}]` asterisks mean themselves, and reading them as emphasis spoils it.
    if raw.contains("{*") {
        return None;
    }
    let shown = clean(raw, chunk.markup);
    let shown = shown.trim_end_matches(':').trim();
    if shown.is_empty() {
        return None;
    }
    if shown.contains('`') {
        return Some(shown.to_owned());
    }
    if node.kind() == &BlockKind::Option || is_code_like(shown) {
        let parts: Vec<String> = shown.split(", ").map(|part| format!("`{part}`")).collect();
        return Some(parts.join(", "));
    }
    Some(shown.to_owned())
}

/// A table as a list, one item a row: “- `key`: Limit: 3 days; Memory: 4 GB”.
fn table(chunk: &Chunk, node: &Node<'_>) -> Option<String> {
    let rows: Vec<&Node<'_>> = node
        .children
        .iter()
        .filter(|row| matches!(row.kind(), BlockKind::Row { .. }))
        .collect();
    let (head, body) = rows.split_first()?;
    if body.is_empty()
        || body.len() > MAX_TABLE_ROWS
        || *head.kind() != (BlockKind::Row { header: true })
    {
        return None;
    }
    let titles: Vec<String> = head
        .block
        .cells
        .iter()
        .map(|cell| cell_text(chunk, *cell))
        .collect();
    let mut lines = Vec::new();
    for row in body {
        if row.block.cells.len() != titles.len() {
            return None;
        }
        let cells: Vec<String> = row
            .block
            .cells
            .iter()
            .map(|cell| cell_text(chunk, *cell))
            .collect();
        let (key, values) = cells.split_first()?;
        let shown: Vec<String> = titles
            .iter()
            .skip(1)
            .zip(values)
            .filter(|(_, value)| !value.is_empty())
            .map(|(title, value)| {
                if titles.len() == 2 || title.is_empty() {
                    value.clone()
                } else {
                    format!("{title}: {value}")
                }
            })
            .collect();
        let gaps = values
            .iter()
            .any(|value| value.is_empty() || matches!(value.as_str(), "x" | "X" | "-" | "✓"));
        if key.is_empty() || key.ends_with('?') || shown.is_empty() || gaps && titles.len() > 2 {
            return None;
        }
        lines.push(format!("- {key}: {}", shown.join("; ")));
    }
    Some(lines.join("\n"))
}

/// A table cell, clean.
pub(crate) fn cell_text(chunk: &Chunk, cell: Span) -> String {
    chunk
        .slice(cell)
        .map(|raw| clean(raw.trim(), chunk.markup))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use dsg_core::Block;

    use super::*;
    use crate::outline::sections;
    use crate::testing::{at, chunk_of};

    #[test]
    fn a_list_with_code_keeps_its_shape() {
        let text = "1. Load it:\n\n   ```bash\n   module load x\n     y\n   ```\n\n2. Run it.";
        let first = Span::of_len(0, text.find("\n\n2.").unwrap());
        let body = at(text, "module load x\n     y");
        let chunk = chunk_of(
            text,
            vec![
                Block::new(
                    BlockKind::List { ordered: true },
                    Span::of_len(0, text.len()),
                ),
                Block::new(BlockKind::ListItem, first)
                    .with_body(Span::new(3, first.end()).unwrap()),
                Block::new(BlockKind::Paragraph, at(text, "Load it:")),
                Block::new(
                    BlockKind::Code {
                        language: Some("bash".into()),
                    },
                    at(text, "```bash\n   module load x\n     y\n   ```"),
                )
                .with_body(body),
                Block::new(BlockKind::ListItem, at(text, "2. Run it."))
                    .with_body(at(text, "Run it.")),
            ],
            &["t"],
        );
        let found = sections(&chunk);
        insta::assert_snapshot!(block(&chunk, &found[0].nodes[0]).unwrap().text, @r"
        1. Load it:

           ```bash
           module load x
             y
           ```
        2. Run it.
        ");
    }
}
