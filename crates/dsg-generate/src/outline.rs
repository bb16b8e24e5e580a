//! A chunk as sections of nested blocks, each with its own heading path.

use dsg_core::{Block, BlockKind, Chunk, Span};

use crate::inline::clean;
use crate::phrase::{Title, classify};
use crate::regexes::regex;

/// A block with the blocks it contains.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node<'c> {
    pub(crate) block: &'c Block,
    pub(crate) children: Vec<Node<'c>>,
}

impl<'c> Node<'c> {
    pub(crate) fn span(&self) -> Span {
        self.block.span
    }

    pub(crate) fn kind(&self) -> &'c BlockKind {
        &self.block.kind
    }

    /// Content without markers.
    pub(crate) fn body(&self) -> Span {
        self.block.body.unwrap_or(self.block.span)
    }

    /// An option, parameter, sub-command or defined term.
    pub(crate) fn is_entry(&self) -> bool {
        matches!(self.kind(), BlockKind::Option | BlockKind::Definition)
    }
}

/// A heading and what stands under it up to the next heading, as far as the chunk holds it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section<'c> {
    /// Titles from the document's title to this section's own, clean.
    pub(crate) path: Vec<String>,
    /// Whether the heading itself stands in this chunk, so that the section's beginning is here.
    pub(crate) opened: bool,
    /// Whether another heading of the chunk ends it, so that nothing of it can follow in a later chunk.
    pub(crate) closed: bool,
    /// Whether it goes on in the next chunk, as far as is known.
    pub(crate) goes_on: bool,
    /// The last heading, or the entry, under which it does.
    pub(crate) goes_on_under: Option<String>,
    /// The heading's own text.
    pub(crate) heading: Option<Span>,
    /// Level of the heading, if it stands here.
    pub(crate) level: Option<u8>,
    /// Whether a heading of a deeper level follows, so that the content goes on below it.
    pub(crate) divided: bool,
    /// Top-level blocks in order.
    pub(crate) nodes: Vec<Node<'c>>,
}

impl Section<'_> {
    /// The innermost heading, or the document's title.
    pub(crate) fn title(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// Whether the heading is numbered as something to do after other things: “2. Copy the files”, “3.1 Fill in the
    /// form”, “Step 4: Wait”, “Finally, close the form”.
    pub(crate) fn is_later_step(&self, chunk: &Chunk) -> bool {
        let Some(raw) = self.heading.and_then(|heading| chunk.slice(heading)) else {
            return false;
        };
        let raw = raw.trim_start_matches(['#', ' ', '*', '_']);
        let numbered = regex!(
            r"(?i)^(?:(?:step|part|phase|stage)\s*)?(?:(?:[2-9]|\d\d)\b[.):]?(?:\d+\b)?|\d\.\d+[.)]?)\s"
        )
        .is_match(raw)
            // “Step 1: send a request”: for what the steps are for.
            || regex!(r"(?i)^(?:step|part|phase|stage)\s*\d+\b").is_match(raw);
        let told = regex!(r"(?i)^(?:second|third|next|then|finally|lastly|and finally)\b[,:]?\s")
            .is_match(raw);
        let task = matches!(classify(self.title()), Title::Task(_));
        (numbered || told) && task
    }
}

/// The sections of `chunk` in order.
pub(crate) fn sections(chunk: &Chunk) -> Vec<Section<'_>> {
    let nodes = tree(&chunk.blocks);
    let mut path: Vec<(Option<u8>, String)> = chunk
        .heading_path
        .iter()
        .map(|title| (None, heading_text(title, chunk)))
        .collect();
    path.dedup_by(|b, a| a.1.eq_ignore_ascii_case(&b.1));
    let titles = |path: &[(Option<u8>, String)]| path.iter().map(|(_, t)| t.clone()).collect();
    let mut found: Vec<Section<'_>> = Vec::new();
    let mut current = Section {
        path: titles(&path),
        opened: false,
        closed: false,
        goes_on: false,
        goes_on_under: None,
        heading: None,
        level: None,
        divided: false,
        nodes: Vec::new(),
    };
    for node in nodes {
        let BlockKind::Heading { level } = *node.kind() else {
            current.nodes.push(node);
            continue;
        };
        let label = node.block.label.unwrap_or(node.block.span);
        let Some(text) = chunk.slice(label) else {
            continue;
        };
        let title = heading_text(text, chunk);
        let first = found.is_empty() && current.nodes.is_empty() && current.heading.is_none();
        let named = path.last().is_some_and(|(_, last)| *last == title);
        if first && named {
            // The chunk's path already ends in the heading that opens it: give the path its levels.
            let depth = path.len();
            for (position, (known, _)) in path.iter_mut().enumerate() {
                let above = u8::try_from(depth - 1 - position).unwrap_or(u8::MAX);
                *known = Some(level.saturating_sub(above));
            }
        } else {
            // Without a known level a heading of the path counts as enclosing, except when the new one is of the top level.
            while path.len() > 1
                && path
                    .last()
                    .is_some_and(|(known, _)| known.is_some_and(|known| known >= level))
            {
                path.pop();
            }
            if path
                .last()
                .is_none_or(|(_, last)| !last.eq_ignore_ascii_case(&title))
            {
                path.push((Some(level), title));
            }
        }
        if current.heading.is_some() || !current.nodes.is_empty() {
            current.closed = true;
            current.divided = current.level.is_some_and(|own| level > own);
            found.push(current);
        }
        current = Section {
            path: titles(&path),
            opened: true,
            closed: false,
            goes_on: false,
            goes_on_under: None,
            heading: Some(label),
            level: Some(level),
            divided: false,
            nodes: Vec::new(),
        };
    }
    found.push(current);
    found
}

/// A heading as a reader sees it: no markup, no number, no link signs.
pub(crate) fn heading_text(text: &str, chunk: &Chunk) -> String {
    let text = regex!(r"^(?:\d+(?:\.\d+)*[.)]?|[IVX]+\.)\s+").replace(text.trim(), "");
    let text = clean(&text, chunk.markup);
    let text = regex!(r"\s*[¶#]+$").replace(&text, "");
    text.trim().trim_end_matches(':').to_owned()
}

/// Nests blocks by containment.
fn tree(blocks: &[Block]) -> Vec<Node<'_>> {
    let mut roots: Vec<Node<'_>> = Vec::new();
    let mut open: Vec<Node<'_>> = Vec::new();
    for block in blocks {
        if matches!(block.kind, BlockKind::Boilerplate) {
            continue;
        }
        while open
            .last()
            .is_some_and(|outer| !outer.block.span.contains(block.span))
        {
            close(&mut open, &mut roots);
        }
        open.push(Node {
            block,
            children: Vec::new(),
        });
    }
    while !open.is_empty() {
        close(&mut open, &mut roots);
    }
    roots
}

/// Moves the innermost open node into its parent, or among the roots.
fn close<'c>(open: &mut Vec<Node<'c>>, roots: &mut Vec<Node<'c>>) {
    if let Some(done) = open.pop() {
        match open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => roots.push(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, chunk_of};

    fn heading(text: &str, level: u8, label: &str) -> Block {
        Block::new(BlockKind::Heading { level }, at(text, label)).with_label(at(text, label))
    }

    #[test]
    fn headings_inside_a_chunk_extend_or_replace_its_path() {
        let text = "Usage\n\nrun\n\nBatch\n\nmore\n\nLicence\n\nfree";
        let chunk = chunk_of(
            text,
            vec![
                heading(text, 2, "Usage"),
                Block::new(BlockKind::Paragraph, at(text, "run")),
                heading(text, 3, "Batch"),
                Block::new(BlockKind::Paragraph, at(text, "more")),
                heading(text, 2, "Licence"),
                Block::new(BlockKind::Paragraph, at(text, "free")),
            ],
            &["Kraken", "Usage"],
        );
        let found = sections(&chunk);
        let paths: Vec<String> = found.iter().map(|s| s.path.join("/")).collect();
        assert_eq!(
            paths,
            ["Kraken/Usage", "Kraken/Usage/Batch", "Kraken/Licence"]
        );
        assert_eq!(
            found.iter().map(|s| s.closed).collect::<Vec<_>>(),
            [true, true, false]
        );
        assert!(found.iter().all(|s| s.opened && s.nodes.len() == 1));
    }

    #[test]
    fn nested_blocks_become_children() {
        let text = "- a\n- b";
        let chunk = chunk_of(
            text,
            vec![
                Block::new(BlockKind::List { ordered: false }, Span::of_len(0, 7)),
                Block::new(BlockKind::ListItem, at(text, "- a")),
                Block::new(BlockKind::Paragraph, at(text, "a")),
                Block::new(BlockKind::ListItem, at(text, "- b")),
            ],
            &["t"],
        );
        let found = sections(&chunk);
        let list = &found[0].nodes[0];
        assert_eq!(list.children.len(), 2);
        assert_eq!(list.children[0].children.len(), 1);
    }
}
