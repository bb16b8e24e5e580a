//! Vectors without a model: the index's own terms, hashed.

use std::collections::BTreeMap;

use dsg_core::{Embedder, SeamError};
use xxhash_rust::xxh3::xxh3_64;

use crate::analyzer::Analyzer;
use crate::error::IndexError;
use crate::scan::surfaces;
use crate::vectors::normalise;

/// Signed feature hashing of the terms that BM25 would count, each weighing 1 + ln(how often it occurs), at length 1. Texts are near
/// when they share words; nothing is known of meaning.
#[derive(Debug, Clone)]
pub struct HashedEmbedder {
    id: String,
    dimension: usize,
    stemming: bool,
}

impl HashedEmbedder {
    /// Numbers in a vector unless told otherwise.
    pub const DIMENSION: usize = 512;

    /// An embedder of `dimension` numbers, 16 to 65,536; `stemming` as in [`crate::IndexConfig`].
    ///
    /// # Errors
    /// [`IndexError::Config`] for another dimension.
    pub fn new(dimension: usize, stemming: bool) -> Result<Self, IndexError> {
        IndexError::check_range("dimension", dimension, 16..=65_536, "16 to 65536")?;
        let stems = if stemming { "stems" } else { "words" };
        Ok(Self {
            id: format!("hashed/1/{stems}/{dimension}"),
            dimension,
            stemming,
        })
    }

    fn vector(&self, analyzer: &mut Analyzer, text: &str) -> Vec<f32> {
        // In the order of hashes: sums of floats depend on their order.
        let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
        for surface in surfaces(text) {
            analyzer.terms(surface.text, surface.technical, |term| {
                *counts.entry(xxh3_64(term.as_bytes())).or_default() += 1;
            });
        }
        let mut vector = vec![0.0; self.dimension];
        for (hash, count) in counts {
            self.add(&mut vector, hash, 1.0 + (count as f32).ln());
        }
        if !normalise(&mut vector) {
            // Nothing to count, or all of it cancelled out: a text is at least like itself.
            vector.fill(0.0);
            self.add(&mut vector, xxh3_64(text.trim().as_bytes()), 1.0);
        }
        vector
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "a remainder of a usize fits"
    )]
    fn add(&self, vector: &mut [f32], hash: u64, weight: f32) {
        // The lowest bit is the sign, the others say where.
        let slot = ((hash >> 1) % self.dimension as u64) as usize;
        if let Some(value) = vector.get_mut(slot) {
            *value += if hash & 1 == 0 { weight } else { -weight };
        }
    }
}

impl Embedder for HashedEmbedder {
    fn id(&self) -> &str {
        &self.id
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, SeamError> {
        let mut analyzer = Analyzer::new(self.stemming);
        Ok(texts
            .iter()
            .map(|text| self.vector(&mut analyzer, text))
            .collect())
    }
}
