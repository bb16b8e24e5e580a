//! Blocks to the light Markdown of an answer.

use dsg_core::{BlockKind, Chunk, Span};

use crate::inline::{clean, is_code_like};
use crate::outline::Node;
use crate::reference::{asides_removed, is_pointer, leans_back, points_around};
use crate::regexes::regex;
use crate::sentence::{Piece, sentences};

/// Larger tables are looked up, not read.
const MAX_TABLE_ROWS: usize = 12;
/// Longer code is a listing, not an answer.
const MAX_CODE_LINES: usize = 45;

/// What one block shows, and which spans it takes that from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    pub(crate) spans: Vec<Span>,
    kind: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Running,
    Code,
    Other,
}

impl Rendered {
    /// Ends in a colon and so needs what follows.
    pub(crate) fn is_lead_in(&self) -> bool {
        self.kind == Shape::Running && self.text.ends_with(':')
    }

    pub(crate) fn is_running_text(&self) -> bool {
        self.kind == Shape::Running
    }

    pub(crate) fn is_code(&self) -> bool {
        self.kind == Shape::Code
    }
}

/// Blocks in order, and whether all of them are there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Passage {
    pub(crate) blocks: Vec<Rendered>,
    /// Nothing was left out for length or because it cannot be shown.
    pub(crate) complete: bool,
    /// A sentence was left out because it refers to the page around it; later ones may build on it.
    pub(crate) thinned: bool,
}

impl Passage {
    pub(crate) fn chars(&self) -> usize {
        self.blocks.iter().map(|block| block.text.len()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}

/// A stretch of a block: text of its own or a nested block.
pub(crate) enum Segment<'n, 'c> {
    Text(Span),
    Node(&'n Node<'c>),
}

/// The content of `body` in order: nested blocks, and the text between them.
pub(crate) fn segments<'n, 'c>(
    chunk: &Chunk,
    body: Span,
    children: &'n [Node<'c>],
) -> Vec<Segment<'n, 'c>> {
    let mut found = Vec::new();
    let mut position = body.start();
    let text = |from: usize, to: usize, found: &mut Vec<Segment<'n, 'c>>| {
        let Ok(span) = Span::new(from, to) else {
            return;
        };
        let meaningful = chunk
            .slice(span)
            .is_some_and(|text| text.chars().any(char::is_alphanumeric));
        if meaningful {
            found.push(Segment::Text(span));
        }
    };
    for child in children.iter().filter(|child| body.overlaps(child.span())) {
        text(position, child.span().start(), &mut found);
        found.push(Segment::Node(child));
        position = child.span().end().max(position);
    }
    text(position, body.end(), &mut found);
    found
}

/// The content of a block as a passage of at most about `budget` characters, cut at block boundaries (within the
/// first paragraph at sentences).
pub(crate) fn passage(chunk: &Chunk, segments: &[Segment<'_, '_>], budget: usize) -> Passage {
    let mut out = Passage {
        blocks: Vec::new(),
        complete: true,
        thinned: segments
            .iter()
            .any(|segment| text_span(segment).is_some_and(|span| refers_around(chunk, span))),
    };
    let mut used = 0;
    let mut skip_next = false;
    for (position, segment) in segments.iter().enumerate() {
        if matches!(segment, Segment::Node(node) if is_list_of_links(chunk, node)) {
            continue;
        }
        if std::mem::take(&mut skip_next) {
            continue;
        }
        let introduces = segments.get(position + 1).is_some_and(|next| {
            // A paragraph that is nothing but code is announced like a block.
            matches!(next, Segment::Node(node) if !matches!(node.kind(), BlockKind::Paragraph | BlockKind::Heading { .. })
                || matches!(node.kind(), BlockKind::Paragraph)
                    && (announces(chunk, segment)
                        || chunk.slice(node.body()).is_some_and(is_code_alone)))
        });
        let shown = segments.get(position + 1).is_some_and(
            |next| matches!(next, Segment::Node(node) if matches!(node.kind(), BlockKind::Code { .. })),
        );
        skip_next = introduces
            && text_span(segment).is_some_and(|span| leads_elsewhere(chunk, span, shown));
        let introduces = match (introduces && !skip_next, shown) {
            (false, _) => Introduces::Nothing,
            (true, false) => Introduces::Block,
            (true, true) => Introduces::Code,
        };
        // Lines that the page breaks on purpose are a table of sorts.
        if text_span(segment)
            .and_then(|span| chunk.slice(span))
            .is_some_and(|text| regex!(r"\S(?: {2,}|\\)\n").find_iter(text).count() >= 2)
        {
            out.complete = false;
            break;
        }
        let rendered = match segment {
            Segment::Text(span) => paragraph(chunk, *span, introduces, budget.saturating_sub(used)),
            Segment::Node(node) if matches!(node.kind(), BlockKind::Paragraph) => {
                paragraph(chunk, node.body(), introduces, budget.saturating_sub(used))
            }
            Segment::Node(node) => block(chunk, node).map(|rendered| (rendered, true)),
        };
        // A list whose announcement was left out says who knows what.
        let unannounced = introduces != Introduces::Nothing
            && text_span(segment).is_some_and(|span| {
                sentences(chunk, span).last().is_some_and(|last| {
                    last.text.ends_with(':')
                        && rendered
                            .as_ref()
                            .is_none_or(|(shown, _)| !shown.spans.contains(&last.span))
                })
            });
        if unannounced {
            skip_next = true;
            out.thinned = true;
        }
        let Some((rendered, whole)) = rendered else {
            // A dropped pointer paragraph is no loss; anything else is.
            let droppable = match segment {
                Segment::Text(_) => true,
                Segment::Node(node) => matches!(
                    node.kind(),
                    BlockKind::Paragraph | BlockKind::Caption | BlockKind::Heading { .. }
                ),
            };
            if !droppable {
                out.complete = false;
                break;
            }
            // What the sentence before it announced is not shown.
            if out.blocks.last().is_some_and(Rendered::is_lead_in) {
                out.blocks.pop();
                out.thinned = true;
            }
            continue;
        };
        if used > 0 && used + rendered.text.len() > budget {
            out.complete = false;
            break;
        }
        // Only the first paragraph may be cut inside.
        if !whole && !out.blocks.is_empty() {
            out.complete = false;
            break;
        }
        used += rendered.text.len();
        out.blocks.push(rendered);
        if !whole {
            out.complete = false;
            break;
        }
    }
    drop_trailing_lead_in(&mut out);
    out
}

/// Whether a paragraph ends in a colon.
fn announces(chunk: &Chunk, segment: &Segment<'_, '_>) -> bool {
    text_span(segment)
        .and_then(|span| chunk.slice(span))
        .is_some_and(|text| text.trim_end().trim_end_matches(['*', '_']).ends_with(':'))
}

/// “`pip install x`.” on a line of its own.
fn is_code_alone(text: &str) -> bool {
    regex!(r"^\s*`[^`\n]+`[.,;]?\s*$").is_match(text)
}

/// A list whose items are nothing but links.
fn is_list_of_links(chunk: &Chunk, node: &Node<'_>) -> bool {
    matches!(node.kind(), BlockKind::List { .. })
        && !node.children.is_empty()
        && node.children.iter().all(|item| {
            chunk.slice(item.body()).is_some_and(|text| {
                regex!(
                    r"(?s)^\W*\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?[\s.,;*_]*(?:\([^)]{0,30}\))?[\s.]*$"
                )
                .is_match(text.trim())
            })
        })
}

/// The span of running text, if the segment is that.
pub(crate) fn text_span(segment: &Segment<'_, '_>) -> Option<Span> {
    match segment {
        Segment::Text(span) => Some(*span),
        Segment::Node(node) => matches!(node.kind(), BlockKind::Paragraph).then(|| node.body()),
    }
}

/// A paragraph whose last sentence only introduces links; `shown`: code follows it.
fn leads_elsewhere(chunk: &Chunk, span: Span, shown: bool) -> bool {
    sentences(chunk, span).last().is_some_and(|last| {
        last.text.ends_with(':')
            && is_pointer(&last.text)
            && !(shown && shows_an_example(&last.text))
    })
}

/// “Here are a few examples” before code means that code.
fn shows_an_example(text: &str) -> bool {
    regex!(r"(?i)^(?:here|below) (?:is|are)\b.*\b(?:examples?|scripts?|commands?)\b").is_match(text)
}

/// What follows a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Introduces {
    /// Nothing that it announces.
    Nothing,
    /// A block, so that a colon or “the following table” is no loose end.
    Block,
    /// Code, so that “here is an example” is none either.
    Code,
}

/// Whether a sentence other than a closing lead-in or a mere pointer refers to the page around it.
fn refers_around(chunk: &Chunk, span: Span) -> bool {
    sentences(chunk, span).iter().any(|piece| {
        !piece.text.ends_with(':')
            && !is_pointer(&piece.text)
            && points_around(&asides_removed(&piece.text))
    })
}

/// A lead-in whose list or code was cut off promises what is not there.
fn drop_trailing_lead_in(passage: &mut Passage) {
    let loose = |block: &Rendered, complete: bool| {
        // What was cut off behind a sentence without an end was announced by it.
        block.is_lead_in()
            || !complete
                && block.is_running_text()
                && !block.text.ends_with(['.', '!', '?', '`', ')', '"'])
    };
    while passage
        .blocks
        .last()
        .is_some_and(|block| loose(block, passage.complete))
    {
        passage.blocks.pop();
        passage.complete = false;
    }
}

/// A paragraph without the sentences that a reader of the answer could not use; and whether it fits whole.
fn paragraph(
    chunk: &Chunk,
    span: Span,
    introduces: Introduces,
    budget: usize,
) -> Option<(Rendered, bool)> {
    // What follows an image in its paragraph is its caption.
    let pictured = chunk
        .slice(span)
        .is_some_and(|text| text.trim_start().starts_with("!["));
    if pictured {
        return None;
    }
    let pieces = sentences(chunk, span);
    let kept = usable(&pieces, introduces);
    let mut text = String::new();
    let mut spans = Vec::new();
    let mut whole = true;
    for piece in &kept {
        if !text.is_empty() && text.len() + piece.text.len() > budget.max(200) {
            whole = false;
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&piece.text);
        spans.push(piece.span);
    }
    (!text.is_empty()).then_some((
        Rendered {
            text,
            spans,
            kind: Shape::Running,
        },
        whole,
    ))
}

/// The sentences of a paragraph that stand without their page.
pub(crate) fn usable(pieces: &[Piece], introduces: Introduces) -> Vec<Piece> {
    let mut kept: Vec<Piece> = Vec::new();
    let mut gap = false;
    for (position, piece) in pieces.iter().enumerate() {
        let text = asides_removed(&piece.text).into_owned();
        // What an aside left behind it: “(See there for more.)” becomes a full stop.
        if !text.chars().any(char::is_alphanumeric) {
            continue;
        }
        let last = position + 1 == pieces.len();
        let lead_in = text.ends_with(':');
        let loose = if introduces == Introduces::Code && shows_an_example(&text) {
            false
        } else if last && introduces != Introduces::Nothing {
            is_pointer(&text)
        } else {
            lead_in || piece.points_by_link || is_pointer(&text) || points_around(&text)
        };
        if loose || (gap && (leans_back(&text) || goes_on(&text))) {
            gap = true;
            continue;
        }
        gap = false;
        kept.push(Piece {
            text,
            ..piece.clone()
        });
    }
    kept
}

/// “It is often also helpful”: besides what was said before.
fn goes_on(text: &str) -> bool {
    regex!(r"(?i)^(?:\S+ ){0,6}(?:also|then|too|this|these|those|such|there|same)\b|^the (?:first|second)\b").is_match(text)
}

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

    #[test]
    fn sentences_that_point_around_go_with_what_leans_on_them() {
        let text = "Use it. See the guide. This explains more. Done at once.";
        let chunk = chunk_of(text, Vec::new(), &["t"]);
        let kept = usable(&sentences(&chunk, chunk.span), Introduces::Nothing);
        let kept: Vec<&str> = kept.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(kept, ["Use it.", "Done at once."]);
    }
}
