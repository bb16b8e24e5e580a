//! Sentences that carry their own question: “To do X, …”, “You can do X with …”, “If X, …”; with the code they introduce.

use dsg_core::{BlockKind, QuestionType, Span};

use crate::answer::Answer;
use crate::draft::{Draft, Scope, is_known_to_the_page_only};
use crate::outline::Node;
use crate::person::first_person;
use crate::phrase::task;
use crate::reference::{asides_removed, is_pointer, leans_back, points_around};
use crate::regexes::regex;
use crate::render::{Rendered, block};
use crate::sentence::{Piece, sentences};
use crate::verbs;
use crate::wording::Wording;

/// Longest explanation that may follow a command.
const MAX_EXPLANATION: usize = 420;
/// Longest answer made of sentences.
const MAX_SENTENCES: usize = 700;

const TASK_CODE: Wording = Wording {
    name: "task/code",
    version: 1,
    texts: &[
        "How do I {task}?",
        "How can I {task}?",
        "What is the command to {task}?",
        "Which command do I use to {task}?",
    ],
};
const TASK_TEXT: Wording = Wording {
    name: "task/text",
    version: 1,
    texts: &[
        "How do I {task}?",
        "How can I {task}?",
        "What do I need to do to {task}?",
    ],
};
const TASK_NEEDS: Wording = Wording {
    name: "task/needs",
    version: 1,
    texts: &[
        "What do I need to be able to {task}?",
        "What is required to {task}?",
    ],
};
const SETTING: Wording = Wording {
    name: "setting/value",
    version: 1,
    texts: &[
        "What is {name} {done}{where}?",
        "What will {name} be {done}{where}?",
    ],
};
const CONDITION_ACTION: Wording = Wording {
    name: "condition/action",
    version: 1,
    texts: &["What should I do if {clause}?"],
};
const CONDITION_OPTION: Wording = Wording {
    name: "condition/option",
    version: 1,
    texts: &["What can I do if {clause}?"],
};
const CONDITION_EFFECT: Wording = Wording {
    name: "condition/effect",
    version: 1,
    texts: &["What happens if {clause}?"],
};
const CONDITION_WHEN_ACTION: Wording = Wording {
    name: "condition/when-action",
    version: 1,
    texts: &["What should I do when {clause}?"],
};
const CONDITION_WHEN: Wording = Wording {
    name: "condition/when",
    version: 1,
    texts: &["What happens when {clause}?"],
};

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    siblings(scope, &scope.section.nodes, drafts);
}

fn siblings(scope: &Scope<'_, '_>, nodes: &[Node<'_>], drafts: &mut Vec<Draft>) {
    for (position, node) in nodes.iter().enumerate() {
        match node.kind() {
            BlockKind::Paragraph => {
                let following = nodes.get(position + 1..).unwrap_or_default();
                paragraph(scope, node.body(), following, drafts);
            }
            // What a tab says holds for its label only.
            BlockKind::Admonition { class } if class == "tab" => {}
            BlockKind::List { ordered: false } | BlockKind::Admonition { .. } => {
                siblings(scope, &node.children, drafts);
            }
            BlockKind::ListItem => {
                if node
                    .children
                    .iter()
                    .any(|child| matches!(child.kind(), BlockKind::Paragraph))
                {
                    siblings(scope, &node.children, drafts);
                } else if node.children.is_empty() {
                    paragraph(scope, node.body(), &[], drafts);
                }
            }
            _ => {}
        }
    }
}

fn paragraph(scope: &Scope<'_, '_>, span: Span, following: &[Node<'_>], drafts: &mut Vec<Draft>) {
    let pieces: Vec<Piece> = sentences(scope.chunk, span)
        .into_iter()
        .map(|piece| Piece {
            text: asides_removed(&piece.text).into_owned(),
            span: piece.span,
        })
        .collect();
    for (position, piece) in pieces.iter().enumerate() {
        let last = position + 1 == pieces.len();
        if piece.text.ends_with(':') {
            if last {
                drafts.extend(introduced(scope, &pieces, piece, following));
            }
            continue;
        }
        if is_pointer(&piece.text) || points_around(&piece.text) || leans_back(&piece.text) {
            continue;
        }
        let rest = pieces.get(position + 1..).unwrap_or_default();
        // A condition further down leans on what was said before it: an example, another condition.
        let conditional = || {
            if position == 0 {
                condition(scope, piece, rest)
            } else {
                None
            }
        };
        // So does a purpose, unless it names its means itself. A list or code behind it says how.
        let followed = following.first().is_some_and(|next| {
            matches!(next.kind(), BlockKind::List { .. } | BlockKind::Code { .. })
        });
        let purposeful = || {
            let placed = position == 0 || piece.text.contains('`');
            if placed && !followed {
                purpose(scope, piece, rest)
            } else {
                None
            }
        };
        drafts.extend(
            purposeful()
                .or_else(conditional)
                .or_else(|| setting(scope, piece)),
        );
    }
}

/// A lead-in with the code (or numbered steps) that it announces, and the paragraph that explains them.
fn introduced(
    scope: &Scope<'_, '_>,
    pieces: &[Piece],
    lead_in: &Piece,
    following: &[Node<'_>],
) -> Option<Draft> {
    let content = following.first()?;
    let steps = matches!(content.kind(), BlockKind::List { ordered: true });
    if !steps && !matches!(content.kind(), BlockKind::Code { .. }) {
        return None;
    }
    let rendered = block(scope.chunk, content)?;
    if rendered.is_code()
        && (looks_like_output(&rendered.text, &lead_in.text)
            || super::howto::uses_undefined(&rendered.text))
    {
        return None;
    }
    let asked = task_of_lead_in(&lead_in.text)?;
    if only_first_step(&lead_in.text) {
        return None;
    }
    let mut answer = Answer::default();
    let alone = self_contained_lead_in(lead_in) || pieces.len() > 1 && !leans_back(&lead_in.text);
    if alone {
        answer = answer.quote(&lead_in.text, lead_in.span).words("\n\n");
    }
    let explanation = if steps {
        None
    } else {
        explanation(scope, following.get(1..).unwrap_or_default())
    };
    let blocks: Vec<Rendered> = std::iter::once(rendered).chain(explanation).collect();
    if answer.text().is_empty() {
        answer = answer.words(if steps {
            "Follow these steps:\n\n"
        } else {
            "Use:\n\n"
        });
    }
    let answer = answer.blocks(&blocks);
    let wording = if regex!(r"(?i)\byou (?:will )?(?:need|must have|require)(?: the following)?:$")
        .is_match(&lead_in.text)
    {
        &TASK_NEEDS
    } else if steps || !is_one_command(&blocks) {
        &TASK_TEXT
    } else {
        &TASK_CODE
    };
    task_draft(scope, wording, &asked, answer)
}

/// “To expand the volume, detach it with the command:” shows how to detach.
fn only_first_step(lead_in: &str) -> bool {
    let lead_in = regex!(r"(?i)^(?:for example|for instance|e\.g\.),?\s+").replace(lead_in, "");
    let Some((_, main)) = lead_in
        .split_once(", ")
        .filter(|_| regex!(r"(?i)^(?:in order )?to\b").is_match(&lead_in))
    else {
        return false;
    };
    let main = regex!(r"(?i)^(?:(?:you|we|one|users|it) (?:\w+ )?(?:can|could|may|should|must|need to|needs to|have to|has to|will)|please|simply|just|then|now)\s+").replace(main, "");
    let first = main
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let says_how = matches!(
        first.as_str(),
        "run"
            | "use"
            | "type"
            | "give"
            | "execute"
            | "enter"
            | "issue"
            | "add"
            | "set"
            | "load"
            | "call"
            | "define"
            | "include"
            | "put"
            | "write"
            | "submit"
            | "specify"
            | "do"
            | "follow"
            | "open"
            | "launch"
            | "try"
            | "start"
            | "insert"
            | "apply"
            | "command"
            | "the"
            | "initialize"
            | "activate"
            | "first"
            | "copy"
            | "edit"
            | "change"
            | "make"
    );
    let says_first = regex!(r"(?i)\bfirst\b").is_match(&main);
    verbs::base(&first).is_some() && !says_how || says_first
}

fn self_contained_lead_in(lead_in: &Piece) -> bool {
    !leans_back(&lead_in.text) && !points_around(&lead_in.text)
}

fn is_one_command(blocks: &[Rendered]) -> bool {
    let is_call = blocks
        .first()
        .and_then(|code| code.text.lines().nth(1))
        .is_some_and(|line| {
            regex!(r"^(?:[$#>%] )?[a-z][\w.-]*(?:\s|$)").is_match(line.trim_start())
        });
    is_call
        && blocks.first().is_some_and(|code| {
            code.text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .count()
                == 3
        })
}

/// “This loads …”, “where `x` is …”: the paragraph after the code that says what it does.
fn explanation(scope: &Scope<'_, '_>, following: &[Node<'_>]) -> Option<Rendered> {
    let node = following.first()?;
    let introduces = following
        .get(1)
        .is_some_and(|next| matches!(next.kind(), BlockKind::Code { .. }));
    if !matches!(node.kind(), BlockKind::Paragraph) || introduces {
        return None;
    }
    let rendered = block(scope.chunk, node)?;
    let explains = regex!(r"(?i)^(?:this|the (?:command|script|option|flag|first|second|output|above)|where\b|here\b|replace|in (?:this|the) (?:example|command)|these|both|`-|note that|remember|it |you (?:will|should) (?:then )?(?:see|get|be)|after (?:this|that|running))")
        .is_match(&rendered.text);
    (explains && rendered.text.len() <= MAX_EXPLANATION && !rendered.text.ends_with(':'))
        .then_some(rendered)
}

/// Program output is no instruction.
fn looks_like_output(code: &str, lead_in: &str) -> bool {
    regex!(r"(?i)\b(?:output|result|response|looks? like|prints?|returns?|error message|error|something like)\b[^,]*:$").is_match(lead_in)
        || code.lines().nth(1).is_some_and(|line| regex!(r"^(?:\s*[A-Z]+\s{2,}[A-Z]+|[-=+|]{4,}|\w+: error)").is_match(line))
}

/// “To submit the job, run:”, “You can submit the job with the command:”, “Submit the job with:” → `submit the job`.
fn task_of_lead_in(text: &str) -> Option<String> {
    let text = text.trim_end_matches(':').trim();
    let text = regex!(r"(?i)^(?:for example|for instance|e\.g\.|first|then|next|now|finally|alternatively|also|and|so|after that|if needed|optionally|in practice|thus|therefore|typically|usually|often|simply|note that|as an example|to begin with|second|lastly|afterwards|instead)\s*,?\s+").replace(text, "");
    let text = text.as_ref();
    infinitive(text)
        .or_else(|| possibility(text))
        .or_else(|| instruction(text))
}

/// “To VERB …, main clause” or “main clause to VERB …”.
fn infinitive(text: &str) -> Option<String> {
    let rest = regex!(r"(?i)^(?:in order )?to\s+(.+)$")
        .captures(text)?
        .get(1)?
        .as_str();
    let phrase = rest.split_once(", ").map_or_else(
        || cut_tool(rest),
        |(phrase, main)| {
            // “To list, add and remove”: the comma belongs to the phrase.
            if regex!(r"^(?:and|or|but|e\.g|i\.e|for example|such as|which|including)\b")
                .is_match(main)
            {
                None
            } else {
                Some(phrase)
            }
        },
    )?;
    if phrase.split_whitespace().count() < 2 {
        return None;
    }
    task(&first_person(phrase))
}

/// “You can VERB … with/by/using …”.
fn possibility(text: &str) -> Option<String> {
    let found = regex!(r"(?i)^(?:you|users|one) (?:can|may|could|should) (?:also |then |now |easily |simply )?(.+)$").captures(text)?;
    let rest = found.get(1)?.as_str();
    let used = regex!(r"(?i)^use .{1,60}? to (.+)$")
        .captures(rest)
        .and_then(|found| found.get(1));
    let phrase = used.map_or(rest, |purpose| purpose.as_str());
    let cut = cut_tool(phrase).or_else(|| used.is_some().then_some(phrase))?;
    task(&first_person(cut))
}

/// “VERB … with the command”.
fn instruction(text: &str) -> Option<String> {
    let first = text.split_whitespace().next()?;
    verbs::base(first)?;
    task(&first_person(cut_tool(text)?))
}

/// The phrase before “with”, “by running”, “using the command”, “run”.
fn cut_tool(text: &str) -> Option<&str> {
    let found = regex!(
        r"(?i),?\s+(?:by (?:running|using|executing|issuing|typing|adding|setting|calling|giving|entering|the following)|using(?: the)?(?: following)?(?: command)?s?\b|with (?:the )?(?:following )?(?:command|commands|script|option|options|lines?|syntax)\b|with\s*$|with\s+`|via (?:the )?command|running (?:the )?(?:following )?command\b|running\s+`|in the following way|as follows|like this|like so|e\.g\.?$|for example$|for instance$|use$|run$|do$)"
    )
    .find(text)?;
    text.get(..found.start())
}

/// “To VP, …” and “You can VP with …” that answer themselves in running text.
fn purpose(scope: &Scope<'_, '_>, piece: &Piece, rest: &[Piece]) -> Option<Draft> {
    let text = piece.text.as_str();
    let asked = if regex!(r"^(?:In order to|To)\s").is_match(text) && text.contains(", ") {
        infinitive(text)?
    } else if let Some(found) =
        regex!(r"(?i)^if you (?:want|wish|need|would like|'d like|intend|plan) to (.+?), (.+)$")
            .captures(text)
    {
        let main = found.get(2)?.as_str();
        if regex!(
            r"(?i)^(?:and|or|but|e\.g|i\.e|for example|such as|which|see|read|refer|check out)\b"
        )
        .is_match(main)
        {
            return None;
        }
        task(&first_person(found.get(1)?.as_str()))?
    } else if regex!(r"(?i)^(?:you|users) can\s").is_match(text)
        && !regex!(r"(?i)^\w+ can also\b|\buse (?:it|this|these|them)\b").is_match(text)
    {
        possibility(text.trim_end_matches('.'))?
    } else {
        return None;
    };
    if regex!(r"(?i), (?:it is|it's) (?:helpful|useful|important|good|worth|necessary) to (?:be aware|know|understand|note|consider)\b").is_match(text) {
        return None;
    }
    // “In order to use X, Y is required” names one condition, not what to do; “any issues” is everything and nothing.
    if regex!(r"(?i), \S+(?: \S+){0,6} (?:is|are) (?:required|needed|necessary)\b").is_match(text)
        || regex!(r"(?i)\b(?:any|some|such) (?:issues?|problems?|errors?)\b").is_match(&asked)
    {
        return None;
    }
    // A first step is not the way, and “the same command” is another one.
    if regex!(r"(?i)\b(?:must|need to|have to) first\b|\bthe same (?:command|way|steps?)\b|\b(?:more|fewer|larger|longer) \w+ are used\b").is_match(text)
        || regex!(r"(?i)\byou (?:will )?(?:need|have|must) (?:to )?(?:specify|define|choose|provide)\b").is_match(text) && !text.contains('`')
    {
        return None;
    }
    // The advice itself is elsewhere.
    if regex!(r"(?i), (?:please )?(?:also |first )?(?:see|refer to|read|follow|check out|visit|consult)\b|, please also\b|\bfollowing (?:commands?|steps?)\b[^:]*\.$").is_match(text) {
        return None;
    }
    // “update these counters”: which?
    if regex!(r"(?i)\b(?:these|those)\s+\w+").is_match(text) {
        return None;
    }
    // The section under that very heading says it whole; a told example is no instruction.
    let stems = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() >= 4)
            .map(|word| word.to_lowercase().chars().take(5).collect())
            .collect()
    };
    let heading = stems(scope.section.title());
    let shared = heading
        .iter()
        .filter(|stem| stems(&asked).contains(stem))
        .count();
    let repeats = !heading.is_empty() && shared * 10 >= heading.len() * 7;
    if repeats && scope.section.nodes.len() > 2
        || regex!(r"(?i)\b(?:two|three|four|several) (?:steps|phases|parts|stages)\b").is_match(text)
        || regex!(r"(?i)\b(?:we|one) (?:would|will) need to\b|\blet's assume\b").is_match(text)
        || rest.last().is_some_and(|last| last.text.ends_with(':'))
        // “If you want to run a web site, host a service, or …”: the first of several.
        || regex!(r"^(?:If you|To|In order to)\b[^,]{4,60}, (?:[^,]{4,60}, )+or \w+").is_match(text)
    {
        return None;
    }
    // “… with command.” has lost the command that stood behind it.
    if regex!(r"(?i)\b(?:give|use|run|with|by|using) (?:the |a |an |following )*(?:commands?|scripts?)\.$|, first (?:start|create|open|load|log|install|run)\b[^.]*\.$").is_match(text) {
        return None;
    }
    if !says_how(text) {
        return None;
    }
    let wording = if names_requirements(text) {
        &TASK_NEEDS
    } else {
        &TASK_TEXT
    };
    let (answer, length) = with_continuation(piece, rest);
    (length >= 60).then(|| task_draft(scope, wording, &asked, answer))?
}

/// Whether a sentence shows a way to go: code, an address, something to click. “You can use the client” and “you first
/// need an account” are where a way begins.
fn says_how(text: &str) -> bool {
    let begins = regex!(r"(?i)\byou (?:will |do |first |also )?(?:not )?(?:need|have|must|are required) (?:to )?(?:be|have|log ?in|first|prove|set up|sign|create|own|belong)\b|\b(?:it is|are|is) (?:first )?(?:required|necessary)\b|, (?:consider|we (?:recommend|encourage|suggest))\b")
        .is_match(text);
    let shown = regex!(r"(?i)`[^`]+`|https?://|\b(?:click\w*|select\w*|choos\w+|press|open|navigate|log in|go to|type|fill in|send|contact|apply|visit|from the menu|tick|enter|associate|via the|in the my\w+|portal)\b")
        .is_match(text.split_once(", ").map_or(text, |(_, main)| if main.len() > 20 { main } else { text }));
    shown && !begins
}

/// “To do X, you need an account” says what X takes, not how it is done.
fn names_requirements(text: &str) -> bool {
    regex!(r"(?i), (?:\S+ ){1,8}?(?:must (?:be (?:able|added|enabled|installed|a member)|have|support|exist|belong)|(?:need|needs|require|requires) (?:a|an|the|your|at least|access|permission)\b|should have\b)").is_match(text)
}

fn task_draft(
    scope: &Scope<'_, '_>,
    wording: &Wording,
    task: &str,
    answer: Answer,
) -> Option<Draft> {
    // “With the option `-t`”: of which command?
    let shown = answer.text();
    // Looking whether it worked and opening a file are steps of something else; so is “the configuration process”.
    if regex!(r"(?i)^(?:make sure|ensure|notice|confirm|see that|check that|verify that|(?:open|create) (?:a|the) (?:new )?(?:\w+ )?file)\b|\bthe \w+ process\b|^cite\b|\bother\b|\bthat was (?:created|made)\b|\bthe (?:copied|created|downloaded|built|resulting|library|playbook)\b")
        .is_match(task)
        || task.matches(", ").count() >= 2
    {
        return None;
    }
    // “Install the `Chart`”: which?
    if regex!(r"^\w+ the `[^`-]+`$").is_match(task) && scope.place.page_name().is_none() {
        return None;
    }
    let commandless = regex!(r"(?i)\boptions?\b[^.]{0,20}`-").is_match(shown)
        && !regex!(r"`[a-zA-Z/.$]|```").is_match(&format!("{shown} {task}"))
        && scope.place.page_name().is_none();
    if commandless {
        return None;
    }
    let key = format!("{}/{task}", scope.place.title);
    // “Which command do I use to use …?”
    let wording = if task.starts_with("use ") && wording.name == TASK_CODE.name {
        &TASK_TEXT
    } else {
        wording
    };
    let question = wording.fill(scope.seed, &key, &[("task", task)]);
    let question = scope.place.situated(&question)?;
    let question = scope.place.with_product_of_the(&question)?;
    if is_known_to_the_page_only(&question) {
        return None;
    }
    scope.asked(QuestionType::Procedural, &wording.id(), &question, answer)
}

/// “`SLURM_ARRAY_JOB_ID` will be set to …”, “`%A` will be replaced by …”.
fn setting(scope: &Scope<'_, '_>, piece: &Piece) -> Option<Draft> {
    // Elsewhere such a sentence belongs to an option's entry.
    if scope.place.tool.is_some() {
        return None;
    }
    let found = regex!(r"^(?:The )?(?:environment variable )?`?([A-Z][A-Z0-9]*_[A-Z0-9_]+|%[A-Za-z])`? (?:will be|is) (set to|replaced (?:by|with)) ")
        .captures(&piece.text)?;
    // Elsewhere than on its own page a variable is set to what an example says.
    let title = scope.place.title.to_lowercase();
    let own = found
        .get(1)?
        .as_str()
        .split('_')
        .any(|part| part.len() >= 4 && part != "SLURM" && title.contains(&part.to_lowercase()));
    if !own {
        return None;
    }
    let name = format!("`{}`", found.get(1)?.as_str());
    let done = found.get(2)?.as_str();
    let place = scope
        .place
        .subject_phrase()
        .map_or_else(String::new, |phrase| format!(" {phrase}"));
    let values = [("name", name.as_str()), ("done", done), ("where", &place)];
    let answer = Answer::default().quote(&piece.text, piece.span);
    scope.worded(QuestionType::Factual, &SETTING, &name, &values, answer)
}

/// “If X, Y.” → “What happens if X?” / “What should I do if X?”
fn condition(scope: &Scope<'_, '_>, piece: &Piece, rest: &[Piece]) -> Option<Draft> {
    let text = piece.text.as_str();
    let found = regex!(r"^(If|When) (.+)$").captures(text)?;
    let when = found.get(1)?.as_str() == "When";
    if regex!(r"^(?:When|If) \w+ing\b").is_match(text) {
        return None;
    }
    let (clause, main) = split_clause(found.get(2)?.as_str())?;
    let main = main.strip_prefix("then ").unwrap_or(main);
    // “If UserB has more than UserA” belongs to an example.
    if regex!(
        r"\b(?:User|Acct|Account|Job|Node|Group|Project)\s?[A-Z0-9]\d*\b|\bneither\b|\bjob \d"
    )
    .is_match(clause)
    {
        return None;
    }
    let idle = regex!(r"(?i)\b(?:is|are) (?:a |an |the )?(?:suitable|good|possible|available|important|enough|best|useful|correct|ready|finished|done|complete)\b|\bopens?$|\bappears?$|\bfinish(?:es|ed)?$|^I am (?:connecting|using|running)").is_match(clause);
    let leaning = regex!(r"(?i)\b(?:these|those|this) (?:steps?|instructions?|commands?|sections?|methods?|approach|options?|examples?|tutorial|way)\b").is_match(main);
    if idle || leaning {
        return None;
    }
    if !is_self_contained_clause(clause) || main.split_whitespace().count() < 4 {
        return None;
    }
    // “When called without an argument” has no subject; “run the following command” has lost its command.
    if regex!(r"(?i)^(?:not )?\w+ed\b|\bfeel\b").is_match(clause)
        || regex!(r"(?i)\bfollowing\b").is_match(main)
    {
        return None;
    }
    // “They” are of the sentence before; “both options” and “the limit” are of the page around it.
    if regex!(r"(?i)\b(?:they|them|their)\b|\b(?:message|example|command|table) (?:above|below)\b")
        .is_match(main)
        || regex!(r"(?i)\b(?:both|they|them|their|then)\b|^the \w+ (?:is|are|has|was|were|does)\b")
            .is_match(clause)
        || scope
            .place
            .trail
            .last()
            .is_some_and(|heading| heading.ends_with('?'))
    {
        return None;
    }
    // “was compiled” and “I now press” tell a story; “is in use the data is encrypted” lost its comma.
    if regex!(r"(?i)\b(?:was|were|had|now|just)\b|\b(?:is|are|has|have)\b.*\b(?:is|are|has|have)\b(?: \w+ed\b| \w+ing\b)")
        .is_match(clause)
    {
        return None;
    }
    if when && regex!(r"(?i)^you (?:also )?can\b").is_match(main)
        || regex!(r"\bwe\b").is_match(clause)
    {
        return None;
    }
    // “You may have ended up elsewhere” and “you can not” are no advice.
    if regex!(r"(?i)^you (?:also )?(?:(?:may|might) |can ?not\b|can't\b)").is_match(main) {
        return None;
    }
    // “If you need disks, networks and nodes, choose X”: the first comma did not end the condition.
    let head = main.split(", ").next().unwrap_or(main);
    let finite = regex!(r"(?i)\b(?:is|are|was|were|will|can|cannot|can't|must|should|may|might|need|needs|have|has|does|do|don't|doesn't|would|could|won't|\w+s|\w+ed)\b").is_match(head);
    if !finite && verbs::base(head.split_whitespace().next()?).is_none() {
        return None;
    }
    if regex!(r"(?i)^(?:please |you (?:can|may|should) (?:always |also )?)?(?:check (?:out|our)|take a look|have a look|follow (?:the|our|these)|do not hesitate|don't hesitate|contact|let us|ask (?:us|for help)|read|see|send us|e-?mail)\b").is_match(main) {
        return None;
    }
    // “All went as expected” and “I have applied” are nothing that happens; a tutorial that might help is no advice.
    if regex!(r"(?i)\b(?:as expected|went well|everything|have (?:applied|created|chosen|decided|read|followed|completed)|first access|not using|little or no|can (?:play|see|open|find|read|access))\b|^you (?:open|click|type|press|start|launch|enter|select)\b").is_match(clause)
        || regex!(r"(?i)\b(?:next step|this is a guide|tutorials?|might be of use|probably|(?:is|it's|it is) important|as in this|such as in)\b").is_match(main)
    {
        return None;
    }
    let action = regex!(r"(?i)\b(?:please|feel free|you(?:'re| are) expected to|you should)\b").is_match(main)
        || regex!(r"(?i)^(?:please|you (?:also )?(?:can|should|must|need|may|have to|might|will (?:also )?(?:need|have)|could|would)|try|make sure|it is (?:recommended|advisable|best|a good|good|advised)|it's (?:recommended|best)|consider|we (?:recommend|suggest|advise)|contact|do not|don't|never|always)\b|\b(?:should|must|needs? to|has to|have to|ought to|had better)\s+(?:\w+\s+)?be\b|\bis (?:recommended|advisable|advised|required|necessary)\b").is_match(main)
        || verbs::base(main.split_whitespace().next()?).is_some();
    let wording = match (when, action) {
        (true, true) => &CONDITION_WHEN_ACTION,
        // A possibility, a need and a wish are no effects.
        (_, false)
            if regex!(r"(?i)\b(?:it is (?:also )?possible|can be (?:launched|started|used|done|found)|might be (?:required|needed)|(?:is|are) (?:expected|needed|required) to|no need|start by reading|familiari[sz]e|is \w+ing|^the \w+ step|need to|needs to|requires? (?:\w+ )?steps?)\b").is_match(main) =>
        {
            return None;
        }
        (true, false) => &CONDITION_WHEN,
        (false, true)
            if regex!(
                r"(?i)^you (?:also )?(?:can|could)\b"
            )
            .is_match(main) =>
        {
            &CONDITION_OPTION
        }
        (false, true) => &CONDITION_ACTION,
        (false, false) if regex!(r"^(?:it|they) can be\b").is_match(main) => return None,
        // “What happens if I have access?” – nothing does.
        (false, false)
            if regex!(
                r"(?i)^you (?:have|are|need|want|do not want|don't want|would|use|know|prefer|like|plan|wish)\b"
            )
            .is_match(clause.as_ref()) =>
        {
            return None;
        }
        (false, false) => &CONDITION_EFFECT,
    };
    if !action && regex!(r"(?i)\b(?:need|want|wish|would like|plan)s? to\b").is_match(clause)
        || regex!(r"(?i)\b(?:start by reading|familiari[sz]e)\b").is_match(main)
    {
        return None;
    }
    // “What should I do if I use Linux?” – advice is asked for in trouble, or about the command of the page.
    if scope.place.tool.is_some() && regex!(r"(?i)\boption\b").is_match(clause) {
        return None;
    }
    let trouble = regex!(r"(?i)\b(?:errors?|fail\w*|cannot|can't|not|no longer|no|problems?|trouble|lost|lose|forg[eo]t\w*|exceed\w*|run out|out of|missing|wrong|stuck|slow\w*|killed|denied|hangs?|unresponsive|expire[sd]?|corrupt\w*|full|too (?:many|much|large|small|old)|invalid|unable|conflicts?|interrupted|crash\w*|down)\b").is_match(clause);
    if action && !trouble && scope.place.tool.is_none() {
        return None;
    }
    let clause = regex!(r"\s*\([^()]*\)").replace_all(clause, "");
    let clause = first_person(&clause);
    let key = format!("{}/{clause}", scope.place.title);
    let question = wording.fill(scope.seed, &key, &[("clause", &clause)]);
    let question = scope.place.conditioned(&question, when)?;
    let kind = if action && regex!(r"(?i)\b(?:error|fail\w*|cannot|can't|not|problem\w*|lost|forgotten|exceed\w*|out of|missing|wrong|stuck|slow|killed|denied|hangs?)\b").is_match(&clause) {
        QuestionType::Troubleshooting
    } else {
        QuestionType::Analytical
    };
    let (answer, length) = with_continuation(piece, rest);
    (length >= 70).then(|| scope.asked(kind, &wording.id(), &question, answer))?
}

/// Splits at the comma that ends the condition.
fn split_clause(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_i32;
    let mut code = false;
    // “If X then Y” needs no comma.
    if let Some((clause, main)) = text.split_once(" then ")
        && !clause.contains(',')
    {
        return Some((clause, main));
    }
    for (position, c) in text.char_indices() {
        match c {
            '`' => code = !code,
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            // A comma inside “normal,standby” ends nothing.
            ',' if depth == 0
                && !code
                && text
                    .get(position + 1..)
                    .is_some_and(|rest| rest.starts_with(' ')) =>
            {
                let clause = text.get(..position)?;
                let main = text.get(position + 1..)?.trim_start();
                let listed = regex!(r"(?i)^(?:and|or|but|e\.g|i\.e|for example|for instance|such as|which|including|like|as|especially|even|nor|etc)\b").is_match(main);
                return (!listed).then_some((clause, main));
            }
            _ => {}
        }
    }
    None
}

fn is_self_contained_clause(clause: &str) -> bool {
    let words = clause.split_whitespace().count();
    (4..=22).contains(&words)
        && clause.len() <= 130
        && !regex!(r"(?i)\b(?:can be|can also|additional|extra|different|desired|this|these|those|it|its|they|them|their|such|above|below|here|that|so|following|former|latter|same|he|she|other|previous|another|one)\b").is_match(clause)
        && !regex!(r"(?i)^(?:set|specified|used|unset|needed|necessary|possible|desired|required|present|applicable|not|no|a value|the value|the option|the parameter|you (?:are (?:unsure|not sure|in doubt|already familiar)|have (?:any )?(?:questions|problems|feedback)|need help|encounter|are interested|want to know|need more)|in doubt|executed|true|enabled|omitted|running|using)\b").is_match(clause)
        && regex!(r"(?i)\b(?:is|are|was|were|has|have|had|does|do|did|can|cannot|can't|will|not|need|needs|want|wants|use|uses|\w+s|\w+ed)\b").is_match(clause)
}

/// Whether two sentences speak of the same thing, as far as a common longer word tells.
fn shares_a_word(one: &str, other: &str) -> bool {
    let stems = |text: &str| -> Vec<String> {
        text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
            .filter(|word| word.len() >= 5)
            .map(|word| word.to_lowercase().chars().take(6).collect())
            .collect()
    };
    let known = stems(one);
    stems(other).iter().any(|stem| known.contains(stem))
}

/// A sentence with the ones that lean on it.
fn with_continuation(piece: &Piece, rest: &[Piece]) -> (Answer, usize) {
    let mut used: Vec<&Piece> = vec![piece];
    let mut length = piece.text.len();
    for next in rest {
        let fits = length + next.text.len() <= MAX_SENTENCES && used.len() < 4;
        if !fits || is_pointer(&next.text) || points_around(&next.text) || next.text.ends_with(':')
        {
            break;
        }
        // An instruction goes on with the next.
        let instructs = next
            .text
            .split_whitespace()
            .next()
            .is_some_and(|first| verbs::base(&first.to_lowercase()).is_some());
        let belongs = leans_back(&next.text)
            || instructs
            || used.len() == 1 && shares_a_word(&piece.text, &next.text);
        if !belongs {
            break;
        }
        length += next.text.len();
        used.push(next);
    }
    (Answer::default().sentences(used), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lead_ins_name_their_task() {
        for (text, expected) in [
            ("To submit the job, run:", "submit the job"),
            ("For example, to load the module, use:", "load the module"),
            (
                "You can check the current usage with the command:",
                "check the current usage",
            ),
            ("Submit your job with the command:", "submit my job"),
            (
                "You can use sstat to monitor a running job with the following command:",
                "monitor a running job",
            ),
        ] {
            assert_eq!(task_of_lead_in(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "To use it, run:",
            "The output looks like this:",
            "To list, add or remove:",
            "For example:",
        ] {
            assert_eq!(task_of_lead_in(text), None, "{text}");
        }
    }

    #[test]
    fn conditions_end_at_their_comma() {
        assert_eq!(
            split_clause("jobs (a, b) wait, they end"),
            Some(("jobs (a, b) wait", "they end"))
        );
        assert_eq!(split_clause("files, e.g. logs, grow, delete them"), None);
    }

    #[test]
    fn a_way_to_go_is_shown_by_code_addresses_and_buttons() {
        for text in [
            "To resize the box, use `--size`.",
            "To open the desk, navigate to the Kraken page and click Open.",
        ] {
            assert!(says_how(text), "{text}");
        }
        for text in [
            "You can use the client to list boxes.",
            "To open the desk, you first need to prove who you are with `kraken login`.",
            "If you need several boxes, consider another size.",
        ] {
            assert!(!says_how(text), "{text}");
        }
    }
}
