//! A stretch of lines as CommonMark: dialect containers are replaced by placeholders, indentation is taken off, and every
//! byte of the result maps back to the source.

use dsg_core::Span;

use super::Dialect;
use super::{jsx, shortcode};
use crate::lines::Line;
use crate::outline::span;

/// What a placeholder stands for.
#[derive(Debug, Clone)]
pub(crate) enum Held<'a> {
    /// Lines that are no content.
    Boilerplate(Span),
    /// What is said about a figure, as its label.
    Caption(Span, Span),
    /// Code between lines that mark it: the whole, the code, its language.
    Code(Span, Span, Option<String>),
    /// A note, tab or the like, whose content is parsed on its own.
    Container(Container<'a>),
}

/// An admonition, tab or fenced directive.
#[derive(Debug, Clone)]
pub(crate) struct Container<'a> {
    /// Lower-case class; `None` for what only encloses its content.
    pub class: Option<String>,
    /// The lines that open and close what only encloses.
    pub frame: Vec<Span>,
    /// From the marker to the end of the content or its closing line.
    pub span: Span,
    /// The title.
    pub label: Option<Span>,
    /// The content's lines.
    pub content: Vec<Line<'a>>,
    /// Columns of indentation that belong to the container.
    pub dedent: usize,
}

/// The map from a parser's buffer back to the source.
#[derive(Debug, Default)]
pub(crate) struct Region<'a> {
    /// Of each stretch its start in the buffer, its start in the source, and its length there.
    starts: Vec<(usize, usize, usize)>,
    held: Vec<(usize, Held<'a>)>,
}

impl<'a> Region<'a> {
    /// The buffer to parse for `lines`, each without its first `dedent` columns, and its map.
    pub(crate) fn new(lines: &[Line<'a>], dedent: usize, dialect: Dialect) -> (String, Self) {
        let mut region = Self::default();
        let mut buffer = String::with_capacity(lines.iter().map(|line| line.text.len() + 1).sum());
        let mut fence: Option<Fence> = None;
        let mut unclosed = Unclosed::default();
        let mut nth = 0;
        while let Some(line) = lines.get(nth) {
            let line = without_indent(*line, dedent);
            if let Some(open) = fence {
                if open.is_closed_by(line.text) {
                    fence = None;
                }
                region.push(&mut buffer, line);
                nth += 1;
                continue;
            }
            let bare = line.text.trim_start();
            let rest = lines.get(nth + 1..).unwrap_or_default();
            if dialect.mdx
                && let Some((held, used)) = jsx::held(line, rest, &mut unclosed)
            {
                region.hold(&mut buffer, line, held);
                nth += 1 + used;
                continue;
            }
            // Most lines begin with a letter and need no closer look.
            if bare.starts_with(|c: char| c.is_ascii_alphanumeric()) || bare.is_empty() {
                region.push(&mut buffer, line);
                nth += 1;
                continue;
            }
            if let Some((held, used)) = held(line, rest, dedent, &mut unclosed) {
                region.hold(&mut buffer, line, held);
                nth += 1 + used;
                continue;
            }
            fence = Fence::open(line.text);
            region.push(&mut buffer, line);
            nth += 1;
        }
        (buffer, region)
    }

    fn push(&mut self, buffer: &mut String, line: Line<'_>) {
        self.starts
            .push((buffer.len(), line.start, line.text.len() + 1));
        buffer.push_str(line.text);
        buffer.push('\n');
    }

    /// Puts a paragraph of its own where `held` stood, indented as the line was.
    fn hold(&mut self, buffer: &mut String, line: Line<'_>, held: Held<'a>) {
        // What ends here ends before the line.
        self.starts
            .push((buffer.len(), line.start.saturating_sub(1), 0));
        buffer.push('\n');
        self.starts
            .push((buffer.len(), line.start, line.text.len()));
        let indent = line.text.len() - line.text.trim_start().len();
        buffer.push_str(line.text.get(..indent).unwrap_or_default());
        self.held.push((buffer.len(), held));
        buffer.push_str("\u{e000}\n\n");
    }

    /// Where the byte at `at` of the buffer stands in the source.
    pub(crate) fn source(&self, at: usize) -> usize {
        let nth = self.starts.partition_point(|(start, ..)| *start <= at);
        nth.checked_sub(1)
            .and_then(|nth| self.starts.get(nth))
            .map_or_else(
                || self.starts.first().map_or(0, |(_, source, _)| *source),
                |(start, source, length)| source + (at - start).min(*length),
            )
    }

    /// The source span of `start..end` in the buffer.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        if end <= start {
            return span(self.source(start), self.source(start));
        }
        span(self.source(start), self.source(end - 1) + 1)
    }

    /// What the placeholder at `at` of the buffer stands for.
    pub(crate) fn take(&mut self, at: usize) -> Option<Held<'a>> {
        let nth = self
            .held
            .binary_search_by_key(&at, |(start, _)| *start)
            .ok()?;
        self.held
            .get_mut(nth)
            .map(|(_, held)| std::mem::replace(held, Held::Boilerplate(Span::of_len(0, 0))))
    }
}

/// `line` without up to `columns` columns of white space.
fn without_indent(line: Line<'_>, columns: usize) -> Line<'_> {
    let mut column = 0;
    let mut bytes = 0;
    for byte in line.text.bytes() {
        if column >= columns {
            break;
        }
        match byte {
            b' ' => column += 1,
            b'\t' => column += 4 - column % 4,
            _ => break,
        }
        bytes += 1;
    }
    Line {
        start: line.start + bytes,
        text: line.text.get(bytes..).unwrap_or_default(),
    }
}

#[derive(Debug, Clone, Copy)]
struct Fence {
    mark: u8,
    length: usize,
}

impl Fence {
    fn open(line: &str) -> Option<Self> {
        // A fence may follow a list marker: `- ```sh`.
        let bare = line.trim_start_matches([' ', '\t', '>']);
        let bare = bare
            .strip_prefix(['-', '*', '+'])
            .filter(|rest| rest.starts_with(' '))
            .map_or(bare, str::trim_start);
        let mark = *bare.as_bytes().first()?;
        if !matches!(mark, b'`' | b'~') {
            return None;
        }
        let length = bare.bytes().take_while(|byte| *byte == mark).count();
        let info = bare.get(length..).unwrap_or_default();
        (length >= 3 && !(mark == b'`' && info.contains('`'))).then_some(Self { mark, length })
    }

    fn is_closed_by(self, line: &str) -> bool {
        let bare = line.trim_start_matches([' ', '\t', '>']).trim_end();
        bare.len() >= self.length && bare.bytes().all(|byte| byte == self.mark)
    }
}

/// Closing lines that were looked for and not found: nor will they be further down. Keeps the search linear.
#[derive(Debug, Default)]
pub(super) struct Unclosed {
    /// Fences of this mark and at least this length.
    fences: Vec<(u8, usize)>,
    /// Shortcodes of this name.
    names: Vec<String>,
}

impl Unclosed {
    /// The line among `rest` that closes a fence of `marks` times `mark`.
    fn fence(&mut self, mark: u8, marks: usize, rest: &[Line<'_>]) -> Option<usize> {
        if self
            .fences
            .iter()
            .any(|(seen, least)| *seen == mark && marks >= *least)
        {
            return None;
        }
        let closes = |next: &Line<'_>| {
            let next = next.content();
            next.len() >= marks && next.bytes().all(|byte| byte == mark)
        };
        // One that opens inside with as many marks closes first.
        let mut inner = 0_usize;
        let close = rest
            .iter()
            .position(|next| {
                if closes(next) {
                    inner = inner.wrapping_sub(1);
                    return inner == usize::MAX;
                }
                let text = next.content();
                let same = text.bytes().take_while(|byte| *byte == mark).count() == marks;
                inner += usize::from(mark == b':' && same && fence_name(text, marks).is_some());
                false
            })
            .or_else(|| rest.iter().position(closes));
        if close.is_none() {
            self.fences.retain(|(seen, _)| *seen != mark);
            self.fences.push((mark, marks));
        }
        close
    }

    /// The line among `rest` that closes what is called `name`.
    pub(super) fn named(
        &mut self,
        name: &str,
        rest: &[Line<'_>],
        mut closes: impl FnMut(&str) -> bool,
    ) -> Option<usize> {
        if self.names.iter().any(|seen| seen == name) {
            return None;
        }
        let close = rest.iter().position(|next| closes(next.content()));
        if close.is_none() {
            self.names.push(name.to_owned());
        }
        close
    }
}

/// The dialect construct that begins with `line`, and how many of the lines in `rest` belong to it.
fn held<'a>(
    line: Line<'a>,
    rest: &[Line<'a>],
    dedent: usize,
    unclosed: &mut Unclosed,
) -> Option<(Held<'a>, usize)> {
    let bare = line.content();
    match bare.as_bytes().first()? {
        b'!' | b'?' | b'=' => indented(line, rest, dedent),
        b':' => colon_fenced(line, rest, unclosed),
        b'`' => directive_fenced(line, rest, unclosed),
        b'{' => shortcode::held(line, rest, unclosed),
        b'-' | b';' | b'[' | b'%' => {
            is_boilerplate(bare).then(|| (Held::Boilerplate(line.content_span()), 0))
        }
        _ => None,
    }
}

fn is_boilerplate(bare: &str) -> bool {
    bare.starts_with("--8<--")
        || bare.starts_with(";--8<--")
        || bare.eq_ignore_ascii_case("[TOC]")
        || bare.eq_ignore_ascii_case("[[_TOC_]]")
        || (bare.starts_with("[](") && bare.ends_with('}'))
        || (bare.starts_with("[]{") && bare.ends_with('}'))
}

/// `!!! note "Title"`, `??? tip`, `=== "Tab"`, with their content indented by four.
fn indented<'a>(line: Line<'a>, rest: &[Line<'a>], dedent: usize) -> Option<(Held<'a>, usize)> {
    let bare = line.content();
    let tab = bare.starts_with("===");
    let after = ["!!!", "???", "==="]
        .into_iter()
        .find_map(|mark| bare.strip_prefix(mark))?;
    let after = after.trim_start_matches(['+', '!']);
    let title = quoted(after);
    let classes = after.split('"').next().unwrap_or_default();
    let class = if tab {
        title?;
        "tab".to_owned()
    } else {
        let class: String = classes.split_whitespace().next()?.to_ascii_lowercase();
        // `!!! note inline end "Title"`: classes and nothing else.
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' ');
        if !classes.chars().all(named) || classes.split_whitespace().count() > 3 {
            return None;
        }
        class
    };
    let own = line.columns(4);
    let mut used = 0;
    let mut end = line.end();
    for (nth, next) in rest.iter().enumerate() {
        if next.is_blank() {
            continue;
        }
        let next_columns = next.columns(4).saturating_sub(dedent);
        if next_columns < own + 4 {
            break;
        }
        used = nth + 1;
        end = next.end();
    }
    let start = line.content_span().start();
    let label = title.map(|(from, length)| {
        let offset = bare.len() - after.len() + from;
        Span::of_len(start + offset, length)
    });
    let container = Container {
        class: Some(class),
        frame: Vec::new(),
        span: span(start, end),
        label,
        content: rest.get(..used).unwrap_or_default().to_vec(),
        dedent: dedent + own + 4,
    };
    Some((Held::Container(container), used))
}

/// The first quoted text: its offset and length.
fn quoted(text: &str) -> Option<(usize, usize)> {
    let open = text.find('"')?;
    let inner = text.get(open + 1..)?;
    let length = inner.rfind('"')?;
    (length > 0).then_some((open + 1, length))
}

/// `:::note Title` … `:::`.
fn colon_fenced<'a>(
    line: Line<'a>,
    rest: &[Line<'a>],
    unclosed: &mut Unclosed,
) -> Option<(Held<'a>, usize)> {
    let bare = line.content();
    let marks = bare.bytes().take_while(|byte| *byte == b':').count();
    let (named, length) = fence_name(bare, marks)?;
    let class = named.get(..length)?;
    let close = unclosed.fence(b':', marks, rest)?;
    let title = named.get(length..)?.trim_start_matches('}').trim();
    let title = title
        .strip_prefix('[')
        .and_then(|title| title.strip_suffix(']'))
        .unwrap_or(title);
    let title = if title.starts_with('{') { "" } else { title };
    fenced(line, rest, close, class, title)
}

/// What follows the marks of `:::name`, `::: {.name}`, and the name's length.
fn fence_name(bare: &str, marks: usize) -> Option<(&str, usize)> {
    let named = bare
        .get(marks..)?
        .trim_start()
        .trim_start_matches(['{', '.']);
    let length = named
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        .count();
    (marks >= 3 && length > 0).then_some((named, length))
}

/// MyST's ```` ```{note} Title ````.
fn directive_fenced<'a>(
    line: Line<'a>,
    rest: &[Line<'a>],
    unclosed: &mut Unclosed,
) -> Option<(Held<'a>, usize)> {
    let bare = line.content();
    let marks = bare.bytes().take_while(|byte| *byte == b'`').count();
    let after = bare.get(marks..)?.strip_prefix('{')?;
    let (class, title) = after.split_once('}')?;
    let known = [
        "attention",
        "caution",
        "danger",
        "error",
        "hint",
        "important",
        "note",
        "seealso",
        "tip",
        "warning",
        "admonition",
        "dropdown",
    ];
    if marks < 3 || !known.contains(&class) {
        return None;
    }
    let close = unclosed.fence(b'`', marks, rest)?;
    fenced(line, rest, close, class, title.trim())
}

pub(super) fn fenced<'a>(
    line: Line<'a>,
    rest: &[Line<'a>],
    close: usize,
    class: &str,
    title: &str,
) -> Option<(Held<'a>, usize)> {
    let label = (!title.is_empty())
        .then(|| line.text.rfind(title))
        .flatten()
        .map(|at| Span::of_len(line.start + at, title.len()));
    let container = Container {
        class: Some(class.to_ascii_lowercase()),
        frame: Vec::new(),
        span: span(line.content_span().start(), rest.get(close)?.end()),
        label,
        content: rest.get(..close)?.to_vec(),
        dedent: 0,
    };
    Some((Held::Container(container), close + 1))
}
