//! Rewriting an item that failed a check.

use dsg_core::{Candidate, CandidateId, Check, Repair};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::reason::JudgeReason;
use crate::rubric::ask::{Ask, Asker, Trouble, objects};
use crate::rubric::passages::Passages;
use crate::rubric::prompts;

/// Where a rewritten item keeps the id that it had first.
pub(crate) const REPAIRED_FROM: &str = "repaired_from";

/// What may be rewritten to mend a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope {
    question: bool,
    answer: bool,
}

/// What a rewrite can mend; `None` where the item must go: its receipts do not hold, it carries what nobody may see, or no
/// wording would help.
pub(crate) const fn scope(reason: JudgeReason) -> Option<Scope> {
    use JudgeReason as R;
    let (question, answer) = match reason {
        R::UnsupportedQuestion
        | R::NotAQuestion
        | R::VagueQuestion
        | R::QuestionLength
        | R::NotSelfContained => (true, false),
        R::UnsupportedNumber
        | R::UnsupportedFlag
        | R::UnsupportedPath
        | R::UnsupportedUrl
        | R::UnsupportedVariable
        | R::UnsupportedIdentifier
        | R::UnsupportedCode
        | R::Ungrounded
        | R::Refusal
        | R::Repetition
        | R::AnswerLength
        | R::DestructiveCommand
        | R::UnsupportedClaim => (false, true),
        R::DanglingReference
        | R::MetaTalk
        | R::Truncated
        | R::LeftoverMarkup
        | R::EchoesQuestion
        | R::Language
        | R::MustInclude
        | R::MustAvoid
        | R::NotAnswered
        | R::NoReasonGiven
        | R::RoundTrip => (true, true),
        R::NoCitation
        | R::UnknownChunk
        | R::SpanOutsideChunk
        | R::QuoteMismatch
        | R::UnknownEvidence
        | R::Secret
        | R::PersonalData
        | R::Injection
        | R::NotUseful
        | R::NeedsOneSourceOnly
        | R::UnparsedVerdict
        | R::ContextCut
        | R::ModelFailed => return None,
    };
    Some(Scope { question, answer })
}

#[derive(Debug, Deserialize)]
struct Rewritten {
    question: String,
    answer: String,
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "question": {"type": "string"},
            "answer": {"type": "string"},
        },
        "required": ["question", "answer"],
        "additionalProperties": false,
    })
}

fn parse(text: &str) -> Result<Rewritten, String> {
    let found: Vec<Rewritten> = objects(text)
        .into_iter()
        .filter_map(|object| serde_json::from_str(object).ok())
        .collect();
    let [item]: [Rewritten; 1] = found
        .try_into()
        .map_err(|found: Vec<_>| format!("{} JSON objects with an item, not one", found.len()))?;
    if item.question.trim().is_empty() || item.answer.trim().is_empty() {
        return Err("an empty question or answer".to_owned());
    }
    Ok(item)
}

/// The writer's version of an item with the note of the repair. Its citations, topic and origin are the old ones; its id is
/// that of what it says now. `None` when the writer changes nothing that it may change.
pub(crate) async fn rewrite(
    asker: &Asker<'_>,
    passages: &Passages,
    candidate: &Candidate,
    (reason, scope): (JudgeReason, Scope),
    attempt: u32,
) -> Result<Option<(Candidate, Repair)>, Trouble> {
    let problems = problems(reason, candidate);
    let ask = Ask {
        prompt: prompts::REPAIR,
        context: &passages.with([
            ("question", candidate.question.as_str()),
            ("answer", candidate.answer.as_str()),
            ("problems", problems.as_str()),
        ]),
        schema: Some(schema()),
        top_log_probs: 0,
        max_tokens: asker.config.answer_tokens,
        vote: attempt,
    };
    let written = asker.ask(ask, |text, _| parse(text)).await?;
    let mut new = candidate.clone();
    let mut changed = Vec::new();
    for (part, wanted, old, text) in [
        (
            "question",
            scope.question,
            &mut new.question,
            written.question,
        ),
        ("answer", scope.answer, &mut new.answer, written.answer),
    ] {
        if wanted && text.trim() != old.trim() {
            text.trim().clone_into(old);
            changed.push(part);
        }
    }
    if changed.is_empty() {
        return Ok(None);
    }
    new.id = content_id(&new);
    if new.id != candidate.id && !new.extra.contains_key(REPAIRED_FROM) {
        let old = json!(candidate.id.as_str());
        new.extra.insert(REPAIRED_FROM.to_owned(), old);
    }
    new.verdict = None;
    let model = asker.model.id();
    let prompt = asker
        .prompts
        .get(prompts::REPAIR)
        .map_or(prompts::REPAIR, |prompt| prompt.id.as_str());
    let repair = Repair {
        name: "rewrite".to_owned(),
        detail: format!(
            "{} rewritten by {}/{} with {prompt} for {reason}",
            changed.join(" and "),
            model.provider,
            model.model,
            reason = reason.as_str(),
        ),
    };
    Ok(Some((new, repair)))
}

fn content_id(candidate: &Candidate) -> CandidateId {
    Candidate::content_id(
        &candidate.task,
        &candidate.question,
        &candidate.answer,
        &candidate.citations,
    )
}

/// The typed reason and every failed check, one a line.
fn problems(reason: JudgeReason, candidate: &Candidate) -> String {
    let checks = candidate
        .verdict
        .iter()
        .flat_map(|verdict| &verdict.checks)
        .filter(|check| !check.passed);
    let mut lines = vec![reason.as_str().to_owned()];
    for Check { name, detail, .. } in checks {
        lines.push(format!(
            "- {name}: {}",
            detail.as_deref().unwrap_or("failed")
        ));
    }
    lines.join("\n")
}
