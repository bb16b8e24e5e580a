//! Words as comparisons see them: case, spacing and punctuation removed, technical tokens left whole.

/// Symbols that may begin a technical token: `-p`, `/etc`, `$HOME`, `%j`, `~/x`, `@file`, `#SBATCH`.
const LEADING: &[char] = &['-', '/', '$', '%', '~', '@', '#'];
/// Symbols that may end one: `C++`, `C#`, `/scratch/`, `50%`.
const TRAILING: &[char] = &['+', '#', '/', '%'];

/// The words of `text`: split at white space, freed from quotes, brackets and sentence punctuation, lower case.
///
/// Tokens that begin with a symbol keep their case, since `-n` and `-N` are two options and `%j` and `%J` two patterns.
///
/// ```
/// use dsg_dedupe::words;
///
/// let found: Vec<String> = words("What does `-N` (--nodes) do  in sbatch?").collect();
/// assert_eq!(found, ["what", "does", "-N", "--nodes", "do", "in", "sbatch"]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = String> {
    tokens(text).map(fold)
}

/// The words of `text` as written.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '—' | '–' | '…'))
        .map(|raw| {
            raw.trim_start_matches(|c: char| !c.is_alphanumeric() && !LEADING.contains(&c))
                .trim_end_matches(|c: char| !c.is_alphanumeric() && !TRAILING.contains(&c))
        })
        .filter(|token| token.chars().any(char::is_alphanumeric))
}

/// A token in the form that is compared.
pub(crate) fn fold(token: &str) -> String {
    if token.starts_with(char::is_alphanumeric) {
        token.to_lowercase().replace('’', "'")
    } else {
        token.to_owned()
    }
}

/// Calls `take` with the folded bytes of each word; plain lower-case words are not copied.
pub(crate) fn for_each_word(text: &str, mut take: impl FnMut(&str)) {
    for token in tokens(text) {
        let plain = token
            .bytes()
            .all(|b| b.is_ascii() && !b.is_ascii_uppercase());
        if plain {
            take(token);
        } else {
            take(&fold(token));
        }
    }
}

/// `text` with one space between its [`words()`]: the key of exact duplicates.
pub fn normalized(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in words(text) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_spacing_and_punctuation_do_not_count() {
        assert_eq!(
            normalized("Is  Slurm *really* free ??"),
            normalized("is slurm really free")
        );
    }

    #[test]
    fn options_that_differ_in_case_stay_two() {
        assert_ne!(normalized("What is -n?"), normalized("What is -N?"));
        assert_ne!(normalized("What is %j?"), normalized("What is %J?"));
    }
}
