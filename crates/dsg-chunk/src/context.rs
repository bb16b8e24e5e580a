//! The headings above a chunk.

use dsg_core::{Document, Markup};

use crate::piece::Section;
use crate::plain::plain;

/// For each section: the document's title, then the headings down to it, as plain text.
pub(crate) fn heading_paths(document: &Document, sections: &[Section]) -> Vec<Vec<String>> {
    let markup = document.source.format.markup();
    let title = document.title.trim();
    let mut paths: Vec<Vec<String>> = Vec::with_capacity(sections.len());
    for (index, section) in sections.iter().enumerate() {
        if index == 0 {
            paths.push(if title.is_empty() {
                Vec::new()
            } else {
                vec![title.to_owned()]
            });
            continue;
        }
        let mut path = paths.get(section.parent).cloned().unwrap_or_default();
        let label = section
            .label
            .and_then(|label| label.slice(&document.text))
            .map(|label| plain(label, markup))
            .unwrap_or_default();
        // The first heading usually is the title; once is enough.
        let repeats = path.len() == 1 && same(&label, &path, markup);
        if !label.is_empty() && !repeats {
            path.push(label);
        }
        paths.push(path);
    }
    paths
}

fn same(label: &str, path: &[String], markup: Markup) -> bool {
    path.last().is_some_and(|last| {
        last.eq_ignore_ascii_case(label) || plain(last, markup).eq_ignore_ascii_case(label)
    })
}
