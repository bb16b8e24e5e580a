//! What macros write to: the paragraph being collected, entries and lists by indentation, preformatted lines.

use dsg_core::BlockKind;
use serde_json::{Map, Value};

use super::escape::{Escapes, Font, Run};
use super::tag::{bullet, hand_made_list, is_sentence, without_bullet};
use super::words;
use crate::entry_term;
use crate::ingester::Parsed;
use crate::literal::{Term, is_literal};
use crate::note;
use crate::page::{OpenEntry, OpenItem, OpenList, Page};

/// Deeper indentation changes nothing.
const MAX_LEVELS: usize = 24;

/// What a section's entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
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
pub(super) struct Level {
    /// Tags whose entry has no text yet.
    tags: Vec<Run>,
    pub(super) entry: Option<OpenEntry>,
    list: Option<(OpenList, Option<OpenItem>)>,
}

/// The page under construction.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) page: Page,
    pub(super) escapes: Escapes,
    /// The file's name without section.
    pub(super) stem: String,
    pub(super) para: Run,
    levels: Vec<Level>,
    /// Stands in when no level is left, which does not happen.
    base: Level,
    pub(super) section: Section,
    /// Preformatted lines, while they last.
    pub(super) code: Option<String>,
    /// The last line asked to be joined with the next.
    joined: bool,
    pub(super) metadata: Map<String, Value>,
    /// The page is written in mdoc, where a synopsis holds nothing but commands and declarations.
    pub(super) mdoc: bool,
}

impl Body {
    /// The page at `path`, made from a source of `bytes`.
    pub(super) fn new(bytes: usize, path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let name = name.strip_suffix(".gz").unwrap_or(name);
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
            code: None,
            joined: false,
            metadata: Map::new(),
            mdoc: false,
        }
    }

    /// The finished document.
    pub(super) fn finish(mut self) -> Parsed {
        self.end_code();
        self.close_levels(0);
        let (text, blocks) = self.page.finish();
        Parsed {
            text,
            blocks,
            title: None,
            links: Vec::new(),
            metadata: self.metadata,
        }
    }

    /// Notes a fact that the page states about itself.
    pub(super) fn state(&mut self, key: &str, value: String) {
        self.metadata.insert(key.to_owned(), Value::String(value));
    }

    /// Begins a new line of the paragraph.
    pub(super) fn break_line(&mut self) {
        if !self.para.is_empty() {
            self.para.push(('\n', Font::Roman));
        }
    }

    /// Indents what follows by one level.
    pub(super) fn indent(&mut self) {
        self.flush();
        self.ensure_open();
        if self.levels.len() < MAX_LEVELS {
            self.levels.push(Level::default());
        }
    }

    /// Ends the innermost level of indentation.
    pub(super) fn outdent(&mut self) {
        self.flush();
        if self.levels.len() > 1 {
            let keep = self.levels.len() - 1;
            self.close_levels(keep);
        }
    }

    /// Whether the innermost entry still waits for its text.
    pub(super) fn waits(&self) -> bool {
        self.levels
            .last()
            .is_some_and(|level| level.entry.is_none())
    }

    /// Adds a line to the paragraph.
    pub(super) fn add(&mut self, run: Run, breaks: bool) {
        if breaks && !self.para.is_empty() {
            self.para.push(('\n', Font::Roman));
        } else if !self.para.is_empty() && !self.joined {
            self.para.push((' ', Font::Roman));
        }
        self.joined = self.escapes.joins;
        self.para.extend(run);
    }

    /// The page's name as a heading, spelled as its file is where they agree.
    pub(super) fn page_title(&mut self, name: &str) {
        let name = if self.stem.eq_ignore_ascii_case(name) {
            self.stem.clone()
        } else {
            name.to_owned()
        };
        self.page.heading(1, &name);
    }

    /// A section title.
    pub(super) fn heading(&mut self, level: u8, title: &str) {
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

    pub(super) fn paragraph_break(&mut self) {
        self.flush();
        self.end_tags();
        self.end_level_blocks();
    }

    pub(super) fn tag(&mut self, run: Run, joins: bool) {
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
    pub(super) fn item(&mut self, number: Option<u64>) {
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
    pub(super) fn ensure_open(&mut self) {
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
    pub(super) fn end_tags(&mut self) {
        if self.level().tags.is_empty() {
            return;
        }
        self.ensure_open();
        self.end_level_blocks();
    }

    pub(super) fn end_level_blocks(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.close(&mut self.page);
        }
    }

    /// Closes levels until `keep` are left; 0 also closes what is open at the first.
    pub(super) fn close_levels(&mut self, keep: usize) {
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

    pub(super) fn level(&mut self) -> &mut Level {
        self.levels.last_mut().unwrap_or(&mut self.base)
    }

    /// Ends the paragraph that is being collected.
    pub(super) fn flush(&mut self) {
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
        if self.section == Section::Synopsis && (bold || self.mdoc) {
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
    pub(super) fn paragraphs(&mut self, text: &str) {
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

    pub(super) fn code_line(&mut self, shown: &str) {
        if let Some(code) = &mut self.code {
            code.push_str(shown.trim_end());
            code.push('\n');
        }
    }

    /// Ends preformatted lines.
    pub(super) fn end_code(&mut self) {
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
