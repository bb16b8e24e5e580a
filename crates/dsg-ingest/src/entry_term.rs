//! Items and paragraphs that define something: a term, a separator, what it means.

use dsg_core::{BlockKind, Span};

use crate::lines::{head, tail};
use crate::outline::span;

/// Longer terms are sentences, in bytes.
const MAX_TERM: usize = 120;

/// A term found at the start of a Markdown item; spans count from the item's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The term without the marks around it.
    pub label: Span,
    /// Where the description begins; the text's length when it follows in other blocks.
    pub body: usize,
}

/// What a term names: an option when it looks like one, else a definition.
pub(crate) fn kind_of(label: &str) -> BlockKind {
    if is_option(label) {
        BlockKind::Option
    } else {
        BlockKind::Definition
    }
}

/// Whether `label` is a command-line option: `-p`, `--partition=<name>`, `#SBATCH --time`.
pub(crate) fn is_option(label: &str) -> bool {
    let bare = label.trim_start_matches(['`', '*', '[', '(']);
    let bare = bare
        .strip_prefix('#')
        .and_then(|directive| directive.split_once(' '))
        .map_or(bare, |(_, rest)| rest.trim_start());
    bare.strip_prefix('-').is_some_and(|rest| {
        rest.trim_start_matches('-')
            .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '?' | '@' | '<' | '#'))
    })
}

/// Offset and length of a term without the marks around it.
pub(crate) fn unmarked(term: &str) -> (usize, usize) {
    for mark in ["``", "**", "*", "`"] {
        if let Some(inner) = term
            .strip_prefix(mark)
            .and_then(|inner| inner.strip_suffix(mark))
            && !inner.is_empty()
            && !inner.contains(mark)
        {
            return (mark.len(), inner.len());
        }
    }
    (0, term.len())
}

/// Whether the entries of a section with this title are options, sub-commands or parameters.
pub(crate) fn names_options(title: &str) -> bool {
    let title = title.to_ascii_uppercase();
    [
        "OPTION",
        "COMMAND",
        "PARAMETER",
        "CONFIGURATION",
        "DIRECTIVE",
        "KEYWORD",
        "SPECIFICATION",
    ]
    .iter()
    .any(|word| title.contains(word))
}

/// Whether a man page's section holds no content: licences and pointers elsewhere.
pub(crate) fn is_aside(title: &str) -> bool {
    let title = title.to_ascii_uppercase();
    title == "SEE ALSO"
        || ["COPYING", "COPYRIGHT", "LICENSE", "LICENCE"]
            .iter()
            .any(|word| title.contains(word))
}

/// The term that begins `text`, if it begins with one: bold, code or a link, or a bare option or variable, and then
/// `:`, ` - `, ` – ` or ` — `.
pub(crate) fn split(text: &str) -> Option<Entry> {
    let first = marked(text, 0).or_else(|| bare(text))?;
    let mut label = first.inner;
    let mut at = first.end;
    let mut colon = first.colon;
    // `-n`, `--ntasks`: several names for one thing.
    while !colon {
        let rest = tail(text, at);
        let Some(gap) = [", ", " / ", "/", " | ", " or ", ",", " "]
            .into_iter()
            .find(|gap| rest.starts_with(gap) && tail(rest, gap.len()).starts_with(['`', '*']))
        else {
            break;
        };
        let Some(next) = marked(text, at + gap.len()) else {
            break;
        };
        label = span(0, next.end);
        at = next.end;
        colon = next.colon;
    }
    if label.len() > MAX_TERM || head(text, at).contains('\n') {
        return None;
    }
    // `--time` (required): …
    let rest = tail(text, at);
    if let Some(inner) = rest.strip_prefix(" (")
        && let Some(close) = inner.find(')').filter(|close| *close <= 60)
        && !head(inner, close).contains('\n')
    {
        at += 2 + close + 1;
    }
    let rest = tail(text, at);
    if matches!(rest.trim(), "" | ":") {
        return (colon || first.strong || rest.trim() == ":").then_some(Entry {
            label,
            body: text.len(),
        });
    }
    let separator = if colon {
        0
    } else {
        [
            ":\n", ": ", " : ", " - ", " -- ", " – ", " — ", "– ", "— ", " = ",
        ]
        .into_iter()
        .find(|separator| rest.starts_with(separator))?
        .len()
    };
    let said = tail(rest, separator);
    let said_at = at + separator;
    // `**User:**. Leave empty`
    let lead = |c: char| c.is_whitespace() || (colon && matches!(c, '.' | ','));
    let body = said_at + (said.len() - said.trim_start_matches(lead).len());
    (body < text.len()).then_some(Entry { label, body })
}

struct Marked {
    inner: Span,
    end: usize,
    colon: bool,
    strong: bool,
}

/// The bold, code, italic or linked text at `from`.
fn marked(text: &str, from: usize) -> Option<Marked> {
    let rest = tail(text, from);
    for mark in ["***", "**`", "**", "__", "``", "`", "*"] {
        let Some(inner) = rest.strip_prefix(mark) else {
            continue;
        };
        let close: String = mark.chars().rev().collect();
        let length = inner.find(&close)?;
        if length == 0 || head(inner, length).contains('\n') {
            return None;
        }
        let shown = head(inner, length);
        let mut bare = shown.trim_end().trim_end_matches(':');
        let mut start = from + mark.len();
        let end = start + length + mark.len();
        // `**[sinfo](sinfo.md)**`
        if let Some((label, target)) = bare
            .strip_prefix('[')
            .and_then(|link| link.split_once("]("))
            && target.find(')') == Some(target.len().saturating_sub(1))
        {
            start += 1;
            bare = label;
        }
        return Some(Marked {
            inner: span(start, start + bare.len()),
            end,
            colon: shown.trim_end().ends_with(':'),
            strong: mark.starts_with("**") || mark == "__",
        });
    }
    let label = rest.strip_prefix('[')?;
    let close = label.find("](")?;
    let end = close + tail(label, close).find(')')? + 1;
    Some(Marked {
        inner: span(from + 1, from + 1 + close),
        end: from + 1 + end,
        colon: false,
        strong: false,
    })
}

/// An option or an environment variable without marks.
fn bare(text: &str) -> Option<Marked> {
    let end = text.find([' ', ':', '\n'])?;
    let word = head(text, end);
    let variable = word.contains('_')
        && word.len() > 3
        && word
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    (variable || (is_option(word) && word.len() > 1)).then(|| Marked {
        inner: span(0, end),
        end,
        colon: false,
        strong: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(&str, &str)> {
        split(text).map(|entry| (entry.label.slice(text).unwrap(), tail(text, entry.body)))
    }

    #[test]
    fn terms_in_every_dress() {
        assert_eq!(parts("**Node**: a computer"), Some(("Node", "a computer")));
        assert_eq!(parts("**Node:** a computer"), Some(("Node", "a computer")));
        assert_eq!(parts("`--time` – the limit"), Some(("--time", "the limit")));
        assert_eq!(
            parts("`-n`, `--ntasks`: tasks"),
            Some(("`-n`, `--ntasks`", "tasks"))
        );
        assert_eq!(parts("**`--mem`** (MB): memory"), Some(("--mem", "memory")));
        assert_eq!(parts("[sinfo](s.md) - shows"), Some(("sinfo", "shows")));
        assert_eq!(parts("**[sinfo](s.md)**: shows"), Some(("sinfo", "shows")));
        assert_eq!(
            parts("**User:**. Leave empty"),
            Some(("User", "Leave empty"))
        );
        assert_eq!(
            parts("SLURM_JOB_ID: the id"),
            Some(("SLURM_JOB_ID", "the id"))
        );
        assert_eq!(parts("--mem: memory"), Some(("--mem", "memory")));
        assert_eq!(parts("**Node**"), Some(("Node", "")));
    }

    #[test]
    fn sentences_are_not_terms() {
        assert_eq!(parts("**Always** save first"), None);
        assert_eq!(parts("`sbatch` submits a job"), None);
        assert_eq!(parts("Plain words: here"), None);
    }

    #[test]
    fn options_are_told_from_words() {
        assert!(is_option("-p, --partition=<name>") && is_option("#SBATCH --time=1"));
        assert!(!is_option("task") && !is_option("- item") && !is_option("--"));
    }
}
