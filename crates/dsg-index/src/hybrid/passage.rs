//! What stands around a hit: the chunks beside it, and those that its headings begin with.

use dsg_core::{Chunk, ChunkStore, SeamError};

/// What to join to a hit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Chunks of the same document before the hit, and as many after it.
    pub neighbours: usize,
    /// Whether the chunks that the enclosing sections begin with are wanted.
    pub parents: bool,
}

/// A hit with what was joined to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// The first chunk of every section that encloses the hit, outermost first; none that is in `chunks`.
    pub parents: Vec<Chunk>,
    /// The hit and its neighbours in the order of the document.
    pub chunks: Vec<Chunk>,
    /// Where in `chunks` the hit is.
    pub hit: usize,
}

/// The chunk at `position` with its surroundings; `None` past the end.
///
/// # Errors
/// [`SeamError`] when the store cannot be read.
pub fn passage(
    store: &dyn ChunkStore,
    position: usize,
    wanted: Surroundings,
) -> Result<Option<Passage>, SeamError> {
    let Some(hit) = store.get(position)? else {
        return Ok(None);
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for step in 1..=wanted.neighbours {
        match chunk_of(store, position.checked_sub(step), &hit)? {
            Some(chunk) => before.push(chunk),
            None => break,
        }
    }
    for step in 1..=wanted.neighbours {
        match chunk_of(store, position.checked_add(step), &hit)? {
            Some(chunk) => after.push(chunk),
            None => break,
        }
    }
    let mut parents = Vec::new();
    if wanted.parents {
        let first = position - before.len();
        parents = enclosing(store, first, &hit)?;
    }
    before.reverse();
    let at = before.len();
    before.push(hit);
    before.extend(after);
    Ok(Some(Passage {
        parents,
        chunks: before,
        hit: at,
    }))
}

/// The chunk at `position` if it is of the same document as `hit`.
fn chunk_of(
    store: &dyn ChunkStore,
    position: Option<usize>,
    hit: &Chunk,
) -> Result<Option<Chunk>, SeamError> {
    let Some(position) = position else {
        return Ok(None);
    };
    Ok(store
        .get(position)?
        .filter(|chunk| chunk.doc_id == hit.doc_id))
}

/// Goes back from `first` through the document for the chunk that each section around `hit` begins with.
fn enclosing(store: &dyn ChunkStore, first: usize, hit: &Chunk) -> Result<Vec<Chunk>, SeamError> {
    let mut found: Vec<Chunk> = Vec::new();
    let mut depth = hit.heading_path.len();
    let mut at = first;
    while let Some(chunk) = chunk_of(store, at.checked_sub(1), hit)? {
        at -= 1;
        let path = &chunk.heading_path;
        if path.len() <= depth && hit.heading_path.starts_with(path) {
            if path.len() == depth && depth < hit.heading_path.len() {
                // An earlier chunk of the same section: it begins there.
                found.pop();
            }
            if path.len() < hit.heading_path.len() {
                depth = path.len();
                found.push(chunk);
            }
        }
    }
    found.reverse();
    Ok(found)
}
