//! The driver: plan, rounds of tasks, acceptance in stable order.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dsg_core::{
    Candidate, ChatError, ChatModel, Event, Interrupt, Observer, Outcome, Prompts, Reject,
    RejectSchema, Retriever, Seed, Stage,
};
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use crate::config::{GenerateConfig, Topic};
use crate::coverage::{Coverage, Shortfall, Uncovered, UncoveredReason};
use crate::error::GenerateError;
use crate::generator::{Generated, comparable};
use crate::model::ask::{Asker, Trouble};
use crate::model::config::ModelWriterConfig;
use crate::model::estimate::Estimate;
use crate::model::prompts::NAMES;
use crate::model::reason::ModelDropReason;
use crate::model::schedule::{Head, Schedule, on_topic};
use crate::model::task::{Item, Kind, Task, TaskWriter};
use crate::plan::{Entrant, Plan};
use crate::topic_match::{Affinity, THRESHOLD};

/// Fills the curriculum with items that a model writes: for each, the model copies the passages that are to be asked
/// about, then writes the question, then the answer from these passages alone.
///
/// Topic, difficulty, question type and persona are drawn outside of the model. The passages become receipts only where they are
/// found in the chunk (see [`Aligner`](crate::Aligner)). Calls on one chunk follow one another and begin with the same text, for the
/// engine's prefix cache; chunks are worked on concurrently. The result does not depend on the order in which replies arrive.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use dsg_core::{ChatModel, Interrupt, Prompts, Retriever, Seed, Silent};
/// # use dsg_generate::{GenerateConfig, ModelWriter, ModelWriterConfig, prompts};
/// # async fn write(index: &dyn Retriever, model: Arc<dyn ChatModel>) -> Result<(), Box<dyn std::error::Error>> {
/// let writer = ModelWriter::new(
///     GenerateConfig::default(),
///     ModelWriterConfig { concurrency: 8, ..ModelWriterConfig::default() },
///     Seed(42),
///     Arc::new(Prompts::new(prompts())?),
///     model,
/// )?;
/// let generated = writer.run(index, &Silent, &Interrupt::default()).await?;
/// println!("{} of {} tasks gave an item", generated.result.counts.kept, generated.result.counts.entered);
/// # Ok(())
/// # }
/// ```
pub struct ModelWriter {
    config: GenerateConfig,
    settings: ModelWriterConfig,
    seed: Seed,
    prompts: Arc<Prompts>,
    model: Arc<dyn ChatModel>,
}

/// A task that is done, with every reply to it.
struct Done {
    task: Task,
    replies: Vec<Value>,
    result: Result<Item, Trouble>,
}

/// What became of the tasks so far.
#[derive(Default)]
struct Ledger {
    /// With position of the chunk and number of the task.
    outcomes: Vec<(usize, usize, Outcome<Candidate>)>,
    entrants: Vec<Entrant>,
    questions: HashSet<String>,
    answers: HashSet<String>,
    /// Questions by chunk.
    asked: BTreeMap<usize, Vec<String>>,
    /// Chunks that a task was about, and those of them that gave an item.
    tried: BTreeSet<usize>,
    covered: BTreeSet<usize>,
    not_asked: usize,
    stop: Option<ChatError>,
}

impl ModelWriter {
    /// A writer for a valid configuration. Of `config` the topics, mixes, subject, oversampling and `max_per_chunk` count here too.
    /// `prompts` holds those of [`prompts`](crate::prompts), or what a configuration puts in their place.
    ///
    /// # Errors
    /// [`GenerateError::Config`] naming the field, [`GenerateError::MissingPrompt`].
    pub fn new(
        config: GenerateConfig,
        settings: ModelWriterConfig,
        seed: Seed,
        prompts: Arc<Prompts>,
        model: Arc<dyn ChatModel>,
    ) -> Result<Self, GenerateError> {
        settings.validate()?;
        if let Some(name) = NAMES.into_iter().find(|name| prompts.get(name).is_none()) {
            return Err(GenerateError::MissingPrompt { name });
        }
        Ok(Self {
            config: config.validated()?,
            settings,
            seed,
            prompts,
            model,
        })
    }

    /// Writes what the curriculum asks for. The funnel counts tasks; a task without an item leaves with its reason and
    /// every reply to it. Reports [`Event::Progress`] in tasks; beginning and end are the caller's to announce.
    ///
    /// # Errors
    /// [`GenerateError::Stopped`] when no further call can succeed, with what was done until then;
    /// [`GenerateError::Interrupted`] when `interrupt` was requested; else when the index cannot be read or a prompt cannot be filled
    /// in. Calls under way are waited for, so that a model which records its replies repeats none of them in the next run.
    pub async fn run(
        &self,
        retriever: &dyn Retriever,
        observer: &dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Generated, GenerateError> {
        let topics = self.topics(retriever.len());
        let heads = self.heads(&topics, retriever)?;
        let plan = Plan::new(&self.config, &topics);
        let mut schedule = Schedule::new(
            &self.config,
            &self.settings,
            &topics,
            &plan,
            &heads,
            self.seed,
        );
        let stopped = AtomicBool::new(false);
        let writer = TaskWriter {
            asker: Asker {
                model: self.model.as_ref(),
                prompts: &self.prompts,
                seed: self.seed,
                interrupt,
                stopped: &stopped,
            },
            settings: &self.settings,
            subject: self.config.subject.as_deref(),
            retriever,
        };
        let mut ledger = Ledger::default();
        for _ in 0..self.settings.rounds {
            let tasks = schedule.round(retriever)?;
            if tasks.is_empty() {
                break;
            }
            let groups = by_chunk(tasks);
            let asked = std::mem::take(&mut ledger.asked);
            let mut finished = stream::iter(groups)
                .map(|(chunk, tasks)| {
                    let avoid = asked.get(&chunk).cloned().unwrap_or_default();
                    group(&writer, tasks, avoid)
                })
                .buffered(self.settings.concurrency);
            let mut failure = None;
            while let Some(group) = finished.next().await {
                for done in group {
                    let settled = self.settle(&mut ledger, done, &topics, &heads);
                    match settled {
                        Ok(Some(task)) => schedule.fill(&task),
                        Ok(None) => {}
                        Err(error) => {
                            stopped.store(true, Ordering::Relaxed);
                            failure = failure.or(Some(error));
                        }
                    }
                }
                observer.on_event(&Event::Progress {
                    stage: Stage::Generate,
                    done: u64::try_from(ledger.outcomes.len()).unwrap_or(u64::MAX),
                });
            }
            drop(finished);
            for (chunk, questions) in asked {
                let later = ledger.asked.remove(&chunk).unwrap_or_default();
                ledger
                    .asked
                    .insert(chunk, questions.into_iter().chain(later).collect());
            }
            if let Some(error) = failure {
                return Err(error);
            }
            if interrupt.is_requested() || matches!(ledger.stop, Some(ChatError::Interrupted)) {
                return Err(GenerateError::Interrupted);
            }
            if ledger.stop.is_some() {
                break;
            }
        }
        let (stop, not_asked) = (ledger.stop.take(), ledger.not_asked);
        let done = self.finish(ledger, plan, &topics, &heads);
        match stop {
            None => Ok(done),
            Some(source) => Err(GenerateError::Stopped {
                not_asked,
                done: Box::new(done),
                source,
            }),
        }
    }

    /// What the first round takes, before anything is asked. Later rounds take what is still missing.
    ///
    /// # Errors
    /// [`GenerateError`] when the index cannot be read.
    pub fn estimate(&self, retriever: &dyn Retriever) -> Result<Estimate, GenerateError> {
        let topics = self.topics(retriever.len());
        let heads = self.heads(&topics, retriever)?;
        let plan = Plan::new(&self.config, &topics);
        let mut schedule = Schedule::new(
            &self.config,
            &self.settings,
            &topics,
            &plan,
            &heads,
            self.seed,
        );
        let mut estimate = Estimate::default();
        for task in schedule.round(retriever)? {
            let partner = match task.kind {
                Kind::Multi(partner) => Some(partner),
                Kind::Single | Kind::Unanswerable => None,
            };
            let evidence: usize = std::iter::once(task.chunk)
                .chain(partner)
                .filter_map(|position| Some(heads.get(position)?.tokens))
                .sum();
            estimate.add(&task, evidence, &self.settings);
        }
        Ok(estimate)
    }

    fn topics(&self, chunks: usize) -> Vec<Topic> {
        if self.config.topics.is_empty() {
            vec![Topic::general(chunks)]
        } else {
            self.config.topics.clone()
        }
    }

    fn heads(
        &self,
        topics: &[Topic],
        retriever: &dyn Retriever,
    ) -> Result<Vec<Head>, GenerateError> {
        let affinity = if self.config.topics.is_empty() {
            None
        } else {
            Some(Affinity::retrieve(topics, retriever)?)
        };
        let mut heads = Vec::with_capacity(retriever.len());
        for position in 0..retriever.len() {
            let chunk = retriever
                .get(position)
                .map_err(|source| GenerateError::Chunk { position, source })?;
            let Some(chunk) = chunk else { break };
            let scores = affinity.as_ref().map_or_else(
                || vec![THRESHOLD],
                |affinity| affinity.of_chunk(topics, position, &chunk),
            );
            heads.push(Head::new(&chunk, scores));
        }
        Ok(heads)
    }

    /// Enters a task that is done; the task again when it gave an item that is kept.
    fn settle(
        &self,
        ledger: &mut Ledger,
        done: Done,
        topics: &[Topic],
        heads: &[Head],
    ) -> Result<Option<Task>, GenerateError> {
        let Done {
            task,
            replies,
            result,
        } = done;
        let topic = topics.get(task.topic).map_or("", |topic| topic.id.as_str());
        let miss = |reason: ModelDropReason, detail: String, candidate: Option<Candidate>| {
            let reject = Reject {
                schema: RejectSchema,
                id: candidate
                    .as_ref()
                    .map_or_else(|| task.id.clone(), |candidate| candidate.id.to_string()),
                stage: Stage::Generate,
                reason: reason.into(),
                detail,
                record: match candidate {
                    Some(candidate) => serde_json::to_value(&candidate).unwrap_or_default(),
                    None => json!({
                        "task": task.id,
                        "topic": topic,
                        "difficulty": task.difficulty,
                        "question_type": task.question_type,
                        "evidence": places(&task, heads),
                        "replies": replies,
                    }),
                },
            };
            if reason == ModelDropReason::ModelFailed {
                Outcome::Failed(reject)
            } else {
                Outcome::Dropped(reject)
            }
        };
        let outcome = match result {
            Err(Trouble::NotAsked) => {
                ledger.not_asked += 1;
                return Ok(None);
            }
            Err(Trouble::Stop(error)) => {
                ledger.not_asked += 1;
                ledger.stop.get_or_insert(error);
                return Ok(None);
            }
            Err(Trouble::Run(error)) => return Err(error),
            Err(Trouble::Miss(reason, detail)) => miss(reason, detail, None),
            Ok(item) => {
                let model = self.model.id();
                ledger
                    .asked
                    .entry(task.chunk)
                    .or_default()
                    .push(item.question.clone());
                let author = (model.provider.as_str(), model.model.as_str());
                let candidate = task.candidate(item, topic, author, self.seed);
                if !ledger.questions.insert(comparable(&candidate.question)) {
                    let detail = "an earlier item asks the same".to_owned();
                    miss(ModelDropReason::DuplicateQuestion, detail, Some(candidate))
                } else if !ledger.answers.insert(comparable(&candidate.answer))
                    && task.kind != Kind::Unanswerable
                {
                    let detail = "an earlier item answers the same".to_owned();
                    miss(ModelDropReason::DuplicateAnswer, detail, Some(candidate))
                } else {
                    Outcome::Kept(candidate)
                }
            }
        };
        ledger.tried.insert(task.chunk);
        let kept = matches!(outcome, Outcome::Kept(_));
        if kept {
            ledger.covered.insert(task.chunk);
            if let Kind::Multi(partner) = task.kind {
                ledger.covered.insert(partner);
            }
            ledger.entrants.push(Entrant {
                number: task.number,
                topic: task.topic,
                chunk: task.chunk,
                section: task.chunk,
                document: heads
                    .get(task.chunk)
                    .map(|head| head.doc_id.to_string())
                    .unwrap_or_default(),
                difficulty: task.difficulty,
                question_type: task.question_type,
                tier: 0,
                order: 0,
            });
        }
        ledger.outcomes.push((task.chunk, task.number, outcome));
        Ok(kept.then_some(task))
    }

    /// Outcomes in corpus order, and what was planned against what was written.
    fn finish(
        &self,
        mut ledger: Ledger,
        mut plan: Plan,
        topics: &[Topic],
        heads: &[Head],
    ) -> Generated {
        plan.fill(&ledger.entrants);
        let (mut cells, topic_sums) = plan.report();
        let on = on_topic(heads, topics.len());
        for cell in &mut cells {
            let topic = topics.iter().position(|topic| topic.id == cell.topic);
            let any = topic.is_some_and(|topic| heads.iter().any(|head| head.is_on(topic)));
            cell.why = cell.why.map(|_| {
                if any {
                    Shortfall::NotWritten
                } else {
                    Shortfall::NoEvidence
                }
            });
        }
        let mut patterns: BTreeMap<String, u64> = BTreeMap::new();
        for (_, _, outcome) in &ledger.outcomes {
            if let Outcome::Kept(candidate) = outcome {
                let name = candidate.generator.prompt.split('@').next();
                *patterns
                    .entry(name.unwrap_or_default().to_owned())
                    .or_default() += 1;
            }
        }
        let uncovered = heads
            .iter()
            .enumerate()
            .filter(|(position, _)| !ledger.covered.contains(position))
            .map(|(position, head)| Uncovered {
                chunk_id: head.chunk_id.clone(),
                heading_path: head.heading_path.clone(),
                why: if !on.contains(&position) {
                    UncoveredReason::OffTopic
                } else if !head.is_worth(&self.settings) {
                    UncoveredReason::NoStructure
                } else if ledger.tried.contains(&position) {
                    UncoveredReason::NotWritten
                } else {
                    UncoveredReason::NotNeeded
                },
            })
            .collect();
        ledger
            .outcomes
            .sort_by_key(|(chunk, number, _)| (*chunk, *number));
        Generated {
            result: ledger
                .outcomes
                .into_iter()
                .map(|(_, _, outcome)| outcome)
                .collect(),
            coverage: Coverage {
                cells,
                topics: topic_sums,
                patterns,
                uncovered,
            },
        }
    }
}

impl Debug for ModelWriter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelWriter")
            .field("config", &self.config)
            .field("settings", &self.settings)
            .field("seed", &self.seed)
            .field("model", self.model.id())
            .finish_non_exhaustive()
    }
}

/// Tasks of one chunk, in order of its first.
fn by_chunk(tasks: Vec<Task>) -> Vec<(usize, Vec<Task>)> {
    let mut groups: Vec<(usize, Vec<Task>)> = Vec::new();
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    for task in tasks {
        let place = *places.entry(task.chunk).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, own)) => own.push(task),
            None => groups.push((task.chunk, vec![task])),
        }
    }
    groups
}

/// The tasks of one chunk, one after another; each avoids the questions of those before.
async fn group(writer: &TaskWriter<'_>, tasks: Vec<Task>, mut avoid: Vec<String>) -> Vec<Done> {
    let mut finished = Vec::with_capacity(tasks.len());
    for task in tasks {
        let mut replies = Vec::new();
        let result = writer.write(&task, &avoid, &mut replies).await;
        if let Ok(item) = &result {
            avoid.push(item.question.clone());
        }
        finished.push(Done {
            task,
            replies,
            result,
        });
    }
    finished
}

fn places<'h>(task: &Task, heads: &'h [Head]) -> Vec<&'h str> {
    let partner = match task.kind {
        Kind::Multi(partner) => Some(partner),
        Kind::Single | Kind::Unanswerable => None,
    };
    std::iter::once(task.chunk)
        .chain(partner)
        .filter_map(|position| Some(heads.get(position)?.chunk_id.as_str()))
        .collect()
}
