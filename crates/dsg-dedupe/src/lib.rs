//! Removal of exact, near and semantic duplicates and of what repeats a benchmark, balancing to quotas, and a split into train and eval
//! that cannot leak.
//!
//! # Vocabulary
//! - A *shingle* is an n-gram of words; a text is compared as the set of its shingles ([`shingles`]).
//! - A [`Sketch`] estimates the Jaccard similarity of two sets; an [`LshIndex`] finds sketches that are probably alike.
//!   What it finds is then compared exactly.
//! - The *meaning guard* keeps apart what looks alike and is not: texts that differ in a flag, a number, a negation or an
//!   opposite are never duplicates.
//! - A *semantic* duplicate is found by vectors ([`TextVectors`]) that the caller brings; the meaning guard holds for it, too.
//! - *Contaminated* is what repeats a benchmark: a run of 13 words, or a question ([`Decontaminator`]).
//! - A *document cluster* is a group of documents with the same wording; the split moves clusters, never items.
//!
//! ```
//! use dsg_dedupe::{LshIndex, LshParams, MinHasher, shingles};
//!
//! let hasher = MinHasher::new(128, 42)?;
//! let params = LshParams::for_threshold(0.5, 128, 0.99)?;
//! let mut index = LshIndex::with_capacity(params, 2);
//! let sketch = |text| hasher.sketch(shingles(text, 2).as_slice());
//!
//! let first = sketch("sbatch submits a batch script to the scheduler");
//! index.insert(0, params.keys(&first, 0));
//! let second = sketch("sbatch submits a batch script to the Slurm scheduler");
//! assert_eq!(index.candidates(params.keys(&second, 0)), [0]);
//! assert!(first.similarity(&second) > 0.5);
//! # Ok::<(), dsg_dedupe::DedupeError>(())
//! ```

mod assign;
mod balance;
mod cluster;
mod config;
mod decontaminate;
mod dedup;
mod error;
mod lexicon;
mod links;
mod lsh;
mod meaning;
mod minhash;
mod ngram;
mod overlap;
mod questions;
mod reason;
mod semantic;
mod shingle;
mod split;
mod vectors;
mod words;

pub use balance::{Balanced, Balancer, Coverage, TopicCoverage};
pub use cluster::cluster_documents;
pub use config::{BalanceConfig, DedupeConfig, SemanticConfig, SplitConfig};
pub use decontaminate::{BenchmarkRow, Decontaminator};
pub use dedup::{Deduped, Deduper};
pub use error::DedupeError;
pub use links::BandLinks;
pub use lsh::{KeyHasher, LshIndex, LshParams};
pub use meaning::question_similarity;
pub use minhash::{MinHasher, Sketch};
pub use ngram::{NgramIndex, SharedRun};
pub use overlap::verify_split;
pub use reason::DedupeReason;
pub use shingle::{HashSet64, shingles};
pub use split::{SideCounts, Split, Splitter};
pub use vectors::TextVectors;
pub use words::{normalized, words};
