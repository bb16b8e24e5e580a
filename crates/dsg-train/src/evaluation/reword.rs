//! Known questions in other words, by rule.

use serde::{Deserialize, Serialize};

/// A question in other words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// The question as it is asked now.
    #[serde(skip)]
    pub question: String,
    /// The question as it was.
    pub original: String,
    /// What was done: `How do I {0}? → I want to {0}. What do I have to do?`.
    pub rule: String,
}

/// A question of which a name is all that is in it. With more, `What is meant by …?` and `What is wrong with …?` would fit as well.
const NAME: &str = "What is {0}?";

/// Beginnings of questions that a rule fits and would turn into others: `When was it released?` asks for a date.
const UNFIT: [&str; 8] = [
    "What do I need to know ",
    "What should I know ",
    "What should I expect ",
    "When was ",
    "When were ",
    "When did ",
    "When will ",
    "When has ",
];

/// A frame of a question and one that asks the same, the first that fits is taken. None of those on the right is a frame that dsg's own generator asks
/// in.
const RULES: [(&str, &str); 32] = [
    ("How do I {0}?", "I want to {0}. What do I have to do?"),
    ("How can I {0}?", "I want to {0}. What do I have to do?"),
    ("How should I {0}?", "What is the right way to {0}?"),
    (
        "With {0}, how do I {1}?",
        "I want to {1} with {0}. What do I have to do?",
    ),
    (
        "With {0}, how can I {1}?",
        "I want to {1} with {0}. What do I have to do?",
    ),
    (
        "What is the command to {0}?",
        "I want to {0}. With which command do I do that?",
    ),
    (
        "Which command do I use to {0}?",
        "I want to {0}. With which command do I do that?",
    ),
    (
        "Which {0} do I use to {1}?",
        "I want to {1}. What {0} is the right one?",
    ),
    (
        "Which {0} lets me {1}?",
        "I want to {1}. What {0} is the right one?",
    ),
    (
        "What is the default of {0}?",
        "Which value does {0} have if I set none?",
    ),
    (
        "What is the default value of {0}?",
        "Which value does {0} have if I set none?",
    ),
    ("What is {0} used for?", "What is {0} good for?"),
    ("What is {0} for?", "What is {0} good for?"),
    (
        "What does {0} mean in {1}?",
        "How should I understand {0} in {1}?",
    ),
    ("What does {0} mean?", "How should I understand {0}?"),
    ("What does {0} do?", "What is the purpose of {0}?"),
    ("What does {0} specify?", "What is set with {0}?"),
    (
        "What happens when {0}?",
        "What is the consequence when {0}?",
    ),
    ("What happens if {0}?", "What is the consequence if {0}?"),
    ("What should I {0}?", "What would you advise me to {0}?"),
    (
        "What do I need to be able to {0}?",
        "What has to be there before I can {0}?",
    ),
    (
        "What do I need to {0}?",
        "What has to be there before I can {0}?",
    ),
    (
        "What is required to {0}?",
        "What has to be there before I can {0}?",
    ),
    ("What are the {0}?", "Could you name the {0}?"),
    (
        "What is the {0} of {1}?",
        "I would like to know what the {0} of {1} is.",
    ),
    ("What is a {0}?", "I would like to know what a {0} is."),
    (NAME, "I would like to know what {0} is."),
    ("Why {0}?", "For what reason {0}?"),
    ("Where {0}?", "In which place {0}?"),
    ("When {0}?", "Under which conditions {0}?"),
    ("Can I {0}?", "Is it possible for me to {0}?"),
    ("May I {0}?", "Am I allowed to {0}?"),
];

/// The question in other words, by the first of some rules on how English questions begin and end; `None` where no rule fits, where one would change
/// what is asked, and where there is more than one sentence. What it asks about stays as it is written, so that this tells less than a person's rewording would: it shows whether a model
/// knows more than the letters of a question that it was trained on.
///
/// ```
/// use dsg_train::evaluation::reword;
///
/// let wording = reword("How do I cancel a job?").ok_or("no rule")?;
/// assert_eq!(wording.question, "I want to cancel a job. What do I have to do?");
/// assert_eq!(wording.rule, "How do I {0}? → I want to {0}. What do I have to do?");
/// assert_eq!(reword("Cancel a job."), None);
/// # Ok::<(), &str>(())
/// ```
pub fn reword(question: &str) -> Option<Wording> {
    let text = question.trim();
    let sentence = text.strip_suffix('?')?;
    let is_unfit = UNFIT.iter().any(|start| text.starts_with(start));
    if is_unfit || sentence.contains(['?', '!', '\n']) || sentence.contains(". ") {
        return None;
    }
    RULES.iter().find_map(|(from, to)| {
        let holes = fit(text, from)?;
        if *from == NAME && holes.iter().any(|hole| hole.contains(char::is_whitespace)) {
            return None;
        }
        Some(Wording {
            question: fill(to, &holes),
            original: question.to_owned(),
            rule: format!("{from} → {to}"),
        })
    })
}

/// `frame` with its holes filled.
fn fill(frame: &str, holes: &[&str]) -> String {
    let pieces = frame.split(['{', '}']).enumerate();
    pieces
        .map(|(place, piece)| {
            let hole = piece.parse::<usize>().ok().filter(|_| place % 2 == 1);
            hole.and_then(|hole| holes.get(hole).copied())
                .unwrap_or(piece)
        })
        .collect()
}

/// What stands in the holes of `frame` in `text`.
fn fit<'t>(text: &'t str, frame: &str) -> Option<Vec<&'t str>> {
    let mut pieces = frame.split(['{', '}']).step_by(2);
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut holes = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let (hole, behind) = if pieces.peek().is_some() {
            rest.split_once(piece)?
        } else {
            (rest.strip_suffix(piece)?, "")
        };
        if hole.trim().is_empty() {
            return None;
        }
        holes.push(hole);
        rest = behind;
    }
    Some(holes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_asked_in_other_words() {
        for (question, expected) in [
            ("What does `--mem` do?", "What is the purpose of `--mem`?"),
            (
                "What is the `--mem` option of sbatch for?",
                "What is the `--mem` option of sbatch good for?",
            ),
            (
                "Which option of sbatch do I use to set a limit?",
                "I want to set a limit. What option of sbatch is the right one?",
            ),
            (
                "What does CG mean in squeue?",
                "How should I understand CG in squeue?",
            ),
            (
                "What is `sbatch`?",
                "I would like to know what `sbatch` is.",
            ),
            (
                "With sbatch, how do I set a limit?",
                "I want to set a limit with sbatch. What do I have to do?",
            ),
            (
                "What do I need to be able to log in?",
                "What has to be there before I can log in?",
            ),
            (
                "When is `--mem` ignored by sbatch?",
                "Under which conditions is `--mem` ignored by sbatch?",
            ),
            (
                "Why does my transfer stop with {0} errors?",
                "For what reason does my transfer stop with {0} errors?",
            ),
            (
                "What is the limit of the debug queue?",
                "I would like to know what the limit of the debug queue is.",
            ),
        ] {
            assert_eq!(reword(question).unwrap().question, expected);
        }
    }

    #[test]
    fn what_no_rule_fits_stays_alone() {
        for question in [
            "Name a limit.",
            "How do I ?",
            "It waits. Why does it wait?",
            "Why? How do I stop it?",
            "Is it so?",
            "What is meant by “node”?",
            "What do I need to know before I log in?",
            "What should I know before I use `-n` in sbatch?",
            "When was it released?",
            "When did it start?",
            "When will it end?",
            "",
        ] {
            assert_eq!(reword(question), None, "{question}");
        }
    }

    #[test]
    fn every_rule_keeps_its_holes_and_can_be_reached() {
        for (from, to) in RULES {
            let holes = |text: &str| ["{0}", "{1}"].map(|hole| text.matches(hole).count());
            assert_eq!(holes(from), holes(to), "{from}");
            let question = from.replace("{0}", "xx").replace("{1}", "yy");
            assert_eq!(reword(&question).unwrap().rule, format!("{from} → {to}"));
        }
    }
}
