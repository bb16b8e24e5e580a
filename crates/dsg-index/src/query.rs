//! A query's terms, and where a text holds them.

use std::collections::HashSet;

use dsg_core::Span;

use crate::analyzer::{Analyzer, has_humps};
use crate::postings::Postings;
use crate::scan::surfaces;

/// The terms that `text` is counted under, in order, repeated ones included: what an index makes of a chunk's text or a query.
/// `stemming` as in [`IndexConfig`](crate::IndexConfig).
///
/// ```
/// assert_eq!(dsg_index::terms("Submitting with --gres=gpu:2", true), ["submit", "--gres=gpu:2", "--gres", "gres", "gpu", "2"]);
/// ```
pub fn terms(text: &str, stemming: bool) -> Vec<String> {
    let mut analyzer = Analyzer::new(stemming);
    let mut terms = Vec::new();
    for surface in surfaces(text) {
        analyzer.terms(surface.text, surface.technical, |term| {
            terms.push(term.to_owned());
        });
    }
    terms
}

/// The numbers of the query's terms that the index knows, in order of appearance, with how often the query names each.
pub(crate) fn known_terms(query: &str, stemming: bool, postings: &Postings) -> Vec<(usize, u32)> {
    let mut terms: Vec<(usize, u32)> = Vec::new();
    read(query, stemming, postings, |number, _| {
        match terms.iter_mut().find(|(known, _)| *known == number) {
            Some((_, times)) => *times += 1,
            None => terms.push((number, 1)),
        }
    });
    terms
}

/// Where `text`, which begins at byte `base` of its document, holds one of the query's terms.
pub(crate) fn highlights(
    query: &str,
    stemming: bool,
    postings: &Postings,
    text: &str,
    base: usize,
) -> Vec<Span> {
    let mut wanted: HashSet<String> = HashSet::new();
    read(query, stemming, postings, |_, term| {
        wanted.insert(term.to_owned());
    });
    let mut analyzer = Analyzer::new(stemming);
    surfaces(text)
        .filter(|surface| {
            let mut found = false;
            analyzer.terms(surface.text, surface.technical, |term| {
                found |= wanted.contains(term);
            });
            found
        })
        .map(|surface| Span::of_len(base + surface.start, surface.text.len()))
        .collect()
}

/// Calls `each` with every term of the query that the index knows.
fn read(query: &str, stemming: bool, postings: &Postings, mut each: impl FnMut(usize, &str)) {
    let mut analyzer = Analyzer::new(stemming);
    for surface in surfaces(query) {
        // `MaxJobCount` asks for that name; its words are for texts that say it in words. Counted together they would
        // outweigh the rest of the query.
        let named = has_humps(surface.text)
            && surface
                .text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric());
        let mut settled = false;
        analyzer.terms(surface.text, surface.technical, |term| {
            if settled {
                return;
            }
            // The whole name comes first.
            let number = postings.term(term.as_bytes());
            settled = named && number.is_some() && term.len() == surface.text.len();
            if let Some(number) = number {
                each(number, term);
            }
        });
    }
}
