//! Macros to blocks of a page.

use dsg_core::BlockKind;
use serde_json::{Map, Value};

use super::escape::{Escapes, Font, Run};
use super::request::Request;
use super::tag::{bullet, hand_made_list, is_sentence, without_bullet};
use super::tbl::Table;
use super::words;
use crate::entry_term;
use crate::ingester::Parsed;
use crate::literal::{Term, is_literal};
use crate::note;
use crate::page::{OpenEntry, OpenItem, OpenList, Page};

/// Deeper `.RS` changes nothing.
const MAX_LEVELS: usize = 24;

/// What a section's entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Prose,
    Synopsis,
    /// Options, commands, parameters.
    Options,
    /// Copying, see also: kept, never chunked.
    Boilerplate,
}

impl Section {
    fn of(title: &str) -> Self {
        if title.eq_ignore_ascii_case("SYNOPSIS") {
            Self::Synopsis
        } else if entry_term::is_aside(title) {
            Self::Boilerplate
        } else if entry_term::names_options(title) {
            Self::Options
        } else {
            Self::Prose
        }
    }
}

/// One step of indentation.
#[derive(Debug, Default)]
struct Level {
    /// Tags whose entry has no text yet.
    tags: Vec<Run>,
    entry: Option<OpenEntry>,
    list: Option<(OpenList, Option<OpenItem>)>,
}

/// What the next text line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Text,
    /// The tag of `.TP`; `true` when it joins the tags before it.
    Tag(bool),
    /// The title of `.SH` or `.SS`.
    Heading(u8),
    /// Text in this font.
    In(Font),
}

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
    page: Page,
    escapes: Escapes,
    stem: String,
    para: Run,
    levels: Vec<Level>,
    /// Stands in when no level is left, which does not happen.
    base: Level,
    section: Section,
    expect: Expect,
    skip: Option<Skip>,
    condition: bool,
    /// `.PD 0`: tags that follow each other name one thing.
    compact: bool,
    code: Option<String>,
    table: Option<Table>,
    link: Option<String>,
    /// Where the text of the open link begins.
    link_at: usize,
    /// The last line asked to be joined with the next.
    joined: bool,
    metadata: Map<String, Value>,
    titled: bool,
}

impl Renderer {
    /// A renderer for the page at `path`.
    pub(crate) fn new(bytes: usize, path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let name = name.strip_suffix(".in").unwrap_or(name);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        Self {
            page: Page::new(bytes),
            escapes: Escapes::default(),
            stem: stem.to_owned(),
            para: Run::new(),
            levels: vec![Level::default()],
            base: Level::default(),
            section: Section::Prose,
            expect: Expect::Text,
            skip: None,
            condition: false,
            compact: false,
            code: None,
            table: None,
            link: None,
            link_at: 0,
            joined: false,
            metadata: Map::new(),
            titled: false,
        }
    }

    /// Takes the next line of the source.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(skip) = &mut self.skip {
            match skip {
                Skip::Until(end) => {
                    if line.trim_end() == end.as_str() {
                        self.skip = None;
                    }
                }
                Skip::Braces(depth) => {
                    let opened = line.matches("\\{").count();
                    let closed = line.matches("\\}").count();
                    *depth = (*depth + opened).saturating_sub(closed);
                    if *depth == 0 {
                        self.skip = None;
                    }
                }
            }
            return;
        }
        if let Some(table) = &mut self.table {
            if line.starts_with(".TE") {
                if let Some(table) = self.table.take() {
                    self.ensure_open();
                    table.write(&mut self.page);
                }
            } else {
                table.line(line, &mut self.escapes);
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
        self.end_code();
        if let Some(table) = self.table.take() {
            table.write(&mut self.page);
        }
        self.close_levels(0);
        let (text, blocks) = self.page.finish();
        Parsed {
            text,
            blocks,
            title: None,
            metadata: self.metadata,
        }
    }

    fn text(&mut self, line: &str) {
        if self.code.is_some() {
            let shown = words::verbatim(&self.escapes.run(line));
            self.code_line(&shown);
            return;
        }
        if line.trim().is_empty() {
            if !matches!(self.expect, Expect::Tag(_)) {
                self.flush();
            }
            return;
        }
        match self.expect {
            Expect::Heading(level) => {
                self.expect = Expect::Text;
                let title = words::plain(&self.escapes.run(line));
                self.heading(level, &title);
            }
            Expect::Tag(joins) => {
                self.expect = Expect::Text;
                let run = self.escapes.run(line);
                self.tag(run, joins);
            }
            Expect::In(font) => {
                self.expect = Expect::Text;
                let run = self.escapes.run_in(font, line);
                self.add(run, false);
            }
            Expect::Text => {
                // Text that is indented by hand starts a line of its own.
                let breaks = line.starts_with([' ', '\t']);
                let run = self.escapes.run(line);
                let is_note = note::split(&words::markdown(&run)).is_some();
                self.add(run, breaks || is_note);
            }
        }
    }

    /// Adds a line to the paragraph.
    fn add(&mut self, run: Run, breaks: bool) {
        if breaks && !self.para.is_empty() {
            self.para.push(('\n', Font::Roman));
        } else if !self.para.is_empty() && !self.joined {
            self.para.push((' ', Font::Roman));
        }
        self.joined = self.escapes.joins;
        self.para.extend(run);
    }

    fn request(&mut self, request: &Request<'_>) {
        let name = request.name;
        if self.code.is_some() && self.code_request(request) {
            return;
        }
        match name {
            "TH" => self.title(&request.arguments()),
            "SH" | "SS" => {
                let level = if name == "SH" { 2 } else { 3 };
                self.close_levels(1);
                let arguments = request.arguments();
                if arguments.is_empty() {
                    self.expect = Expect::Heading(level);
                } else {
                    let title =
                        words::plain(&self.escapes.run_in(Font::Roman, &arguments.join(" ")));
                    self.heading(level, &title);
                }
            }
            "PP" | "P" | "LP" => self.paragraph_break(),
            "HP" | "sp" | "Sp" | "SP" | "YS" => self.flush(),
            "TP" => {
                self.flush();
                let joins = self.compact && self.level().entry.is_none();
                if !joins {
                    self.end_tags();
                }
                self.expect = Expect::Tag(joins);
            }
            "TQ" => {
                self.flush();
                self.expect = Expect::Tag(true);
            }
            "IP" => self.indented(&request.arguments()),
            "RS" => {
                self.flush();
                self.ensure_open();
                if self.levels.len() < MAX_LEVELS {
                    self.levels.push(Level::default());
                }
            }
            "RE" => {
                self.flush();
                if self.levels.len() > 1 {
                    let keep = self.levels.len() - 1;
                    self.close_levels(keep);
                }
            }
            "B" | "SB" => self.in_font(Font::Bold, request),
            "I" => self.in_font(Font::Italic, request),
            "SM" | "R" => self.in_font(Font::Roman, request),
            "BR" => self.alternate(Font::Bold, Font::Roman, request),
            "BI" => self.alternate(Font::Bold, Font::Italic, request),
            "IB" => self.alternate(Font::Italic, Font::Bold, request),
            "IR" => self.alternate(Font::Italic, Font::Roman, request),
            "RB" => self.alternate(Font::Roman, Font::Bold, request),
            "RI" => self.alternate(Font::Roman, Font::Italic, request),
            "br" if !self.para.is_empty() => self.para.push(('\n', Font::Roman)),
            "nf" | "EX" | "Vb" => {
                self.flush();
                self.code.get_or_insert_default();
            }
            "TS" => {
                self.flush();
                self.table = Some(Table::default());
            }
            "ft" => self
                .escapes
                .set_font(request.arguments().first().map_or("P", String::as_str)),
            "PD" => self.compact = request.rest.trim() == "0",
            "UR" | "MT" => {
                self.link = request.arguments().into_iter().next();
                self.link_at = self.para.len();
            }
            "UE" | "ME" => self.end_link(&request.arguments()),
            "SY" => {
                self.flush();
                self.in_font(Font::Bold, request);
            }
            "OP" => {
                let arguments = request.arguments();
                let run = self
                    .escapes
                    .run_in(Font::Bold, &format!("[{}]", arguments.join(" ")));
                self.add(run, false);
            }
            "so" => {
                let file = request.rest.trim().to_owned();
                let included = self
                    .metadata
                    .entry("includes")
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(files) = included {
                    files.push(Value::String(file));
                }
            }
            "ds" => {
                let (string, value) = request
                    .rest
                    .split_once([' ', '\t'])
                    .unwrap_or((request.rest, ""));
                let value = value.trim_start();
                self.escapes
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
            _ => {}
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

    fn title(&mut self, arguments: &[String]) {
        if self.titled {
            return;
        }
        self.titled = true;
        let mut shown: Vec<String> = Vec::new();
        for argument in arguments {
            shown.push(words::plain(&self.escapes.run_in(Font::Roman, argument)));
        }
        let keys = ["section", "date", "version", "manual"];
        for (key, value) in keys.iter().zip(shown.iter().skip(1)) {
            let dated = *key != "date" || value.contains(|c: char| c.is_ascii_digit());
            if !value.is_empty() && dated {
                self.metadata
                    .insert((*key).to_owned(), Value::String(value.clone()));
            }
        }
        if let Some(name) = shown.first() {
            let name = name.clone();
            self.page_title(&name);
        }
    }

    /// The page's name as a heading, spelled as its file is where they agree.
    fn page_title(&mut self, name: &str) {
        let name = if self.stem.eq_ignore_ascii_case(name) {
            self.stem.clone()
        } else {
            name.to_owned()
        };
        self.page.heading(1, &name);
    }

    /// A section title.
    fn heading(&mut self, level: u8, title: &str) {
        if level == 2 {
            self.section = Section::of(title);
        }
        self.escapes.set_font("R");
        if self.section == Section::Boilerplate {
            let marks = "#".repeat(usize::from(level));
            self.page.boilerplate(&format!("{marks} {title}"));
        } else {
            self.page.heading(level, title);
        }
    }

    fn paragraph_break(&mut self) {
        self.flush();
        self.end_tags();
        self.end_level_blocks();
    }

    fn indented(&mut self, arguments: &[String]) {
        self.flush();
        let Some(tag) = arguments.first().filter(|tag| !tag.trim().is_empty()) else {
            return;
        };
        let run = self.escapes.run(tag);
        let joins = self.compact && self.level().entry.is_none();
        if !joins {
            self.end_tags();
        }
        self.tag(run, joins);
    }

    fn tag(&mut self, run: Run, joins: bool) {
        let text = words::plain(&run);
        if let Some(bullet) = bullet(&text) {
            self.end_tags();
            self.item(bullet.number());
            return;
        }
        if !joins || self.level().entry.is_some() {
            self.end_tags();
            self.end_level_blocks();
        }
        if is_sentence(&text) {
            // A lead-in, often the first line of more.
            let ends = text.ends_with(':');
            self.add(run, false);
            if ends {
                self.flush();
            }
            return;
        }
        self.level().tags.push(run);
    }

    /// Begins an item: numbered from `Some`, with a bullet for `None`.
    fn item(&mut self, number: Option<u64>) {
        let level = self.levels.last_mut();
        let Some(level) = level else {
            return;
        };
        if let Some(entry) = level.entry.take() {
            self.page.close_entry(entry);
        }
        let (mut list, item) = match level.list.take() {
            Some(open) => open,
            None => (self.page.open_list(number), None),
        };
        if let Some(item) = item {
            self.page.close_item(&mut list, item);
        }
        let item = self.page.open_item(&mut list);
        level.list = Some((list, Some(item)));
    }

    /// Opens the entry that waits for its first text.
    fn ensure_open(&mut self) {
        let depth = self.levels.iter().filter(|level| level.is_open()).count();
        let options = self.section == Section::Options;
        let boilerplate = self.section == Section::Boilerplate;
        let Some(level) = self.levels.last_mut() else {
            return;
        };
        if level.tags.is_empty() {
            return;
        }
        let tags = std::mem::take(&mut level.tags);
        let texts: Vec<String> = tags.iter().map(|tag| words::plain(tag)).collect();
        let label = texts.join(", ");
        if boilerplate {
            self.page.boilerplate(&label);
            return;
        }
        if label.is_empty() {
            return;
        }
        if is_sentence(&label) {
            for tag in &tags {
                self.page.paragraph(&words::markdown(tag));
            }
            return;
        }
        let kind = if entry_term::is_option(&label) || (options && depth == 0 && is_literal(&label))
        {
            BlockKind::Option
        } else {
            BlockKind::Definition
        };
        let entry = self.page.open_entry(kind, &Term::new(&label), depth > 0);
        level.entry = Some(entry);
    }

    /// Writes tags that nothing was said about.
    fn end_tags(&mut self) {
        if self.level().tags.is_empty() {
            return;
        }
        self.ensure_open();
        self.end_level_blocks();
    }

    fn end_level_blocks(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.close(&mut self.page);
        }
    }

    /// Closes levels until `keep` are left; 0 also closes what is open at the first.
    fn close_levels(&mut self, keep: usize) {
        self.flush();
        let all = keep <= 1;
        while self.levels.len() > keep.max(1) {
            self.end_tags();
            self.end_level_blocks();
            self.levels.pop();
        }
        if all {
            self.end_tags();
            self.end_level_blocks();
        }
    }

    fn level(&mut self) -> &mut Level {
        self.levels.last_mut().unwrap_or(&mut self.base)
    }

    /// Ends the paragraph that is being collected.
    fn flush(&mut self) {
        let run = std::mem::take(&mut self.para);
        if run.iter().all(|(c, _)| c.is_whitespace()) {
            return;
        }
        self.ensure_open();
        if self.section == Section::Boilerplate {
            self.page.boilerplate(&words::markdown(&run));
            return;
        }
        let bold = run
            .iter()
            .find(|(c, _)| !c.is_whitespace())
            .is_some_and(|(_, font)| *font == Font::Bold);
        if self.section == Section::Synopsis && bold {
            let lines: Vec<String> = run
                .split(|(c, _)| *c == '\n')
                .map(words::plain)
                .filter(|line| !line.is_empty())
                .collect();
            self.page.code(None, &lines.join("\n"));
            return;
        }
        self.paragraphs(&words::markdown(&run));
    }

    /// Writes text whose line breaks may separate notes or hand-made lists.
    fn paragraphs(&mut self, text: &str) {
        let mut pending: Vec<&str> = Vec::new();
        let lines: Vec<&str> = text.split('\n').collect();
        let mut nth = 0;
        while let Some(line) = lines.get(nth) {
            let rest = lines.get(nth..).unwrap_or_default();
            let (items, ordered) = hand_made_list(rest);
            if items > 1 {
                self.page.paragraph(&pending.join("\n"));
                pending.clear();
                let mut list = self.page.open_list(ordered);
                for line in rest.iter().take(items) {
                    let item = self.page.open_item(&mut list);
                    self.page.paragraph(without_bullet(line));
                    self.page.close_item(&mut list, item);
                }
                self.page.close_list(list);
                nth += items;
                continue;
            }
            if note::split(line).is_some() {
                self.page.paragraph(&pending.join("\n"));
                pending.clear();
            }
            pending.push(line);
            nth += 1;
        }
        self.page.paragraph(&pending.join("\n"));
    }

    fn in_font(&mut self, font: Font, request: &Request<'_>) {
        let arguments = request.arguments();
        if arguments.is_empty() {
            if self.expect == Expect::Text {
                self.expect = Expect::In(font);
            }
            return;
        }
        let run = self.escapes.run_in(font, &arguments.join(" "));
        self.styled(run);
    }

    fn alternate(&mut self, first: Font, second: Font, request: &Request<'_>) {
        let mut run = Run::new();
        for (nth, argument) in request.arguments().iter().enumerate() {
            let font = if nth % 2 == 0 { first } else { second };
            run.extend(self.escapes.run_in(font, argument));
        }
        self.styled(run);
    }

    /// Text from a font macro goes where a text line would.
    fn styled(&mut self, run: Run) {
        match self.expect {
            Expect::Tag(joins) => {
                self.expect = Expect::Text;
                self.tag(run, joins);
            }
            Expect::Heading(level) => {
                self.expect = Expect::Text;
                self.heading(level, &words::plain(&run));
            }
            Expect::Text | Expect::In(_) => {
                let is_note = note::split(&words::markdown(&run)).is_some();
                self.add(run, is_note);
            }
        }
    }

    fn end_link(&mut self, arguments: &[String]) {
        let Some(url) = self.link.take() else {
            return;
        };
        let shown = self.para.get(self.link_at..).unwrap_or_default();
        let has_text = shown.iter().any(|(c, _)| !c.is_whitespace());
        let url = if has_text { format!("({url})") } else { url };
        let run = self.escapes.run_in(Font::Roman, &url);
        self.add(run, false);
        if let Some(after) = arguments.first() {
            let run = self.escapes.run_in(Font::Roman, after);
            self.para.extend(run);
        }
    }

    fn code_line(&mut self, shown: &str) {
        if let Some(code) = &mut self.code {
            code.push_str(shown.trim_end());
            code.push('\n');
        }
    }

    /// Ends preformatted lines.
    fn end_code(&mut self) {
        let Some(code) = self.code.take() else {
            return;
        };
        if code.trim().is_empty() {
            return;
        }
        self.ensure_open();
        if self.section == Section::Boilerplate {
            self.page.boilerplate(&code);
        } else {
            self.page.code(None, &dedented(&code));
        }
    }

    /// Requests inside preformatted lines; `false` when the request ends them and is to be handled as usual.
    fn code_request(&mut self, request: &Request<'_>) -> bool {
        match request.name {
            "fi" | "EE" | "Ve" => self.end_code(),
            "SH" | "SS" | "TP" | "TS" | "TH" | "RS" | "RE" => {
                self.end_code();
                return false;
            }
            "sp" | "PP" | "P" | "LP" => self.code_line(""),
            "B" | "I" | "SM" | "SB" | "R" => {
                let run = self.escapes.run(&request.arguments().join(" "));
                self.code_line(&words::verbatim(&run));
            }
            "BR" | "BI" | "IB" | "IR" | "RB" | "RI" => {
                let run = self.escapes.run(&request.arguments().concat());
                self.code_line(&words::verbatim(&run));
            }
            "if" | "ie" | "el" | "de" | "ig" | "ds" | "ft" => return false,
            _ => {}
        }
        true
    }
}

impl Level {
    const fn is_open(&self) -> bool {
        self.entry.is_some() || self.list.is_some()
    }

    fn close(&mut self, page: &mut Page) {
        if let Some(entry) = self.entry.take() {
            page.close_entry(entry);
        }
        if let Some((mut list, item)) = self.list.take() {
            if let Some(item) = item {
                page.close_item(&mut list, item);
            }
            page.close_list(list);
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

/// `code` without the indentation that all its lines share.
fn dedented(code: &str) -> String {
    let indent = code
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()
        .unwrap_or_default();
    let lines: Vec<&str> = code
        .lines()
        .map(|line| line.get(indent..).unwrap_or_default())
        .collect();
    lines.join("\n")
}
