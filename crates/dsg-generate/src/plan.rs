//! The curriculum: how many of what, and which drafts fill it.

use std::collections::{BTreeMap, BTreeSet};

use dsg_core::{Difficulty, QuestionType};

use crate::config::{CoverageMode, GenerateConfig, Topic};
use crate::coverage::{Cell, Shortfall, TopicCoverage};
use crate::generator::cells;

/// A draft that may fill a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entrant {
    /// Its place among the drafts.
    pub(crate) number: usize,
    pub(crate) topic: usize,
    pub(crate) chunk: usize,
    /// The section its chunk begins in.
    pub(crate) section: usize,
    pub(crate) document: String,
    pub(crate) difficulty: Difficulty,
    pub(crate) question_type: QuestionType,
    /// How much it promises; the lowest first.
    pub(crate) tier: u8,
    /// A seeded number that decides among equals.
    pub(crate) order: u64,
}

/// Slots per topic × difficulty × question type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    topics: Vec<TopicPlan>,
    coverage: CoverageMode,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TopicPlan {
    id: String,
    quota: usize,
    planned: usize,
    /// In the order of [`cells`].
    slots: Vec<usize>,
    supply: Vec<usize>,
    written: Vec<usize>,
    chunks: usize,
}

impl Plan {
    /// Quotas times the oversampling, distributed over the mixes by largest remainder.
    pub(crate) fn new(config: &GenerateConfig, topics: &[Topic]) -> Self {
        let topics = topics
            .iter()
            .map(|topic| {
                let planned = ceil(topic.quota as f64 * config.oversample);
                let shares: Vec<f64> = cells()
                    .map(|(difficulty, kind)| {
                        config.difficulty.share(difficulty) * config.question_types.share(kind)
                    })
                    .collect();
                TopicPlan {
                    id: topic.id.clone(),
                    quota: topic.quota,
                    planned,
                    slots: distribute(planned, &shares),
                    supply: vec![0; shares.len()],
                    written: vec![0; shares.len()],
                    chunks: 0,
                }
            })
            .collect();
        Self {
            topics,
            coverage: config.coverage,
        }
    }

    /// Per topic, how many items each cell is to have, in the order of [`cells`].
    pub(crate) fn slots(&self) -> Vec<Vec<usize>> {
        self.topics
            .iter()
            .map(|topic| topic.slots.clone())
            .collect()
    }

    /// Chooses among `entrants`: first each cell up to its slots, then any cell up to the topic's plan. Within a cell
    /// the patterns that promise most come first, a chunk's second item a step later than its first; then documents take
    /// turns, then chunks, then the seeded order decides. Where coverage is balanced, a section without an item goes before all
    /// that. Returns the chosen numbers.
    pub(crate) fn fill(&mut self, entrants: &[Entrant]) -> BTreeSet<usize> {
        let mut chosen = BTreeSet::new();
        let mut covered = (self.coverage == CoverageMode::Balanced).then(BTreeSet::new);
        for (number, topic) in self.topics.iter_mut().enumerate() {
            let own: Vec<&Entrant> = entrants
                .iter()
                .filter(|entrant| entrant.topic == number)
                .collect();
            topic.chunks = own
                .iter()
                .map(|entrant| entrant.chunk)
                .collect::<BTreeSet<_>>()
                .len();
            let mut turns = Turns {
                covered: covered.take(),
                ..Turns::default()
            };
            let mut rest: Vec<(usize, &Entrant)> = Vec::new();
            for (cell, (difficulty, kind)) in cells().enumerate() {
                let matching: Vec<&Entrant> = own
                    .iter()
                    .copied()
                    .filter(|entrant| {
                        entrant.difficulty == difficulty && entrant.question_type == kind
                    })
                    .collect();
                if let Some(supply) = topic.supply.get_mut(cell) {
                    *supply = matching.len();
                }
                let slots = topic.slots.get(cell).copied().unwrap_or(0);
                let (taken, left) = turns.take(matching, slots);
                if let Some(written) = topic.written.get_mut(cell) {
                    *written += taken.len();
                }
                chosen.extend(taken.iter().map(|entrant| entrant.number));
                rest.extend(left.into_iter().map(|entrant| (cell, entrant)));
            }
            let missing = topic.planned.saturating_sub(topic.written.iter().sum());
            let cell_of: BTreeMap<usize, usize> = rest
                .iter()
                .map(|(cell, entrant)| (entrant.number, *cell))
                .collect();
            let (taken, _) = turns.take(
                rest.into_iter().map(|(_, entrant)| entrant).collect(),
                missing,
            );
            for entrant in taken {
                chosen.insert(entrant.number);
                let cell = cell_of.get(&entrant.number).copied().unwrap_or(0);
                if let Some(written) = topic.written.get_mut(cell) {
                    *written += 1;
                }
            }
            covered = turns.covered;
        }
        chosen
    }

    /// The plan as coverage.
    pub(crate) fn report(self) -> (Vec<Cell>, Vec<TopicCoverage>) {
        let mut all = Vec::new();
        let mut sums = Vec::new();
        for topic in self.topics {
            let numbers = topic.slots.iter().zip(&topic.written).zip(&topic.supply);
            for ((difficulty, question_type), ((planned, written), supply)) in cells().zip(numbers)
            {
                if *planned == 0 && *written == 0 {
                    continue;
                }
                let shortfall = planned.saturating_sub(*written);
                let why = (shortfall > 0).then_some(match (topic.chunks, supply) {
                    (0, _) => Shortfall::NoEvidence,
                    (_, 0) => Shortfall::NoStructure,
                    _ => Shortfall::Exhausted,
                });
                all.push(Cell {
                    topic: topic.id.clone(),
                    difficulty,
                    question_type,
                    planned: *planned,
                    written: *written,
                    shortfall,
                    why,
                });
            }
            sums.push(TopicCoverage {
                topic: topic.id,
                quota: topic.quota,
                planned: topic.planned,
                written: topic.written.iter().sum(),
                chunks: topic.chunks,
            });
        }
        (all, sums)
    }
}

/// Who had how many turns within a topic.
#[derive(Debug, Default)]
struct Turns {
    documents: BTreeMap<String, usize>,
    chunks: BTreeMap<usize, usize>,
    /// The sections that have an item, where that matters.
    covered: Option<BTreeSet<usize>>,
}

impl Turns {
    /// Takes up to `wanted` of `entrants`, the most promising first, then from the document, then the chunk, that had the fewest turns so far.
    fn take<'e>(
        &mut self,
        mut entrants: Vec<&'e Entrant>,
        wanted: usize,
    ) -> (Vec<&'e Entrant>, Vec<&'e Entrant>) {
        entrants.sort_by_key(|entrant| (entrant.order, entrant.number));
        let mut taken = Vec::new();
        while taken.len() < wanted && !entrants.is_empty() {
            let next = entrants
                .iter()
                .enumerate()
                .min_by_key(|(position, entrant)| {
                    (
                        self.covered
                            .as_ref()
                            .is_some_and(|covered| covered.contains(&entrant.section)),
                        entrant.tier
                            + u8::try_from(
                                self.chunks.get(&entrant.chunk).copied().unwrap_or(0).min(3),
                            )
                            .unwrap_or(3),
                        self.documents.get(&entrant.document).copied().unwrap_or(0),
                        self.chunks.get(&entrant.chunk).copied().unwrap_or(0),
                        *position,
                    )
                })
                .map(|(position, _)| position);
            let Some(position) = next else { break };
            let entrant = entrants.remove(position);
            *self.documents.entry(entrant.document.clone()).or_default() += 1;
            *self.chunks.entry(entrant.chunk).or_default() += 1;
            if let Some(covered) = &mut self.covered {
                covered.insert(entrant.section);
            }
            taken.push(entrant);
        }
        (taken, entrants)
    }
}

/// `total` in whole numbers by `shares` (which sum to 1): floors first, then the largest remainders, ties in order.
fn distribute(total: usize, shares: &[f64]) -> Vec<usize> {
    let exact: Vec<f64> = shares.iter().map(|share| share * total as f64).collect();
    let mut whole: Vec<usize> = exact.iter().map(|value| floor(*value)).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    let remainder = |position: &usize| {
        exact
            .get(*position)
            .map_or(0.0, |value| value - value.floor())
    };
    order.sort_by(|a, b| remainder(b).total_cmp(&remainder(a)).then(a.cmp(b)));
    let missing = total.saturating_sub(whole.iter().sum());
    for position in order.into_iter().take(missing) {
        if let Some(value) = whole.get_mut(position) {
            *value += 1;
        }
    }
    whole
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of items: small and not negative"
)]
fn floor(value: f64) -> usize {
    // A share such as 0.3 × 10 must not fall to 2 for its last bit.
    (value + 1e-9).floor() as usize
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of items: small and not negative"
)]
fn ceil(value: f64) -> usize {
    (value - 1e-9).ceil() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entrant(number: usize, chunk: usize, document: &str) -> Entrant {
        Entrant {
            number,
            topic: 0,
            chunk,
            section: chunk,
            document: document.to_owned(),
            difficulty: Difficulty::Basic,
            question_type: QuestionType::Factual,
            tier: 0,
            order: 0,
        }
    }

    #[test]
    fn documents_and_chunks_take_turns() {
        let pool: Vec<Entrant> = (0..6)
            .map(|n| entrant(n, n / 3, "a"))
            .chain([entrant(6, 9, "b")])
            .collect();
        let (taken, _) = Turns::default().take(pool.iter().collect(), 3);
        let mut chunks: Vec<usize> = taken.iter().map(|entrant| entrant.chunk).collect();
        chunks.sort_unstable();
        assert_eq!(chunks, [0, 1, 9]);
    }

    #[test]
    fn balanced_coverage_takes_every_section_before_any_twice() {
        // One section promises much and often, the others little and once.
        let pool: Vec<Entrant> = (0..12)
            .map(|n| {
                let section = if n < 6 { 0 } else { n };
                let mut entrant = entrant(n, section, "a");
                entrant.tier = if n < 6 { 0 } else { 2 };
                entrant
            })
            .collect();
        let sections = |coverage| {
            let config = GenerateConfig {
                oversample: 1.0,
                coverage,
                ..GenerateConfig::default()
            };
            let topics = [Topic {
                id: "t".into(),
                quota: 7,
                ..Topic::default()
            }];
            let chosen = Plan::new(&config, &topics).fill(&pool);
            let of: BTreeSet<usize> = chosen.iter().map(|n| pool[*n].section).collect();
            (chosen.len(), of.len())
        };
        assert_eq!(sections(CoverageMode::Balanced), (7, 7));
        let (chosen, covered) = sections(CoverageMode::Best);
        assert!(chosen == 7 && covered < 7, "{covered}");
    }

    #[test]
    fn a_topic_is_filled_from_other_cells_when_one_is_short() {
        let config = GenerateConfig {
            oversample: 1.0,
            ..GenerateConfig::default()
        };
        let topics = [Topic {
            id: "t".into(),
            quota: 10,
            ..Topic::default()
        }];
        let mut plan = Plan::new(&config, &topics);
        let pool: Vec<Entrant> = (0..20).map(|n| entrant(n, n, "a")).collect();
        assert_eq!(plan.fill(&pool).len(), 10);
        let (cells, sums) = plan.report();
        assert_eq!((sums[0].planned, sums[0].written), (10, 10));
        assert!(
            cells
                .iter()
                .any(|cell| cell.why == Some(Shortfall::NoStructure))
        );
    }

    proptest! {
        #[test]
        fn distribution_is_exact(total in 0_usize..500, raw in proptest::collection::vec(0.01_f64..1.0, 1..12)) {
            let sum: f64 = raw.iter().sum();
            let shares: Vec<f64> = raw.iter().map(|share| share / sum).collect();
            prop_assert_eq!(distribute(total, &shares).iter().sum::<usize>(), total);
        }
    }
}
