//! The small real model of `cargo xtask llama`.

use std::path::PathBuf;

const MODEL: &str = "smollm2-135m-instruct-q4_1.gguf";

/// Its file; where there is none, the test says so and ends.
pub(crate) fn small_model() -> Option<PathBuf> {
    let folder = std::env::var_os("DSG_TEST_MODELS").map(PathBuf::from);
    let file = folder.map(|folder| folder.join(MODEL));
    let there = file.filter(|file| file.is_file());
    if there.is_none() {
        eprintln!("skipped: DSG_TEST_MODELS names no folder with {MODEL}");
    }
    there
}
