//! What a path holds, by what is in it rather than by its name.

use std::path::{Path, PathBuf};

use dsg::core::artifact::read_jsonl;
use dsg::core::{
    CandidateSchema, ChunkSchema, DocumentSchema, DuplicateSchema, RejectSchema, SectionSchema,
};
use serde_json::Value;

use crate::error::CliError;
use crate::locate;

/// Something that `inspect` can show.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Dataset(PathBuf),
    Corpus(PathBuf),
    Chunks(PathBuf),
    Candidates(PathBuf),
    Examples(PathBuf),
    Rejects(PathBuf),
    Duplicates(PathBuf),
    Sections(PathBuf),
    Empty(PathBuf),
}

pub(super) fn of(path: &Path) -> Result<Kind, CliError> {
    if path.is_dir() {
        return folder(path);
    }
    if path.file_name().is_some_and(|name| name == "manifest.json") {
        return Ok(Kind::Dataset(
            path.parent().unwrap_or(Path::new(".")).to_path_buf(),
        ));
    }
    let owned = path.to_path_buf();
    let Some(first) = read_jsonl::<Value>(path)?.next().transpose()? else {
        return Ok(Kind::Empty(owned));
    };
    match first.get("schema").and_then(Value::as_str) {
        Some(DocumentSchema::TAG) => Ok(Kind::Corpus(owned)),
        Some(ChunkSchema::TAG) => Ok(Kind::Chunks(owned)),
        Some(CandidateSchema::TAG) => Ok(Kind::Candidates(owned)),
        Some(RejectSchema::TAG) => Ok(Kind::Rejects(owned)),
        Some(DuplicateSchema::TAG) => Ok(Kind::Duplicates(owned)),
        Some(SectionSchema::TAG) => Ok(Kind::Sections(owned)),
        None if first.get("messages").is_some() => Ok(Kind::Examples(owned)),
        _ => Err(CliError::not_found(
            format!("`{}` holds nothing that dsg inspect knows", path.display()),
            "name a corpus, chunks, candidates, train, eval, rejects, duplicates or sections file; further formats (alpaca, …) are shown by their train.jsonl",
        )),
    }
}

fn folder(path: &Path) -> Result<Kind, CliError> {
    if path.join("manifest.json").is_file() {
        return Ok(Kind::Dataset(path.to_path_buf()));
    }
    if locate::is_index(path) {
        return Ok(Kind::Chunks(path.join("chunks.jsonl")));
    }
    if path.join("work").is_dir() {
        return Err(CliError::not_found(
            format!("the run in `{}` is not finished", path.display()),
            "run the same `dsg run` again to finish it, or inspect the files under work/",
        ));
    }
    Err(CliError::not_found(
        format!("`{}` is neither a dataset nor an index", path.display()),
        "name the output folder of `dsg run`, an index folder, or a .jsonl file",
    ))
}
