//! Reviews candidates against their chunks and says what became of them.
//!
//! ```text
//! cargo run --release -p dsg-judge --example review -- out/work/index/chunks.jsonl out/work/candidates.jsonl [SUBJECT] [reason]
//! ```
//! SUBJECT is a name that questions may use. Prints the funnel by reason; with a reason (`judge.unsupported_flag`), the rejects of that reason instead.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::path::Path;

use dsg_core::artifact::read_jsonl;
use dsg_core::{Candidate, Chunk, ChunkId, ChunkStore, SeamError, StageResult};
use dsg_judge::{Judge, JudgeConfig};

/// Chunks in memory, found by id in logarithmic time.
struct Chunks(Vec<Chunk>);

impl Chunks {
    fn new(mut chunks: Vec<Chunk>) -> Self {
        chunks.sort_by(|a, b| a.chunk_id.cmp(&b.chunk_id));
        Self(chunks)
    }
}

impl ChunkStore for Chunks {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, position: usize) -> Result<Option<Chunk>, SeamError> {
        Ok(self.0.get(position).cloned())
    }

    fn find(&self, id: &ChunkId) -> Result<Option<Chunk>, SeamError> {
        let found = self.0.binary_search_by(|chunk| chunk.chunk_id.cmp(id));
        Ok(found.ok().and_then(|at| self.0.get(at)).cloned())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [chunks, candidates, rest @ ..] = args.as_slice() else {
        return Err("which chunks.jsonl and candidates.jsonl?".into());
    };
    let store = Chunks::new(read_jsonl(Path::new(chunks))?.collect::<Result<_, _>>()?);
    let candidates: Vec<Candidate> =
        read_jsonl(Path::new(candidates))?.collect::<Result<_, _>>()?;
    let (reason, known_terms): (Vec<String>, Vec<String>) = rest
        .iter()
        .cloned()
        .partition(|word| word.starts_with("judge."));
    let judge = Judge::new(JudgeConfig {
        known_terms,
        ..JudgeConfig::default()
    })?;
    let result: StageResult<Candidate> = candidates
        .into_iter()
        .map(|candidate| judge.review(candidate, &store))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .collect();
    if let [reason, ..] = reason.as_slice() {
        for reject in result
            .rejects
            .iter()
            .filter(|reject| reject.reason.as_str() == reason)
        {
            println!("{}\n  {}", reject.id, reject.detail);
            for field in ["question", "answer"] {
                println!(
                    "  {field}: {}",
                    reject
                        .record
                        .get(field)
                        .and_then(|v| v.as_str())
                        .unwrap_or_default()
                );
            }
        }
        return Ok(());
    }
    println!("in {} kept {}", result.counts.entered, result.counts.kept);
    for (reason, count) in &result.counts.dropped {
        println!("{count:6} {reason}");
    }
    Ok(())
}
