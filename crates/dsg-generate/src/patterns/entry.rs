//! Options, parameters, sub-commands, environment variables, values and codes: a name and what it says.

use dsg_core::{BlockKind, QuestionType, Span};

use crate::answer::Answer;
use crate::draft::{Draft, Scope};
use crate::inline::clean;
use crate::outline::Node;
use crate::phrase::infinitive_of;
use crate::reference::{is_pointer, points_around};
use crate::regexes::regex;
use crate::render::{Passage, Rendered, label, passage, segments};
use crate::sentence::{Piece, sentences};
use crate::verbs;
use crate::wording::Wording;

/// A description may be this long; whole paragraphs and values are cut off the end.
const BUDGET: usize = 1600;

const OPTION_PURPOSE: Wording = Wording {
    name: "option/purpose",
    version: 1,
    texts: &[
        "What does the {name} option of {tool} do?",
        "What is the {name} option of {tool} for?",
        "In {tool}, what does the option {name} do?",
        "What effect does {name} have when I run {tool}?",
        "What happens when I pass {name} to {tool}?",
    ],
};
const OPTION_VALUE: Wording = Wording {
    name: "option/value",
    version: 1,
    texts: &[
        "What does the {name} option of {tool} specify?",
        "What do I give {tool} with the {name} option?",
        "What does the option {name} mean for {tool}?",
        "What is the {name} option of {tool}?",
    ],
};
const OPTION_TASK: Wording = Wording {
    name: "option/task",
    version: 2,
    texts: &[
        "Which option of {tool} do I use to {task}?",
        "With {tool}, how do I {task}?",
        "Which {tool} option lets me {task}?",
    ],
};
const PARAMETER_PURPOSE: Wording = Wording {
    name: "parameter/purpose",
    version: 1,
    texts: &[
        "What does the {name} parameter in {tool} control?",
        "What is the {name} parameter in {tool}?",
        "In {tool}, what is {name} for?",
        "What does {name} mean in {tool}?",
    ],
};
const PARAMETER_TASK: Wording = Wording {
    name: "parameter/task",
    version: 1,
    texts: &[
        "Which parameter in {tool} is used to {task}?",
        "Which {tool} parameter do I set to {task}?",
    ],
};
const COMMAND_PURPOSE: Wording = Wording {
    name: "command/purpose",
    version: 1,
    texts: &[
        "What does {tool_name} {name} do?",
        "What is the {name} command of {tool} for?",
        "In {tool}, what does the {name} command do?",
    ],
};
const COMMAND_TASK: Wording = Wording {
    name: "command/task",
    version: 1,
    texts: &[
        "Which {tool} command do I use to {task}?",
        "How do I {task} with {tool}?",
        "With {tool}, how can I {task}?",
    ],
};
const VARIABLE_INPUT: Wording = Wording {
    name: "variable/input",
    version: 1,
    texts: &[
        "What does setting the environment variable {name} do for {tool}?",
        "How does the environment variable {name} affect {tool}?",
    ],
};
const VARIABLE_SAME: Wording = Wording {
    name: "variable/same",
    version: 1,
    texts: &[
        "Which environment variable can I set instead of the {option} option of {tool}?",
        "Which environment variable has the same effect as {option} in {tool}?",
    ],
};
const VARIABLE_OUTPUT: Wording = Wording {
    name: "variable/output",
    version: 1,
    texts: &[
        "What does the environment variable {name} contain in a job started with {tool}?",
        "Which information does {tool} put into the environment variable {name}?",
    ],
};
const VALUE_MEANING: Wording = Wording {
    name: "value/meaning",
    version: 2,
    texts: &[
        "What does {name} mean for {parent} in {tool}?",
        "In {tool}, what does {name} mean for {parent}?",
        "What is the meaning of {name} for {parent} in {tool}?",
    ],
};
const FIELD: Wording = Wording {
    name: "entry/field",
    version: 1,
    texts: &[
        "What does the field {name} show in the output of {tool}?",
        "What does {name} stand for in the output of {tool}?",
        "In the output of {tool}, what is {name}?",
    ],
};
const FORMAT: Wording = Wording {
    name: "entry/format",
    version: 1,
    texts: &[
        "What does {name} stand for in an output format of {tool}?",
        "What does {tool} print for {name} in an output format?",
    ],
};
const STATE: Wording = Wording {
    name: "entry/state",
    version: 1,
    texts: &[
        "What does the state {name} mean in {tool}?",
        "{tool_start} shows the state {name}. What does it mean?",
        "How do I interpret the state {name} in {tool}?",
    ],
};
const REASON: Wording = Wording {
    name: "entry/reason",
    version: 1,
    texts: &[
        "My job is waiting with the reason {name} in {tool}. What does it mean?",
        "What does the job reason {name} in {tool} mean?",
        "Why would {tool} show the reason {name} for my job?",
    ],
};
const DEFAULT: Wording = Wording {
    name: "entry/default",
    version: 1,
    texts: &[
        "What is the default of {name} in {tool}?",
        "What is the default value of {name} in {tool}?",
        "Which default does {tool} use for {name}?",
    ],
};
const BY_DEFAULT: Wording = Wording {
    name: "entry/by-default",
    version: 1,
    texts: &[
        "What is the default behavior of {name} in {tool}?",
        "What applies by default for {name} in {tool}?",
    ],
};
const IGNORED: Wording = Wording {
    name: "entry/ignored",
    version: 1,
    texts: &[
        "When is {name} ignored by {tool}?",
        "In which case does {tool} ignore {name}?",
    ],
};
const LIMITS: Wording = Wording {
    name: "entry/limits",
    version: 1,
    texts: &[
        "Which restrictions apply to {name} in {tool}?",
        "What should I know before I use {name} in {tool}?",
        "What conditions apply when I use {name} in {tool}?",
    ],
};

/// What an entry is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Option,
    Parameter,
    Command,
    InputVariable,
    OutputVariable,
    Value,
    /// A column, format letter or statistic in a command's output.
    Field,
    /// A job or node state.
    State,
    /// Why a job waits.
    Reason,
}

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    for node in &scope.section.nodes {
        walk(scope, node, None, drafts);
    }
}

fn walk(scope: &Scope<'_, '_>, node: &Node<'_>, parent: Option<&Entry>, drafts: &mut Vec<Draft>) {
    if node.is_entry() {
        let entry = Entry::new(scope, node, parent);
        if let Some(entry) = &entry {
            entry.write(scope, parent, drafts);
        }
        for child in &node.children {
            walk(scope, child, entry.as_ref(), drafts);
        }
    } else if matches!(node.kind(), BlockKind::List { .. } | BlockKind::ListItem) {
        for child in &node.children {
            walk(scope, child, parent, drafts);
        }
    }
}

/// A name with its description.
struct Entry {
    kind: Kind,
    /// In backticks, as a question names it: `--account`.
    name: String,
    /// In backticks, as the document prints it: `-A`, `--account=<account>`.
    label: String,
    tool: String,
    bare_tool: String,
    label_span: Span,
    description: Passage,
    sentences: Vec<Piece>,
}

impl Entry {
    fn new(scope: &Scope<'_, '_>, node: &Node<'_>, parent: Option<&Entry>) -> Option<Self> {
        let tool = scope.place.tool.as_ref()?;
        let label = coded(&label(scope.chunk, node)?);
        let raw = clean(scope.chunk.slice(node.block.label?)?, scope.chunk.markup).replace('`', "");
        // “`--bind=[<a>`” lost the rest of its signature.
        let balanced =
            |open: char, close: char| label.matches(open).count() == label.matches(close).count();
        if label.len() > 120
            || !balanced('[', ']')
            || !balanced('<', '>')
            || raw.ends_with(['?', '.']) && !raw.ends_with("...")
        {
            return None;
        }
        let kind = kind(scope, &raw, parent)?;
        let name = name_of(&raw, kind)?;
        let segments = segments(scope.chunk, node.body(), &node.children);
        let mut description = passage(scope.chunk, &segments, BUDGET);
        description.complete &= scope
            .section
            .goes_on_under
            .as_deref()
            .is_none_or(|heading| {
                name_of(&heading.replace('`', ""), kind).as_deref() != Some(&name)
            });
        let description = without_cut_list(description);
        let first = segments.iter().find_map(|segment| match segment {
            crate::render::Segment::Text(span) => Some(*span),
            crate::render::Segment::Node(node) => {
                matches!(node.kind(), BlockKind::Paragraph).then(|| node.body())
            }
        });
        let sentences = first
            .map(|span| sentences(scope.chunk, span))
            .unwrap_or_default();
        Some(Self {
            kind,
            name: format!("`{name}`"),
            label,
            tool: format!("{}{}", tool.code(), part_of(scope)),
            bare_tool: tool.name.clone(),
            label_span: node.block.label?,
            description,
            sentences,
        })
    }

    fn values<'v>(&'v self, extra: &[(&'v str, &'v str)]) -> Vec<(&'v str, &'v str)> {
        let mut values = vec![("name", self.name.as_str()), ("tool", self.tool.as_str())];
        values.extend_from_slice(extra);
        values
    }

    /// “`--all`: what it says”.
    fn described(&self) -> Answer {
        Answer::default()
            .quote(&self.label, self.label_span)
            .words(": ")
            .blocks(&self.description.blocks)
    }

    fn write(&self, scope: &Scope<'_, '_>, parent: Option<&Entry>, drafts: &mut Vec<Draft>) {
        let Some(first) = self.sentences.first() else {
            return;
        };
        if regex!(r"^`(?:--?(?:help|usage|version|h|V|v|verbose|Version|quiet|\?)|help|quit|exit|version|verbose|quiet|\?|!!)`$").is_match(&self.name) {
            return;
        }
        let said = regex!(r"`[^`]*`").replace_all(&first.text, "");
        let says_something = self.description.chars() >= 18
            && said.split_whitespace().filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 2).count() >= 3
            && !is_pointer(&first.text)
            && !first.text.ends_with(':')
            && !points_around(&first.text)
            && !regex!(r"(?i)^(?:same as|obsolete|deprecated|reserved|not (?:implemented|used)|no longer|this option is (?:deprecated|obsolete|no longer)|alias|ignored|synonym|identical|equivalent)\b").is_match(&first.text);
        let key = self.label.clone();
        if self.kind == Kind::InputVariable
            && let Some(draft) = self.same_as(scope, first)
        {
            drafts.push(draft);
            return;
        }
        if !says_something {
            return;
        }
        // “Must be readable by …” answers what to heed, not what the thing is.
        if regex!(r"^(?:Must|Should|Cannot|May|Can)\b").is_match(&first.text) {
            drafts.extend(scope.worded(
                QuestionType::Analytical,
                &LIMITS,
                &key,
                &self.values(&[]),
                self.described(),
            ));
            return;
        }
        let task = task(first);
        let prefers_task = scope
            .seed
            .derive("entry/prefers-task", &format!("{}{key}", scope.place.title))
            .unit()
            < 0.6;
        let is_file = scope.place.tool.as_ref().is_some_and(|tool| tool.is_file);
        let draft = match (self.kind, task) {
            (Kind::Option, Some(task)) if prefers_task => {
                let answer = Answer::default()
                    .words("Use ")
                    .quote(&self.label, self.label_span)
                    .words(": ")
                    .blocks(&self.description.blocks);
                scope.worded(
                    QuestionType::Procedural,
                    &OPTION_TASK,
                    &key,
                    &self.values(&[("task", &task)]),
                    answer,
                )
            }
            (Kind::Parameter, Some(task)) if prefers_task => scope.worded(
                QuestionType::Procedural,
                &PARAMETER_TASK,
                &key,
                &self.values(&[("task", &task)]),
                self.described(),
            ),
            (Kind::Command, Some(task)) if prefers_task => {
                let answer = Answer::default()
                    .words("Use ")
                    .quote(&self.label, self.label_span)
                    .words(": ")
                    .blocks(&self.description.blocks);
                scope.worded(
                    QuestionType::Procedural,
                    &COMMAND_TASK,
                    &key,
                    &self.values(&[("task", &task)]),
                    answer,
                )
            }
            (Kind::Option, Some(_)) => scope.worded(
                QuestionType::Factual,
                &OPTION_PURPOSE,
                &key,
                &self.values(&[]),
                self.described(),
            ),
            (Kind::Option, None) => {
                let wording = if is_noun_phrase(&first.text) {
                    &OPTION_VALUE
                } else {
                    &OPTION_PURPOSE
                };
                scope.worded(
                    QuestionType::Factual,
                    wording,
                    &key,
                    &self.values(&[]),
                    self.described(),
                )
            }
            (Kind::Parameter, _) => scope.worded(
                QuestionType::Factual,
                &PARAMETER_PURPOSE,
                &key,
                &self.values(&[]),
                self.described(),
            ),
            (Kind::Command, _) => scope.worded(
                QuestionType::Factual,
                &COMMAND_PURPOSE,
                &key,
                &self.values(&[("tool_name", &self.bare_tool)]),
                self.described(),
            ),
            (Kind::InputVariable, _) => scope.worded(
                QuestionType::Factual,
                &VARIABLE_INPUT,
                &key,
                &self.values(&[]),
                self.described(),
            ),
            (Kind::OutputVariable, _) => scope.worded(
                QuestionType::Factual,
                &VARIABLE_OUTPUT,
                &key,
                &self.values(&[]),
                self.described(),
            ),
            (Kind::Field, _) => scope.worded(
                QuestionType::Factual,
                if self.name.starts_with("`%") && !is_file {
                    &FORMAT
                } else {
                    &FIELD
                },
                &key,
                &self.values(&[]),
                self.described(),
            ),
            (Kind::State, _) => scope.worded(
                QuestionType::Factual,
                &STATE,
                &key,
                &self.values(&[("tool_start", &self.tool)]),
                self.described(),
            ),
            (Kind::Reason, _) => scope.worded(
                QuestionType::Troubleshooting,
                &REASON,
                &key,
                &self.values(&[]),
                self.described(),
            ),
            (Kind::Value, _) => parent
                .map(|parent| parent.name.clone())
                .or_else(|| carried_parent(scope))
                // “F  FAILED”: a short code stands for the name beside it and takes no values.
                .filter(|parent| !regex!(r"^`?[A-Z]{1,3}`?$").is_match(parent))
                .and_then(|parent| {
                    scope.worded(
                        QuestionType::Factual,
                        &VALUE_MEANING,
                        &key,
                        &self.values(&[("parent", &parent)]),
                        self.described(),
                    )
                }),
        };
        drafts.extend(draft);
        if matches!(self.kind, Kind::Option | Kind::Parameter | Kind::Command) {
            self.details(scope, &key, drafts);
        }
    }

    /// What single sentences of the description support: the default, when it is ignored.
    fn details(&self, scope: &Scope<'_, '_>, key: &str, drafts: &mut Vec<Draft>) {
        let stated = |pieces: &[&Piece]| {
            Answer::default()
                .quote(&self.label, self.label_span)
                .words(": ")
                .sentences(pieces.iter().copied())
        };
        let usable: Vec<&Piece> = self
            .sentences
            .iter()
            .filter(|piece| {
                !is_pointer(&piece.text)
                    && !points_around(&piece.text)
                    && !piece.text.ends_with(':')
            })
            .collect();
        if let Some(default) = usable
            .iter()
            .find(|piece| states_default(&piece.text) && !lacks_subject(&piece.text))
        {
            // “By default the order follows …” names no value.
            let value = regex!(r"(?i)\bdefaults? (?:value )?(?:(?:of|for) \S+ )?(?:is|are|to)\b|\bdefaults? to\b|^default:")
                .is_match(&default.text);
            drafts.extend(scope.worded(
                QuestionType::Factual,
                if value { &DEFAULT } else { &BY_DEFAULT },
                key,
                &self.values(&[]),
                stated(&[default]),
            ));
        }
        if let Some(ignored) = usable.iter().find(|piece| {
            regex!(r"(?i)^(?:this|the) (?:option|parameter|value|setting|flag) (?:is|will be) (?:silently )?ignored (?:if|when|unless|for)\b").is_match(&piece.text)
        }) {
            drafts.extend(scope.worded(QuestionType::Analytical, &IGNORED, key, &self.values(&[]), stated(&[ignored])));
        }
    }

    /// “Same as `--account`”.
    fn same_as(&self, scope: &Scope<'_, '_>, first: &Piece) -> Option<Draft> {
        let found = regex!(r"(?i)^same as (?:the )?((?:`?-{1,2}[A-Za-z][\w-]*`?(?:,\s*)?)+)")
            .captures(&first.text)?;
        let options = found.get(1)?.as_str().replace('`', "");
        let long = options
            .split(", ")
            .find(|o| o.starts_with("--"))
            .or_else(|| options.split(", ").next())?;
        let option = format!("`{}`", long.trim().trim_end_matches('.'));
        scope.worded(
            QuestionType::Factual,
            &VARIABLE_SAME,
            &self.label,
            &self.values(&[("option", &option)]),
            self.described(),
        )
    }
}

/// A list of values is given whole or not at all, and its lead-in with it.
fn without_cut_list(mut passage: Passage) -> Passage {
    if !passage.complete {
        while passage
            .blocks
            .last()
            .is_some_and(|block| block.text.starts_with("- "))
        {
            passage.blocks.pop();
        }
        if let Some(lead_in) = passage.blocks.iter().rposition(Rendered::is_lead_in) {
            passage.blocks.truncate(lead_in);
        }
    }
    passage
}

/// What an entry that begins with this sentence lets one do, as an infinitive.
fn task(first: &Piece) -> Option<String> {
    infinitive_of(&regex!(r"\s*\([^()]*\)").replace_all(&first.text, "")).filter(|task| {
        !regex!(r", (?:moreover|furthermore|however|then|thus|but)\b").is_match(task)
    })
}

/// A label as code: names that the page printed plainly get their backticks.
fn coded(label: &str) -> String {
    let label = label.trim_end_matches('=');
    if label.contains('`') {
        return label.to_owned();
    }
    let parts: Vec<String> = label
        .split(", ")
        .map(|part| format!("`{}`", part.trim()))
        .collect();
    parts.join(", ")
}

/// The part of a page that has its own names: “ (node configuration)”.
fn part_of(scope: &Scope<'_, '_>) -> String {
    let title = scope.section.title();
    let special = regex!(
        r"(?i)\b(?:configuration|specifications?|reservations?|functionality|licenses?|flags)\b"
    )
    .is_match(title)
        && title.split_whitespace().count() >= 2
        && title.len() <= 60;
    if special {
        let title =
            regex!(r"(?i)\s*-?\s*specifications for (?:create|update|show|delete|alter).*$")
                .replace(title, "");
        format!(" ({})", title.to_lowercase())
    } else {
        String::new()
    }
}

fn states_default(text: &str) -> bool {
    let stated = regex!(
        r"(?i)^(?:the )?default(?: value| behaviou?r| setting)?(?:s| is| are|:| to| of)|^by default\b|^(?:this|it) defaults? to\b|^(?:if (?:not|unset|omitted|no|this)|when not|without|unless)\b.*\bdefault"
    );
    let about_another =
        regex!(r"(?i)\bdefault (?:units?|format|output|fields?|order|file|sort)\b|not being set");
    stated.is_match(text) && (20..=240).contains(&text.len()) && !about_another.is_match(text)
}

/// “By default prints a time stamp”: who?
fn lacks_subject(text: &str) -> bool {
    regex!(r"(?i)^by default,? (\w+)")
        .captures(text)
        .and_then(|found| found.get(1))
        .is_some_and(|first| verbs::base_of_third(first.as_str()).is_some())
}

/// “Comma separated list of …”, “Maximum number of …”: no verb to begin with.
fn is_noun_phrase(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    verbs::base(first).is_none()
        && verbs::base_of_third(first).is_none()
        && !regex!(r"^(?:If|When|This|Do|Causes?|Only|By|With|On|For|In|To|As|Used|Can|Same|Makes?|Must|Does|Like)\b").is_match(text)
}

fn kind(scope: &Scope<'_, '_>, raw: &str, parent: Option<&Entry>) -> Option<Kind> {
    let heading = scope.section.title();
    if regex!(r"(?i)^(?:name|synopsis|see also|files|examples?)$").is_match(heading) {
        return None;
    }
    let is_file = scope.place.tool.as_ref().is_some_and(|tool| tool.is_file);
    if parent.is_some() || carried_parent(scope).is_some() {
        // An option is no value of the option before it.
        if raw.starts_with("--") {
            return None;
        }
        return Some(Kind::Value);
    }
    if raw.starts_with('-') {
        return Some(Kind::Option);
    }
    Some(if regex!(r"(?i)environment variables?").is_match(heading) {
        if regex!(r"(?i)output").is_match(heading) {
            Kind::OutputVariable
        } else {
            Kind::InputVariable
        }
    } else if regex!(r"(?i)\breasons?\b").is_match(heading) {
        Kind::Reason
    } else if regex!(r"(?i)\bstates?\b").is_match(heading)
        && !is_file
        && regex!(r"^[A-Z][A-Z_]+\S?$|^\S{1,3}\s+[A-Z_]+$|^[A-Z][A-Z_]+,").is_match(raw)
    {
        Kind::State
    } else if regex!(r"(?i)for show command|\b(?:fields?|output|columns?|statistics)\b")
        .is_match(heading)
        || raw.starts_with('%')
    {
        Kind::Field
    } else if is_file
        || regex!(r"(?i)\b(?:parameters|specifications?|functionality)\b").is_match(heading)
    {
        Kind::Parameter
    } else if regex!(r"(?i)\b(?:commands?|subcommands?|sub-commands?|entities)\b").is_match(heading)
    {
        Kind::Command
    } else {
        // Under “Options” a name without a dash is a value whose option stands in another chunk.
        return None;
    })
}

/// The option whose values a chunk goes on with: the chunker then names it last in the heading path.
fn carried_parent(scope: &Scope<'_, '_>) -> Option<String> {
    let title = scope.section.title();
    let heading = title.chars().any(char::is_lowercase)
        && !scope.section.opened
        && scope.section.path.len() >= 3;
    let single = title.split_whitespace().count() == 1 || title.starts_with('-');
    (heading && single)
        .then(|| name_of(&title.replace('`', ""), Kind::Option).map(|name| format!("`{name}`")))?
}

/// `-A, --account=<account>` → `--account`.
fn name_of(raw: &str, kind: Kind) -> Option<String> {
    let names: Vec<&str> = raw
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let name = match kind {
        Kind::Option => names
            .iter()
            .find(|name| name.starts_with("--"))
            .or_else(|| names.first())?,
        Kind::Command => raw,
        _ => names.first()?,
    };
    let name = match kind {
        Kind::Command => regex!(r"\s*[<\[{=].*$").replace(name, "").into_owned(),
        // “Norm Usage (only with -l)”: a column's name may have several words.
        Kind::Field | Kind::Value if regex!(r"^[A-Za-z]+ [A-Z][a-z]+\b").is_match(name) => {
            regex!(r"\s*[<\[{=(].*$").replace(name, "").into_owned()
        }
        _ => name.split(['=', '[', '<', ' ', '{']).next()?.to_owned(),
    };
    let name = name.trim().trim_end_matches([':', '.']).to_owned();
    (name.chars().any(char::is_alphanumeric) && name.len() <= 50).then_some(name)
}
