//! How often a grammar in GBNF repeats something. llama.cpp trusts these numbers: with a least above the most it makes rules until
//! memory is gone.

use std::iter::{Peekable, from_fn};
use std::str::Chars;

/// `{least}`, `{least,}` or `{least,most}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repetition {
    pub(super) least: usize,
    pub(super) most: Option<usize>,
}

impl Repetition {
    /// Whether something can be repeated so often.
    pub(super) fn is_possible(self) -> bool {
        self.most.is_none_or(|most| self.least <= most)
    }
}

/// All of a grammar. Braces in literals, classes of characters and comments are none.
pub(super) fn repetitions(grammar: &str) -> Vec<Repetition> {
    let mut found = Vec::new();
    let mut chars = grammar.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => skip(&mut chars, '"'),
            '[' => skip(&mut chars, ']'),
            '#' => while chars.next_if(|char| *char != '\n').is_some() {},
            '{' => {
                let inside: String = from_fn(|| chars.next_if(|char| *char != '}')).collect();
                let (least, most) = inside.split_once(',').unwrap_or((&inside, &inside));
                found.push(Repetition {
                    least: number(least).unwrap_or_default(),
                    most: number(most),
                });
            }
            _ => {}
        }
    }
    found
}

/// Goes behind the next `end` that is not escaped.
fn skip(chars: &mut Peekable<Chars<'_>>, end: char) {
    while let Some(char) = chars.next() {
        if char == '\\' {
            chars.next();
        } else if char == end {
            break;
        }
    }
}

/// A number, the greatest for one that is too large to be held.
fn number(text: &str) -> Option<usize> {
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_repetitions_are_found_and_impossible_ones_told() {
        let grammar = "root ::= \"{9,1}\\\"{8,1}\" [{\\]{7,1}] x{3} y{ 2 , 5 } # {6,1}\nx ::= \"a\"{4,} | \"b\"{5,2}";
        let found = repetitions(grammar);
        let pairs: Vec<_> = found.iter().map(|one| (one.least, one.most)).collect();
        assert_eq!(pairs, [(3, Some(3)), (2, Some(5)), (4, None), (5, Some(2))]);
        let possible: Vec<_> = found.iter().map(|one| one.is_possible()).collect();
        assert_eq!(possible, [true, true, true, false]);
    }
}
