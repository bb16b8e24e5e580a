//! Man pages in roff, rendered to light Markdown. Enough of `man(7)`, `mdoc(7)` and `tbl(1)` to read what people write;
//! what only moves ink is ignored.

mod body;
mod escape;
mod man;
mod mdoc;
mod render;
mod request;
mod tag;
mod tbl;
#[cfg(test)]
mod tests;
mod words;

use crate::ingester::Parsed;

/// The page that `parsed` stands for, when its source is nothing but `.so page`.
pub(crate) fn alias(parsed: &Parsed) -> Option<&str> {
    parsed.metadata.get("includes")?.get(0)?.as_str()
}

/// The document that the man page `source` at `path` shows.
pub(crate) fn parse(source: &str, path: &str) -> Parsed {
    let mut renderer = render::Renderer::new(source.len(), path);
    for line in source.split('\n') {
        renderer.line(line);
    }
    renderer.finish()
}
