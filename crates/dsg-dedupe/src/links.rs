//! Locality-sensitive hashing of a whole batch at once.

use rayon::prelude::*;

/// No earlier entry.
const NONE: u32 = u32::MAX;
/// Entries whose keys are turned over at a time.
const BLOCK: usize = 128;

/// For each entry of a batch, the earlier entries that share a band key with it: what an
/// [`LshIndex`](crate::LshIndex) answers when entries are inserted one by one, found band by band in parallel and with
/// memory access that stays in cache. Memory is 4 bytes per entry and band.
#[derive(Debug, Clone)]
pub struct BandLinks {
    /// Per band and entry, the latest earlier entry with the same key.
    bands: Vec<Vec<u32>>,
}

impl BandLinks {
    /// Links the entries of a batch by their keys: `bands` keys per entry, entry after entry. A batch holds at most
    /// 2³² - 1 entries; later ones are linked to nothing.
    pub fn new(keys: &[u64], bands: usize) -> Self {
        let entries = keys.len().checked_div(bands).unwrap_or(0);
        let mut columns: Vec<Vec<u64>> = (0..bands).map(|_| Vec::with_capacity(entries)).collect();
        // Turned over in blocks that stay in cache.
        for block in keys.chunks(BLOCK * bands.max(1)) {
            for (band, column) in columns.iter_mut().enumerate() {
                column.extend(block.iter().skip(band).step_by(bands));
            }
        }
        Self {
            bands: columns
                .into_par_iter()
                .map(|column| link(&column))
                .collect(),
        }
    }

    /// The earlier entries for which `counts` holds and that share a key with `entry`, found band by band as they are
    /// asked for. An entry that shares several keys comes several times.
    ///
    /// Ask for entries in ascending order and with a `counts` that never changes for an entry once asked about: links
    /// through entries that do not count are cut on the way, so that a group of a thousand copies costs a thousand steps
    /// and not a million.
    pub fn earlier<'a>(
        &'a mut self,
        entry: usize,
        counts: impl Fn(usize) -> bool + 'a,
    ) -> impl Iterator<Item = usize> + 'a {
        let mut band = 0;
        let mut next = NONE;
        std::iter::from_fn(move || {
            loop {
                if next == NONE {
                    let links = self.bands.get_mut(band)?;
                    band += 1;
                    next = counting(links, entry, &counts);
                    if let Some(slot) = links.get_mut(entry).filter(|slot| **slot != next) {
                        *slot = next;
                    }
                } else {
                    let found = next as usize;
                    next = counting(self.bands.get(band - 1)?, found, &counts);
                    return Some(found);
                }
            }
        })
    }
}

/// The nearest earlier entry of a band that counts.
fn counting(links: &[u32], entry: usize, counts: impl Fn(usize) -> bool) -> u32 {
    let link = |entry: usize| links.get(entry).copied().unwrap_or(NONE);
    let mut next = link(entry);
    while next != NONE && !counts(next as usize) {
        next = link(next as usize);
    }
    next
}

/// Per position, the latest earlier position with the same key. An open-addressing table whose slots hold the upper half of
/// the key beside the position, so that a probe is one access to memory. Two of 2³² keys that share that half would be
/// linked, too; whoever follows a link compares anyway.
fn link(column: &[u64]) -> Vec<u32> {
    const FREE: u64 = u64::MAX;
    // A quarter of the slots stay free at least.
    let slots = (column.len() * 4 / 3 + 1).next_power_of_two();
    let mask = slots - 1;
    let mut table = vec![FREE; slots];
    (0_u32..NONE)
        .zip(column)
        .map(|(position, key)| {
            let half = key >> 32;
            // Keys are hashes: their lower bits are as good as any.
            #[allow(
                clippy::cast_possible_truncation,
                reason = "masked to the table's size"
            )]
            let mut slot = *key as usize & mask;
            while let Some(held) = table.get_mut(slot) {
                if *held == FREE || *held >> 32 == half {
                    let before = std::mem::replace(held, half << 32 | u64::from(position));
                    return u32::try_from(before & u64::from(u32::MAX)).unwrap_or(NONE);
                }
                slot = (slot + 1) & mask;
            }
            NONE
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_linked_to_earlier_ones_of_any_band() {
        let mut links = BandLinks::new(&[1, 9, 2, 8, 1, 8, 3, 7, 1, 8], 2);
        let all: Vec<Vec<usize>> = (0..5)
            .map(|entry| links.earlier(entry, |_| true).collect())
            .collect();
        assert_eq!(all, [vec![], vec![], vec![0, 1], vec![], vec![2, 0, 2, 1]]);
    }

    #[test]
    fn entries_that_do_not_count_are_passed_over() {
        let mut links = BandLinks::new(&[5; 6], 1);
        let all: Vec<Vec<usize>> = (0..6)
            .map(|entry| links.earlier(entry, |e| e == 0).collect())
            .collect();
        assert_eq!(all, [vec![], vec![0], vec![0], vec![0], vec![0], vec![0]]);
    }

    #[test]
    fn an_empty_batch_has_no_links() {
        assert_eq!(BandLinks::new(&[], 4).earlier(0, |_| true).next(), None);
        assert_eq!(BandLinks::new(&[], 0).earlier(0, |_| true).next(), None);
    }
}
