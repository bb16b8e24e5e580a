//! Tables whose rows answer a question: commands and what they do, things and their values.

use dsg_core::{BlockKind, QuestionType, Span};

use crate::answer::Answer;
use crate::draft::{Draft, Scope};
use crate::inline::is_code_like;
use crate::outline::Node;
use crate::phrase::infinitive_of;
use crate::regexes::regex;
use crate::render::cell_text;
use crate::wording::Wording;

/// Rows asked about per table.
const MAX_ROWS: usize = 12;

const COMMAND: Wording = Wording {
    name: "table/command",
    version: 1,
    texts: &[
        "Which {noun} do I use to {task}{where}?",
        "How do I {task}{where}?",
    ],
};
/// Where the noun says whose commands they are: “s3cmd command”.
const NAMED_COMMAND: Wording = Wording {
    name: "table/command",
    version: 1,
    texts: &["Which {noun} do I use to {task}{where}?"],
};
const MEANING: Wording = Wording {
    name: "table/meaning",
    version: 1,
    texts: &[
        "What does the {noun} {name} mean{where}?",
        "How do I interpret the {noun} {name}{where}?",
    ],
};
const PURPOSE: Wording = Wording {
    name: "table/purpose",
    version: 1,
    texts: &[
        "What does the {noun} {name} do{where}?",
        "What is the {noun} {name} for{where}?",
    ],
};
const VALUE: Wording = Wording {
    name: "table/value",
    version: 1,
    texts: &[
        "What is the {column} of the {noun} {name}{where}?",
        "What {column} does the {noun} {name} have{where}?",
    ],
};
const ROW: Wording = Wording {
    name: "table/row",
    version: 1,
    texts: &["What are the {columns} of the {noun} {name}{where}?"],
};

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    for node in &scope.section.nodes {
        if matches!(node.kind(), BlockKind::Table) {
            table(scope, node, drafts);
        }
    }
}

struct Row {
    cells: Vec<(String, Span)>,
}

fn table(scope: &Scope<'_, '_>, node: &Node<'_>, drafts: &mut Vec<Draft>) {
    let rows: Vec<(bool, Row)> = node
        .children
        .iter()
        .filter_map(|row| match row.kind() {
            BlockKind::Row { header } => Some((
                *header,
                Row {
                    cells: row
                        .block
                        .cells
                        .iter()
                        .map(|cell| (cell_text(scope.chunk, *cell), *cell))
                        .collect(),
                },
            )),
            _ => None,
        })
        .collect();
    let Some((true, header)) = rows.first().map(|(header, row)| (*header, row)) else {
        return;
    };
    let width = header.cells.len();
    let body: Vec<&Row> = rows
        .iter()
        .skip(1)
        .map(|(_, row)| row)
        .filter(|row| row.cells.len() == width)
        .collect();
    if !(2..=9).contains(&width) || body.len() + 1 != rows.len() || body.len() < 2 {
        return;
    }
    let Some(noun) = header.cells.first().and_then(|(text, _)| noun_of(text)) else {
        return;
    };
    let keys: Vec<&str> = body
        .iter()
        .filter_map(|row| row.cells.first())
        .map(|(text, _)| text.as_str())
        .collect();
    let distinct: std::collections::BTreeSet<&str> = keys.iter().copied().collect();
    if distinct.len() != keys.len() || keys.iter().any(|key| key.is_empty() || key.len() > 50) {
        return;
    }
    // Measurements hold for what was measured, which stands in the text around the table.
    let measured = body
        .iter()
        .flat_map(|row| row.cells.iter().skip(1))
        .filter(|(text, _)| {
            regex!(r"^\d+\.\d+ ?(?:s|sec|seconds|m|min|minutes|ms|h|[KMG]i?B/s)$").is_match(text)
        })
        .count()
        >= 2;
    if measured {
        return;
    }
    let noun = if noun.ends_with("command") && keys.iter().all(|key| is_keystroke(key)) {
        "key combination".to_owned()
    } else {
        noun
    };
    let Some(around) = surroundings(scope, &noun) else {
        return;
    };
    for row in body.iter().take(MAX_ROWS) {
        row_drafts(scope, header, row, &around.noun, &around.place, drafts);
    }
}

/// Where the table belongs, and what its rows are called there: “the Kraken CPU partition `small`”, “the option `x` in `tar`”.
struct Surroundings {
    /// The noun with what the heading adds before it.
    noun: String,
    /// A clause with a space before it, or nothing.
    place: String,
}

/// The command, else the nearest heading with a name, else the page, else the subject.
fn surroundings(scope: &Scope<'_, '_>, noun: &str) -> Option<Surroundings> {
    let found = |place: String| {
        Some(Surroundings {
            noun: noun.to_owned(),
            place,
        })
    };
    if let Some(tool) = &scope.place.tool {
        return found(format!(" in {}", tool.code()));
    }
    if let Some(command) = scope.place.heading_command() {
        return found(format!(" in {command}"));
    }
    // “Kraken CPU partitions” are what its rows are.
    let kind = scope
        .place
        .trail
        .iter()
        .rev()
        .take(2)
        .find_map(|heading| kind_of_rows(heading, noun));
    if let Some((kind, rest)) = kind {
        let place = scope.place.table_clause(&format!("{kind} {rest}"))?;
        return Some(Surroundings {
            noun: kind,
            place: format!("{rest}{place}"),
        });
    }
    // The same keys stand in the next table too: its heading tells them apart.
    let heading = scope.section.title();
    let named = scope.section.path.len() > 1
        && scope.place.trail.last().is_some_and(|last| last == heading)
        && !heading.contains(['?', ':', '('])
        && heading.split_whitespace().count() <= 6;
    let own = if named {
        scope.place.heading_clause(heading)
    } else {
        None
    };
    let own = own.map_or_else(String::new, |own| format!(" {own}"));
    let page = scope.place.table_clause(&format!("{noun}{own}"))?;
    found(format!("{page}{own}"))
}

/// What a heading calls the rows of the table beneath it, and what it says behind that: “Kraken CPU partitions with
/// shared nodes” → `Kraken CPU partition`, ` with shared nodes`.
fn kind_of_rows(heading: &str, noun: &str) -> Option<(String, String)> {
    let last = noun.split_whitespace().last()?;
    let lower = heading.to_lowercase();
    let plural = match last.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{last}s"),
    };
    let start = lower.find(&plural)?;
    let before = heading.get(..start)?.trim_end();
    let rest = heading.get(start + plural.len()..)?;
    let words = before.split_whitespace().count();
    let named = before
        .split_whitespace()
        .any(|word| word.chars().any(char::is_uppercase));
    let ordinary = regex!(
        r"(?i)^(?:available|the|all|common|most|useful|list|other|more)\b|\b(?:of|for|in|on|and)$"
    )
    .is_match(before);
    // “Which states” and “Pending reasons” are ordinary words at the beginning of a heading.
    let ordinary = ordinary || words == 1 && before.chars().any(char::is_lowercase);
    if words == 0 || words > 3 || !named || ordinary {
        return None;
    }
    let rest = if regex!(r"^ (?:with|on|in|for) ").is_match(rest) && !rest.contains(['(', ',']) {
        rest.to_owned()
    } else {
        String::new()
    };
    Some((format!("{before} {last}"), rest))
}

fn row_drafts(
    scope: &Scope<'_, '_>,
    header: &Row,
    row: &Row,
    noun: &str,
    place: &str,
    drafts: &mut Vec<Draft>,
) {
    let Some((key, key_span)) = row.cells.first() else {
        return;
    };
    let is_call = regex!(r"\bcommand\b").is_match(noun) && regex!(r"^[a-z]").is_match(key);
    let name = if key.contains('`') || !(is_call || is_code_like(key) || is_token(key)) {
        key.clone()
    } else {
        format!("`{key}`")
    };
    // `-p` and `f` are options of many programs.
    if is_doing(noun)
        && (key.trim_matches(['`', '-']).len() < 3 || key.trim_matches('`').starts_with('-'))
        && !place.contains('`')
        && scope
            .place
            .subject_phrase()
            .is_some_and(|subject| place.trim() == subject)
    {
        return;
    }
    // Without its argument an option is half told.
    let argued = header
        .cells
        .iter()
        .zip(&row.cells)
        .skip(1)
        .any(|(title, (cell, _))| {
            regex!(r"(?i)^arguments?$").is_match(&title.0) && !is_blank(cell)
        });
    if argued {
        return;
    }
    let mut described = false;
    let mut values: Vec<Value<'_>> = Vec::new();
    for (column, cell) in header.cells.iter().zip(&row.cells).skip(1) {
        let (title, (text, span)) = (column.0.as_str(), cell);
        if is_blank(text) {
            continue;
        }
        if let Some(value) = value_column(title) {
            values.push((value, column, cell));
            continue;
        }
        let lower = title.to_lowercase();
        if !regex!(r"\b(?:description|meaning|explanation|purpose|function|what it does|usage|use|comment|action|effect|definition|details|info)\b").is_match(&lower) {
            continue;
        }
        if std::mem::replace(&mut described, true) {
            continue;
        }
        let said = Answer::default()
            .quote(&name, *key_span)
            .words(": ")
            .quote(text, *span);
        let verb_task = infinitive_of(text);
        drafts.extend(match verb_task {
            // A task that names its own command gives it away.
            Some(task) if is_doing(noun) && task.to_lowercase().contains(&key.to_lowercase()) => {
                None
            }
            // “Which option do I use to use …?”
            Some(task) if is_doing(noun) && !task.starts_with("use ") => {
                let answer = Answer::default()
                    .words("Use ")
                    .quote(&name, *key_span)
                    .words(": ")
                    .quote(text, *span);
                scope.worded(
                    QuestionType::Procedural,
                    if noun.contains(' ') {
                        &NAMED_COMMAND
                    } else {
                        &COMMAND
                    },
                    key,
                    &[("noun", noun), ("task", &task), ("where", place)],
                    answer,
                )
            }
            _ if is_doing(noun) => scope.worded(
                QuestionType::Factual,
                &PURPOSE,
                key,
                &[("noun", noun), ("name", &name), ("where", place)],
                said,
            ),
            _ if text.len() >= 20 && key.split_whitespace().count() <= 2 => scope.worded(
                QuestionType::Factual,
                &MEANING,
                key,
                &[("noun", noun), ("name", &name), ("where", place)],
                said,
            ),
            _ => None,
        });
    }
    drafts.extend(values_draft(scope, &name, *key_span, noun, place, &values));
}

/// A column as a question names it, its header cell and the row's cell.
type Value<'r> = (String, &'r (String, Span), &'r (String, Span));

/// One question for all values of a row.
fn values_draft(
    scope: &Scope<'_, '_>,
    name: &str,
    key_span: Span,
    noun: &str,
    place: &str,
    values: &[Value<'_>],
) -> Option<Draft> {
    let said = Answer::default().quote(name, key_span).words(":");
    let base = [("noun", noun), ("name", name), ("where", place)];
    if let [(column, title, cell)] = values {
        let answer = said
            .words(" ")
            .quote(&title.0, title.1)
            .words(" ")
            .quote(&cell.0, cell.1);
        // “How many billing units …” would need the unit's own grammar, and “Value” says nothing.
        if regex!(r"(?i)^\w+ing$|^(?:number of |no\. of |#)?\s*(?:cpu |gpu )?(?:cores|nodes|gpus|cpus)$|\bunits\b|^values?$")
            .is_match(column)
        {
            return None;
        }
        let values: Vec<(&str, &str)> = base
            .into_iter()
            .chain([("column", column.as_str())])
            .collect();
        return scope.worded(QuestionType::Factual, &VALUE, name, &values, answer);
    }
    // “N”, “M, L” and “(< 40 TiB)” are explained elsewhere on the page.
    let coded = values.iter().any(|(_, _, (cell, _))| {
        regex!(r"^[A-Z]{1,2}(?:, ?[A-Z]{1,2})*$|\((?:<|>|≤|≥)").is_match(cell)
    });
    if values.is_empty() || coded {
        return None;
    }
    let columns: Vec<&str> = values
        .iter()
        .map(|(column, _, _)| column.as_str())
        .collect();
    let columns = if let [first @ .., last] = columns.as_slice()
        && columns.len() <= 4
    {
        format!("{} and {last}", first.join(", "))
    } else {
        "limits and properties".to_owned()
    };
    let answer = values.iter().fold(said, |answer, (_, title, cell)| {
        answer
            .words("\n- ")
            .quote(&title.0, title.1)
            .words(": ")
            .quote(&cell.0, cell.1)
    });
    // “ac001–ac240” are many.
    let several = regex!(r"[A-Za-z]\d+`?\s*(?:–|—|-|\.\.)\s*`?[A-Za-z]*\d+`?$").is_match(name);
    let nouns = format!("{noun}s");
    let noun = if several { nouns.as_str() } else { noun };
    let values = [
        ("noun", noun),
        ("name", name),
        ("where", place),
        ("columns", columns.as_str()),
    ];
    scope.worded(QuestionType::Factual, &ROW, name, &values, answer)
}

fn is_blank(text: &str) -> bool {
    text.is_empty()
        || matches!(
            text,
            "-" | "–" | "—" | "x" | "X" | "✓" | "n/a" | "N/A" | "?" | "NA" | "…"
        )
}

/// `Ctrl-k`, `Alt + F`, `Page Up`.
fn is_keystroke(key: &str) -> bool {
    regex!(r"(?i)^`?(?:ctrl|control|alt|shift|esc|escape|tab|cmd|command|meta|enter|return|space|home|end|page ?(?:up|down)|(?:up|down|left|right)?[ -]?arrows?|f\d{1,2}|\^[a-z])\b")
        .is_match(key)
}

fn is_token(text: &str) -> bool {
    !text.contains(' ')
        && text
            .chars()
            .any(|c| matches!(c, '_' | '-' | '=' | '/' | '.' | '$' | '%'))
        || text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn is_doing(noun: &str) -> bool {
    regex!(r"\b(?:command|option|flag|argument|switch|tool|function|script|keyword|directive|module|parameter|key|shortcut|program)\b").is_match(noun)
}

/// What rows may be called; any other header is too vague to ask by.
const KNOWN: &[&str] = &[
    "command",
    "option",
    "flag",
    "argument",
    "parameter",
    "variable",
    "module",
    "partition",
    "queue",
    "state",
    "code",
    "reason",
    "field",
    "directive",
    "keyword",
    "tool",
    "function",
    "key",
    "shortcut",
    "flavor",
    "flavour",
    "service",
    "role",
    "permission",
    "attribute",
    "setting",
    "directory",
    "area",
    "environment",
    "qos",
    "limit",
    "property",
    "action",
    "error",
    "switch",
    "script",
    "program",
    "format",
    "database",
    "stack",
    "host",
    "filesystem",
    "storage",
    "node",
    "exit",
    "signal",
    "unit",
    "model",
];

/// What a first column's header calls its rows, in the singular; nothing when the header is vague.
fn noun_of(header: &str) -> Option<String> {
    let text = header.replace('`', "").to_lowercase();
    let text = regex!(r"\s*\(.*\)\s*").replace(&text, "").trim().to_owned();
    if text.is_empty() || text.split_whitespace().count() > 3 {
        return None;
    }
    let last = text.split_whitespace().last()?;
    let singular = match last {
        "queries" => "query".to_owned(),
        "directories" => "directory".to_owned(),
        "class" | "status" | "alias" | "bus" | "access" | "process" => last.to_owned(),
        _ => last.strip_suffix('s').unwrap_or(last).to_owned(),
    };
    KNOWN.contains(&singular.as_str()).then(|| {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        words.pop();
        let mut noun = words.join(" ");
        if !noun.is_empty() {
            noun.push(' ');
        }
        noun.push_str(&singular);
        noun
    })
}

/// A column whose cells are values: `Time limit`, `Default`, `Max nodes`, `Memory (GiB)`.
fn value_column(title: &str) -> Option<String> {
    let lower = title.to_lowercase();
    regex!(r"\b(?:default|limit|time|memory|size|quota|price|cores?|nodes?|gpus?|cpus?|max\w*|min\w*|capacity|lifetime|backup|path|location|port|type|unit|value|rate|retention|disk|storage|bandwidth|cost|billing|requirements?)\b")
        .is_match(&lower)
        .then(|| if title.chars().skip(1).any(char::is_uppercase) { title.to_owned() } else { lower })
        .filter(|column| column.len() <= 40 && !column.contains(['?', '/']))
}
