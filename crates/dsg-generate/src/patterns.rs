//! One module per structure that supports questions.

mod entry;
mod faq;

use crate::draft::{Draft, Scope};

/// Runs every pattern on a section.
pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    faq::write(scope, drafts);
    entry::write(scope, drafts);
}
