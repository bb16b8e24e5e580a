//! A line of `mdoc(7)`: macros call macros, and punctuation knows where spaces go.

use super::super::body::Body;
use super::super::escape::Font;
use super::names;

/// The state between words.
#[derive(Debug)]
pub(super) struct Inline {
    /// The page's name, from its first `.Nm`.
    name: String,
    /// The next word follows without a space.
    join: bool,
    /// Off after `.Sm off`.
    spaced: bool,
    /// `.Xc` was seen.
    xc: bool,
    /// A function's arguments are being collected, by `.Fo`.
    function: Option<usize>,
    /// Parts of a reference written so far, by `.Rs`.
    reference: Option<usize>,
    /// In the synopsis a command or function begins a line.
    pub(super) synopsis: bool,
}

impl Default for Inline {
    fn default() -> Self {
        Self {
            name: String::new(),
            join: false,
            spaced: true,
            xc: false,
            function: None,
            reference: None,
            synopsis: false,
        }
    }
}

/// The macro whose arguments are being read.
#[derive(Debug)]
struct Call<'a> {
    name: &'a str,
    font: Font,
    /// Words it got.
    words: usize,
    /// The URL of `.Lk`.
    url: Option<&'a str>,
}

impl Inline {
    /// Whether the next word follows without a space; asked once.
    pub(super) fn take_join(&mut self) -> bool {
        std::mem::take(&mut self.join)
    }

    /// Whether `.Xc` was seen; asked once.
    pub(super) fn take_xc(&mut self) -> bool {
        std::mem::take(&mut self.xc)
    }

    /// Begins a bibliographic reference.
    pub(super) fn begin_reference(&mut self) {
        self.reference = Some(0);
    }

    /// Ends a bibliographic reference.
    pub(super) fn end_reference(&mut self, body: &mut Body) {
        if self.reference.take().is_some_and(|parts| parts > 0) {
            self.mark(body, ".");
        }
    }

    /// Adds the line `.name arguments` to the paragraph.
    pub(super) fn line(&mut self, body: &mut Body, name: &str, arguments: &[String]) {
        if name == "Sm" {
            self.spaced = match arguments.first().map(String::as_str) {
                Some("on") => true,
                Some("off") => false,
                _ => !self.spaced,
            };
            return;
        }
        if self.synopsis && matches!(name, "Nm" | "Fn" | "Fo" | "Ft" | "In" | "Fd" | "Cd" | "Vt") {
            body.break_line();
        }
        if self.sentence(body, name, arguments) {
            return;
        }
        // Punctuation at the end stands outside all that the line encloses.
        let last = arguments
            .iter()
            .rposition(|word| !names::closes(word))
            .map_or(0, |at| at + 1);
        let mut closers: Vec<&'static str> = Vec::new();
        let mut call = self.begin(body, name, &mut closers);
        for (nth, word) in arguments.iter().enumerate() {
            if nth == last {
                self.end(body, &call);
                call = Call::text();
                self.close(body, &mut closers);
            }
            if names::is_callable(word) {
                self.end(body, &call);
                call = self.begin(body, word, &mut closers);
            } else {
                self.argument(body, word, &mut call);
            }
        }
        self.end(body, &call);
        self.close(body, &mut closers);
    }

    fn close(&mut self, body: &mut Body, closers: &mut Vec<&'static str>) {
        while let Some(closer) = closers.pop() {
            self.mark(body, closer);
        }
    }

    /// Macros that write a sentence.
    fn sentence(&mut self, body: &mut Body, name: &str, arguments: &[String]) -> bool {
        let names: Vec<&str> = arguments
            .iter()
            .map(String::as_str)
            .filter(|argument| !argument.starts_with('-'))
            .collect();
        let errno = "otherwise the value -1 is returned and the global variable errno is set to indicate the error.";
        let text = match (name, names.as_slice()) {
            ("Ex", [_, _, ..]) => format!(
                "The {} utilities exit 0 on success, and >0 if an error occurs.",
                names.join(" and ")
            ),
            ("Ex", names) => format!(
                "The {} utility exits 0 on success, and >0 if an error occurs.",
                names.first().unwrap_or(&self.name.as_str())
            ),
            ("Rv", []) => format!("Upon successful completion, the value 0 is returned; {errno}"),
            ("Rv", [one]) => {
                format!("The {one}() function returns the value 0 if successful; {errno}")
            }
            ("Rv", names) => format!(
                "The {}() functions return the value 0 if successful; {errno}",
                names.join("() and ")
            ),
            ("Bt", _) => "is currently in beta test.".to_owned(),
            ("Ud", _) => "currently under development.".to_owned(),
            _ => return false,
        };
        self.word(body, Font::Roman, &text);
        true
    }

    /// Begins the macro `name`: what it writes before its arguments.
    fn begin<'a>(
        &mut self,
        body: &mut Body,
        name: &'a str,
        closers: &mut Vec<&'static str>,
    ) -> Call<'a> {
        if let Some((open, close)) = names::enclosure(name) {
            self.open(body, open);
            closers.push(close);
            let font = if name == "Ql" {
                Font::Bold
            } else {
                Font::Roman
            };
            return Call {
                font,
                ..Call::text()
            };
        }
        if let Some(open) = names::opening(name) {
            self.open(body, open);
            return Call::text();
        }
        if let Some(close) = names::closing(name) {
            self.mark(body, close);
            return Call::text();
        }
        match name {
            "Ns" => self.join = true,
            "Ap" => {
                self.mark(body, "'");
                self.join = true;
            }
            "Xc" => self.xc = true,
            "Nd" => self.word(body, Font::Roman, "–"),
            "In" if self.synopsis => self.word(body, Font::Bold, "#include"),
            "Fc" if self.function.take().is_some() => {
                self.mark(body, ")");
                if self.synopsis {
                    self.mark(body, ";");
                }
            }
            "Bt" | "Ud" => {
                self.sentence(body, name, &[]);
            }
            _ => {
                if let Some(system) = names::system(name).filter(|_| !matches!(name, "Bx" | "At")) {
                    self.word(body, Font::Roman, system);
                }
            }
        }
        if name.starts_with('%')
            && let Some(parts) = &mut self.reference
        {
            *parts += 1;
            if *parts > 1 {
                self.mark(body, ",");
            }
        }
        Call {
            name,
            font: names::font(name).unwrap_or_default(),
            words: 0,
            url: None,
        }
    }

    fn argument<'a>(&mut self, body: &mut Body, word: &'a str, call: &mut Call<'a>) {
        if names::closes(word) && call.name != "Ec" {
            self.end(body, call);
            *call = Call::text();
            self.mark(body, word);
            return;
        }
        if names::opens(word) && !matches!(call.name, "Eo") {
            self.open(body, word);
            return;
        }
        let nth = call.words;
        call.words += 1;
        match call.name {
            "Fl" => self.word(body, call.font, &format!("-{word}")),
            "Nm" => {
                if self.name.is_empty() {
                    word.clone_into(&mut self.name);
                }
                self.word(body, call.font, word);
            }
            "Pf" if nth == 0 => {
                self.word(body, Font::Roman, word);
                self.join = true;
            }
            "Eo" if nth == 0 => self.open(body, word),
            "Ec" if nth == 0 => self.mark(body, word),
            "Xr" if nth == 0 => self.word(body, Font::Bold, word),
            "Xr" if nth == 1 => self.mark(body, &format!("({word})")),
            "Lk" if nth == 0 => call.url = Some(word),
            "In" => self.word(body, Font::Bold, &format!("<{word}>")),
            "Fn" | "Fo" if nth == 0 => {
                self.word(body, Font::Bold, word);
                self.mark(body, "(");
                self.join = true;
                if call.name == "Fo" {
                    self.function = Some(0);
                }
            }
            "Fn" => {
                if nth > 1 {
                    self.mark(body, ",");
                }
                self.word(body, Font::Italic, word);
            }
            "Fa" if self.function.is_some() => {
                if let Some(count) = &mut self.function {
                    *count += 1;
                    if *count > 1 {
                        self.mark(body, ",");
                    }
                }
                self.word(body, Font::Italic, word);
            }
            // The version goes before the name: `4.4BSD`, `Version 7 AT&T UNIX`.
            "Bx" if nth == 0 => self.word(body, Font::Roman, &format!("{word}BSD")),
            "Bx" => self.mark(body, &format!("-{word}")),
            "At" if nth == 0 && word.starts_with('v') => {
                let version = word.trim_start_matches('v');
                self.word(body, Font::Roman, &format!("Version {version} AT&T UNIX"));
            }
            "St" => self.word(body, Font::Roman, names::standard(word)),
            "Lb" => self.word(body, Font::Roman, &format!("library “{word}”")),
            "An" if word.starts_with('-') => {}
            _ => self.word(body, call.font, word),
        }
    }

    /// Ends a macro: what it writes without arguments, or after them.
    fn end(&mut self, body: &mut Body, call: &Call<'_>) {
        match (call.name, call.words) {
            ("Fl", 0) => {
                self.word(body, Font::Bold, "-");
                self.join = true;
            }
            (name @ ("Bx" | "At"), 0) => {
                self.word(body, Font::Roman, names::system(name).unwrap_or_default());
            }
            ("Ar", 0) => self.word(body, Font::Italic, "file ..."),
            ("Pa", 0) => self.word(body, Font::Italic, "~"),
            ("Nm", 0) => {
                let name = self.name.clone();
                if !name.is_empty() {
                    self.word(body, Font::Bold, &name);
                }
            }
            ("Lk", 1) => self.word(body, Font::Roman, call.url.unwrap_or_default()),
            ("Lk", _) => {
                if let Some(url) = call.url {
                    self.word(body, Font::Roman, &format!("({url})"));
                }
            }
            ("Fn", 1..) => {
                self.join = false;
                self.mark(body, ")");
                if self.synopsis {
                    self.mark(body, ";");
                }
            }
            _ => {}
        }
    }

    fn word(&mut self, body: &mut Body, font: Font, word: &str) {
        let run = body.escapes.run_in(font, word);
        let last = body.para.last().copied();
        if let Some((last, before)) = last
            && self.spaced
            && !self.join
            && last != '\n'
        {
            // Words of one font belong together.
            body.para
                .push((' ', if before == font { font } else { Font::Roman }));
        }
        self.join = false;
        body.para.extend(run);
    }

    /// Punctuation: no space before it.
    fn mark(&mut self, body: &mut Body, mark: &str) {
        self.join = false;
        let run = body.escapes.run_in(Font::Roman, mark);
        body.para.extend(run);
    }

    fn open(&mut self, body: &mut Body, mark: &str) {
        self.word(body, Font::Roman, mark);
        self.join = true;
    }
}

impl Call<'_> {
    const fn text() -> Self {
        Self {
            name: "No",
            font: Font::Roman,
            words: 0,
            url: None,
        }
    }
}
