//! Which commands a chunk documents or shows. Precision first: a name counts when its surroundings say that it is run.

use std::collections::HashSet;
use std::sync::LazyLock;

use dsg_core::{Block, BlockKind, Document, Format, Markup, Span};
use memchr::memchr3;
use regex::Regex;

use crate::inline::{InlineCode, references};

struct Patterns {
    /// What comes before a command in running text.
    cue_before: Regex,
    /// What comes before a command with arguments; a lone word there is as often a value: "use `scratch`".
    cue_before_line: Regex,
    /// What comes after one.
    cue_after: Regex,
    /// A prompt at the start of a console line.
    prompt: Regex,
    /// `NAME=value` before a command.
    assignment: Regex,
    heredoc: Regex,
}

#[allow(
    clippy::unwrap_used,
    reason = "the patterns are constants that the tests compile"
)]
static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    Patterns {
    cue_before: Regex::new(
        r"(?i)\b(?:run|runs|running|execute|executing|invoke|invoking|typing|issue|issuing|commands?|utility)(?:\s+the)?(?:\s+commands?)?:?\s+$",
    )
    .unwrap(),
    cue_before_line: Regex::new(r"(?i)\b(?:use|using|via|with|try)(?:\s+the)?(?:\s+commands?)?:?\s+$").unwrap(),
    cue_after: Regex::new(r"(?i)^\s+(?:commands?|utility|executable|binary|program|cli)\b").unwrap(),
    prompt: Regex::new(
        r"^\s*(?:\([\w.-]+\)\s*)?(?:\[[\w.-]+@[^\]\n]*\]\s*[$#%]|[\w.-]+@[\w.-]+(?::[^\s$#]*)?\s*[$#%]|[\w.-]*[$%])\s+",
    )
    .unwrap(),
    assignment: Regex::new(r"^[A-Za-z_]\w*=(?:'[^']*'|\x22[^\x22]*\x22|[^\s\x22']*)\s+").unwrap(),
    heredoc: Regex::new(r"<<-?\s*['\x22]?(\w+)['\x22]?").unwrap(),
}
});

/// Words of the shell itself and names too common to tell a chunk apart, sorted.
const NOT_COMMANDS: [&str; 60] = [
    "alias", "bg", "break", "builtin", "case", "cd", "continue", "declare", "do", "done", "echo",
    "elif", "else", "esac", "eval", "exec", "exit", "export", "false", "fg", "fi", "for",
    "function", "history", "if", "in", "let", "local", "logout", "no", "null", "popd", "printf",
    "pushd", "pwd", "read", "readonly", "return", "select", "set", "setenv", "shift", "shopt",
    "source", "test", "then", "time", "trap", "true", "type", "typeset", "ulimit", "umask",
    "unalias", "unset", "unsetenv", "until", "wait", "while", "yes",
];

/// Keywords that a command may follow on the same line.
const LEADING: [&str; 10] = [
    "sudo", "do", "then", "else", "time", "exec", "nohup", "if", "while", "elif",
];

/// Finds commands in the chunks of one document.
#[derive(Debug)]
pub(crate) struct CommandFinder<'a> {
    text: &'a str,
    markup: Markup,
    /// The command that the document is the manual of.
    subject: Option<String>,
    /// Names that the document runs somewhere; they count wherever they stand as code.
    known: HashSet<String>,
}

impl<'a> CommandFinder<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        let mut finder = Self {
            text: &document.text,
            markup: document.source.format.markup(),
            subject: subject(document),
            known: HashSet::new(),
        };
        let mut found = Vec::new();
        finder.in_span(
            Span::of_len(0, document.text.len()),
            &document.blocks,
            &mut found,
        );
        finder.known.extend(found);
        finder
    }

    /// The commands of a chunk over `span` with these blocks, in order of appearance, each once.
    pub(crate) fn commands(&self, span: Span, blocks: &[Block]) -> Vec<String> {
        let mut found: Vec<String> = self.subject.iter().cloned().collect();
        self.in_span(span, blocks, &mut found);
        let mut once: Vec<String> = Vec::with_capacity(found.len().min(8));
        for name in found {
            if !once.contains(&name) {
                once.push(name);
            }
        }
        once
    }

    fn in_span(&self, span: Span, blocks: &[Block], found: &mut Vec<String>) {
        let mut at = span.start();
        for block in blocks {
            let skipped = match &block.kind {
                BlockKind::Code { language } => {
                    self.in_prose(between(at, block.span.start()), found);
                    let body = block.body.unwrap_or(block.span);
                    if let Some(code) = body.slice(self.text) {
                        self.in_code(code, language.as_deref(), found);
                    }
                    true
                }
                BlockKind::Boilerplate => {
                    self.in_prose(between(at, block.span.start()), found);
                    true
                }
                _ => false,
            };
            if skipped {
                at = at.max(block.span.end());
            }
        }
        self.in_prose(between(at, span.end()), found);
    }

    fn in_prose(&self, span: Span, found: &mut Vec<String>) {
        let Some(prose) = span.slice(self.text) else {
            return;
        };
        let mut seen: Vec<(usize, String)> = Vec::new();
        seen.extend(
            references(prose)
                .filter(|(_, name)| is_name(name))
                .map(|(at, name)| (at, name.to_owned())),
        );
        if self.markup != Markup::Plain {
            for code in InlineCode::new(prose) {
                let before = prose.get(..code.outer.start).unwrap_or_default();
                let after = prose.get(code.outer.end..).unwrap_or_default();
                let inner = prose.get(code.inner.clone()).unwrap_or_default();
                if let Some(name) = self.in_inline(inner, before, after, code.bold) {
                    seen.push((code.inner.start, name));
                }
            }
        }
        seen.sort();
        found.extend(seen.into_iter().map(|(_, name)| name));
    }

    /// The command that inline code runs, if it runs one.
    fn in_inline(&self, code: &str, before: &str, after: &str, bold: bool) -> Option<String> {
        let code = code.trim();
        let line = strip_prefixes(after_prompt(code).unwrap_or(code));
        let mut words = line.split_whitespace();
        let name = words.next().filter(|name| is_name(name))?;
        let second = words.next();
        let with_flag = !bold && second.is_some_and(is_flag);
        if with_flag || self.known.contains(name) {
            return Some(name.to_owned());
        }
        // A manual names its command's own sub-commands like this.
        if self.subject.is_some() {
            return None;
        }
        let announced = || {
            let from = before
                .char_indices()
                .nth_back(39)
                .map_or(0, |(from, _)| from);
            let tail = before.get(from..).unwrap_or_default();
            tail.ends_with(char::is_whitespace)
                && (PATTERNS.cue_before.is_match(tail)
                    || (second.is_some() && PATTERNS.cue_before_line.is_match(tail)))
        };
        let word = !name.contains(['.', '_']) || second.is_some();
        let named = || after.starts_with(char::is_whitespace) && PATTERNS.cue_after.is_match(after);
        (word && (named() || (!bold && announced()))).then(|| name.to_owned())
    }

    fn in_code(&self, code: &str, language: Option<&str>, found: &mut Vec<String>) {
        let dialect = Dialect::of(language);
        if dialect == Dialect::Foreign {
            return;
        }
        let prompts = code.lines().any(|line| after_prompt(line).is_some());
        if !prompts
            && (dialect == Dialect::Session
                || (dialect == Dialect::Unknown && self.known.is_empty()))
        {
            return;
        }
        let mut continued = false;
        let mut heredoc: Option<String> = None;
        for line in code.lines() {
            if let Some(end) = &heredoc {
                if line.trim() == end {
                    heredoc = None;
                }
                continue;
            }
            let was_continued = continued;
            continued = line.trim_end().ends_with('\\');
            if was_continued {
                continue;
            }
            let command = match prompts.then(|| after_prompt(line)).flatten() {
                Some(command) => command,
                None if prompts => {
                    continued = false;
                    continue;
                }
                None => line,
            };
            if command.contains("<<")
                && let Some(end) = PATTERNS
                    .heredoc
                    .captures(command)
                    .and_then(|hit| hit.get(1))
            {
                heredoc = Some(end.as_str().to_owned());
            }
            let certain = prompts || dialect == Dialect::Shell;
            for part in command.split("&&").flat_map(|part| part.split("; ")) {
                found.extend(
                    first_command(part)
                        .filter(|name| certain || self.known.contains(*name))
                        .map(str::to_owned),
                );
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// Every line is a command.
    Shell,
    /// Lines with a prompt are commands, the rest is output.
    Session,
    /// Not said: prompts count, and names that are known.
    Unknown,
    /// Another language.
    Foreign,
}

impl Dialect {
    fn of(language: Option<&str>) -> Self {
        let Some(language) = language else {
            return Self::Unknown;
        };
        match language.trim().to_ascii_lowercase().as_str() {
            "sh" | "bash" | "shell" | "zsh" | "ksh" | "csh" | "tcsh" | "fish" | "slurm"
            | "sbatch" => Self::Shell,
            "console" | "shell-session" | "shellsession" | "sh-session" | "bash-session"
            | "terminal" => Self::Session,
            "" | "text" | "txt" | "none" | "plain" | "plaintext" => Self::Unknown,
            _ => Self::Foreign,
        }
    }
}

/// The command at the start of one shell line.
fn first_command(line: &str) -> Option<&str> {
    let line = strip_prefixes(line);
    let name = line.split_whitespace().next()?.trim_end_matches(';');
    let rest = line.get(name.len()..).unwrap_or_default().trim_start();
    // `name = value`, `name: value` and `name() {` are not calls.
    let called = !rest.starts_with(['=', ':', '(']) || rest.starts_with(":/");
    (called && is_name(name)).then_some(name)
}

/// The line without `sudo`, keywords and assignments.
fn strip_prefixes(line: &str) -> &str {
    let mut line = line.trim_start();
    // Every prefix has white space behind it.
    if !line.contains(char::is_whitespace) {
        return line;
    }
    loop {
        let before = line.len();
        let name = line
            .find(|c: char| c != '_' && !c.is_alphanumeric())
            .unwrap_or_default();
        if line.get(name..).is_some_and(|rest| rest.starts_with('='))
            && let Some(found) = PATTERNS.assignment.find(line)
        {
            line = line.get(found.end()..).unwrap_or_default().trim_start();
        }
        for keyword in LEADING {
            if let Some(rest) = line.strip_prefix(keyword)
                && rest.starts_with([' ', '\t'])
            {
                line = rest.trim_start();
                if keyword == "sudo" {
                    line = strip_sudo_flags(line);
                }
            }
        }
        if line.len() == before {
            return line;
        }
    }
}

fn strip_sudo_flags(mut line: &str) -> &str {
    while line.starts_with('-') {
        let mut parts = line.splitn(2, char::is_whitespace);
        let flag = parts.next().unwrap_or_default();
        let rest = parts.next().unwrap_or_default().trim_start();
        line = if matches!(flag, "-u" | "-g") {
            rest.split_once(char::is_whitespace)
                .map_or("", |(_, rest)| rest.trim_start())
        } else {
            rest
        };
    }
    line
}

fn is_flag(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|flag| flag.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-'))
}

/// A lower-case word of two characters or more that is neither a file nor a word of the shell.
fn is_name(word: &str) -> bool {
    word.len() <= 40
        && has_name_shape(word.as_bytes())
        && NOT_COMMANDS.binary_search(&word).is_err()
        && word
            .rsplit_once('.')
            .is_none_or(|(_, extension)| extension.chars().all(|c| c.is_ascii_digit()))
}

fn has_name_shape(word: &[u8]) -> bool {
    let inside = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'+' | b'.' | b'-');
    let [first, middle @ .., last] = word else {
        return false;
    };
    matches!(first, b'a'..=b'z' | b'_')
        && matches!(last, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'+')
        && middle.iter().all(inside)
}

/// What follows the prompt that `line` begins with.
fn after_prompt(line: &str) -> Option<&str> {
    // Most lines have no prompt, and three bytes tell that much faster than the pattern does.
    memchr3(b'$', b'#', b'%', line.as_bytes())?;
    let prompt = PATTERNS.prompt.find(line)?;
    line.get(prompt.end()..)
}

/// The command whose manual page this is: sections 1, 6 and 8 only.
fn subject(document: &Document) -> Option<String> {
    if document.source.format != Format::Man {
        return None;
    }
    let in_path = document
        .source
        .path
        .trim_end_matches(".gz")
        .rsplit_once('.')
        .map(|(_, section)| section);
    let section = document
        .metadata
        .get("section")
        .and_then(serde_json::Value::as_str)
        .or(in_path)?;
    let title = document
        .title
        .split(['(', ' '])
        .next()?
        .to_ascii_lowercase();
    (section.starts_with(['1', '6', '8']) && is_name(&title)).then_some(title)
}

fn between(start: usize, end: usize) -> Span {
    Span::of_len(start, end.saturating_sub(start))
}
