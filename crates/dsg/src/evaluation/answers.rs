//! A model's answers, each kept as soon as it is there.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::path::Path;

use dsg_core::artifact::{read_jsonl, write_jsonl};
use dsg_core::{ArtifactError, Event, Interrupt, Observer, Reject, Seed, Stage, StageCounts};
use dsg_train::data::Refusal;
use dsg_train::evaluation::EvalItem;
use dsg_train::generate::{Finish, GenerateOptions};
use serde::{Deserialize, Serialize};

use super::EvalModel;
use super::engine::{Engine, Examinee};
use super::questions::Question;
use super::record::{Evaluated, Scores};
use super::scorer::{Answered, Scorer};
use crate::error::DsgError;

/// What a call writes at its end, `eval.json` last.
pub(super) const RESULTS: [&str; 3] = ["eval.json", "results.jsonl", "rejects.jsonl"];

const INTERRUPTED: DsgError = DsgError::Interrupted {
    stage: Stage::Evaluate,
};

/// What every model of an evaluation is asked, and how.
pub(super) struct Exam<'a> {
    pub(super) questions: &'a [Question],
    pub(super) engine: &'a Engine,
    pub(super) replies: &'a GenerateOptions,
    pub(super) scorer: &'a Scorer,
    pub(super) seed: Seed,
    pub(super) observer: &'a dyn Observer,
    pub(super) interrupt: &'a Interrupt,
}

/// What came of one question.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its place among all.
    pub(super) place: usize,
    pub(super) result: Evaluated,
}

/// A question that the model can be asked.
struct Ready<'a> {
    place: usize,
    question: &'a Question,
    item: EvalItem,
    key: String,
}

/// A line of `answers.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    schema: String,
    key: String,
    id: String,
    answer: String,
    finish: String,
    nll: f64,
    tokens: usize,
}

/// What is known of every key.
type Answers = BTreeMap<String, Result<Kept, Refusal>>;

impl Kept {
    const SCHEMA: &'static str = "dsg.answer/1";
}

/// Removes files of an earlier call, so that what stands in a folder is never of two calls.
pub(crate) fn clear(folder: &Path, names: &[&str]) -> Result<(), DsgError> {
    for name in names {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(DsgError::file("remove", &path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

impl<'a> Exam<'a> {
    /// Asks a model all questions and leaves `rejects.jsonl` and `results.jsonl` in `folder`. Answers are kept in `answers.jsonl`, and those that are
    /// there already are taken from it. Returns what was answered, and how many questions were refused.
    pub(super) fn ask(
        &self,
        model: &EvalModel,
        folder: &Path,
    ) -> Result<(Vec<Asked>, u64), DsgError> {
        fs::create_dir_all(folder).map_err(DsgError::file("create", folder))?;
        self.engine
            .load(model, self.replies, |examinee| self.put(examinee, folder))
    }

    /// Puts all questions to a model that is loaded.
    fn put(
        &self,
        examinee: &mut dyn Examinee,
        folder: &Path,
    ) -> Result<(Vec<Asked>, u64), DsgError> {
        let (ready, mut rejects) = self.ready(examinee);
        self.observer.on_event(&Event::StageStarted {
            stage: Stage::Evaluate,
            total: u64::try_from(ready.len()).ok(),
        });
        let answers = self.answers(examinee, &ready, &folder.join("answers.jsonl"))?;
        let mut answered = Vec::with_capacity(ready.len());
        for one in &ready {
            match answers.get(&one.key) {
                Some(Ok(answer)) => answered.push((one, answer)),
                Some(Err(refusal)) => rejects.push(self.rejected(one.question, refusal)),
                None => {}
            }
        }
        write_jsonl(&folder.join("rejects.jsonl"), &rejects)?;
        let counts = funnel(answered.len(), &rejects);
        if answered.is_empty() {
            let reasons = counts.dropped.iter();
            let reasons: Vec<String> = reasons.map(|(why, n)| format!("{why} {n}")).collect();
            return Err(DsgError::NoQuestions {
                seen: counts.entered,
                reasons: reasons.join(", "),
            });
        }
        let compared: Vec<Answered<'_>> = answered
            .iter()
            .map(|(one, answer)| Answered {
                question: one.item.question(),
                answer: &answer.answer,
                reference: one.item.reference(),
                quotes: one.question.quotes.as_deref(),
            })
            .collect();
        let scores = self.scorer.scores(&compared)?;
        let asked: Vec<Asked> = answered
            .iter()
            .zip(scores)
            .map(|((one, answer), scores)| one.asked(answer, scores))
            .collect();
        write_jsonl(
            &folder.join("results.jsonl"),
            asked.iter().map(|one| &one.result),
        )?;
        self.observer.on_event(&Event::StageFinished {
            stage: Stage::Evaluate,
            counts,
        });
        Ok((asked, rejects.len() as u64))
    }

    /// The questions that fit the model, and those that do not.
    fn ready(&self, examinee: &dyn Examinee) -> (Vec<Ready<'a>>, Vec<Reject>) {
        let (mut ready, mut rejects) = (Vec::new(), Vec::new());
        for (place, question) in self.questions.iter().enumerate() {
            match examinee.item(&question.row) {
                Ok(item) => ready.push(Ready {
                    place,
                    question,
                    key: examinee.key(&item),
                    item,
                }),
                Err(refusal) => rejects.push(self.rejected(question, &refusal)),
            }
        }
        (ready, rejects)
    }

    fn rejected(&self, question: &Question, refusal: &Refusal) -> Reject {
        let reject = refusal.reject(&question.row, Stage::Evaluate);
        self.observer.on_event(&Event::Warning {
            stage: Stage::Evaluate,
            subject: reject.id.clone(),
            message: reject.detail.clone(),
        });
        reject
    }

    /// What the model says to every question, by key. Only what `path` does not have is asked, and added to it.
    fn answers(
        &self,
        examinee: &mut dyn Examinee,
        ready: &[Ready<'_>],
        path: &Path,
    ) -> Result<Answers, DsgError> {
        let mut answers = known(ready, path)?;
        let open: Vec<&Ready<'_>> = ready
            .iter()
            .filter(|one| !answers.contains_key(&one.key))
            .collect();
        let mut done = ready.len() - open.len();
        if done > 0 {
            self.observer.on_event(&Event::Note {
                stage: Stage::Evaluate,
                message: format!("{done} answers are there from before"),
            });
            self.progress(done);
        }
        let mut log = Log::open(path)?;
        for one in open {
            if self.interrupt.is_requested() {
                return Err(INTERRUPTED);
            }
            if let Entry::Vacant(entry) = answers.entry(one.key.clone()) {
                let answer = self.answer(examinee, one)?;
                if let Ok(answer) = &answer {
                    log.append(answer)?;
                }
                entry.insert(answer);
            }
            done += 1;
            self.progress(done);
        }
        Ok(answers)
    }

    fn progress(&self, done: usize) {
        self.observer.on_event(&Event::Progress {
            stage: Stage::Evaluate,
            done: done as u64,
        });
    }

    fn answer(
        &self,
        examinee: &mut dyn Examinee,
        one: &Ready<'_>,
    ) -> Result<Result<Kept, Refusal>, DsgError> {
        let mut go_on = || {
            if self.interrupt.is_requested() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let answer = match examinee.ask(&one.item, &mut go_on)? {
            Ok(answer) => answer,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let finish = match answer.finish {
            Finish::End(_) => "end",
            Finish::Length => "length",
            Finish::Context => "context",
            Finish::Stopped => return Err(INTERRUPTED),
        };
        Ok(Ok(Kept {
            schema: Kept::SCHEMA.to_owned(),
            key: one.key.clone(),
            id: one.item.id().to_owned(),
            answer: answer.text,
            finish: finish.to_owned(),
            // So many digits are the same number again once they were written and read.
            nll: (answer.nll * 1e12).round() / 1e12,
            tokens: answer.tokens,
        }))
    }
}

impl Ready<'_> {
    fn asked(&self, kept: &Kept, scores: Scores) -> Asked {
        let Question {
            axis,
            document,
            reworded,
            ..
        } = self.question.clone();
        let result = Evaluated {
            schema: Evaluated::SCHEMA.to_owned(),
            id: self.item.id().to_owned(),
            axis,
            document,
            question: self.item.question().to_owned(),
            reworded,
            reference: self.item.reference().to_owned(),
            answer: kept.answer.clone(),
            finish: kept.finish.clone(),
            nll: kept.nll,
            tokens: kept.tokens,
            labels: self.item.label_hash(),
            scores,
            key: kept.key.clone(),
        };
        Asked {
            place: self.place,
            result,
        }
    }
}

fn funnel(kept: usize, rejects: &[Reject]) -> StageCounts {
    let mut counts = StageCounts {
        entered: (kept + rejects.len()) as u64,
        kept: kept as u64,
        ..StageCounts::default()
    };
    for reject in rejects {
        *counts.dropped.entry(reject.reason.clone()).or_default() += 1;
    }
    counts
}

/// The answers in the file that are those of this model to these questions.
fn known(ready: &[Ready<'_>], path: &Path) -> Result<Answers, DsgError> {
    let mut known = Answers::new();
    if !path.exists() {
        return Ok(known);
    }
    let keys: BTreeSet<&str> = ready.iter().map(|one| one.key.as_str()).collect();
    for line in read_jsonl::<Kept>(path)? {
        match line {
            Ok(line) => {
                if line.schema == Kept::SCHEMA && keys.contains(line.key.as_str()) {
                    known.insert(line.key.clone(), Ok(line));
                }
            }
            // A line that a kill cut off, maybe within a character, is made again.
            Err(ArtifactError::Record { .. }) => {}
            Err(ArtifactError::Io { source, .. }) if source.kind() == ErrorKind::InvalidData => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(known)
}

/// The file that answers are added to.
struct Log<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Log<'a> {
    fn open(path: &'a Path) -> Result<Self, DsgError> {
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path);
        let mut file = file.map_err(DsgError::file("open", path))?;
        if cut_off(&mut file).map_err(DsgError::file("read", path))? {
            file.write_all(b"\n")
                .map_err(DsgError::file("write", path))?;
        }
        Ok(Self { path, file })
    }

    fn append(&mut self, answer: &Kept) -> Result<(), DsgError> {
        let line = serde_json::to_vec(answer).map_err(io::Error::from);
        let written = line.and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)
        });
        written.map_err(DsgError::file("write", self.path))
    }
}

/// Whether the last line has no end, so that another one would become part of it.
fn cut_off(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
