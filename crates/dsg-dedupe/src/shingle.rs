//! Texts as sets of hashed word n-grams.

use xxhash_rust::xxh3::xxh3_64;

use crate::words::for_each_word;

/// Hash of one word or key.
pub(crate) fn hash_word(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

/// Mixes two 64-bit values into one; order matters.
pub(crate) const fn mix(a: u64, b: u64) -> u64 {
    let product =
        ((a ^ 0x9e37_79b9_7f4a_7c15) as u128).wrapping_mul((b ^ 0xe703_7ed1_a0b4_28db) as u128 | 1);
    #[allow(
        clippy::cast_possible_truncation,
        reason = "folding both halves is the point"
    )]
    let folded = (product as u64) ^ ((product >> 64) as u64);
    folded.wrapping_mul(0xff51_afd7_ed55_8ccd) ^ (folded >> 29)
}

/// A set of 64-bit hashes, sorted, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashSet64(Vec<u64>);

impl HashSet64 {
    /// The hashes as a sorted slice.
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Elements of both sets.
    pub fn common(&self, other: &Self) -> usize {
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common = 0;
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            match x.cmp(y) {
                std::cmp::Ordering::Less => {
                    a.next();
                }
                std::cmp::Ordering::Greater => {
                    b.next();
                }
                std::cmp::Ordering::Equal => {
                    common += 1;
                    a.next();
                    b.next();
                }
            }
        }
        common
    }

    /// Jaccard similarity, `|A ∩ B| / |A ∪ B|`; 0 when both are empty, since nothing says that they are alike.
    pub fn jaccard(&self, other: &Self) -> f64 {
        let common = self.common(other);
        let union = self.len() + other.len() - common;
        if union == 0 {
            0.0
        } else {
            common as f64 / union as f64
        }
    }
}

impl FromIterator<u64> for HashSet64 {
    fn from_iter<I: IntoIterator<Item = u64>>(hashes: I) -> Self {
        let mut hashes: Vec<u64> = hashes.into_iter().collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }
}

/// The word `n`-grams of `text` as hashes. A text of fewer than `n` words is one shingle of all its words.
pub fn shingles(text: &str, n: usize) -> HashSet64 {
    let mut hashes: Vec<u64> = Vec::with_capacity(text.len() / 6);
    for_each_word(text, |word| hashes.push(hash_word(word)));
    let n = n.clamp(1, hashes.len().max(1));
    hashes
        .windows(n)
        .map(|window| window.iter().fold(0, |seen, word| mix(seen, *word)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jaccard_counts_shared_shingles() {
        let (a, b) = (shingles("a b c d", 2), shingles("a b c x", 2));
        assert_eq!((a.len(), a.common(&b)), (3, 2));
        assert!((a.jaccard(&b) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn word_order_matters_and_short_texts_have_one_shingle() {
        assert_ne!(shingles("a b", 2), shingles("b a", 2));
        assert_eq!(shingles("one two", 3).len(), 1);
        assert!(shingles(" … ", 3).is_empty());
        assert!((HashSet64::default().jaccard(&HashSet64::default())).abs() < 1e-12);
    }
}
