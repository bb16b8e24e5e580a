//! The macros of `man(7)`.

use super::body::Body;
use super::escape::{Font, Run};
use super::request::Request;
use super::words;
use crate::note;

/// What the next text line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Expect {
    #[default]
    Text,
    /// The tag of `.TP`; `true` when it joins the tags before it.
    Tag(bool),
    /// The title of `.SH` or `.SS`.
    Heading(u8),
    /// Text in this font.
    In(Font),
}

/// What the macros remember from line to line.
#[derive(Debug, Default)]
pub(super) struct Man {
    expect: Expect,
    /// `.PD 0`: tags that follow each other name one thing.
    compact: bool,
    link: Option<String>,
    /// Where the text of the open link begins.
    link_at: usize,
    titled: bool,
}

impl Man {
    /// Takes a text line.
    pub(super) fn text(&mut self, body: &mut Body, line: &str) {
        if line.trim().is_empty() {
            if !matches!(self.expect, Expect::Tag(_)) {
                body.flush();
            }
            return;
        }
        match self.expect {
            Expect::Heading(level) => {
                self.expect = Expect::Text;
                let title = words::plain(&body.escapes.run(line));
                body.heading(level, &title);
            }
            Expect::Tag(joins) => {
                self.expect = Expect::Text;
                let run = body.escapes.run(line);
                body.tag(run, joins);
            }
            Expect::In(font) => {
                self.expect = Expect::Text;
                let run = body.escapes.run_in(font, line);
                body.add(run, false);
            }
            Expect::Text => {
                // Text that is indented by hand starts a line of its own.
                let breaks = line.starts_with([' ', '\t']);
                let run = body.escapes.run(line);
                let is_note = note::may_begin(run.iter().map(|(c, _)| *c))
                    && note::split(&words::markdown(&run)).is_some();
                body.add(run, breaks || is_note);
            }
        }
    }

    /// Takes a macro.
    pub(super) fn request(&mut self, body: &mut Body, request: &Request<'_>) {
        let name = request.name;
        if body.code.is_some() && Self::code_request(body, request) {
            return;
        }
        match name {
            "TH" => self.title(body, &request.arguments()),
            "SH" | "SS" => {
                let level = if name == "SH" { 2 } else { 3 };
                body.close_levels(1);
                let arguments = request.arguments();
                if arguments.is_empty() {
                    self.expect = Expect::Heading(level);
                } else {
                    let title =
                        words::plain(&body.escapes.run_in(Font::Roman, &arguments.join(" ")));
                    body.heading(level, &title);
                }
            }
            "PP" | "P" | "LP" => body.paragraph_break(),
            "HP" | "Sp" | "SP" | "YS" => body.flush(),
            "TP" => {
                body.flush();
                let joins = self.compact && body.waits();
                if !joins {
                    body.end_tags();
                }
                self.expect = Expect::Tag(joins);
            }
            "TQ" => {
                body.flush();
                self.expect = Expect::Tag(true);
            }
            "IP" => self.indented(body, &request.arguments()),
            "RS" => body.indent(),
            "RE" => body.outdent(),
            "B" | "SB" => self.in_font(body, Font::Bold, request),
            "I" => self.in_font(body, Font::Italic, request),
            "SM" | "R" => self.in_font(body, Font::Roman, request),
            "BR" => self.alternate(body, Font::Bold, Font::Roman, request),
            "BI" => self.alternate(body, Font::Bold, Font::Italic, request),
            "IB" => self.alternate(body, Font::Italic, Font::Bold, request),
            "IR" => self.alternate(body, Font::Italic, Font::Roman, request),
            "RB" => self.alternate(body, Font::Roman, Font::Bold, request),
            "RI" => self.alternate(body, Font::Roman, Font::Italic, request),
            "EX" | "Vb" => {
                body.flush();
                body.code.get_or_insert_default();
            }
            "PD" => self.compact = request.rest.trim() == "0",
            "UR" | "MT" => {
                self.link = request.arguments().into_iter().next();
                self.link_at = body.para.len();
            }
            "UE" | "ME" => self.end_link(body, &request.arguments()),
            "SY" => {
                body.flush();
                self.in_font(body, Font::Bold, request);
            }
            "OP" => {
                let arguments = request.arguments();
                let run = body
                    .escapes
                    .run_in(Font::Bold, &format!("[{}]", arguments.join(" ")));
                body.add(run, false);
            }
            _ => {}
        }
    }

    fn title(&mut self, body: &mut Body, arguments: &[String]) {
        if self.titled {
            return;
        }
        self.titled = true;
        let mut shown: Vec<String> = Vec::new();
        for argument in arguments {
            shown.push(words::plain(&body.escapes.run_in(Font::Roman, argument)));
        }
        let keys = ["section", "date", "version", "manual"];
        for (key, value) in keys.iter().zip(shown.iter().skip(1)) {
            let dated = *key != "date" || value.contains(|c: char| c.is_ascii_digit());
            if !value.is_empty() && dated {
                body.state(key, value.clone());
            }
        }
        if let Some(name) = shown.first() {
            let name = name.clone();
            body.page_title(&name);
        }
    }

    fn indented(&mut self, body: &mut Body, arguments: &[String]) {
        body.flush();
        let Some(tag) = arguments.first().filter(|tag| !tag.trim().is_empty()) else {
            return;
        };
        let run = body.escapes.run(tag);
        let joins = self.compact && body.waits();
        if !joins {
            body.end_tags();
        }
        body.tag(run, joins);
    }

    fn in_font(&mut self, body: &mut Body, font: Font, request: &Request<'_>) {
        let arguments = request.arguments();
        if arguments.is_empty() {
            if self.expect == Expect::Text {
                self.expect = Expect::In(font);
            }
            return;
        }
        let run = body.escapes.run_in(font, &arguments.join(" "));
        self.styled(body, run);
    }

    fn alternate(&mut self, body: &mut Body, first: Font, second: Font, request: &Request<'_>) {
        let mut run = Run::new();
        for (nth, argument) in request.arguments().iter().enumerate() {
            let font = if nth % 2 == 0 { first } else { second };
            run.extend(body.escapes.run_in(font, argument));
        }
        self.styled(body, run);
    }

    /// Text from a font macro goes where a text line would.
    fn styled(&mut self, body: &mut Body, run: Run) {
        match self.expect {
            Expect::Tag(joins) => {
                self.expect = Expect::Text;
                body.tag(run, joins);
            }
            Expect::Heading(level) => {
                self.expect = Expect::Text;
                body.heading(level, &words::plain(&run));
            }
            Expect::Text | Expect::In(_) => {
                let is_note = note::split(&words::markdown(&run)).is_some();
                body.add(run, is_note);
            }
        }
    }

    fn end_link(&mut self, body: &mut Body, arguments: &[String]) {
        let Some(url) = self.link.take() else {
            return;
        };
        let shown = body.para.get(self.link_at..).unwrap_or_default();
        let has_text = shown.iter().any(|(c, _)| !c.is_whitespace());
        let url = if has_text { format!("({url})") } else { url };
        let run = body.escapes.run_in(Font::Roman, &url);
        body.add(run, false);
        if let Some(after) = arguments.first() {
            let run = body.escapes.run_in(Font::Roman, after);
            body.para.extend(run);
        }
    }

    /// Requests inside preformatted lines; `false` when the request ends them and is to be handled as usual.
    fn code_request(body: &mut Body, request: &Request<'_>) -> bool {
        match request.name {
            "fi" | "EE" | "Ve" => body.end_code(),
            "SH" | "SS" | "TP" | "TH" | "RS" | "RE" => {
                body.end_code();
                return false;
            }
            "PP" | "P" | "LP" => body.code_line(""),
            "B" | "I" | "SM" | "SB" | "R" => {
                let run = body.escapes.run(&request.arguments().join(" "));
                body.code_line(&words::verbatim(&run));
            }
            "BR" | "BI" | "IB" | "IR" | "RB" | "RI" => {
                let run = body.escapes.run(&request.arguments().concat());
                body.code_line(&words::verbatim(&run));
            }
            _ => {}
        }
        true
    }
}
