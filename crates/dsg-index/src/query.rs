//! A query's terms, and where a text holds them.

use std::collections::HashSet;

use dsg_core::Span;

use crate::analyzer::Analyzer;
use crate::postings::Postings;
use crate::scan::surfaces;

/// The numbers of the query's terms that the index knows, in order of appearance, with how often each is named.
pub(crate) fn known_terms(query: &str, stemming: bool, postings: &Postings) -> Vec<(usize, u32)> {
    let mut analyzer = Analyzer::new(stemming);
    let mut terms: Vec<(usize, u32)> = Vec::new();
    for surface in surfaces(query) {
        analyzer.terms(surface.text, surface.technical, |term| {
            let Some(number) = postings.term(term.as_bytes()) else {
                return;
            };
            match terms.iter_mut().find(|(known, _)| *known == number) {
                Some((_, times)) => *times += 1,
                None => terms.push((number, 1)),
            }
        });
    }
    terms
}

/// Where `text`, which begins at byte `base` of its document, holds one of the query's terms.
pub(crate) fn highlights(query: &str, stemming: bool, text: &str, base: usize) -> Vec<Span> {
    let mut analyzer = Analyzer::new(stemming);
    let mut wanted: HashSet<String> = HashSet::new();
    for surface in surfaces(query) {
        analyzer.terms(surface.text, surface.technical, |term| {
            wanted.insert(term.to_owned());
        });
    }
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
