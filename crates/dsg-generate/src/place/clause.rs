//! A clause joined to a question, and what the two have in common.

use std::collections::HashSet;

use crate::phrase;
use crate::regexes::regex;

/// Puts `clause` before the question mark, or in front where the question is long.
pub(crate) fn attach(question: &str, clause: &str) -> String {
    let sentences = regex!(r"[?.!](?:\s|$)").find_iter(question).count();
    // “… and project space not in Aurelia” would say something else.
    let elliptic = regex!(r"(?i)\b(?:not|too|instead)\?$").is_match(question);
    // “… is big with Kraken” would belong to the condition.
    let conditional =
        regex!(r"(?i)^what (?:happens|should I do|can I do) (?:if|when)\b").is_match(question);
    if question.len() > 75 || sentences > 1 || elliptic || conditional {
        if sentences > 1 {
            return format!("{} {}", phrase::upper_first(clause) + ":", question);
        }
        return format!(
            "{}, {}",
            phrase::upper_first(clause),
            phrase::lower_first(question)
        );
    }
    match question.strip_suffix('?') {
        Some(stem) => format!("{} {clause}?", stem.trim_end()),
        None => format!("{question} {clause}"),
    }
}

/// Whether a longer word of `clause` stands in `question` too.
pub(crate) fn shares_a_stem(clause: &str, question: &str) -> bool {
    let stem = |word: &str| -> String {
        let word = word
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase();
        let word = crate::verbs::base_of_gerund(&word).map_or(word.clone(), str::to_owned);
        word.chars().take(5).collect()
    };
    let asked: HashSet<String> = question.split_whitespace().map(stem).collect();
    clause
        .split_whitespace()
        .skip(1)
        .map(stem)
        .any(|stem| stem.len() >= 4 && asked.contains(&stem))
}

/// Whether `clause` has a content word that `question` lacks, and does not largely repeat it.
pub(super) fn says_more(clause: &str, question: &str) -> bool {
    let stem = |word: &str| -> String {
        word.to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .take(5)
            .collect()
    };
    let known: Vec<String> = question.split_whitespace().map(stem).collect();
    let words: Vec<String> = clause
        .split_whitespace()
        .skip(1)
        .map(stem)
        .filter(|word| word.len() > 2)
        .collect();
    let repeated = words
        .iter()
        .filter(|word| {
            known
                .iter()
                .any(|known| known.starts_with(&word.chars().take(4).collect::<String>()))
        })
        .count();
    !words.is_empty() && repeated * 2 < words.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_places_a_condition_stands_before_it() {
        assert_eq!(
            attach("What happens if my box is full?", "with Kraken"),
            "With Kraken, what happens if my box is full?"
        );
    }
}
