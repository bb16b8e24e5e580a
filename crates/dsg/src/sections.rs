//! The coverage map: which parts of the documents have items, and why the others have none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use dsg_core::artifact::read_jsonl;
use dsg_core::{
    BlockKind, ChunkStore, Document, Example, Reason, Reject, Section, SectionSchema, Span, Stage,
};
use dsg_generate::{Uncovered, UncoveredReason};
use serde_json::Value;

use crate::error::DsgError;
use crate::steps::Curated;

/// Navigation, licences and the like: no chunk holds any of it.
const LEFT_OUT: Reason = Reason::new("chunk.left_out");
/// Nothing in it supports a question that could stand alone.
const NO_STRUCTURE: Reason = Reason::new("generate.no_structure");
const OFF_TOPIC: Reason = Reason::new("generate.off_topic");
const NOT_NEEDED: Reason = Reason::new("generate.not_needed");
const NOT_WRITTEN: Reason = Reason::new("generate.not_written");

/// The sections of the documents in `corpus`, in its order, with what became of each.
pub(crate) fn map(
    corpus: &Path,
    chunks: &dyn ChunkStore,
    uncovered: &[Uncovered],
    items: &Curated,
    rejects: &[Reject],
) -> Result<Vec<Section>, DsgError> {
    let chunks = Chunks::read(chunks, uncovered)?;
    let fates = Fates::of(items, rejects, &chunks);
    let mut sections = Vec::new();
    for document in read_jsonl::<Document>(corpus)? {
        let document = document?;
        let doc_id = document.doc_id.as_str();
        for (heading_path, span) in outline(&document) {
            let fate = fates.within(doc_id, span);
            if fate.is_none() && !has_text(&document, span) {
                continue;
            }
            let Fate {
                train,
                eval,
                rejected,
            } = fate.unwrap_or_default();
            let why = (train + eval == 0).then(|| {
                last_reason(&rejected).unwrap_or_else(|| chunks.why_untouched(doc_id, span))
            });
            sections.push(Section {
                schema: SectionSchema,
                doc_id: document.doc_id.clone(),
                path: document.source.path.clone(),
                heading_path,
                span,
                train,
                eval,
                rejected: rejected
                    .into_iter()
                    .map(|((_, reason), count)| (reason, count))
                    .collect(),
                why,
            });
        }
    }
    Ok(sections)
}

/// Each section with its headings: what stands before the first heading, then from each heading to the next.
fn outline(document: &Document) -> Vec<(Vec<String>, Span)> {
    let text = &document.text;
    let mut headings: Vec<(usize, u8, String)> = document
        .blocks
        .iter()
        .filter_map(|block| match block.kind {
            BlockKind::Heading { level } => {
                let label = block.label.and_then(|label| label.slice(text));
                let label = label.unwrap_or_default().split_whitespace();
                let label = label.collect::<Vec<_>>().join(" ");
                Some((block.span.start(), level, label))
            }
            _ => None,
        })
        .collect();
    headings.sort_by_key(|(start, ..)| *start);
    headings.dedup_by_key(|(start, ..)| *start);
    let title: Vec<String> = (!document.title.is_empty())
        .then(|| document.title.clone())
        .into_iter()
        .collect();
    let ends = headings.iter().map(|(start, ..)| *start);
    let ends: Vec<usize> = ends.chain([text.len()]).collect();
    let mut found = Vec::with_capacity(ends.len());
    let mut ends = ends.into_iter();
    if let Some(Ok(span)) = ends.next().map(|end| Span::new(0, end)) {
        found.push((title.clone(), span));
    }
    let mut above: Vec<(u8, String)> = Vec::new();
    for ((start, level, label), end) in headings.into_iter().zip(ends) {
        above.retain(|(other, _)| *other < level);
        above.push((level, label));
        let mut path = title.clone();
        // The first heading usually is the title; once is enough.
        let own = above
            .iter()
            .map(|(_, label)| label)
            .filter(|label| !label.is_empty() && !title.contains(label));
        path.extend(own.cloned());
        if let Ok(span) = Span::new(start, end) {
            found.push((path, span));
        }
    }
    found
}

/// Whether there is anything in a section besides its heading.
fn has_text(document: &Document, span: Span) -> bool {
    let own = document.blocks.iter().find(|block| {
        matches!(block.kind, BlockKind::Heading { .. }) && block.span.start() == span.start()
    });
    let start = own.map_or(span.start(), |heading| heading.span.end().min(span.end()));
    Span::new(start, span.end())
        .ok()
        .and_then(|rest| rest.slice(&document.text))
        .is_some_and(|text| text.chars().any(char::is_alphanumeric))
}

/// What became of the items about a section.
#[derive(Debug, Clone, Default)]
struct Fate {
    train: u64,
    eval: u64,
    rejected: BTreeMap<(Stage, Reason), u64>,
}

/// The reason of the items that came farthest, of those the most frequent.
fn last_reason(rejected: &BTreeMap<(Stage, Reason), u64>) -> Option<Reason> {
    let (last, _) = rejected.keys().next_back()?;
    rejected
        .iter()
        .filter(|((stage, _), _)| stage == last)
        // Of equals the first by name.
        .rev()
        .max_by_key(|(_, count)| **count)
        .map(|((_, reason), _)| reason.clone())
}

/// Where items and rejects stand, by document and the first byte they cite.
#[derive(Default)]
struct Fates(HashMap<String, BTreeMap<usize, Fate>>);

impl Fates {
    fn of(items: &Curated, rejects: &[Reject], chunks: &Chunks) -> Self {
        let mut fates = Self::default();
        let cited = |example: &Example| -> BTreeSet<(String, usize)> {
            let citations = example.meta.citations.iter();
            citations
                .map(|citation| (citation.doc_id.to_string(), citation.span.start()))
                .collect()
        };
        for example in &items.train {
            for place in cited(example) {
                fates.at(place).train += 1;
            }
        }
        for example in &items.eval {
            for place in cited(example) {
                fates.at(place).eval += 1;
            }
        }
        for reject in rejects {
            for place in about(&reject.record, chunks) {
                let reason = (reject.stage, reject.reason.clone());
                *fates.at(place).rejected.entry(reason).or_default() += 1;
            }
        }
        fates
    }

    fn at(&mut self, (doc, start): (String, usize)) -> &mut Fate {
        self.0.entry(doc).or_default().entry(start).or_default()
    }

    /// What became of all items about this part of a document; nothing where there are none.
    fn within(&self, doc: &str, span: Span) -> Option<Fate> {
        let mut within = self
            .0
            .get(doc)?
            .range(span.start()..span.end())
            .map(|(_, fate)| fate)
            .peekable();
        within.peek()?;
        let mut sum = Fate::default();
        for fate in within {
            sum.train += fate.train;
            sum.eval += fate.eval;
            for (reason, count) in &fate.rejected {
                *sum.rejected.entry(reason.clone()).or_default() += count;
            }
        }
        Some(sum)
    }
}

/// The places that a rejected candidate cites, or else the beginnings of the chunks that its writer was shown.
fn about(record: &Value, chunks: &Chunks) -> BTreeSet<(String, usize)> {
    let list = |name: &str| {
        record
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let cited: BTreeSet<(String, usize)> = list("citations")
        .filter_map(|citation| {
            let doc = citation.get("doc_id")?.as_str()?;
            let start = usize::try_from(citation.get("start")?.as_u64()?).ok()?;
            Some((doc.to_owned(), start))
        })
        .collect();
    if !cited.is_empty() {
        return cited;
    }
    list("evidence")
        .filter_map(|chunk| chunk.as_str().or_else(|| chunk.get("chunk_id")?.as_str()))
        .filter_map(|chunk| chunks.starts.get(chunk).cloned())
        .collect()
}

/// Where the chunks are, and why some gave no item.
struct Chunks {
    /// By id: the document and the first byte.
    starts: HashMap<String, (String, usize)>,
    /// By document, in order: the span, and why nothing came of it.
    spans: HashMap<String, Vec<(Span, Option<UncoveredReason>)>>,
}

impl Chunks {
    fn read(store: &dyn ChunkStore, uncovered: &[Uncovered]) -> Result<Self, DsgError> {
        let why: HashMap<&str, UncoveredReason> = uncovered
            .iter()
            .map(|uncovered| (uncovered.chunk_id.as_str(), uncovered.why))
            .collect();
        let mut chunks = Self {
            starts: HashMap::new(),
            spans: HashMap::new(),
        };
        for position in 0..store.len() {
            let Some(chunk) = store.get(position)? else {
                break;
            };
            let doc = chunk.doc_id.to_string();
            let why = why.get(chunk.chunk_id.as_str()).copied();
            chunks
                .spans
                .entry(doc.clone())
                .or_default()
                .push((chunk.span, why));
            let start = (doc, chunk.span.start());
            chunks.starts.insert(chunk.chunk_id.to_string(), start);
        }
        Ok(chunks)
    }

    /// Why there is not even a rejected item about this part of a document.
    fn why_untouched(&self, doc: &str, span: Span) -> Reason {
        let within: Vec<Option<UncoveredReason>> = self
            .spans
            .get(doc)
            .into_iter()
            .flatten()
            .filter(|(chunk, _)| chunk.overlaps(span))
            .map(|(_, why)| *why)
            .collect();
        if within.is_empty() {
            return LEFT_OUT;
        }
        let all = |why: UncoveredReason| within.iter().all(|found| *found == Some(why));
        if all(UncoveredReason::OffTopic) {
            OFF_TOPIC
        } else if all(UncoveredReason::NotWritten) {
            NOT_WRITTEN
        } else if all(UncoveredReason::NotNeeded) {
            NOT_NEEDED
        } else {
            NO_STRUCTURE
        }
    }
}

#[cfg(test)]
mod tests {
    use dsg_core::{Block, DocId, DocumentSchema, Format, Source};

    use super::*;

    fn document(text: &str, headings: &[(u8, &str)]) -> Document {
        let blocks = headings
            .iter()
            .map(|(level, label)| {
                let at = text.find(&format!("# {label}")).unwrap() + 2;
                let hashes = usize::from(*level);
                Block::new(
                    BlockKind::Heading { level: *level },
                    Span::of_len(at - 1 - hashes, hashes + 1 + label.len()),
                )
                .with_label(Span::of_len(at, label.len()))
            })
            .collect();
        Document {
            schema: DocumentSchema,
            doc_id: DocId::from_existing("d"),
            source: Source {
                path: "d.md".into(),
                format: Format::Markdown,
                bytes: 0,
                sha256: String::new(),
            },
            title: "Jobs".into(),
            language: "en".into(),
            text: text.to_owned(),
            blocks,
            links: Vec::new(),
            metadata: serde_json::Map::new(),
            extra: serde_json::Map::new(),
        }
    }

    #[test]
    fn sections_go_from_heading_to_heading_and_keep_the_path() {
        let text =
            "Before.\n\n# Jobs\n\nText.\n\n## Limits\n\n### Time\n\nLong.\n\n## Queues\n\nMany.\n";
        let document = document(
            text,
            &[(1, "Jobs"), (2, "Limits"), (3, "Time"), (2, "Queues")],
        );
        let outline = outline(&document);
        let paths: Vec<String> = outline.iter().map(|(path, _)| path.join("/")).collect();
        assert_eq!(
            paths,
            [
                "Jobs",
                "Jobs",
                "Jobs/Limits",
                "Jobs/Limits/Time",
                "Jobs/Queues"
            ]
        );
        let whole: String = outline
            .iter()
            .filter_map(|(_, span)| span.slice(text))
            .collect();
        assert_eq!(whole, text);
        let with_text: Vec<bool> = outline
            .iter()
            .map(|(_, span)| has_text(&document, *span))
            .collect();
        assert_eq!(with_text, [true, true, false, true, true]);
    }

    #[test]
    fn the_reason_is_that_of_the_item_that_came_farthest() {
        let rejected: BTreeMap<(Stage, Reason), u64> = [
            ((Stage::Generate, Reason::new("generate.over_plan")), 9),
            ((Stage::Dedupe, Reason::new("dedupe.near_pair")), 1),
            ((Stage::Dedupe, Reason::new("dedupe.near_question")), 2),
        ]
        .into();
        assert_eq!(
            last_reason(&rejected).unwrap().as_str(),
            "dedupe.near_question"
        );
        assert_eq!(last_reason(&BTreeMap::new()), None);
    }
}
