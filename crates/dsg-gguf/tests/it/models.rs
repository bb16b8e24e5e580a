//! Real models, from `DSG_TEST_MODELS`, else from `~/.cache/dsg/models`; without any, these tests pass and say so.

use std::env;
use std::path::PathBuf;

use dsg_gguf::{Gguf, TensorType, can_dequantize, verify};

fn models() -> Vec<PathBuf> {
    let folder = env::var_os("DSG_TEST_MODELS").map_or_else(
        || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache/dsg/models"),
        PathBuf::from,
    );
    let files = std::fs::read_dir(&folder).into_iter().flatten();
    let mut models: Vec<_> = files
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "gguf")
        })
        .collect();
    models.sort();
    if models.is_empty() {
        eprintln!("skipped: no models in {}", folder.display());
    }
    models
}

#[test]
fn headers_and_first_values_of_real_models_are_read() {
    for path in models() {
        let file = Gguf::open(&path).unwrap();
        let summary = file.summary();
        assert!(summary.bits_per_weight > 1.0 && summary.bits_per_weight < 33.0);
        assert!(summary.tokenizer.unwrap().tokens > 1000);
        for tensor in file.tensors() {
            assert!(can_dequantize(tensor.kind()), "{}", tensor.kind());
            assert_eq!(file.data(tensor).len() as u64, tensor.bytes());
        }
        let norm = file.tensor("output_norm.weight").unwrap();
        assert_eq!(norm.kind(), TensorType::F32);
        assert!(
            file.values(norm)
                .unwrap()
                .iter()
                .all(|value| value.is_finite())
        );
        eprintln!("read {}", path.display());
    }
}

/// All values of the smallest; the others take minutes in a build for tests.
#[test]
fn a_real_model_holds() {
    let smallest = models()
        .into_iter()
        .min_by_key(|path| path.metadata().unwrap().len());
    if let Some(path) = smallest {
        let report = verify(&Gguf::open(&path).unwrap());
        assert!(report.is_ok() && report.unread.is_empty(), "{report:?}");
        assert!(report.values > 1_000_000);
        eprintln!("verified {}", path.display());
    }
}
