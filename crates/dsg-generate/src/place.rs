//! Where a section stands, in the words of a question.

use std::collections::HashSet;

use dsg_core::Chunk;

use crate::about::{About, unrepeated};
use crate::lexicon::Lexicon;
use crate::name::{
    common_words, has_proper_name, is_plain_capital, is_product, is_title_name, named,
    names_in_sentences,
};
use crate::phrase::{self, Title, classify, is_generic, name_of};
use crate::regexes::regex;

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
fn says_more(clause: &str, question: &str) -> bool {
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

    #[test]
    fn what_places_a_condition_stands_before_it() {
        assert_eq!(
            attach("What happens if my box is full?", "with Kraken"),
            "With Kraken, what happens if my box is full?"
        );
    }
}
