//! The macros of `mdoc(7)` that lay out a page: sections, lists, displays. What stands on a line is read in `inline`.

mod inline;
mod names;
#[cfg(test)]
mod tests;

use super::body::{Body, Section};
use super::escape::Font;
use super::request::Request;
use super::words;
use inline::Inline;

/// What the macros remember from line to line.
#[derive(Debug, Default)]
pub(super) struct Mdoc {
    inline: Inline,
    lists: Vec<List>,
    /// The tag of `.It` goes on until `.Xc`.
    tag_open: bool,
}

/// An open `.Bl`.
#[derive(Debug)]
struct List {
    kind: ListKind,
    compact: bool,
    /// Rows of `-column`, the last one under way, and whether the first row is set in bold.
    rows: Vec<Vec<String>>,
    headed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListKind {
    Bullet,
    Number,
    Item,
    Tag,
    /// Tags that are text, not macros.
    Diagnostic,
    Column,
}

impl Mdoc {
    /// Takes a text line.
    pub(super) fn text(&mut self, body: &mut Body, line: &str) {
        if line.trim().is_empty() {
            self.paragraph(body);
            return;
        }
        let breaks = line.starts_with([' ', '\t']) && !self.tag_open;
        let run = body.escapes.run(line);
        if self.inline.take_join() {
            body.para.extend(run);
        } else {
            body.add(run, breaks);
        }
    }

    /// Takes a macro.
    pub(super) fn request(&mut self, body: &mut Body, request: &Request<'_>) {
        let arguments = request.arguments();
        if body.code.is_some()
            && !matches!(request.name, "Ed" | "Bl" | "Bd" | "Sh" | "Ss" | "El" | "It")
        {
            self.code_line(body, request.name, &arguments);
            return;
        }
        match request.name {
            "Dd" => {
                let date = arguments.join(" ");
                let date = date
                    .trim_start_matches("$Mdocdate")
                    .trim_matches([':', ' ', '$']);
                if date.contains(|c: char| c.is_ascii_digit()) {
                    body.state("date", date.to_owned());
                }
            }
            "Dt" => {
                if let Some(section) = arguments.get(1) {
                    body.state("section", section.clone());
                }
                if let Some(name) = arguments.first() {
                    body.page_title(name);
                }
            }
            "Os" | "Bk" | "Ek" | "Bf" | "Ef" | "Tg" | "Hf" | "Db" => {}
            "Sh" => self.heading(body, 2, &arguments),
            "Ss" => self.heading(body, 3, &arguments),
            "Pp" | "Lp" => self.paragraph(body),
            "Bd" => {
                body.end_code();
                body.flush();
                if matches!(
                    arguments.first().map(String::as_str),
                    Some("-literal" | "-unfilled")
                ) {
                    body.code.get_or_insert_default();
                }
            }
            "Ed" => {
                body.end_code();
                body.flush();
            }
            "Dl" => {
                body.flush();
                self.inline.line(body, "No", &arguments);
                let shown = words::verbatim(&std::mem::take(&mut body.para));
                body.code = Some(shown);
                body.end_code();
            }
            "D1" => {
                body.flush();
                self.inline.line(body, "No", &arguments);
                body.flush();
            }
            "Bl" => self.begin_list(body, &arguments),
            "El" => self.end_list(body),
            "It" => self.item(body, request, &arguments),
            "Rs" => self.inline.begin_reference(),
            "Re" => self.inline.end_reference(body),
            "Ta" => {
                if let Some(list) = self.lists.last_mut() {
                    end_cell(body, list);
                }
                self.inline.line(body, "No", &arguments);
            }
            name => {
                self.inline.line(body, name, &arguments);
                self.after_line(body);
            }
        }
    }

    fn paragraph(&self, body: &mut Body) {
        // A cell is one line, whatever stands in it.
        if self
            .lists
            .last()
            .is_none_or(|list| list.kind != ListKind::Column)
        {
            body.flush();
        }
    }

    /// Ends what the page left open.
    pub(super) fn end(&mut self, body: &mut Body) {
        while !self.lists.is_empty() {
            self.end_list(body);
        }
    }

    /// What a line of macros may have asked for: the end of a tag, a new cell.
    fn after_line(&mut self, body: &mut Body) {
        if self.inline.take_xc() && self.tag_open {
            self.tag_open = false;
            self.end_tag(body);
        }
    }

    fn code_line(&mut self, body: &mut Body, name: &str, arguments: &[String]) {
        let before = std::mem::take(&mut body.para);
        if !matches!(name, "Pp" | "Lp") {
            self.inline.line(body, name, arguments);
        }
        let shown = words::verbatim(&std::mem::replace(&mut body.para, before));
        body.code_line(&shown);
    }

    fn heading(&mut self, body: &mut Body, level: u8, arguments: &[String]) {
        body.end_code();
        self.end(body);
        body.close_levels(1);
        self.inline.line(body, "No", arguments);
        let title = words::plain(&std::mem::take(&mut body.para));
        body.heading(level, &title);
        self.inline.synopsis = body.section == Section::Synopsis;
    }

    fn begin_list(&mut self, body: &mut Body, arguments: &[String]) {
        body.end_code();
        let kind = arguments
            .iter()
            .find_map(|argument| match argument.as_str() {
                "-bullet" | "-dash" | "-hyphen" => Some(ListKind::Bullet),
                "-enum" => Some(ListKind::Number),
                "-item" => Some(ListKind::Item),
                "-column" => Some(ListKind::Column),
                "-diag" => Some(ListKind::Diagnostic),
                _ => None,
            })
            .unwrap_or(ListKind::Tag);
        body.indent();
        self.lists.push(List {
            kind,
            compact: arguments.iter().any(|argument| argument == "-compact"),
            rows: Vec::new(),
            headed: false,
        });
    }

    fn end_list(&mut self, body: &mut Body) {
        if std::mem::take(&mut self.tag_open) {
            self.end_tag(body);
        }
        body.end_code();
        let Some(mut list) = self.lists.pop() else {
            return;
        };
        if list.kind == ListKind::Column {
            end_cell(body, &mut list);
            let (header, rows) = match list.rows.split_first() {
                Some((first, rest)) if list.headed && !rest.is_empty() => {
                    (Some(first.as_slice()), rest)
                }
                _ => (None, list.rows.as_slice()),
            };
            body.ensure_open();
            body.page.table("", header, rows);
        }
        body.outdent();
    }

    fn item(&mut self, body: &mut Body, request: &Request<'_>, arguments: &[String]) {
        if std::mem::take(&mut self.tag_open) {
            self.end_tag(body);
        }
        body.end_code();
        let Some(list) = self.lists.last_mut() else {
            return;
        };
        match list.kind {
            ListKind::Bullet | ListKind::Number => {
                body.flush();
                body.end_tags();
                body.item((list.kind == ListKind::Number).then_some(1));
            }
            ListKind::Item => body.paragraph_break(),
            ListKind::Tag => {
                body.flush();
                self.inline.line(body, "No", arguments);
                if arguments.iter().any(|argument| argument == "Xo") && !self.inline.take_xc() {
                    self.tag_open = true;
                } else {
                    self.end_tag(body);
                }
            }
            ListKind::Diagnostic => {
                body.flush();
                body.para = body.escapes.run_in(Font::Bold, &arguments.join(" "));
                self.end_tag(body);
            }
            ListKind::Column => {
                end_cell(body, list);
                list.rows.push(Vec::new());
                // Cells are set apart by `Ta` or by a tab.
                let rest = format!("{} ", request.rest);
                let cells = rest.split('\t').flat_map(|part| part.split(" Ta "));
                let bold = arguments
                    .first()
                    .is_some_and(|first| matches!(first.as_str(), "Sy" | "Em"));
                list.headed |= bold && list.rows.len() == 1;
                for (nth, cell) in cells.enumerate() {
                    if nth > 0 {
                        end_cell(body, list);
                    }
                    let cell: Vec<String> = super::request::arguments(cell);
                    self.inline.line(body, "No", &cell);
                }
            }
        }
    }

    /// Hands the tag that was collected to the body.
    fn end_tag(&mut self, body: &mut Body) {
        let run = std::mem::take(&mut body.para);
        let joins = self.lists.last().is_some_and(|list| list.compact) && body.waits();
        body.tag(run, joins);
    }
}

/// Ends a cell of a `-column` list: what was collected since the last one.
fn end_cell(body: &mut Body, list: &mut List) {
    let run = std::mem::take(&mut body.para);
    let header = list.headed && list.rows.len() == 1;
    if let Some(row) = list.rows.last_mut() {
        row.push(if header {
            words::plain(&run)
        } else {
            words::markdown(&run).replace('\n', " ")
        });
    }
}
