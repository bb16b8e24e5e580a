//! What one file may cost. Nothing here reads a clock, so the same file is refused on every machine.

use super::Problem;

/// The largest content stream, font or object stream, inflated. A page of dense print has some 100 KiB.
pub(super) const STREAM_BYTES: usize = 64 << 20;
/// The largest image, inflated: images are never looked at, so this only keeps one from posing as something else.
pub(super) const IMAGE_BYTES: usize = 256 << 20;
/// All streams of the file together, inflated.
const TOTAL_BYTES: u64 = 1 << 30;
/// All content that is interpreted, forms counted each time they are drawn.
const CONTENT_BYTES: u64 = 256 << 20;
/// Drawing operations of all pages.
const OPERATIONS: u64 = 40_000_000;
/// What drawing a form counts for.
const FORM_OPERATIONS: usize = 400;
/// Characters of all pages.
const GLYPHS: u64 = 8_000_000;
/// Characters of one page; a page of dense print has some 10,000.
pub(super) const PAGE_GLYPHS: usize = 400_000;
/// Pages.
const PAGES: usize = 20_000;

/// What is left to spend on a file.
#[derive(Debug)]
pub(super) struct Budget {
    inflated: u64,
    content: u64,
    operations: u64,
    glyphs: u64,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self {
            inflated: TOTAL_BYTES,
            content: CONTENT_BYTES,
            operations: OPERATIONS,
            glyphs: GLYPHS,
        }
    }

    pub(super) fn inflated(&mut self, bytes: usize) -> Result<(), Problem> {
        spend(&mut self.inflated, bytes, "inflated bytes", TOTAL_BYTES)
    }

    pub(super) fn content(&mut self, bytes: usize) -> Result<(), Problem> {
        spend(
            &mut self.content,
            bytes,
            "bytes of page content",
            CONTENT_BYTES,
        )
    }

    pub(super) fn operation(&mut self) -> Result<(), Problem> {
        spend(&mut self.operations, 1, "drawing operations", OPERATIONS)
    }

    /// A form is read anew each time it is drawn, which costs about as much as some hundred operations.
    pub(super) fn form(&mut self) -> Result<(), Problem> {
        spend(
            &mut self.operations,
            FORM_OPERATIONS,
            "drawing operations",
            OPERATIONS,
        )
    }

    pub(super) fn glyph(&mut self) -> Result<(), Problem> {
        spend(&mut self.glyphs, 1, "characters", GLYPHS)
    }

    pub(super) fn pages(pages: usize) -> Result<(), Problem> {
        if pages > PAGES {
            return Err(Problem::OverLimit {
                what: "pages",
                limit: PAGES as u64,
            });
        }
        Ok(())
    }
}

fn spend(left: &mut u64, cost: usize, what: &'static str, limit: u64) -> Result<(), Problem> {
    *left = left
        .checked_sub(cost as u64)
        .ok_or(Problem::OverLimit { what, limit })?;
    Ok(())
}
