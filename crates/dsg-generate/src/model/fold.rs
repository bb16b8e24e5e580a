//! Text as it is compared: without what a reader does not hear, every character knowing the bytes it came from.

use dsg_core::Span;
use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

use crate::regexes::regex;

/// A text without markup, case, accents, ligatures, quotation marks and line breaks.
///
/// What is dropped: marks at the start of a line (bullets, numbers, `#`, `>`, a shell's `$`), emphasis, backticks, link
/// targets, tags, rules and fences, table pipes, escapes, quotation marks, soft hyphens. What is made alike: white space, dashes
/// (a run of them is one), case, compatibility forms. Both sides of a comparison are folded, so a mark in one only costs nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    chars: Vec<char>,
    /// Where each character came from, in bytes.
    spans: Vec<Span>,
}

impl Folded {
    pub(crate) fn new(text: &str) -> Self {
        let mut folded = Self::default();
        let dropped = dropped(text);
        let mut next = 0;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let start = at + line_mark(line);
            at += line.len();
            if is_rule(line) {
                folded.space(Span::of_len(start, 0));
                continue;
            }
            for (offset, c) in line.char_indices() {
                let span = Span::of_len(at - line.len() + offset, c.len_utf8());
                while dropped
                    .get(next)
                    .is_some_and(|gap| gap.end() <= span.start())
                {
                    next += 1;
                }
                let inside = dropped.get(next).is_some_and(|gap| gap.contains(span));
                if span.start() < start || inside {
                    continue;
                }
                let after = line.get(offset + c.len_utf8()..).unwrap_or_default();
                folded.push(c, span, line.get(..offset).unwrap_or_default(), after);
            }
            folded.space(Span::of_len(at, 0));
        }
        if folded.chars.last() == Some(&' ') {
            folded.chars.pop();
            folded.spans.pop();
        }
        folded
    }

    /// The characters. No space begins, ends, or follows another.
    pub(crate) fn chars(&self) -> &[char] {
        &self.chars
    }

    /// The same without full stops, commas and the like at its ends.
    pub(crate) fn bare(&self) -> &[char] {
        let is_stop = |c: &char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | ' ' | '-');
        let chars = self.chars.as_slice();
        let start = chars.iter().take_while(|c| is_stop(c)).count();
        let stops = chars.iter().rev().take_while(|c| is_stop(c)).count();
        chars.get(start..chars.len() - stops).unwrap_or_default()
    }

    /// The bytes from the first character of `from..to` to the last; `None` when there is none.
    pub(crate) fn source(&self, from: usize, to: usize) -> Option<Span> {
        let spans = self.spans.get(from..to)?;
        Span::new(spans.first()?.start(), spans.last()?.end()).ok()
    }

    fn space(&mut self, span: Span) {
        if !matches!(self.chars.last(), None | Some(' ')) {
            self.chars.push(' ');
            self.spans.push(span);
        }
    }

    fn push(&mut self, c: char, span: Span, before: &str, after: &str) {
        match c {
            c if c.is_whitespace() => self.space(span),
            '|' => self.space(span),
            '*'
            | '`'
            | '"'
            | '\''
            | '‘'
            | '’'
            | '‚'
            | '‛'
            | '“'
            | '”'
            | '„'
            | '‟'
            | '′'
            | '″'
            | '«'
            | '»'
            | '‹'
            | '›'
            | '\u{ad}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'
            | '\u{feff}' => {}
            // Within a name it belongs to the name, elsewhere it is emphasis.
            '_' if !(before.ends_with(char::is_alphanumeric)
                && after
                    .trim_start_matches('_')
                    .starts_with(char::is_alphanumeric)) => {}
            '\\' if after.starts_with(|c: char| c.is_ascii_punctuation()) => {}
            '!' if after.starts_with('[') => {}
            '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => {
                if self.chars.last() != Some(&'-') {
                    self.chars.push('-');
                    self.spans.push(span);
                }
            }
            c => decompose_compatible(c, |part| {
                if canonical_combining_class(part) != 0 {
                    return;
                }
                if part == ' ' {
                    return self.space(span);
                }
                for lower in part.to_lowercase() {
                    self.chars.push(lower);
                    self.spans.push(span);
                }
            }),
        }
    }
}

/// Link syntax around a link's text, roles, and tags, as spans in order.
fn dropped(text: &str) -> Vec<Span> {
    let pattern = regex!(
        r#"(?x)
        (?P<open>\[) [^\[\]]{1,300} (?P<close>\] \( [^()\s]* (?:\([^()\s]*\)[^()\s]*)? (?:\s+"[^"]*")? \) )
        | (?P<target>\s*<(?:https?|ftp|mailto)[^<>\s]*>)`_{1,2}
        | (?P<role>:[a-z]+(?::[a-z]+)?:)`
        | (?P<tag></?(?:a|b|br|code|del|div|em|i|kbd|li|ol|p|pre|q|s|samp|small|span|strong|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul|var)(?:\s[^<>]*)?/?>)
        "#
    );
    let mut spans: Vec<Span> = Vec::new();
    for found in pattern.captures_iter(text) {
        for name in ["open", "close", "target", "role", "tag"] {
            if let Some(part) = found.name(name) {
                spans.push(Span::of_len(part.start(), part.len()));
            }
        }
    }
    spans
}

/// Bytes of the marks that a line begins with, indentation included.
fn line_mark(line: &str) -> usize {
    regex!(r"^\s*(?:(?:>|#{1,6}|[-*+•‣◦]|\d{1,3}[.)]|\$)\s+)*")
        .find(line)
        .map_or(0, |mark| mark.len())
}

/// A thematic break, the underline of a heading, a table's separator, a fence.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("```")
        || line.starts_with("~~~")
        || (line.len() > 2 && line.chars().all(|c| "-=~^+*_#|: ".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        Folded::new(text).chars().iter().collect()
    }

    #[test]
    fn what_is_not_heard_is_not_compared() {
        for (text, heard) in [
            (
                "The  **default**\n  is `60`  minutes.",
                "the default is 60 minutes.",
            ),
            ("- one\n- two", "one two"),
            ("> ## 3. Naïve ﬁles", "naive files"),
            (
                "See [the docs](https://x.example/a_(b) \"t\") now",
                "see the docs now",
            ),
            (
                "`text <https://x.example>`_ and :ref:`label`",
                "text and label",
            ),
            ("| a | b |\n|---|:-:|\n| c | d |", "a b c d"),
            ("```bash\n$ sbatch job.sh\n```", "sbatch job.sh"),
            (
                "set SLURM_JOB_ID, _not_ \\_this\\_",
                "set slurm_job_id, not this",
            ),
            ("“don’t” – or —time, --time", "dont - or -time, -time"),
            ("a<br>b <partition>", "ab <partition>"),
            ("soft\u{ad}hyphen\u{200b}", "softhyphen"),
            ("   \n \t", ""),
        ] {
            assert_eq!(folded(text), heard, "{text}");
        }
    }

    #[test]
    fn every_character_knows_its_bytes() {
        let text = "A **ﬁne** “thing”";
        let folded = Folded::new(text);
        let at = folded.chars().iter().position(|c| *c == 'f').unwrap();
        assert_eq!(
            folded.source(at, at + 2).and_then(|span| span.slice(text)),
            Some("ﬁ")
        );
        assert_eq!(folded.source(0, 0), None);
        assert_eq!(folded.source(0, 99), None);
    }

    #[test]
    fn stops_at_the_ends_can_be_left_out() {
        let text = Folded::new("... and so on: it ends.");
        assert_eq!(text.bare().iter().collect::<String>(), "and so on: it ends");
        assert_eq!(Folded::new("...").bare(), []);
    }
}
