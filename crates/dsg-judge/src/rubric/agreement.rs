//! Whether two answers to one question say the same, as far as that can be told without reading.

use std::collections::BTreeSet;

use crate::evidence::words;
use crate::finding::listed;
use crate::literal::{Lexer, LiteralKind};
use crate::stem::{is_function_word, stem};

/// Literals of these kinds decide alone.
const DECISIVE: [(LiteralKind, &str); 5] = [
    (LiteralKind::Number, "numbers"),
    (LiteralKind::Flag, "flags"),
    (LiteralKind::Path, "paths"),
    (LiteralKind::Url, "URLs"),
    (LiteralKind::Variable, "variables"),
];

const NEGATIONS: [&str; 9] = [
    "not", "no", "never", "cannot", "none", "without", "neither", "nor", "nothing",
];

/// What can be told of two answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Agreement {
    /// One's literals are the other's, and their words overlap.
    Same,
    /// Both give literals of a kind, and not one in common.
    Conflict(String),
    /// Neither; someone has to read them.
    Unclear,
}

/// Compares two answers. `least` is the overlap of content words from which they agree.
pub(crate) fn compare(lexer: &Lexer, a: &str, b: &str, least: f64) -> Agreement {
    let (first, second) = (lexer.literals(a), lexer.literals(b));
    let mut nested = true;
    for (kind, what) in DECISIVE {
        let keys = |literals: &[crate::Literal]| -> BTreeSet<(String, Option<&'static str>)> {
            literals
                .iter()
                .filter(|literal| literal.kind == kind)
                .map(|literal| (literal.key.clone(), literal.unit))
                .collect()
        };
        let (ours, theirs) = (keys(&first), keys(&second));
        if ours.is_empty() || theirs.is_empty() {
            continue;
        }
        // `60` and `60 minutes` are no contradiction.
        let meet = |x: &(String, Option<&str>), y: &(String, Option<&str>)| {
            x.0 == y.0 && (x.1.is_none() || y.1.is_none() || x.1 == y.1)
        };
        let holds = |outer: &BTreeSet<(String, Option<&'static str>)>,
                     inner: &BTreeSet<(String, Option<&'static str>)>| {
            inner.iter().all(|x| outer.iter().any(|y| meet(x, y)))
        };
        if !ours.iter().any(|x| theirs.iter().any(|y| meet(x, y))) {
            let names = |keys: &BTreeSet<(String, Option<&'static str>)>| {
                listed(
                    keys.iter()
                        .map(|(key, unit)| {
                            unit.map_or_else(|| key.clone(), |unit| format!("{key} {unit}"))
                        })
                        .collect::<Vec<_>>()
                        .iter()
                        .map(String::as_str),
                )
            };
            return Agreement::Conflict(format!(
                "other {what}: {} against {}",
                names(&ours),
                names(&theirs)
            ));
        }
        nested &= holds(&ours, &theirs) || holds(&theirs, &ours);
    }
    if nested && negates(a) == negates(b) && f1(a, b) >= least {
        Agreement::Same
    } else {
        Agreement::Unclear
    }
}

/// Harmonic mean of the shares of content words, as stems, that each answer has in common with the other; 0 when one has none.
pub(crate) fn f1(a: &str, b: &str) -> f64 {
    let stems = |text: &str| -> BTreeSet<String> {
        words(text)
            .filter(|word| !is_function_word(word))
            .map(stem)
            .collect()
    };
    let (a, b) = (stems(a), stems(b));
    let common = a.intersection(&b).count();
    if common == 0 {
        return 0.0;
    }
    2.0 * common as f64 / (a.len() + b.len()) as f64
}

fn negates(text: &str) -> bool {
    words(text).any(|word| {
        let word = word.to_lowercase().replace('’', "'");
        NEGATIONS.contains(&word.as_str()) || word.ends_with("n't")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(a: &str, b: &str) -> Agreement {
        compare(&Lexer::new().unwrap(), a, b, 0.6)
    }

    #[test]
    fn literals_in_common_and_most_words_are_agreement() {
        for (a, b) in [
            (
                "The default limit is 60 minutes.",
                "The limit is 60 minutes by default.",
            ),
            (
                "Pass `--time=30` to `sbatch` to set the limit.",
                "Set the limit with `sbatch --time=30`.",
            ),
            (
                "The limit is set in /etc/limits.conf.",
                "Set the limit in `/etc/limits.conf`",
            ),
        ] {
            assert_eq!(told(a, b), Agreement::Same, "{a} / {b}");
        }
    }

    #[test]
    fn literals_without_one_in_common_are_a_conflict() {
        for (a, b) in [
            ("The default is 60 minutes.", "The default is 60 hours."),
            ("Use `--mem`.", "Use `--mem-per-cpu`."),
            ("See /etc/a.conf.", "See /etc/b.conf."),
        ] {
            assert!(matches!(told(a, b), Agreement::Conflict(_)), "{a} / {b}");
        }
    }

    #[test]
    fn the_rest_has_to_be_read() {
        for (a, b) in [
            ("The job is requeued.", "The job is not requeued."),
            ("Yes.", "No."),
            ("It cancels the job.", "The allocation ends."),
            ("Between 1 and 5 nodes.", "Between 1 and 7 nodes."),
        ] {
            assert_eq!(told(a, b), Agreement::Unclear, "{a} / {b}");
        }
    }
}
