//! Text to numbers while an index is built: every surface form is analysed once, every term gets one id.

use hashbrown::HashTable;

use crate::analyzer::Analyzer;
use crate::scan::surfaces;
use crate::terms::{TermArena, term_hash};

/// Surface forms seen so far and the terms they stand for.
pub(crate) struct Vocabulary {
    analyzer: Analyzer,
    surfaces: TermArena,
    surface_ids: HashTable<u32>,
    /// Where in `expansions` each surface's terms end.
    expansion_ends: Vec<usize>,
    expansions: Vec<u32>,
    pub(crate) terms: TermArena,
    term_ids: HashTable<u32>,
}

impl Vocabulary {
    pub(crate) fn new(stemming: bool) -> Self {
        Self {
            analyzer: Analyzer::new(stemming),
            surfaces: TermArena::default(),
            surface_ids: HashTable::new(),
            expansion_ends: Vec::new(),
            expansions: Vec::new(),
            terms: TermArena::default(),
            term_ids: HashTable::new(),
        }
    }

    /// Calls `each` with the id of every term of `text`, in order; repeated terms repeat.
    pub(crate) fn read(&mut self, text: &str, mut each: impl FnMut(u32)) {
        for surface in surfaces(text) {
            let id = self.surface(surface.text, surface.technical);
            let end = self.expansion_ends.get(id).copied().unwrap_or_default();
            let start = id
                .checked_sub(1)
                .and_then(|before| self.expansion_ends.get(before))
                .copied()
                .unwrap_or_default();
            for term in self.expansions.get(start..end).unwrap_or_default() {
                each(*term);
            }
        }
    }

    fn surface(&mut self, text: &str, technical: bool) -> usize {
        let hash = term_hash(text.as_bytes());
        let surfaces = &self.surfaces;
        if let Some(id) = self.surface_ids.find(hash, |id| surfaces.is(*id, text)) {
            return *id as usize;
        }
        let id = self.surfaces.push(text);
        let surfaces = &self.surfaces;
        self.surface_ids
            .insert_unique(hash, id, |id| term_hash(surfaces.bytes(*id)));
        let (terms, term_ids, expansions) =
            (&mut self.terms, &mut self.term_ids, &mut self.expansions);
        self.analyzer.terms(text, technical, |term| {
            expansions.push(intern(terms, term_ids, term));
        });
        self.expansion_ends.push(self.expansions.len());
        id as usize
    }
}

/// The id of `term`, a new one when it was not seen before.
pub(crate) fn intern(terms: &mut TermArena, ids: &mut HashTable<u32>, term: &str) -> u32 {
    let hash = term_hash(term.as_bytes());
    if let Some(id) = ids.find(hash, |id| terms.is(*id, term)) {
        return *id;
    }
    let id = terms.push(term);
    let terms = &*terms;
    ids.insert_unique(hash, id, |id| term_hash(terms.bytes(*id)));
    id
}
