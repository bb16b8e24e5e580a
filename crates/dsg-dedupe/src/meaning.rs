//! What two texts must agree in to mean the same, however alike they look.
//!
//! MinHash sees that "How do I *start* the daemon on 2 nodes?" and "How do I *stop* the daemon on 2 nodes?" share most of
//! their words. Here the words that bear the meaning are taken out: technical literals, numbers, negations, words with an
//! opposite, and what is asked for. Texts that differ in one of these are never merged.

use crate::shingle::{HashSet64, hash_word, mix};
use crate::words::{fold, tokens};

/// A question as deduplication compares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// Equal for texts that may be merged.
    pub(crate) fingerprint: u64,
    /// Content words: no function words, small spelling and word-choice differences folded.
    pub(crate) content: HashSet64,
}

impl Meaning {
    /// The meaning of a question.
    pub(crate) fn of_question(text: &str) -> Self {
        let mut bearing = bearing_words(text);
        let words: Vec<String> = tokens(text).map(fold).collect();
        for (position, word) in words.iter().enumerate() {
            let next = words.get(position + 1).map_or("", String::as_str);
            if let Some(asked) = asked_for(word, next) {
                bearing.push(hash_word(asked));
            }
            if let Some(side) = opposite_bearing(word) {
                bearing.push(hash_word(side));
            }
        }
        let mut content: HashSet64 = words.iter().filter_map(|word| content_key(word)).collect();
        if content.is_empty() {
            content = words.iter().map(|word| hash_word(word)).collect();
        }
        Self {
            fingerprint: fingerprint(bearing),
            content,
        }
    }

    /// How alike two questions are, if they may be merged at all: Jaccard similarity of the content words, `None` when a
    /// word of one is *replaced* by another word in the other.
    pub(crate) fn similarity(&self, other: &Self) -> Option<f64> {
        if self.fingerprint != other.fingerprint || self.is_swapped(other) {
            return None;
        }
        Some(self.content.jaccard(&other.content))
    }

    /// Whether each has a content word that the other lacks.
    pub(crate) fn is_swapped(&self, other: &Self) -> bool {
        let common = self.content.common(&other.content);
        self.content.len() > common && other.content.len() > common
    }
}

/// The fingerprint of an answer: its literals, numbers and negations.
pub(crate) fn answer_fingerprint(text: &str) -> u64 {
    fingerprint(bearing_words(text))
}

/// Hash of a set, whatever its order.
fn fingerprint(bearing: Vec<u64>) -> u64 {
    bearing
        .into_iter()
        .collect::<HashSet64>()
        .as_slice()
        .iter()
        .fold(0, |seen, word| mix(seen, *word))
}

/// Hashes of literals, numbers, code and negations.
fn bearing_words(text: &str) -> Vec<u64> {
    let segments: Vec<&str> = text.split('`').collect();
    let mut bearing = Vec::new();
    let last = segments.len() - 1;
    for (position, segment) in segments.iter().enumerate() {
        // Every second segment stands between backticks; an unpaired one does not.
        let code = position % 2 == 1 && position < last;
        for token in tokens(segment) {
            let word = fold(token);
            if code || is_literal(token) {
                bearing.push(hash_word(&word));
            }
            if is_negation(&word) {
                bearing.push(hash_word("not"));
            }
        }
    }
    bearing
}

/// Numbers, flags, paths, variables, identifiers, acronyms.
fn is_literal(token: &str) -> bool {
    let mut chars = token.chars();
    let first_is_symbol = chars.next().is_some_and(|c| !c.is_alphanumeric());
    first_is_symbol
        || token.chars().any(|c| {
            c.is_numeric() || matches!(c, '_' | '/' | '=' | ':' | '.' | '%' | '@' | '+' | '#')
        })
        || chars.any(char::is_uppercase)
}

fn is_negation(word: &str) -> bool {
    matches!(
        word,
        "no" | "not"
            | "never"
            | "neither"
            | "nor"
            | "none"
            | "without"
            | "cannot"
            | "unable"
            | "fail"
            | "fails"
            | "failed"
            | "failing"
    ) || word.ends_with("n't")
        || word.ends_with("n’t")
}

/// What the question asks for, where that changes the answer.
fn asked_for(word: &str, next: &str) -> Option<&'static str> {
    Some(match (word, next) {
        ("why", _) | ("reason", "that" | "why" | "for") => "?why",
        ("when", _) => "?when",
        ("where", _) => "?where",
        ("who" | "whom" | "whose", _) => "?who",
        ("how", "many" | "much") => "?how-many",
        ("how", "long" | "often" | "far" | "big" | "large") => "?how-long",
        ("default" | "defaults", _) => "?default",
        ("difference" | "differences" | "compare" | "versus" | "vs", _) => "?difference",
        _ => return None,
    })
}

/// Words with an opposite (one a line side by side); both sides are kept apart.
fn opposite_bearing(word: &str) -> Option<&'static str> {
    const SIDES: &[(&str, &[&str])] = &[
        ("add", &["add", "adding", "added"]),
        (
            "delete",
            &[
                "delete", "deleting", "deleted", "remove", "removing", "removed", "erase",
            ],
        ),
        ("create", &["create", "creating", "created"]),
        ("start", &["start", "starting", "started", "begin"]),
        ("stop", &["stop", "stopping", "stopped", "end", "terminate"]),
        ("enable", &["enable", "enabling", "enabled"]),
        ("disable", &["disable", "disabling", "disabled"]),
        ("allow", &["allow", "allowed", "permit", "permitted"]),
        (
            "deny",
            &["deny", "denied", "forbid", "forbidden", "prevent"],
        ),
        ("before", &["before"]),
        ("after", &["after"]),
        ("first", &["first"]),
        ("last", &["last"]),
        (
            "minimum",
            &["min", "minimum", "minimal", "smallest", "least", "lowest"],
        ),
        (
            "maximum",
            &["max", "maximum", "maximal", "largest", "most", "highest"],
        ),
        ("increase", &["increase", "increasing", "raise"]),
        (
            "decrease",
            &["decrease", "decreasing", "reduce", "reducing"],
        ),
        (
            "high",
            &[
                "high", "higher", "large", "larger", "big", "bigger", "more", "above",
            ],
        ),
        (
            "low",
            &["low", "lower", "small", "smaller", "less", "fewer", "below"],
        ),
        ("fast", &["fast", "faster", "quickly"]),
        ("slow", &["slow", "slower", "slowly"]),
        ("upload", &["upload", "uploading"]),
        ("download", &["download", "downloading"]),
        ("local", &["local", "locally"]),
        ("remote", &["remote", "remotely"]),
        ("input", &["input", "stdin"]),
        ("output", &["output", "stdout"]),
        ("error", &["stderr"]),
        ("read", &["read", "reading"]),
        ("write", &["write", "writing"]),
        ("open", &["open", "opening"]),
        ("close", &["close", "closing"]),
        ("lock", &["lock"]),
        ("unlock", &["unlock"]),
        ("mount", &["mount"]),
        ("unmount", &["unmount", "umount"]),
        ("attach", &["attach"]),
        ("detach", &["detach"]),
        ("hold", &["hold"]),
        ("release", &["release"]),
        ("suspend", &["suspend", "pause"]),
        ("resume", &["resume", "continue"]),
        ("push", &["push"]),
        ("pull", &["pull"]),
        ("import", &["import"]),
        ("export", &["export"]),
        ("true", &["true"]),
        ("false", &["false"]),
        ("all", &["all", "every"]),
        ("only", &["only"]),
    ];
    SIDES
        .iter()
        .find(|(_, forms)| forms.contains(&word))
        .map(|(side, _)| *side)
}

/// The key of a content word; `None` for function words and courtesies.
fn content_key(word: &str) -> Option<u64> {
    if is_function_word(word) {
        return None;
    }
    let word = same_word(word);
    if !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return Some(hash_word(word));
    }
    let stem = word
        .strip_suffix("ies")
        .or_else(|| word.strip_suffix("es"))
        .or_else(|| {
            word.strip_suffix('s')
                .filter(|stem| !stem.ends_with(['s', 'u', 'i']))
        })
        .filter(|stem| stem.len() >= 3)
        .unwrap_or(word)
        .trim_end_matches(['e', 'y']);
    // First letter, the inner ones sorted, last letter: two adjacent letters typed in the wrong order fall together.
    let mut inner: Vec<u8> = stem.bytes().collect();
    if let [_, middle @ .., _] = inner.as_mut_slice()
        && middle.len() >= 3
    {
        middle.sort_unstable();
    }
    Some(xxhash_rust::xxh3::xxh3_64(&inner))
}

/// Words that are freely exchanged for one another in questions.
fn same_word(word: &str) -> &str {
    match word {
        "execute" | "executing" | "running" => "run",
        "obtain" => "get",
        "employ" | "utilize" | "utilise" | "using" => "use",
        "erase" | "remove" => "delete",
        "modify" | "alter" => "change",
        "display" | "view" => "show",
        "permit" => "allow",
        "require" => "need",
        "begin" => "start",
        "terminate" => "end",
        other => other,
    }
}

fn is_function_word(word: &str) -> bool {
    matches!(
        word,
        "a" | "an"
            | "and"
            | "any"
            | "are"
            | "as"
            | "at"
            | "be"
            | "been"
            | "but"
            | "by"
            | "can"
            | "could"
            | "did"
            | "do"
            | "does"
            | "doing"
            | "done"
            | "exactly"
            | "explain"
            | "for"
            | "from"
            | "had"
            | "has"
            | "have"
            | "hello"
            | "hi"
            | "how"
            | "i"
            | "if"
            | "in"
            | "into"
            | "is"
            | "it"
            | "its"
            | "just"
            | "kindly"
            | "know"
            | "me"
            | "might"
            | "must"
            | "my"
            | "of"
            | "on"
            | "one"
            | "or"
            | "our"
            | "please"
            | "possible"
            | "question"
            | "quick"
            | "reason"
            | "shall"
            | "should"
            | "so"
            | "some"
            | "tell"
            | "that"
            | "the"
            | "their"
            | "them"
            | "then"
            | "there"
            | "these"
            | "they"
            | "this"
            | "those"
            | "to"
            | "us"
            | "was"
            | "way"
            | "we"
            | "were"
            | "what"
            | "when"
            | "where"
            | "which"
            | "who"
            | "whose"
            | "why"
            | "will"
            | "with"
            | "would"
            | "you"
            | "your"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarity(a: &str, b: &str) -> Option<f64> {
        Meaning::of_question(a).similarity(&Meaning::of_question(b))
    }

    #[test]
    fn rewording_typos_and_courtesies_are_the_same_question() {
        for (a, b) in [
            (
                "How can I run an array job?",
                "What is the way to run an array job?",
            ),
            (
                "How can I run an array job?",
                "Hi, quick question: how can I execute an array job?",
            ),
            (
                "Is the scheduler really free?",
                "Is the scheudler relaly free?",
            ),
            (
                "Why are my options ignored?",
                "What is the reason that my options are ignored?",
            ),
        ] {
            assert!(similarity(a, b).is_some_and(|s| s > 0.99), "{a} / {b}");
        }
    }

    #[test]
    fn a_swapped_word_is_another_question() {
        for (a, b) in [
            ("How do I start the daemon?", "How do I stop the daemon?"),
            (
                "How much memory does a job get?",
                "How much disk does a job get?",
            ),
            (
                "What does srun do with --overlap?",
                "What does sbatch do with --overlap?",
            ),
            (
                "What is the limit of 2 nodes?",
                "What is the limit of 3 nodes?",
            ),
            ("Which jobs can run?", "Which jobs cannot run?"),
            ("What does `-n` set?", "What does `-N` set?"),
            ("Why does my job wait?", "How does my job wait?"),
            ("Is a CPU a core?", "Is a GPU a core?"),
        ] {
            assert_eq!(similarity(a, b), None, "{a} / {b}");
        }
    }
}
