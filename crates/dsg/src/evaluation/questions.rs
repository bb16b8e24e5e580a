//! The questions of an evaluation, each on its axis.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use dsg_core::artifact::read_jsonl;
use dsg_core::{Event, Message, Observer, Role, Seed, Split, Stage};
use dsg_train::data::Row;
use dsg_train::evaluation::{Wording, general, reword};
use serde::Deserialize;

use super::{GENERAL, REWORDED};
use crate::error::DsgError;

/// A file of questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalData {
    /// The axis of its rows. Default: what a row's `meta.axis` says; else `unseen` for rows of the eval and `trained` for those of the training split;
    /// else the file's name without its extension.
    pub axis: Option<String>,
    /// JSON Lines with `messages`, or with `prompt` and `completion`.
    pub path: PathBuf,
}

/// What a model is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvalQuestions {
    /// Files of questions with their answers.
    pub data: Vec<EvalData>,
    /// Files of questions that were trained on, which are asked in other words, on the axis `reworded`.
    pub reworded: Vec<PathBuf>,
    /// Whether general questions are asked as well, on the axis `general`. Default: no.
    pub forgetting: bool,
    /// Most questions of an axis of `data` and `reworded`; which ones, the seed decides. Default: all.
    pub limit: Option<usize>,
}

/// A question on its axis.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) axis: String,
    pub(super) row: Row,
    /// What the row quotes from documents; `None` where it has no receipts.
    pub(super) quotes: Option<Vec<String>>,
    pub(super) reworded: Option<Wording>,
}

/// A row as it stands in files.
#[derive(Deserialize)]
struct Record {
    #[serde(flatten)]
    row: Row,
    #[serde(default)]
    meta: Option<Meta>,
}

/// What counts of a row's `meta`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    axis: Option<String>,
    split: Option<Split>,
    citations: Option<Vec<Receipt>>,
}

#[derive(Deserialize)]
struct Receipt {
    quote: String,
}

impl EvalQuestions {
    /// Reads all of it, axis after axis in the order of the call.
    pub(super) fn read(
        &self,
        seed: Seed,
        observer: &dyn Observer,
    ) -> Result<Vec<Question>, DsgError> {
        let mut questions = Vec::new();
        for data in &self.data {
            questions.extend(read(&data.path, data.axis.as_deref())?);
        }
        for path in &self.reworded {
            questions.extend(in_other_words(path, observer)?);
        }
        if let Some(limit) = self.limit {
            questions = limited(questions, limit, seed);
        }
        if self.forgetting {
            questions.extend(general().into_iter().map(|row| Question {
                axis: GENERAL.to_owned(),
                row,
                quotes: None,
                reworded: None,
            }));
        }
        Ok(questions)
    }
}

fn read(path: &Path, axis: Option<&str>) -> Result<Vec<Question>, DsgError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut questions = Vec::new();
    for (index, record) in read_jsonl::<Record>(path)?.enumerate() {
        let Record { row, meta } = record?;
        let meta = meta.unwrap_or_default();
        let of_split = meta.split.map(|split| match split {
            Split::Eval => "unseen".to_owned(),
            Split::Train => "trained".to_owned(),
        });
        let named = axis.map(str::to_owned).or(meta.axis).or(of_split);
        questions.push(Question {
            axis: named.unwrap_or_else(|| stem.clone().into_owned()),
            row: row.or_id(|| format!("row {}", index + 1)),
            quotes: meta
                .citations
                .filter(|citations| !citations.is_empty())
                .map(|citations| citations.into_iter().map(|receipt| receipt.quote).collect()),
            reworded: None,
        });
    }
    Ok(questions)
}

/// The rows of a file whose question a rule can put in other words, which none of its questions has.
fn in_other_words(path: &Path, observer: &dyn Observer) -> Result<Vec<Question>, DsgError> {
    let known = read(path, Some(REWORDED))?;
    let asked: BTreeSet<String> = known.iter().filter_map(last_question).collect();
    let questions: Vec<Question> = known.iter().filter_map(|one| other(one, &asked)).collect();
    observer.on_event(&Event::Note {
        stage: Stage::Evaluate,
        message: format!(
            "{} of {} questions in `{}` have other words by rule",
            questions.len(),
            known.len(),
            path.display()
        ),
    });
    Ok(questions)
}

fn other(known: &Question, asked: &BTreeSet<String>) -> Option<Question> {
    let wording = reword(&last_question(known)?)?;
    if asked.contains(&wording.question) {
        return None;
    }
    let mut messages = known.row.messages().to_vec();
    let place = messages.iter().rposition(is_user)?;
    messages
        .get_mut(place)?
        .content
        .clone_from(&wording.question);
    Some(Question {
        row: Row::new(known.row.id(), messages),
        reworded: Some(wording),
        ..known.clone()
    })
}

fn last_question(question: &Question) -> Option<String> {
    let messages = question.row.messages();
    let last = messages.iter().rfind(|message| is_user(message))?;
    Some(last.content.trim().to_owned())
}

fn is_user(message: &Message) -> bool {
    message.role == Role::User
}

/// At most `limit` questions of each axis, in their order.
fn limited(questions: Vec<Question>, limit: usize, seed: Seed) -> Vec<Question> {
    let mut ranks: BTreeMap<&str, Vec<(u64, usize)>> = BTreeMap::new();
    for (place, question) in questions.iter().enumerate() {
        let draw = seed.derive("evaluate.limit", question.row.id()).0;
        ranks.entry(&question.axis).or_default().push((draw, place));
    }
    let mut kept = BTreeSet::new();
    for mut of_axis in ranks.into_values() {
        of_axis.sort_unstable();
        kept.extend(of_axis.into_iter().take(limit).map(|(_, place)| place));
    }
    let places = questions.into_iter().enumerate();
    places
        .filter(|(place, _)| kept.contains(place))
        .map(|(_, question)| question)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use dsg_core::Silent;

    use super::*;

    fn row(id: &str, question: &str, meta: &str) -> String {
        format!(
            "{{\"id\":\"{id}\",\"messages\":[{{\"role\":\"user\",\"content\":\"{question}\"}},\
             {{\"role\":\"assistant\",\"content\":\"A.\"}}],\"meta\":{meta}}}\n"
        )
    }

    fn axes(questions: &[Question]) -> Vec<&str> {
        questions
            .iter()
            .map(|question| question.axis.as_str())
            .collect()
    }

    #[test]
    fn the_axis_is_named_by_the_call_the_row_its_split_or_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.jsonl");
        let rows = [
            row("a", "Q?", r#"{"axis":"hard","split":"eval"}"#),
            row(
                "b",
                "Q?",
                r#"{"split":"eval","citations":[{"quote":"x","start":1}]}"#,
            ),
            row("c", "Q?", r#"{"split":"train","citations":[]}"#),
            row("d", "Q?", "null"),
        ];
        fs::write(&path, rows.concat()).unwrap();
        let read = |axis: Option<&str>| {
            let data = EvalData {
                axis: axis.map(str::to_owned),
                path: path.clone(),
            };
            let questions = EvalQuestions {
                data: vec![data],
                ..EvalQuestions::default()
            };
            questions.read(Seed(1), &Silent).unwrap()
        };
        let questions = read(None);
        assert_eq!(axes(&questions), ["hard", "unseen", "trained", "mine"]);
        assert_eq!(
            questions[1].quotes.as_deref(),
            Some(["x".to_owned()].as_slice())
        );
        assert_eq!(questions[2].quotes, None);
        assert_eq!(axes(&read(Some("set"))), ["set"; 4]);
    }

    #[test]
    fn known_questions_are_asked_in_words_that_were_not_trained_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("train.jsonl");
        let rows = [
            row("a", "How do I stop a job?", "{}"),
            row("b", "Name a limit.", "{}"),
            row("c", "What does `-n` do?", "{}"),
            row("d", "What is the purpose of `-n`?", "{}"),
        ];
        fs::write(&path, rows.concat()).unwrap();
        let questions = EvalQuestions {
            reworded: vec![path],
            forgetting: true,
            ..EvalQuestions::default()
        };
        let questions = questions.read(Seed(1), &Silent).unwrap();
        // The other wording of `c` is the question of `d`.
        let known = questions.iter().filter(|one| one.axis == REWORDED);
        let known: Vec<&str> = known.map(|one| one.row.id()).collect();
        assert_eq!(known, ["a", "d"]);
        let first = &questions[0];
        let asked = &first.row.messages()[0].content;
        assert_eq!(asked, "I want to stop a job. What do I have to do?");
        let wording = first.reworded.as_ref().unwrap();
        assert_eq!(wording.original, "How do I stop a job?");
        assert!(questions[2..].iter().all(|one| one.axis == GENERAL));
        assert!(questions.len() > 40);
    }

    #[test]
    fn a_limit_is_for_each_axis_and_the_same_every_time() {
        let question = |axis: &str, id: usize| Question {
            axis: axis.to_owned(),
            row: Row::new(id.to_string(), Vec::new()),
            quotes: None,
            reworded: None,
        };
        let all: Vec<Question> = (0..40).map(|id| question(["a", "b"][id % 2], id)).collect();
        let ids = |seed| -> Vec<usize> {
            let kept = limited(all.clone(), 5, Seed(seed));
            kept.iter()
                .map(|question| question.row.id().parse().unwrap())
                .collect()
        };
        let kept = ids(1);
        assert_eq!(kept.iter().filter(|id| *id % 2 == 0).count(), 5);
        assert_eq!(kept.len(), 10);
        assert!(kept.is_sorted());
        assert_eq!(kept, ids(1));
        assert_ne!(kept, ids(2));
    }
}
