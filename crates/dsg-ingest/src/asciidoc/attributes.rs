//! Lines above a block that say what it is: `[source,sh]`, `[NOTE]`, `[[id]]`, `.Title`.

use dsg_core::{Block, BlockKind, Span};

use crate::outline::{Outline, span};
use crate::row::Row;

/// What stands above a block.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    /// Lines in brackets: their span, and what is inside the brackets.
    lines: Vec<(Span, &'a str)>,
    /// The title's line and the title.
    title: Option<(Span, Span)>,
}

impl<'a> Attributes<'a> {
    pub(super) fn push(&mut self, row: Row<'a>) {
        let inner = row.text.get(1..row.text.len().saturating_sub(1));
        self.lines
            .push((span(row.start, row.end()), inner.unwrap_or_default()));
    }

    pub(super) fn set_title(&mut self, row: Row<'a>) {
        let whole = span(row.start, row.end());
        self.title = Some((whole, span(row.start + 1, row.end())));
    }

    /// The block's title.
    pub(super) fn title(&self) -> Option<Span> {
        self.title.map(|(_, label)| label)
    }

    /// The style: `source`, `NOTE`, `quote`; empty when none is given.
    pub(super) fn style(&self) -> &'a str {
        self.lists()
            .map(|list| {
                let first = list.split(',').next().unwrap_or_default();
                let first = first.split(['%', '#', '.']).next().unwrap_or_default();
                if first.contains('=') {
                    ""
                } else {
                    first.trim()
                }
            })
            .find(|style| !style.is_empty())
            .unwrap_or_default()
    }

    /// The `nth` positional attribute, the style being the first.
    pub(super) fn positional(&self, nth: usize) -> Option<&'a str> {
        self.lists().find_map(|list| {
            let value = list.split(',').nth(nth)?.trim();
            (!value.is_empty() && !value.contains('=')).then(|| value.trim_matches('"'))
        })
    }

    /// The value of `name="value"` or `name=value`.
    pub(super) fn named(&self, name: &str) -> Option<&'a str> {
        self.lists().find_map(|list| {
            let (_, rest) = list.split_once(&format!("{name}="))?;
            match rest.strip_prefix(['"', '\'']) {
                Some(quoted) => quoted.split(['"', '\'']).next(),
                None => rest.split(',').next().map(str::trim),
            }
        })
    }

    /// Whether the option `name` is set: `%name`, `options="name"`.
    pub(super) fn has_option(&self, name: &str) -> bool {
        self.lists().any(|list| {
            list.split(',')
                .next()
                .is_some_and(|first| first.split('%').skip(1).any(|option| option == name))
        }) || ["options", "opts"].iter().any(|key| {
            self.named(key)
                .is_some_and(|value| value.split(',').any(|option| option.trim() == name))
        })
    }

    /// The attribute lists, without anchors.
    fn lists(&self) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .map(|(_, inner)| *inner)
            .filter(|inner| !inner.starts_with('['))
    }

    /// Where the block begins, with all that stands above it.
    pub(super) fn start(&self, at: usize) -> usize {
        let lines = self.lines.first().map_or(at, |(line, _)| line.start());
        let title = self.title.map_or(at, |(line, _)| line.start());
        lines.min(title).min(at)
    }

    /// Records the lines as blocks of their own: the title as a caption, the rest as boilerplate.
    pub(super) fn release(&self, outline: &mut Outline) {
        self.above(usize::MAX, outline);
    }

    /// Records the title and what stands above it; returns where the block begins with the rest.
    pub(super) fn release_title(&self, at: usize, outline: &mut Outline) -> usize {
        let from = self.title.map_or(0, |(line, _)| line.end());
        self.above(from, outline);
        self.lines
            .iter()
            .map(|(line, _)| line.start())
            .find(|start| *start >= from)
            .unwrap_or(at)
    }

    fn above(&self, to: usize, outline: &mut Outline) {
        for (line, _) in self.lines.iter().filter(|(line, _)| line.start() < to) {
            outline.leaf(Block::new(BlockKind::Boilerplate, *line));
        }
        if let Some((line, label)) = self.title {
            outline.leaf(Block::new(BlockKind::Caption, line).with_label(label));
        }
    }
}
