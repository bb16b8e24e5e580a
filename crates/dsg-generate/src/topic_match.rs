//! Which topic a chunk belongs to.

use dsg_core::{Chunk, Retriever};

use crate::config::Topic;
use crate::draft::Draft;
use crate::error::GenerateError;

/// A chunk needs this much to belong to a topic: a keyword or command of its own, or a retrieval score near the best.
pub(crate) const THRESHOLD: f64 = 1.0;
/// A hit counts for retrieval's sake alone only from this share of its query's best score.
const RELATIVE_FLOOR: f64 = 0.5;
/// Hits looked at per query: quota times this, at least [`MIN_HITS`].
const HITS_PER_QUOTA: usize = 4;
const MIN_HITS: usize = 50;

/// How well each chunk matches each topic by retrieval: the best relative score over the topic's queries.
pub(crate) struct Affinity {
    /// Per topic, per chunk position.
    scores: Vec<Vec<f64>>,
}

impl Affinity {
    /// Runs the topics' queries: the description with the keywords, and each command and keyword alone.
    pub(crate) fn retrieve(
        topics: &[Topic],
        retriever: &dyn Retriever,
    ) -> Result<Self, GenerateError> {
        let mut scores = Vec::with_capacity(topics.len());
        for topic in topics {
            let mut best = vec![0.0_f64; retriever.len()];
            let k = (topic.quota * HITS_PER_QUOTA).max(MIN_HITS);
            let whole = format!("{} {}", topic.description, topic.keywords.join(" "));
            let queries = std::iter::once(whole.as_str())
                .chain(topic.commands.iter().map(String::as_str))
                .chain(topic.keywords.iter().map(String::as_str));
            for query in queries.filter(|query| !query.trim().is_empty()) {
                let hits =
                    retriever
                        .search(query, k)
                        .map_err(|source| GenerateError::Evidence {
                            topic: topic.id.clone(),
                            source,
                        })?;
                let top = hits.first().map_or(0.0, |hit| f64::from(hit.score));
                if top <= 0.0 {
                    continue;
                }
                for hit in hits {
                    if let Some(score) = best.get_mut(hit.position) {
                        *score = score.max(f64::from(hit.score) / top);
                    }
                }
            }
            scores.push(best);
        }
        Ok(Self { scores })
    }

    /// What speaks for each topic in the chunk at `position` itself: retrieval, its headings, commands and words.
    pub(crate) fn of_chunk(&self, topics: &[Topic], position: usize, chunk: &Chunk) -> Vec<f64> {
        let path = chunk.heading_path.join("\n").to_lowercase();
        let text = chunk.text.to_lowercase();
        topics
            .iter()
            .zip(&self.scores)
            .map(|(topic, scores)| {
                let retrieved = scores.get(position).copied().unwrap_or(0.0);
                let mut score = if retrieved >= RELATIVE_FLOOR {
                    2.0 * retrieved - 0.5
                } else {
                    0.5 * retrieved
                };
                for command in topic.commands.iter().map(|command| command.to_lowercase()) {
                    if holds_word(&path, &command) {
                        score += 4.0;
                    } else if chunk
                        .commands
                        .iter()
                        .any(|known| known.eq_ignore_ascii_case(&command))
                    {
                        score += 0.5;
                    }
                }
                for keyword in topic.keywords.iter().map(|keyword| keyword.to_lowercase()) {
                    if holds_word(&path, &keyword) {
                        score += if is_specific(&keyword) { 3.0 } else { 1.5 };
                    } else if holds_word(&text, &keyword) {
                        score += 0.25;
                    }
                }
                score
            })
            .collect()
    }
}

/// The best topic for a draft from a chunk with these scores, by position in the configuration; ties go to the earlier
/// topic. `None` when nothing but a weak retrieval score speaks for any.
pub(crate) fn topic_of(topics: &[Topic], chunk_scores: &[f64], draft: &Draft) -> Option<usize> {
    let question = draft.question.to_lowercase();
    let answer = draft.answer.to_lowercase();
    let mut best: Option<(usize, f64)> = None;
    for (number, (topic, chunk_score)) in topics.iter().zip(chunk_scores).enumerate() {
        let mut score = *chunk_score;
        for command in topic.commands.iter().map(|command| command.to_lowercase()) {
            if holds_word(&question, &command) {
                score += 3.0;
            }
        }
        for keyword in topic.keywords.iter().map(|keyword| keyword.to_lowercase()) {
            if holds_word(&question, &keyword) {
                score += if is_specific(&keyword) { 5.0 } else { 2.5 };
            } else if holds_word(&answer, &keyword) {
                score += 0.5;
            }
        }
        if score >= THRESHOLD && best.is_none_or(|(_, known)| score > known + 1e-9) {
            best = Some((number, score));
        }
    }
    best.map(|(number, _)| number)
}

/// Whether a keyword is a phrase or a technical name (`job array`, `--array`): it says more than the command it belongs to.
fn is_specific(keyword: &str) -> bool {
    keyword.contains(|c: char| !c.is_alphanumeric())
}

/// Whether `word` occurs in `text` between word boundaries (both lower case); a plural `s` may follow.
fn holds_word(text: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(start, found)| {
        let before = text.get(..start).and_then(|before| before.chars().last());
        let after = text.get(start + found.len()..).unwrap_or_default();
        let after = after.strip_prefix('s').unwrap_or(after);
        let open = before.is_none_or(|c| !is_word(c)) || !word.starts_with(is_word);
        let closed = after.chars().next().is_none_or(|c| !is_word(c)) || !word.ends_with(is_word);
        open && closed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        assert!(holds_word("see sbatch -n", "sbatch"));
        assert!(holds_word("two job arrays", "job array"));
        assert!(!holds_word("sbatchx", "sbatch"));
        assert!(holds_word("with --gres=gpu", "--gres"));
    }
}
