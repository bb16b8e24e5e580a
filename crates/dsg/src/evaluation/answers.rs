//! A model's answers, each kept as soon as it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use dsg_core::artifact::{read_jsonl, write_jsonl};
use dsg_core::{Event, Interrupt, Observer, Outcome, Reject, Seed, Stage, StageCounts};
use dsg_train::adapter::LoraWeights;
use dsg_train::burn::tensor::Device;
use dsg_train::evaluation::{Answer, EvalItem, Evaluator};
use dsg_train::generate::{Finish, GenerateOptions};
use dsg_train::source::Source;

use super::EvalModel;
use super::questions::Question;
use super::record::Evaluated;
use super::scorer::Scorer;
use crate::error::DsgError;

const INTERRUPTED: DsgError = DsgError::Interrupted {
    stage: Stage::Evaluate,
};

/// What every model of an evaluation is asked, and how.
pub(super) struct Exam<'a> {
    pub(super) questions: &'a [Question],
    pub(super) replies: &'a GenerateOptions,
    pub(super) scorer: &'a Scorer,
    pub(super) seed: Seed,
    pub(super) observer: &'a dyn Observer,
    pub(super) interrupt: &'a Interrupt,
}

/// What came of one question.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// Its place among all.
    pub(super) place: usize,
    pub(super) question: &'a Question,
    pub(super) result: Evaluated,
}

/// A question that the model can be asked.
struct Ready<'a> {
    place: usize,
    question: &'a Question,
    item: EvalItem,
    key: String,
}

impl<'a> Exam<'a> {
    /// Asks a model all questions and leaves `results.jsonl` and `rejects.jsonl` in `folder`. Answers that an earlier call left there are taken from it.
    pub(super) fn ask(
        &self,
        model: &EvalModel,
        folder: &Path,
    ) -> Result<(Vec<Asked<'a>>, u64), DsgError> {
        fs::create_dir_all(folder).map_err(DsgError::file("create", folder))?;
        let evaluator = self.evaluator(model)?;
        let mut counts = StageCounts::default();
        let (ready, rejects) = self.ready(&evaluator, &mut counts);
        write_jsonl(&folder.join("rejects.jsonl"), &rejects)?;
        if ready.is_empty() {
            let reasons = counts.dropped.iter();
            let reasons: Vec<String> = reasons.map(|(why, n)| format!("{why} {n}")).collect();
            return Err(DsgError::NoQuestions {
                seen: counts.entered,
                reasons: reasons.join(", "),
            });
        }
        self.observer.on_event(&Event::StageStarted {
            stage: Stage::Evaluate,
            total: u64::try_from(ready.len()).ok(),
        });
        let path = folder.join("results.jsonl");
        let mut asked = self.answers(&evaluator, ready, &path)?;
        self.scorer.score(&mut asked)?;
        write_jsonl(&path, asked.iter().map(|one| &one.result))?;
        self.observer.on_event(&Event::StageFinished {
            stage: Stage::Evaluate,
            counts,
        });
        Ok((asked, rejects.len() as u64))
    }

    fn evaluator(&self, model: &EvalModel) -> Result<Evaluator, DsgError> {
        let source = Source::open(&model.model)?;
        let adapter = match &model.adapter {
            Some(folder) => Some(LoraWeights::read(folder, &Device::flex())?),
            None => None,
        };
        Ok(Evaluator::new(
            &source,
            adapter.as_ref(),
            self.replies.clone(),
        )?)
    }

    /// The questions that fit the model, and those that do not.
    fn ready(
        &self,
        evaluator: &Evaluator,
        counts: &mut StageCounts,
    ) -> (Vec<Ready<'a>>, Vec<Reject>) {
        let (mut ready, mut rejects) = (Vec::new(), Vec::new());
        for (place, question) in self.questions.iter().enumerate() {
            let outcome = match evaluator.item(&question.row) {
                Ok(item) => Outcome::Kept(item),
                Err(refusal) => Outcome::Dropped(refusal.reject(&question.row, Stage::Evaluate)),
            };
            counts.record(&outcome);
            match outcome {
                Outcome::Kept(item) => ready.push(Ready {
                    place,
                    question,
                    key: evaluator.key(&item),
                    item,
                }),
                Outcome::Dropped(reject) | Outcome::Failed(reject) => {
                    self.observer.on_event(&Event::Warning {
                        stage: Stage::Evaluate,
                        subject: reject.id.clone(),
                        message: reject.detail.clone(),
                    });
                    rejects.push(reject);
                }
            }
        }
        (ready, rejects)
    }

    fn answers(
        &self,
        evaluator: &Evaluator,
        ready: Vec<Ready<'a>>,
        path: &Path,
    ) -> Result<Vec<Asked<'a>>, DsgError> {
        let mut known = self.known(&ready, path)?;
        let mut log = Log::open(path)?;
        let mut asked = Vec::with_capacity(ready.len());
        for one in ready {
            if self.interrupt.is_requested() {
                return Err(INTERRUPTED);
            }
            let result = match known.get(&one.key) {
                Some(result) => labelled(&one, result.clone()),
                None => {
                    let result = self.answer(evaluator, &one)?;
                    log.append(&result)?;
                    known.insert(one.key.clone(), result.clone());
                    result
                }
            };
            asked.push(Asked {
                place: one.place,
                question: one.question,
                result,
            });
            self.observer.on_event(&Event::Progress {
                stage: Stage::Evaluate,
                done: asked.len() as u64,
            });
        }
        Ok(asked)
    }

    /// The answers in the file that are those of this model to these questions; the file then holds no others.
    fn known(
        &self,
        ready: &[Ready<'_>],
        path: &Path,
    ) -> Result<BTreeMap<String, Evaluated>, DsgError> {
        if !path.exists() {
            return Ok(BTreeMap::new());
        }
        let keys: BTreeSet<&str> = ready.iter().map(|one| one.key.as_str()).collect();
        // A line that a kill cut off is made again.
        let lines: Vec<Evaluated> = read_jsonl(path)?.filter_map(Result::ok).collect();
        let all = lines.len();
        let known: Vec<Evaluated> = lines
            .into_iter()
            .filter(|line| line.schema == Evaluated::SCHEMA && keys.contains(line.key.as_str()))
            .collect();
        if known.len() < all {
            self.observer.on_event(&Event::Warning {
                stage: Stage::Evaluate,
                subject: path.display().to_string(),
                message: format!(
                    "{} answers of another model, other questions or other settings are replaced",
                    all - known.len()
                ),
            });
        }
        if !known.is_empty() {
            self.observer.on_event(&Event::Note {
                stage: Stage::Evaluate,
                message: format!("{} answers are there from before", known.len()),
            });
        }
        write_jsonl(path, &known)?;
        let known = known.into_iter().map(|line| (line.key.clone(), line));
        Ok(known.collect())
    }

    fn answer(&self, evaluator: &Evaluator, one: &Ready<'_>) -> Result<Evaluated, DsgError> {
        let answer = evaluator.ask(&one.item, || {
            if self.interrupt.is_requested() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        let Answer {
            text,
            finish,
            nll,
            tokens,
        } = answer;
        let finish = match finish {
            Finish::End(_) => "end",
            Finish::Length => "length",
            Finish::Context => "context",
            Finish::Stopped => return Err(INTERRUPTED),
        };
        let result = Evaluated {
            schema: Evaluated::SCHEMA.to_owned(),
            id: one.item.id().to_owned(),
            axis: String::new(),
            question: one.item.question().to_owned(),
            reworded: None,
            reference: one.item.reference().to_owned(),
            answer: text,
            finish: finish.to_owned(),
            nll,
            tokens,
            scores: None,
            key: one.key.clone(),
        };
        Ok(labelled(one, result))
    }
}

/// An answer says on which axis it is now.
fn labelled(one: &Ready<'_>, result: Evaluated) -> Evaluated {
    Evaluated {
        axis: one.question.axis.clone(),
        reworded: one.question.reworded.clone(),
        ..result
    }
}

/// The file that answers are added to.
struct Log<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Log<'a> {
    fn open(path: &'a Path) -> Result<Self, DsgError> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Ok(Self {
            path,
            file: file.map_err(DsgError::file("write", path))?,
        })
    }

    fn append(&mut self, result: &Evaluated) -> Result<(), DsgError> {
        let mut line = serde_json::to_vec(result).unwrap_or_default();
        line.push(b'\n');
        self.file
            .write_all(&line)
            .map_err(DsgError::file("write", self.path))
    }
}
