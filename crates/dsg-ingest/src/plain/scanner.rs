//! Sections by their titles, then blocks by indentation.

use dsg_core::{Block, BlockKind, Span};

use crate::literal::is_literal;
use crate::outline::{Outline, span};
use crate::row::{Row, base, extent, indented};
use crate::{entry_term, note};

/// Content indented deeper than this is a paragraph.
const MAX_DEPTH: usize = 24;
/// Longer lines are no titles or terms, in bytes.
const MAX_TITLE: usize = 90;
/// Longer question lines are not looked for, in rows.
const MAX_QUESTION: usize = 8;

/// Reads rows into an outline.
pub(super) struct Scanner<'a, 'o> {
    text: &'a str,
    outline: &'o mut Outline,
    /// Laid out as `man` prints: indented sections, entries by indentation.
    man: bool,
    /// Entries of this section are options.
    options: bool,
    depth: usize,
}

impl<'a, 'o> Scanner<'a, 'o> {
    pub(super) const fn new(text: &'a str, outline: &'o mut Outline) -> Self {
        Self {
            text,
            outline,
            man: false,
            options: false,
            depth: 0,
        }
    }

    /// Reads a whole text.
    pub(super) fn sections(&mut self, rows: &[Row<'a>]) {
        self.man = is_man_layout(rows);
        let mut at = 0;
        let mut aside = false;
        while at < rows.len() {
            if let Some((title, whole, level, used)) = self.title(rows, at) {
                let words = title.slice(self.text).unwrap_or_default();
                if level <= 2 {
                    self.options = entry_term::names_options(words);
                    aside = self.man && entry_term::is_aside(words);
                }
                if aside {
                    self.outline.leaf(Block::new(BlockKind::Boilerplate, whole));
                } else {
                    let kind = BlockKind::Heading { level };
                    self.outline.leaf(Block::new(kind, whole).with_label(title));
                }
                at += used;
                continue;
            }
            let mut end = at + 1;
            while end < rows.len() && self.title(rows, end).is_none() {
                end += 1;
            }
            let section = rows.get(at..end).unwrap_or_default();
            if aside || self.is_running_line(section) {
                if let Some(whole) = extent(section) {
                    self.outline.leaf(Block::new(BlockKind::Boilerplate, whole));
                }
            } else {
                self.blocks(section, base(section));
            }
            at = end;
        }
    }

    /// The title that begins at row `at`: its words, its span, its level, its rows.
    fn title(&self, rows: &[Row<'a>], at: usize) -> Option<(Span, Span, u8, usize)> {
        let row = *rows.get(at)?;
        if row.is_blank() {
            return None;
        }
        let before_blank = at == 0 || rows.get(at - 1).is_some_and(|row| row.is_blank());
        let whole = span(row.start, row.end());
        if self.man
            && at < 3
            && let Some(name) = running_title(row.text)
        {
            return Some((Span::of_len(row.start, name), whole, 1, 1));
        }
        if row.text.len() > MAX_TITLE {
            return None;
        }
        let next = rows.get(at + 1).copied();
        if let Some(next) = next
            && row.column < 4
            && next.column == row.column
            && before_blank
            && let Some(mark) = underline(next.text)
            && next.text.len() + 2 >= row.text.chars().count()
            && row.text.chars().any(char::is_alphanumeric)
        {
            let level = match mark {
                b'=' | b'#' | b'*' => 1,
                b'-' => 2,
                _ => 3,
            };
            return Some((whole, span(row.start, next.end()), level, 2));
        }
        let after =
            next.is_none_or(|next| next.is_blank() || (self.man && next.column > row.column));
        if row.column == 0 && before_blank && after && is_capitals(row.text) {
            return Some((whole, whole, 2, 1));
        }
        let sub = self.man
            && (2..=4).contains(&row.column)
            && before_blank
            && next.is_some_and(|next| !next.is_blank() && next.column > row.column)
            && row.text.starts_with(|c: char| c.is_uppercase());
        sub.then_some((whole, whole, 3, 1))
    }

    /// The line that `man` prints at the foot of a page.
    fn is_running_line(&self, section: &[Row<'_>]) -> bool {
        let mut content = section.iter().filter(|row| !row.is_blank());
        self.man
            && content
                .next()
                .is_some_and(|row| row.column == 0 && row.text.contains("     "))
            && content.next().is_none()
    }

    /// Reads `rows` as blocks at `column`.
    fn blocks(&mut self, rows: &[Row<'a>], column: usize) {
        if self.depth >= MAX_DEPTH {
            if let Some(whole) = extent(rows) {
                self.outline.leaf(Block::new(BlockKind::Paragraph, whole));
            }
            return;
        }
        self.depth += 1;
        let mut at = 0;
        while let Some(row) = rows.get(at).copied() {
            if row.is_blank() {
                at += 1;
                continue;
            }
            at = self.element(rows, at, row, column).max(at + 1);
        }
        self.depth -= 1;
    }

    fn element(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>, column: usize) -> usize {
        if row.column > column {
            return self.deeper(rows, at, column);
        }
        if underline(row.text).is_some() {
            return at + 1;
        }
        if let Some(end) = self.question(rows, at, row) {
            return end;
        }
        if let Some(end) = self.list(rows, at, row) {
            return end;
        }
        if let Some(end) = self.entry(rows, at, row) {
            return end;
        }
        let end = paragraph_end(rows, at, row);
        if is_shell(rows.get(at..end).unwrap_or_default()) {
            return self.code(rows, at, column);
        }
        if let Some(whole) = rows.get(at..end).and_then(extent) {
            self.outline.paragraph(self.text, whole);
        }
        end
    }

    /// Rows indented deeper than their surroundings: code, or text of its own.
    fn deeper(&mut self, rows: &[Row<'a>], at: usize, column: usize) -> usize {
        let end = indented(rows, at, column + 1);
        let inner = rows.get(at..end).unwrap_or_default();
        let first = inner.first().map_or(column, |row| row.column);
        let described = inner.iter().skip(1).take(1).any(|row| row.column > first);
        let listed = inner.first().is_some_and(|row| {
            marker(row.text).is_some()
                || (entry_term::is_option(row.text) && (described || row.text.contains("  ")))
        });
        if !listed && (is_shell(inner) || (first >= column + 2 && !is_prose(inner))) {
            self.code_rows(inner);
        } else {
            self.blocks(inner, base(inner));
        }
        end
    }

    /// Shell lines at the column of the text: all up to a row that is prose again.
    fn code(&mut self, rows: &[Row<'a>], at: usize, column: usize) -> usize {
        let mut end = at;
        while let Some(row) = rows.get(end) {
            if row.is_blank() || row.column < column {
                break;
            }
            end += 1;
        }
        self.code_rows(rows.get(at..end).unwrap_or_default());
        end
    }

    fn code_rows(&mut self, rows: &[Row<'a>]) {
        let Some(content) = extent(rows) else {
            return;
        };
        self.outline.code(self.text, content, None, None);
    }

    /// `Q: …` and the `A: …` that follows.
    fn question(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> Option<usize> {
        let skip = lettered(row.text, 'Q')?;
        let answer = rows
            .iter()
            .enumerate()
            .skip(at + 1)
            .take(MAX_QUESTION)
            .find(|(_, next)| lettered(next.text, 'A').is_some())?
            .0;
        let first = rows.get(answer)?;
        let asked = rows.get(at..answer).and_then(extent)?;
        let end = rows
            .iter()
            .enumerate()
            .skip(answer + 1)
            .find(|(_, next)| {
                lettered(next.text, 'Q').is_some() || next.column < row.column && !next.is_blank()
            })
            .map_or(rows.len(), |(nth, _)| nth);
        let said = rows.get(answer..end).and_then(extent)?;
        let start = first.start + lettered(first.text, 'A').unwrap_or_default();
        let mark = self.outline.open(BlockKind::Definition, row.start);
        self.outline
            .set_label(&mark, span(row.start + skip, asked.end()));
        self.outline.set_body(&mark, span(start, said.end()));
        let rest = rows.get(answer + 1..end).unwrap_or_default();
        let column = base(rest);
        let mut body = vec![first.after(start - first.start, column)];
        body.extend_from_slice(rest);
        self.blocks(&body, column);
        self.outline.close(mark, said.end());
        Some(end)
    }

    fn list(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> Option<usize> {
        let (ordered, _) = marker(row.text)?;
        let list = self.outline.open(BlockKind::List { ordered }, row.start);
        let mut next = at;
        let mut end = row.end();
        while let Some(item) = rows.get(next).copied() {
            if item.is_blank() {
                next += 1;
                continue;
            }
            let Some((_, width)) =
                marker(item.text).filter(|(kind, _)| *kind == ordered && item.column == row.column)
            else {
                break;
            };
            let mut stop = indented(rows, next + 1, item.column + 1);
            if stop <= next + 1 {
                // `man` wraps numbered lines to the same column.
                stop = next
                    + 1
                    + rows
                        .iter()
                        .skip(next + 1)
                        .take_while(|row| {
                            !row.is_blank()
                                && row.column == item.column
                                && marker(row.text).is_none()
                        })
                        .count();
            }
            if let Some(whole) = rows.get(next..stop).and_then(extent) {
                let mark = self.outline.open(BlockKind::ListItem, whole.start());
                let rest = rows.get(next + 1..stop).unwrap_or_default();
                let column = base(rest);
                let first = item.after(width, column);
                self.outline.set_body(&mark, span(first.start, whole.end()));
                let mut body = vec![first];
                body.extend_from_slice(rest);
                self.blocks(&body, column);
                self.outline.close(mark, whole.end());
                end = whole.end();
            }
            next = stop.max(next + 1);
        }
        self.outline.close(list, end);
        Some(next)
    }

    /// A term and deeper-indented text about it, on the next row or after a gap on the same one.
    fn entry(&mut self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> Option<usize> {
        let next = rows.get(at + 1).copied().filter(|next| !next.is_blank());
        let deeper = next.filter(|next| next.column > row.column);
        let option = entry_term::is_option(row.text);
        let gap = row.text.find("  ").and_then(|gap| {
            let said = row.text.get(gap..)?;
            let column = row.column
                + row.text.get(..gap)?.chars().count()
                + (said.len() - said.trim_start().len());
            let aligned = deeper.is_some_and(|next| next.column == column);
            let alone = next.is_none_or(|next| next.column <= row.column);
            let short = gap <= 40 && row.text.get(..gap)?.split_whitespace().count() <= 4;
            let listed = option || (self.man && (aligned || (alone && is_lone(rows, at))));
            (short && (listed || aligned)).then_some(gap)
        });
        let length = match gap {
            Some(gap) => gap,
            None if deeper.is_some() && self.is_term(rows, at, row) => row.text.len(),
            None => return None,
        };
        let end = indented(rows, at + 1, row.column + 1);
        let whole = rows.get(at..end.max(at + 1)).and_then(extent)?;
        let label = Span::of_len(row.start, length);
        let words = label.slice(self.text).unwrap_or_default();
        let kind = if option || (self.options && self.depth <= 1 && is_literal(words)) {
            BlockKind::Option
        } else {
            BlockKind::Definition
        };
        let rest = rows.get(at + 1..end).unwrap_or_default();
        let column = base(rest);
        let mut body = Vec::with_capacity(rest.len() + 1);
        let first = row.after(length, column);
        if !first.is_blank() {
            body.push(first);
        }
        body.extend_from_slice(rest);
        let content = extent(&body)?;
        let mark = self.outline.open(kind, whole.start());
        self.outline.set_label(&mark, label);
        self.outline.set_body(&mark, content);
        self.blocks(&body, column);
        self.outline.close(mark, whole.end());
        Some(end.max(at + 1))
    }

    /// Whether the row at `at` names what the deeper rows after it describe.
    fn is_term(&self, rows: &[Row<'a>], at: usize, row: Row<'a>) -> bool {
        if entry_term::is_option(row.text) {
            return row.text.len() <= 2 * MAX_TITLE;
        }
        let after_blank = at == 0
            || rows
                .get(at - 1)
                .is_some_and(|before| before.is_blank() || before.column > row.column);
        let sentence =
            row.text.ends_with([':', '.', ',', ';']) || row.text.split_whitespace().count() > 8;
        self.man && after_blank && !sentence && row.text.len() <= MAX_TITLE
    }
}

/// Where the paragraph that begins at `at` ends: at a blank row, another column, a list or a note.
fn paragraph_end(rows: &[Row<'_>], at: usize, row: Row<'_>) -> usize {
    let more = rows
        .iter()
        .skip(at + 1)
        .take_while(|next| {
            !next.is_blank()
                && next.column == row.column
                && marker(next.text).is_none()
                && note::split(next.text).is_none()
        })
        .count();
    at + 1 + more
}

/// Whether the row is the whole of its block.
fn is_lone(rows: &[Row<'_>], at: usize) -> bool {
    let before = at == 0 || rows.get(at - 1).is_some_and(|row| row.is_blank());
    before && rows.get(at + 1).is_none_or(|row| row.is_blank())
}

/// `sbatch(1)   Title   sbatch(1)`: the length of the name without its section.
fn running_title(text: &str) -> Option<usize> {
    let first = text.split_whitespace().next()?;
    let open = first.find('(')?;
    let named = open > 0 && first.ends_with(')') && first.len() - open <= 6;
    (named && text.len() > first.len() && text.trim_end().ends_with(first)).then_some(open)
}

/// Whether rows look like a man page that was printed: its running title, or sections in capitals over indented text.
fn is_man_layout(rows: &[Row<'_>]) -> bool {
    let titled = rows
        .iter()
        .filter(|row| !row.is_blank())
        .take(1)
        .any(|row| running_title(row.text).is_some());
    let sections = rows
        .windows(2)
        .filter(|pair| match pair {
            [title, text] => title.column == 0 && is_capitals(title.text) && text.column >= 4,
            _ => false,
        })
        .take(2)
        .count();
    titled || sections >= 2
}

/// Whether a line is a title in capitals.
fn is_capitals(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 3
        && letters * 2 >= text.chars().count()
        && !text.ends_with(['.', ',', ';', '='])
        && !text.contains('_')
        && text
            .chars()
            .filter(|c| c.is_alphabetic())
            .all(char::is_uppercase)
}

fn underline(text: &str) -> Option<u8> {
    let mark = *text.as_bytes().first()?;
    (text.len() >= 3
        && matches!(mark, b'=' | b'-' | b'~' | b'*' | b'#' | b'^' | b'_')
        && text.bytes().all(|byte| byte == mark))
    .then_some(mark)
}

/// A list marker: whether it numbers, and the bytes up to the item's text.
fn marker(text: &str) -> Option<(bool, usize)> {
    let first = text.chars().next()?;
    if matches!(first, '-' | '*' | '+' | '•' | 'o' | '·' | '‣') {
        let rest = text.get(first.len_utf8()..)?;
        let said = rest.trim_start();
        return (rest.starts_with(' ') && !said.is_empty())
            .then_some((false, first.len_utf8() + (rest.len() - said.len())));
    }
    let open = usize::from(first == '(');
    let digits = text
        .bytes()
        .skip(open)
        .take(3)
        .take_while(u8::is_ascii_digit)
        .count();
    let close = text.get(open + digits..)?;
    let fits = digits > 0 && ((open == 0 && close.starts_with(". ")) || close.starts_with(") "));
    let after = close.get(1..)?;
    fits.then(|| {
        (
            true,
            open + digits + 1 + (after.len() - after.trim_start().len()),
        )
    })
}

/// `Q: `, `Q1. `, `Question: `: the bytes up to the words.
fn lettered(text: &str, letter: char) -> Option<usize> {
    let word = if letter == 'Q' { "Question" } else { "Answer" };
    let rest = text
        .strip_prefix(word)
        .or_else(|| text.strip_prefix(letter))?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest.get(digits..)?;
    let said = rest.strip_prefix([':', '.', ')'])?;
    said.starts_with([' ', '\t'])
        .then(|| text.len() - said.trim_start().len())
}

/// Whether rows are a shell session or a script.
fn is_shell(rows: &[Row<'_>]) -> bool {
    rows.iter().find(|row| !row.is_blank()).is_some_and(|row| {
        ["$ ", "# ", "> ", "#!", "% "]
            .iter()
            .any(|prompt| row.text.starts_with(prompt))
            || row.text.starts_with("#SBATCH ")
    })
}

/// Whether rows read as sentences.
fn is_prose(rows: &[Row<'_>]) -> bool {
    let mut words = 0_usize;
    let mut plain = 0_usize;
    for row in rows.iter().take(12) {
        for word in row.text.split_whitespace() {
            words += 1;
            let bare = word.trim_matches(|c: char| {
                matches!(c, '.' | ',' | ';' | ':' | '(' | ')' | '"' | '\'')
            });
            plain += usize::from(
                !bare.is_empty() && bare.chars().all(|c| c.is_alphabetic() || c == '-'),
            );
        }
    }
    words >= 4 && plain * 10 >= words * 7
}
