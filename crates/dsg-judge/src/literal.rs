//! Literals: the tokens of a text that are right or wrong to the letter.
//!
//! A sentence can be said in many ways; `--mem-per-cpu`, `SLURM_JOB_ID`, `/etc/fstab` and `30 minutes` cannot. Each is
//! found with its kind, and [`Evidence`](crate::Evidence) is asked whether it occurs there.

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::error::JudgeError;
use crate::number::{is_grouped, number_key, number_word, unit_key};
use crate::segment::{Kind, Segment, Segments};
use crate::shape::word_kind;

/// What kind of literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LiteralKind {
    /// `30`, `1,000`, `23.11.4`, `01:30:00`, `-1`, `twelve`; with its unit where one follows.
    Number,
    /// `-p`, `--mem-per-cpu`, `-n4`.
    Flag,
    /// `/etc/fstab`, `~/.ssh`, `slurm.conf`, `logs/%j.out`.
    Path,
    /// `https://…` and mail addresses.
    Url,
    /// `$HOME`, `${TMPDIR}`, `SLURM_JOB_ID`.
    Variable,
    /// `job_container`, `TaskPlugin`, `std::vec`, `H100`, `GPU`, and commands such as `sbatch`.
    Identifier,
    /// Any other word in code, `%j`, `#SBATCH`.
    Code,
}

/// A literal as it stands in a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Literal {
    /// Its kind.
    pub kind: LiteralKind,
    /// As written, without surrounding punctuation.
    pub text: String,
    /// The spelling that is compared: numbers normalised, `$` and braces of variables removed.
    pub key: String,
    /// A number's unit in one spelling, where one follows.
    pub unit: Option<&'static str>,
    /// Byte offset of `text` in the text it was found in.
    pub start: usize,
}

/// Finds literals. Build once, use for every text and from any thread.
#[derive(Debug, Clone)]
pub struct Lexer {
    token: Regex,
    list_number: Regex,
}

impl Lexer {
    /// A lexer.
    ///
    /// # Errors
    /// [`JudgeError::BuiltIn`], which would be a bug.
    pub fn new() -> Result<Self, JudgeError> {
        // Leftmost match, then the first alternative that matches: longer shapes stand before shorter ones.
        let token = concat!(
            r#"(?P<url>[A-Za-z][A-Za-z0-9+]*://[^\s<>"'`)\]}]+|www\.[^\s<>"'`)\]}]+)"#,
            r"|(?P<mail>[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+)",
            r"|(?P<hole><[A-Za-z_][^<>\n]{0,60}>)",
            r"|(?P<variable>\$(?:\{[A-Za-z_]\w*\}?|[A-Za-z_]\w*))",
            r"|(?P<path>(?:[\w.+~\-]+|~)?(?:/[\w.@%+*~\-]+)+/?)",
            r"|(?P<directive>#[A-Z]{2,}\b)",
            r"|(?P<percent>%[A-Za-z](?:_%[A-Za-z])*\b)",
            r"|(?P<flag>-{1,2}[A-Za-z][\w\-]*)",
            r"|(?P<hex>0[xX][0-9A-Fa-f]+)",
            r"|(?P<number>\d[\d,.:]*\d|\d)",
            r"|(?P<word>[\p{L}_][\p{L}\p{N}_]*(?:(?:::|[.\-'’])[\p{L}\p{N}_]+)*(?:\(\))?)",
        );
        let compile = |name, pattern: &str| {
            Regex::new(pattern).map_err(|source| JudgeError::BuiltIn { name, source })
        };
        Ok(Self {
            token: compile("literal", token)?,
            list_number: compile(
                "list number",
                r"(?m)^\s*(?:[-*>]\s+)?(?:\*\*)?(?:[Ss]tep\s+)?\d{1,3}[.):]\s",
            )?,
        })
    }

    /// The literals of a Markdown text, in order. Numbers that only count list items or steps are left out.
    ///
    /// ```
    /// use dsg_judge::{Lexer, LiteralKind};
    ///
    /// let found = Lexer::new()?.literals("1. Run `sbatch -N 2` with at most 1,000 tasks.");
    /// let keys: Vec<_> = found.iter().map(|literal| literal.key.as_str()).collect();
    /// assert_eq!(keys, ["sbatch", "-N", "2", "1000"]);
    /// assert_eq!(found[1].kind, LiteralKind::Flag);
    /// # Ok::<(), dsg_judge::JudgeError>(())
    /// ```
    pub fn literals(&self, text: &str) -> Vec<Literal> {
        let mut found = Vec::new();
        for segment in Segments::new(text).all {
            match segment.kind {
                Kind::Prose => self.prose(&segment, &mut found),
                Kind::Inline => self.scan(&segment, true, &mut found),
                Kind::Fenced => self.fenced(&segment, &mut found),
            }
        }
        found
    }

    /// All literals of a source text, list numbers included, markup ignored: what evidence supports.
    pub(crate) fn source_literals(&self, text: &str) -> Vec<Literal> {
        let mut found = Vec::new();
        let whole = Segment {
            kind: Kind::Prose,
            text,
            start: 0,
        };
        self.scan(&whole, false, &mut found);
        found
    }

    fn prose(&self, segment: &Segment<'_>, found: &mut Vec<Literal>) {
        let from = found.len();
        self.scan(segment, false, found);
        let counted: Vec<_> = self
            .list_number
            .find_iter(segment.text)
            .map(|m| segment.start + m.start()..segment.start + m.end())
            .collect();
        let mut index = 0;
        found.retain(|literal| {
            index += 1;
            index <= from
                || literal.kind != LiteralKind::Number
                || !counted.iter().any(|range| range.contains(&literal.start))
        });
    }

    /// Comment lines of a script are prose; everything else is code.
    fn fenced(&self, segment: &Segment<'_>, found: &mut Vec<Literal>) {
        let mut start = segment.start;
        for line in segment.text.split_inclusive('\n') {
            let content = line.trim_start();
            let comment = content
                .strip_prefix('#')
                .is_some_and(|rest| rest.starts_with([' ', '\t', '#']))
                || content.starts_with("// ");
            let part = Segment {
                kind: Kind::Fenced,
                text: line,
                start,
            };
            self.scan(&part, !comment, found);
            start += line.len();
        }
    }

    fn scan(&self, segment: &Segment<'_>, code: bool, found: &mut Vec<Literal>) {
        let text = segment.text;
        let mut at = 0;
        while let Some(captures) = self.token.captures_at(text, at) {
            let Some(token) = captures.get(0) else { break };
            at = token.end();
            let mut sink = Sink {
                found,
                base: segment.start,
                code,
            };
            let before = text.get(..token.start()).unwrap_or_default();
            let name = [
                "url",
                "mail",
                "hole",
                "variable",
                "path",
                "directive",
                "percent",
                "flag",
                "hex",
                "number",
                "word",
            ]
            .into_iter()
            .find(|name| captures.name(name).is_some());
            let (raw, start) = (token.as_str(), token.start());
            match name {
                Some("url" | "mail") => {
                    let url = raw.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
                    sink.push(LiteralKind::Url, url, url.trim_end_matches('/'), start);
                }
                Some("variable") => {
                    let name = raw.trim_matches(['$', '{', '}']);
                    sink.push(LiteralKind::Variable, raw, name, start);
                }
                Some("path") => sink.path(raw, start, before),
                Some("hole" | "directive") => sink.push(LiteralKind::Code, raw, raw, start),
                Some("percent") if !before.ends_with(|c: char| c.is_ascii_digit()) => {
                    sink.push(LiteralKind::Code, raw, raw, start);
                }
                Some("flag") => {
                    if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-')) {
                        // A hyphen inside a compound: `64-bit`.
                        let word = raw.trim_start_matches('-');
                        sink.word(word, start + raw.len() - word.len());
                    } else {
                        let flag = raw.trim_end_matches('_');
                        sink.push(LiteralKind::Flag, flag, flag, start);
                    }
                }
                Some("hex") => sink.push(LiteralKind::Identifier, raw, raw, start),
                Some("number") => {
                    let after = text.get(at..).unwrap_or_default();
                    at += sink.number(raw, start, before, after);
                }
                Some("word") => sink.word(raw, start),
                _ => {}
            }
        }
    }
}

/// Takes classified tokens.
struct Sink<'a> {
    found: &'a mut Vec<Literal>,
    base: usize,
    code: bool,
}

impl Sink<'_> {
    fn push(&mut self, kind: LiteralKind, text: &str, key: &str, start: usize) {
        if !key.is_empty() {
            self.found.push(Literal {
                kind,
                text: text.to_owned(),
                key: key.to_owned(),
                unit: None,
                start: self.base + start,
            });
        }
    }

    /// A token with slashes: a path, or alternatives such as `and/or`.
    fn path(&mut self, raw: &str, start: usize, before: &str) {
        let full = raw.trim_end_matches(['.', '*', '-', '~']);
        let raw = full.trim_start_matches(['+', '-', '*']);
        let raw = if full.starts_with('-') { full } else { raw };
        let start = start + full.len() - raw.len();
        let glued =
            before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | '>' | '}'));
        let plain_word = |part: &str| {
            part.is_empty()
                || (part.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
                    && !part.starts_with('-')
                    && part.len() > 1)
        };
        let flags = raw.starts_with('-');
        let absolute = raw.starts_with(['/', '~', '.']) && !glued;
        let alternatives = !absolute && !self.code && raw.split('/').all(plain_word);
        if flags || alternatives || (glued && raw.split('/').all(plain_word)) {
            let mut offset = start;
            for part in raw.split('/') {
                if part.starts_with('-') {
                    self.push(LiteralKind::Flag, part, part, offset);
                } else if part.contains(|c: char| c.is_alphabetic()) {
                    self.word(part, offset);
                }
                offset += part.len() + 1;
            }
            return;
        }
        if raw
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'/' | b'.'))
        {
            // `1/2`, `24/7`.
            let mut offset = start;
            for part in raw.split('/') {
                if !part.is_empty() {
                    self.push(LiteralKind::Number, part, &number_key(part), offset);
                }
                offset += part.len() + 1;
            }
            return;
        }
        // Behind a variable, as in `$HOME/.ssh`, a path is relative.
        let relative = if glued {
            raw.trim_start_matches('/')
        } else {
            raw
        };
        let (start, raw) = (start + raw.len() - relative.len(), relative);
        let key = if raw.len() > 1 {
            raw.trim_end_matches('/')
        } else {
            raw
        };
        self.push(LiteralKind::Path, raw, key, start);
    }

    /// A number with what is glued to it or follows as its unit. Returns how many bytes of `after` it took.
    fn number(&mut self, raw: &str, start: usize, before: &str, after: &str) -> usize {
        let suffix: &str = {
            let end = after
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == 'µ'))
                .unwrap_or(after.len());
            after.get(..end).unwrap_or_default()
        };
        let ordinal = matches!(suffix, "st" | "nd" | "rd" | "th");
        if !suffix.is_empty() && !ordinal && unit_key(suffix).is_none() {
            // `4x4`, `3D`, `2nd_try`: right or wrong as a whole.
            let text = format!("{raw}{suffix}");
            self.push(LiteralKind::Identifier, &text, &text, start);
            return suffix.len();
        }
        let unit = if ordinal {
            None
        } else if suffix.is_empty() {
            following_unit(after)
        } else {
            unit_key(suffix)
        };
        let negative = before.strip_suffix(['-', '−']).is_some_and(|before| {
            !before.ends_with(|c: char| {
                c.is_alphanumeric() || matches!(c, ')' | ']' | '>' | '_' | '%')
            })
        });
        let parts: Vec<&str> = if is_grouped(raw) {
            vec![raw]
        } else {
            raw.split(',').collect()
        };
        let mut offset = start;
        for part in parts {
            let text = part.trim_matches(['.', ':']);
            if !text.is_empty() {
                let key = number_key(text);
                self.found.push(Literal {
                    kind: LiteralKind::Number,
                    text: text.to_owned(),
                    key: if negative { format!("-{key}") } else { key },
                    unit,
                    start: self.base + offset,
                });
            }
            offset += part.len() + 1;
        }
        suffix.len()
    }

    fn word(&mut self, raw: &str, start: usize) {
        let version = raw.strip_prefix(['v', 'V']).filter(|version| {
            version.contains('.') && version.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        });
        if let Some(version) = version {
            self.push(LiteralKind::Number, raw, version, start);
            return;
        }
        if let Some(kind) = word_kind(raw) {
            self.push(kind, raw, raw.trim_end_matches("()"), start);
        } else if let Some(value) = number_word(&raw.to_lowercase()).filter(|_| !self.code) {
            self.push(LiteralKind::Number, raw, value, start);
        } else if self.code {
            self.push(LiteralKind::Code, raw, raw, start);
        } else if raw.contains(['-', '.']) {
            // A compound of plain words; one part may still be technical: `GPU-aware`, `MPI-based`.
            let mut offset = start;
            for part in raw.split(['-', '.']) {
                if let Some(kind) = word_kind(part) {
                    self.push(kind, part, part, offset);
                }
                offset += part.len() + 1;
            }
        }
    }
}

/// The unit that stands after a number: at once a `%`, or a word after one space or hyphen.
fn following_unit(after: &str) -> Option<&'static str> {
    if after.starts_with('%') && !after.starts_with(|c: char| c.is_alphabetic()) {
        return unit_key("%");
    }
    let rest = after.strip_prefix([' ', '-', '\u{a0}'])?;
    let end = rest
        .find(|c: char| !(c.is_alphabetic() || c == '%'))
        .unwrap_or(rest.len());
    // A single letter after a space is no unit: `2 s` is rare, `2 a` is not.
    rest.get(..end)
        .filter(|word| {
            word.len() > 1
                || *word == "%"
                || matches!(*word, "s" | "h" | "G" | "M" | "K" | "T" | "W")
        })
        .and_then(unit_key)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static LEXER: LazyLock<Lexer> = LazyLock::new(|| Lexer::new().unwrap());
    use LiteralKind::{Code, Flag, Identifier, Number, Path, Url, Variable};

    fn lex(text: &str) -> Vec<(LiteralKind, String)> {
        LEXER
            .literals(text)
            .into_iter()
            .map(|literal| (literal.kind, literal.key))
            .collect()
    }

    fn check(text: &str, expected: &[(LiteralKind, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(k, t)| (*k, (*t).to_owned()))
            .collect();
        assert_eq!(lex(text), expected, "{text}");
    }

    #[test]
    fn flags_are_whole() {
        check(
            "Use -p, --partition=<name> (or --mem-per-cpu).",
            &[
                (Flag, "-p"),
                (Flag, "--partition"),
                (Code, "<name>"),
                (Flag, "--mem-per-cpu"),
            ],
        );
        check(
            "-n/--ntasks sets it, a two-step, 64-bit, sub-node thing",
            &[(Flag, "-n"), (Flag, "--ntasks"), (Number, "64")],
        );
    }

    #[test]
    fn numbers_have_one_spelling_and_their_unit() {
        let found = LEXER.literals("At most 1,000 jobs, 30 minutes, 16GB, 50% and -1.");
        let got: Vec<_> = found.iter().map(|l| (l.key.as_str(), l.unit)).collect();
        assert_eq!(
            got,
            [
                ("1000", None),
                ("30", Some("minute")),
                ("16", Some("gigabyte")),
                ("50", Some("percent")),
                ("-1", None),
            ]
        );
        check(
            "0-15, 1-12:00:00, v23.11.4, 24/7, 10.0.0.1:22, 1,2,3",
            &[
                (Number, "0"),
                (Number, "15"),
                (Number, "1"),
                (Number, "12:00:00"),
                (Number, "23.11.4"),
                (Number, "24"),
                (Number, "7"),
                (Number, "10.0.0.1:22"),
                (Number, "1"),
                (Number, "2"),
                (Number, "3"),
            ],
        );
    }

    #[test]
    fn list_numbers_do_not_count() {
        check(
            "1. Log in.\n2. Wait 5 minutes.\n  10) Done\nStep 3: go",
            &[(Number, "5")],
        );
    }

    #[test]
    fn paths_urls_and_variables() {
        check(
            "Edit /etc/slurm/slurm.conf. See https://example.org/a/b/, ~/.ssh/config and/or job.sh.",
            &[
                (Path, "/etc/slurm/slurm.conf"),
                (Url, "https://example.org/a/b"),
                (Path, "~/.ssh/config"),
                (Path, "job.sh"),
            ],
        );
        check(
            "$HOME, ${TMPDIR} or SLURM_JOB_ID, i.e. e.g. the end.Next",
            &[
                (Variable, "HOME"),
                (Variable, "TMPDIR"),
                (Variable, "SLURM_JOB_ID"),
            ],
        );
    }

    #[test]
    fn identifiers_and_commands_in_prose() {
        check(
            "Slurm's TaskPlugin and job_container run on H100 GPUs via srun; it's GPU-aware, input/output.",
            &[
                (Identifier, "TaskPlugin"),
                (Identifier, "job_container"),
                (Identifier, "H100"),
                (Identifier, "GPUs"),
                (Identifier, "srun"),
                (Identifier, "GPU"),
            ],
        );
    }

    #[test]
    fn every_word_of_code_counts_but_not_its_comments() {
        check(
            "```bash\n#SBATCH --time=1:00\n# Wait for it\nsrun ./a.out %j\n```",
            &[
                (Code, "#SBATCH"),
                (Flag, "--time"),
                (Number, "1:00"),
                (Identifier, "srun"),
                (Path, "./a.out"),
                (Code, "%j"),
            ],
        );
        check("Run `module load`.", &[(Code, "module"), (Code, "load")]);
    }
}
