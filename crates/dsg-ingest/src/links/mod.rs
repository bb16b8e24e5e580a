//! References between documents: found in each document's text, resolved when all documents are read.

mod find;
mod targets;

use dsg_core::{BlockKind, DocId, Document, Markup};
use rayon::prelude::*;

pub(crate) use find::{find, is_page};
use targets::{Place, Targets};

use crate::title::without_markup;

/// Resolves the links of `documents` among each other, and forgets names of commands and options that none of them
/// describes. Returns what leads nowhere.
pub(crate) fn resolve(documents: &mut [Document]) -> Broken {
    let targets = Targets::new(documents);
    let places: Vec<Vec<Option<Place>>> = documents
        .par_iter()
        .enumerate()
        .map(|(from, document)| {
            let links = document.links.iter();
            links
                .map(|link| targets.place(from, &link.target))
                .collect()
        })
        .collect();
    let ids: Vec<DocId> = documents
        .iter()
        .map(|document| document.doc_id.clone())
        .collect();
    let mut broken = Broken::default();
    for (document, places) in documents.iter_mut().zip(places) {
        for (link, place) in document.links.iter_mut().zip(places) {
            if let Some((nth, at)) = place {
                link.doc_id = ids.get(nth).cloned();
                link.at = at;
            }
        }
        // A command or an option that no page here describes is no broken link.
        document
            .links
            .retain(|link| link.doc_id.is_some() || !find::is_name(&link.target));
        broken.all += document.links.len();
        for link in document.links.iter().filter(|link| link.doc_id.is_none()) {
            broken.count += 1;
            if broken.examples.len() < MAX_EXAMPLES {
                broken
                    .examples
                    .push(format!("`{}` → `{}`", document.source.path, link.target));
            }
        }
    }
    broken
}

/// Links named in the warning; the others stand in the corpus.
const MAX_EXAMPLES: usize = 5;

/// Links that lead to no document.
#[derive(Debug, Default)]
pub(crate) struct Broken {
    all: usize,
    count: usize,
    examples: Vec<String>,
}

impl Broken {
    /// What to tell the user, if there is something to tell.
    pub(crate) fn message(&self) -> Option<String> {
        (self.count > 0).then(|| {
            let more = if self.count > self.examples.len() {
                ", …"
            } else {
                ""
            };
            format!(
                "{} of {} links between pages lead to no document that was read: {}{more}",
                self.count,
                self.all,
                self.examples.join(", ")
            )
        })
    }
}

/// The byte where the part of `document` begins that `anchor` names: a heading by its slug, or an explicit id.
fn anchored(document: &Document, anchor: &str) -> Option<usize> {
    let wanted = slug(anchor, Marks::Part);
    let heading = [Marks::Part, Marks::Join].into_iter().find_map(|marks| {
        document.blocks.iter().find(|block| {
            matches!(block.kind, BlockKind::Heading { .. })
                && block
                    .label
                    .and_then(|label| document.slice(label))
                    .is_some_and(|label| {
                        let shown = without_markup(label, document.source.format.markup());
                        slug(&shown, marks) == wanted
                    })
        })
    });
    if let Some(heading) = heading {
        return Some(heading.span.start());
    }
    if anchor.is_empty() {
        return None;
    }
    let marks = match document.source.format.markup() {
        Markup::Markdown => [
            format!("{{#{anchor}"),
            format!("id=\"{anchor}\""),
            format!("name=\"{anchor}\""),
        ],
        Markup::AsciiDoc => [
            format!("[[{anchor}]]"),
            format!("[[{anchor},"),
            format!("[#{anchor}"),
        ],
        Markup::Rst | Markup::Plain => return None,
    };
    marks
        .iter()
        .find_map(|mark| document.text.find(mark.as_str()))
}

/// What `.`, `/` and `_` of a heading do in its anchor: site generators differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marks {
    /// `I/O` is `i-o`.
    Part,
    /// `I/O` is `io`.
    Join,
}

/// A heading as an anchor: letters and digits in lower case, all else as single hyphens.
fn slug(text: &str, marks: Marks) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty()
            && !out.ends_with('-')
            && (c.is_whitespace()
                || c == '-'
                || (marks == Marks::Part && matches!(c, '_' | '.' | '/')))
        {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}
