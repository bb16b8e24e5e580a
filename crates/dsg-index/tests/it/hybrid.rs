//! Words and vectors together.

use std::ops::ControlFlow;
use std::sync::Arc;

use dsg_core::{Chunk, Hit, MemoryStore, Reranker, Retriever as _, SeamError};
use dsg_index::{
    Fusion, HashedEmbedder, Hybrid, HybridConfig, IndexError, SearchMode, Surroundings,
    VectorConfig, Vectors, convex, passage, reciprocal_rank,
};
use proptest::prelude::*;

use super::{build, chunk, slurm};

fn hybrid(chunks: Vec<Chunk>, config: HybridConfig) -> Hybrid {
    let index = build(chunks);
    let embedder = HashedEmbedder::new(256, true).unwrap();
    let go = |_| ControlFlow::Continue(());
    let vectors = Vectors::embed(&index, &embedder, &VectorConfig::default(), 1, go);
    Hybrid::new(index, vectors.unwrap().unwrap(), Arc::new(embedder), config).unwrap()
}

fn hit(position: usize, score: f32) -> Hit {
    Hit { position, score }
}

fn positions(hits: &[Hit]) -> Vec<usize> {
    hits.iter().map(|hit| hit.position).collect()
}

#[test]
fn every_mode_finds_the_chunk_and_each_ranks_by_its_own_score() {
    for mode in [SearchMode::Bm25, SearchMode::Vector, SearchMode::Hybrid] {
        for fusion in [Fusion::Rrf, Fusion::Convex] {
            let config = HybridConfig {
                mode,
                fusion,
                ..HybridConfig::default()
            };
            let hybrid = hybrid(slurm(), config);
            let hits = hybrid.search("ask for a gpu with sbatch", 2).unwrap();
            assert_eq!(hits[0].position, 0, "{mode:?} {fusion:?}");
            assert!(hits.is_sorted_by(|a, b| a.score >= b.score));
            let shown = hybrid.search_highlighted("--gres", 1).unwrap();
            let matched = shown[0].chunk.slice(shown[0].highlights[0]);
            assert_eq!(matched, Some("--gres=gpu:2"));
        }
    }
}

#[test]
fn a_filter_holds_for_both_rankings() {
    let hybrid = hybrid(slurm(), HybridConfig::default());
    let hits = hybrid
        .rank("sbatch gpu file systems", 9, Some(&|at| at != 0))
        .unwrap();
    assert!(!hits.is_empty() && hits.iter().all(|hit| hit.position != 0));
}

#[test]
fn what_both_rankings_have_comes_first() {
    let words = [hit(1, 9.0), hit(2, 6.0), hit(3, 1.0)];
    let near = [hit(2, 0.9), hit(4, 0.6), hit(1, 0.2)];
    assert_eq!(
        positions(&reciprocal_rank(&[&words, &near], 60)),
        [2, 1, 4, 3]
    );
    let mixed = convex(&words, &near, 0.5, |position| {
        (position == 3).then_some(0.1)
    });
    assert_eq!(positions(&mixed), [2, 1, 4, 3]);
    assert!((mixed[0].score - (0.5 + 0.5 * 6.0 / 9.0)).abs() < 1e-6);
    // All of one side.
    assert_eq!(
        positions(&convex(&words, &near, 0.0, |_| None))[..2],
        [1, 2]
    );
    assert_eq!(
        positions(&convex(&words, &near, 1.0, |_| None))[..2],
        [2, 4]
    );
    assert_eq!(positions(&convex(&words, &[], 0.5, |_| None)), [1, 2, 3]);
    assert_eq!(positions(&convex(&[], &near, 0.5, |_| None)), [2, 4, 1]);
}

#[test]
fn impossible_settings_are_named() {
    let vectors = |config: HybridConfig| config.validate().unwrap_err();
    let error = vectors(HybridConfig {
        vector_weight: 1.5,
        ..HybridConfig::default()
    });
    assert!(matches!(
        error,
        IndexError::Config {
            field: "vector_weight",
            ..
        }
    ));
    let error = vectors(HybridConfig {
        diversity: f32::NAN,
        ..HybridConfig::default()
    });
    assert!(matches!(
        error,
        IndexError::Config {
            field: "diversity",
            ..
        }
    ));
}

#[test]
fn copies_of_a_hit_give_way_to_something_else() {
    let text = "Ask for two GPUs in a batch job with the option gres.";
    let mut chunks: Vec<Chunk> = (0..3).map(|n| chunk(&format!("a#{n:04}"), text)).collect();
    chunks.push(chunk(
        "b#0000",
        "A batch job may also ask for GPUs by their type.",
    ));
    let plain = hybrid(chunks, HybridConfig::default());
    let query = "batch job GPUs option";
    assert_eq!(positions(&plain.search(query, 2).unwrap()), [0, 1]);
    let config = HybridConfig {
        diversity: 0.7,
        ..HybridConfig::default()
    };
    let hits = plain.with_config(config).unwrap().search(query, 4).unwrap();
    assert_eq!(positions(&hits)[..2], [0, 3]);
    assert_eq!(hits.len(), 4);
    assert!(hits.is_sorted_by(|a, b| a.score >= b.score));
}

#[test]
fn neighbours_and_parents_are_joined_on_demand() {
    let headed = |id: &str, path: &[&str]| Chunk {
        heading_path: path.iter().map(|&heading| heading.to_owned()).collect(),
        ..chunk(id, id)
    };
    let store = MemoryStore(vec![
        headed("z#0000", &["Z"]),
        headed("a#0000", &["A"]),
        headed("a#0001", &["A", "One"]),
        headed("a#0002", &["A", "One"]),
        headed("a#0003", &["A", "One", "Deep"]),
        headed("a#0004", &["A", "Two"]),
        headed("a#0005", &["A", "Two", "Deep"]),
        headed("b#0000", &["B"]),
    ]);
    let ids = |chunks: &[Chunk]| -> Vec<String> {
        chunks
            .iter()
            .map(|chunk| chunk.chunk_id.to_string())
            .collect()
    };
    let around = |position, neighbours, parents| {
        let wanted = Surroundings {
            neighbours,
            parents,
        };
        passage(&store, position, wanted).unwrap()
    };
    let deep = around(4, 0, true).unwrap();
    assert_eq!(
        (ids(&deep.parents), deep.hit),
        (vec!["a#0000".into(), "a#0001".into()], 0)
    );
    let last = around(6, 1, true).unwrap();
    assert_eq!(ids(&last.chunks), ["a#0004", "a#0005"]);
    assert_eq!((ids(&last.parents), last.hit), (vec!["a#0000".into()], 1));
    let first = around(1, 2, true).unwrap();
    assert_eq!(ids(&first.chunks), ["a#0000", "a#0001", "a#0002"]);
    assert_eq!((first.parents.len(), first.hit), (0, 0));
    assert_eq!(around(99, 1, true), None);
}

proptest! {
    #[test]
    fn fused_ranks_are_a_function_of_the_ranks(
        words in proptest::collection::btree_set(0_usize..30, 0..20),
        near in proptest::collection::btree_set(0_usize..30, 0..20),
        k in 1_u32..100,
    ) {
        // All scores tie: only ranks and positions may decide.
        let ranking = |of: &std::collections::BTreeSet<usize>| -> Vec<Hit> {
            of.iter().rev().map(|at| hit(*at, 1.0)).collect()
        };
        let (words, near) = (ranking(&words), ranking(&near));
        let fused = reciprocal_rank(&[&words, &near], k);
        prop_assert_eq!(&fused, &reciprocal_rank(&[&near, &words], k));
        let mut expected: Vec<(f64, usize)> = (0..30)
            .filter_map(|at| {
                let of = |ranking: &[Hit]| {
                    let rank = ranking.iter().position(|hit| hit.position == at);
                    rank.map(|rank| 1.0 / (f64::from(k) + rank as f64 + 1.0))
                };
                let (a, b) = (of(&words), of(&near));
                (a.is_some() || b.is_some()).then(|| (a.unwrap_or(0.0) + b.unwrap_or(0.0), at))
            })
            .collect();
        expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let expected: Vec<usize> = expected.into_iter().map(|(_, at)| at).collect();
        prop_assert_eq!(positions(&fused), expected);
    }
}

/// Gives each text the number after `worth` in it.
struct Marks(Option<f32>);

impl Reranker for Marks {
    fn id(&self) -> &'static str {
        "marks"
    }

    fn scores(&self, _query: &str, texts: &[&str]) -> Result<Vec<f32>, SeamError> {
        let mark = |text: &&str| {
            let (_, mark) = text.split_once("worth ").unwrap();
            self.0.unwrap_or_else(|| mark.parse().unwrap())
        };
        Ok(texts.iter().map(mark).collect())
    }
}

#[test]
fn a_reranker_orders_the_best_hits_and_the_others_follow_as_they_were() {
    let texts = [
        "gpu gpu gpu worth 1",
        "gpu gpu worth 3",
        "gpu worth 2",
        "a gpu and much else worth 9",
    ];
    let chunks: Vec<Chunk> = texts
        .iter()
        .zip(["a#0", "a#1", "a#2", "a#3"])
        .map(|(text, id)| chunk(id, text))
        .collect();
    let config = |rerank| HybridConfig {
        mode: SearchMode::Bm25,
        rerank,
        ..HybridConfig::default()
    };
    let plain = positions(&hybrid(chunks.clone(), config(3)).search("gpu", 4).unwrap());
    let reranked = |rerank, k| {
        let hybrid = hybrid(chunks.clone(), config(rerank)).with_reranker(Arc::new(Marks(None)));
        hybrid.search("gpu", k).unwrap()
    };
    let hits = reranked(4, 4);
    assert_eq!(positions(&hits), [3, 1, 2, 0]);
    assert!(hits.iter().all(|hit| (0.5..=1.0).contains(&hit.score)));
    // What is read does not depend on how many are asked for.
    assert_eq!(positions(&reranked(4, 1)), [3]);
    let hits = reranked(2, 4);
    assert_eq!(positions(&hits)[2..], plain[2..]);
    assert!(hits.is_sorted_by(|a, b| a.score >= b.score) && hits[2].score < 0.0);
}

#[test]
fn a_reranker_whose_scores_are_no_numbers_is_told_of() {
    let broken = Arc::new(Marks(Some(f32::NAN)));
    let hybrid = hybrid(vec![chunk("a#0", "gpu worth 1")], HybridConfig::default());
    let error = hybrid
        .with_reranker(broken)
        .rank("gpu", 1, None)
        .unwrap_err();
    assert!(matches!(error, IndexError::Scores { .. }), "{error}");
}
