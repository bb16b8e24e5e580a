//! Prose and code of a Markdown text, told apart.

use std::ops::Range;

/// What a stretch of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Running text with its markup.
    Prose,
    /// Between backticks.
    Inline,
    /// Between fences, without them.
    Fenced,
}

/// A stretch of text of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// Byte offset of `text` in the whole.
    pub(crate) start: usize,
}

/// A text cut into segments. Markers (fences, info words, backticks) are in none of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Segments<'a> {
    pub(crate) all: Vec<Segment<'a>>,
    /// A fence or a backtick run without its counterpart.
    pub(crate) unclosed: Option<&'static str>,
}

impl<'a> Segments<'a> {
    /// Cuts `text`.
    pub(crate) fn new(text: &'a str) -> Self {
        let mut segments = Self::default();
        let mut prose = 0;
        let mut fence: Option<(char, usize, usize)> = None;
        for line in lines(text) {
            let content = text.get(line.clone()).unwrap_or_default();
            let marker = fence_marker(content);
            match (fence, marker) {
                (None, Some((symbol, run, _))) => {
                    segments.push_prose(text, prose..line.start);
                    fence = Some((symbol, run, line.end));
                }
                (Some((symbol, run, start)), Some((closing, length, bare)))
                    if closing == symbol && length >= run && bare =>
                {
                    segments.push(Kind::Fenced, text, start..line.start);
                    fence = None;
                    prose = line.end;
                }
                _ => {}
            }
        }
        if let Some((_, _, start)) = fence {
            segments.unclosed = Some("a code fence");
            segments.push(Kind::Fenced, text, start..text.len());
        } else {
            segments.push_prose(text, prose..text.len());
        }
        segments
    }

    /// The prose segments' text, joined by spaces.
    pub(crate) fn prose(&self) -> String {
        let mut out = String::new();
        for segment in self.of(&[Kind::Prose]) {
            out.push_str(segment.text);
            out.push(' ');
        }
        out
    }

    /// Everything that is read as running text: prose with its code spans, without fenced code.
    pub(crate) fn running(&self) -> String {
        let mut out = String::new();
        for segment in self.of(&[Kind::Prose, Kind::Inline]) {
            out.push_str(segment.text);
        }
        out
    }

    /// The segments of these kinds.
    pub(crate) fn of(&self, kinds: &[Kind]) -> impl Iterator<Item = &Segment<'a>> {
        self.all
            .iter()
            .filter(move |segment| kinds.contains(&segment.kind))
    }

    fn push(&mut self, kind: Kind, text: &'a str, range: Range<usize>) {
        let start = range.start;
        if let Some(text) = text.get(range).filter(|text| !text.is_empty()) {
            self.all.push(Segment { kind, text, start });
        }
    }

    /// Cuts a stretch without fences at its backtick runs.
    fn push_prose(&mut self, text: &'a str, range: Range<usize>) {
        let Some(stretch) = text.get(range.clone()) else {
            return;
        };
        let runs = backtick_runs(stretch);
        let mut done = 0;
        let mut open = 0;
        while let Some(start) = runs.get(open) {
            // A span never reaches over a blank line.
            let close = runs.iter().enumerate().skip(open + 1).find(|(_, run)| {
                run.len() == start.len()
                    && stretch
                        .get(start.end..run.start)
                        .is_some_and(|inner| !inner.contains("\n\n"))
            });
            if let Some((at, end)) = close {
                self.push(
                    Kind::Prose,
                    text,
                    range.start + done..range.start + start.start,
                );
                self.push(
                    Kind::Inline,
                    text,
                    range.start + start.end..range.start + end.start,
                );
                done = end.end;
                open = at + 1;
            } else {
                self.unclosed = Some("a backtick");
                open += 1;
            }
        }
        self.push(Kind::Prose, text, range.start + done..range.end);
    }
}

/// Byte ranges of lines, newline included.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let range = start..start + line.len();
        start = range.end;
        range
    })
}

/// Symbol, run length, and whether nothing follows.
pub(crate) fn fence_marker(line: &str) -> Option<(char, usize, bool)> {
    let line = line.trim();
    let symbol = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = line.trim_start_matches(symbol);
    let run = line.len() - rest.len();
    // Backticks in the rest make it an inline span.
    (run >= 3 && !(symbol == '`' && rest.contains('`'))).then_some((symbol, run, rest.is_empty()))
}

fn backtick_runs(text: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('`') {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(Kind, &str)> {
        Segments::new(text)
            .all
            .iter()
            .map(|segment| (segment.kind, segment.text))
            .collect()
    }

    #[test]
    fn fences_and_spans_are_code() {
        assert_eq!(
            cut("Run `a b`:\n```bash\n# x\nsrun y\n```\nDone ``c`d``."),
            [
                (Kind::Prose, "Run "),
                (Kind::Inline, "a b"),
                (Kind::Prose, ":\n"),
                (Kind::Fenced, "# x\nsrun y\n"),
                (Kind::Prose, "Done "),
                (Kind::Inline, "c`d"),
                (Kind::Prose, "."),
            ]
        );
    }

    #[test]
    fn what_is_not_closed_is_reported() {
        assert_eq!(Segments::new("a `b").unclosed, Some("a backtick"));
        assert_eq!(Segments::new("```\nb").unclosed, Some("a code fence"));
        assert_eq!(Segments::new("`a` and ```b```").unclosed, None);
    }

    #[test]
    fn offsets_point_into_the_whole() {
        let text = "Ein „ü“ `x` und\n~~~\ny\n~~~\nz";
        for segment in Segments::new(text).all {
            assert_eq!(
                text.get(segment.start..segment.start + segment.text.len()),
                Some(segment.text)
            );
        }
    }
}
