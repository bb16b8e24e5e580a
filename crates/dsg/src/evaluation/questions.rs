//! The questions of an evaluation, each on its axis.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use dsg_core::artifact::read_jsonl;
use dsg_core::{Event, Message, Observer, Role, Seed, Split, Stage};
use dsg_train::data::Row;
use dsg_train::evaluation::{Wording, general, reword};
use serde::Deserialize;
use serde_json::Value;

use super::error::EvalError;
use super::{GENERAL, REWORDED};
use crate::error::DsgError;

/// A file of questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalData {
    /// The axis of its rows. Default: what a row's `meta.axis` says; else `unseen` for rows of the eval and `trained` for those of the training split;
    /// else the file's name without its extension. `general` and `reworded` are taken.
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
    /// The document that the row cites first.
    pub(super) document: Option<String>,
    /// What the row quotes from documents; `None` where it has no receipts.
    pub(super) quotes: Option<Vec<String>>,
    pub(super) reworded: Option<Wording>,
}

/// A row as it stands in files. Of a `meta` that is not dsg's, what fits is used.
#[derive(Deserialize)]
struct Record {
    #[serde(flatten)]
    row: Row,
    #[serde(default)]
    meta: Value,
}

impl Question {
    /// A question without receipts, as it stands.
    pub(super) fn new(axis: &str, row: Row) -> Self {
        Self {
            axis: axis.to_owned(),
            row,
            document: None,
            quotes: None,
            reworded: None,
        }
    }
}

impl EvalQuestions {
    /// Reads all of it, file after file in the order of the call.
    pub(super) fn read(
        &self,
        seed: Seed,
        observer: &dyn Observer,
    ) -> Result<Vec<Question>, DsgError> {
        let mut questions = Vec::new();
        for data in &self.data {
            let of_file = read(&data.path, data.axis.as_deref())?;
            let taken = |one: &&Question| [GENERAL, REWORDED].contains(&one.axis.as_str());
            if let Some(one) = of_file.iter().find(taken) {
                return Err(EvalError::ReservedAxis {
                    axis: one.axis.clone(),
                    path: data.path.clone(),
                }
                .into());
            }
            questions.extend(of_file);
        }
        questions.extend(self.in_other_words(observer)?);
        if let Some(limit) = self.limit {
            questions = limited(questions, limit, seed);
        }
        if self.forgetting {
            let rows = general().into_iter();
            questions.extend(rows.map(|row| Question::new(GENERAL, row)));
        }
        if questions.is_empty() {
            return Err(EvalError::NothingToAsk.into());
        }
        Ok(questions)
    }

    /// The rows to reword whose question a rule can put in other words that no user uses in any of these files.
    fn in_other_words(&self, observer: &dyn Observer) -> Result<Vec<Question>, DsgError> {
        let mut files = Vec::new();
        for path in &self.reworded {
            files.push((path, read(path, Some(REWORDED))?));
        }
        let known = files.iter().flat_map(|(_, known)| known);
        let turns = known.flat_map(|one| one.row.messages());
        let asked: BTreeSet<&str> = turns
            .filter(|turn| is_user(turn))
            .map(|turn| turn.content.trim())
            .collect();
        let mut questions = Vec::new();
        for (path, known) in &files {
            let before = questions.len();
            questions.extend(known.iter().filter_map(|one| other(one, &asked)));
            observer.on_event(&Event::Note {
                stage: Stage::Evaluate,
                message: format!(
                    "{} of {} questions in `{}` have other words by rule",
                    questions.len() - before,
                    known.len(),
                    path.display()
                ),
            });
        }
        Ok(questions)
    }
}

fn read(path: &Path, axis: Option<&str>) -> Result<Vec<Question>, DsgError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut questions = Vec::new();
    for (index, record) in read_jsonl::<Record>(path)?.enumerate() {
        let Record { row, meta } = record?;
        let text = |field: &str| meta.get(field).and_then(Value::as_str);
        let of_split = match text("split") {
            Some(split) if split == Split::Eval.as_str() => Some("unseen"),
            Some(split) if split == Split::Train.as_str() => Some("trained"),
            _ => None,
        };
        let named = axis.or_else(|| text("axis")).or(of_split);
        let citations = meta.get("citations").and_then(Value::as_array);
        let document = citations.and_then(|citations| {
            let first = citations.first()?;
            first.get("doc_id").or_else(|| first.get("path"))?.as_str()
        });
        let quotes: Vec<String> = citations
            .into_iter()
            .flatten()
            .filter_map(|citation| Some(citation.get("quote")?.as_str()?.to_owned()))
            .collect();
        questions.push(Question {
            document: document.map(str::to_owned),
            quotes: (!quotes.is_empty()).then_some(quotes),
            ..Question::new(
                named.unwrap_or(&stem),
                row.or_id(|| format!("row {}", index + 1)),
            )
        });
    }
    Ok(questions)
}

/// The question that the last answer is to, in other words. Turns behind that answer are left out.
fn other(known: &Question, asked: &BTreeSet<&str>) -> Option<Question> {
    let row = known.row.until_last_answer()?;
    let mut messages = row.messages().to_vec();
    let question = messages.iter_mut().rfind(|turn| is_user(turn))?;
    let wording = reword(question.content.trim())?;
    if asked.contains(wording.question.as_str()) {
        return None;
    }
    question.content.clone_from(&wording.question);
    Some(Question {
        row: Row::new(row.id(), messages),
        reworded: Some(wording),
        ..known.clone()
    })
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
    use crate::error::ErrorKind;

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
                r#"{"split":"eval","citations":[{"doc_id":"d","quote":"x","start":1},{"path":"e","quote":"y"}]}"#,
            ),
            row("c", "Q?", r#"{"split":"train","citations":[]}"#),
            row("d", "Q?", "null"),
            // Whatever others put there.
            row("e", "Q?", r#""from a forum""#),
            row(
                "f",
                "Q?",
                r#"{"axis":7,"split":"dev","citations":["https://example.org",{"path":"p"}]}"#,
            ),
            row("g", "Q?", r#"{"citations":[{"path":"p"}]}"#),
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
        assert_eq!(
            axes(&questions),
            ["hard", "unseen", "trained", "mine", "mine", "mine", "mine"]
        );
        assert_eq!(
            questions[1].quotes.as_deref(),
            Some(["x".to_owned(), "y".to_owned()].as_slice())
        );
        assert_eq!(questions[2].quotes, None);
        let documents = questions.iter().map(|one| one.document.as_deref());
        let documents: Vec<Option<&str>> = documents.collect();
        let expected = [None, Some("d"), None, None, None, None, Some("p")];
        assert_eq!(documents, expected);
        assert_eq!(axes(&read(Some("set"))), ["set"; 7]);
    }

    #[test]
    fn names_of_its_own_and_nothing_at_all_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str, text: &str, axis: Option<&str>| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            let data = EvalData {
                axis: axis.map(str::to_owned),
                path,
            };
            let questions = EvalQuestions {
                data: vec![data],
                ..EvalQuestions::default()
            };
            questions.read(Seed(1), &Silent).unwrap_err()
        };
        let one = row("a", "Q?", "{}");
        for error in [
            read("a.jsonl", &one, Some(REWORDED)),
            read("general.jsonl", &one, None),
            read("b.jsonl", &row("a", "Q?", r#"{"axis":"general"}"#), None),
        ] {
            assert!(
                matches!(error, DsgError::Evaluation(EvalError::ReservedAxis { .. })),
                "{error}"
            );
            assert_eq!(error.kind(), ErrorKind::Usage);
        }
        let error = read("c.jsonl", "\n", None);
        assert!(
            matches!(error, DsgError::Evaluation(EvalError::NothingToAsk)),
            "{error}"
        );
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
            // The question that is answered last is the first; what comes behind is no question of the row.
            row("e", "Can I wait?", "{}").replace(
                "A.\"}",
                "A.\"},{\"role\":\"user\",\"content\":\"Why is that?\"}",
            ),
            row("f", "Why do jobs wait?", "{}"),
        ];
        fs::write(&path, rows.concat()).unwrap();
        let other = folder.path().join("more.jsonl");
        fs::write(&other, row("g", "For what reason do jobs wait?", "{}")).unwrap();
        let questions = EvalQuestions {
            reworded: vec![path, other],
            forgetting: true,
            ..EvalQuestions::default()
        };
        let questions = questions.read(Seed(1), &Silent).unwrap();
        // The other wording of `c` is the question of `d`, that of `f` one of the other file.
        let known = questions.iter().filter(|one| one.axis == REWORDED);
        let known: Vec<&str> = known.map(|one| one.row.id()).collect();
        assert_eq!(known, ["a", "d", "e"]);
        let first = &questions[0];
        let asked = &first.row.messages()[0].content;
        assert_eq!(asked, "I want to stop a job. What do I have to do?");
        let wording = first.reworded.as_ref().unwrap();
        assert_eq!(wording.original, "How do I stop a job?");
        let last = questions[2].row.messages();
        assert_eq!(
            (last.len(), last[0].content.as_str()),
            (2, "Is it possible for me to wait?")
        );
        assert!(questions[3..].iter().all(|one| one.axis == GENERAL));
        assert!(questions.len() > 40);
    }

    #[test]
    fn a_limit_is_for_each_axis_and_the_same_every_time() {
        let question =
            |axis: &str, id: usize| Question::new(axis, Row::new(id.to_string(), Vec::new()));
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
