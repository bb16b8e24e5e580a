//! Commands under comments that say what they do.

use dsg_core::{BlockKind, QuestionType, Span};

use crate::answer::Answer;
use crate::draft::{Draft, Scope, names_the_known};
use crate::inline::clean;
use crate::outline::Node;
use crate::person::first_person;
use crate::phrase::{lower_first, task};
use crate::regexes::regex;
use crate::wording::Wording;

/// One commented command may stand in a script of which it is a step; several apart are a list of examples.
const MIN_EXAMPLES: usize = 2;

const COMMAND: Wording = Wording {
    name: "comment/command",
    version: 1,
    texts: &[
        "How do I {task}?",
        "Which command do I use to {task}?",
        "What is the command to {task}?",
    ],
};

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    for node in &scope.section.nodes {
        let BlockKind::Code { language } = node.kind() else {
            continue;
        };
        let language = language.as_deref().unwrap_or_default();
        if !matches!(language, "" | "bash" | "sh" | "shell" | "console" | "text") {
            continue;
        }
        let examples = examples(scope, node);
        if examples.len() < MIN_EXAMPLES {
            continue;
        }
        for example in examples {
            drafts.extend(draft(scope, &example));
        }
    }
}

/// A comment and the command below it.
struct Example {
    comment: String,
    comment_span: Span,
    command: String,
    command_span: Span,
}

/// The commented commands of a block that holds nothing else; of a script, none.
fn examples(scope: &Scope<'_, '_>, node: &Node<'_>) -> Vec<Example> {
    let body = node.body();
    let Some(text) = scope.chunk.slice(body) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut comment: Option<(String, Span)> = None;
    let mut commands = 0;
    let mut position = body.start();
    for line in text.split_inclusive('\n') {
        let start = position;
        position += line.len();
        let lead = line.len() - line.trim_start().len();
        let shown = line.trim();
        let span = Span::of_len(start + lead, shown.len());
        if let Some(said) = shown.strip_prefix("# ") {
            if let Some((text, spoken)) = &mut comment {
                text.push(' ');
                text.push_str(said.trim());
                *spoken = Span::of_len(spoken.start(), span.end() - spoken.start());
            } else {
                comment = Some((said.trim().to_owned(), span));
                commands = 0;
            }
        } else if shown.is_empty() {
            comment = None;
        } else if regex!(r"^(?:\$ |> )?[a-z][\w./-]*(?:\s[^=].*)?$").is_match(shown)
            && !regex!(r"^(?:if|for|while|do|done|fi|else|then|case|esac|export|cd|echo|set|function|return|exit)\b|[\\{}]$|<<").is_match(shown)
        {
            commands += 1;
            if commands > 1 {
                // A second command makes steps of them.
                return Vec::new();
            }
            if let Some((text, spoken)) = comment.take() {
                found.push(Example {
                    comment: text,
                    comment_span: spoken,
                    command: shown.to_owned(),
                    command_span: span,
                });
            }
        } else {
            return Vec::new();
        }
    }
    found
}

fn draft(scope: &Scope<'_, '_>, example: &Example) -> Option<Draft> {
    let said = clean(&example.comment, scope.chunk.markup);
    let asked = task(&first_person(&lower_first(
        said.trim_end_matches(['.', ':']),
    )))?;
    if asked.split_whitespace().count() < 3 {
        return None;
    }
    let key = format!("{}/{asked}", scope.place.title);
    let question = COMMAND.fill(scope.seed, &key, &[("task", &asked)]);
    let question = scope.place.situated(&question)?;
    // What another heading's task has to place is a step of that.
    if regex!(r"(?i)\bwhen ").is_match(&question) || names_the_known(&question) {
        return None;
    }
    let answer = Answer::default()
        .words("```bash\n")
        .quote(&format!("# {said}"), example.comment_span)
        .words("\n")
        .quote(&example.command, example.command_span)
        .words("\n```");
    scope.asked(QuestionType::Procedural, &COMMAND.id(), &question, answer)
}
