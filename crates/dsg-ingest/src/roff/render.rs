//! Lines of a page: conditions, definitions and requests of roff itself; macros go to the package the page is written in.

use serde_json::Value;

use super::body::Body;
use super::man::Man;
use super::mdoc::Mdoc;
use super::request::Request;
use super::tbl::Table;
use super::words;
use crate::ingester::Parsed;

/// Conditional lines that are left out.
#[derive(Debug)]
enum Skip {
    /// Up to a line with this content, as after `.de`.
    Until(String),
    /// Up to the matching `\}`.
    Braces(usize),
}

/// Renders a page line by line.
#[derive(Debug)]
pub(crate) struct Renderer {
    body: Body,
    man: Man,
    /// Set by the first `.Dd` or `.Dt`: the page is written in mdoc.
    mdoc: Option<Mdoc>,
    table: Option<Table>,
    skip: Option<Skip>,
    condition: bool,
}

impl Renderer {
    /// A renderer for the page at `path`, whose source has `bytes`.
    pub(crate) fn new(bytes: usize, path: &str) -> Self {
        Self {
            body: Body::new(bytes, path),
            man: Man::default(),
            mdoc: None,
            table: None,
            skip: None,
            condition: false,
        }
    }

    /// Takes the next line of the source.
    pub(crate) fn line(&mut self, line: &str) {
        if self.skip.is_some() {
            self.skipped(line);
            return;
        }
        if let Some(table) = &mut self.table {
            if line.starts_with(".TE") {
                self.end_table();
            } else {
                table.line(line, &mut self.body.escapes);
            }
            return;
        }
        match Request::read(line) {
            Some(request) => self.request(&request),
            None => self.text(line),
        }
    }

    /// The finished document.
    pub(crate) fn finish(mut self) -> Parsed {
        self.end_table();
        if let Some(mdoc) = &mut self.mdoc {
            mdoc.end(&mut self.body);
        }
        self.body.finish()
    }

    fn skipped(&mut self, line: &str) {
        let ends = match &mut self.skip {
            Some(Skip::Until(end)) => line.trim_end() == end.as_str(),
            Some(Skip::Braces(depth)) => {
                let opened = line.matches("\\{").count();
                let closed = line.matches("\\}").count();
                *depth = (*depth + opened).saturating_sub(closed);
                *depth == 0
            }
            None => true,
        };
        if ends {
            self.skip = None;
        }
    }

    fn end_table(&mut self) {
        if let Some(table) = self.table.take() {
            self.body.ensure_open();
            table.write(&mut self.body.page);
        }
    }

    fn text(&mut self, line: &str) {
        if self.body.code.is_some() {
            let shown = words::verbatim(&self.body.escapes.run(line));
            self.body.code_line(&shown);
        } else if let Some(mdoc) = &mut self.mdoc {
            mdoc.text(&mut self.body, line);
        } else {
            self.man.text(&mut self.body, line);
        }
    }

    fn request(&mut self, request: &Request<'_>) {
        let name = request.name;
        let body = &mut self.body;
        let preformatted = body.code.is_some();
        match name {
            "br" if preformatted => {}
            "br" => body.break_line(),
            "sp" if preformatted => body.code_line(""),
            "sp" => body.flush(),
            "nf" => {
                body.flush();
                body.code.get_or_insert_default();
            }
            "fi" => body.end_code(),
            "TS" => {
                body.end_code();
                body.flush();
                self.table = Some(Table::default());
            }
            "ft" => body
                .escapes
                .set_font(request.arguments().first().map_or("P", String::as_str)),
            "so" => {
                let included = body
                    .metadata
                    .entry("includes")
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(files) = included {
                    files.push(Value::String(request.rest.trim().to_owned()));
                }
            }
            "ds" => {
                let (string, value) = request
                    .rest
                    .split_once([' ', '\t'])
                    .unwrap_or((request.rest, ""));
                let value = value.trim_start();
                body.escapes
                    .define(string, value.strip_prefix('"').unwrap_or(value));
            }
            "de" | "am" | "ig" => {
                let arguments = request.arguments();
                let own = arguments.get(usize::from(name != "ig"));
                let end = own.map_or_else(|| "..".to_owned(), |end| format!(".{end}"));
                self.skip = Some(Skip::Until(end));
            }
            "if" | "ie" => {
                let (holds, rest) = condition(request.rest);
                self.condition = holds;
                self.branch(holds, rest);
            }
            "el" => {
                let holds = !self.condition;
                self.branch(holds, request.rest);
            }
            _ => {
                if self.mdoc.is_none() && matches!(name, "Dd" | "Dt") {
                    self.mdoc = Some(Mdoc::default());
                    body.mdoc = true;
                }
                match &mut self.mdoc {
                    Some(mdoc) => mdoc.request(body, request),
                    None => self.man.request(body, request),
                }
            }
        }
    }

    fn branch(&mut self, holds: bool, rest: &str) {
        let rest = rest.trim_start();
        let block = rest.strip_prefix("\\{");
        if holds {
            let line = block
                .map_or(rest, |inner| inner.strip_prefix('\\').unwrap_or(inner))
                .trim_start();
            let line = line.strip_suffix("\\}").unwrap_or(line);
            if !line.is_empty() && line.len() < rest.len() + 1 {
                // One level of nesting a line: conditions inside conditions end with the line.
                if !line.starts_with(".if") && !line.starts_with(".ie") {
                    self.line(line);
                }
            }
        } else if block.is_some() {
            let opened = rest.matches("\\{").count();
            let closed = rest.matches("\\}").count();
            if opened > closed {
                self.skip = Some(Skip::Braces(opened - closed));
            }
        }
    }
}

/// Whether the condition of `.if` holds for a terminal, and what follows it.
fn condition(rest: &str) -> (bool, &str) {
    let (negated, rest) = match rest.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (holds, after) = match rest.as_bytes().first() {
        Some(b'n') => (true, rest.get(1..)),
        Some(b't') => (false, rest.get(1..)),
        _ => {
            let end = rest.find([' ', '\t']).unwrap_or(rest.len());
            (false, rest.get(end..))
        }
    };
    (holds != negated, after.unwrap_or_default())
}
