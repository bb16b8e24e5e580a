//! What a corpus calls things: the product that the pages of a folder are about.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use dsg_core::{Chunk, ChunkId, DocId};

use crate::name::{common_words, is_plain_capital, names_in_sentences};
use crate::outline::sections;
use crate::regexes::regex;

/// A folder with fewer pages shows no custom; one that bears the name needs half of them.
const MIN_PAGES: usize = 10;
/// Least share of a folder's pages that name its product, and how many times as common the name must be inside as
/// outside.
const CUSTOM: (f64, f64) = (0.65, 20.0);
/// The same where the folder bears the name: `rahti/`.
const NAMED: (f64, f64) = (0.5, 3.0);
/// Shorter names are acronyms that need more than themselves: `SD`, `UI`.
const MIN_NAME: usize = 4;
/// So often `on` has to stand before a name before things happen on it.
const MIN_ON: u32 = 20;

/// The products that folders are about: most pages below `cloud/kraken/` name Kraken, few others do.
///
/// A page titled “Resizing a volume” says in which system only by where it lies; a question made from it must say so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lexicon {
    products: BTreeMap<String, String>,
    /// Pages that are named for a service, and its name.
    files: BTreeMap<String, String>,
    /// Words in small letters, and whether the corpus treats them as names.
    words: BTreeMap<String, bool>,
    /// Names that things happen on: `on Kraken`.
    platforms: BTreeSet<String>,
    /// Chunks whose last section goes on in the next one, and that one's last heading.
    continued: BTreeMap<ChunkId, String>,
    /// Chunks whose last section has headings below its own in the next one.
    divided: BTreeSet<ChunkId>,
}

impl Lexicon {
    /// Reads the names off all chunks of a corpus.
    pub fn learn<'c>(chunks: impl IntoIterator<Item = &'c Chunk>) -> Self {
        let mut builder = LexiconBuilder::default();
        for chunk in chunks {
            builder.add(chunk);
        }
        builder.finish()
    }

    /// The product of the outermost folder above `path` that has one.
    pub(crate) fn product(&self, path: &str) -> Option<&str> {
        folders(path).find_map(|folder| self.products.get(folder).map(String::as_str))
    }

    /// The service that the page's file is named for: `AB Connect` of `ab-connect-share.md`.
    pub(crate) fn named_by_file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether running text treats a capitalised word as a name, if the corpus uses it in sentences.
    pub(crate) fn is_name(&self, word: &str) -> Option<bool> {
        self.words.get(&word.to_lowercase()).copied()
    }

    /// Whether sentences say that something happens on `name` rather than with or in it.
    pub(crate) fn is_platform(&self, name: &str) -> bool {
        self.platforms.contains(name)
    }

    /// Whether the last section of the chunk has headings below its own in the next chunk.
    pub(crate) fn is_divided(&self, chunk: &ChunkId) -> bool {
        self.divided.contains(chunk)
    }

    /// The heading, or the entry, under which the last section of the chunk goes on in the next chunk, if it does.
    pub(crate) fn goes_on(&self, chunk: &ChunkId) -> Option<&str> {
        self.continued.get(chunk).map(String::as_str)
    }
}

/// Collects names chunk by chunk, without keeping the chunks.
#[derive(Debug, Default)]
pub(crate) struct LexiconBuilder {
    pages: BTreeMap<String, HashSet<String>>,
    files: BTreeMap<String, String>,
    /// Words in small letters: chunks that write them so inside sentences, and chunks that write them with a capital.
    words: BTreeMap<String, (u32, u32)>,
    /// Names: how often `on` stands before them, and how often `in`, `with` or `using`.
    places: BTreeMap<String, (u32, u32)>,
    continued: BTreeMap<ChunkId, String>,
    divided: BTreeSet<ChunkId>,
    last: Option<Last>,
}

/// The chunk before, and the path of its last section.
#[derive(Debug)]
struct Last {
    document: DocId,
    chunk: ChunkId,
    path: Vec<String>,
}

impl LexiconBuilder {
    pub(crate) fn add(&mut self, chunk: &Chunk) {
        let sections = sections(chunk);
        let last = Last {
            document: chunk.doc_id.clone(),
            chunk: chunk.chunk_id.clone(),
            path: sections
                .last()
                .map(|last| last.path.clone())
                .unwrap_or_default(),
        };
        if let Some(previous) = self.last.replace(last)
            && previous.document == chunk.doc_id
            && let Some(first) = sections.first()
        {
            if !first.opened && !first.nodes.is_empty() {
                let under = chunk.heading_path.last().cloned().unwrap_or_default();
                self.continued.insert(previous.chunk, under);
            } else if first.path.len() > previous.path.len()
                && first.path.starts_with(&previous.path)
            {
                self.divided.insert(previous.chunk);
            }
        }
        for found in regex!(r"\b(on|in|with|using) ([A-Z][\w-]+)\b").captures_iter(&chunk.text) {
            let (Some(word), Some(name)) = (found.get(1), found.get(2)) else {
                continue;
            };
            let (on, other) = self.places.entry(name.as_str().to_owned()).or_default();
            let count = if word.as_str() == "on" { on } else { other };
            *count += 1;
        }
        if !self.files.contains_key(&chunk.path)
            && let Some(name) = named_by_file(chunk)
        {
            self.files.insert(chunk.path.clone(), name);
        }
        let capitalised = names_in_sentences(chunk);
        for word in common_words(chunk) {
            self.words.entry(word).or_default().0 += 1;
        }
        for word in &capitalised {
            self.words.entry(word.to_lowercase()).or_default().1 += 1;
        }
        let names = capitalised
            .into_iter()
            .filter(|name| name.len() >= MIN_NAME && !is_plain_capital(name));
        self.pages
            .entry(chunk.path.clone())
            .or_default()
            .extend(names);
    }

    pub(crate) fn finish(self) -> Lexicon {
        let mut inside: BTreeMap<&str, (usize, BTreeMap<&str, usize>)> = BTreeMap::new();
        let mut everywhere: BTreeMap<&str, usize> = BTreeMap::new();
        for (path, names) in &self.pages {
            let above: BTreeSet<&str> = folders(path).collect();
            for folder in above {
                let (pages, counts) = inside.entry(folder).or_default();
                *pages += 1;
                for name in names {
                    *counts.entry(name).or_default() += 1;
                }
            }
            for name in names {
                *everywhere.entry(name).or_default() += 1;
            }
        }
        let all = self.pages.len();
        let products = inside
            .iter()
            .filter(|(_, (pages, _))| pages * 2 >= MIN_PAGES && pages * 2 < all)
            .filter_map(|(folder, (pages, counts))| {
                let best = counts
                    .iter()
                    .filter_map(|(name, count)| {
                        let share = *count as f64 / *pages as f64;
                        let others = everywhere.get(name).copied().unwrap_or(*count) - count;
                        let outside = (others as f64 + 0.5) / (all - pages + 1) as f64;
                        let bears = folder
                            .rsplit('/')
                            .next()
                            .is_some_and(|own| own.eq_ignore_ascii_case(name));
                        let (least, lift) = if bears { NAMED } else { CUSTOM };
                        ((bears || *pages >= MIN_PAGES)
                            && share >= least
                            && share / outside >= lift)
                            .then_some((share - outside, *name))
                    })
                    .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))?;
                Some(((*folder).to_owned(), best.1.to_owned()))
            })
            .collect();
        let words = self
            .words
            .iter()
            .map(|(word, (small, capital))| (word.clone(), *capital > *small * 2))
            .collect();
        let platforms = self
            .places
            .into_iter()
            .filter(|(_, (on, other))| *on >= MIN_ON && on > other)
            .map(|(name, _)| name)
            .collect();
        Lexicon {
            products,
            files: self.files,
            words,
            platforms,
            continued: self.continued,
            divided: self.divided,
        }
    }
}

/// The service that a page's file is named for, as the page writes it: `AB Connect` of `ab-connect-share.md`.
fn named_by_file(chunk: &Chunk) -> Option<String> {
    let stem = chunk.path.rsplit('/').next()?.split('.').next()?;
    let mut words = stem.split(['-', '_']);
    let (first, second) = (words.next()?, words.next()?);
    if !(2..=4).contains(&first.len()) || second.len() < 4 {
        return None;
    }
    regex!(r"\b([A-Z]{2,4}) ([A-Z][a-z]+)\b")
        .captures_iter(&chunk.text)
        .find(|found| {
            let is = |group: usize, word: &str| {
                found
                    .get(group)
                    .is_some_and(|part| part.as_str().eq_ignore_ascii_case(word))
            };
            is(1, first) && is(2, second)
        })
        .and_then(|found| found.get(0))
        .map(|name| name.as_str().to_owned())
}

/// The folders above a page, the outermost first.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/')
        .filter_map(|(end, _)| path.get(..end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::chunk_of;

    fn page(path: &str, text: &str) -> Chunk {
        Chunk {
            path: path.to_owned(),
            ..chunk_of(text, Vec::new(), &["Page"])
        }
    }

    #[test]
    fn a_folder_is_about_what_its_pages_and_few_others_name() {
        let mut pages: Vec<Chunk> = (0..6)
            .map(|n| {
                page(
                    &format!("cloud/kraken/use/{n}.md"),
                    "A volume of Kraken can be resized from Linux.",
                )
            })
            .collect();
        pages.extend((0..20).map(|n| page(&format!("apps/{n}.md"), "The tool runs on Linux.")));
        let lexicon = Lexicon::learn(&pages);
        assert_eq!(lexicon.product("cloud/kraken/use/7.md"), Some("Kraken"));
        assert_eq!(lexicon.product("apps/3.md"), None);
        assert_eq!(lexicon.product("index.md"), None);
    }

    #[test]
    fn things_happen_on_platforms() {
        let text = "Jobs on Kraken wait for Python in Python. ".repeat(20);
        let lexicon = Lexicon::learn(&[page("a.md", &text)]);
        assert!(lexicon.is_platform("Kraken"));
        assert!(!lexicon.is_platform("Python"));
    }
}
