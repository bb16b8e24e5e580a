//! A question with what it needs to stand alone: the page, the heading or the subject that it belongs to.

use std::collections::HashSet;

use super::Place;
use super::clause::{attach, says_more, shares_a_stem};
use crate::about::unrepeated;
use crate::name::{has_proper_name, is_plain_capital};
use crate::phrase;
use crate::regexes::regex;

/// What the page's title does for a question.
enum UnderTitle {
    /// Nothing: the question is clear without it.
    Clear,
    /// It says where the question belongs.
    Placed(String),
    /// It ought to, but cannot be said in a clause.
    Lost,
}

impl Place {
    /// Adds the page's name or the subject to `question` where its own words name neither.
    pub(crate) fn anchored(&self, question: &str) -> Option<String> {
        if self.names_itself(question) {
            return Some(question.to_owned());
        }
        let clause = match (&self.tool, self.page_name()) {
            // “Encryption” is a heading for questions, not a thing that one is in.
            (None, Some(name)) if self.about.has_name() || name.contains(' ') => {
                format!("in {name}")
            }
            _ => self.subject_phrase()?,
        };
        Some(self.attached(question, &clause))
    }

    /// Adds what a question about doing something needs to stand alone: the product that the page is about, else the
    /// nearest heading that says more than the question itself, else the subject. The subject alone places only a
    /// question of some length.
    pub(crate) fn situated(&self, question: &str) -> Option<String> {
        let placed = self.placed(question)?;
        Some(self.on_platform(placed))
    }

    /// `question` with the platform that the page's title names: what holds on one may not hold on the next.
    fn on_platform(&self, question: String) -> String {
        let [platform] = self.platforms.as_slice() else {
            return question;
        };
        if self.elsewhere
            || question.contains(platform.as_str())
            || self.product.as_ref() == Some(platform)
        {
            return question;
        }
        attach(&question, &format!("on {platform}"))
    }

    fn placed(&self, question: &str) -> Option<String> {
        if let Some(name) = self.missing_product(question) {
            // One works with Kraken, but has settings for webhooks.
            let several = !name.contains([' ', '`'])
                && name.ends_with('s')
                && !name.ends_with("ss")
                && name.chars().skip(1).all(char::is_lowercase);
            let module = question.ends_with("the module?");
            let preposition = if several || module { "for" } else { "with" };
            return Some(self.attached(question, &format!("{preposition} {name}")));
        }
        if self.named_by_file
            && let Some(placed) = self.with_folder_product(question)
        {
            return Some(placed);
        }
        // On a page about several tools the heading says which.
        if !self.about.has_name()
            && self.product.is_none()
            && let Some(clause) = self.tool_of_heading(question)
        {
            return Some(self.attached(question, &clause));
        }
        match self.under_title(question) {
            UnderTitle::Clear => {}
            UnderTitle::Placed(placed) => return Some(placed),
            UnderTitle::Lost => return None,
        }
        if self.names_more_than_subject(question) {
            return Some(question.to_owned());
        }
        if let Some(placed) = self.with_folder_product(question) {
            return Some(placed);
        }
        // What says enough itself needs no heading's task.
        if question.split_whitespace().count() >= 9
            && let Some(placed) = self.under_subject(question)
        {
            return Some(placed);
        }
        let subject = self.subject_phrase();
        let nearest = self
            .clauses()
            .find(|clause| says_more(clause, question) && Some(clause) != subject.as_ref());
        if let Some(clause) = nearest {
            return Some(self.attached(question, &clause));
        }
        if question.split_whitespace().count() < 8 {
            return None;
        }
        self.under_subject(question)
    }

    /// A question about “the application” with the product of the folder added where it names none; nothing where only
    /// the subject of the whole corpus would say which.
    pub(crate) fn with_product_of_the(&self, question: &str) -> Option<String> {
        let definite =
            regex!(r"(?i)\b(?:do|can) I \w+ (?:\w+ )?the [a-z]|\bto \w+ (?:\w+ )?the [a-z]|\b(?:do|can) I \w+ the [A-Z]\w+\?$")
                .is_match(question);
        if !definite || self.tool.is_some() {
            return Some(question.to_owned());
        }
        match self.product.as_deref() {
            Some(product) if question.contains(product) => Some(question.to_owned()),
            Some(product) => Some(self.attached(question, &format!("in {product}"))),
            None if self.page_name().is_some()
                || self.title_command().is_some()
                || self.title_name().is_some()
                || question.contains('`') =>
            {
                Some(question.to_owned())
            }
            None => None,
        }
    }

    /// Whether nothing but the configured subject says where a question belongs.
    pub(crate) fn is_placed_by_subject_only(&self, question: &str) -> bool {
        let configured = self.product.is_none()
            && self.title_command().is_none()
            && self.title_name().is_none()
            && self.tool.is_none();
        configured
            && self
                .subject_phrase()
                .is_some_and(|phrase| question.to_lowercase().contains(&phrase.to_lowercase()))
            && !self.names_more_than_subject(question)
    }

    /// Whether `question` says what the page's title is about; a command's page is asked about by the command.
    fn says_title(&self, question: &str) -> bool {
        self.tool.is_some()
            || self.about.is_said_in(question)
            || self
                .title_command()
                .is_some_and(|command| question.contains(command))
    }

    /// `question` with what the page's title is about, where it leaves that out. In the documentation of one product, a
    /// question that has a name of its own is clear.
    fn under_title(&self, question: &str) -> UnderTitle {
        if self.says_title(question) {
            return UnderTitle::Clear;
        }
        let named = self.names_more_than_subject(question);
        let one_product = self.subject.as_deref().is_none_or(|subject| {
            !regex!(r"^(?:in|at|on|with|for|of|by|under|within)\s").is_match(subject)
        });
        if named && (one_product || self.product.is_none() && !self.about.has_name()) {
            return UnderTitle::Clear;
        }
        let clause = match self.title_command() {
            Some(command) => format!("with `{command}`"),
            None => match self.about.clause(question) {
                // “View images when viewing images” places nothing.
                Some(clause) if clause.starts_with("when ") && shares_a_stem(&clause, question) => {
                    return match self.with_folder_product(question) {
                        Some(placed) => UnderTitle::Placed(placed),
                        None if named => UnderTitle::Clear,
                        None => UnderTitle::Lost,
                    };
                }
                Some(clause) => self.about.with_names(&self.sentence_case(&clause)),
                // The product or a name of its own must do.
                None if named || self.product.is_some() || one_product => return UnderTitle::Clear,
                None => return UnderTitle::Lost,
            },
        };
        let clause = match &self.product {
            Some(product) if !question.contains(product) && !clause.contains(product) => {
                format!("{clause} in {product}")
            }
            _ => clause,
        };
        UnderTitle::Placed(self.attached(question, &clause))
    }

    /// Where a table's rows belong, with a space before it, beyond what `said` says already; nothing where that is all.
    /// `None` where even the configured subject is missing.
    pub(crate) fn table_clause(&self, said: &str) -> Option<String> {
        if let Some(name) = self.missing_product(said) {
            return Some(format!(" in {name}"));
        }
        if has_proper_name(&format!("in {said}")) && self.product.is_none() {
            return Some(String::new());
        }
        let said = said.trim();
        let question = format!("What is it {said}").trim_end().to_owned();
        match self.under_title(&format!("{question}?")) {
            UnderTitle::Placed(placed) => placed
                .strip_prefix(question.as_str())
                .and_then(|clause| clause.strip_suffix('?'))
                .filter(|clause| {
                    // “With partitions and QOS” says less than the subject.
                    self.product.is_some()
                        || clause.starts_with(" when ")
                        || clause.starts_with(" with the ")
                })
                .map(str::to_owned)
                .or_else(|| self.subject_phrase().map(|phrase| format!(" {phrase}"))),
            _ if self.names_subject(said) => Some(String::new()),
            _ => self.subject_phrase().map(|phrase| format!(" {phrase}")),
        }
    }

    /// A heading of few words as a clause: `when running on Kraken`, `with Kraken`, `for Kraken`.
    pub(crate) fn heading_clause(&self, heading: &str) -> Option<String> {
        let doing = heading
            .split_once(' ')
            .is_some_and(|(first, _)| crate::verbs::base_of_gerund(first).is_some());
        if doing {
            return Some(format!(
                "when {}",
                self.sentence_case(&phrase::lower_first(heading))
            ));
        }
        self.clause_of(heading)
    }

    /// `with Kraken`, from the nearest heading below the title that names a tool, unless `question` names it.
    fn tool_of_heading(&self, question: &str) -> Option<String> {
        let lower = question.to_lowercase();
        self.trail
            .iter()
            .rev()
            .filter(|heading| **heading != self.title)
            // “Kraken - copying and more” says its name first.
            .filter_map(|heading| {
                let name = regex!(r" [-–—] |: ")
                    .split(heading)
                    .next()
                    .unwrap_or(heading);
                self.clause_of(name)
            })
            .find(|clause| clause.starts_with("with "))
            .filter(|clause| {
                let name = clause.trim_start_matches("with ").replace('`', "");
                !lower.contains(&name.to_lowercase())
            })
    }

    /// `question` with the product of the page's folder, if there is one.
    fn with_folder_product(&self, question: &str) -> Option<String> {
        let product = self.product.as_deref()?;
        if self.names_subject(question) {
            return Some(question.to_owned());
        }
        Some(self.attached(question, &format!("in {product}")))
    }

    /// The subject of the whole corpus places a question only if its own words already say which page it is about.
    fn under_subject(&self, question: &str) -> Option<String> {
        let words = |text: &str| -> HashSet<String> {
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.len() > 3 && !is_plain_capital(word))
                .map(|word| word.to_lowercase().chars().take(5).collect())
                .collect()
        };
        let asked = words(question);
        let headings = self.trail.last().into_iter().chain([&self.title]);
        if headings
            .flat_map(|heading| words(heading))
            .all(|word| !asked.contains(&word))
        {
            return None;
        }
        if self.names_itself(question) {
            return Some(question.to_owned());
        }
        Some(self.attached(question, &self.subject_phrase()?))
    }

    /// The product that the page is about, if `question` does not name it.
    fn missing_product(&self, question: &str) -> Option<String> {
        if self.tool.is_some() {
            return None;
        }
        let name = self.page_name()?;
        let lower = question.to_lowercase();
        let named = name
            .replace('`', "")
            .split_whitespace()
            .map(|word| {
                word.trim_matches(|c: char| !c.is_alphanumeric())
                    .to_lowercase()
            })
            .filter(|word| word.len() > 1 && !is_plain_capital(word))
            .any(|word| {
                let letters = word
                    .split(|c: char| !c.is_alphabetic())
                    .next()
                    .unwrap_or_default();
                lower.contains(&word) || letters.len() >= 4 && lower.contains(letters)
            });
        // “Why should I use KW?” on a page about Kraken Watching.
        let initials: String = name
            .split_whitespace()
            .filter_map(|word| word.chars().next())
            .filter(|initial| initial.is_uppercase())
            .collect();
        let abbreviated = initials.len() > 1
            && question
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| word == initials);
        (!named && !abbreviated).then_some(name)
    }

    /// [`attach`], with the preposition that a platform has.
    fn attached(&self, question: &str, clause: &str) -> String {
        let name = clause
            .strip_prefix("with ")
            .or_else(|| clause.strip_prefix("in "));
        // “Of the service in Kraken”: Kraken is the service.
        if let Some(name) = name
            && Some(clause) != self.subject.as_deref()
            && let Some(service) = regex!(r"\bthe services?\b").find(question)
        {
            return question.replacen(service.as_str(), name, 1);
        }
        // “The versions of Kraken”
        if let Some(name) = clause.strip_prefix("with ")
            && regex!(r"\bversions?\?$").is_match(question)
        {
            return attach(question, &format!("of {name}"));
        }
        let on = clause
            .strip_prefix("with ")
            .or_else(|| clause.strip_prefix("in "))
            .filter(|name| {
                self.platforms.iter().any(|platform| {
                    name.strip_prefix(platform.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(" in "))
                })
            });
        let clause = match on {
            Some(name) => format!("on {name}"),
            None => unrepeated(clause, question).unwrap_or_else(|| clause.to_owned()),
        };
        // “From the desk to the desk”
        if question.trim_end_matches('?').ends_with(clause.as_str()) {
            return question.to_owned();
        }
        attach(question, &clause)
    }

    /// Whether `question` already names the page, the subject, a command or a product.
    pub(crate) fn names_itself(&self, question: &str) -> bool {
        self.names_more_than_subject(question) || self.names_subject(question)
    }

    /// Whether `question` names the configured subject.
    pub(crate) fn names_subject(&self, question: &str) -> bool {
        self.subject_name()
            .is_some_and(|name| question.to_lowercase().contains(&name.to_lowercase()))
    }

    /// As [`Self::names_itself`], without counting the subject that the whole corpus shares.
    fn names_more_than_subject(&self, question: &str) -> bool {
        let lower = question.to_lowercase();
        let mentions = |name: &str| !name.is_empty() && lower.contains(&name.to_lowercase());
        let bare = self
            .subject_name()
            .map_or_else(|| question.to_owned(), |name| question.replace(name, ""));
        question.contains('`')
            || regex!(r"(?:^|\s)--?[a-z][\w-]+").is_match(question)
            || self.tool.as_ref().is_some_and(|tool| mentions(&tool.name))
            || has_proper_name(&bare)
    }
}
