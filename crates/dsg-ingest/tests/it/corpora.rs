//! The large real corpora, where they are at hand.

use std::path::{Path, PathBuf};

use dsg_core::{BlockKind, Silent};
use dsg_ingest::{IngestConfig, Ingester};

/// The folder of a corpus; says so where it is not there.
pub(crate) fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/corpora")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

#[test]
fn every_man_page_gives_options_and_no_roff() {
    let Some(pages) = corpus("slurm/man-roff") else {
        return;
    };
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let result = ingester.run(&[pages], &Silent).unwrap();
    assert!(result.rejects.is_empty(), "{:?}", result.rejects);
    assert!(result.kept.len() >= 40);
    for document in &result.kept {
        assert!(!document.text.contains("\\f"), "{}", document.source.path);
        assert!(
            !document
                .text
                .lines()
                .any(|line| line.starts_with(".TP") || line.starts_with(".IP")),
            "{}",
            document.source.path
        );
        assert_eq!(document.language, "en", "{}", document.source.path);
    }
    let sbatch = result
        .kept
        .iter()
        .find(|document| document.title == "sbatch")
        .unwrap();
    let options = sbatch
        .blocks
        .iter()
        .filter(|block| block.kind == BlockKind::Option)
        .count();
    assert!(options > 100, "{options}");
}
