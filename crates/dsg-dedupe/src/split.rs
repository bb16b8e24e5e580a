//! Train and eval by document, so that nothing evaluated on was ever trained on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dsg_core::{Candidate, DocId, Outcome, Reject, StageCounts};
use serde::Serialize;

use crate::assign::{Unit, assign};
use crate::cluster::DisjointSets;
use crate::config::SplitConfig;
use crate::error::DedupeError;
use crate::overlap::{EvalSide, Leak, verify_split};
use crate::reason::DedupeReason;

/// How often a target is corrected before looser coupling is tried.
const ATTEMPTS: usize = 4;

/// Assigns items to train and eval by document cluster.
#[derive(Debug)]
pub struct Splitter {
    config: SplitConfig,
}

/// The two sides, verified to share no document cluster and no question.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Trained on, in input order.
    pub train: Vec<Candidate>,
    /// Held out, in input order.
    pub eval: Vec<Candidate>,
    /// Items that would leak, in input order, with the reason.
    pub rejects: Vec<Reject>,
    /// The funnel; `kept` counts both sides.
    pub counts: StageCounts,
    /// Items per topic and side.
    pub topics: BTreeMap<String, SideCounts>,
    /// Share of eval items that was reached.
    pub eval_fraction: f64,
    /// Whether that is within the configured tolerance of the wanted share. It cannot be when all items come from one
    /// document cluster.
    pub within_tolerance: bool,
}

/// Items on each side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SideCounts {
    /// In train.
    pub train: usize,
    /// In eval.
    pub eval: usize,
}

/// Which documents are kept together because one item rests on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coupling {
    /// Cited and shown documents.
    Evidence,
    /// Cited documents only.
    Citations,
    /// None.
    Nothing,
}

impl Splitter {
    /// A splitter with this configuration.
    ///
    /// # Errors
    /// [`DedupeError::Config`] naming the field.
    pub fn new(config: SplitConfig) -> Result<Self, DedupeError> {
        config.validate()?;
        Ok(Self { config })
    }

    /// Splits `candidates`. `doc_clusters` are groups of near-duplicate documents as
    /// [`cluster_documents`](crate::cluster_documents()) finds them; a document in none of them is a cluster of its own.
    ///
    /// Clusters that one item rests on together are kept on one side where the wanted fraction allows it; where they form
    /// too large a lump, items that rest on both sides are dropped instead. A train item that asks nearly what an eval
    /// item asks, asks with 13 words in a row of its question, or gives its answer, is dropped. The result is verified before it
    /// is returned.
    ///
    /// # Errors
    /// Those of [`verify_split`] when the sides overlap all the same.
    pub fn run(
        &self,
        candidates: Vec<Candidate>,
        doc_clusters: &[Vec<DocId>],
    ) -> Result<Split, DedupeError> {
        let clusters = ClusterMap::new(doc_clusters, &candidates);
        let items: Vec<Item> = candidates.iter().map(|item| clusters.item(item)).collect();
        let wanted = self.config.eval_fraction;
        let mut best: Option<(f64, Vec<Option<bool>>)> = None;
        'search: for coupling in [Coupling::Evidence, Coupling::Citations, Coupling::Nothing] {
            let mut target = wanted;
            for _ in 0..ATTEMPTS {
                let sides = self.sides(&clusters, &items, coupling, target);
                let reached = fraction(&sides);
                let deviation = (reached - wanted).abs();
                let straddling = sides.iter().any(Option::is_none);
                if best
                    .as_ref()
                    .is_none_or(|(least, _)| deviation + 1e-9 < *least)
                {
                    best = Some((deviation, sides));
                }
                if deviation <= self.config.tolerance {
                    break 'search;
                }
                if !straddling {
                    break;
                }
                // Items that rest on both sides are lost to the smaller one first: aim higher to end up right.
                target = (target + wanted - reached).clamp(0.0, 0.95);
            }
        }
        let sides = best.map(|(_, sides)| sides).unwrap_or_default();
        let split = self.collect(candidates, &sides);
        verify_split(
            &split.train,
            &split.eval,
            doc_clusters,
            self.config.question_threshold,
        )?;
        Ok(split)
    }

    /// Per item `true` for eval, `false` for train, `None` when it rests on both sides.
    fn sides(
        &self,
        clusters: &ClusterMap,
        items: &[Item],
        coupling: Coupling,
        target: f64,
    ) -> Vec<Option<bool>> {
        let mut sets = DisjointSets::new(clusters.len());
        for item in items {
            let coupled = match coupling {
                Coupling::Evidence => &item.all,
                Coupling::Citations => &item.cited,
                Coupling::Nothing => continue,
            };
            for pair in coupled.windows(2) {
                if let [a, b] = pair {
                    sets.union(*a, *b);
                }
            }
        }
        let mut units: BTreeMap<usize, Unit> = BTreeMap::new();
        for item in items {
            let Some(home) = item.home else { continue };
            let root = sets.root(home);
            let unit = units.entry(root).or_insert_with(|| Unit {
                draw: self.config.seed.derive("split", clusters.name(root)).0,
                ..Unit::default()
            });
            *unit.topics.entry(item.topic).or_default() += 1;
        }
        let roots: Vec<usize> = units.keys().copied().collect();
        let units: Vec<Unit> = units.into_values().collect();
        let assigned = assign(&units, target, self.config.tolerance);
        let eval: BTreeSet<usize> = roots
            .into_iter()
            .zip(assigned)
            .filter_map(|(root, eval)| eval.then_some(root))
            .collect();
        items
            .iter()
            .map(|item| {
                let mut sides = item
                    .all
                    .iter()
                    .map(|cluster| eval.contains(&sets.root(*cluster)));
                // Without a document there is nothing to hold out.
                let Some(first) = sides.next() else {
                    return Some(false);
                };
                sides.all(|side| side == first).then_some(first)
            })
            .collect()
    }

    fn collect(&self, candidates: Vec<Candidate>, sides: &[Option<bool>]) -> Split {
        let side_of_eval = EvalSide::new(
            candidates
                .iter()
                .zip(sides)
                .filter(|(_, side)| **side == Some(true))
                .map(|(candidate, _)| candidate),
            self.config.question_threshold,
        );
        let mut split = Split {
            train: Vec::new(),
            eval: Vec::new(),
            rejects: Vec::new(),
            counts: StageCounts::default(),
            topics: BTreeMap::new(),
            eval_fraction: 0.0,
            within_tolerance: false,
        };
        for (candidate, side) in candidates.into_iter().zip(sides) {
            let outcome = match side {
                None => DedupeReason::StraddlesSplit.drop(
                    &candidate,
                    "its documents are on both sides of the split".to_owned(),
                ),
                Some(true) => Outcome::Kept(candidate),
                Some(false) => match side_of_eval.leak(&candidate) {
                    None => Outcome::Kept(candidate),
                    Some(leak) => given_away(&candidate, leak),
                },
            };
            split.counts.record(&outcome);
            match outcome {
                Outcome::Kept(candidate) => {
                    let topic = split.topics.entry(candidate.topic.clone()).or_default();
                    if *side == Some(true) {
                        topic.eval += 1;
                        split.eval.push(candidate);
                    } else {
                        topic.train += 1;
                        split.train.push(candidate);
                    }
                }
                Outcome::Dropped(reject) | Outcome::Failed(reject) => split.rejects.push(reject),
            }
        }
        let kept = split.train.len() + split.eval.len();
        if kept > 0 {
            split.eval_fraction = split.eval.len() as f64 / kept as f64;
        }
        split.within_tolerance =
            (split.eval_fraction - self.config.eval_fraction).abs() <= self.config.tolerance;
        split
    }
}

/// Drops a train item for what it gives away of the eval side.
fn given_away(candidate: &Candidate, leak: Leak) -> Outcome<Candidate> {
    let (reason, detail) = match leak {
        Leak::Question { eval, similarity } => (
            DedupeReason::QuestionInEval,
            format!("eval item {eval} asks the same, similarity {similarity:.3}"),
        ),
        Leak::Run { eval, text } => (
            DedupeReason::WordsInEval,
            format!("eval item {eval} asks with the same words: `{text}`"),
        ),
        Leak::Answer { eval, share } => (
            DedupeReason::AnswerInEval,
            format!(
                "eval item {eval} has this answer, {:.0} % of the words",
                share * 100.0
            ),
        ),
    };
    reason.drop(candidate, detail)
}

/// Share of eval among the items that stay.
fn fraction(sides: &[Option<bool>]) -> f64 {
    let kept = sides.iter().flatten().count();
    let eval = sides.iter().flatten().filter(|side| **side).count();
    if kept == 0 {
        0.0
    } else {
        eval as f64 / kept as f64
    }
}

/// The clusters that an item rests on, ascending.
struct Item {
    /// The first cited cluster, where the item is counted; none without a document.
    home: Option<usize>,
    cited: Vec<usize>,
    all: Vec<usize>,
    topic: usize,
}

/// Clusters and topics as numbers.
struct ClusterMap {
    of_doc: HashMap<String, usize>,
    names: Vec<String>,
    topics: BTreeMap<String, usize>,
}

impl ClusterMap {
    fn new(doc_clusters: &[Vec<DocId>], candidates: &[Candidate]) -> Self {
        let mut map = Self {
            of_doc: HashMap::new(),
            names: Vec::new(),
            topics: BTreeMap::new(),
        };
        for cluster in doc_clusters {
            let Some(name) = cluster.iter().min() else {
                continue;
            };
            let number = map.names.len();
            map.names.push(name.as_str().to_owned());
            for doc in cluster {
                map.of_doc.entry(doc.as_str().to_owned()).or_insert(number);
            }
        }
        // Sorted, so that numbers do not depend on the order of items.
        let unlisted: BTreeSet<&str> = candidates
            .iter()
            .flat_map(documents)
            .filter(|doc| !map.of_doc.contains_key(*doc))
            .collect();
        for doc in unlisted {
            map.of_doc.insert(doc.to_owned(), map.names.len());
            map.names.push(doc.to_owned());
        }
        map.topics = candidates
            .iter()
            .map(|candidate| candidate.topic.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .zip(0..)
            .collect();
        map
    }

    fn len(&self) -> usize {
        self.names.len()
    }

    fn name(&self, cluster: usize) -> &str {
        self.names.get(cluster).map_or("", String::as_str)
    }

    fn item(&self, candidate: &Candidate) -> Item {
        let numbers = |docs: Vec<&str>| {
            let mut numbers: Vec<usize> = docs
                .iter()
                .filter_map(|doc| self.of_doc.get(*doc).copied())
                .collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        };
        let cited: Vec<&str> = candidate
            .citations
            .iter()
            .map(|citation| citation.doc_id.as_str())
            .collect();
        let all: Vec<&str> = documents(candidate).collect();
        let home = cited
            .first()
            .or(all.first())
            .and_then(|doc| self.of_doc.get(*doc).copied());
        Item {
            home,
            cited: numbers(cited),
            all: numbers(all),
            topic: self.topics.get(&candidate.topic).copied().unwrap_or(0),
        }
    }
}

/// The ids of the documents that an item cites or was shown.
pub(crate) fn documents(candidate: &Candidate) -> impl Iterator<Item = &str> {
    let cited = candidate
        .citations
        .iter()
        .map(|citation| citation.doc_id.as_str());
    // A chunk id is its document's id and an ordinal.
    let shown = candidate.evidence.iter().map(|chunk| {
        let id = chunk.as_str();
        id.rsplit_once('#').map_or(id, |(doc, _)| doc)
    });
    cited.chain(shown)
}
