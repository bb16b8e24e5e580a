//! Words that count, in a form that ignores regular endings.

/// `word` in lower case without plural and the commonest verb endings: enough to match `jobs` with `job` and
/// `submitted` with `submits`; not a dictionary.
pub(crate) fn stem(word: &str) -> String {
    let word = word.to_lowercase();
    let word = word
        .strip_suffix("'s")
        .or_else(|| word.strip_suffix("’s"))
        .unwrap_or(&word);
    let cut = [
        "ingly", "ings", "ing", "edly", "ied", "ies", "ed", "es", "s",
    ]
    .into_iter()
    .find_map(|ending| {
        let stem = word.strip_suffix(ending)?;
        let keeps_meaning = stem.chars().count() >= 3 && !(ending == "s" && stem.ends_with('s'));
        keeps_meaning.then_some(stem)
    })
    .unwrap_or(word);
    let cut = cut.trim_end_matches(['e', 'y', 'i']);
    // `submitt` and `submit`, `runn` and `run`.
    let mut chars = cut.chars().rev();
    match (chars.next(), chars.next()) {
        (Some(a), Some(b)) if a == b && !matches!(a, 's' | 'l') && cut.len() > 3 => cut
            .get(..cut.len() - a.len_utf8())
            .unwrap_or(cut)
            .to_owned(),
        _ if cut.is_empty() => word.to_owned(),
        _ => cut.to_owned(),
    }
}

/// Whether a word carries no subject matter.
pub(crate) fn is_function_word(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "a" | "about"
            | "after"
            | "all"
            | "also"
            | "an"
            | "and"
            | "any"
            | "are"
            | "as"
            | "at"
            | "be"
            | "because"
            | "been"
            | "before"
            | "being"
            | "but"
            | "by"
            | "can"
            | "cannot"
            | "could"
            | "did"
            | "do"
            | "does"
            | "doing"
            | "done"
            | "each"
            | "either"
            | "else"
            | "even"
            | "every"
            | "few"
            | "for"
            | "from"
            | "get"
            | "gets"
            | "had"
            | "has"
            | "have"
            | "having"
            | "how"
            | "however"
            | "i"
            | "if"
            | "in"
            | "into"
            | "is"
            | "it"
            | "its"
            | "itself"
            | "just"
            | "let"
            | "like"
            | "made"
            | "make"
            | "makes"
            | "many"
            | "may"
            | "me"
            | "might"
            | "more"
            | "most"
            | "much"
            | "must"
            | "my"
            | "need"
            | "needs"
            | "no"
            | "nor"
            | "not"
            | "of"
            | "off"
            | "on"
            | "once"
            | "one"
            | "only"
            | "or"
            | "other"
            | "our"
            | "out"
            | "over"
            | "own"
            | "per"
            | "same"
            | "shall"
            | "should"
            | "so"
            | "some"
            | "such"
            | "than"
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
            | "through"
            | "to"
            | "too"
            | "under"
            | "until"
            | "up"
            | "upon"
            | "us"
            | "use"
            | "used"
            | "uses"
            | "using"
            | "very"
            | "via"
            | "was"
            | "we"
            | "were"
            | "what"
            | "when"
            | "where"
            | "whether"
            | "which"
            | "while"
            | "who"
            | "whom"
            | "whose"
            | "why"
            | "will"
            | "with"
            | "within"
            | "without"
            | "would"
            | "yes"
            | "yet"
            | "you"
            | "your"
    )
}

/// Nouns and verbs of asking that fit any subject, so that naming them names nothing.
pub(crate) fn is_generic(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "argument"
            | "case"
            | "cases"
            | "command"
            | "commands"
            | "default"
            | "describe"
            | "difference"
            | "document"
            | "documentation"
            | "effect"
            | "example"
            | "examples"
            | "explain"
            | "feature"
            | "file"
            | "files"
            | "flag"
            | "flags"
            | "function"
            | "give"
            | "happen"
            | "happens"
            | "information"
            | "kind"
            | "list"
            | "mean"
            | "meaning"
            | "means"
            | "name"
            | "names"
            | "option"
            | "options"
            | "page"
            | "parameter"
            | "parameters"
            | "point"
            | "possible"
            | "problem"
            | "purpose"
            | "reason"
            | "result"
            | "section"
            | "set"
            | "setting"
            | "settings"
            | "something"
            | "step"
            | "steps"
            | "system"
            | "tell"
            | "thing"
            | "things"
            | "tool"
            | "type"
            | "user"
            | "users"
            | "value"
            | "values"
            | "way"
            | "work"
            | "works"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_forms_meet() {
        for (a, b) in [
            ("jobs", "job"),
            ("submitted", "submits"),
            ("running", "run"),
            ("Queues", "queue"),
            ("policies", "policy"),
            ("nodes", "node"),
            ("Slurm's", "slurm"),
            ("allocated", "allocates"),
        ] {
            assert_eq!(stem(a), stem(b), "{a} {b}");
        }
        assert_ne!(stem("start"), stem("stop"));
        assert_eq!(stem("process"), stem("processes"));
    }
}
