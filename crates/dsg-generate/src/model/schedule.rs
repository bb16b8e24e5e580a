//! Which chunk is asked for what, round after round until the plan is filled or the chunks are used up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use dsg_core::{
    BlockKind, CandidateId, Chunk, ChunkId, Difficulty, DocId, QuestionType, Retriever, Seed,
};

use crate::config::{GenerateConfig, Topic};
use crate::error::GenerateError;
use crate::generator::cells;
use crate::model::config::ModelWriterConfig;
use crate::model::task::{Kind, Task};
use crate::plan::Plan;
use crate::topic_match::THRESHOLD;

/// Hits in which the second chunk of a question is looked for.
const PARTNER_HITS: usize = 20;

/// What is known of a chunk without its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    pub(crate) chunk_id: ChunkId,
    pub(crate) doc_id: DocId,
    pub(crate) heading_path: Vec<String>,
    commands: Vec<String>,
    pub(crate) tokens: usize,
    words: usize,
    /// Whether it speaks of what goes wrong, of reasons and conditions, of what to do.
    suits: [bool; 3],
    /// Per topic.
    scores: Vec<f64>,
}

/// Question types with a sign in the text, the rarest sign first.
const SIGNED: [QuestionType; 3] = [
    QuestionType::Troubleshooting,
    QuestionType::Analytical,
    QuestionType::Procedural,
];

impl Head {
    pub(crate) fn new(chunk: &Chunk, scores: Vec<f64>) -> Self {
        let text = chunk.text.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let does = chunk.blocks.iter().any(|block| {
            matches!(
                block.kind,
                BlockKind::Code { .. } | BlockKind::List { ordered: true }
            )
        });
        Self {
            chunk_id: chunk.chunk_id.clone(),
            doc_id: chunk.doc_id.clone(),
            heading_path: chunk.heading_path.clone(),
            commands: chunk.commands.clone(),
            tokens: chunk.tokens,
            words: text.split_whitespace().count(),
            suits: [
                says(&[
                    "error", "fail", "problem", "cannot", "unable", "warning", "denied", "invalid",
                    "killed", "wrong",
                ]),
                says(&[
                    " if ",
                    " when ",
                    "because",
                    " than ",
                    "instead",
                    "unless",
                    "otherwise",
                    "however",
                ]),
                does || !chunk.commands.is_empty(),
            ],
            scores,
        }
    }

    /// Whether the topic may have it.
    pub(crate) fn is_on(&self, topic: usize) -> bool {
        self.scores
            .get(topic)
            .is_some_and(|score| *score >= THRESHOLD)
    }

    pub(crate) const fn is_worth(&self, settings: &ModelWriterConfig) -> bool {
        self.words >= settings.min_words
    }
}

/// The plan, and the chunks that may still fill it.
#[derive(Debug)]
pub(crate) struct Schedule<'a> {
    config: &'a GenerateConfig,
    settings: &'a ModelWriterConfig,
    topics: &'a [Topic],
    heads: &'a [Head],
    /// Per topic, per cell: items missing.
    missing: Vec<Vec<usize>>,
    /// Per topic: positions of chunks, the best first, each as often as it may be asked.
    pools: Vec<VecDeque<usize>>,
    /// How often each chunk was asked.
    asked: BTreeMap<usize, usize>,
    tasks: usize,
}

impl<'a> Schedule<'a> {
    pub(crate) fn new(
        config: &'a GenerateConfig,
        settings: &'a ModelWriterConfig,
        topics: &'a [Topic],
        plan: &Plan,
        heads: &'a [Head],
        seed: Seed,
    ) -> Self {
        let pools = (0..topics.len())
            .map(|topic| pool(topic, settings, heads, seed))
            .collect();
        Self {
            config,
            settings,
            topics,
            heads,
            missing: plan.slots(),
            pools,
            asked: BTreeMap::new(),
            tasks: 0,
        }
    }

    /// An item was written that the plan asks for.
    pub(crate) fn fill(&mut self, task: &Task) {
        let cell = cell_of(task.difficulty, task.question_type);
        if let Some(missing) = self
            .missing
            .get_mut(task.topic)
            .and_then(|cells| cells.get_mut(cell))
        {
            *missing = missing.saturating_sub(1);
        }
    }

    /// A task for every item that is missing, as far as there are chunks; empty when the run is done.
    pub(crate) fn round(&mut self, retriever: &dyn Retriever) -> Result<Vec<Task>, GenerateError> {
        let mut tasks = Vec::new();
        for topic in 0..self.topics.len() {
            let missing = self.missing.get(topic).cloned().unwrap_or_default();
            let picks = self.picks(topic, missing.iter().sum());
            let cells = assigned(&missing, &picks, self.heads);
            let kinds = self.kinds(topic, &picks, &cells, retriever)?;
            for ((chunk, (difficulty, question_type)), kind) in
                picks.into_iter().zip(cells).zip(kinds)
            {
                let nth = self.asked.entry(chunk).or_default();
                *nth += 1;
                let topic_id = self.topics.get(topic).map_or("", |topic| topic.id.as_str());
                let chunk_id = self
                    .heads
                    .get(chunk)
                    .map_or("", |head| head.chunk_id.as_str());
                let id = CandidateId::new(
                    "task",
                    [
                        topic_id,
                        chunk_id,
                        difficulty.as_str(),
                        question_type.as_str(),
                        &nth.to_string(),
                    ],
                );
                tasks.push(Task {
                    id: id.as_str().to_owned(),
                    number: self.tasks,
                    topic,
                    difficulty,
                    question_type,
                    chunk,
                    kind,
                });
                self.tasks += 1;
            }
        }
        Ok(tasks)
    }

    /// Up to `wanted` chunks of the topic's pool. What is passed over has given all it may.
    fn picks(&mut self, topic: usize, wanted: usize) -> Vec<usize> {
        let mut picks: Vec<usize> = Vec::new();
        let mut now: BTreeMap<usize, usize> = BTreeMap::new();
        let Some(pool) = self.pools.get_mut(topic) else {
            return picks;
        };
        while picks.len() < wanted {
            let Some(chunk) = pool.pop_front() else { break };
            let before = self.asked.get(&chunk).copied().unwrap_or(0);
            let turns = now.entry(chunk).or_default();
            if before + *turns < self.config.max_per_chunk {
                *turns += 1;
                picks.push(chunk);
            }
        }
        picks
    }

    /// What each item is to rest on: the shares of the settings, the hardest from two chunks, the easiest from none.
    fn kinds(
        &self,
        topic: usize,
        picks: &[usize],
        cells: &[(Difficulty, QuestionType)],
        retriever: &dyn Retriever,
    ) -> Result<Vec<Kind>, GenerateError> {
        let mut kinds = vec![Kind::Single; picks.len()];
        let mut order: Vec<usize> = (0..picks.len()).collect();
        order.sort_by_key(|number| {
            (
                std::cmp::Reverse(cells.get(*number).map(|(difficulty, _)| *difficulty)),
                *number,
            )
        });
        let mut multi = share(self.settings.multi_chunk, picks.len());
        let untold = share(self.settings.unanswerable, picks.len());
        for number in order.iter().rev().take(untold) {
            if let Some(kind) = kinds.get_mut(*number) {
                *kind = Kind::Unanswerable;
            }
        }
        for number in order {
            if multi == 0 {
                break;
            }
            let (Some(kind), Some(chunk)) = (kinds.get_mut(number), picks.get(number)) else {
                continue;
            };
            if *kind == Kind::Single
                && let Some(partner) = self.partner(topic, *chunk, retriever)?
            {
                *kind = Kind::Multi(partner);
                multi -= 1;
            }
        }
        Ok(kinds)
    }

    /// The chunk of the topic, in another section or document, that a search for this one's headings brings up first.
    fn partner(
        &self,
        topic: usize,
        chunk: usize,
        retriever: &dyn Retriever,
    ) -> Result<Option<usize>, GenerateError> {
        let Some(own) = self.heads.get(chunk) else {
            return Ok(None);
        };
        let query = format!("{} {}", own.heading_path.join(" "), own.commands.join(" "));
        if query.trim().is_empty() {
            return Ok(None);
        }
        let hits =
            retriever
                .search(&query, PARTNER_HITS)
                .map_err(|source| GenerateError::Evidence {
                    topic: self
                        .topics
                        .get(topic)
                        .map(|topic| topic.id.clone())
                        .unwrap_or_default(),
                    source,
                })?;
        Ok(hits.into_iter().map(|hit| hit.position).find(|position| {
            self.heads.get(*position).is_some_and(|head| {
                head.is_on(topic)
                    && head.is_worth(self.settings)
                    && (&head.doc_id, &head.heading_path) != (&own.doc_id, &own.heading_path)
            })
        }))
    }
}

/// The topic's chunks, the best first: those that fit no other topic better, by how well they fit, in bands; then documents take
/// turns; a chunk's second item comes as late as if it fitted a band worse.
fn pool(topic: usize, settings: &ModelWriterConfig, heads: &[Head], seed: Seed) -> VecDeque<usize> {
    let mut entries: Vec<(usize, u64, usize)> = Vec::new();
    for (position, head) in heads.iter().enumerate() {
        if !head.is_on(topic) || !head.is_worth(settings) {
            continue;
        }
        let own = head.scores.get(topic).copied().unwrap_or(0.0);
        let better = head.scores.iter().any(|score| *score > own);
        let band = usize::from(own < 3.0) + usize::from(own < 2.0) + usize::from(better);
        let order = seed.derive("generate/order", head.chunk_id.as_str()).0;
        entries.extend((0..settings.items_per_chunk).map(|nth| (band + nth, order, position)));
    }
    entries.sort_unstable();
    let mut turns: BTreeMap<(usize, &DocId), usize> = BTreeMap::new();
    let mut ordered: Vec<(usize, usize, u64, usize)> = entries
        .into_iter()
        .filter_map(|(band, order, position)| {
            let turn = turns
                .entry((band, &heads.get(position)?.doc_id))
                .or_default();
            *turn += 1;
            Some((band, *turn, order, position))
        })
        .collect();
    ordered.sort_unstable();
    ordered.into_iter().map(|(.., position)| position).collect()
}

/// A cell for each pick: types with a sign go to chunks that show it, the rest to whoever is left, in order.
fn assigned(missing: &[usize], picks: &[usize], heads: &[Head]) -> Vec<(Difficulty, QuestionType)> {
    let mut open: Vec<(Difficulty, QuestionType)> = Vec::new();
    let types = SIGNED.into_iter().chain([QuestionType::Factual]);
    for wanted in types {
        for ((difficulty, question_type), slots) in cells().zip(missing) {
            if question_type == wanted {
                open.extend(std::iter::repeat_n((difficulty, question_type), *slots));
            }
        }
    }
    let mut cells: Vec<Option<(Difficulty, QuestionType)>> = vec![None; picks.len()];
    let mut left: VecDeque<(Difficulty, QuestionType)> = VecDeque::new();
    for (sign, wanted) in SIGNED.into_iter().enumerate() {
        let mut suited = picks.iter().enumerate().filter(|(_, chunk)| {
            heads
                .get(**chunk)
                .is_some_and(|head| head.suits.get(sign) == Some(&true))
        });
        for cell in open
            .iter()
            .filter(|(_, question_type)| *question_type == wanted)
        {
            let free = suited.find(|(number, _)| matches!(cells.get(*number), Some(None)));
            match free.and_then(|(number, _)| cells.get_mut(number)) {
                Some(free) => *free = Some(*cell),
                None => left.push_back(*cell),
            }
        }
    }
    let facts = open
        .into_iter()
        .filter(|(_, question_type)| *question_type == QuestionType::Factual);
    left.extend(facts);
    cells
        .into_iter()
        .map(|cell| {
            cell.or_else(|| left.pop_front())
                .unwrap_or((Difficulty::Basic, QuestionType::Factual))
        })
        .collect()
}

fn cell_of(difficulty: Difficulty, question_type: QuestionType) -> usize {
    cells()
        .position(|cell| cell == (difficulty, question_type))
        .unwrap_or_default()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count: small and not negative"
)]
fn share(share: f64, of: usize) -> usize {
    (share * of as f64).round() as usize
}

/// Chunks that some topic may have.
pub(crate) fn on_topic(heads: &[Head], topics: usize) -> BTreeSet<usize> {
    (0..heads.len())
        .filter(|position| {
            heads
                .get(*position)
                .is_some_and(|head| (0..topics).any(|topic| head.is_on(topic)))
        })
        .collect()
}
