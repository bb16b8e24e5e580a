//! “You” in a document is “I” in a question.

use crate::regexes::regex;

/// Turns a clause addressed to the reader into one that the reader says.
pub(crate) fn first_person(clause: &str) -> String {
    let text = regex!(r"(?i)\byou're\b|\byou are\b").replace_all(clause, "I am");
    let text = regex!(r"(?i)\byou were\b").replace_all(&text, "I was");
    let text = regex!(r"(?i)\byou've\b").replace_all(&text, "I have");
    let text = regex!(r"(?i)\byou'll\b").replace_all(&text, "I will");
    let text = regex!(r"(?i)\byou'd\b").replace_all(&text, "I would");
    let text = regex!(r"(?i)\byourself\b").replace_all(&text, "myself");
    let text = regex!(r"(?i)\byour own\b").replace_all(&text, "my own");
    let text = regex!(r"(?i)\byour\b").replace_all(&text, "my");
    let text = regex!(r"(?i)\byours\b").replace_all(&text, "mine");
    let text = regex!(r"(?i)\b(to|for|with|from|of|at|by|on|lets?|allows?|gives?|enables?|helps?|tells?|asks?|shows?|requires?|gave|want) you\b")
        .replace_all(&text, "$1 me");
    regex!(r"(?i)\byou\b").replace_all(&text, "I").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_speaks() {
        assert_eq!(
            first_person(
                "you have forgotten your password and you are locked out of what it gives you"
            ),
            "I have forgotten my password and I am locked out of what it gives me"
        );
    }
}
