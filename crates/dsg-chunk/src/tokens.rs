//! A token count without a tokenizer.

use dsg_core::TokenCounter;

/// Estimates what a byte-pair tokenizer of a current language model would count, in one pass and without a vocabulary.
#[derive(Debug, Clone, Copy, Default)]
pub struct EstimatedTokens;

impl TokenCounter for EstimatedTokens {
    fn count(&self, text: &str) -> usize {
        let mut quarters = 0_usize;
        let mut run = 0_usize;
        let mut kind = Kind::Space;
        for c in text.chars() {
            let next = Kind::of(c);
            if next == kind {
                run += 1;
            } else {
                quarters += kind.cost(run);
                (kind, run) = (next, 1);
            }
        }
        quarters += kind.cost(run);
        quarters.div_ceil(4)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Space,
    Newline,
    Mark,
    Other,
}

impl Kind {
    const fn of(c: char) -> Self {
        match c {
            'a'..='z' | 'A'..='Z' => Self::Letter,
            '0'..='9' => Self::Digit,
            '\n' => Self::Newline,
            ' ' | '\t' | '\r' => Self::Space,
            c if c.is_ascii() => Self::Mark,
            _ => Self::Other,
        }
    }

    /// The cost of a run of `n` characters, in quarters of a token.
    const fn cost(self, n: usize) -> usize {
        match self {
            Self::Letter => 4 + n.saturating_sub(6),
            Self::Digit => 4 * n.div_ceil(3),
            Self::Space if n <= 1 => 0,
            Self::Newline | Self::Space => 3,
            Self::Mark => 3 + n.saturating_sub(1),
            Self::Other => 4 * n,
        }
    }
}
