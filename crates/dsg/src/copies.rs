//! Which documents of a corpus stay: the newest version of a page, one of several copies.
//!
//! Similar documents are found by sketches, in memory of one sketch per document. Whether one of them may go is then decided
//! on their texts, since a page that differs from another in one number is no copy of it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use dsg_core::{BlockKind, DocId, Document, Format, Reason, Reject, RejectSchema, Stage};
use dsg_dedupe::{DedupeConfig, cluster_documents, shingles, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::DsgError;
use crate::versions::{Version, Versioned, newer_first};

const OLDER_VERSION: Reason = Reason::new("ingest.older_version");
const COPY: Reason = Reason::new("ingest.copy");
/// Words in the phrases that are compared.
const PHRASE: usize = 3;
/// Metadata that say when a page was last changed, most exact first.
const DATES: [&str; 7] = [
    "lastmod",
    "last_modified",
    "last_update",
    "last_updated",
    "updated",
    "date",
    "published",
];

/// Documents that say the same: versions of one page, and copies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DocumentsConfig {
    /// Default: `newest`.
    pub keep: Keep,
    /// Least share of phrases (three words in a row) that two pages whose paths differ only in the version must have in
    /// common, of all that either has, for the older one to go. In `(0, 1]`; default 0.5.
    pub version_similarity: f64,
    /// Least share of phrases that two documents must have in common for one to be looked at as a copy of the other. In
    /// `(0, 1]`; default 0.85. A document goes only when the other one has all of its words, all of its phrases with a
    /// figure in them and 95 % of its phrases.
    pub copy_similarity: f64,
}

/// Which of several documents that say the same stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Keep {
    /// The newest version of a page, by a version in its path; of copies the newest, else the one in the richer format, else
    /// the one with the shorter path.
    #[default]
    Newest,
    /// Every document.
    All,
}

impl Default for DocumentsConfig {
    fn default() -> Self {
        Self {
            keep: Keep::Newest,
            version_similarity: 0.5,
            copy_similarity: 0.85,
        }
    }
}

impl DocumentsConfig {
    /// The field with an impossible value, and why.
    pub(crate) fn problem(&self) -> Option<(&'static str, String)> {
        [
            ("version_similarity", self.version_similarity),
            ("copy_similarity", self.copy_similarity),
        ]
        .into_iter()
        .find(|(_, value)| !(*value > 0.0 && *value <= 1.0))
        .map(|(field, value)| (field, format!("{value} is not above 0 and at most 1")))
    }
}

/// What is remembered of a document while its text is on disk.
#[derive(Debug)]
struct Page {
    id: DocId,
    path: String,
    versioned: Option<Versioned>,
    date: Option<String>,
    format: Format,
    /// Where its record begins in the corpus file.
    at: u64,
}

/// A document as it is compared.
struct Content {
    words: HashSet<String>,
    phrases: dsg_dedupe::HashSet64,
    /// The phrases with a figure in them.
    figures: HashSet<String>,
}

/// The documents of `corpus` that do not stay, by path.
pub(crate) fn superseded(
    corpus: &Path,
    config: &DocumentsConfig,
    dedupe: &DedupeConfig,
) -> Result<BTreeMap<String, Reject>, DsgError> {
    let mut gone = BTreeMap::new();
    if config.keep == Keep::All {
        return Ok(gone);
    }
    let (pages, clusters) = read(corpus, config, dedupe)?;
    let mut versions: BTreeMap<&str, Vec<&Page>> = BTreeMap::new();
    for page in &pages {
        if let Some(versioned) = &page.versioned {
            versions.entry(&versioned.page).or_default().push(page);
        }
    }
    for mut group in versions.into_values().filter(|group| group.len() > 1) {
        group.sort_by(|a, b| better_first(a, b));
        older_versions(corpus, &group, config, &mut gone)?;
    }
    let by_id: BTreeMap<&DocId, &Page> = pages.iter().map(|page| (&page.id, page)).collect();
    for cluster in clusters {
        let mut group: Vec<&Page> = cluster
            .iter()
            .filter_map(|id| by_id.get(id).copied())
            .filter(|page| !gone.contains_key(&page.path))
            .collect();
        if group.len() > 1 {
            group.sort_by(|a, b| better_first(a, b));
            copies(corpus, &group, &mut gone)?;
        }
    }
    Ok(gone)
}

/// One pass over the corpus: what is remembered of each document, and the clusters of similar ones.
fn read(
    corpus: &Path,
    config: &DocumentsConfig,
    dedupe: &DedupeConfig,
) -> Result<(Vec<Page>, Vec<Vec<DocId>>), DsgError> {
    let mut records = Records::open(corpus)?;
    let mut pages = Vec::new();
    let mut failed = None;
    let texts = std::iter::from_fn(|| match records.next() {
        Ok(Some((at, document))) => {
            let text = content(&document);
            let id = document.doc_id.clone();
            pages.push(Page::of(document, at));
            Some((id, text))
        }
        Ok(None) => None,
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let dedupe = DedupeConfig {
        document_threshold: config.copy_similarity,
        ..dedupe.clone()
    };
    let clusters = cluster_documents(texts, &dedupe)?;
    match failed {
        Some(error) => Err(error),
        None => Ok((pages, clusters)),
    }
}

/// The first of `group` stays; others go when they are similar enough to be versions of it.
fn older_versions(
    corpus: &Path,
    group: &[&Page],
    config: &DocumentsConfig,
    gone: &mut BTreeMap<String, Reject>,
) -> Result<(), DsgError> {
    let Some((newest, older)) = group.split_first() else {
        return Ok(());
    };
    let kept = Content::read(corpus, newest)?;
    for page in older {
        if page.version() == newest.version() {
            continue;
        }
        let similarity = Content::read(corpus, page)?.phrases.jaccard(&kept.phrases);
        if similarity >= config.version_similarity {
            let detail = format!(
                "`{}` is an older version of `{}`; they have {:.0} % of their phrases in common",
                page.path,
                newest.path,
                similarity * 100.0
            );
            gone.insert(
                page.path.clone(),
                page.reject(OLDER_VERSION, newest, detail),
            );
        }
    }
    Ok(())
}

/// Documents of `group` that say nothing that a better one does not say go.
fn copies(
    corpus: &Path,
    group: &[&Page],
    gone: &mut BTreeMap<String, Reject>,
) -> Result<(), DsgError> {
    let mut kept: Vec<(&Page, Content)> = Vec::new();
    for page in group {
        let content = Content::read(corpus, page)?;
        match kept.iter().find(|(_, better)| content.is_within(better)) {
            Some((better, _)) => {
                let detail = format!(
                    "`{}` says nothing that `{}` does not",
                    page.path, better.path
                );
                gone.insert(page.path.clone(), page.reject(COPY, better, detail));
            }
            None => kept.push((page, content)),
        }
    }
    Ok(())
}

/// The page that should stay first.
fn better_first(a: &Page, b: &Page) -> Ordering {
    let newer = match (&a.date, &b.date) {
        (Some(a), Some(b)) => b.cmp(a),
        _ => Ordering::Equal,
    };
    let depth = |page: &Page| page.path.matches('/').count();
    newer_first(a.version(), b.version())
        .then(newer)
        .then_with(|| richness(b.format).cmp(&richness(a.format)))
        .then_with(|| depth(a).cmp(&depth(b)))
        .then_with(|| a.path.len().cmp(&b.path.len()))
        .then_with(|| a.path.cmp(&b.path))
}

/// How much of its structure a format keeps.
const fn richness(format: Format) -> u8 {
    match format {
        Format::Text => 0,
        Format::Html => 2,
        // Sources, which renderings come from.
        Format::Markdown | Format::Rst | Format::AsciiDoc | Format::Man => 3,
        _ => 1,
    }
}

impl Page {
    fn of(document: Document, at: u64) -> Self {
        let date = DATES.iter().find_map(|key| {
            let date = document.metadata.get(*key)?.as_str()?.trim();
            // ISO dates sort as text.
            let iso =
                date.get(..4)?.bytes().all(|byte| byte.is_ascii_digit()) && date.get(4..5)? == "-";
            iso.then(|| date.to_owned())
        });
        Self {
            versioned: Versioned::of(&document.source.path),
            id: document.doc_id,
            path: document.source.path,
            date,
            format: document.source.format,
            at,
        }
    }

    fn version(&self) -> Option<&Version> {
        self.versioned.as_ref().map(|versioned| &versioned.version)
    }

    fn reject(&self, reason: Reason, kept: &Self, detail: String) -> Reject {
        Reject {
            schema: RejectSchema,
            id: self.path.clone(),
            stage: Stage::Ingest,
            reason,
            detail,
            record: json!({"path": self.path, "doc_id": self.id, "kept": kept.path}),
        }
    }
}

impl Content {
    fn read(corpus: &Path, page: &Page) -> Result<Self, DsgError> {
        let document = Records::open(corpus)?.at(page.at)?;
        let text = document.as_ref().map(content).unwrap_or_default();
        Ok(Self::of(&text))
    }

    fn of(text: &str) -> Self {
        let all: Vec<String> = words(text).collect();
        let figures = all
            .windows(PHRASE)
            .filter(|phrase| {
                phrase
                    .iter()
                    .any(|word| word.bytes().any(|byte| byte.is_ascii_digit()))
            })
            .map(|phrase| phrase.join(" "))
            .collect();
        Self {
            words: all.into_iter().collect(),
            phrases: shingles(text, PHRASE),
            figures,
        }
    }

    /// Whether `other` says all that this says.
    fn is_within(&self, other: &Self) -> bool {
        let common = self.phrases.common(&other.phrases);
        common * 100 >= self.phrases.len() * 95
            && self.words.is_subset(&other.words)
            && self.figures.is_subset(&other.figures)
    }
}

/// The text of `document` without its boilerplate.
fn content(document: &Document) -> String {
    let mut text = String::with_capacity(document.text.len());
    let mut at = 0;
    let hidden = document
        .blocks
        .iter()
        .filter(|block| block.kind == BlockKind::Boilerplate);
    for span in hidden.map(|block| block.span) {
        text.push_str(document.text.get(at..span.start()).unwrap_or_default());
        text.push('\n');
        at = span.end().max(at);
    }
    text.push_str(document.text.get(at..).unwrap_or_default());
    text
}

/// The records of a corpus file with their places in it.
struct Records<'a> {
    corpus: &'a Path,
    file: BufReader<File>,
    at: u64,
}

impl<'a> Records<'a> {
    fn open(corpus: &'a Path) -> Result<Self, DsgError> {
        let file = File::open(corpus).map_err(DsgError::file("read", corpus))?;
        Ok(Self {
            corpus,
            file: BufReader::new(file),
            at: 0,
        })
    }

    /// The record that begins at byte `at`.
    fn at(&mut self, at: u64) -> Result<Option<Document>, DsgError> {
        self.file
            .seek(SeekFrom::Start(at))
            .map_err(DsgError::file("read", self.corpus))?;
        Ok(self.next()?.map(|(_, document)| document))
    }

    fn next(&mut self) -> Result<Option<(u64, Document)>, DsgError> {
        let mut line = Vec::new();
        let length = self
            .file
            .read_until(b'\n', &mut line)
            .map_err(DsgError::file("read", self.corpus))?;
        if length == 0 {
            return Ok(None);
        }
        let at = self.at;
        self.at += length as u64;
        let document = serde_json::from_slice(&line)
            .map_err(|error| DsgError::file("read", self.corpus)(error.into()))?;
        Ok(Some((at, document)))
    }
}
