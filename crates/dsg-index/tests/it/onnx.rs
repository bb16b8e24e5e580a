//! A real model through onnxruntime. Tests that run one need `ORT_DYLIB_PATH` and `../shared/models`, and say so without.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use dsg_core::{Embedder as _, Reranker as _};
use dsg_index::{
    IndexError, OnnxConfig, OnnxEmbedder, OnnxFiles, OnnxReranker, RerankerConfig, load_runtime,
};
use rayon::prelude::*;

/// Three texts, and how their vectors begin when onnxruntime runs the model from Python, one text at a time.
const TEXTS: [(&str, [f32; 6]); 3] = [
    (
        "How do I cancel a job?",
        [-0.0648, 0.0326, 0.0101, 0.0205, 0.0057, -0.0466],
    ),
    (
        "scancel ends a running or waiting job.",
        [-0.0160, 0.0370, -0.1230, -0.0243, -0.0403, -0.0470],
    ),
    (
        "Bread is baked from flour, water and salt.",
        [-0.0151, 0.0610, 0.0241, 0.0043, -0.0508, 0.0505],
    ),
];

fn model() -> Option<PathBuf> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/models/all-MiniLM-L6-v2");
    if env::var_os("ORT_DYLIB_PATH").is_some() && folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: needs ORT_DYLIB_PATH and {}", folder.display());
    None
}

fn open(folder: &Path) -> OnnxEmbedder {
    let config = OnnxConfig {
        threads: 1,
        ..OnnxConfig::default()
    };
    OnnxEmbedder::open(&OnnxFiles::in_folder(folder).unwrap(), &config).unwrap()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn a_model_gives_the_vectors_that_python_gets_and_its_batch_changes_nothing() {
    let Some(folder) = model() else { return };
    let embedder = open(&folder);
    assert_eq!((embedder.dimension(), embedder.batch_size()), (384, 1));
    let texts = TEXTS.map(|(text, _)| text);
    let vectors = embedder.embed(&texts).unwrap();
    for ((text, begin), vector) in TEXTS.iter().zip(&vectors) {
        for (expected, found) in begin.iter().zip(vector) {
            assert!(
                (expected - found).abs() < 0.01,
                "{text}: {found} for {expected}"
            );
        }
        // Alone or among others.
        assert_eq!(embedder.embed(&[text]).unwrap()[0], *vector);
    }
    assert!(dot(&vectors[0], &vectors[1]) > dot(&vectors[0], &vectors[2]) + 0.2);
    assert_eq!(embedder.embed_query(texts[0]).unwrap(), vectors[0]);
    assert_eq!(embedder.embed(&[]).unwrap(), Vec::<Vec<f32>>::new());
    // Much longer than the model reads, and nothing at all.
    let long = "word ".repeat(5_000);
    assert_eq!(embedder.embed(&[&long, ""]).unwrap().len(), 2);
    assert_eq!(open(&folder).id(), embedder.id());
}

#[test]
fn it_can_be_asked_from_every_thread_of_a_pool_at_once() {
    let Some(folder) = model() else { return };
    let embedder = open(&folder);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(4)
        .build()
        .unwrap();
    let vectors: Vec<Vec<f32>> = pool.install(|| {
        (0..32_usize)
            .into_par_iter()
            .flat_map_iter(|n| {
                // Work that waits inside of work.
                let texts: Vec<String> = (0..3)
                    .into_par_iter()
                    .map(|m| format!("job {n}.{m}"))
                    .collect();
                embedder
                    .embed(&texts.iter().map(String::as_str).collect::<Vec<_>>())
                    .unwrap()
            })
            .collect()
    });
    assert_eq!(vectors.len(), 96);
    assert_eq!(vectors[95], embedder.embed(&["job 31.2"]).unwrap()[0]);
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let error = OnnxFiles::in_folder(folder.path()).unwrap_err();
    assert!(
        error.to_string().ends_with("there is no model.onnx"),
        "{error}"
    );
    for name in [
        "model.onnx",
        "tokenizer.json",
        "config.json",
        "tokenizer_config.json",
    ] {
        fs::write(folder.path().join(name), "{}").unwrap();
    }
    let files = OnnxFiles::in_folder(folder.path()).unwrap();
    let config = OnnxConfig {
        runtime: Some(folder.path().join("libonnxruntime.so")),
        ..OnnxConfig::default()
    };
    let error = OnnxEmbedder::open(&files, &config).unwrap_err();
    assert!(matches!(error, IndexError::Runtime { .. }));
    assert!(
        error.to_string().contains("pip install onnxruntime"),
        "{error}"
    );
    let config = OnnxConfig {
        batch_size: 0,
        ..OnnxConfig::default()
    };
    assert!(matches!(
        OnnxEmbedder::open(&files, &config),
        Err(IndexError::Config {
            field: "batch_size",
            ..
        })
    ));
}

#[test]
fn files_that_are_no_model_are_refused() {
    let Some(model) = model() else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in ["tokenizer.json", "config.json", "tokenizer_config.json"] {
        fs::copy(model.join(name), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("model.onnx"), "not a model").unwrap();
    let files = OnnxFiles::in_folder(folder.path()).unwrap();
    let error = OnnxEmbedder::open(&files, &OnnxConfig::default()).unwrap_err();
    assert!(matches!(error, IndexError::Model { .. }), "{error}");
    // Loaded by now; a file that is no library comes too late to matter, one that is not there is still told.
    assert!(load_runtime(&folder.path().join("model.onnx")).is_ok());
}

#[test]
fn a_cross_encoder_scores_what_query_and_text_share() {
    let Some(model) = model() else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in ["tokenizer.json", "config.json", "tokenizer_config.json"] {
        fs::copy(model.join(name), folder.path().join(name)).unwrap();
    }
    // Written by xtask/python/overlap_onnx.py: how often a token of the query stands in the text, and once for the closing mark.
    let overlap = include_bytes!("../data/overlap.onnx");
    fs::write(folder.path().join("model.onnx"), overlap).unwrap();
    let files = OnnxFiles::in_folder(folder.path()).unwrap();
    let config = |batch_size| RerankerConfig {
        batch_size,
        threads: 1,
        ..RerankerConfig::default()
    };
    let texts = [
        "scancel ends a job",
        "bread, and nothing else of interest to anybody",
        "a job is a job: cancel the job",
    ];
    let reranker = OnnxReranker::open(&files, &config(16)).unwrap();
    let scores = reranker.scores("cancel job", &texts).unwrap();
    assert_eq!(scores, [2.0, 1.0, 5.0]);
    // Padding changes nothing.
    let alone = OnnxReranker::open(&files, &config(1)).unwrap();
    assert_eq!(alone.scores("cancel job", &texts).unwrap(), scores);
    assert_eq!(alone.id(), reranker.id());
    assert_eq!(alone.scores("cancel job", &[]).unwrap(), Vec::<f32>::new());
    // An embedding model is none that reads pairs.
    let embedder = OnnxFiles::in_folder(&model).unwrap();
    let error = OnnxReranker::open(&embedder, &config(1)).unwrap_err();
    assert!(matches!(error, IndexError::Model { .. }), "{error}");
}
