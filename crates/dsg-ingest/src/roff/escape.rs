//! Escape sequences: fonts, special characters, strings; what only moves ink disappears.

use std::collections::BTreeMap;

use crate::lines::{head, tail};

/// The font of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Font {
    #[default]
    Roman,
    Bold,
    Italic,
}

impl Font {
    fn named(name: &str) -> Option<Self> {
        match name {
            "R" | "1" | "CR" | "CW" | "C" | "" => Some(Self::Roman),
            "B" | "3" | "BI" | "4" | "CB" | "CBI" => Some(Self::Bold),
            "I" | "2" | "CI" => Some(Self::Italic),
            _ => None,
        }
    }
}

/// Characters with their fonts; a line break is `\n`.
pub(crate) type Run = Vec<(char, Font)>;

/// The state that escapes read and change.
#[derive(Debug, Default)]
pub(crate) struct Escapes {
    font: Font,
    previous: Font,
    strings: BTreeMap<String, String>,
    /// Bytes that strings have added to the page.
    expanded: usize,
    /// The last line ended with `\c`: the next one follows without a space.
    pub joins: bool,
}

/// Strings inside strings deeper than this stay unexpanded.
const MAX_EXPANSION: usize = 8;
/// Longer strings are not stored.
const MAX_STRING: usize = 1024;
/// A line does not grow beyond this by expanding strings, in characters.
const MAX_LINE: usize = 1 << 16;
/// A page does not grow by more than this by expanding strings, in bytes.
const MAX_EXPANDED: usize = 4 << 20;

impl Escapes {
    /// Changes the font, as `.ft` does; `P` and nothing go back.
    pub(crate) fn set_font(&mut self, name: &str) {
        let next = if name == "P" {
            Some(self.previous)
        } else {
            Font::named(name)
        };
        if let Some(next) = next {
            self.previous = std::mem::replace(&mut self.font, next);
        }
    }

    /// Defines a string, as `.ds` does.
    pub(crate) fn define(&mut self, name: &str, value: &str) {
        if value.len() <= MAX_STRING {
            self.strings.insert(name.to_owned(), value.to_owned());
        }
    }

    /// `line` as characters with fonts.
    pub(crate) fn run(&mut self, line: &str) -> Run {
        let mut out = Run::with_capacity(line.len());
        self.joins = false;
        self.scan(line, &mut out, 0);
        out
    }

    /// `line` in `font`, whatever was set before; the font set before comes back after.
    pub(crate) fn run_in(&mut self, font: Font, line: &str) -> Run {
        let before = (self.font, self.previous);
        self.font = font;
        self.previous = Font::Roman;
        let out = self.run(line);
        (self.font, self.previous) = before;
        out
    }

    fn scan(&mut self, line: &str, out: &mut Run, depth: usize) {
        let mut rest = line;
        while !rest.is_empty() {
            let shown = rest.find('\\').unwrap_or(rest.len());
            out.extend(head(rest, shown).chars().map(|c| (c, self.font)));
            rest = tail(rest, shown + 1);
            let Some(escape) = rest.chars().next() else {
                return;
            };
            rest = tail(rest, escape.len_utf8());
            match escape {
                '"' => return,
                '#' => {
                    // groff ends the line here; authors who write `\#SBATCH` mean the character.
                    out.push(('#', self.font));
                }
                'f' => {
                    let (name, after) = argument(rest);
                    self.set_font(if name.is_empty() { "P" } else { name });
                    rest = after;
                }
                'F' | 'm' | 'M' | 'n' | 'g' | 'k' | 'V' | 'Y' => rest = argument(rest).1,
                's' => rest = size(rest),
                '*' => {
                    let (name, after) = argument(rest);
                    rest = after;
                    if let Some(value) = self.strings.get(name).cloned()
                        && depth < MAX_EXPANSION
                        && out.len() < MAX_LINE
                        && self.expanded < MAX_EXPANDED
                    {
                        self.expanded += value.len();
                        self.scan(&value, out, depth + 1);
                    } else if let Some(c) = predefined(name) {
                        out.push((c, self.font));
                    }
                }
                '(' | '[' => {
                    let (name, after) = if escape == '(' {
                        let end = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at);
                        (head(rest, end), tail(rest, end))
                    } else {
                        rest.split_once(']').unwrap_or((rest, ""))
                    };
                    rest = after;
                    match special(name) {
                        Some(c) => out.push((c, self.font)),
                        None => out.extend(name.chars().map(|c| (c, self.font))),
                    }
                }
                'h' | 'v' | 'w' | 'l' | 'L' | 'D' | 'b' | 'o' | 'x' | 'X' | 'H' | 'S' | 'A'
                | 'B' | 'R' | 'Z' => rest = delimited(rest).1,
                'N' => {
                    let (code, after) = delimited(rest);
                    rest = after;
                    if let Some(c) = code.parse().ok().and_then(char::from_u32) {
                        out.push((c, self.font));
                    }
                }
                'C' => {
                    let (name, after) = delimited(rest);
                    rest = after;
                    if let Some(c) = special(name) {
                        out.push((c, self.font));
                    }
                }
                '-' => out.push(('-', self.font)),
                'e' | '\\' => out.push(('\\', self.font)),
                '~' | ' ' | '0' => out.push(('\u{a0}', self.font)),
                't' => out.push(('\t', self.font)),
                'c' => self.joins = true,
                '&' | '/' | ',' | '|' | '^' | '%' | ':' | ')' | 'd' | 'u' | 'r' | 'p' | 'z'
                | '{' | '}' | '!' | '?' | 'a' => {}
                other => out.push((other, self.font)),
            }
        }
    }
}

/// A name of one character, of two after `(`, or in brackets.
fn argument(rest: &str) -> (&str, &str) {
    if let Some(inner) = rest.strip_prefix('[') {
        return inner.split_once(']').unwrap_or((inner, ""));
    }
    let (skip, count) = if rest.starts_with('(') {
        (1, 2)
    } else {
        (0, 1)
    };
    let named = tail(rest, skip);
    let end = named
        .char_indices()
        .nth(count)
        .map_or(named.len(), |(at, _)| at);
    (head(named, end), tail(named, end))
}

/// What follows a size change: `\s-1`, `\s+(12`, `\s0`.
fn size(rest: &str) -> &str {
    if rest.starts_with(['[', '(']) {
        return argument(rest).1;
    }
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    if rest.starts_with(['[', '(']) {
        return argument(rest).1;
    }
    let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    // Two digits are a size only from 10 to 39.
    let digits = if digits == 2 && !rest.starts_with(['1', '2', '3']) {
        1
    } else {
        digits
    };
    tail(rest, digits)
}

/// Text between two of the same character.
fn delimited(rest: &str) -> (&str, &str) {
    let Some(mark) = rest.chars().next() else {
        return ("", "");
    };
    let inner = tail(rest, mark.len_utf8());
    match inner.find(mark) {
        Some(end) => (head(inner, end), tail(inner, end + mark.len_utf8())),
        None => ("", inner),
    }
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "lq" => Some('“'),
        "rq" => Some('”'),
        "R" => Some('®'),
        "Tm" => Some('™'),
        _ => None,
    }
}

fn special(name: &str) -> Option<char> {
    Some(match name {
        "em" => '—',
        "en" => '–',
        "hy" | "mi" | "-" => '-',
        "aq" => '\'',
        "dq" => '"',
        "bu" => '•',
        "lq" => '“',
        "rq" => '”',
        "oq" => '‘',
        "cq" => '’',
        "Fo" => '«',
        "Fc" => '»',
        "co" => '©',
        "rg" => '®',
        "tm" => '™',
        "ha" => '^',
        "ti" => '~',
        "rs" => '\\',
        "sl" => '/',
        "ga" => '`',
        "aa" => '´',
        "at" => '@',
        "sh" => '#',
        "Do" => '$',
        "ba" | "or" | "br" => '|',
        "lB" => '[',
        "rB" => ']',
        "lC" => '{',
        "rC" => '}',
        "la" => '⟨',
        "ra" => '⟩',
        "<-" => '←',
        "->" => '→',
        "<=" => '≤',
        ">=" => '≥',
        "!=" => '≠',
        "==" => '≡',
        "+-" => '±',
        "pl" => '+',
        "eq" => '=',
        "mu" => '×',
        "di" => '÷',
        "de" => '°',
        "sc" => '§',
        "ss" => 'ß',
        "if" => '∞',
        "ul" => '_',
        "*m" => 'µ',
        ":a" => 'ä',
        ":o" => 'ö',
        ":u" => 'ü',
        ":A" => 'Ä',
        ":O" => 'Ö',
        ":U" => 'Ü',
        "'e" => 'é',
        "'a" => 'á',
        "'i" => 'í',
        "'o" => 'ó',
        "'u" => 'ú',
        "`a" => 'à',
        "`e" => 'è',
        "^e" => 'ê',
        "^o" => 'ô',
        ",c" => 'ç',
        "~n" => 'ñ',
        "/o" => 'ø',
        "oa" => 'å',
        _ => {
            let hex = name.strip_prefix('u')?;
            if !(4..=6).contains(&hex.len()) {
                return None;
            }
            return u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(line: &str) -> String {
        Escapes::default()
            .run(line)
            .into_iter()
            .map(|(c, _)| c)
            .collect()
    }

    #[test]
    fn escapes_give_what_a_reader_sees() {
        assert_eq!(
            plain(r"\fB\-\-all\fR \(em it\(aqs \s-1BIG\s0"),
            "--all — it's BIG"
        );
        assert_eq!(plain("a\\&b\\e \\[u00E9]\\(bu x\\\" comment"), "ab\\ é• x");
        assert_eq!(plain(r"\h'2m'x\*(lqy\*(rq\n(.g"), "x“y”");
        assert_eq!(plain("ends with \\"), "ends with ");
    }

    #[test]
    fn strings_expand_but_not_forever() {
        let mut escapes = Escapes::default();
        escapes.define("x", r"\*x\*x");
        assert!(escapes.run(r"\*x").len() < MAX_LINE * 2);
        escapes.define("PR", "tool");
        let shown: String = escapes.run(r"\*(PR!").into_iter().map(|(c, _)| c).collect();
        assert_eq!(shown, "tool!");
    }
}
