//! Fills quotas with a wanted mix of difficulties and question types.

use std::collections::{BTreeMap, HashMap, VecDeque};

use dsg_core::{Candidate, Difficulty, Outcome, QuestionType, StageResult};
use serde::Serialize;

use crate::config::BalanceConfig;
use crate::dedup::score;
use crate::error::DedupeError;
use crate::reason::DedupeReason;

/// Chooses which items fill each topic's quota.
#[derive(Debug)]
pub struct Balancer {
    quotas: BTreeMap<String, usize>,
    chunks_take_turns: bool,
    difficulty: [Option<f64>; Difficulty::ALL.len()],
    question_type: [Option<f64>; QuestionType::ALL.len()],
}

/// What [`Balancer::run`] chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Balanced {
    /// Chosen items in input order, the rest as rejects, the funnel.
    pub result: StageResult<Candidate>,
    /// One entry per topic that has a quota or items, by id.
    pub coverage: Vec<TopicCoverage>,
}

/// How well a topic's quota is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicCoverage {
    /// The topic's id.
    pub topic: String,
    /// Wanted, had and missing.
    #[serde(flatten)]
    pub total: Coverage,
    /// The same per difficulty; a quota only where shares are configured.
    pub difficulty: BTreeMap<&'static str, Coverage>,
    /// The same per question type.
    pub question_types: BTreeMap<&'static str, Coverage>,
}

/// One cell of the coverage table, in items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Wanted; absent without a quota.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<usize>,
    /// To choose from.
    pub available: usize,
    /// Chosen.
    pub got: usize,
    /// Wanted and not there.
    pub shortfall: usize,
}

/// Positions in [`Difficulty::ALL`] and [`QuestionType::ALL`].
type Cell = (usize, usize);

impl Balancer {
    /// A balancer with this configuration.
    ///
    /// # Errors
    /// [`DedupeError::Config`] for a share that is negative or not a number, an unknown difficulty or question type, or
    /// shares that sum to nothing.
    pub fn new(config: BalanceConfig) -> Result<Self, DedupeError> {
        Ok(Self {
            difficulty: shares(
                "difficulty",
                &config.difficulty,
                Difficulty::ALL.map(Difficulty::as_str),
            )?,
            question_type: shares(
                "question_types",
                &config.question_types,
                QuestionType::ALL.map(QuestionType::as_str),
            )?,
            quotas: config.quotas,
            chunks_take_turns: config.chunks_take_turns,
        })
    }

    /// Chooses up to `quota` items of each topic. Each pick goes to the difficulty and question type that lag most behind
    /// their shares; inside, documents take turns, best score first, ties by id. The choice does not depend on the
    /// input's order.
    pub fn run(&self, candidates: Vec<Candidate>) -> Balanced {
        let mut topics: BTreeMap<&str, Vec<usize>> = self
            .quotas
            .keys()
            .map(|topic| (topic.as_str(), Vec::new()))
            .collect();
        for (index, candidate) in candidates.iter().enumerate() {
            topics.entry(&candidate.topic).or_default().push(index);
        }
        let mut chosen = vec![false; candidates.len()];
        let mut coverage = Vec::with_capacity(topics.len());
        for (topic, members) in topics {
            let quota = self.quotas.get(topic).copied();
            for index in self.choose(&candidates, &members, quota) {
                if let Some(slot) = chosen.get_mut(index) {
                    *slot = true;
                }
            }
            coverage.push(self.coverage(topic, quota, &candidates, &members, &chosen));
        }
        let result = candidates
            .into_iter()
            .zip(chosen)
            .map(|(candidate, chosen)| {
                if chosen {
                    return Outcome::Kept(candidate);
                }
                let quota = self.quotas.get(&candidate.topic).copied().unwrap_or(0);
                DedupeReason::OverQuota.drop(
                    &candidate,
                    format!("topic `{}` has its {quota} items", candidate.topic),
                )
            })
            .collect();
        Balanced { result, coverage }
    }

    fn choose(
        &self,
        candidates: &[Candidate],
        members: &[usize],
        quota: Option<usize>,
    ) -> Vec<usize> {
        let Some(quota) = quota.filter(|quota| *quota < members.len()) else {
            return members.to_vec();
        };
        let mut queues = queues(candidates, members, self.chunks_take_turns);
        let mut got_difficulty = [0.0; Difficulty::ALL.len()];
        let mut got_type = [0.0; QuestionType::ALL.len()];
        let mut chosen = Vec::with_capacity(quota);
        while chosen.len() < quota {
            let next = (chosen.len() + 1) as f64;
            let lag = |cell: &Cell| {
                let one = |shares: &[Option<f64>], got: &[f64], at: usize| {
                    let share = shares.get(at).copied().flatten();
                    share.map_or(0.0, |share| {
                        share * next - got.get(at).copied().unwrap_or(0.0)
                    })
                };
                one(&self.difficulty, &got_difficulty, cell.0)
                    + one(&self.question_type, &got_type, cell.1)
            };
            // The first of equals, in the order of the enums, so that nothing depends on chance.
            let best = queues
                .iter()
                .filter(|(_, queue)| !queue.is_empty())
                .map(|(cell, queue)| (*cell, lag(cell), queue.front().map(|(key, _)| *key)))
                .reduce(|best, next| {
                    let ahead = next.1 > best.1 + 1e-9
                        || ((next.1 - best.1).abs() <= 1e-9 && next.2 < best.2);
                    if ahead { next } else { best }
                });
            let Some((cell, ..)) = best else { break };
            let Some((_, index)) = queues.get_mut(&cell).and_then(VecDeque::pop_front) else {
                break;
            };
            chosen.push(index);
            if let Some(got) = got_difficulty.get_mut(cell.0) {
                *got += 1.0;
            }
            if let Some(got) = got_type.get_mut(cell.1) {
                *got += 1.0;
            }
        }
        chosen
    }

    fn coverage(
        &self,
        topic: &str,
        quota: Option<usize>,
        candidates: &[Candidate],
        members: &[usize],
        chosen: &[bool],
    ) -> TopicCoverage {
        let count = |quota: Option<usize>, of: &dyn Fn(&Candidate) -> bool| {
            let (mut available, mut got) = (0, 0);
            for index in members {
                if candidates.get(*index).is_some_and(of) {
                    available += 1;
                    got += usize::from(chosen.get(*index).copied().unwrap_or(false));
                }
            }
            Coverage {
                quota,
                available,
                got,
                shortfall: quota.unwrap_or(0).saturating_sub(got),
            }
        };
        let difficulty = Difficulty::ALL
            .into_iter()
            .zip(apportion(quota, &self.difficulty))
            .map(|(difficulty, quota)| {
                let cell = count(quota, &|candidate| candidate.difficulty == difficulty);
                (difficulty.as_str(), cell)
            })
            .collect();
        let question_types = QuestionType::ALL
            .into_iter()
            .zip(apportion(quota, &self.question_type))
            .map(|(kind, quota)| {
                let cell = count(quota, &|candidate| candidate.question_type == kind);
                (kind.as_str(), cell)
            })
            .collect();
        TopicCoverage {
            topic: topic.to_owned(),
            total: count(quota, &|_| true),
            difficulty,
            question_types,
        }
    }
}

/// A queue's key: how often its chunk had its turn before, where that matters, then its document, then the place among all by score
/// and id.
type Turn = (usize, usize, usize);

/// Per cell, the members in the order in which they should be taken.
fn queues(
    candidates: &[Candidate],
    members: &[usize],
    chunks_take_turns: bool,
) -> BTreeMap<Cell, VecDeque<(Turn, usize)>> {
    let mut ranked: Vec<(f64, &Candidate, usize)> = members
        .iter()
        .filter_map(|index| {
            let candidate = candidates.get(*index)?;
            Some((score(candidate), candidate, *index))
        })
        .collect();
    ranked.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then_with(|| a.1.id.cmp(&b.1.id))
            .then(a.2.cmp(&b.2))
    });
    let mut turns: HashMap<(Cell, &str), usize> = HashMap::new();
    let mut chunk_turns: HashMap<&str, usize> = HashMap::new();
    let mut cells: BTreeMap<Cell, Vec<(Turn, usize)>> = BTreeMap::new();
    for (place, (_, candidate, index)) in ranked.into_iter().enumerate() {
        let cell = (
            position(&Difficulty::ALL, &candidate.difficulty),
            position(&QuestionType::ALL, &candidate.question_type),
        );
        let document = candidate
            .citations
            .first()
            .map_or("", |citation| citation.doc_id.as_str());
        let turn = turns.entry((cell, document)).or_default();
        let mut of_chunk = 0;
        if let Some(citation) = candidate.citations.first().filter(|_| chunks_take_turns) {
            // Over all cells: a chunk with an item of another kind has one.
            let turns = chunk_turns.entry(citation.chunk_id.as_str()).or_default();
            of_chunk = *turns;
            *turns += 1;
        }
        let key = (of_chunk, *turn, place);
        cells.entry(cell).or_default().push((key, index));
        *turn += 1;
    }
    cells
        .into_iter()
        .map(|(cell, mut items)| {
            items.sort_unstable();
            (cell, items.into())
        })
        .collect()
}

fn position<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().position(|other| other == one).unwrap_or(0)
}

/// Shares in the order of `names`, summing to 1; all `None` when nothing is configured.
fn shares<const N: usize>(
    field: &'static str,
    configured: &BTreeMap<String, f64>,
    names: [&'static str; N],
) -> Result<[Option<f64>; N], DedupeError> {
    for (name, share) in configured {
        if !names.contains(&name.as_str()) {
            return Err(DedupeError::config(
                field,
                format!("`{name}` is none of {}", names.join(", ")),
            ));
        }
        if !(share.is_finite() && *share >= 0.0) {
            return Err(DedupeError::config(
                field,
                format!("the share of `{name}` is {share}, not a number from 0 up"),
            ));
        }
    }
    if configured.is_empty() {
        return Ok([None; N]);
    }
    let sum: f64 = configured.values().sum();
    if sum <= 0.0 {
        return Err(DedupeError::config(
            field,
            "the shares sum to nothing".to_owned(),
        ));
    }
    Ok(names.map(|name| Some(configured.get(name).copied().unwrap_or(0.0) / sum)))
}

/// `quota` in whole items by `shares`, by largest remainder, so that the parts sum to the whole.
fn apportion<const N: usize>(
    quota: Option<usize>,
    shares: &[Option<f64>; N],
) -> [Option<usize>; N] {
    let Some(quota) = quota else { return [None; N] };
    let exact = shares.map(|share| share.map(|share| share * quota as f64));
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a quota lies between 0 and the quota"
    )]
    let mut parts = exact.map(|exact| exact.map(|exact| (exact + 1e-9).floor() as usize));
    let mut missing = quota.saturating_sub(parts.iter().flatten().sum());
    let mut by_remainder: Vec<(usize, f64)> = exact
        .iter()
        .enumerate()
        .filter_map(|(at, exact)| Some((at, (*exact)? - (*exact)?.floor())))
        .filter(|(_, remainder)| *remainder > 1e-9)
        .collect();
    by_remainder.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    for (at, _) in by_remainder {
        if missing == 0 {
            break;
        }
        if let Some(Some(part)) = parts.get_mut(at) {
            *part += 1;
            missing -= 1;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_to_the_quota() {
        let shares = [Some(0.4), Some(0.4), Some(0.2)];
        for quota in 0..40 {
            let parts = apportion(Some(quota), &shares);
            assert_eq!(parts.iter().flatten().sum::<usize>(), quota);
        }
        assert_eq!(apportion(None, &shares), [None; 3]);
    }

    #[test]
    fn impossible_shares_are_refused_by_name() {
        let config = |name: &str, share| BalanceConfig {
            difficulty: [(name.to_owned(), share)].into(),
            ..BalanceConfig::default()
        };
        for (name, share) in [
            ("hard", 1.0),
            ("basic", -1.0),
            ("basic", 0.0),
            ("basic", f64::NAN),
        ] {
            let error = Balancer::new(config(name, share)).unwrap_err();
            assert!(error.to_string().contains("difficulty"), "{error}");
        }
    }
}
