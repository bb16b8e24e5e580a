//! The vectors of an index's chunks: searched one by one, or along a graph where there are many.

mod dot;
mod file;
mod graph;
#[cfg(feature = "hnsw")]
mod grow;

use std::ops::ControlFlow;
use std::path::Path;

use dsg_core::{ChunkStore, Embedder, Hit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counts::is_heading_only;
use crate::embed::embedded_text;
use crate::error::IndexError;
use crate::index::Index;
use dot::dots;
pub(crate) use dot::{dot, normalise};
use graph::Graph;

/// Texts given to the embedder at a time; also how often a caller is asked whether to go on.
const BATCH: usize = 64;
/// How far from 1 a vector's length may be.
const TOLERANCE: f32 = 1e-3;

/// How the vectors of an index are searched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VectorConfig {
    /// Up to so many vectors every one is looked at; beyond, a graph leads to most of the nearest (HNSW). Default 10,000.
    pub exact_below: usize,
    /// Neighbours that a vector keeps in the graph; twice as many in its lowest layer. Default 16, 2 to 128.
    pub connections: usize,
    /// Candidates weighed when a vector is added to the graph: more is slower to build and finds more. Default 200, 8 to 4,096.
    pub build_breadth: usize,
    /// Candidates weighed in a search along the graph; never fewer than the hits asked for. Default 96, 8 to 4,096.
    pub search_breadth: usize,
}

impl Default for VectorConfig {
    fn default() -> Self {
        Self {
            exact_below: 10_000,
            connections: 16,
            build_breadth: 200,
            search_breadth: 96,
        }
    }
}

impl VectorConfig {
    /// # Errors
    /// [`IndexError::Config`] naming the field whose value is impossible.
    pub fn validate(&self) -> Result<(), IndexError> {
        for (field, value, range, allowed) in [
            ("connections", self.connections, 2..=128, "2 to 128"),
            ("build_breadth", self.build_breadth, 8..=4096, "8 to 4096"),
            ("search_breadth", self.search_breadth, 8..=4096, "8 to 4096"),
        ] {
            IndexError::check_range(field, value, range, allowed)?;
        }
        Ok(())
    }
}

/// Vectors of one embedder for the chunks of one index. All of them are in memory: 4 bytes per number.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    config: VectorConfig,
    /// The embedder's id.
    embedder: String,
    dimension: usize,
    /// The chunk that each row is of, ascending.
    positions: Vec<u32>,
    /// Row after row.
    numbers: Vec<f32>,
    graph: Option<Graph>,
}

impl Vectors {
    /// Embeds the chunks of `index`, all but those that are a heading alone. `progress` is told how many are done and says whether to go
    /// on; `None` when it said no. With a [`crate::Cached`] embedder the next call goes on from there. `seed` decides in which order
    /// a graph grows.
    ///
    /// # Errors
    /// [`IndexError::Seam`] from index or embedder, [`IndexError::Dimension`], [`IndexError::NotFinite`] or [`IndexError::Length`] for a
    /// vector that is none, [`IndexError::Config`] for an impossible configuration.
    pub fn embed(
        index: &Index,
        embedder: &dyn Embedder,
        config: &VectorConfig,
        seed: u64,
        mut progress: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Option<Self>, IndexError> {
        config.validate()?;
        let mut rows = Rows::new(embedder);
        let mut texts: Vec<String> = Vec::with_capacity(BATCH);
        for position in 0..index.len() {
            if let Some(chunk) = index.get(position)?
                && !is_heading_only(&chunk)
            {
                texts.push(embedded_text(&chunk));
                rows.at(position)?;
            }
            if texts.len() == BATCH || position + 1 == index.len() {
                let batch: Vec<&str> = texts.iter().map(String::as_str).collect();
                for vector in embedder.embed(&batch)? {
                    rows.push(&vector)?;
                }
                texts.clear();
                if progress(position as u64 + 1).is_break() {
                    return Ok(None);
                }
            }
        }
        rows.finish(config, seed).map(Some)
    }

    /// Vectors that were made elsewhere, one for each chunk in corpus order, by the embedder with this id.
    ///
    /// # Errors
    /// As for [`Self::embed`].
    pub fn from_rows<'v>(
        embedder: &str,
        dimension: usize,
        vectors: impl IntoIterator<Item = &'v [f32]>,
        config: &VectorConfig,
        seed: u64,
    ) -> Result<Self, IndexError> {
        config.validate()?;
        let mut rows = Rows {
            embedder: embedder.to_owned(),
            dimension,
            positions: Vec::new(),
            numbers: Vec::new(),
        };
        for (position, vector) in vectors.into_iter().enumerate() {
            rows.at(position)?;
            rows.push(vector)?;
        }
        rows.finish(config, seed)
    }

    /// The same, searched under another configuration; a graph that is there stays as it grew.
    ///
    /// # Errors
    /// [`IndexError::Config`] for an impossible configuration.
    pub fn with_config(self, config: VectorConfig) -> Result<Self, IndexError> {
        config.validate()?;
        Ok(Self { config, ..self })
    }

    /// Writes `vectors.bin`, `graph.bin` where there is one, and, last, `vectors.json` into the folder of a saved index.
    /// `fingerprint` is the index's.
    ///
    /// # Errors
    /// [`IndexError::Artifact`] naming the file that could not be written.
    pub fn save(&self, folder: impl AsRef<Path>, fingerprint: &str) -> Result<(), IndexError> {
        file::save(self, folder.as_ref(), fingerprint)
    }

    /// Whether there are vectors in `folder`.
    pub fn are_in(folder: impl AsRef<Path>) -> bool {
        folder.as_ref().join(file::MANIFEST).is_file()
    }

    /// Removes what [`Self::save`] wrote, so that an index without vectors is not taken for one with them.
    ///
    /// # Errors
    /// [`IndexError::Read`] naming the file that could not be removed.
    pub fn remove(folder: impl AsRef<Path>) -> Result<(), IndexError> {
        file::remove(folder.as_ref())
    }

    /// The id of the embedder that made the vectors in `folder`, which is the one that has to embed queries.
    ///
    /// # Errors
    /// [`IndexError`] when there are none, or they are damaged or of another format version.
    pub fn embedder_in(folder: impl AsRef<Path>) -> Result<String, IndexError> {
        file::embedder(folder.as_ref())
    }

    /// Opens the vectors in `folder`, which is that of `index`, made by `embedder`.
    ///
    /// # Errors
    /// [`IndexError::Embedder`] when another embedder made them, [`IndexError::Fingerprint`] when they are of another index,
    /// [`IndexError::NotFinite`] or [`IndexError::Length`] for a vector that is none, otherwise [`IndexError`] when a file is
    /// missing, damaged, or of another format version.
    pub fn open(
        folder: impl AsRef<Path>,
        index: &Index,
        embedder: &dyn Embedder,
    ) -> Result<Self, IndexError> {
        file::open(folder.as_ref(), index, embedder)
    }

    /// How many vectors there are.
    pub const fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Numbers in a vector.
    pub const fn dimension(&self) -> usize {
        self.dimension
    }

    /// The id of the embedder that made them.
    pub fn embedder(&self) -> &str {
        &self.embedder
    }

    /// Whether a graph leads to the nearest; else every vector is looked at.
    pub const fn has_graph(&self) -> bool {
        self.graph.is_some()
    }

    /// The vector of the chunk at this position in corpus order; `None` when it has none.
    pub fn vector(&self, position: usize) -> Option<&[f32]> {
        let position = u32::try_from(position).ok()?;
        self.row(self.positions.binary_search(&position).ok()?)
    }

    /// The `k` chunks whose vectors are nearest to `query`, best first, ties in corpus order. `score` is the cosine. Only chunks at
    /// positions that `wanted` accepts; where these are few, every one of them is looked at.
    ///
    /// # Errors
    /// [`IndexError::Dimension`] or [`IndexError::NotFinite`] for a query that is no such vector.
    pub fn nearest(
        &self,
        query: &[f32],
        k: usize,
        wanted: Option<&dyn Fn(usize) -> bool>,
    ) -> Result<Vec<Hit>, IndexError> {
        check_vector(query, self.dimension, 0)?;
        let Some(graph) = &self.graph else {
            return Ok(self.look_at_all(query, k, wanted));
        };
        let accepts = |row: usize| {
            let position = self.positions.get(row).map(|position| *position as usize);
            position.is_some_and(|position| wanted.is_none_or(|wanted| wanted(position)))
        };
        if wanted.is_some() {
            let few = (0..self.len())
                .filter(|row| accepts(*row))
                .nth(self.config.exact_below);
            if few.is_none() {
                return Ok(self.look_at_all(query, k, wanted));
            }
        }
        let breadth = self.config.search_breadth.max(k);
        let filter = wanted
            .is_some()
            .then_some(&accepts as &dyn Fn(usize) -> bool);
        let mut rows = graph.search(breadth, filter, |rows, scores| {
            let rows = rows.iter().map(|row| self.row(*row as usize));
            dots(query, rows.map(Option::unwrap_or_default), scores);
        });
        rows.truncate(k);
        Ok(self.hits(rows))
    }

    /// [`Self::nearest`] without the graph: every vector is looked at.
    ///
    /// # Errors
    /// Those of [`Self::nearest`].
    pub fn nearest_exactly(
        &self,
        query: &[f32],
        k: usize,
        wanted: Option<&dyn Fn(usize) -> bool>,
    ) -> Result<Vec<Hit>, IndexError> {
        check_vector(query, self.dimension, 0)?;
        Ok(self.look_at_all(query, k, wanted))
    }

    fn look_at_all(
        &self,
        query: &[f32],
        k: usize,
        wanted: Option<&dyn Fn(usize) -> bool>,
    ) -> Vec<Hit> {
        // One after the other: read in order, rows come by themselves.
        let mut found: Vec<(f32, usize)> = self
            .numbers
            .chunks_exact(self.dimension)
            .zip(&self.positions)
            .enumerate()
            .filter(|(_, (_, position))| wanted.is_none_or(|wanted| wanted(**position as usize)))
            .map(|(row, (vector, _))| (dot(query, vector), row))
            .collect();
        let order =
            |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1));
        if k < found.len() {
            found.select_nth_unstable_by(k, order);
            found.truncate(k);
        }
        found.sort_unstable_by(order);
        self.hits(found)
    }

    fn hits(&self, rows: Vec<(f32, usize)>) -> Vec<Hit> {
        rows.into_iter()
            .filter_map(|(score, row)| {
                Some(Hit {
                    position: *self.positions.get(row)? as usize,
                    score,
                })
            })
            .collect()
    }

    fn row(&self, row: usize) -> Option<&[f32]> {
        let start = row.checked_mul(self.dimension)?;
        self.numbers.get(start..start.checked_add(self.dimension)?)
    }
}

/// Vectors as they come.
struct Rows {
    embedder: String,
    dimension: usize,
    positions: Vec<u32>,
    numbers: Vec<f32>,
}

impl Rows {
    fn new(embedder: &dyn Embedder) -> Self {
        Self {
            embedder: embedder.id().to_owned(),
            dimension: embedder.dimension(),
            positions: Vec::new(),
            numbers: Vec::new(),
        }
    }

    fn at(&mut self, position: usize) -> Result<(), IndexError> {
        let too_large = |_| IndexError::TooLarge { what: "chunks" };
        self.positions
            .push(u32::try_from(position).map_err(too_large)?);
        Ok(())
    }

    fn push(&mut self, vector: &[f32]) -> Result<(), IndexError> {
        let row = self.numbers.len() / self.dimension.max(1);
        check_vector(vector, self.dimension, row)?;
        self.numbers.extend_from_slice(vector);
        Ok(())
    }

    fn finish(self, config: &VectorConfig, seed: u64) -> Result<Vectors, IndexError> {
        if self.numbers.len() != self.positions.len() * self.dimension {
            return Err(IndexError::Dimension {
                found: self.numbers.len() / self.positions.len().max(1),
                expected: self.dimension,
            });
        }
        #[cfg_attr(
            not(feature = "hnsw"),
            allow(unused_mut, reason = "nothing is added then")
        )]
        let mut vectors = Vectors {
            config: config.clone(),
            embedder: self.embedder,
            dimension: self.dimension,
            positions: self.positions,
            numbers: self.numbers,
            graph: None,
        };
        #[cfg(feature = "hnsw")]
        if vectors.len() > config.exact_below {
            let graph = grow::grow(&vectors.numbers, vectors.dimension, config, seed);
            vectors.graph = Some(graph);
        }
        // Without the builder of graphs every vector is looked at: slower, and none is missed.
        #[cfg(not(feature = "hnsw"))]
        let _ = seed;
        Ok(vectors)
    }
}

/// Whether `vector`, the `at`-th, has this dimension, finite numbers, and length 1.
pub(crate) fn check_vector(vector: &[f32], dimension: usize, at: usize) -> Result<(), IndexError> {
    if vector.len() != dimension || dimension == 0 {
        return Err(IndexError::Dimension {
            found: vector.len(),
            expected: dimension,
        });
    }
    if vector.iter().any(|number| !number.is_finite()) {
        return Err(IndexError::NotFinite { at });
    }
    let length = dot(vector, vector).sqrt();
    if (length - 1.0).abs() > TOLERANCE {
        return Err(IndexError::Length { at, length });
    }
    Ok(())
}
