//! Topics proposed from a set of documents: one per folder, or per document where there are no folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use dsg::core::{BlockKind, Document, Format};

/// Most topics to propose; more than that nobody edits.
const MOST_TOPICS: usize = 12;
const MOST_KEYWORDS: usize = 8;
const MOST_COMMANDS: usize = 16;
/// Bytes of text per item of quota: about what one section holds.
const BYTES_PER_ITEM: usize = 1500;
const QUOTA: std::ops::RangeInclusive<usize> = 5..=80;
/// Headings that every manual has; they tell topics apart as little as page numbers do.
const COMMONPLACE: [&str; 26] = [
    "about",
    "author",
    "authors",
    "bugs",
    "contents",
    "copying",
    "copyright",
    "description",
    "example",
    "examples",
    "exit status",
    "faq",
    "files",
    "further reading",
    "index",
    "introduction",
    "name",
    "notes",
    "options",
    "overview",
    "references",
    "see also",
    "summary",
    "synopsis",
    "usage",
    "version",
];

/// One proposed topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) commands: Vec<String>,
    pub(super) keywords: Vec<String>,
    pub(super) quota: usize,
}

/// What is remembered of the documents: paths, titles and headings, not their text.
#[derive(Debug, Default)]
pub(super) struct Survey(Vec<Page>);

#[derive(Debug)]
struct Page {
    /// Path without the file name.
    folders: Vec<String>,
    title: String,
    /// The command that a man page documents.
    command: Option<String>,
    headings: BTreeSet<String>,
    bytes: usize,
}

impl Survey {
    pub(super) fn add(&mut self, document: &Document) {
        let mut parts: Vec<String> = document.source.path.split('/').map(str::to_owned).collect();
        let file = parts.pop().unwrap_or_default();
        // `sbatch.1` documents sbatch, `slurm.conf.5` slurm.conf.
        let stem = file
            .rsplit_once('.')
            .map_or(&*file, |(stem, _)| stem)
            .to_owned();
        let headings = document.blocks.iter().filter_map(|block| {
            matches!(block.kind, BlockKind::Heading { level: 1..=3 })
                .then(|| document.slice(block.label.unwrap_or(block.span)))
                .flatten()
                .and_then(keyword)
        });
        self.0.push(Page {
            folders: parts,
            title: document.title.clone(),
            command: (document.source.format == Format::Man).then_some(stem),
            headings: headings.collect(),
            bytes: document.text.len(),
        });
    }

    /// The largest groups, in the order of their names.
    pub(super) fn proposals(&self) -> Vec<Proposal> {
        let mut groups = self.groups();
        // A page or two of text is no topic, unless it is all there is.
        if groups
            .iter()
            .any(|(_, pages)| bytes(pages) >= BYTES_PER_ITEM)
        {
            groups.retain(|(_, pages)| bytes(pages) >= BYTES_PER_ITEM);
        }
        groups.sort_by_key(|(_, pages)| std::cmp::Reverse(bytes(pages)));
        groups.truncate(MOST_TOPICS);
        groups.sort_by(|a, b| a.0.cmp(&b.0));
        let taken: Vec<BTreeMap<&str, usize>> = groups
            .iter()
            .map(|(_, pages)| heading_counts(pages))
            .collect();
        groups
            .iter()
            .zip(&taken)
            .map(|((id, pages), counts)| Proposal {
                id: id.clone(),
                description: describe(pages),
                commands: pages
                    .iter()
                    .filter_map(|p| p.command.clone())
                    .take(MOST_COMMANDS)
                    .collect(),
                keywords: distinctive(counts, &taken),
                quota: (bytes(pages) / BYTES_PER_ITEM).clamp(*QUOTA.start(), *QUOTA.end()),
            })
            .collect()
    }

    fn groups(&self) -> Vec<(String, Vec<&Page>)> {
        let depth = self.shared_folders();
        let named = |name: fn(&Page, usize) -> &str| {
            let mut groups: BTreeMap<String, Vec<&Page>> = BTreeMap::new();
            for page in &self.0 {
                groups
                    .entry(slug(name(page, depth)))
                    .or_default()
                    .push(page);
            }
            groups
        };
        let folders = named(|page, depth| {
            page.folders
                .get(depth)
                .map_or_else(|| loose_name(page), String::as_str)
        });
        // Loose files make a topic each; a pile of man pages makes one together.
        folders
            .into_iter()
            .filter(|(id, _)| !id.is_empty())
            .collect()
    }

    /// How many leading folders all documents share.
    fn shared_folders(&self) -> usize {
        let Some(first) = self.0.first() else {
            return 0;
        };
        (0..first.folders.len())
            .take_while(|depth| {
                self.0
                    .iter()
                    .all(|page| page.folders.get(*depth) == first.folders.get(*depth))
            })
            .count()
    }
}

fn loose_name(page: &Page) -> &str {
    if page.command.is_some() {
        "commands"
    } else {
        &page.title
    }
}

fn bytes(pages: &[&Page]) -> usize {
    pages.iter().map(|page| page.bytes).sum()
}

fn describe(pages: &[&Page]) -> String {
    let titles: Vec<&str> = pages
        .iter()
        .take(4)
        .map(|page| page.title.as_str())
        .collect();
    let more = if pages.len() > titles.len() {
        ", …"
    } else {
        ""
    };
    format!("{}{more}", titles.join(", "))
}

/// On how many pages of a group each heading stands.
fn heading_counts<'a>(pages: &[&'a Page]) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for heading in pages.iter().flat_map(|page| &page.headings) {
        *counts.entry(heading.as_str()).or_default() += 1;
    }
    counts
}

/// The headings that stand here most and elsewhere least.
fn distinctive(counts: &BTreeMap<&str, usize>, all: &[BTreeMap<&str, usize>]) -> Vec<String> {
    let mut ranked: Vec<(usize, usize, &str)> = counts
        .iter()
        .map(|(heading, here)| {
            let groups = all
                .iter()
                .filter(|group| group.contains_key(heading))
                .count();
            (groups, *here, *heading)
        })
        .collect();
    ranked.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)).then(a.2.cmp(b.2)));
    ranked
        .into_iter()
        .take(MOST_KEYWORDS)
        .map(|(_, _, heading)| heading.to_owned())
        .collect()
}

/// A heading as a keyword: one to four words that say something.
fn keyword(heading: &str) -> Option<String> {
    let text = heading
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ')
        .trim_matches(|c: char| !c.is_alphanumeric())
        .replace(['`', '*', '_', '"'], "")
        .to_lowercase();
    let words = text.split_whitespace().count();
    let telling = text.chars().filter(|c| c.is_alphabetic()).count() > 2;
    ((1..=4).contains(&words) && telling && !COMMONPLACE.contains(&text.as_str())).then_some(text)
}

fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(4)
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}

/// The `topics:` section of a configuration.
pub(super) fn yaml(proposals: &[Proposal]) -> String {
    let mut out = String::from("topics:\n");
    for topic in proposals {
        let _ = writeln!(out, "  - id: {}", quote(&topic.id));
        let _ = writeln!(out, "    description: {}", quote(&topic.description));
        for (key, values) in [("commands", &topic.commands), ("keywords", &topic.keywords)] {
            if !values.is_empty() {
                let values: Vec<String> = values.iter().map(|value| quote(value)).collect();
                let _ = writeln!(out, "    {key}: [{}]", values.join(", "));
            }
        }
        let _ = writeln!(out, "    quota: {}", topic.quota);
    }
    out
}

/// Plain where YAML reads it as the same text, else as a JSON string, which YAML reads too.
fn quote(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphabetic() || c == '-' || c == ' ';
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if begins && text.chars().all(word) && !reserved.contains(&text) && !text.ends_with(' ') {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, title: &str, command: Option<&str>, headings: &[&str]) -> Page {
        let mut folders: Vec<String> = path.split('/').map(str::to_owned).collect();
        folders.pop();
        Page {
            folders,
            title: title.into(),
            command: command.map(str::to_owned),
            headings: headings
                .iter()
                .filter_map(|heading| keyword(heading))
                .collect(),
            bytes: 9000,
        }
    }

    #[test]
    fn folders_become_topics_and_shared_parents_do_not() {
        let survey = Survey(vec![
            page(
                "docs/jobs/a.md",
                "Arrays",
                None,
                &["Overview", "Array tasks"],
            ),
            page(
                "docs/jobs/b.md",
                "Submitting",
                None,
                &["Array tasks", "Time limits"],
            ),
            page("docs/man/sbatch.1", "sbatch", Some("sbatch"), &["OPTIONS"]),
        ]);
        let proposals = survey.proposals();
        assert_eq!(
            proposals.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(),
            ["jobs", "man"]
        );
        assert_eq!(proposals[0].keywords, ["array tasks", "time limits"]);
        assert_eq!(proposals[0].quota, 12);
        assert_eq!(proposals[1].commands, ["sbatch"]);
    }

    #[test]
    fn loose_files_become_topics_by_title() {
        let survey = Survey(vec![
            page("a.md", "Job arrays", None, &[]),
            page("x.1", "x", Some("x"), &[]),
        ]);
        let ids: Vec<String> = survey.proposals().into_iter().map(|p| p.id).collect();
        assert_eq!(ids, ["commands", "job-arrays"]);
    }
}
