//! Vectors: near is near, the same on every run, and no surprise from a file.

use std::fs;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use dsg_core::{Embedder, Hit, SeamError};
use dsg_index::{Cached, HashedEmbedder, Index, IndexError, VectorCache, VectorConfig, Vectors};
use proptest::prelude::*;

use super::{build, chunk, slurm};

fn hashed() -> HashedEmbedder {
    HashedEmbedder::new(HashedEmbedder::DIMENSION, true).unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum()
}

/// Unit vectors that depend on nothing but their number.
pub(super) fn unit_vectors(count: usize, dimension: usize) -> Vec<Vec<f32>> {
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 33) as f32 / (1_u64 << 31) as f32) - 0.5
    };
    (0..count)
        .map(|_| {
            let vector: Vec<f32> = (0..dimension).map(|_| next()).collect();
            let length = cosine(&vector, &vector).sqrt() as f32;
            vector.iter().map(|number| number / length).collect()
        })
        .collect()
}

pub(super) fn of_rows(rows: &[Vec<f32>], config: &VectorConfig, seed: u64) -> Vectors {
    let dimension = rows[0].len();
    Vectors::from_rows(
        "test",
        dimension,
        rows.iter().map(Vec::as_slice),
        config,
        seed,
    )
    .unwrap()
}

fn embedded(index: &Index, embedder: &dyn Embedder) -> Vectors {
    Vectors::embed(index, embedder, &VectorConfig::default(), 1, |_| {
        ControlFlow::Continue(())
    })
    .unwrap()
    .unwrap()
}

#[test]
fn hashed_vectors_are_near_when_words_are_shared() {
    let embedder = hashed();
    let texts = [
        "Ask for GPUs with --gres=gpu:2",
        "asking for a GPU: --gres=gpu:2",
        "File systems are mounted at boot",
        "",
        "the of and",
    ];
    let vectors = embedder.embed(&texts).unwrap();
    for vector in &vectors {
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-5);
    }
    assert!(cosine(&vectors[0], &vectors[1]) > 0.8);
    assert!(cosine(&vectors[0], &vectors[2]).abs() < 0.3);
    assert_eq!(vectors, embedder.embed(&texts).unwrap());
    assert!(matches!(
        HashedEmbedder::new(3, true),
        Err(IndexError::Config {
            field: "dimension",
            ..
        })
    ));
}

#[test]
fn the_nearest_chunk_is_the_one_about_it() {
    let mut chunks = slurm();
    // A heading alone is no evidence.
    let mut heading = chunk("gpu#0000", "GPUs");
    heading.kinds = vec!["heading".into()];
    chunks.insert(0, heading);
    let index = build(chunks);
    let embedder = hashed();
    let vectors = embedded(&index, &embedder);
    assert_eq!((vectors.len(), vectors.vector(0)), (4, None));
    let query = embedder.embed_query("GPUs with sbatch").unwrap();
    let hits = vectors.nearest(&query, 9, None).unwrap();
    assert_eq!((hits[0].position, hits.len()), (1, 4));
    let others = vectors
        .nearest(&query, 9, Some(&|position| position > 1))
        .unwrap();
    assert!(others.iter().all(|hit| hit.position > 1) && others.len() == 3);
}

#[test]
fn who_is_asked_to_stop_stops() {
    let index = build(slurm());
    let config = VectorConfig::default();
    let stopped = Vectors::embed(&index, &hashed(), &config, 1, |_| ControlFlow::Break(()));
    assert_eq!(stopped.unwrap(), None);
}

#[test]
fn vectors_come_back_from_disk_and_only_to_their_index_and_embedder() {
    let folder = tempfile::tempdir().unwrap();
    build(slurm()).save(folder.path(), "one").unwrap();
    let index = Index::open(folder.path()).unwrap();
    let embedder = hashed();
    let vectors = embedded(&index, &embedder);
    vectors.save(folder.path(), "one").unwrap();
    assert!(Vectors::are_in(folder.path()));
    assert_eq!(Vectors::embedder_in(folder.path()).unwrap(), embedder.id());
    assert_eq!(
        Vectors::open(folder.path(), &index, &embedder).unwrap(),
        vectors
    );

    let other = HashedEmbedder::new(64, true).unwrap();
    assert!(matches!(
        Vectors::open(folder.path(), &index, &other),
        Err(IndexError::Embedder { .. })
    ));
    vectors.save(folder.path(), "another index").unwrap();
    assert!(matches!(
        Vectors::open(folder.path(), &index, &embedder),
        Err(IndexError::Fingerprint { .. })
    ));
    Vectors::remove(folder.path()).unwrap();
    assert!(!Vectors::are_in(folder.path()));
}

#[test]
fn damage_is_noticed_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    build(slurm()).save(folder.path(), "one").unwrap();
    let index = Index::open(folder.path()).unwrap();
    let embedder = HashedEmbedder::new(16, true).unwrap();
    embedded(&index, &embedder)
        .save(folder.path(), "one")
        .unwrap();
    let path = folder.path().join("vectors.bin");
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x40;
        fs::write(&path, &bad).unwrap();
        let error = Vectors::open(folder.path(), &index, &embedder).unwrap_err();
        assert!(
            matches!(
                error,
                IndexError::Damaged { .. } | IndexError::Version { .. }
            ),
            "{at}: {error}"
        );
    }
    fs::write(&path, &good[..good.len() - 1]).unwrap();
    let error = Vectors::open(folder.path(), &index, &embedder).unwrap_err();
    assert!(
        error.to_string().contains("build the index again"),
        "{error}"
    );
    let manifest = folder.path().join("vectors.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&path, &good).unwrap();
    fs::write(&manifest, text.replace("\"format\": 1", "\"format\": 9")).unwrap();
    assert!(matches!(
        Vectors::open(folder.path(), &index, &embedder),
        Err(IndexError::Version { found: 9, .. })
    ));
}

#[test]
fn what_is_no_vector_is_refused() {
    let config = VectorConfig::default();
    let of = |rows: &[Vec<f32>]| {
        Vectors::from_rows("test", 2, rows.iter().map(Vec::as_slice), &config, 1)
    };
    assert!(matches!(
        of(&[vec![1.0, 0.0], vec![f32::NAN, 1.0]]),
        Err(IndexError::NotFinite { at: 1 })
    ));
    assert!(matches!(
        of(&[vec![1.0]]),
        Err(IndexError::Dimension {
            found: 1,
            expected: 2
        })
    ));
    assert!(matches!(
        of(&[vec![3.0, 4.0]]),
        Err(IndexError::Length { at: 0, .. })
    ));
    let vectors = of(&[vec![0.6, 0.8]]).unwrap();
    assert!(matches!(
        vectors.nearest(&[1.0, 0.0, 0.0], 1, None),
        Err(IndexError::Dimension {
            found: 3,
            expected: 2
        })
    ));
    assert!(matches!(
        vectors.nearest(&[f32::INFINITY, 0.0], 1, None),
        Err(IndexError::NotFinite { .. })
    ));
}

/// Counts how many texts it is asked for.
struct Counting(HashedEmbedder, AtomicUsize);

impl Embedder for Counting {
    fn id(&self) -> &str {
        self.0.id()
    }

    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, SeamError> {
        self.1.fetch_add(texts.len(), Ordering::Relaxed);
        self.0.embed(texts)
    }
}

#[test]
fn a_text_is_embedded_once_and_a_torn_cache_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let inner = Counting(hashed(), AtomicUsize::new(0));
        Cached::open(inner, folder.path()).unwrap()
    };
    let expected = hashed().embed(&["a queue", "a job", "a node"]).unwrap();
    {
        let cached = open();
        assert_eq!(cached.embed(&["a queue", "a job"]).unwrap(), expected[..2]);
        assert!(matches!(
            VectorCache::open(folder.path(), &hashed()),
            Err(IndexError::CacheInUse { .. })
        ));
    }
    let file = fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    assert_eq!(
        VectorCache::open(folder.path(), &hashed()).unwrap().len(),
        2
    );
    // Killed while the second record was written.
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 5]).unwrap();
    assert_eq!(
        VectorCache::open(folder.path(), &hashed()).unwrap().len(),
        1
    );
    let cached = open();
    assert_eq!(
        cached.embed(&["a queue", "a job", "a node"]).unwrap(),
        expected
    );
    assert_eq!(
        cached.embed(&["a node", "a queue"]).unwrap()[0],
        expected[2]
    );
    drop(cached);
    assert_eq!(
        VectorCache::open(folder.path(), &hashed()).unwrap().len(),
        3
    );
    // Another kind of file under its name.
    fs::write(&file, "x".repeat(200)).unwrap();
    assert!(matches!(
        VectorCache::open(folder.path(), &hashed()),
        Err(IndexError::Damaged { .. })
    ));
}

#[test]
fn the_cache_asks_only_for_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let asked = |texts: &[&str]| {
        let inner = Counting(hashed(), AtomicUsize::new(0));
        let cached = Cached::open(inner, folder.path()).unwrap();
        cached.embed(texts).unwrap();
        cached.inner().1.load(Ordering::Relaxed)
    };
    assert_eq!(asked(&["a", "b"]), 2);
    assert_eq!(asked(&["b", "c", "a"]), 1);
}

proptest! {
    #[test]
    fn below_the_threshold_search_is_exact(
        count in 1_usize..60,
        dimension in 2_usize..40,
        k in 0_usize..70,
    ) {
        let rows = unit_vectors(count + 1, dimension);
        let (query, rows) = rows.split_first().unwrap();
        let vectors = of_rows(rows, &VectorConfig::default(), 1);
        let hits: Vec<Hit> = vectors.nearest(query, k, None).unwrap();
        let mut all: Vec<f64> = rows.iter().map(|row| cosine(query, row)).collect();
        all.sort_by(|a, b| b.total_cmp(a));
        prop_assert_eq!(hits.len(), k.min(count));
        for (hit, expected) in hits.iter().zip(all) {
            prop_assert!((f64::from(hit.score) - expected).abs() < 1e-5);
            prop_assert!((cosine(query, &rows[hit.position]) - expected).abs() < 1e-5);
        }
    }
}

#[cfg(feature = "hnsw")]
mod graph {
    use super::*;

    const CONFIG: VectorConfig = VectorConfig {
        exact_below: 100,
        connections: 12,
        build_breadth: 80,
        search_breadth: 64,
    };

    #[test]
    fn a_graph_finds_most_of_the_nearest_the_same_on_every_build() {
        let rows = unit_vectors(2_050, 24);
        let (queries, rows) = rows.split_at(50);
        let vectors = of_rows(rows, &CONFIG, 1);
        assert!(vectors.has_graph());
        assert_eq!(vectors, of_rows(rows, &CONFIG, 1));
        assert_ne!(vectors, of_rows(rows, &CONFIG, 2));
        let mut found = 0;
        for query in queries {
            let exact = vectors.nearest_exactly(query, 10, None).unwrap();
            let hits = vectors.nearest(query, 10, None).unwrap();
            assert_eq!(hits.len(), 10);
            assert!(hits.is_sorted_by(|a, b| a.score >= b.score));
            found += hits.iter().filter(|hit| exact.contains(hit)).count();
        }
        assert!(found >= 450, "recall@10 {}", found as f64 / 500.0);
    }

    #[test]
    fn only_what_is_wanted_is_found_along_a_graph() {
        let rows = unit_vectors(1_001, 16);
        let (query, rows) = rows.split_first().unwrap();
        let vectors = of_rows(rows, &CONFIG, 1);
        for share in [2, 50] {
            let wanted = |position: usize| position.is_multiple_of(share);
            let hits = vectors.nearest(query, 10, Some(&wanted)).unwrap();
            let exact = vectors.nearest_exactly(query, 10, Some(&wanted)).unwrap();
            assert!(hits.iter().all(|hit| wanted(hit.position)));
            let found = hits.iter().filter(|hit| exact.contains(hit)).count();
            assert!(found >= 8, "every {share}th: {found}");
        }
    }

    #[test]
    fn equal_vectors_do_not_confuse_it() {
        let mut rows = unit_vectors(30, 8);
        for _ in 0..200 {
            rows.push(rows[3].clone());
        }
        let vectors = of_rows(&rows, &CONFIG, 1);
        let hits = vectors.nearest(&rows[3], 5, None).unwrap();
        assert!(hits.iter().all(|hit| hit.score > 0.9999), "{hits:?}");
    }

    #[test]
    fn a_damaged_graph_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let chunks =
            (0..150).map(|n| chunk(&format!("a#{n:04}"), &format!("node{n} word{}", n % 7)));
        build(chunks).save(folder.path(), "one").unwrap();
        let index = Index::open(folder.path()).unwrap();
        let embedder = HashedEmbedder::new(32, true).unwrap();
        let go = |_| ControlFlow::Continue(());
        let vectors = Vectors::embed(&index, &embedder, &CONFIG, 1, go)
            .unwrap()
            .unwrap();
        vectors.save(folder.path(), "one").unwrap();
        assert_eq!(
            Vectors::open(folder.path(), &index, &embedder).unwrap(),
            vectors
        );
        let path = folder.path().join("graph.bin");
        let good = fs::read(&path).unwrap();
        for at in (0..good.len()).step_by(97) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(matches!(
                Vectors::open(folder.path(), &index, &embedder),
                Err(IndexError::Damaged { .. } | IndexError::Version { .. })
            ));
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(
            Vectors::open(folder.path(), &index, &embedder),
            Err(IndexError::Read { .. })
        ));
    }
}
