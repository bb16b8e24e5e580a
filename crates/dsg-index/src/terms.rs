//! Strings stored end to end, numbered in order of appearance.

use xxhash_rust::xxh3::xxh3_64;

/// The hash under which a term is looked up, also on disk.
pub(crate) fn term_hash(term: &[u8]) -> u64 {
    xxh3_64(term)
}

/// Strings end to end. Ids beyond `u32` cannot be addressed on disk; the builder refuses them.
#[derive(Debug, Clone, Default)]
pub(crate) struct TermArena {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl TermArena {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the builder refuses more than u32::MAX bytes of terms"
    )]
    pub(crate) fn push(&mut self, term: &str) -> u32 {
        let id = self.ends.len() as u32;
        self.bytes.extend_from_slice(term.as_bytes());
        self.ends.push(self.bytes.len());
        id
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All terms' bytes, end to end, and where each ends.
    pub(crate) fn parts(&self) -> (&[u8], &[usize]) {
        (&self.bytes, &self.ends)
    }

    pub(crate) fn bytes(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let start = id
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or_default();
        let end = self.ends.get(id).copied().unwrap_or_default();
        self.bytes.get(start..end).unwrap_or_default()
    }

    pub(crate) fn is(&self, id: u32, term: &str) -> bool {
        self.bytes(id) == term.as_bytes()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|id| {
            #[allow(
                clippy::cast_possible_truncation,
                reason = "ids are u32 by construction"
            )]
            let bytes = self.bytes(id as u32);
            std::str::from_utf8(bytes).unwrap_or_default()
        })
    }
}
