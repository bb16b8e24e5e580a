//! Which commands a chunk documents or shows. Precision first: a name counts when its surroundings say that it is run.

use std::collections::HashSet;
use std::sync::LazyLock;

use dsg_core::{Block, BlockKind, Document, Format, Markup, Span};
use regex::Regex;

struct Patterns {
    /// A manual reference, `sbatch(1)`; emphasis may stand around the name.
    reference: Regex,
    /// Code or bold text, with what stands around it: `run `x``, `the `x` command`.
    inline: Regex,
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
    /// What a command's name looks like.
    name: Regex,
    heredoc: Regex,
}

#[allow(
    clippy::unwrap_used,
    reason = "the patterns are constants that the tests compile"
)]
static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    Patterns {
    reference: Regex::new(r"([A-Za-z_][\w.+-]*)[*`_]*\(([18])[a-z]*\)").unwrap(),
    inline: Regex::new(r"``([^`\n]+)``|`([^`\n]+)`|\*\*([^*\n]+)\*\*").unwrap(),
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
    name: Regex::new(r"^[a-z_][a-z0-9_+.-]*[a-z0-9_+]$").unwrap(),
    heredoc: Regex::new(r"<<-?\s*['\x22]?(\w+)['\x22]?").unwrap(),
}
});

/// Words of the shell itself and names too common to tell a chunk apart.
const NOT_COMMANDS: [&str; 60] = [
    "alias", "bg", "break", "builtin", "case", "cd", "continue", "declare", "do", "done", "echo",
    "elif", "else", "esac", "eval", "exec", "exit", "export", "false", "fg", "fi", "for",
    "function", "history", "if", "in", "let", "local", "logout", "popd", "printf", "pushd", "pwd",
    "read", "readonly", "return", "select", "set", "setenv", "shift", "shopt", "source", "test",
    "then", "time", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias", "unset",
    "unsetenv", "until", "wait", "while", "yes", "no", "null",
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
        let mut seen = HashSet::new();
        found.retain(|name| seen.insert(name.clone()));
        found
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
        // Most prose has no match, and a search for two bytes tells that much faster than the pattern does.
        if prose.contains("(1") || prose.contains("(8") {
            seen.extend(
                PATTERNS
                    .reference
                    .captures_iter(prose)
                    .filter_map(|hit| hit.get(1))
                    .filter(|name| is_name(name.as_str()))
                    .map(|name| (name.start(), name.as_str().to_owned())),
            );
        }
        if self.markup != Markup::Plain && (prose.contains('`') || prose.contains("**")) {
            for hit in PATTERNS.inline.captures_iter(prose) {
                let (Some(whole), Some(code)) =
                    (hit.get(0), hit.get(1).or(hit.get(2)).or(hit.get(3)))
                else {
                    continue;
                };
                let before = prose.get(..whole.start()).unwrap_or_default();
                let after = prose.get(whole.end()..).unwrap_or_default();
                if let Some(name) =
                    self.in_inline(code.as_str(), before, after, hit.get(3).is_some())
                {
                    seen.push((code.start(), name));
                }
            }
        }
        seen.sort();
        found.extend(seen.into_iter().map(|(_, name)| name));
    }

    /// The command that inline code runs, if it runs one.
    fn in_inline(&self, code: &str, before: &str, after: &str, bold: bool) -> Option<String> {
        let line = PATTERNS.prompt.replace(code.trim(), "");
        let line = strip_prefixes(&line);
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
            let tail: String = before.chars().rev().take(40).collect();
            let tail: String = tail.chars().rev().collect();
            PATTERNS.cue_before.is_match(&tail)
                || (second.is_some() && PATTERNS.cue_before_line.is_match(&tail))
        };
        let word = !name.contains(['.', '_']) || second.is_some();
        (word && (PATTERNS.cue_after.is_match(after) || (!bold && announced())))
            .then(|| name.to_owned())
    }

    fn in_code(&self, code: &str, language: Option<&str>, found: &mut Vec<String>) {
        let dialect = Dialect::of(language);
        if dialect == Dialect::Foreign {
            return;
        }
        let prompts = code.lines().any(|line| PATTERNS.prompt.is_match(line));
        if !prompts && dialect == Dialect::Session {
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
            let command = match PATTERNS.prompt.find(line) {
                Some(prompt) => line.get(prompt.end()..).unwrap_or_default(),
                None if prompts => {
                    continued = false;
                    continue;
                }
                None => line,
            };
            if let Some(end) = PATTERNS
                .heredoc
                .captures(command)
                .and_then(|hit| hit.get(1))
            {
                heredoc = Some(end.as_str().to_owned());
            }
            let certain = prompts || dialect == Dialect::Shell;
            for part in command.split("&&").flat_map(|part| part.split("; ")) {
                found.extend(
                    first_command(part).filter(|name| certain || self.known.contains(name)),
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
fn first_command(line: &str) -> Option<String> {
    let line = strip_prefixes(line);
    let name = line.split_whitespace().next()?.trim_end_matches(';');
    let rest = line.get(name.len()..).unwrap_or_default().trim_start();
    // `name = value`, `name: value` and `name() {` are not calls.
    let called = !rest.starts_with(['=', ':', '(']) || rest.starts_with(":/");
    (called && is_name(name)).then(|| name.to_owned())
}

/// The line without `sudo`, keywords and assignments.
fn strip_prefixes(line: &str) -> &str {
    let mut line = line.trim_start();
    loop {
        let before = line.len();
        if let Some(found) = PATTERNS.assignment.find(line) {
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
        && PATTERNS.name.is_match(word)
        && !NOT_COMMANDS.contains(&word)
        && word
            .rsplit_once('.')
            .is_none_or(|(_, extension)| extension.chars().all(|c| c.is_ascii_digit()))
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
