//! Vectors in a run. With a real model where `ORT_DYLIB_PATH` and `../shared/models` are there; says so without.

use std::path::{Path, PathBuf};

use dsg::config::ConfigLayers;
use dsg::index::{IndexError, SearchMode};
use dsg::{DsgError, Evidence, Pipeline};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn configured(set: &[(&str, &str)]) -> dsg::config::DatasetConfig {
    let mut layers = ConfigLayers::new();
    layers = layers.file(&fixtures().join("datasetgen.yaml")).unwrap();
    for (key, value) in set {
        layers = layers.set(key, value, "test");
    }
    layers.resolve().unwrap().config
}

/// The index of the fixtures under `set`.
fn indexed(folder: &Path, set: &[(&str, &str)]) -> (PathBuf, Pipeline) {
    let pipeline = Pipeline::new(configured(set)).unwrap();
    let (corpus, index) = (folder.join("corpus.jsonl"), folder.join("index"));
    pipeline
        .ingest(&[fixtures().join("docs")], &corpus)
        .unwrap();
    pipeline.build_index(&corpus, &index).unwrap();
    (index, pipeline)
}

#[test]
fn without_a_model_words_are_searched_and_vectors_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (index, pipeline) = indexed(dir.path(), &[]);
    assert!(!index.join("vectors.json").exists());
    let evidence = Evidence::open(&index, pipeline.config(), None).unwrap();
    assert!(!evidence.search("cancel a job", 3).unwrap().is_empty());
    let error = Evidence::open(&index, pipeline.config(), Some(SearchMode::Vector))
        .err()
        .unwrap();
    assert!(
        matches!(error, DsgError::Index(IndexError::NoVectors { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("models.embedder"), "{error}");
}

#[test]
fn what_cannot_embed_is_refused_by_field() {
    let refused = |set: &[(&str, &str)]| {
        let mut layers = ConfigLayers::new();
        for (key, value) in set {
            layers = layers.set(key, value, "test");
        }
        layers.resolve().unwrap_err().to_string()
    };
    let error = refused(&[("models.embedder.model", "somewhere")]);
    assert!(error.contains("models.embedder.model"), "{error}");
    let error = refused(&[("models.embedder.provider", "fastembed")]);
    let missing = if cfg!(feature = "fastembed") {
        "model.onnx"
    } else {
        "--features fastembed"
    };
    assert!(error.contains(missing), "{error}");
    let error = refused(&[("retrieval.vector_weight", "2")]);
    assert!(
        error.contains("vector_weight") && error.contains("0 to 1"),
        "{error}"
    );
    let error = refused(&[("vectors.connections", "1")]);
    assert!(error.contains("connections"), "{error}");
}

#[cfg(feature = "fastembed")]
mod with_a_model {
    use std::env;
    use std::fs;

    use dsg::Health;

    use super::*;

    #[test]
    fn what_is_missing_for_a_model_is_said_before_a_run() {
        let dir = tempfile::tempdir().unwrap();
        let library = dir.path().join("libonnxruntime.so");
        let config = configured(&[
            ("models.embedder.provider", "fastembed"),
            ("models.embedder.model", dir.path().to_str().unwrap()),
            ("models.embedder.onnx.runtime", library.to_str().unwrap()),
        ]);
        let checks = dsg::doctor(&config);
        let check = |what: &str| checks.iter().find(|check| check.what == what).unwrap();
        assert_eq!(check("models.embedder").health, Health::Missing);
        assert_eq!(check("onnxruntime").health, Health::Missing);
        assert!(
            check("onnxruntime")
                .found
                .contains("pip install onnxruntime")
        );
        assert_eq!(check("feature fastembed").health, Health::Good);
    }

    #[test]
    fn a_run_with_a_model_finds_by_meaning_and_embeds_no_text_twice() {
        let model =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/models/all-MiniLM-L6-v2");
        if env::var_os("ORT_DYLIB_PATH").is_none() || !model.is_dir() {
            println!("SKIPPED: needs ORT_DYLIB_PATH and {}", model.display());
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let set = [
            ("models.embedder.provider", "fastembed"),
            ("models.embedder.model", model.to_str().unwrap()),
        ];
        let pipeline = Pipeline::new(configured(&set)).unwrap();
        let out = dir.path().join("out");
        let report = pipeline.run(&[fixtures().join("docs")], &out).unwrap();
        assert!(report.train > 0);
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
        let models = manifest["models"].as_array().unwrap();
        let embedder = models
            .iter()
            .find(|used| used["role"] == "embedder")
            .unwrap();
        assert_eq!(
            (&embedder["provider"], &embedder["model"]),
            (&"fastembed".into(), &"all-MiniLM-L6-v2".into())
        );

        let index = out.join("work/index");
        for mode in [None, Some(SearchMode::Vector), Some(SearchMode::Hybrid)] {
            let evidence = Evidence::open(&index, pipeline.config(), mode).unwrap();
            let hits = evidence
                .search("stop my job before it has finished", 5)
                .unwrap();
            let found = hits.iter().any(|hit| hit.chunk.text.contains("scancel"));
            assert!(found, "{mode:?}");
        }
        // Another configuration of the graph is another index, from the same vectors.
        let cache = fs::read_dir(out.join("work/vectors"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let before = fs::metadata(&cache).unwrap().len();
        let again =
            Pipeline::new(configured(&[set[0], set[1], ("vectors.exact_below", "5")])).unwrap();
        again.run(&[fixtures().join("docs")], &out).unwrap();
        assert_eq!(fs::metadata(&cache).unwrap().len(), before);
        assert!(index.join("graph.bin").is_file());
        // A configuration that names no model searches by words.
        let words = Evidence::open(&index, &configured(&[]), None).unwrap();
        assert!(!words.search("scancel", 1).unwrap().is_empty());
        let error = Evidence::open(&index, &configured(&[]), Some(SearchMode::Hybrid))
            .err()
            .unwrap();
        assert!(matches!(
            error,
            DsgError::Index(IndexError::Embedder { .. })
        ));
    }
}
