//! Source markup of running text to what an answer shows: plain words, with code in backticks.

use std::borrow::Cow;

use dsg_core::Markup;
use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::regexes::regex;

/// One paragraph's source text as clean text on one line. Links become their text, images and HTML go, emphasis
/// stays only where it marks code.
pub(crate) fn clean(source: &str, markup: Markup) -> String {
    let text = match markup {
        Markup::Markdown => markdown(source),
        Markup::Rst => rst(source),
        Markup::AsciiDoc => asciidoc(source),
        Markup::Plain => source.to_owned(),
    };
    tidy(&text)
}

/// Collapses white space and the traces that dropped markup leaves, outside code.
fn tidy(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // “setuid()” keeps its brackets.
    let line = regex!(r"(^|[\s(])\(\s*\)|\[\s*\]\(\s*\)").replace_all(&line, "$1");
    let line = regex!(r" +([,;:)])(\s|$)").replace_all(&line, "$1$2");
    let line = regex!(r" +([.?!])$").replace_all(&line, "$1");
    let line = regex!(r" {2,}").replace_all(&line, " ");
    line.trim().to_owned()
}

/// Whether emphasised words are in fact code: an option, a path, a variable, a file, a `key=value`.
pub(crate) fn is_code_like(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() || text.len() > 60 {
        return false;
    }
    let single = !text.contains(char::is_whitespace);
    let option = regex!(r"^--?[A-Za-z][\w-]*").is_match(text);
    if !single {
        return option && text.split_whitespace().count() <= 3;
    }
    if text.ends_with([':', '.', ',', '?', '!']) || text.contains("…") {
        return false;
    }
    option
        || regex!(r"^[A-Za-z]*[a-z][a-z0-9]+[A-Z][A-Za-z0-9]*$").is_match(text)
        || regex!(r"^[A-Za-z0-9]+(_[A-Za-z0-9]+)+$").is_match(text)
        || regex!(r"^[\w.-]+\.(conf|yaml|yml|sh|py|txt|log|json|so|cfg|toml|bash|csv|gz|sif)$")
            .is_match(text)
        || regex!(r"^(~|\.{1,2})?/[\w./$<>{}*%-]+$").is_match(text)
        || regex!(r"^\$\{?\w+\}?$").is_match(text)
        || regex!(r"^%\S{1,6}$").is_match(text)
        || regex!(r"^[\w.:/-]+=[^\s]+$").is_match(text)
        || regex!(r"^[A-Z][A-Z0-9]*_[A-Z0-9_]+$").is_match(text)
}

/// A line whose asterisks inside words and signs are told from emphasis: `0*4,1*4`, `*:*:*`.
fn literal_asterisks(line: &str) -> Cow<'_, str> {
    if !line.contains('*') {
        return Cow::Borrowed(line);
    }
    let edge = |c: Option<char>| c.is_none_or(|c| ":=,.;'\"()-".contains(c));
    let inner = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let shown: Vec<Cow<'_, str>> = line
        .split(' ')
        .map(|word| {
            let chars: Vec<char> = word.chars().collect();
            let around = |at: usize| {
                (
                    at.checked_sub(1).and_then(|at| chars.get(at)).copied(),
                    chars.get(at + 1).copied(),
                )
            };
            let mut stars = chars
                .iter()
                .enumerate()
                .filter(|(_, c)| **c == '*')
                .map(|(at, _)| around(at))
                .peekable();
            let single = chars.len() > 1 && stars.peek().is_some() && !word.contains(['`', '\\']);
            let literal = single
                && (stars
                    .clone()
                    .all(|(before, after)| inner(before) && inner(after))
                    || stars.all(|(before, after)| edge(before) && edge(after)));
            if literal {
                Cow::Owned(word.replace('*', "\\*"))
            } else {
                Cow::Borrowed(word)
            }
        })
        .collect();
    Cow::Owned(shown.join(" "))
}

/// The tags that HTML defines; any other `<word>` is a placeholder and stays, and so is `<path>` or `<label>` without attributes.
fn is_html_tag(raw: &str) -> bool {
    regex!(
        r"(?i)^</?(a|abbr|b|big|blockquote|br|center|cite|code|dd|del|details|div|dl|dt|em|figcaption|figure|font|h[1-6]|hr|i|iframe|img|ins|kbd|li|mark|ol|p|pre|q|s|samp|small|span|strike|strong|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var)(\s[^>]*|/)?/?>$|^<(button|input|label|path|source|video)(\s[^>]*=[^>]*|\s*/)>$|^</(button|label|video)>$|^<!--"
    )
    .is_match(raw.trim())
}

fn markdown(source: &str) -> String {
    // Lines lose their indent, so that a nested paragraph is not read as code.
    let mut text = String::with_capacity(source.len());
    for (position, line) in source.lines().enumerate() {
        if position > 0 {
            text.push('\n');
        }
        let line = line.trim_start();
        let line = line.strip_prefix("> ").unwrap_or(line);
        text.push_str(&literal_asterisks(line));
        if line.ends_with("  ") {
            text.push(' ');
        }
    }
    // “the module ([Lmod](a.md))”: the label alone would hang in the air.
    let text = regex!(r"\s*\(\[[^\]\n]*\]\([^)\s]*\)\)").replace_all(&text, "");
    let resolve = |link: BrokenLink<'_>| {
        let reference = link.reference.trim();
        // `[@db][:count]` is a signature.
        let full = matches!(
            link.link_type,
            pulldown_cmark::LinkType::Reference | pulldown_cmark::LinkType::Collapsed
        ) && reference.starts_with(char::is_alphanumeric);
        let name = regex!(
            r"^[A-Z][A-Za-z0-9-]*[a-z][A-Za-z0-9-]*$|^[A-Z]{2,}[a-z][A-Za-z]*$|^[A-Z][A-Z]+[a-z]$"
        )
        .is_match(reference);
        let words = reference.contains(' ')
            && !reference.contains(|c: char| c.is_ascii_digit() || "|=<>.*/".contains(c))
            && reference.chars().any(char::is_lowercase);
        (full || words || name).then_some((CowStr::Borrowed("#"), CowStr::Borrowed("")))
    };
    // A slice may begin like a block that it is not: `1. `, `- `, `# `.
    let begun = regex!(r"^(?:\d+[.)]|[-+*#]+)\s").find(&text);
    let (marker, text) = text
        .split_at_checked(begun.map_or(0, |found| found.end()))
        .unwrap_or(("", &text));
    let parser =
        Parser::new_with_broken_link_callback(text, Options::ENABLE_STRIKETHROUGH, Some(resolve));
    let mut out = String::with_capacity(text.len());
    out.push_str(marker);
    // Where each open emphasis began, so that its content can be looked at when it closes.
    let mut open: Vec<usize> = Vec::new();
    let mut image = 0_usize;
    let mut dropped_tag: Option<&'static str> = None;
    for event in parser {
        match event {
            Event::Start(Tag::Image { .. }) => image += 1,
            Event::End(TagEnd::Image) => image = image.saturating_sub(1),
            _ if image > 0 => {}
            Event::Start(Tag::Emphasis | Tag::Strong) => open.push(out.len()),
            Event::End(TagEnd::Emphasis | TagEnd::Strong) => {
                let Some(start) = open.pop() else { continue };
                let content = out.get(start..).unwrap_or_default().to_owned();
                // `**--name**=value` and words glued to emphasis read badly with backticks inside a word.
                let glued = out.get(..start).is_some_and(|before| {
                    before.ends_with(|c: char| c.is_alphanumeric() || c == '`')
                });
                if !glued && !content.contains('`') && is_code_like(&content) {
                    out.truncate(start);
                    out.push('`');
                    out.push_str(content.trim());
                    out.push('`');
                }
            }
            Event::Text(words) => {
                if dropped_tag.is_none() {
                    out.push_str(&words);
                }
            }
            Event::Code(code) => {
                let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
                if code.contains('`') {
                    out.push_str("`` ");
                    out.push_str(&code);
                    out.push_str(" ``");
                } else {
                    out.push('`');
                    out.push_str(&code);
                    out.push('`');
                }
            }
            Event::End(TagEnd::Paragraph) | Event::SoftBreak | Event::HardBreak | Event::Rule => {
                out.push(' ');
            }
            Event::InlineHtml(raw) | Event::Html(raw) => {
                let lower = raw.to_ascii_lowercase();
                if lower.starts_with("<sup") && lower.contains("footnote") {
                    dropped_tag = Some("</sup>");
                } else if dropped_tag.is_some_and(|end| lower.contains(end)) {
                    dropped_tag = None;
                } else if !is_html_tag(&raw) {
                    out.push_str(&raw);
                } else if lower.starts_with("<br") || lower.starts_with("</p") {
                    out.push(' ');
                }
            }
            Event::InlineMath(math) | Event::DisplayMath(math) => out.push_str(&math),
            Event::Start(_)
            | Event::End(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }
    outside_code(&out, attributes_removed)
}

/// Applies `change` to the stretches between code spans.
fn outside_code(text: &str, change: impl Fn(&str) -> Cow<'_, str>) -> String {
    text.split('`')
        .enumerate()
        .map(|(position, part)| {
            if position % 2 == 0 {
                change(part)
            } else {
                Cow::Borrowed(part)
            }
        })
        .collect::<Vec<_>>()
        .join("`")
}

/// mkdocs attribute lists, footnote marks, emoji short codes, caret-marked superscripts.
fn attributes_removed(text: &str) -> Cow<'_, str> {
    if !text.contains(['{', '[', ':', '^']) {
        return Cow::Borrowed(text);
    }
    let text = regex!(r"\{\s*(?:[:#.][^{}]*|\w+\s*=[^{}]*)\}").replace_all(text, "");
    let text = regex!(r"\[\^[^\]\s]+\]:?")
        .replace_all(&text, "")
        .into_owned();
    let text = regex!(r":(?:material|octicons|fontawesome|simple)-[\w-]+:").replace_all(&text, "");
    Cow::Owned(text.into_owned())
}

fn rst(source: &str) -> String {
    // Literals first, so that nothing inside them is read as markup.
    let mut literals: Vec<String> = Vec::new();
    let text = regex!(r"(?s)``(.+?)``").replace_all(source, |found: &regex::Captures<'_>| {
        literals.push(found.get(1).map_or("", |m| m.as_str()).to_owned());
        format!("\u{1}{}\u{2}", literals.len() - 1)
    });
    let text =
        regex!(r"(?s):([\w:.+-]+):`([^`]+)`").replace_all(&text, |found: &regex::Captures<'_>| {
            let role = found.get(1).map_or("", |m| m.as_str());
            let content = found.get(2).map_or("", |m| m.as_str());
            let shown = regex!(r"(?s)^(.*?)\s*<[^<>]*>$")
                .captures(content)
                .and_then(|c| c.get(1))
                .map_or(content, |m| m.as_str())
                .trim_start_matches(['~', '!'])
                .to_owned();
            let code = matches!(
                role.rsplit(':').next().unwrap_or(role),
                "command"
                    | "option"
                    | "file"
                    | "program"
                    | "envvar"
                    | "code"
                    | "samp"
                    | "kbd"
                    | "func"
                    | "meth"
                    | "class"
                    | "mod"
                    | "data"
                    | "attr"
                    | "exc"
                    | "makevar"
                    | "mpi"
                    | "literal"
            );
            if code {
                literals.push(shown);
                format!("\u{1}{}\u{2}", literals.len() - 1)
            } else {
                shown
            }
        });
    let text = regex!(r"(?s)`([^`<]+?)\s*<[^`<>]+>`__?").replace_all(&text, "$1");
    let text = regex!(r"(?s)`([^`]+)`__?").replace_all(&text, "$1");
    let text = regex!(r"(?s)`([^`]+)`").replace_all(&text, "$1");
    let text = regex!(r"\[(?:#?\w*|\*)\]_").replace_all(&text, "");
    let text = regex!(r"(?s)\*\*(\S(?:.*?\S)?)\*\*").replace_all(&text, code_or_words);
    let text = regex!(r"(?s)\*(\S(?:[^*]*?\S)?)\*").replace_all(&text, code_or_words);
    let text = regex!(r"\b([A-Za-z][\w-]*[A-Za-z0-9])__?([\s.,;:)]|$)").replace_all(&text, "$1$2");
    let text = regex!(r"\\ ").replace_all(&text, "");
    let text = regex!(r"\\([*`_|\\])").replace_all(&text, "$1");
    let text = regex!(r"::\s*$").replace(&text, ":");
    restored(&text, &literals)
}

/// `text` with the numbered literals back in their place, as code.
fn restored(text: &str, literals: &[String]) -> String {
    regex!("\u{1}(\\d+)\u{2}")
        .replace_all(text, |found: &regex::Captures<'_>| {
            let code = found
                .get(1)
                .and_then(|m| m.as_str().parse::<usize>().ok())
                .and_then(|n| literals.get(n))
                .map_or("", String::as_str);
            format!(
                "`{}`",
                code.split_whitespace().collect::<Vec<_>>().join(" ")
            )
        })
        .into_owned()
}

fn asciidoc(source: &str) -> String {
    // Terms above one another name one thing; a ` +` at a line's end breaks it.
    let text = regex!(r"(?::{2,4}|;;)[ \t]*\n\s*").replace_all(source, ", ");
    let text = regex!(r"(?m) \+$").replace_all(&text, "");
    let mut literals: Vec<String> = Vec::new();
    let text = regex!(r"(?s)``(.+?)``|`\+(.+?)\+`|`([^`]+)`").replace_all(
        &text,
        |found: &regex::Captures<'_>| {
            let code = found.get(1).or(found.get(2)).or(found.get(3));
            literals.push(code.map_or("", |m| m.as_str()).to_owned());
            format!("\u{1}{}\u{2}", literals.len() - 1)
        },
    );
    let text =
        regex!(r"(?:footnote|image|icon|indexterm|anchor):[^\s\[\]]*\[[^\[\]]*\]|\[\[[^\[\]]*\]\]")
            .replace_all(&text, "");
    let text = regex!(r"\blinkgit:([\w.-]+)\[(\d)\]").replace_all(&text, "$1($2)");
    let text = regex!(r"(?:kbd|btn|pass|menu):[^\s\[\]]*\[([^\[\]]*)\]").replace_all(&text, "$1");
    let text = regex!(r"<<[^<>,]*,\s*([^<>]*)>>").replace_all(&text, "$1");
    let text = regex!(r"<<#?([^<>,]*)>>").replace_all(&text, "$1");
    let text = regex!(r"\b(?:link:|xref:|mailto:)([^\s\[\]]+)\[\]").replace_all(&text, "$1");
    let text = regex!(r"\b(?:link:|xref:|mailto:|https?:)[^\s\[\]]+\[([^\[\],]+)[^\[\]]*\]")
        .replace_all(&text, "$1");
    let text = regex!(r"\[[.#%\w -]*\]##?([^#]+)##?").replace_all(&text, "$1");
    let text = regex!(r"(?s)\*\*?([^\s*](?:[^*]*[^\s*])?)\*\*?").replace_all(&text, code_or_words);
    let text = regex!(r"(?s)\b__?([^\s_](?:[^_]*[^\s_])?)__?\b").replace_all(&text, code_or_words);
    let text = regex!(r"\{(?:empty|sp|nbsp|zwsp)\}").replace_all(&text, " ");
    let text = regex!(r"(?::{2,4}|;;)\s*$").replace(&text, "");
    restored(&text, &literals)
}

fn code_or_words(found: &regex::Captures<'_>) -> String {
    let words = found.get(1).map_or("", |m| m.as_str());
    if !words.contains('\u{1}') && is_code_like(words) {
        format!("`{words}`")
    } else {
        words.to_owned()
    }
}

/// Whether markup survived cleaning, so that the text must not be shown.
pub(crate) fn has_leftovers(text: &str) -> bool {
    let bare = regex!(r"(?s)```.*?```|`[^`]*`").replace_all(text, "");
    regex!(
        r"\]\(|\{\{|\}\}|\{%|%\}|:::|\{:|\|[A-Za-z]\w*\||\.\. [a-z-]+::|</?(div|span|p|br|a|img|ul|li|td|tr|th)\b|!!!|\?\?\?|\\f[BIR]|:[a-z]+:`|\*\*|\[\^|--8<--|&[a-z]+;|\[TOC\]|\b(?:material|octicons|fontawesome)-[a-z-]+:|(?m:^#{1,6}\s)|\]\["
    )
    .is_match(&bare)
        || !text.matches('`').count().is_multiple_of(2)
        // A hyphen that only a line break put there.
        || text.contains('\u{2010}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_keeps_words_and_code() {
        for (source, expected) in [
            (
                "Use [the tool](a.md#x) with **--all**\nand *care*.",
                "Use the tool with `--all` and care.",
            ),
            ("See ![shot](a.png 'x') there", "See there"),
            ("Set `a  b` to <job_id><br>now", "Set `a b` to <job_id> now"),
            (
                "Visit <https://csc.fi> or [Lmod homepage].",
                "Visit https://csc.fi or Lmod homepage.",
            ),
            (
                "The range [0-31] and [OPTIONS...] stay",
                "The range [0-31] and [OPTIONS...] stay",
            ),
            ("More{:target=\"_blank\"} words[^1].", "More words."),
            (
                "Set lua_path=<path> <video src=\"a\">x</video>",
                "Set lua_path=<path> x",
            ),
            ("**NOTE**: keep *MaxJobs* at 1", "NOTE: keep `MaxJobs` at 1"),
            ("    indented\n    twice", "indented twice"),
            (
                "Give 0x0f*4,0xf0*4 or `S:C:T` as *:*:*, *never* x*y*z.",
                "Give 0x0f*4,0xf0*4 or `S:C:T` as *:*:*, never x*y*z.",
            ),
            (
                "<p1>[-p2][:p3] and v1[+fast][+late]",
                "<p1>[-p2][:p3] and v1[+fast][+late]",
            ),
            (
                "Kept in [Kraken] or [options], by setuid() ([the site](a.md)).",
                "Kept in Kraken or [options], by setuid().",
            ),
        ] {
            assert_eq!(clean(source, Markup::Markdown), expected, "{source}");
        }
    }

    #[test]
    fn rst_keeps_words_and_code() {
        for (source, expected) in [
            (
                "Use ``mpirun -n 4`` and :ref:`the guide <label-x>`.",
                "Use `mpirun -n 4` and the guide.",
            ),
            (
                "See `Open MPI <https://x.org>`_ or |br| :command:`ls`",
                "See Open MPI or |br| `ls`",
            ),
            ("**--all** is *not* old_ [1]_::", "`--all` is not old:"),
        ] {
            assert_eq!(clean(source, Markup::Rst), expected, "{source}");
        }
    }

    #[test]
    fn asciidoc_keeps_words_and_code() {
        for (source, expected) in [
            (
                "Run `git add` (see linkgit:git-add[1]) and <<opts,the options>>.",
                "Run `git add` (see git-add(1)) and the options.",
            ),
            ("`-n`::\n`--dry-run`::", "`-n`, `--dry-run`"),
            (
                "*--all* is _not_ link:a.html[old]footnote:[really]",
                "`--all` is not old",
            ),
        ] {
            assert_eq!(clean(source, Markup::AsciiDoc), expected, "{source}");
        }
    }

    #[test]
    fn leftovers_are_seen() {
        assert!(has_leftovers("a {{ var }} b"));
        assert!(has_leftovers("see |release| now"));
        assert!(!has_leftovers("run `a ](b` now"));
    }
}
