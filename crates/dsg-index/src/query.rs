//! A query's terms, and where a text holds them.

use std::collections::HashSet;

use dsg_core::Span;

use crate::analyzer::{Analyzer, has_humps};
use crate::postings::Postings;
use crate::scan::surfaces;

/// What a query asks for.
#[derive(Debug, Default)]
pub(crate) struct Query {
    /// The numbers of the terms that the index knows, in order of appearance, with how often the query names each.
    pub(crate) terms: Vec<(usize, u32)>,
    /// The terms themselves.
    wanted: HashSet<String>,
}

impl Query {
    pub(crate) fn new(query: &str, stemming: bool, postings: &Postings) -> Self {
        let mut analyzer = Analyzer::new(stemming);
        let mut read = Self::default();
        for surface in surfaces(query) {
            // `MaxJobCount` asks for that name; its words are for texts that say it in words. Counted together they would
            // outweigh the rest of the query.
            let named = !surface.text.contains(|c: char| !c.is_ascii_alphanumeric())
                && has_humps(surface.text);
            let mut whole_known = false;
            let mut first = true;
            analyzer.terms(surface.text, surface.technical, |term| {
                if whole_known {
                    return;
                }
                let number = postings.term(term.as_bytes());
                whole_known = named && first && number.is_some();
                first = false;
                if let Some(number) = number {
                    read.add(number, term);
                }
            });
        }
        read
    }

    fn add(&mut self, number: usize, term: &str) {
        if let Some((_, times)) = self.terms.iter_mut().find(|(known, _)| *known == number) {
            *times += 1;
        } else {
            self.terms.push((number, 1));
            self.wanted.insert(term.to_owned());
        }
    }

    /// Where `text`, which begins at byte `base` of its document, holds one of the terms.
    pub(crate) fn highlights(&self, stemming: bool, text: &str, base: usize) -> Vec<Span> {
        let mut analyzer = Analyzer::new(stemming);
        surfaces(text)
            .filter(|surface| {
                let mut found = false;
                analyzer.terms(surface.text, surface.technical, |term| {
                    found |= self.wanted.contains(term);
                });
                found
            })
            .map(|surface| Span::of_len(base + surface.start, surface.text.len()))
            .collect()
    }
}
