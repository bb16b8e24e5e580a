//! The run store: what a run has finished, so that the same command goes on where it stopped.
//!
//! A stage's artifacts are written first, each atomically, then its record `work/state/<stage>.json` with the key of
//! everything that shaped them (version, configuration, input hashes) and their SHA-256. A stage is reused only when
//! its key is the same and every artifact still has its hash; so a kill at any instant costs at most one stage.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use dsg_core::artifact::{read_json, read_jsonl, sweep_partial, write_json, write_jsonl};
use dsg_core::hash::{sha256_reader, xxh3_hex};
use dsg_core::{Reject, Stage, StageCounts};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::DsgError;
use crate::lock::lock;
use crate::summary::CorpusSummary;

/// The run store of one output folder. Holding it locks the folder against a second run.
#[derive(Debug)]
pub(crate) struct RunStore {
    work: PathBuf,
    /// Locked for as long as this lives; the system releases it when the process dies.
    _lock: File,
}

/// What is remembered of a finished step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StepRecord {
    key: String,
    outputs: BTreeMap<String, String>,
    pub(crate) counts: Vec<(Stage, StageCounts)>,
}

/// What a step leaves behind besides its artifacts.
#[derive(Debug, Default)]
pub(crate) struct StepResult {
    pub(crate) counts: Vec<(Stage, StageCounts)>,
    pub(crate) rejects: Vec<Reject>,
    /// Of the ingest step: what it wrote, for people.
    pub(crate) corpus: Option<CorpusSummary>,
}

impl RunStore {
    /// Opens `outdir/work`, made when missing, and clears what a killed run left half-written.
    pub(crate) fn open(outdir: &Path) -> Result<Self, DsgError> {
        let work = outdir.join("work");
        for folder in [&work.join("state"), &work.join("rejects")] {
            fs::create_dir_all(folder).map_err(DsgError::file("create", folder))?;
        }
        let lock = lock(&work, outdir)?;
        for folder in [
            outdir,
            &work,
            &work.join("state"),
            &work.join("rejects"),
            &work.join("index"),
        ] {
            if folder.is_dir() {
                sweep_partial(folder)?;
            }
        }
        Ok(Self { work, _lock: lock })
    }

    /// A file or folder under `work/`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }

    /// The record of `step`, if it was finished under this `key` and its artifacts are untouched.
    pub(crate) fn finished(&self, step: &str, key: &str) -> Option<StepRecord> {
        // A record that is not there or does not parse is of another run or version: the step runs again.
        let record = read_json::<StepRecord>(&self.state_path(step)).ok()?;
        let untouched = |(name, sha256): (&String, &String)| {
            hash_file(&self.work.join(name)).is_ok_and(|found| found == *sha256)
        };
        (record.key == key && record.outputs.iter().all(untouched)).then_some(record)
    }

    /// Records `step` as finished. `outputs` are the files and flat folders under `work/` that it wrote.
    pub(crate) fn finish(
        &self,
        step: &str,
        key: &str,
        outputs: &[&str],
        result: StepResult,
    ) -> Result<StepRecord, DsgError> {
        let rejects = format!("rejects/{step}.jsonl");
        write_jsonl(&self.path(&rejects), &result.rejects)?;
        let mut hashes = BTreeMap::new();
        for name in outputs.iter().copied().chain([rejects.as_str()]) {
            for file in self.files(name)? {
                let path = self.path(&file);
                let hash = hash_file(&path).map_err(DsgError::file("read", &path))?;
                hashes.insert(file, hash);
            }
        }
        let record = StepRecord {
            key: key.to_owned(),
            outputs: hashes,
            counts: result.counts,
        };
        write_json(&self.state_path(step), &record)?;
        Ok(record)
    }

    /// The rejects of a finished step.
    pub(crate) fn rejects(&self, step: &str) -> Result<Vec<Reject>, DsgError> {
        let rejects = read_jsonl(&self.path(&format!("rejects/{step}.jsonl")))?;
        Ok(rejects.collect::<Result<_, _>>()?)
    }

    /// The artifact itself, or the files in it when it is a folder.
    fn files(&self, name: &str) -> Result<Vec<String>, DsgError> {
        let path = self.path(name);
        if !path.is_dir() {
            return Ok(vec![name.to_owned()]);
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(&path).map_err(DsgError::file("list", &path))? {
            let entry = entry.map_err(DsgError::file("list", &path))?;
            files.push(format!("{name}/{}", entry.file_name().to_string_lossy()));
        }
        Ok(files)
    }

    fn state_path(&self, step: &str) -> PathBuf {
        self.path(&format!("state/{step}.json"))
    }
}

impl StepRecord {
    /// The hash of one artifact of this step.
    pub(crate) fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }
}

/// The key of a step: a hash over the tool's version and everything that shapes its artifacts.
pub(crate) fn step_key(parts: &[&Value]) -> String {
    let mut text = String::from(env!("CARGO_PKG_VERSION"));
    for part in parts {
        text.push('\n');
        text.push_str(&part.to_string());
    }
    xxh3_hex(text.as_bytes())
}

/// SHA-256 of a file.
pub(crate) fn hash_file(path: &Path) -> std::io::Result<String> {
    sha256_reader(File::open(path)?)
}
