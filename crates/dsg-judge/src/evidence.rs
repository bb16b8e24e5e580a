//! What an item may say: the literals and words of its evidence.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use crate::literal::{Lexer, Literal, LiteralKind};
use crate::shape::is_command;
use crate::stem::stem;

/// Source text, indexed for the question "does this literal occur here?".
///
/// Occurrence respects the borders of tokens: `--mem` is not found in `--mem-per-cpu`, 5 not in 15, and `job` not in
/// `jobs`. Case counts, except for acronyms. Markup does not: `**-p**` holds `-p` and `foo\_bar` holds `foo_bar`.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The texts as written and with inline markup removed.
    views: Vec<String>,
    /// Every number, with the units it occurs with.
    numbers: HashMap<String, HashSet<Option<&'static str>>>,
    /// Every unit anywhere, as in a table's head.
    units: HashSet<&'static str>,
    /// Stems of all words.
    words: HashSet<String>,
    /// Identifiers, to tell a misspelt one.
    names: BTreeSet<String>,
}

impl Evidence {
    /// Indexes `texts`.
    pub fn new<'a>(lexer: &Lexer, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut evidence = Self::default();
        for text in texts {
            evidence.add(lexer, text);
        }
        evidence
    }

    fn add(&mut self, lexer: &Lexer, text: &str) {
        let written = unify(text);
        let plain = without_markup(&written);
        let mut literals = lexer.source_literals(&plain);
        if plain != written {
            // `node1*2` holds a 2 only as long as the asterisk is there.
            literals.extend(lexer.source_literals(&written));
        }
        for literal in literals {
            match literal.kind {
                LiteralKind::Number => {
                    self.units.extend(literal.unit);
                    self.numbers
                        .entry(literal.key)
                        .or_default()
                        .insert(literal.unit);
                }
                // The value of `-n4` is a number, too.
                LiteralKind::Flag => {
                    let digits = literal
                        .key
                        .trim_start_matches(|c: char| !c.is_ascii_digit());
                    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
                        self.numbers
                            .entry(crate::number::number_key(digits))
                            .or_default()
                            .insert(None);
                    }
                }
                LiteralKind::Identifier | LiteralKind::Variable => {
                    self.names.insert(literal.key);
                }
                _ => {}
            }
        }
        for word in words(&plain) {
            self.units.extend(crate::number::unit_key(word));
            self.words.insert(stem(word));
        }
        if plain != written {
            self.views.push(plain);
        }
        self.views.push(written);
    }

    /// Whether the evidence holds this literal.
    pub fn supports(&self, literal: &Literal) -> bool {
        match literal.kind {
            LiteralKind::Number => self.has_number(literal),
            LiteralKind::Flag => self.has_flag(&literal.key),
            LiteralKind::Identifier => {
                self.has(&literal.key, LiteralKind::Identifier) || self.has_acronym(&literal.key)
            }
            kind => self.has(&literal.key, kind),
        }
    }

    /// Whether a word, in any of its regular forms, occurs.
    pub fn has_word(&self, word: &str) -> bool {
        self.words.contains(&stem(word))
    }

    /// The identifier of the evidence of which `word`, itself not there, is a misspelling: two adjacent letters exchanged.
    /// An exchange turns `slurmctld` into a plain word that no literal check would look at.
    pub fn misspelt(&self, word: &str) -> Option<&str> {
        if word.chars().count() < 4 || self.has_word(word) {
            return None;
        }
        self.names
            .iter()
            .find(|name| is_transposed(word, name))
            .map(String::as_str)
    }

    /// Whether a word of the evidence begins with `start` and goes on: a sign that `start` was cut off.
    pub(crate) fn has_longer_word(&self, start: &str) -> bool {
        self.views
            .iter()
            .any(|view| words(view).any(|word| word.len() > start.len() && word.starts_with(start)))
    }

    /// Whether a command line of several words occurs as a whole, up to white space. Single tokens have their own rules.
    pub(crate) fn has_snippet(&self, code: &str) -> bool {
        let wanted = unify(code.trim());
        // Neither end may lie inside an option, path or file name.
        let goes_on =
            |c: Option<char>| c.is_some_and(|c| is_word(c) || matches!(c, '-' | '/' | '.'));
        wanted.contains(' ')
            && self.views.iter().any(|view| {
                view.match_indices(&wanted).any(|(at, _)| {
                    let before = view.get(..at).and_then(|text| text.chars().next_back());
                    let mut after = view.get(at + wanted.len()..).unwrap_or_default().chars();
                    let (after, next) = (after.next(), after.next());
                    let full_stop = after == Some('.') && !next.is_some_and(is_word);
                    !goes_on(before) && (!goes_on(after) || full_stop)
                })
            })
    }

    fn has_number(&self, literal: &Literal) -> bool {
        let Some(units) = self.numbers.get(&literal.key) else {
            return false;
        };
        match literal.unit {
            None => true,
            // `4-8 hours` and a column headed `hours` name the unit once.
            Some(unit) => {
                units.contains(&Some(unit)) || (units.contains(&None) && self.units.contains(unit))
            }
        }
    }

    fn has_flag(&self, flag: &str) -> bool {
        if self.has(flag, LiteralKind::Flag) {
            return true;
        }
        // `-n4` is `-n` with its value.
        let mut chars = flag.char_indices().skip(2);
        let Some((at, _)) = chars.next().filter(|_| !flag.starts_with("--")) else {
            return false;
        };
        let (Some(name), Some(value)) = (flag.get(..at), flag.get(at..)) else {
            return false;
        };
        value.bytes().all(|b| b.is_ascii_digit())
            && self.numbers.contains_key(&crate::number::number_key(value))
            && self.has(name, LiteralKind::Flag)
    }

    /// `GPUs` where the evidence says `GPU` or `gpu`.
    fn has_acronym(&self, key: &str) -> bool {
        let letters = key.strip_suffix('s').unwrap_or(key);
        letters.len() >= 2
            && letters.chars().all(char::is_uppercase)
            && !is_command(&letters.to_lowercase())
            && self.has_word(&letters.to_lowercase())
    }

    /// Whether `key` stands somewhere between borders that fit its kind.
    fn has(&self, key: &str, kind: LiteralKind) -> bool {
        let key = unify(key);
        self.views.iter().any(|view| {
            view.match_indices(&key).any(|(at, _)| {
                let before = view.get(..at).and_then(|text| text.chars().next_back());
                let mut after = view.get(at + key.len()..).unwrap_or_default().chars();
                border_before(&key, before, kind)
                    && border_after(&key, after.next(), after.next(), kind)
            })
        })
    }
}

/// Whether `a` becomes `b` by exchanging two adjacent characters.
fn is_transposed(a: &str, b: &str) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut differing = a
        .chars()
        .zip(b.chars())
        .enumerate()
        .filter(|(_, (x, y))| x != y);
    match (differing.next(), differing.next(), differing.next()) {
        (Some((i, (x1, y1))), Some((j, (x2, y2))), None) => i + 1 == j && x1 == y2 && x2 == y1,
        _ => false,
    }
}

/// Whether `key` can begin after this character.
fn border_before(key: &str, before: Option<char>, kind: LiteralKind) -> bool {
    let Some(before) = before else { return true };
    match kind {
        LiteralKind::Path if key.starts_with(['/', '~', '.']) => !is_word(before) && before != '.',
        // `-x` is not in `--x`, `slurm.conf` not in `my-slurm.conf`.
        LiteralKind::Flag | LiteralKind::Path => !is_word(before) && before != '-',
        LiteralKind::Url => !is_word(before),
        // A key that begins with a symbol brings its own border.
        _ => !key.starts_with(is_word) || !is_word(before),
    }
}

/// Whether `key` can end before these characters.
fn border_after(key: &str, after: Option<char>, next: Option<char>, kind: LiteralKind) -> bool {
    let Some(after) = after else { return true };
    // A dot ends a sentence, or begins a file's extension.
    let extended = after == '.' && next.is_some_and(is_word);
    match kind {
        LiteralKind::Flag => !is_word(after) && after != '-',
        LiteralKind::Path | LiteralKind::Url => !is_word(after) && after != '-' && !extended,
        _ => !key.ends_with(is_word) || !is_word(after),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The words of a text: runs of letters, digits and inner apostrophes or hyphens.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '_')))
        .map(|word| word.trim_matches(['\'', '’', '_']))
        .filter(|word| !word.is_empty())
}

/// `text` in one spelling and without inline markup.
pub(crate) fn plain(text: &str) -> String {
    without_markup(&unify(text))
}

/// One spelling for hyphens, quotes and white space.
fn unify(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2010}' | '\u{2011}' | '\u{2012}' | '−' => out.push('-'),
            '\u{a0}' | '\u{202f}' | '\u{2009}' => out.push(' '),
            '\u{200b}' | '\u{feff}' | '\u{ad}' => {}
            c if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// `text` without backslash escapes, emphasis and code marks; `--[no-]x` is written out.
fn without_markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        match c {
            '\\' if next.is_ascii_punctuation() => {
                // Escaped: itself, whatever it would mean.
                out.extend(chars.next());
                before = 'x';
                continue;
            }
            '*' | '`' => {}
            // `_emphasis_`, but `snake_case`.
            '_' if !(before.is_alphanumeric() && next.is_alphanumeric()) => {}
            c => out.push(c),
        }
        before = c;
    }
    for (at, _) in text.match_indices("--[no-]") {
        let name: String = text
            .get(at + "--[no-]".len()..)
            .unwrap_or_default()
            .chars()
            .take_while(|c| is_word(*c) || *c == '-')
            .collect();
        // Writing to a string cannot fail.
        let _ = write!(out, " --{name} --no-{name}");
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    fn supports(evidence: &str, answer: &str) -> bool {
        static LEXER: LazyLock<Lexer> = LazyLock::new(|| Lexer::new().unwrap());
        let evidence = Evidence::new(&LEXER, [evidence]);
        LEXER.literals(answer).iter().all(|l| evidence.supports(l))
    }

    #[test]
    fn a_literal_is_found_whatever_the_markup() {
        for (evidence, answer) in [
            ("**-p**, **--partition**=<*names*>", "Use `--partition`."),
            (
                "Set `Foo\\_Bar` in slurm.conf.",
                "Set `Foo_Bar` in `slurm.conf`",
            ),
            ("at most 1,000 jobs", "at most 1000 jobs"),
            ("at most 1000 jobs", "at most 1,000 jobs"),
            ("three retries", "3 retries"),
            ("| limit (hours) | 72 |", "72 hours"),
            ("takes 16 GB", "takes 16GB"),
            ("**--[no-]kill**", "`--no-kill`"),
            ("the GPU", "GPUs"),
            (
                "use _rclone_ with __S3__ and _--mode_",
                "rclone, S3, `--mode`",
            ),
            ("a\\_b and `node1*2`", "`a_b`, 2"),
            ("def __init__(self)", "`__init__`"),
            ("option -n sets 4 tasks", "`-n4`"),
            ("See https://example.org/a/.", "https://example.org/a"),
            (
                "files in /etc/slurm/slurm.conf",
                "slurm.conf lies in /etc/slurm",
            ),
        ] {
            assert!(supports(evidence, answer), "{evidence} / {answer}");
        }
    }

    #[test]
    fn a_part_of_a_token_is_not_the_token() {
        for (evidence, answer) in [
            ("--mem-per-cpu", "`--mem`"),
            ("--mem", "`--mem-per-cpu`"),
            ("--mem", "`-mem`"),
            ("15 jobs", "5 jobs"),
            ("H100", "100 nodes"),
            ("-N", "`-n`"),
            ("SLURM_JOB_ID", "`SLURM_JOB`"),
            ("slurm.conf.example", "`slurm.conf`"),
            ("60 seconds", "60 minutes"),
            ("16 GB", "16 MB"),
            ("sbatch", "srun"),
            ("TaskPlugin", "`taskPlugin`"),
            ("https://example.org/ab", "https://example.org/a"),
            ("-1 means none", "1 means none"),
        ] {
            assert!(!supports(evidence, answer), "{evidence} / {answer}");
        }
    }
}
