//! How far two texts have the same words.
//!
//! *Words* are what stands between white space and backticks, without quotes, brackets and punctuation at their ends, in lower case. Dots and the like
//! that begin a path or a name stay: `./run` is not `/run`. Options keep their case, since `-n` is not `-N`. What has no letter or digit is no word.

use std::collections::HashMap;

/// What may begin or end a word although it is no letter: `--mem`, `/etc`, `$HOME`, `50%`, `<partition>`, `__init__`.
const PARTS_OF_WORDS: &str = "-/$%#<>~+_";
/// What may begin a word before a letter, digit or slash (`*.txt`, `../data`, `.bashrc`, `./run`, `@all`), unless there is more of its first
/// character (`...and`, `**bold**`).
const STARTS: [(&str, char); 4] = [("*.", '*'), ("..", '.'), (".", '.'), ("@", '@')];

/// Whether both texts are the same words in the same order.
///
/// ```
/// use dsg_train::evaluation::exact_match;
///
/// assert!(exact_match("Use `--mem`.", "use --mem"));
/// assert!(!exact_match("Use `-n`.", "Use `-N`."));
/// ```
pub fn exact_match(answer: &str, reference: &str) -> bool {
    words(answer) == words(reference)
}

/// Harmonic mean of precision and recall of words, each counted as often as it stands in both texts (as in SQuAD, Rajpurkar et al. 2016):
/// `2 · common / (words of one + words of the other)`, in `[0, 1]`, the same both ways. 1 where neither text has words.
pub fn token_f1(answer: &str, reference: &str) -> f64 {
    let (answer, reference) = (words(answer), words(reference));
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in &reference {
        *left.entry(word).or_default() += 1;
    }
    let mut common = 0;
    for word in &answer {
        if let Some(count) = left.get_mut(word.as_str())
            && *count > 0
        {
            *count -= 1;
            common += 1;
        }
    }
    balance(common, answer.len(), reference.len())
}

/// Harmonic mean of precision and recall of the longest common subsequence of words (ROUGE-L, Lin 2004, with β = 1):
/// `2 · length / (words of one + words of the other)`, in `[0, 1]`, the same both ways. 1 where neither text has words.
pub fn rouge_l(answer: &str, reference: &str) -> f64 {
    let (answer, reference) = (words(answer), words(reference));
    let length = common_subsequence(&answer, &reference);
    balance(length, answer.len(), reference.len())
}

/// `2 · common / (a + b)`.
fn balance(common: usize, a: usize, b: usize) -> f64 {
    match a + b {
        0 => 1.0,
        both => 2.0 * common as f64 / both as f64,
    }
}

/// Length of the longest common subsequence, row by row.
fn common_subsequence(a: &[String], b: &[String]) -> usize {
    let mut above = vec![0; b.len() + 1];
    for word in a {
        let mut diagonal = 0;
        let mut left = 0;
        for (cell, other) in above.iter_mut().skip(1).zip(b) {
            let best = if word == other {
                diagonal + 1
            } else {
                left.max(*cell)
            };
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
    }
    above.last().copied().unwrap_or_default()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == '`')
        .map(bare)
        .filter(|word| word.contains(char::is_alphanumeric))
        .map(|word| {
            if word.starts_with('-') {
                word.to_owned()
            } else {
                word.to_lowercase()
            }
        })
        .collect()
}

/// A word without what is around it.
fn bare(word: &str) -> &str {
    let is_edge = |c: char| !c.is_alphanumeric() && !PARTS_OF_WORDS.contains(c);
    let word = word.trim_end_matches(is_edge);
    let inner = word.trim_start_matches(is_edge);
    if !inner.starts_with(|c: char| c.is_alphanumeric() || c == '/') {
        return inner;
    }
    let before = word.strip_suffix(inner).unwrap_or_default();
    let start = STARTS.into_iter().find(|(start, first)| {
        let rest = before.strip_suffix(start);
        rest.is_some_and(|rest| !rest.ends_with(*first))
    });
    let kept = start.map_or(0, |(start, _)| start.len());
    word.get(before.len() - kept..).unwrap_or(inner)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "both ends of a scale are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_what_is_said_without_its_dress() {
        assert_eq!(
            words("Use **`--mem=4G`**, (see \"/etc/fstab\"). – $HOME is <dir>; -N!"),
            [
                "use",
                "--mem=4G",
                "see",
                "/etc/fstab",
                "$home",
                "is",
                "<dir>",
                "-N"
            ]
        );
    }

    #[test]
    fn what_begins_a_path_or_a_name_stays() {
        for (one, other) in [
            ("./run.sh", "/run.sh"),
            ("../data", "./data"),
            (".bashrc", "bashrc"),
            ("@all", "all"),
            ("*.txt", ".txt"),
            ("_cat", "cat"),
        ] {
            assert!(!exact_match(one, other), "{one} {other}");
            // Whatever it stands in.
            let dressed = format!("(see **`{one}`**).");
            assert_eq!(words(&dressed), ["see", one], "{one}");
        }
        assert_eq!(
            words("Wait ...then `sbatch`/`srun` **.bashrc** (*new*)"),
            ["wait", "then", "sbatch", "srun", ".bashrc", "new"]
        );
    }

    #[test]
    fn f1_counts_words_as_often_as_both_have_them() {
        // `the` twice and `node` once of 4 and of 5 words.
        let f1 = token_f1("the node the job", "the big node of the");
        assert!((f1 - 6.0 / 9.0).abs() < 1e-12, "{f1}");
        assert!(token_f1("a a a", "a").to_bits() == 0.5_f64.to_bits());
        assert_eq!(
            [token_f1("", ""), token_f1("", "a"), token_f1("b", "a")],
            [1.0, 0.0, 0.0]
        );
    }

    #[test]
    fn rouge_l_counts_words_in_their_order() {
        // `cancel the job` of 4 and of 5 words; all 4 are in both.
        let (a, b) = ("cancel with the job", "with cancel the big job");
        assert!((rouge_l(a, b) - 6.0 / 9.0).abs() < 1e-12);
        assert!((token_f1(a, b) - 8.0 / 9.0).abs() < 1e-12);
        assert_eq!([rouge_l("", ""), rouge_l("x", "")], [1.0, 0.0]);
    }

    proptest! {
        #[test]
        fn measures_are_shares_and_the_same_both_ways(a in "[ab c.]{0,24}", b in "[ab c.]{0,24}") {
            for measure in [token_f1, rouge_l] {
                let value = measure(&a, &b);
                prop_assert!((0.0..=1.0).contains(&value));
                prop_assert!((value - measure(&b, &a)).abs() < 1e-12);
            }
            // An order in common is words in common.
            prop_assert!(rouge_l(&a, &b) <= token_f1(&a, &b) + 1e-12);
        }

        #[test]
        fn a_text_is_all_of_itself(text in "\\PC{0,40}") {
            prop_assert!(exact_match(&text, &text));
            prop_assert_eq!([token_f1(&text, &text), rouge_l(&text, &text)], [1.0, 1.0]);
        }
    }
}
