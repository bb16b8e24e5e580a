//! Which chunks are found, and in which order.

use dsg_core::{ChunkStore as _, MemoryStore, Retriever as _};
use dsg_index::{IndexBuilder, IndexConfig, IndexError};
use rayon::ThreadPoolBuilder;

use crate::{build, chunk, found, slurm};

#[test]
fn technical_names_are_found_whole_and_in_parts() {
    let index = build(slurm());
    for query in [
        "--gres=gpu:2",
        "--gres",
        "gres",
        "gpu",
        "how do I get GPUs?",
    ] {
        assert_eq!(found(&index, query), ["sbatch#0000"], "{query}");
    }
    assert_eq!(
        found(&index, "SLURM_ARRAY_TASK_ID"),
        ["sbatch#0001", "conf#0000"]
    );
    assert_eq!(found(&index, "/etc/fstab")[0], "mount#0000");
    assert_eq!(found(&index, "fstab"), ["mount#0000"]);
    assert_eq!(found(&index, "maxjobcount"), ["conf#0000"]);
    assert_eq!(found(&index, "max job count")[0], "conf#0000");
}

#[test]
fn headings_and_commands_are_searched_too() {
    let index = build(slurm());
    assert_eq!(found(&index, "controller"), ["conf#0000"]);
    assert_eq!(found(&index, "findmnt"), ["mount#0000"]);
    let config = IndexConfig {
        heading_weight: 0,
        command_weight: 0,
        ..IndexConfig::default()
    };
    let mut builder = IndexBuilder::new(config).unwrap();
    builder.extend(slurm());
    let index = builder.build().unwrap();
    assert!(found(&index, "controller findmnt").is_empty());
}

#[test]
fn stemming_can_be_left_out() {
    let config = IndexConfig {
        stemming: false,
        ..IndexConfig::default()
    };
    let mut builder = IndexBuilder::new(config).unwrap();
    builder.extend(slurm());
    assert!(found(&builder.build().unwrap(), "mounting").is_empty());
    assert_eq!(found(&build(slurm()), "mounting"), ["mount#0000"]);
}

#[test]
fn ties_fall_by_chunk_id_whatever_the_order_of_the_corpus() {
    let ids = ["c#0000", "a#0001", "b#0000", "a#0000"];
    let same = |ids: &[&str]| build(ids.iter().map(|id| chunk(id, "the same words")));
    let expected = ["a#0000", "a#0001", "b#0000", "c#0000"];
    assert_eq!(found(&same(&ids), "words"), expected);
    let mut turned = ids;
    turned.reverse();
    assert_eq!(found(&same(&turned), "words"), expected);
    // Also when not all fit.
    let two = same(&ids).search("words", 2).unwrap();
    assert_eq!(
        two.iter().map(|hit| hit.position).collect::<Vec<_>>(),
        [3, 1]
    );
}

#[test]
fn what_shares_no_term_is_no_hit() {
    let index = build(slurm());
    assert!(found(&index, "kubernetes").is_empty());
    assert!(found(&index, "the of and").is_empty());
    assert!(found(&index, "").is_empty());
    assert!(index.search("jobs", 0).unwrap().is_empty());
    assert_eq!(
        index.search("slurm jobs arrays", usize::MAX).unwrap().len(),
        2
    );
}

#[test]
fn an_empty_index_finds_nothing() {
    let index = build([]);
    assert!(index.is_empty());
    assert!(found(&index, "anything").is_empty());
    assert!(index.get(0).unwrap().is_none());
    assert!(index.find(&chunk("x#0000", "").chunk_id).unwrap().is_none());
}

#[test]
fn highlights_are_spans_of_the_document() {
    let index = build(slurm());
    let hits = index
        .search_highlighted("submitting with --gres", 1)
        .unwrap();
    let marked: Vec<&str> = hits[0]
        .highlights
        .iter()
        .map(|span| hits[0].chunk.slice(*span).unwrap())
        .collect();
    assert_eq!(marked, ["Submit", "--gres=gpu:2"]);
    assert_eq!(hits[0].highlights[0].start(), 100);
}

#[test]
fn a_lone_heading_is_stored_but_not_found() {
    let mut heading = chunk("guide#0000", "# Limits of jobs");
    heading.kinds = vec!["heading".into()];
    let index = build([
        heading.clone(),
        chunk("guide#0001", "Jobs have limits, which the page lists."),
    ]);
    assert_eq!(found(&index, "limits of jobs"), ["guide#0001"]);
    assert_eq!(index.get(0).unwrap(), Some(heading));
}

#[test]
fn chunks_come_back_by_position_and_by_id() {
    let index = build(slurm());
    for (position, chunk) in slurm().into_iter().enumerate() {
        assert_eq!(index.get(position).unwrap().as_ref(), Some(&chunk));
        assert_eq!(index.find(&chunk.chunk_id).unwrap(), Some(chunk));
    }
}

#[test]
fn a_chunk_twice_is_an_error_that_names_it() {
    let mut builder = IndexBuilder::new(IndexConfig::default()).unwrap();
    builder.add(chunk("a#0000", "x")).add(chunk("a#0000", "y"));
    let error = builder.build().unwrap_err();
    assert!(matches!(error, IndexError::DuplicateChunk { .. }));
    assert!(error.to_string().contains("`a#0000`"));
}

#[test]
fn impossible_values_are_refused_by_name() {
    let refused = |config| IndexBuilder::new(config).unwrap_err().to_string();
    let base = IndexConfig::default;
    assert!(refused(IndexConfig { k1: -1.0, ..base() }).starts_with("k1: -1"));
    assert!(refused(IndexConfig { b: 1.5, ..base() }).starts_with("b: 1.5"));
    assert!(
        refused(IndexConfig {
            b: f64::NAN,
            ..base()
        })
        .starts_with("b: NaN")
    );
    let heavy = IndexConfig {
        heading_weight: 17,
        ..base()
    };
    assert!(refused(heavy).starts_with("heading_weight: 17"));
    assert!(serde_json::from_str::<IndexConfig>(r#"{"k": 1}"#).is_err());
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let chunks: Vec<_> = (0..257)
        .map(|n| {
            let text = format!(
                "job{} waits {} for node-{} and --mem={n}G",
                n % 7,
                "long ".repeat(n % 5),
                n % 11
            );
            chunk(&format!("doc{n}#0000"), &text)
        })
        .collect();
    let bytes = |threads| {
        let folder = tempfile::tempdir().unwrap();
        ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| build(chunks.clone()))
            .save(folder.path(), "f")
            .unwrap();
        ["chunks.jsonl", "postings.bin", "index.json"]
            .map(|name| std::fs::read(folder.path().join(name)).unwrap())
    };
    let one = bytes(1);
    assert_eq!(one, bytes(2));
    assert_eq!(one, bytes(5));
}

#[test]
fn threads_share_an_index() {
    let index = build(slurm());
    let expected = found(&index, "slurm jobs");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(found(&index, "slurm jobs"), expected);
                }
            });
        }
    });
}

#[test]
fn the_index_stands_in_for_the_in_memory_store() {
    let memory = MemoryStore(slurm());
    let index = build(slurm());
    assert_eq!(memory.len(), index.len());
    assert_eq!(
        memory.search("fstab", 1).unwrap()[0].position,
        index.search("fstab", 1).unwrap()[0].position
    );
}
