//! What a page's title says that a question about a part of the page would leave out.

use crate::name::{is_plain_capital, is_product};
use crate::person::first_person;
use crate::phrase::{self, Title, classify, name_of};
use crate::regexes::regex;

use std::collections::HashSet;

/// Longest clause that a question still carries.
const MAX_CLAUSE: usize = 90;

/// The words of a title that place a question, and how a question says them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct About {
    /// Names, as written: `Rclone`, `S3`.
    names: Vec<String>,
    /// The beginnings of its content words.
    stems: Vec<String>,
    /// `when using Kraken with Python`, `with the S3 client`, `for array jobs`.
    clause: Option<String>,
    /// `with Rclone`, `on Windows`: for a question that has a clause already.
    short: Option<String>,
}

impl About {
    /// Reads `title`. `is_name` tells whether the word at a position of it is a name; `known` are the words that need no
    /// repeating, in small letters: the folder's product, the subject.
    pub(crate) fn of(
        title: &str,
        is_name: impl Fn(usize, &str) -> bool,
        known: &[String],
        common: &HashSet<String>,
    ) -> Self {
        let read = readable(title);
        let title = read.as_str();
        let words: Vec<&str> = title
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !(c.is_alphanumeric() || c == '+' || c == '#')))
            .collect();
        let marks: Vec<bool> = words
            .iter()
            .enumerate()
            .map(|(position, word)| is_name(position, word))
            .collect();
        let names: Vec<String> = words
            .iter()
            .zip(&marks)
            .filter(|(word, mark)| **mark && !known.contains(&word.to_lowercase()))
            .map(|(word, _)| (*word).to_owned())
            .collect();
        let stems = stems(&words, known);
        let short = acronym(title).or_else(|| run_of_names(title, &words, &marks, known));
        let clause = long_clause(title, &words, &marks, common).or_else(|| short.clone());
        Self {
            names,
            stems,
            clause,
            short,
        }
    }

    /// `clause` with the title's names as the title writes them.
    pub(crate) fn with_names(&self, clause: &str) -> String {
        clause
            .split(' ')
            .map(|word| {
                self.names
                    .iter()
                    .find(|name| name.to_lowercase() == word)
                    .map_or(word, String::as_str)
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Whether the title has a name that its surroundings do not give.
    pub(crate) fn has_name(&self) -> bool {
        !self.names.is_empty()
    }

    /// Whether `question` says what the title is about: one of its names, or where it has none half of its content words.
    pub(crate) fn is_said_in(&self, question: &str) -> bool {
        let lower = question.to_lowercase();
        if !self.names.is_empty() {
            // `Kraken` is said by “KrakenTools”.
            return self.names.iter().any(|name| {
                let letters: String = name
                    .to_lowercase()
                    .chars()
                    .take_while(|c| c.is_alphabetic())
                    .collect();
                holds(&lower, name) || letters.len() >= 4 && lower.contains(&letters)
            });
        }
        let said = self
            .stems
            .iter()
            .filter(|stem| lower.contains(stem.as_str()))
            .count();
        said * 2 >= self.stems.len()
    }

    /// What to add to `question`: the whole title as a clause, or its names where `question` has a clause of that kind.
    pub(crate) fn clause(&self, question: &str) -> Option<String> {
        let taken = regex!(r"\b(?:when|if)\b").is_match(question);
        let clause = if taken { &self.short } else { &self.clause };
        let clause = clause.as_deref()?;
        Some(
            unrepeated(clause, question)
                .unwrap_or_else(|| self.short.clone().unwrap_or_else(|| clause.to_owned())),
        )
    }
}

/// A clause without the verb that `question` has already: “run a job when running on Kraken” says it twice. `None` where
/// nothing is left of it.
pub(crate) fn unrepeated(clause: &str, question: &str) -> Option<String> {
    let Some((gerund, rest)) = clause
        .strip_prefix("when ")
        .and_then(|task| task.split_once(' '))
    else {
        return Some(clause.to_owned());
    };
    let base = crate::verbs::base_of_gerund(gerund).unwrap_or(gerund);
    let said = question.split_whitespace().any(|word| {
        let word = word
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase();
        word == base || crate::verbs::base_of_gerund(&word) == Some(base)
    });
    if !said || regex!(r"\b(?:and|or) \w+ing\b").is_match(rest) {
        return Some(clause.to_owned());
    }
    regex!(r"(?:^|\s)(?:on|in|with|at|for|from|to|over|via) \S")
        .find(rest)
        .and_then(|found| rest.get(found.start()..))
        .map(|tail| tail.trim_start().to_owned())
}

/// Whether `text` (in small letters) holds `name` as a word of its own; a plural `s` may follow.
fn holds(text: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    text.match_indices(&name).any(|(start, found)| {
        let before = text.get(..start).and_then(|before| before.chars().last());
        let after = text.get(start + found.len()..).unwrap_or_default();
        let after = after.strip_prefix('s').unwrap_or(after);
        before.is_none_or(|c| !c.is_alphanumeric())
            && after.chars().next().is_none_or(|c| !c.is_alphabetic())
    })
}

/// The beginnings of the words that say something.
fn stems(words: &[&str], known: &[String]) -> Vec<String> {
    words
        .iter()
        .enumerate()
        .filter(|(position, word)| *position > 0 || crate::verbs::base_of_gerund(word).is_none())
        .map(|(_, word)| word.to_lowercase())
        .filter(|word| word.len() > 2 && !known.contains(word))
        .filter(|word| {
            !regex!(r"^(?:your|with|from|into|using|use|first|about|started|getting|working|the|and|for|how|what|new|via|over|own|available|basic)$")
                .is_match(word)
        })
        .map(|word| match crate::verbs::base_of_gerund(&word) {
            Some(base) => base.to_owned(),
            None => word,
        })
        .map(|word| word.trim_end_matches('s').chars().take(5).collect())
        .collect()
}

/// A title as it would be written in running text: nothing shouted, no “Start here:”, no notes in brackets.
fn readable(title: &str) -> String {
    let title =
        regex!(r"^(?i:start here):\s*|\[\^?\d+\]|\s*\((?:[a-z][^)]*|[^)]*[a-z]{2}[^)]*)\)|[.,]+$")
            .replace_all(title, "");
    if title.contains(' ') && !title.chars().any(char::is_lowercase) {
        return phrase::upper_first(&title.to_lowercase());
    }
    title.into_owned()
}

/// `with FOO` for “Full Overview Optimizer (FOO)”.
fn acronym(title: &str) -> Option<String> {
    regex!(r"\(([A-Z][A-Z0-9]{1,7})\)")
        .captures(title)
        .and_then(|found| found.get(1).zip(found.get(0)))
        // “Approval for the Full Data Committee (FDC)” is not about the FDC.
        .filter(|(name, all)| {
            let before = title.get(..all.start()).unwrap_or_default();
            before.split_whitespace().count() <= name.len() + 1
        })
        .map(|(name, _)| format!("with {}", name.as_str()))
}

/// The first run of names, with the preposition that stands before it: `on Windows`, `with Rclone`.
fn run_of_names(title: &str, words: &[&str], named: &[bool], known: &[String]) -> Option<String> {
    let wanted = |position: usize| {
        named.get(position) == Some(&true)
            && words
                .get(position)
                .is_some_and(|word| !known.contains(&word.to_lowercase()))
    };
    let start = (0..words.len()).find(|position| wanted(*position))?;
    let spoken: Vec<&str> = title.split_whitespace().collect();
    let mut run: Vec<&str> = Vec::new();
    for position in start..words.len().min(start + 3) {
        let word = words.get(position)?;
        let joined = named.get(position) == Some(&true)
            || word.chars().all(|c| c.is_ascii_digit() || c == '.');
        if !joined {
            break;
        }
        run.push(word);
        // “GNU xargs” is one name.
        if run.len() == 1
            && word.len() <= 4
            && !word.chars().any(char::is_lowercase)
            && let Some(next) = words.get(position + 1)
            && next.len() > 3
            && next.chars().all(|c| c.is_ascii_lowercase())
            && !is_plain_capital(next)
            && !regex!(r"^(?:with|from|into|over|using|data|protocol|client|partition|jobs?|interface|nodes?|files?|commands?)$").is_match(next)
        {
            run.push(next);
            break;
        }
        let spoken = spoken.get(position).copied().unwrap_or_default();
        // The first of several names is not what the page is about.
        if spoken.ends_with(',') {
            return None;
        }
        if spoken.ends_with([':', ';', ')']) {
            break;
        }
    }
    // “Kraken web interface” and “AB Connect” are one name.
    while let Some(next) = words.get(start + run.len())
        && (regex!(r"^(?:web|client|interface|UI|CLI|API)$").is_match(next)
            || run.len() == 1
                && run.iter().all(|word| word.len() <= 3)
                && next.chars().next().is_some_and(char::is_uppercase))
        && run.len() < 3
    {
        run.push(next);
    }
    // “SD services” are not SD, and “FOO data” is no tool.
    if words
        .get(start + run.len())
        .is_some_and(|next| next.eq_ignore_ascii_case("data"))
    {
        return None;
    }
    if let Some(next) = words.get(start + run.len())
        && regex!(r"^(?i:services?|desktop|partitions?|projects?)$").is_match(next)
        && run.len() == 1
    {
        run.push(next);
    }
    let before = start
        .checked_sub(1)
        .and_then(|before| words.get(before))
        .map(|word| word.to_lowercase());
    let preposition = match before.as_deref() {
        Some(found @ ("on" | "in" | "at" | "from" | "for")) => found.to_owned(),
        Some("about") => "on".to_owned(),
        _ => "with".to_owned(),
    };
    let article = match run.last() {
        Some(&("client" | "interface")) => "the ",
        _ => "",
    };
    Some(format!("{preposition} {article}{}", run.join(" ")))
}

/// The whole title as a clause.
fn long_clause(
    title: &str,
    words: &[&str],
    named: &[bool],
    common: &HashSet<String>,
) -> Option<String> {
    let whole = regex!(r"\s*\([^)]*\)").replace_all(title, "");
    // “Ray: a framework” and “MFA - raising the level” say their name first.
    let head = whole
        .split_once(": ")
        .or_else(|| whole.split_once(" - "))
        .map_or(whole.as_ref(), |(head, _)| head)
        .trim();
    let head = if head.len() > MAX_CLAUSE {
        head.split_once(", ").map_or(head, |(head, _)| head)
    } else {
        head
    };
    // “Applying for access”: whatever follows the gerund.
    let doing = head.split_once(' ').is_some_and(|(first, rest)| {
        crate::verbs::base_of_gerund(first).is_some()
            && !regex!(r"^(?:and|or|of|is|are) ").is_match(rest)
            && !regex!(r"(?i)^(?:avoiding|preventing|working|getting|networking|troubleshooting|scheduling|accounting|computing)$")
                .is_match(first)
    });
    if doing {
        let clause = format!("when {}", phrase::lower_first(&first_person(head)));
        return (clause.len() <= MAX_CLAUSE).then_some(clause);
    }
    let found = match classify(head) {
        Title::Task(task) => {
            let task = regex!(r"(?i)\s*\bas a new user\b").replace(&task, "");
            phrase::as_gerund(&first_person(&task))
                .filter(|gerund| !regex!(r"^(?:avoiding|preventing) ").is_match(gerund))
                .map(|gerund| format!("when {gerund}"))
        }
        Title::Name(name) => {
            let bare = name_of(&name);
            let gerund =
                regex!(r"(?i)^(?:working with|getting started with) (.+)$").captures(&name);
            if is_product(&bare, common) {
                Some(format!("with {bare}"))
            } else if let Some(found) = gerund {
                found
                    .get(1)
                    .map(|object| format!("when working with {}", object.as_str()))
            } else {
                of_name(&bare, words, named)
            }
        }
        _ => None,
    };
    found.filter(|clause| clause.len() <= MAX_CLAUSE)
}

/// `with the S3 client`, `for the gpu partition on Aurelia`, `for array jobs`.
fn of_name(name: &str, words: &[&str], named: &[bool]) -> Option<String> {
    let has_names = named.iter().any(|named| *named);
    // “With terms and concepts” places nothing.
    if regex!(r"(?i)\b(?:areas?|concepts?|terms?|practices?|rates?|details?|guides?|exercises?|documentation|basics|topics?|guidelines?|features?|properties|notes?|specifications?|considerations?|policies|policy|information|options|actions|operations)$")
        .is_match(name)
    {
        return None;
    }
    if let Some(found) = regex!(r"^[A-Z][\w ]*? (for|on|in|with) (the .*[A-Z].*)$").captures(name) {
        return Some(format!(
            "{} {}",
            found.get(1)?.as_str(),
            found.get(2)?.as_str()
        ));
    }
    let head_phrase = regex!(r"\s(?:for|in|on|at|with|from|to|of|using|via|over|between|and)\s")
        .split(name)
        .next()?;
    let head = head_phrase.split_whitespace().last()?.to_lowercase();
    let said: Vec<String> = name
        .split_whitespace()
        .map(|word| {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let name = words
                .iter()
                .zip(named)
                .any(|(known, named)| *named && *known == bare);
            let plain = !name && bare.chars().skip(1).all(char::is_lowercase);
            if plain {
                word.to_lowercase()
            } else {
                word.to_owned()
            }
        })
        .collect();
    let said = said.join(" ");
    let definite = regex!(r"^(?:client|interface|tool|system|command|partition|shell|catalog|registry|api|language|console|browser|manager|service)$")
        .is_match(&head);
    if definite {
        return Some(format!("with the {said}"));
    }
    if has_names
        || regex!(r"(?i)^(?:more|other|commands|tools|tips|best|hints|examples?|common|basic|materials|questions|changes|instructions|additional|known|advanced)\b")
            .is_match(name)
    {
        return None;
    }
    let several =
        head.len() > 3 && head.ends_with('s') && !regex!(r"(?:ss|us|is)$").is_match(&head);
    let tools =
        regex!(r"^(?:tools|clients|commands|libraries|packages|programs|editors)$").is_match(&head);
    let preposition = if tools { "with" } else { "for" };
    several.then(|| format!("{preposition} {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(title: &str, names: &[&str]) -> About {
        About::of(
            title,
            |_, word| names.contains(&word),
            &["kraken".to_owned()],
            &HashSet::new(),
        )
    }

    #[test]
    fn a_title_becomes_a_clause() {
        for (title, names, clause, short) in [
            (
                "Using Kraken with Python and FOO protocol",
                &["Python", "FOO"][..],
                Some("when using Kraken with Python and FOO protocol"),
                Some("with Python"),
            ),
            (
                "The S7 client",
                &["S7"],
                Some("with the S7 client"),
                Some("with the S7 client"),
            ),
            (
                "Local Rfoo configuration for Kraken",
                &["Rfoo"],
                Some("with Rfoo"),
                Some("with Rfoo"),
            ),
            (
                "Shell client on Windows",
                &["Windows"],
                Some("with the shell client on Windows"),
                Some("on Windows"),
            ),
            ("Array jobs", &[], Some("for array jobs"), None),
            (
                "Working with fish shell",
                &[],
                Some("when working with fish shell"),
                None,
            ),
            (
                "Specific hints for the BAR partition",
                &["BAR"],
                Some("for the BAR partition"),
                Some("with BAR partition"),
            ),
            ("Overview", &[], None, None),
        ] {
            let about = about(title, names);
            assert_eq!(about.clause("How do I wait?").as_deref(), clause, "{title}");
            assert_eq!(
                about.clause("How do I wait when running?").as_deref(),
                short,
                "{title}"
            );
        }
    }

    #[test]
    fn a_question_says_what_a_title_is_about() {
        let client = about("The S7 client", &["S7"]);
        assert!(client.is_said_in("How do I list files with S7?"));
        assert!(!client.is_said_in("How do I list files in Kraken?"));
        let shell = about("Working with fish shell", &[]);
        assert!(shell.is_said_in("How do I leave the fish shell?"));
        assert!(!shell.is_said_in("How do I stop a program?"));
        assert!(about("Kraken", &["Kraken"]).is_said_in("How do I stop a program?"));
    }
}
