//! Gives the chunks of `chunks.jsonl` vectors and searches them by words and by meaning, without the dsg command line.
//!
//! ```sh
//! cargo run -p dsg-index --example hybrid -- out/work/index/chunks.jsonl hashed "how do I request a gpu"
//! ORT_DYLIB_PATH=/path/to/libonnxruntime.so cargo run -p dsg-index --features fastembed --example hybrid -- \
//!     out/work/index/chunks.jsonl models/all-MiniLM-L6-v2 "how do I request a gpu"
//! ```
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dsg_core::artifact::read_jsonl;
use dsg_core::{Chunk, Embedder};
use dsg_index::{
    HashedEmbedder, Hybrid, HybridConfig, IndexBuilder, IndexConfig, Surroundings, VectorConfig,
    Vectors, passage,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1);
    let (Some(chunks), Some(model), Some(query)) = (
        args.next().map(PathBuf::from),
        args.next().map(PathBuf::from),
        args.next(),
    ) else {
        return Err("usage: hybrid <chunks.jsonl> <model folder | hashed> <query>".into());
    };
    let mut builder = IndexBuilder::new(IndexConfig::default())?;
    for chunk in read_jsonl::<Chunk>(&chunks)? {
        builder.add(chunk?);
    }
    let index = builder.build()?;
    let embedder = embedder(&model)?;
    let vectors = Vectors::embed(
        &index,
        embedder.as_ref(),
        &VectorConfig::default(),
        1,
        |_| ControlFlow::Continue(()),
    )?
    .ok_or("stopped")?;
    let config = HybridConfig {
        diversity: 0.2,
        ..HybridConfig::default()
    };
    let hybrid = Hybrid::new(index, vectors, embedder, config)?;
    for hit in hybrid.rank(&query.to_string_lossy(), 5, None)? {
        let wanted = Surroundings {
            neighbours: 1,
            parents: true,
        };
        let Some(passage) = passage(&hybrid, hit.position, wanted)? else {
            continue;
        };
        let Some(chunk) = passage.chunks.get(passage.hit) else {
            continue;
        };
        println!(
            "{:6.3}  {}  {}",
            hit.score,
            chunk.chunk_id,
            chunk.heading_path.join(" > ")
        );
        let bytes: usize = passage.chunks.iter().map(|chunk| chunk.text.len()).sum();
        println!(
            "        {} parents, {bytes} bytes with its neighbours",
            passage.parents.len()
        );
    }
    Ok(())
}

fn embedder(model: &Path) -> Result<Arc<dyn Embedder>> {
    if model == Path::new("hashed") {
        return Ok(Arc::new(HashedEmbedder::new(
            HashedEmbedder::DIMENSION,
            true,
        )?));
    }
    onnx(model)
}

#[cfg(feature = "fastembed")]
fn onnx(model: &Path) -> Result<Arc<dyn Embedder>> {
    use dsg_index::{OnnxConfig, OnnxEmbedder, OnnxFiles};

    Ok(Arc::new(OnnxEmbedder::open(
        &OnnxFiles::in_folder(model)?,
        &OnnxConfig::default(),
    )?))
}

#[cfg(not(feature = "fastembed"))]
fn onnx(_model: &Path) -> Result<Arc<dyn Embedder>> {
    Err("a model needs a build with `--features fastembed`".into())
}
