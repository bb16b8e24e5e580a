//! Where a section stands, in the words of a question.

mod anchor;
mod clause;

use std::collections::HashSet;

use dsg_core::Chunk;

use crate::about::About;
use crate::lexicon::Lexicon;
use crate::name::{
    common_words, is_plain_capital, is_product, is_title_name, named, names_in_sentences,
};
use crate::phrase::{self, Title, classify, is_generic, name_of};
use crate::regexes::regex;

pub(crate) use clause::shares_a_stem;

/// What a page documents and how to name it in a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The command that the page is about, if it is about one.
    pub(crate) tool: Option<Tool>,
    /// The headings from the outermost that names something to the section's own, without generic ones.
    pub(crate) trail: Vec<String>,
    /// The page's title.
    pub(crate) title: String,
    /// The product that the page's folder is about.
    product: Option<String>,
    /// Whether it is the page's file that names the product.
    named_by_file: bool,
    subject: Option<String>,
    /// Words of the title and of the product that things happen on.
    platforms: Vec<String>,
    /// Whether the chunk speaks of other platforms and of none of these.
    elsewhere: bool,
    /// What the page's title says beyond them.
    about: About,
    /// Words that the chunk's running text uses in lower case: a heading that capitalises them names nothing by that.
    common: HashSet<String>,
    /// Words that it capitalises inside a sentence.
    names: HashSet<String>,
    /// Words of the headings, in small letters, that the corpus does not treat as names.
    ordinary: HashSet<String>,
    commands: Vec<String>,
}

/// A command or a file that a page documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tool {
    /// `sbatch`, `slurm.conf`.
    pub(crate) name: String,
    /// A configuration file rather than a command.
    pub(crate) is_file: bool,
}

impl Tool {
    /// In backticks.
    pub(crate) fn code(&self) -> String {
        format!("`{}`", self.name)
    }
}

impl Place {
    pub(crate) fn new(
        chunk: &Chunk,
        path: &[String],
        subject: Option<&str>,
        lexicon: &Lexicon,
    ) -> Self {
        let title = path.first().cloned().unwrap_or_default();
        let trail = path
            .iter()
            .filter(|heading| !is_generic(heading))
            .cloned()
            .collect();
        let common = common_words(chunk);
        let names = names_in_sentences(chunk);
        let by_file = lexicon.named_by_file(&chunk.path);
        let by_folder = lexicon.product(&chunk.path);
        let product = by_folder.or(by_file).map(str::to_owned);
        let named_by_file = by_folder.is_none() && by_file.is_some();
        let ordinary = path
            .iter()
            .flat_map(|heading| heading.split_whitespace())
            .map(|word| {
                word.trim_matches(|c: char| !c.is_alphanumeric())
                    .to_lowercase()
            })
            .filter(|word| lexicon.is_name(word) == Some(false))
            .collect();
        let subject = subject.map(|subject| subject.trim().to_owned());
        let known: Vec<String> = product
            .iter()
            .chain(&subject)
            .flat_map(|known| known.split_whitespace())
            .map(str::to_lowercase)
            .collect();
        let is_name = |position: usize, word: &str| {
            let capital = word.chars().next().is_some_and(char::is_uppercase);
            let command = capital && chunk.commands.contains(&word.to_lowercase());
            command || is_title_name(position, word, lexicon, &names, &common)
        };
        let platforms: Vec<String> = title
            .split_whitespace()
            .chain(product.as_deref())
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .filter(|word| lexicon.is_platform(word))
            .map(str::to_owned)
            .collect();
        let elsewhere = names.iter().any(|name| lexicon.is_platform(name))
            && platforms.iter().all(|platform| !names.contains(platform));
        let about = if is_generic(&title) || named_by_file {
            About::default()
        } else {
            About::of(&title, is_name, &known, &common)
        };
        Self {
            tool: tool(chunk, path),
            trail,
            title,
            product,
            named_by_file,
            subject,
            platforms,
            elsewhere,
            about,
            common,
            names,
            ordinary,
            commands: chunk.commands.clone(),
        }
    }

    /// The command that the title speaks of: `rsync` in “Using rsync for data transfer”.
    fn title_command(&self) -> Option<&str> {
        self.title
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .find(|word| {
                word.len() >= 3
                    && word
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
                    && !is_plain_capital(word)
                    && self.commands.iter().any(|command| command == word)
            })
    }

    /// The service that the title names behind a preposition: `SD Desktop` in “Adding software to SD Desktop”.
    fn title_name(&self) -> Option<&str> {
        let subject = self.subject.as_deref().unwrap_or_default();
        regex!(r"\b(?:in|on|with|using|from|to|of|for|via|through|about) (?:the )?((?:[A-Z][\w-]+)(?: [A-Z][\w-]+){0,2})")
            .captures_iter(&self.title)
            .filter_map(|found| found.get(1))
            .map(|name| name.as_str())
            .filter(|name| {
                name.split(' ').all(|word| !subject.contains(word))
                    && name.split(' ').any(|word| {
                        !is_plain_capital(word)
                            && !self.common.contains(&word.to_lowercase())
                            && !regex!(r"^(?:Linux|Windows|Mac|MacOS|January|February|March|April|May|June|July|August|September|October|November|December)$").is_match(word)
                    })
            })
            .last()
    }

    /// The product of the page's folder, else the command or the service of its title, else the configured subject, with a preposition:
    /// `in Rahti`, `with `rsync``, `at CSC`.
    pub(crate) fn subject_phrase(&self) -> Option<String> {
        if let Some(product) = &self.product {
            return Some(format!("in {product}"));
        }
        if let Some(command) = self.title_command() {
            return Some(format!("with `{command}`"));
        }
        if let Some(name) = self.title_name() {
            return Some(format!("in {name}"));
        }
        let subject = self.subject.as_deref()?;
        let has_preposition =
            regex!(r"^(?:in|at|on|with|for|of|by|under|within)\s").is_match(subject);
        Some(if has_preposition {
            subject.to_owned()
        } else {
            format!("in {subject}")
        })
    }

    /// The bare subject: `Rahti`, `CSC`.
    pub(crate) fn subject_name(&self) -> Option<&str> {
        if let Some(product) = &self.product {
            return Some(product);
        }
        if let Some(command) = self.title_command() {
            return Some(command);
        }
        if let Some(name) = self.title_name() {
            return Some(name);
        }
        let subject = self.subject.as_deref()?;
        Some(
            regex!(r"^(?:in|at|on|with|for|of|by|under|within)\s+(?:the\s+)?")
                .find(subject)
                .and_then(|found| subject.get(found.end()..))
                .unwrap_or(subject),
        )
    }

    /// The page's name where it has one that stands alone: a product, a command.
    pub(crate) fn page_name(&self) -> Option<String> {
        if let Some(tool) = &self.tool {
            return Some(tool.code());
        }
        let name = name_of(&self.title);
        match classify(&name) {
            Title::Name(_)
                if is_product(&name, &self.common)
                    && !name.ends_with(['\'', '’'])
                    && !name.ends_with("'s")
                    && !name.ends_with("’s") =>
            {
                Some(named(&name))
            }
            _ => None,
        }
    }

    /// Clauses that say where a question belongs, the nearest heading first: `with Kraken`, `when creating a project`,
    /// `in Pouta`, `in `slurm.conf``; the configured subject last.
    fn clauses(&self) -> impl Iterator<Item = String> + '_ {
        let tool = self.tool.iter().map(|tool| {
            let preposition = if tool.is_file { "in" } else { "with" };
            format!("{preposition} {}", tool.code())
        });
        let headings = self
            .trail
            .iter()
            .rev()
            .filter_map(|heading| self.clause_of(heading));
        tool.chain(headings).chain(self.subject_phrase())
    }

    /// What a heading adds to a question about something beneath it.
    fn clause_of(&self, heading: &str) -> Option<String> {
        match classify(heading) {
            Title::Task(task) => phrase::as_gerund(&crate::person::first_person(&task))
                .filter(|gerund| {
                    gerund.len() <= 70
                        && !regex!(r"^(?:avoiding|preventing) ").is_match(gerund)
                        && !regex!(r"\bUsing\b|(?i:\bguide$)").is_match(gerund)
                })
                .map(|gerund| format!("when {}", self.sentence_case(&gerund))),
            Title::Name(name) => {
                let name = name_of(&name);
                // A page is named by its title; a heading further down only by a word that the text also treats as a name.
                let is_title = heading == self.title;
                let known = name.split_whitespace().any(|word| {
                    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
                    !is_plain_capital(word)
                        && (self.names.contains(word)
                            || word.chars().skip(1).any(char::is_uppercase)
                                && word.chars().any(char::is_lowercase))
                });
                if is_product(&name, &self.common) && (is_title || known) {
                    return Some(format!("with {}", named(&name)));
                }
                // “Security guidelines for Pouta” is about Pouta.
                regex!(
                    r"\b(for|in|on|at|with|using|to|of)\s+((?:[A-Z][\w-]*)(?:\s+[A-Z][\w-]*){0,2})$"
                )
                .captures(&name)
                .and_then(|found| found.get(2))
                .filter(|name| !is_plain_capital(name.as_str()))
                .map(|name| format!("in {}", name.as_str()))
            }
            _ => None,
        }
    }

    /// The command that the nearest heading is about: `sacct` under “sacct”.
    pub(crate) fn heading_command(&self) -> Option<String> {
        self.trail
            .iter()
            .rev()
            .take(2)
            .map(|heading| {
                heading
                    .split(':')
                    .next()
                    .unwrap_or(heading)
                    .trim_matches('`')
            })
            .find(|heading| {
                self.commands.iter().any(|command| command == heading)
                    || regex!(r"^[a-z][a-z0-9_-]{1,20}$").is_match(heading)
            })
            .map(|heading| format!("`{heading}`"))
    }

    /// Whether a heading's text is the name of a product.
    pub(crate) fn is_name(&self, heading: &str) -> bool {
        is_product(heading, &self.common)
    }

    /// The nearest clause that is not the subject.
    pub(crate) fn clause(&self) -> Option<String> {
        let subject = self.subject_phrase();
        self.clauses()
            .find(|clause| Some(clause) != subject.as_ref())
    }

    /// `phrase` from a heading in title case, as a sentence would have it: words that the text uses in lower case lose
    /// their capitals.
    pub(crate) fn sentence_case(&self, phrase: &str) -> String {
        let mut acronym = false;
        phrase
            .split(' ')
            .map(|word| {
                let lower = word.to_lowercase();
                // “AB Desk” is one name.
                let named = std::mem::replace(
                    &mut acronym,
                    word.len() > 1 && word.chars().all(char::is_uppercase),
                );
                let capital_only = word.chars().skip(1).all(|c| !c.is_uppercase())
                    && word.chars().next().is_some_and(char::is_uppercase);
                let plain = regex!(
                    r"^(?:An?|The|And|Or|Of|In|On|To|For|From|With|By|At|Into|Your|All|New|Up|Out|Off|Against)$"
                )
                .is_match(word);
                if capital_only
                    && !named
                    && (plain || self.common.contains(&lower) || self.ordinary.contains(&lower))
                {
                    lower
                } else {
                    word.to_owned()
                }
            })
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The command or file a manual page is about.
fn tool(chunk: &Chunk, path: &[String]) -> Option<Tool> {
    let name = path
        .first()?
        .trim()
        .trim_matches('`')
        .split('(')
        .next()?
        .trim();
    let shape = regex!(r"^[a-z][a-z0-9]*([._+-][a-z0-9]+)*$").is_match(name) && name.len() <= 32;
    if !shape {
        return None;
    }
    let is_file = regex!(r"\.(conf|yaml|yml|cfg|toml|ini|json)$").is_match(name);
    let manual = path.iter().skip(1).any(|heading| {
        regex!(r"^(?:NAME|SYNOPSIS|DESCRIPTION|OPTIONS|PARAMETERS|COMMANDS|EXAMPLES?|NOTES?|FILES|[A-Z][A-Z0-9 _/,()-]{3,})$")
            .is_match(heading)
    });
    let known = chunk.commands.iter().any(|command| command == name);
    (is_file || manual || known).then(|| Tool {
        name: name.to_owned(),
        is_file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::chunk_of;

    fn place(path: &[&str], subject: Option<&str>) -> Place {
        let chunk = chunk_of("x", Vec::new(), path);
        Place::new(&chunk, &chunk.heading_path, subject, &Lexicon::default())
    }

    #[test]
    fn a_manual_page_names_its_command() {
        let place = place(&["sbatch", "OPTIONS"], Some("Slurm"));
        assert_eq!(place.page_name().as_deref(), Some("`sbatch`"));
        assert_eq!(place.clause().as_deref(), Some("with `sbatch`"));
    }

    #[test]
    fn a_page_about_a_task_gives_a_clause() {
        let place = place(
            &["How to add docker hub credentials to a project", "Details"],
            None,
        );
        assert_eq!(
            place.clause().as_deref(),
            Some("when adding docker hub credentials to a project")
        );
    }

    #[test]
    fn general_questions_get_the_subject() {
        let slurm = place(&["Frequently Asked Questions"], Some("Slurm"));
        assert_eq!(
            slurm.anchored("Why is my job not running?").as_deref(),
            Some("Why is my job not running in Slurm?")
        );
        assert_eq!(
            slurm.anchored("Can Slurm emulate nodes?").as_deref(),
            Some("Can Slurm emulate nodes?")
        );
        assert_eq!(
            place(&["FAQ"], None).anchored("Why is my job not running?"),
            None
        );
        let csc = place(&["FAQ"], Some("at CSC"));
        assert_eq!(
            csc.anchored("How is the time counted?").as_deref(),
            Some("How is the time counted at CSC?")
        );
    }

    #[test]
    fn a_part_of_a_page_is_asked_about_with_what_the_title_names() {
        let client = place(&["The S7 client", "Create a box"], Some("at Aurelia"));
        assert_eq!(
            client.situated("How do I create a box?").as_deref(),
            Some("How do I create a box with the S7 client?")
        );
        assert_eq!(
            client.situated("How do I create a box with S7?").as_deref(),
            Some("How do I create a box with S7?")
        );
        let running = place(
            &["Running on KX20 and KX50", "Run jobs"],
            Some("at Aurelia"),
        );
        assert_eq!(
            running.situated("How do I run jobs?").as_deref(),
            Some("How do I run jobs on KX20 and KX50?")
        );
    }
}
