//! Inline markup removed: headings and labels as a reader sees them.

use std::borrow::Cow;
use std::sync::LazyLock;

use dsg_core::Markup;
use regex::{Captures, Regex};

struct Patterns {
    link: Regex,
    autolink: Regex,
    tag: Regex,
    attributes: Regex,
    emphasis: Regex,
    escape: Regex,
    rst_role: Regex,
    rst_link: Regex,
    rst_marks: Regex,
    adoc_terms: Regex,
    adoc_reference: Regex,
    adoc_macro: Regex,
    adoc_marks: Regex,
}

#[allow(
    clippy::unwrap_used,
    reason = "the patterns are constants that the tests compile"
)]
static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    Patterns {
    link: Regex::new(r"!?\[([^\[\]]*)\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\[\]]*\])").unwrap(),
    autolink: Regex::new(r"<((?:https?|mailto|ftp):[^<>\s]+)>").unwrap(),
    // Known names only: `<name>` in an option's label is a value, not a tag.
    tag: Regex::new(
        r"(?i)</?(?:a|abbr|b|big|br|cite|code|del|div|em|font|i|img|ins|kbd|mark|nobr|p|s|samp|small|span|strong|sub|sup|tt|u|var|wbr)(?:\s[^<>]*)?/?>|<!--.*?-->",
    )
    .unwrap(),
    attributes: Regex::new(r"\s*\{:?\s*[#.][^{}]*\}\s*$").unwrap(),
    emphasis: Regex::new(r"\*+|~~|\b_+\B|\B_+\b").unwrap(),
    escape: Regex::new(r"\\([!-/:-@\[-`{-~])").unwrap(),
    rst_role: Regex::new(r":[A-Za-z][\w.+:-]*:`([^`]*)`").unwrap(),
    rst_link: Regex::new(r"`([^`<]*?)\s*<[^`>]*>`_{0,2}").unwrap(),
    rst_marks: Regex::new(r"``|`_{0,2}|\*+|\||\\ ?").unwrap(),
    adoc_terms: Regex::new(r"(?::{2,4}|;;)[ \t]*\n\s*").unwrap(),
    adoc_reference: Regex::new(r"<<[^<>,]*,?\s*([^<>]*)>>|\[\[[^\[\]]*\]\]").unwrap(),
    adoc_macro: Regex::new(r"\b(?:link:|xref:|https?:|mailto:)[^\s\[\]]+\[([^\[\],]+)[^\[\]]*\]").unwrap(),
    adoc_marks: Regex::new(r"`|\*+|\b_+\B|\B_+\b").unwrap(),
}
});

/// Without one of these, no pattern for Markdown finds anything.
const MARKDOWN_MARKS: [char; 8] = ['`', '[', '<', '{', '\\', '*', '~', '_'];

/// `text` without inline markup, on one line.
pub(crate) fn plain(text: &str, markup: Markup) -> String {
    let stripped = match markup {
        Markup::Plain => text.to_owned(),
        // Most headings have no markup at all.
        Markup::Markdown if !text.contains(MARKDOWN_MARKS) => text.to_owned(),
        Markup::Markdown => markdown(text),
        Markup::Rst => rst(text),
        Markup::AsciiDoc => asciidoc(text),
    };
    let mut line = String::with_capacity(stripped.len());
    for word in stripped.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Code spans keep every character; only the prose between them is stripped.
fn markdown(text: &str) -> String {
    let text = removed(&PATTERNS.attributes, text, text.contains('{'));
    let text = shown(&PATTERNS.link, &text, text.contains('['));
    let mut out = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(open) = rest.find('`') {
        let (prose, code) = rest.split_at(open);
        let ticks = code.len() - code.trim_start_matches('`').len();
        let (fence, inside) = code.split_at(ticks);
        prose_only(prose, &mut out);
        match inside.find(fence) {
            Some(close) => {
                let (body, after) = inside.split_at(close);
                out.push_str(body.trim());
                rest = after.strip_prefix(fence).unwrap_or_default();
            }
            None => rest = inside,
        }
    }
    prose_only(rest, &mut out);
    out
}

fn prose_only(prose: &str, out: &mut String) {
    if !prose.contains(MARKDOWN_MARKS) {
        out.push_str(prose);
        return;
    }
    let escaped = prose.contains('\\');
    // An escaped mark means itself: it hides in the private use area while the marks go.
    let hidden = if escaped {
        PATTERNS.escape.replace_all(prose, |found: &Captures<'_>| {
            found
                .get(1)
                .and_then(|mark| mark.as_str().chars().next())
                .and_then(|mark| char::from_u32(0xF_0000 + u32::from(mark)))
                .map_or_else(String::new, String::from)
        })
    } else {
        Cow::Borrowed(prose)
    };
    let tagged = hidden.contains('<');
    let text = shown(&PATTERNS.autolink, &hidden, tagged);
    let text = removed(&PATTERNS.tag, &text, tagged);
    let text = removed(&PATTERNS.emphasis, &text, text.contains(['*', '~', '_']));
    if !escaped {
        out.push_str(&text);
        return;
    }
    out.extend(text.chars().map(|c| {
        u32::from(c)
            .checked_sub(0xF_0000)
            .filter(|code| *code < 0x80)
            .and_then(char::from_u32)
            .unwrap_or(c)
    }));
}

/// `text` without what `pattern` finds; untouched where it cannot find anything.
fn removed<'t>(pattern: &Regex, text: &'t str, possible: bool) -> Cow<'t, str> {
    if possible {
        pattern.replace_all(text, "")
    } else {
        Cow::Borrowed(text)
    }
}

/// `text` with the first group of what `pattern` finds in its place.
fn shown<'t>(pattern: &Regex, text: &'t str, possible: bool) -> Cow<'t, str> {
    if possible {
        pattern.replace_all(text, "$1")
    } else {
        Cow::Borrowed(text)
    }
}

fn rst(text: &str) -> String {
    let text = PATTERNS.rst_role.replace_all(text, |found: &Captures<'_>| {
        let inner = found.get(1).map_or("", |inner| inner.as_str());
        inner
            .split_once('<')
            .map_or(inner, |(shown, _)| shown)
            .trim()
            .to_owned()
    });
    let text = PATTERNS.rst_link.replace_all(&text, "$1");
    PATTERNS.rst_marks.replace_all(&text, "").into_owned()
}

fn asciidoc(text: &str) -> String {
    // Terms above one another name one thing.
    let text = PATTERNS.adoc_terms.replace_all(text, ", ");
    let text = PATTERNS.adoc_reference.replace_all(&text, "$1");
    let text = PATTERNS.adoc_macro.replace_all(&text, "$1");
    PATTERNS.adoc_marks.replace_all(&text, "").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_reads_as_shown() {
        let cases = [
            ("**Batch** jobs with `srun *`", "Batch jobs with srun *"),
            ("[Queues](q.md#a_(b)) and ![x](y.png)", "Queues and x"),
            ("Set SLURM_JOB_ID {#job-id .ref}", "Set SLURM_JOB_ID"),
            (r"snake\_case \*star\*", "snake_case *star*"),
            ("_Why_ <b>bold</b> a\n  b", "Why bold a b"),
            ("-p, --partition=<name>", "-p, --partition=<name>"),
            ("`-p`, `--partition=<name>`", "-p, --partition=<name>"),
        ];
        for (markup, shown) in cases {
            assert_eq!(plain(markup, Markup::Markdown), shown, "{markup}");
        }
    }

    #[test]
    fn rst_reads_as_shown() {
        assert_eq!(
            plain(
                "Run :ref:`the job <job-label>` with ``srun -n`` in *mode* `Open MPI <http://x>`__",
                Markup::Rst
            ),
            "Run the job with srun -n in mode Open MPI"
        );
        assert_eq!(plain("*as is*", Markup::Plain), "*as is*");
        assert_eq!(
            plain(
                "`-n`::\n`--dry-run`:: <<run,see>> link:a.html[the *page*]",
                Markup::AsciiDoc
            ),
            "-n, --dry-run:: see the page"
        );
    }
}
