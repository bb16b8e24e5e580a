//! The `mdoc(7)` macros of BSD pages: semantic names for what `man(7)` says with fonts.

use super::render::Renderer;
use super::request::Request;

/// What an mdoc page keeps between its lines.
#[derive(Debug, Default)]
pub(crate) struct State {}

impl Renderer {
    pub(super) fn mdoc_request(&mut self, _request: &Request<'_>) -> bool {
        false
    }
    pub(super) fn mdoc_end(&mut self) {}
}
