//! Markdown. The text is the source itself; `pulldown-cmark` finds the blocks, [`region`] first takes out what Markdown
//! dialects add: admonitions, tabs, shortcodes, snippets, and what MDX adds.

mod blocks;
mod jsx;
mod region;
mod shortcode;

use dsg_core::{Block, BlockKind};

use crate::front_matter::FrontMatter;
use crate::lines::{Line, lines, tail};
use crate::outline::Outline;

/// What a page may hold beside Markdown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Imports, exports, expressions and components.
    pub mdx: bool,
}

impl Dialect {
    /// The dialect of the page at `path`: MDX by its name, or because it begins with an import, as Docusaurus lets any
    /// page do.
    fn of(path: &str, body: &str) -> Self {
        let first = body.trim_start().lines().next().unwrap_or_default();
        let imports = first.starts_with("import ")
            && first.contains(" from ")
            && first.trim_end().ends_with(['"', '\'', ';']);
        Self {
            mdx: path.to_ascii_lowercase().ends_with(".mdx") || imports,
        }
    }
}

/// The outline of `text`, the page at `path`.
pub(crate) fn parse(text: &str, path: &str, matter: &FrontMatter) -> Vec<Block> {
    let mut outline = Outline::default();
    if let Some(span) = matter.span {
        outline.leaf(Block::new(BlockKind::Boilerplate, span));
    }
    let from = matter.end();
    let source: Vec<_> = lines(tail(text, from), from);
    let dialect = Dialect::of(path, tail(text, from));
    blocks::parse(text, &source, 0, 0, dialect, &mut outline);
    outline.finish(text)
}

/// Records the blocks of `source`, lines of `text`.
pub(crate) fn blocks(text: &str, source: &[Line<'_>], outline: &mut Outline) {
    blocks::parse(text, source, 0, 0, Dialect::default(), outline);
}

#[cfg(test)]
mod tests;
