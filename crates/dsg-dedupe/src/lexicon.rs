//! The few words whose part in a question is known: function words, words freely exchanged, words with an opposite, and
//! openings that only say "how".

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word does in a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Carries no subject matter.
    Function,
    /// Negates.
    Negation,
    /// One side of a pair of opposites, or what is asked for: must be the same in both questions.
    Bearing(&'static str),
    /// Another word for this one.
    Same(&'static str),
}

/// The role of a folded word. A known word of five letters and more is also known with two adjacent letters exchanged.
pub(crate) fn role(word: &str) -> Option<Role> {
    if word.ends_with("n't") {
        return Some(Role::Negation);
    }
    ROLES.get(word).copied()
}

/// How many words at the start of a question are an opening, and whether it asks why.
pub(crate) fn opening(words: &[String]) -> (usize, bool) {
    let mut length = 0;
    let mut why = false;
    while let Some((frame, asks_why)) = OPENINGS.iter().find(|(frame, _)| {
        let rest = words.get(length..).unwrap_or_default();
        frame.split(' ').count() <= rest.len() && frame.split(' ').zip(rest).all(|(a, b)| a == b)
    }) {
        length += frame.split(' ').count();
        why |= asks_why;
    }
    (length, why)
}

/// Whether `a` becomes `b` by exchanging two adjacent letters; for words of five letters and more.
pub(crate) fn is_transposed(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() != b.len() || a.len() < LEAST_TYPO {
        return false;
    }
    let differing: Vec<(usize, &char, &char)> = a
        .iter()
        .zip(&b)
        .enumerate()
        .filter(|(_, (x, y))| x != y)
        .map(|(at, (x, y))| (at, x, y))
        .collect();
    matches!(differing.as_slice(), [(i, x1, y1), (j, x2, y2)] if i + 1 == *j && x1 == y2 && x2 == y1)
}

/// In shorter words an exchange makes another word too often: `form`, `from`.
const LEAST_TYPO: usize = 5;

/// Openings without subject matter, longest first where one begins another; `true` when they ask for a reason.
const OPENINGS: &[(&str, bool)] = &[
    ("hi quick question", false),
    ("hello", false),
    ("hi", false),
    ("please", false),
    ("quick question", false),
    ("could you please", false),
    ("could you", false),
    ("can you please", false),
    ("can you", false),
    ("tell me", false),
    ("explain to me", false),
    ("explain", false),
    ("i would like to know", false),
    ("i want to know", false),
    ("what is the reason that", true),
    ("what is the reason why", true),
    ("what is the reason for", true),
    ("for what reason", true),
    ("how come", true),
    ("what steps are needed to", false),
    ("which steps are needed to", false),
    ("what do i need to do to", false),
    ("what should i do to", false),
    ("what is the best way to", false),
    ("what is the way to", false),
    ("what is a way to", false),
    ("is there any way to", false),
    ("is there a way to", false),
    ("is it possible to", false),
    ("is it true that", false),
    ("am i able to", false),
];

const FUNCTION: &str = "a an and any are as at be been being but by can could did do does doing done for from had \
    has have how i if in into is it its just me might must my of on one or our shall should so some such that the their \
    them then there these they this those to us was way we were what which will with would you your am able anyone \
    someone exactly please kindly what's i'm it's";

const NEGATIONS: &str =
    "no not never neither nor none without cannot unable fail fails failed failing";

/// What changes an answer when it is asked for.
const ASKED: &[(&str, &str)] = &[
    ("?why", "why"),
    ("?when", "when"),
    ("?where", "where"),
    ("?who", "who whom whose"),
    ("?default", "default defaults"),
    ("?difference", "difference differences compare versus vs"),
];

/// Forms of words that have an opposite.
const SIDES: &[(&str, &str)] = &[
    ("add", "add adding added"),
    (
        "delete",
        "delete deleting deleted remove removing removed erase",
    ),
    ("create", "create creating created"),
    ("start", "start starting started begin"),
    ("stop", "stop stopping stopped end terminate"),
    ("enable", "enable enabling enabled"),
    ("disable", "disable disabling disabled"),
    ("allow", "allow allowed permit permitted"),
    ("deny", "deny denied forbid forbidden prevent"),
    ("before", "before"),
    ("after", "after"),
    ("first", "first"),
    ("last", "last"),
    ("minimum", "min minimum minimal smallest least lowest"),
    ("maximum", "max maximum maximal largest most highest"),
    ("increase", "increase increasing raise"),
    ("decrease", "decrease decreasing reduce reducing"),
    ("high", "high higher large larger big bigger more above"),
    ("low", "low lower small smaller less fewer below"),
    ("fast", "fast faster quickly"),
    ("slow", "slow slower slowly"),
    ("upload", "upload uploading"),
    ("download", "download downloading"),
    ("local", "local locally"),
    ("remote", "remote remotely"),
    ("input", "input stdin"),
    ("output", "output stdout"),
    ("error", "stderr"),
    ("read", "read reading"),
    ("write", "write writing"),
    ("open", "open opening"),
    ("close", "close closing"),
    ("lock", "lock"),
    ("unlock", "unlock"),
    ("mount", "mount"),
    ("unmount", "unmount umount"),
    ("attach", "attach"),
    ("detach", "detach"),
    ("hold", "hold"),
    ("release", "release"),
    ("suspend", "suspend pause"),
    ("resume", "resume continue"),
    ("encrypt", "encrypt encrypting encrypted"),
    ("decrypt", "decrypt decrypting decrypted"),
    ("push", "push"),
    ("pull", "pull"),
    ("import", "import"),
    ("export", "export"),
    ("true", "true"),
    ("false", "false"),
    ("all", "all every"),
    ("only", "only"),
];

/// Words freely exchanged in questions. `job` and `task` are not among them: to a scheduler they are two things.
const SAME: &[(&str, &str)] = &[
    ("run", "execute executing running"),
    ("get", "obtain"),
    ("use", "employ utilize utilise using"),
    ("change", "modify alter"),
    ("show", "display view"),
    ("need", "require"),
];

static ROLES: LazyLock<HashMap<String, Role>> = LazyLock::new(|| {
    let mut roles = HashMap::new();
    let mut add = |words: &str, role: Role| {
        for word in words.split_whitespace() {
            roles.insert(word.to_owned(), role);
        }
    };
    add(FUNCTION, Role::Function);
    add(NEGATIONS, Role::Negation);
    for (name, words) in ASKED.iter().chain(SIDES) {
        add(words, Role::Bearing(name));
    }
    for (name, words) in SAME {
        add(words, Role::Same(name));
    }
    let mut misspelt: HashMap<String, Option<Role>> = HashMap::new();
    for (word, role) in &roles {
        for typo in transpositions(word) {
            // `beign` may be `being` or `begin`: no role at all.
            let entry = misspelt.entry(typo).or_insert(Some(*role));
            *entry = entry.filter(|known| known == role);
        }
    }
    for (typo, role) in misspelt {
        if let Some(role) = role {
            // A real word wins over a misspelt one.
            roles.entry(typo).or_insert(role);
        }
    }
    roles
});

fn transpositions(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < LEAST_TYPO {
        return Vec::new();
    }
    (1..letters.len())
        .map(|at| {
            let mut letters = letters.clone();
            letters.swap(at - 1, at);
            letters.into_iter().collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_words_keep_their_role_unless_they_are_words() {
        assert_eq!(role("sohuld"), Some(Role::Function));
        assert_eq!(role("ouptut"), role("output"));
        assert_eq!(role("don't"), Some(Role::Negation));
        assert_eq!(role("scheduler"), None);
    }

    #[test]
    fn a_misspelling_of_two_words_has_no_role() {
        assert_eq!(role("beign"), None);
    }

    #[test]
    fn adjacent_letters_only() {
        assert!(is_transposed("scheduler", "scheudler"));
        assert!(!is_transposed("reserve", "reverse"));
        assert!(!is_transposed("form", "from"));
        assert!(!is_transposed("slurm", "slurm"));
    }
}
