//! One module per structure that supports questions.

mod caution;
mod clause;
mod comment;
mod definition;
mod entry;
mod faq;
mod howto;
mod manual;
mod reading;
mod role;
mod table;
mod trouble;

use crate::draft::{Draft, Scope};

/// Runs every pattern on a section, the most telling first: where two ask the same, the first is kept.
pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    faq::write(scope, drafts);
    trouble::write(scope, drafts);
    howto::write(scope, drafts);
    role::write(scope, drafts);
    reading::write(scope, drafts);
    manual::write(scope, drafts);
    definition::write(scope, drafts);
    entry::write(scope, drafts);
    table::write(scope, drafts);
    caution::write(scope, drafts);
    comment::write(scope, drafts);
    clause::write(scope, drafts);
}
