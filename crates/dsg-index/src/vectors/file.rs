//! Vectors on disk: `vectors.bin`, `graph.bin` where there is a graph, and `vectors.json`, which comes last and vouches for them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use dsg_core::artifact::{write_atomic, write_json};
use dsg_core::{ChunkStore as _, Embedder};
use serde::{Deserialize, Serialize};

use super::graph::{Graph, Layer};
use super::{VectorConfig, Vectors, check_vector};
use crate::error::IndexError;
use crate::format::{Checked, FileMark, Marking, read_manifest, write_words};
use crate::index::Index;

pub(super) const MANIFEST: &str = "vectors.json";
const VECTORS: &str = "vectors.bin";
const GRAPH: &str = "graph.bin";

const SCHEMA: &str = "dsg.vectors/1";
/// Raised with every change of the files' meaning.
const VERSION: u32 = 1;
const VECTORS_MAGIC: [u8; 8] = *b"dsg-rows";
const GRAPH_MAGIC: [u8; 8] = *b"dsg-hnsw";
/// Magic and version.
const HEAD: u64 = 8 + 4;

/// `vectors.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Manifest {
    schema: String,
    format: u32,
    /// The index's.
    fingerprint: String,
    embedder: String,
    dimension: usize,
    rows: usize,
    config: VectorConfig,
    vectors_file: FileMark,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    graph: Option<GraphMark>,
}

/// The graph that the manifest vouches for.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct GraphMark {
    entry: u32,
    /// Neighbours in each layer, lowest first.
    layers: Vec<u64>,
    file: FileMark,
}

pub(super) fn save(vectors: &Vectors, folder: &Path, fingerprint: &str) -> Result<(), IndexError> {
    // Whatever happens on the way, an old manifest never vouches for new files.
    remove(folder)?;
    let write = |name: &str, magic: [u8; 8], words: &mut dyn Iterator<Item = u32>| {
        let mut mark = None;
        write_atomic(&folder.join(name), |out| {
            let mut out = Marking::new(out);
            out.write_all(&magic)?;
            out.write_all(&VERSION.to_le_bytes())?;
            write_words(&mut out, words)?;
            mark = Some(out.mark());
            Ok(())
        })?;
        Ok::<_, IndexError>(mark.unwrap_or_default())
    };
    let rows = vectors.positions.iter().copied();
    let numbers = vectors.numbers.iter().map(|number| number.to_bits());
    let vectors_file = write(VECTORS, VECTORS_MAGIC, &mut rows.chain(numbers))?;
    let graph = match &vectors.graph {
        None => None,
        Some(graph) => {
            let mut words = graph
                .layers
                .iter()
                .flat_map(|layer| layer.ends.iter().chain(&layer.neighbours).copied());
            Some(GraphMark {
                entry: graph.entry,
                layers: (graph.layers.iter())
                    .map(|layer| layer.neighbours.len() as u64)
                    .collect(),
                file: write(GRAPH, GRAPH_MAGIC, &mut words)?,
            })
        }
    };
    write_json(
        &folder.join(MANIFEST),
        &Manifest {
            schema: SCHEMA.to_owned(),
            format: VERSION,
            fingerprint: fingerprint.to_owned(),
            embedder: vectors.embedder.clone(),
            dimension: vectors.dimension,
            rows: vectors.len(),
            config: vectors.config.clone(),
            vectors_file,
            graph,
        },
    )?;
    Ok(())
}

pub(super) fn remove(folder: &Path) -> Result<(), IndexError> {
    for name in [MANIFEST, VECTORS, GRAPH] {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(IndexError::Read { path, source }),
        }
    }
    Ok(())
}

pub(super) fn embedder(folder: &Path) -> Result<String, IndexError> {
    Ok(manifest(folder)?.embedder)
}

fn manifest(folder: &Path) -> Result<Manifest, IndexError> {
    read_manifest(
        &folder.join(MANIFEST),
        SCHEMA,
        VERSION,
        |manifest: &Manifest| &manifest.schema,
    )
}

pub(super) fn open(
    folder: &Path,
    index: &Index,
    embedder: &dyn Embedder,
) -> Result<Vectors, IndexError> {
    let manifest = manifest(folder)?;
    manifest.config.validate()?;
    if let Some(expected) = index.fingerprint()
        && manifest.fingerprint != expected
    {
        return Err(IndexError::Fingerprint {
            path: folder.join(MANIFEST),
            found: manifest.fingerprint,
            expected: expected.to_owned(),
        });
    }
    if manifest.embedder != embedder.id() {
        return Err(IndexError::Embedder {
            path: folder.join(MANIFEST),
            found: manifest.embedder,
            expected: embedder.id().to_owned(),
        });
    }
    if manifest.dimension != embedder.dimension() {
        return Err(IndexError::Dimension {
            found: manifest.dimension,
            expected: embedder.dimension(),
        });
    }
    let (positions, numbers) = rows(folder, &manifest, index.len())?;
    for (at, vector) in numbers.chunks_exact(manifest.dimension).enumerate() {
        check_vector(vector, manifest.dimension, at)?;
    }
    let graph = match &manifest.graph {
        Some(mark) => Some(graph(folder, mark, manifest.rows)?),
        None => None,
    };
    Ok(Vectors {
        config: manifest.config,
        embedder: manifest.embedder,
        dimension: manifest.dimension,
        positions,
        numbers,
        graph,
    })
}

/// Positions and vectors, of which there are as many as the manifest says.
fn rows(
    folder: &Path,
    manifest: &Manifest,
    chunks: usize,
) -> Result<(Vec<u32>, Vec<f32>), IndexError> {
    let path = folder.join(VECTORS);
    let words = (manifest.dimension as u64)
        .checked_add(1)
        .and_then(|row| row.checked_mul(manifest.rows as u64));
    let mut words = read(&path, VECTORS_MAGIC, &manifest.vectors_file, words)?;
    let numbers = words.split_off(manifest.rows.min(words.len()));
    let is_ascending = words.is_sorted_by(|a, b| a < b);
    let is_inside = words.last().is_none_or(|last| (*last as usize) < chunks);
    if manifest.dimension == 0 || !is_ascending || !is_inside {
        return Err(IndexError::Damaged {
            path,
            what: "it belongs to another index".to_owned(),
        });
    }
    Ok((words, numbers.into_iter().map(f32::from_bits).collect()))
}

fn graph(folder: &Path, mark: &GraphMark, rows: usize) -> Result<Graph, IndexError> {
    let path = folder.join(GRAPH);
    let words = (mark.layers.iter()).try_fold(0_u64, |sum, neighbours| {
        sum.checked_add(*neighbours)?.checked_add(rows as u64)
    });
    let words = read(&path, GRAPH_MAGIC, &mark.file, words)?;
    let mut rest = words.as_slice();
    let mut graph = Graph {
        entry: mark.entry,
        layers: Vec::new(),
    };
    for neighbours in &mark.layers {
        let neighbours = usize::try_from(*neighbours).unwrap_or(usize::MAX);
        let parts = rest
            .split_at_checked(rows)
            .and_then(|(ends, rest)| Some((ends, rest.split_at_checked(neighbours)?)));
        let Some((ends, (neighbours, after))) = parts else {
            break;
        };
        graph.layers.push(Layer {
            ends: ends.to_vec(),
            neighbours: neighbours.to_vec(),
        });
        rest = after;
    }
    if graph.layers.len() != mark.layers.len() || !graph.is_consistent(rows) {
        return Err(IndexError::Damaged {
            path,
            what: "its tables contradict each other".to_owned(),
        });
    }
    Ok(graph)
}

/// The words of a file that has this many and the checksum of its mark. Nothing is allocated before its size is known to be right.
fn read(
    path: &Path,
    magic: [u8; 8],
    mark: &FileMark,
    words: Option<u64>,
) -> Result<Vec<u32>, IndexError> {
    let failed = |source| IndexError::Read {
        path: path.to_path_buf(),
        source,
    };
    let damaged = |what: String| IndexError::Damaged {
        path: path.to_path_buf(),
        what,
    };
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    if bytes != mark.bytes {
        let what = format!("it has {bytes} bytes instead of {}", mark.bytes);
        return Err(damaged(what));
    }
    let expected = words.and_then(|words| words.checked_mul(4)?.checked_add(HEAD));
    let words = words.and_then(|words| usize::try_from(words).ok());
    let (Some(words), true) = (words, expected == Some(bytes)) else {
        return Err(damaged(
            "its size does not fit what it should hold".to_owned(),
        ));
    };
    let mut input = Checked::new(file);
    let mut found = [0; 8];
    input.fill(&mut found).map_err(failed)?;
    if found != magic {
        return Err(damaged("it is another kind of file".to_owned()));
    }
    let mut version = [0; 4];
    input.fill(&mut version).map_err(failed)?;
    let version = u32::from_le_bytes(version);
    if version != VERSION {
        return Err(IndexError::Version {
            path: path.to_path_buf(),
            found: version,
            expected: VERSION,
        });
    }
    let words = input.words(words).map_err(failed)?;
    if input.xxh3() != mark.xxh3 {
        return Err(damaged("its checksum is wrong".to_owned()));
    }
    Ok(words)
}
