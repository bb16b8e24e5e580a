//! What is typed as it stands (a command, option, file, value) and what is a word.

/// A defined term and the mark around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// The term as plain text.
    pub text: String,
    /// A backtick for literals, `**` for words, nothing where the text has marks of its own.
    pub mark: &'static str,
}

impl Term {
    /// `text` marked as a literal when it looks like one.
    pub(crate) fn new(text: &str) -> Self {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mark = if text.contains('`') {
            ""
        } else if is_literal(&text) {
            "`"
        } else {
            "**"
        };
        Self { text, mark }
    }
}

/// Words that are set in bold for stress, not because they are to be typed.
const STRESSED: [&str; 27] = [
    "NOTE",
    "NOTES",
    "Note",
    "Notes",
    "WARNING",
    "Warning",
    "IMPORTANT",
    "Important",
    "CAUTION",
    "Caution",
    "NOT",
    "not",
    "MUST",
    "must",
    "AND",
    "and",
    "OR",
    "or",
    "ONLY",
    "only",
    "all",
    "any",
    "no",
    "never",
    "always",
    "Example",
    "Examples",
];

/// Whether bold or defined text is a literal (a command, option, file, value) rather than stressed prose.
pub(crate) fn is_literal(text: &str) -> bool {
    let bare = text.trim().trim_end_matches([':', '.', ',', ';']);
    if bare.is_empty() || STRESSED.contains(&bare) {
        return false;
    }
    let typed = |word: &str| {
        word.starts_with(['-', '/', '$', '%', '#', '<', '[', '~', '\\'])
            || word.contains(['_', '=', '/', '<', '|', '@', '{'])
            || word.contains("--")
            || (word.len() > 1 && word.bytes().any(|b| b.is_ascii_digit()))
            || inner_capital(word)
            || word
                .trim_end_matches('.')
                .find('.')
                .is_some_and(|at| at > 0 && at + 1 < word.len())
    };
    let words: Vec<&str> = bare.split_whitespace().collect();
    match words.as_slice() {
        [] => false,
        [word] => {
            word.chars().any(char::is_alphanumeric)
                || word.chars().all(|c| c.is_ascii_punctuation())
        }
        [first, rest @ ..] => {
            let opens = first.starts_with(|c: char| c.is_ascii_lowercase()) || typed(first);
            opens && bare.len() <= 100 && rest.iter().any(|word| typed(word))
                || (rest.len() <= 2
                    && first.starts_with(|c: char| c.is_ascii_lowercase())
                    && rest
                        .iter()
                        .all(|word| word.bytes().all(|b| b.is_ascii_lowercase())))
                || typed(first) && rest.len() <= 12
        }
    }
}

/// `JobAcctGather`: a capital after a small letter.
fn inner_capital(word: &str) -> bool {
    word.as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_told_from_stress() {
        for literal in [
            "scontrol",
            "--mem",
            "-A, --account=<account>",
            "scontrol show job",
            "SlurmctldPort",
            "PENDING",
            "salloc -N2",
            "/etc/slurm.conf",
            "Nodes",
            "*",
        ] {
            assert!(is_literal(literal), "{literal}");
        }
        for words in [
            "NOTE",
            "Node Count",
            "Current options are",
            "Matching OR",
            "not",
            "If unset then",
        ] {
            assert!(!is_literal(words), "{words}");
        }
    }
}
