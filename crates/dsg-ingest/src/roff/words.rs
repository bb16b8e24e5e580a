//! Characters with fonts to light Markdown: literals in backticks, stress in asterisks, placeholders plain.

use super::escape::{Font, Run};
use crate::literal::is_literal;

/// The text without fonts, white space collapsed.
pub(crate) fn plain(run: &[(char, Font)]) -> String {
    let text: String = run.iter().map(|(c, _)| *c).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text as it stands, for preformatted lines.
pub(crate) fn verbatim(run: &[(char, Font)]) -> String {
    run.iter()
        .map(|(c, _)| if *c == '\u{a0}' { ' ' } else { *c })
        .collect()
}

/// The text as Markdown; line breaks stay.
pub(crate) fn markdown(run: &[(char, Font)]) -> String {
    let mut out = String::with_capacity(run.len() + 16);
    for line in run.split(|(c, _)| *c == '\n') {
        let line = line_markdown(line);
        if line.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&line);
    }
    out
}

fn line_markdown(line: &[(char, Font)]) -> String {
    let mut out = String::with_capacity(line.len());
    let mut group: Run = Vec::new();
    let mut at = 0;
    while let Some((c, font)) = line.get(at).copied() {
        if group.is_empty()
            && let Some(word) = plain_word(line.get(at..).unwrap_or_default())
        {
            if !out.is_empty() {
                out.push(' ');
            }
            out.extend(word.iter().map(|(c, _)| *c));
            at += word.len();
            while line.get(at).is_some_and(|(c, _)| c.is_whitespace()) {
                at += 1;
            }
            continue;
        }
        if !c.is_whitespace() {
            group.push((c, font));
            at += 1;
            continue;
        }
        // Words in one run of bold or italics belong together: `scontrol show job`.
        let next = line
            .get(at..)
            .and_then(|rest| rest.iter().find(|(c, _)| !c.is_whitespace()));
        let last = group.last().map(|(_, font)| *font);
        let joined = font != Font::Roman
            && last == Some(font)
            && next.is_some_and(|(_, next)| *next == font);
        while line.get(at).is_some_and(|(c, _)| c.is_whitespace()) {
            at += 1;
        }
        if joined {
            group.push((' ', font));
        } else {
            push_group(&mut out, &group);
            group.clear();
        }
    }
    push_group(&mut out, &group);
    out
}

/// The word that `line` begins with, if no part of it can need a mark: most words of a page.
fn plain_word(line: &[(char, Font)]) -> Option<&[(char, Font)]> {
    let end = line
        .iter()
        .position(|(c, _)| c.is_whitespace())
        .unwrap_or(line.len());
    let word = line.get(..end)?;
    let plain = word
        .iter()
        .all(|(c, font)| *font == Font::Roman && *c != '<');
    (plain && !word.is_empty()).then_some(word)
}

fn push_group(out: &mut String, group: &[(char, Font)]) {
    if group.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(' ');
    }
    let [lead, core, trail] = parts(group);
    let text: String = core.iter().map(|(c, _)| *c).collect();
    let mark = mark(core, &text);
    out.extend(lead.iter().map(|(c, _)| *c));
    out.push_str(mark);
    out.push_str(&text);
    out.push_str(mark);
    out.extend(trail.iter().map(|(c, _)| *c));
}

/// A word without the punctuation that surrounds it.
fn parts(group: &[(char, Font)]) -> [&[(char, Font)]; 3] {
    let mut start = 0;
    let mut end = group.len();
    while start < end
        && group.get(start).is_some_and(|(c, font)| {
            *font == Font::Roman && matches!(c, '(' | '"' | '\'' | '“' | '‘')
        })
    {
        start += 1;
    }
    while end > start {
        let core = group.get(start..end).unwrap_or_default();
        let Some((last, font)) = core.last() else {
            break;
        };
        let strip = match last {
            '.' | ',' | ';' | ':' | '!' | '?' => true,
            '"' | '\'' | '”' | '’' => {
                *font == Font::Roman && core.iter().filter(|(c, _)| c == last).count() % 2 == 1
            }
            ')' => {
                let count = |wanted| core.iter().filter(|(c, _)| *c == wanted).count();
                count('(') < count(')')
            }
            _ => false,
        };
        if !strip {
            break;
        }
        end -= 1;
    }
    [
        group.get(..start).unwrap_or_default(),
        group.get(start..end).unwrap_or_default(),
        group.get(end..).unwrap_or_default(),
    ]
}

fn mark(core: &[(char, Font)], text: &str) -> &'static str {
    if text.is_empty() || text.contains('`') {
        return "";
    }
    let bold = core.iter().any(|(_, font)| *font == Font::Bold);
    let italic = core.iter().any(|(_, font)| *font == Font::Italic);
    let placeholder = text
        .find('<')
        .zip(text.rfind('>'))
        .is_some_and(|(open, close)| open + 1 < close);
    if placeholder && text.len() <= 120 {
        return "`";
    }
    if bold {
        if is_literal(text) {
            return "`";
        }
        let whole = core.iter().all(|(_, font)| *font == Font::Bold);
        let sensible = text.chars().any(char::is_alphanumeric) && !text.contains('*');
        return if whole && sensible { "**" } else { "" };
    }
    let names = |c: char| matches!(c, '_' | '/' | '=' | '.' | '@');
    let literal = text.contains(names)
        || text.starts_with('-')
        || text
            .as_bytes()
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
    if italic && literal && is_literal(text) {
        "`"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::super::escape::Escapes;
    use super::*;

    fn shown(line: &str) -> String {
        markdown(&Escapes::default().run(line))
    }

    #[test]
    fn fonts_become_marks_that_read_well() {
        assert_eq!(
            shown(r"use the \fBscontrol show job\fR command."),
            "use the `scontrol show job` command."
        );
        assert_eq!(
            shown(r"\fBNOTE\fR: see \fBslurm.conf\fR(5)."),
            "**NOTE**: see `slurm.conf(5)`."
        );
        assert_eq!(
            shown(r"The \fIaccount\fR is (\fB\-A\fR)."),
            "The account is (`-A`)."
        );
        assert_eq!(
            shown(r"<\fItype\fR>=<\fIinterval\fR>[,...] pairs"),
            "`<type>=<interval>[,...]` pairs"
        );
        assert_eq!(
            shown(r"the \fIJobAcctGatherFrequency\fR value"),
            "the `JobAcctGatherFrequency` value"
        );
        assert_eq!(
            shown(r#"\fB\-\-constraint="intel&gpu"\fR"#),
            "`--constraint=\"intel&gpu\"`"
        );
    }
}
