//! The best hits in a reranker's order.

use dsg_core::{Hit, Reranker, SeamError};

use crate::error::IndexError;

/// `hits`, which are best first, with the first `count` ordered by `reranker`, ties in the order they had. Their scores become the logistic
/// function of the reranker's; the others follow in their order with scores below 0. `text` is what the reranker reads of a hit.
pub(super) fn reranked(
    reranker: &dyn Reranker,
    query: &str,
    mut hits: Vec<Hit>,
    count: usize,
    text: impl Fn(usize) -> Result<Option<String>, SeamError>,
) -> Result<Vec<Hit>, IndexError> {
    let rest = hits.split_off(count.min(hits.len()));
    let texts: Vec<String> = hits
        .iter()
        .map(|hit| Ok(text(hit.position)?.unwrap_or_default()))
        .collect::<Result<_, SeamError>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let scores = reranker.scores(query, &texts)?;
    if scores.len() != hits.len() || scores.iter().any(|score| !score.is_finite()) {
        return Err(IndexError::Scores {
            id: reranker.id().to_owned(),
            found: scores.len(),
            expected: hits.len(),
        });
    }
    let mut read: Vec<(f32, Hit)> = scores.into_iter().zip(hits).collect();
    // By what the model said: the logistic function makes large scores equal.
    read.sort_by(|a, b| b.0.total_cmp(&a.0));
    let read = read.into_iter().map(|(score, hit)| Hit {
        score: 1.0 / (1.0 + (-score).exp()),
        ..hit
    });
    let behind = rest.into_iter().zip(1_u16..).map(|(hit, rank)| Hit {
        score: -f32::from(rank),
        ..hit
    });
    Ok(read.chain(behind).collect())
}
