//! The seams between stages, as traits.

use std::error::Error;
use std::sync::Arc;

use crate::chunk::Chunk;
use crate::id::ChunkId;
use crate::span::Span;

/// A backend behind a seam failed.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct SeamError {
    /// What was attempted, on what.
    pub what: String,
    /// The backend's own error.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// Counts tokens. Budgets and statistics use whichever counter the caller configured.
pub trait TokenCounter: Send + Sync {
    /// Tokens in `text`.
    fn count(&self, text: &str) -> usize;

    /// A counter for many spans of one text. What it says of a span is what [`TokenCounter::count`] says of its bytes;
    /// a counter that can add up what it has read once overrides this. Default: every span is read when it is asked for.
    fn spans<'t>(&'t self, text: &'t str) -> Box<dyn SpanTokens + 't> {
        Box::new(EachSpan {
            counter: self,
            text,
        })
    }
}

/// Counts tokens of spans of one text.
pub trait SpanTokens {
    /// Tokens of the text under `span`; 0 when it is out of bounds or cuts a character.
    fn count(&self, span: Span) -> usize;
}

/// Reads every span anew.
struct EachSpan<'t, C: ?Sized> {
    counter: &'t C,
    text: &'t str,
}

impl<C: TokenCounter + ?Sized> SpanTokens for EachSpan<'_, C> {
    fn count(&self, span: Span) -> usize {
        span.slice(self.text)
            .map_or(0, |inner| self.counter.count(inner))
    }
}

/// Random access to the chunks of a corpus, in corpus order.
pub trait ChunkStore: Send + Sync {
    /// Number of chunks.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The chunk at this position in corpus order; `None` past the end.
    ///
    /// # Errors
    /// [`SeamError`] when the store cannot be read.
    fn get(&self, position: usize) -> Result<Option<Chunk>, SeamError>;

    /// The chunk with this id; `None` when there is none.
    ///
    /// # Errors
    /// [`SeamError`] when the store cannot be read.
    fn find(&self, id: &ChunkId) -> Result<Option<Chunk>, SeamError>;
}

/// Finds evidence. The only thing that generation knows of an index.
pub trait Retriever: ChunkStore {
    /// The `k` best chunks for `query`, best first, ties by chunk id.
    ///
    /// # Errors
    /// [`SeamError`] when the index cannot be read.
    fn search(&self, query: &str, k: usize) -> Result<Vec<Hit>, SeamError>;
}

/// Turns texts into vectors whose scalar product says how near they are in meaning.
pub trait Embedder: Send + Sync {
    /// Everything that a vector depends on besides the text: provider, model, its contents. Part of every cache key and of what
    /// an index was built from.
    fn id(&self) -> &str;

    /// Numbers in a vector; 1 or more.
    fn dimension(&self) -> usize;

    /// A vector of [`Embedder::dimension`] finite numbers and length 1 for each text, in their order.
    ///
    /// # Errors
    /// [`SeamError`] when the model fails or gives a vector of another length or with a number that is none.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, SeamError>;

    /// The vector of a question to find texts by; models that tell questions from passages override it. Default: that of a text.
    ///
    /// # Errors
    /// Those of [`Embedder::embed`].
    fn embed_query(&self, query: &str) -> Result<Vec<f32>, SeamError> {
        Ok(self.embed(&[query])?.pop().unwrap_or_default())
    }
}

impl<E: Embedder + ?Sized> Embedder for Arc<E> {
    fn id(&self) -> &str {
        (**self).id()
    }

    fn dimension(&self) -> usize {
        (**self).dimension()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, SeamError> {
        (**self).embed(texts)
    }

    fn embed_query(&self, query: &str) -> Result<Vec<f32>, SeamError> {
        (**self).embed_query(query)
    }
}

/// Says how well texts answer a query by reading each together with it (a cross-encoder).
pub trait Reranker: Send + Sync {
    /// Everything that a score depends on besides query and text: provider, model, its contents.
    fn id(&self) -> &str;

    /// A finite score for each text, in their order; higher is better, comparable within one query only.
    ///
    /// # Errors
    /// [`SeamError`] when the model fails or gives another number of scores or one that is no number.
    fn scores(&self, query: &str, texts: &[&str]) -> Result<Vec<f32>, SeamError>;
}

/// A search result.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Position in corpus order, for [`ChunkStore::get`].
    pub position: usize,
    /// Relevance; higher is better, comparable within one query only.
    pub score: f32,
}

/// Chunks in memory with a word-overlap retriever: for tests and corpora of a few documents.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(pub Vec<Chunk>);

impl ChunkStore for MemoryStore {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, position: usize) -> Result<Option<Chunk>, SeamError> {
        Ok(self.0.get(position).cloned())
    }

    fn find(&self, id: &ChunkId) -> Result<Option<Chunk>, SeamError> {
        Ok(self.0.iter().find(|chunk| chunk.chunk_id == *id).cloned())
    }
}

impl Retriever for MemoryStore {
    fn search(&self, query: &str, k: usize) -> Result<Vec<Hit>, SeamError> {
        let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let mut hits: Vec<Hit> = self
            .0
            .iter()
            .enumerate()
            .filter_map(|(position, chunk)| {
                let haystack =
                    format!("{} {}", chunk.heading_path.join(" "), chunk.text).to_lowercase();
                let found = words
                    .iter()
                    .filter(|word| haystack.contains(word.as_str()))
                    .count();
                (found > 0).then_some(Hit {
                    position,
                    score: found as f32,
                })
            })
            .collect();
        hits.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then(a.position.cmp(&b.position))
        });
        hits.truncate(k);
        Ok(hits)
    }
}
