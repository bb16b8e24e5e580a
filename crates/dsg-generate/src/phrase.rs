//! Phrases of questions: what a heading asks, what a lead-in does, how a page is named.

use crate::regexes::regex;
use crate::verbs;

/// Longest verb phrase that still reads well inside a question.
const MAX_PHRASE: usize = 130;

/// What a title or heading is, grammatically.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Title {
    /// A question of its own, with its question mark.
    Question(String),
    /// Something to do, as an infinitive without `to`: `create a batch job`.
    Task(String),
    /// A statement: `Disk quota exceeded`, `Jobs are stuck`.
    Statement(String),
    /// A name: `Kraken`, `Job arrays`.
    Name(String),
    /// Too general to name anything: `Overview`, `Options`.
    Generic,
}

/// Classifies a heading's clean text.
pub(crate) fn classify(title: &str) -> Title {
    let title = strip_frame(title);
    if title.chars().filter(|c| c.is_alphabetic()).count() < 2 || is_generic(&title) {
        return Title::Generic;
    }
    if let Some(rest) = strip_how_to(&title) {
        return task(rest).map_or_else(|| question_or_name(&title), Title::Task);
    }
    if title.ends_with('?') || regex!(r"(?i)^(?:why|when|where|which|who|can|could|may|should|is|are|do|does|did|will|what|how)\b.*\b(?:i|my|we|you|is|are|do|does|can|should|to)\b").is_match(&title) && !title.ends_with('.') {
        return question_or_name(&title);
    }
    let mut words = title.split_whitespace();
    let first = words.next().unwrap_or_default();
    let next = words.next().unwrap_or_default();
    let page_word = matches!(
        first.to_lowercase().as_str(),
        "troubleshooting" | "getting" | "scheduling" | "accounting" | "working"
    );
    if let Some(base) = verbs::base_of_gerund(first).filter(|_| !page_word) {
        let rest = title.get(first.len()..).unwrap_or_default().trim();
        if !rest.is_empty() && !regex!(r"^(?:and|or|of|with|in|on|for|is|are)\b").is_match(rest)
            || next == "with" && base != "start"
        {
            let rest = regex!(r"\b(and|or|and then) ([a-z]+ing)\b").replace_all(
                rest,
                |found: &regex::Captures<'_>| {
                    let joint = found.get(1).map_or("", |m| m.as_str());
                    let word = found.get(2).map_or("", |m| m.as_str());
                    format!("{joint} {}", verbs::base_of_gerund(word).unwrap_or(word))
                },
            );
            return task(&format!("{base} {rest}")).map_or(Title::Name(title.clone()), Title::Task);
        }
    }
    if regex!(r"(?i)\b(?:is|are|was|were|does|do|not|cannot|can't|doesn't|fails?|failed|exceeded|denied|refused|stuck|killed|timed out|missing|invalid|unable|unreachable|expired)\b").is_match(&title)
        && title.split_whitespace().count() >= 2
    {
        return Title::Statement(title);
    }
    if verbs::base(first).is_some()
        && regex!(r"(?i)^(?:a|an|the|your|new|all|any|only|multiple|several|[a-z`]+s?|from|to|up|into|data|files)$").is_match(next)
        && is_imperative(first, next, &title)
        && let Some(task) = task(&lower_first(&title))
    {
        return Title::Task(task);
    }
    Title::Name(title)
}

/// Verbs that are also nouns need an article or a pronoun behind them to be read as instructions.
fn is_imperative(first: &str, next: &str, title: &str) -> bool {
    const ALSO_NOUN: &[&str] = &[
        "access", "archive", "back", "boot", "build", "call", "change", "check", "count",
        "control", "copy", "debug", "display", "download", "dump", "estimate", "exit", "export",
        "filter", "fix", "force", "format", "group", "handle", "hold", "import", "increase",
        "label", "launch", "leave", "limit", "link", "list", "load", "lock", "log", "login",
        "measure", "monitor", "mount", "move", "name", "order", "output", "pack", "package",
        "pass", "pause", "pin", "place", "plot", "process", "profile", "pull", "purge", "push",
        "query", "read", "record", "release", "report", "request", "reserve", "reset", "restart",
        "return", "run", "scale", "scan", "schedule", "search", "secure", "separate", "set",
        "share", "show", "sort", "split", "start", "stop", "store", "stream", "supply", "switch",
        "tag", "tail", "test", "trace", "track", "train", "transfer", "trigger", "tune", "turn",
        "undo", "update", "upgrade", "upload", "use", "view", "wait", "watch", "work", "wrap",
        "complete", "open", "clean", "clear", "close", "lower", "select", "abstract", "contact",
        "compute", "follow",
    ];
    let ambiguous = ALSO_NOUN.contains(&first.to_lowercase().as_str());
    let article =
        regex!(r"(?i)^(?:a|an|the|your|all|any|only|multiple|several|new|from|to|up|into)$")
            .is_match(next);
    (!ambiguous || article) && title.split_whitespace().count() >= 2
}

/// Without numbering, “Step 1:”, “Tutorial:”, trailing notes in brackets.
fn strip_frame(title: &str) -> String {
    let title = regex!(r"(?i)^(?:step\s+\d+\s*[:.)-]?|tutorial\s*[:-]|example\s*\d*\s*[:-]|case\s+\d+\s*[:.)-]|option\s+\d+\s*[:.)-]|\d+[.)]|[a-z][.)])\s*").replace(title.trim(), "");
    let title = regex!(
        r"(?i)\s*\((?:optional|recommended|deprecated|new|beta|experimental|advanced|wip)\)\s*$"
    )
    .replace(&title, "");
    let title = title.trim().trim_end_matches(['.', ':', ',']);
    // A heading shouted in capitals is an ordinary one.
    if title.contains(' ') && !title.chars().any(char::is_lowercase) {
        return upper_first(&title.to_lowercase());
    }
    title.to_owned()
}

/// `How to X`, `How do I X?`, `How can I X?` → `X`.
fn strip_how_to(title: &str) -> Option<&str> {
    regex!(r"(?i)^how (?:to|do (?:I|you|we)|can (?:I|you|we)|should (?:I|you|we))\s+(.+?)\s*\??$")
        .captures(title)
        .and_then(|found| found.get(1))
        .map(|found| found.as_str())
        .filter(|rest| !rest.contains('?'))
}

fn question_or_name(title: &str) -> Title {
    if title.ends_with('?') {
        return Title::Question(title.to_owned());
    }
    Title::Name(title.to_owned())
}

/// A description's first words as an infinitive: `Displays nodes and prints them` → `display nodes and print them`.
pub(crate) fn infinitive_of(text: &str) -> Option<String> {
    let text = text.trim_end_matches('.');
    let text = regex!(r"(?i)^used? to\s+").replace(text, "");
    let text = regex!(r"(?i),?\s+(?:for example|for instance|e\.g\.|such as|i\.e\.).*$")
        .replace(&text, "");
    let head = text.split_whitespace().next()?;
    if verbs::base(head).is_some() {
        return task(&lower_first(&text));
    }
    let base = verbs::base_of_third(head)?;
    let rest = regex!(r"\b(and|or|then) ([a-z]+s)\b").replace_all(
        text.get(head.len()..)?,
        |found: &regex::Captures<'_>| {
            let word = found.get(2).map_or("", |m| m.as_str());
            let joint = found.get(1).map_or("", |m| m.as_str());
            format!("{joint} {}", verbs::base_of_third(word).unwrap_or(word))
        },
    );
    task(&format!("{base}{rest}"))
}

/// A verb phrase fit for “How do I …?”, or nothing.
pub(crate) fn task(phrase: &str) -> Option<String> {
    let phrase = phrase
        .trim()
        .trim_end_matches(['.', ':', ',', ';', '?', '!'])
        .trim();
    let phrase = regex!(r"(?i) (?:also|just|simply|too|again)$").replace(phrase, "");
    let phrase = phrase.as_ref();
    let first = phrase.split_whitespace().next()?;
    let adverb = regex!(r"(?i)^(?:only|also|easily|automatically|quickly|manually|temporarily|safely|properly|permanently|efficiently|securely|interactively|remotely|simply|not|do not|first|further|best|directly|immediately|explicitly|recursively|always|never)$").is_match(first);
    let verb = if adverb {
        phrase.split_whitespace().nth(1)?
    } else {
        first
    };
    let base = verbs::base(verb)?;
    if regex!(r"(?i)^(?:also|not|do not|simply|never|always|first|further)$").is_match(first) {
        return None;
    }
    let (_, rest) = phrase.split_once(char::is_whitespace)?;
    let object = rest.split_whitespace().next()?.to_lowercase();
    let hollow = matches!(
        object.as_str(),
        "it" | "this"
            | "these"
            | "them"
            | "that"
            | "so"
            | "those"
            | "of"
            | "as"
            | "is"
            | "are"
            | "one"
            | "confusion"
            | "-"
            | "–"
            | "and"
            | "or"
            | "above"
            | "below"
            | "here"
    ) || matches!(
        base,
        "see" | "leave" | "exit" | "follow" | "indicate" | "describe" | "contain" | "see_"
    ) && !matches!(
        object.as_str(),
        "the" | "a" | "an" | "all" | "which" | "what" | "how"
    );
    let finite = regex!(r"(?i)\b(?:you|we|I|users|one) (?:can|must|should|need|have to|may|will)\b|\b(?:can|will|should|must|may|could) (?:be|not|also|only|do)\b|\b(?:is|are) (?:done|made|used|needed|required|possible)\b").is_match(phrase)
        || matches!(object.as_str(), "will" | "would" | "should" | "can" | "must" | "may" | "has" | "have" | "format" | "file:" );
    let placeless = matches!(
        object.as_str(),
        "on" | "in" | "at" | "via" | "for" | "from" | "with"
    ) && !matches!(
        base,
        "log"
            | "login"
            | "work"
            | "run"
            | "connect"
            | "search"
            | "wait"
            | "sign"
            | "subscribe"
            | "train"
            | "build"
            | "recover"
            | "authenticate"
    );
    let hollow = hollow || placeless || finite;
    let dangling = regex!(
        r"(?i)\b(?:this|these|those|them|above|below|following|previous|it|its|they|their|said|such|same|latter|former|here|given|specified|respective|corresponding|that (?:file|directory|folder|command|script|page|case|way))\b|\b(?:e\.g|i\.e|etc)\b|[:;]|\bexample$|\b(?:and|or|with|for|the|a|of|to|by|in|using|run|use|from|as|is|am|are|was|were|have|had|about|on|at|into|than|myself)$|^\S+ myself\b|\bgo to\b|https?://|\?|!|^\S+ (?:this|that)\b"
    )
    .is_match(phrase);
    // “Clean up”: what?
    if regex!(r"(?i)^\w+ (?:up|out|off|down|back)$|^read to\b").is_match(phrase) {
        return None;
    }
    // “use option `-i`” says nothing without its command.
    let bare_code = regex!(r"^(?:use|run|set|add|specify|give|pass|execute) (?:the )?(?:(?:option|flag|command|parameter|argument|variable|switch|script|module)s? )?`[^`]*`$").is_match(phrase);
    let bare_code = bare_code || regex!(r"(?i)^use (?:the )?(?:cli|command[- ]line|web ?ui|web interface|gui|terminal|command line interface|api|tool|service|form|defaults?)(?: (?:with|in|of|for|from) \S+)?$").is_match(phrase);
    // “add users to an account add a line” has lost its comma.
    let doubled = regex!(r"(?i)\b(?:[a-z`-]+[^oOdrn,\s]|no|do) (?:add|run|use|set|execute|type|create) (?:an?|the|on)\b|\b\w{3,} run on\b|\bfor the use case\b").is_match(rest);
    // “request the maximum be invoked” is an order in the third person.
    let ordered =
        regex!(r"^(?:request|specify|identify|require|ensure|demand)\b.*\b(?:be \w+ed|is to be)\b")
            .is_match(phrase);
    let balanced = !bare_code
        && !ordered
        && !doubled
        && phrase.matches('`').count().is_multiple_of(2)
        && phrase.matches('(').count() == phrase.matches(')').count()
        && phrase.matches('"').count().is_multiple_of(2);
    (!hollow
        && !dangling
        && balanced
        && phrase.len() <= MAX_PHRASE
        && phrase.split_whitespace().count() >= 2)
        .then(|| lower_first(phrase))
}

/// `create a job` → `creating a job`.
pub(crate) fn as_gerund(task: &str) -> Option<String> {
    let (first, rest) = task.split_once(' ')?;
    let base = verbs::base(first)?;
    let rest =
        regex!(r"\b(and|or) ([a-z]+) ([a-z])").replace_all(rest, |found: &regex::Captures<'_>| {
            let part = |number: usize| found.get(number).map_or("", |m| m.as_str());
            match verbs::base(part(2)) {
                Some(verb) => format!("{} {} {}", part(1), verbs::gerund(verb), part(3)),
                None => part(0).to_owned(),
            }
        });
    Some(format!("{} {rest}", verbs::gerund(base)))
}

/// Lower-cases the first letter unless the first word is a name, an acronym or code.
pub(crate) fn lower_first(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let mut letters = first.chars();
    let Some(initial) = letters.next() else {
        return String::new();
    };
    let tail_has_upper = letters
        .clone()
        .any(|c| c.is_uppercase() || c.is_ascii_digit());
    if !initial.is_uppercase() || tail_has_upper || first == "I" || first.starts_with("I'") {
        return text.to_owned();
    }
    let rest = text.get(initial.len_utf8()..).unwrap_or_default();
    initial.to_lowercase().chain(rest.chars()).collect()
}

/// `The Kraken tool` → `the Kraken tool`; names stay as they are.
pub(crate) fn lower_article(name: &str) -> String {
    match name.split_once(' ') {
        Some((article @ ("The" | "A" | "An"), rest)) => {
            format!("{} {rest}", article.to_lowercase())
        }
        _ => name.to_owned(),
    }
}

/// Upper-cases the first letter.
pub(crate) fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |initial| {
        initial.to_uppercase().chain(letters).collect()
    })
}

/// Headings that say nothing without the page they stand on.
pub(crate) fn is_generic(title: &str) -> bool {
    const GENERIC: &[&str] = &[
        "about",
        "additional information",
        "advanced",
        "advanced usage",
        "available",
        "availability",
        "background",
        "basic usage",
        "basics",
        "before you start",
        "command",
        "commands",
        "comments",
        "common problems",
        "conclusion",
        "configuration",
        "configurations",
        "contact",
        "contents",
        "copying",
        "default",
        "defaults",
        "description",
        "details",
        "documentation",
        "example",
        "example usage",
        "examples",
        "faq",
        "features",
        "files",
        "flags",
        "for administrators",
        "for developers",
        "for management",
        "for users",
        "frequently asked questions",
        "further information",
        "further reading",
        "general",
        "general information",
        "general usage",
        "get started",
        "getting help",
        "getting started",
        "help",
        "home",
        "how it works",
        "how to use",
        "important",
        "in general",
        "info",
        "information",
        "input",
        "installation",
        "instructions",
        "intro",
        "introduction",
        "introduction and background",
        "issues",
        "known issues",
        "learn more",
        "license",
        "licence",
        "licenses",
        "limitations",
        "links",
        "main page",
        "miscellaneous",
        "more examples",
        "more info",
        "more information",
        "name",
        "navigation",
        "next steps",
        "note",
        "notes",
        "notice",
        "options",
        "other",
        "other options",
        "output",
        "overview",
        "parameters",
        "performance",
        "permissions",
        "prerequisites",
        "preface",
        "problems",
        "purpose",
        "quick start",
        "quickstart",
        "reference",
        "references",
        "related",
        "remarks",
        "requirements",
        "resources",
        "results",
        "return value",
        "see also",
        "settings",
        "setup",
        "solution",
        "specifications",
        "steps",
        "summary",
        "support",
        "syntax",
        "synopsis",
        "table of contents",
        "terms",
        "tips",
        "tips and tricks",
        "troubleshooting",
        "tutorial",
        "tutorials",
        "usage",
        "usage examples",
        "use",
        "user guide",
        "using",
        "version",
        "versions",
        "warning",
        "what next",
        "workflow",
        "why",
        "example 1",
        "example 2",
        "step 1",
        "step 2",
        "additional resources",
        "environment",
        "general remarks",
        "common",
        "common issues",
        "introduction to",
        "first steps",
        "authors",
        "acknowledgements",
        "bugs",
        "exit status",
        "special",
        "input environment variables",
        "output environment variables",
        "environment variables",
        "citing",
        "citation",
        "how to cite",
        "how to",
        "how-to",
        "misc",
        "introductory",
        "manual",
        "manuals",
        "guide",
        "guides",
        "for more information",
        "references and more information",
        "what is it",
        "definitions",
        "design",
        "implementation",
        "user",
        "users",
        "administrator",
        "admin",
        "general notes",
        "step by step",
        "step-by-step",
        "in practice",
        "usage notes",
        "example files",
        "how to use it",
        "list of options",
        "general options",
        "advanced options",
        "common options",
        "other commands",
        "other tools",
        "option",
        "job script",
        "batch job",
        "batch jobs",
        "batch script",
        "batch scripts",
        "example batch script",
        "example scripts",
    ];
    let bare = title
        .trim()
        .trim_end_matches([':', '.', '?'])
        .to_lowercase();
    GENERIC.contains(&bare.as_str())
}

/// A page's title as a name: without “Guide”, “Documentation” and the like.
pub(crate) fn name_of(title: &str) -> String {
    let title = strip_frame(title);
    let title = regex!(r"(?i)^(?:(?:an )?introduction to|(?:an )?overview of|(?:a )?guide to|about|welcome to|the|tutorial on)\s+").replace(&title, "");
    let title = regex!(r"(?i)\s*[-–:]?\s*\b(?:user'?s? guide|quick ?start(?: guide)?|guide|documentation|tutorial|overview|introduction|manual|reference|handbook|faq|support|man page|user manual|administrator guide|basics)$").replace(&title, "");
    let title = regex!(r"\s*\(\d[a-z]?\)$").replace(&title, "");
    title
        .trim()
        .trim_end_matches([':', '-', '–'])
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_classified() {
        for (title, expected) in [
            (
                "How to add docker hub credentials to a project",
                Title::Task("add docker hub credentials to a project".into()),
            ),
            (
                "Creating a batch job",
                Title::Task("create a batch job".into()),
            ),
            (
                "Step 2: Create a new user",
                Title::Task("create a new user".into()),
            ),
            (
                "Can I run MPI applications on Pouta?",
                Title::Question("Can I run MPI applications on Pouta?".into()),
            ),
            (
                "Disk quota exceeded",
                Title::Statement("Disk quota exceeded".into()),
            ),
            ("Kraken", Title::Name("Kraken".into())),
            ("Job Arrays", Title::Name("Job Arrays".into())),
            ("Process Tracking", Title::Name("Process Tracking".into())),
            ("More information", Title::Generic),
            ("How to use it", Title::Generic),
        ] {
            assert_eq!(classify(title), expected, "{title}");
        }
    }

    #[test]
    fn hollow_phrases_are_no_tasks() {
        for phrase in [
            "use it",
            "run",
            "set this to 1",
            "list of nodes",
            "do something below",
            "Time to wait",
        ] {
            assert_eq!(task(phrase), None, "{phrase}");
        }
        assert_eq!(
            task("Only show nodes that are down.").as_deref(),
            Some("only show nodes that are down")
        );
        assert_eq!(as_gerund("create a job").as_deref(), Some("creating a job"));
    }

    #[test]
    fn page_names_lose_their_frame() {
        assert_eq!(name_of("Slurm Power Saving Guide"), "Slurm Power Saving");
        assert_eq!(name_of("Introduction to Kraken"), "Kraken");
        assert_eq!(name_of("sbatch(1)"), "sbatch");
    }
}
