//! The driver: plan, evidence, drafts, choice.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use dsg_core::{
    Candidate, CandidateId, CandidateSchema, Chunk, Difficulty, Event, Generator as Author,
    Interrupt, Observer, Outcome, QuestionType, Reject, RejectSchema, Retriever, Seed, Stage,
    StageResult,
};
use serde_json::Map;

use crate::config::{GenerateConfig, Topic};
use crate::coverage::{Coverage, Uncovered, UncoveredReason};
use crate::draft::Draft;
use crate::error::GenerateError;
use crate::lexicon::LexiconBuilder;
use crate::plan::{Entrant, Plan};
use crate::reason::DropReason;
use crate::topic_match::{Affinity, topic_of};
use crate::writer::ExtractiveWriter;

/// The provider's name in records.
const PROVIDER: &str = "extractive";
/// Progress is reported every so many chunks.
const REPORT_EVERY: usize = 64;

/// Plans a curriculum and writes candidates for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Generator {
    config: GenerateConfig,
    seed: Seed,
}

/// What a run gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// Candidates in corpus order; the funnel counts drafts.
    pub result: StageResult<Candidate>,
    /// Planned against written.
    pub coverage: Coverage,
}

/// A draft with its place in the corpus.
struct Written {
    draft: Draft,
    candidate_id: CandidateId,
    chunk: usize,
    topic: Option<usize>,
}

impl Generator {
    /// A generator for a valid configuration; mixes within 0.001 of 1 are normalised.
    ///
    /// # Errors
    /// [`GenerateError::Config`] naming the field.
    pub fn new(config: GenerateConfig, seed: Seed) -> Result<Self, GenerateError> {
        Ok(Self {
            config: config.validated()?,
            seed,
        })
    }

    /// Writes drafts from every chunk, assigns them to topics, and keeps what the curriculum asks for. Reports
    /// [`Event::Progress`] in chunks; beginning and end are the caller's to announce.
    ///
    /// # Errors
    /// [`GenerateError::Evidence`] and [`GenerateError::Chunk`] when the index cannot be read,
    /// [`GenerateError::Interrupted`] when `interrupt` was requested.
    pub fn run(
        &self,
        retriever: &dyn Retriever,
        observer: &dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Generated, GenerateError> {
        let total = retriever.len();
        let general = self.config.topics.is_empty();
        let topics = if general {
            vec![Topic::general(total)]
        } else {
            self.config.topics.clone()
        };
        let affinity = if general {
            None
        } else {
            Some(Affinity::retrieve(&topics, retriever)?)
        };

        let mut lexicon = LexiconBuilder::default();
        for position in 0..total {
            if interrupt.is_requested() {
                return Err(GenerateError::Interrupted);
            }
            let chunk = retriever
                .get(position)
                .map_err(|source| GenerateError::Chunk { position, source })?;
            let Some(chunk) = chunk else { break };
            lexicon.add(&chunk);
        }
        let writer = ExtractiveWriter::new(self.config.subject.clone(), self.seed)
            .with_lexicon(lexicon.finish());
        let mut written: Vec<Written> = Vec::new();
        let mut heads: Vec<Chunk> = Vec::with_capacity(total);
        for position in 0..total {
            if interrupt.is_requested() {
                return Err(GenerateError::Interrupted);
            }
            let chunk = retriever
                .get(position)
                .map_err(|source| GenerateError::Chunk { position, source })?;
            let Some(chunk) = chunk else { break };
            let drafts = writer.write(&chunk);
            let scores = match &affinity {
                Some(affinity) if !drafts.is_empty() => {
                    affinity.of_chunk(&topics, position, &chunk)
                }
                _ => Vec::new(),
            };
            for draft in drafts {
                let topic = if general {
                    Some(0)
                } else {
                    topic_of(&topics, &scores, &draft)
                };
                written.push(Written {
                    candidate_id: id_of(&draft),
                    draft,
                    chunk: position,
                    topic,
                });
            }
            heads.push(head_of(chunk));
            if (position + 1) % REPORT_EVERY == 0 || position + 1 == total {
                observer.on_event(&Event::Progress {
                    stage: Stage::Generate,
                    done: u64::try_from(position + 1).unwrap_or(u64::MAX),
                });
            }
        }

        adopt(&mut written, &heads);
        let (reasons, plan) = self.choose(&topics, &written, &heads);
        let coverage = coverage(plan, &written, &reasons, &heads);
        let result: StageResult<Candidate> = written
            .into_iter()
            .zip(reasons)
            .map(|(item, reason)| self.outcome(item, reason, &topics, &heads))
            .collect();
        Ok(Generated { result, coverage })
    }

    /// Per draft, why it is left out (`None`: kept); and the filled plan.
    fn choose(
        &self,
        topics: &[Topic],
        written: &[Written],
        heads: &[Chunk],
    ) -> (Vec<Option<DropReason>>, Plan) {
        let mut reasons: Vec<Option<DropReason>> = vec![None; written.len()];
        let mut questions: HashSet<String> = HashSet::new();
        let mut answers: HashSet<String> = HashSet::new();
        let mut per_chunk: BTreeMap<usize, usize> = BTreeMap::new();
        let mut entrants = Vec::new();
        let mut sections: HashMap<(&str, &[String]), usize> = HashMap::new();
        for (number, (item, reason)) in written.iter().zip(reasons.iter_mut()).enumerate() {
            let Some(topic) = item.topic else {
                *reason = Some(DropReason::OffTopic);
                continue;
            };
            if !questions.insert(comparable(&item.draft.question)) {
                *reason = Some(DropReason::DuplicateQuestion);
                continue;
            }
            if !answers.insert(told(&item.draft)) {
                *reason = Some(DropReason::DuplicateAnswer);
                continue;
            }
            let used = per_chunk.entry(item.chunk).or_default();
            if *used >= self.config.max_per_chunk {
                *reason = Some(DropReason::ChunkLimit);
                continue;
            }
            *used += 1;
            let document = heads
                .get(item.chunk)
                .map(|chunk| chunk.doc_id.as_str().to_owned())
                .unwrap_or_default();
            let headings = heads.get(item.chunk).map(|chunk| {
                let path: &[String] = &chunk.heading_path;
                (chunk.doc_id.as_str(), path)
            });
            let next = sections.len();
            let section = *sections.entry(headings.unwrap_or_default()).or_insert(next);
            entrants.push(Entrant {
                number,
                topic,
                chunk: item.chunk,
                section,
                document,
                difficulty: item.draft.difficulty,
                question_type: item.draft.question_type,
                tier: item.draft.tier(),
                order: self
                    .seed
                    .derive("generate/order", item.candidate_id.as_str())
                    .0,
            });
        }
        let mut plan = Plan::new(&self.config, topics);
        let chosen: BTreeSet<usize> = plan.fill(&entrants);
        for entrant in &entrants {
            if !chosen.contains(&entrant.number)
                && let Some(reason) = reasons.get_mut(entrant.number)
            {
                *reason = Some(DropReason::OverPlan);
            }
        }
        (reasons, plan)
    }

    fn outcome(
        &self,
        item: Written,
        reason: Option<DropReason>,
        topics: &[Topic],
        heads: &[Chunk],
    ) -> Outcome<Candidate> {
        let topic = item
            .topic
            .and_then(|number| topics.get(number))
            .map(|topic| topic.id.clone())
            .unwrap_or_default();
        let seed = self.seed.derive("generate", item.candidate_id.as_str());
        let candidate = Candidate {
            schema: CandidateSchema,
            id: item.candidate_id,
            task: "qa".to_owned(),
            topic,
            difficulty: item.draft.difficulty,
            question_type: item.draft.question_type,
            question: item.draft.question,
            answer: item.draft.answer,
            citations: item.draft.citations,
            evidence: heads
                .get(item.chunk)
                .map(|chunk| chunk.chunk_id.clone())
                .into_iter()
                .collect(),
            generator: Author {
                provider: PROVIDER.to_owned(),
                model: None,
                prompt: item.draft.template,
                seed,
            },
            verdict: None,
            extra: Map::new(),
        };
        match reason {
            None => Outcome::Kept(candidate),
            Some(reason) => Outcome::Dropped(Reject {
                schema: RejectSchema,
                id: candidate.id.as_str().to_owned(),
                stage: Stage::Generate,
                reason: reason.into(),
                detail: detail(reason, &candidate),
                record: serde_json::to_value(&candidate).unwrap_or_default(),
            }),
        }
    }
}

/// Where a document's drafts mostly belong to topics, gives the others the topic that most of them have; ties go to the
/// earlier topic.
fn adopt(written: &mut [Written], heads: &[Chunk]) {
    let document = |item: &Written| heads.get(item.chunk).map(|chunk| &chunk.doc_id);
    let mut counts: HashMap<_, BTreeMap<Option<usize>, usize>> = HashMap::new();
    for item in written.iter() {
        *counts
            .entry(document(item))
            .or_default()
            .entry(item.topic)
            .or_default() += 1;
    }
    for item in written.iter_mut().filter(|item| item.topic.is_none()) {
        let Some(counts) = counts.get(&document(item)) else {
            continue;
        };
        let unclaimed = counts.get(&None).copied().unwrap_or_default();
        let claimed = counts.values().sum::<usize>() - unclaimed;
        if claimed > unclaimed {
            item.topic = counts
                .iter()
                .filter_map(|(topic, count)| topic.map(|topic| (topic, *count)))
                .max_by_key(|(topic, count)| (*count, Reverse(*topic)))
                .map(|(topic, _)| topic);
        }
    }
}

fn detail(reason: DropReason, candidate: &Candidate) -> String {
    match reason {
        DropReason::OverPlan => format!(
            "topic `{}` has all the candidates it was planned to have",
            candidate.topic
        ),
        DropReason::DuplicateQuestion => "an earlier draft asks the same".to_owned(),
        DropReason::DuplicateAnswer => "an earlier draft answers the same".to_owned(),
        DropReason::OffTopic => "no configured topic matches".to_owned(),
        DropReason::ChunkLimit => "its chunk gave `max_per_chunk` others".to_owned(),
    }
}

/// Equal for drafts that tell the same. Of two products the same licence is two facts.
fn told(draft: &Draft) -> String {
    let answer = comparable(&draft.answer);
    if draft.template.starts_with("role/") {
        format!("{} {answer}", comparable(&draft.question))
    } else {
        answer
    }
}

/// Equal for texts that differ only in case, spacing and punctuation.
pub(crate) fn comparable(text: &str) -> String {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '%')))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join(" ")
}

fn id_of(draft: &Draft) -> CandidateId {
    Candidate::content_id("qa", &draft.question, &draft.answer, &draft.citations)
}

/// The chunk without its text and blocks: what coverage and records need.
fn head_of(mut chunk: Chunk) -> Chunk {
    chunk.text = String::new();
    chunk.blocks = Vec::new();
    chunk
}

fn coverage(
    plan: Plan,
    written: &[Written],
    reasons: &[Option<DropReason>],
    heads: &[Chunk],
) -> Coverage {
    let mut patterns: BTreeMap<String, u64> = BTreeMap::new();
    // Per chunk: whether it gave a draft, a draft on a topic, a kept one.
    let mut fates = vec![(false, false, false); heads.len()];
    for (item, reason) in written.iter().zip(reasons) {
        let name = item.draft.template.split('@').next().unwrap_or_default();
        *patterns.entry(name.to_owned()).or_default() += 1;
        if let Some(fate) = fates.get_mut(item.chunk) {
            fate.0 = true;
            fate.1 |= item.topic.is_some();
            fate.2 |= reason.is_none();
        }
    }
    let uncovered = heads
        .iter()
        .zip(fates)
        .filter(|(_, (_, _, kept))| !kept)
        .map(|(chunk, (any, on_topic, _))| Uncovered {
            chunk_id: chunk.chunk_id.clone(),
            heading_path: chunk.heading_path.clone(),
            why: match (any, on_topic) {
                (false, _) => UncoveredReason::NoStructure,
                (true, false) => UncoveredReason::OffTopic,
                (true, true) => UncoveredReason::NotNeeded,
            },
        })
        .collect();
    let (cells, topics) = plan.report();
    Coverage {
        cells,
        topics,
        patterns,
        uncovered,
    }
}

/// All cells of a topic, in the order of records.
pub(crate) fn cells() -> impl Iterator<Item = (Difficulty, QuestionType)> {
    Difficulty::ALL.into_iter().flat_map(|difficulty| {
        QuestionType::ALL
            .into_iter()
            .map(move |kind| (difficulty, kind))
    })
}
