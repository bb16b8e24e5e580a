//! What of a dataset its manifest tells: funnel, and coverage against quotas.

use serde::Serialize;

use super::{Fact, path_label};
use crate::card::{StageView, most_first, stages};
use crate::manifest::{CoverageRow, Manifest};

/// A dataset to show.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetReport {
    /// What it is called.
    pub name: String,
    /// Its manifest.
    pub manifest: Manifest,
}

/// What the template sees.
#[derive(Serialize)]
pub(super) struct DatasetView<'a> {
    name: &'a str,
    facts: Vec<Fact<'a>>,
    stages: Vec<StageView<'a>>,
    coverage: Vec<CoverageView<'a>>,
    without: Vec<(&'a str, u64)>,
}

/// A row of the coverage.
#[derive(Serialize)]
struct CoverageView<'a> {
    #[serde(flatten)]
    row: &'a CoverageRow,
    items: u64,
}

impl<'a> DatasetView<'a> {
    pub(super) fn new(report: &'a DatasetReport) -> Self {
        let manifest = &report.manifest;
        let coverage = manifest.coverage.iter().map(|row| CoverageView {
            row,
            items: row.train.saturating_add(row.eval),
        });
        Self {
            name: &report.name,
            facts: facts(manifest),
            stages: stages(manifest),
            coverage: coverage.collect(),
            without: most_first(&manifest.sections.without),
        }
    }
}

fn facts(manifest: &Manifest) -> Vec<Fact<'_>> {
    let (train, eval) = (
        manifest.records("train.jsonl"),
        manifest.records("eval.jsonl"),
    );
    let quotas = manifest.coverage.iter().map(|row| row.quota);
    let mut facts = vec![
        Fact::new("documents", manifest.inputs.len()),
        Fact::new("items to train on", train),
        Fact::new("items held out", eval),
        Fact::new("items asked for", quotas.fold(0, u64::saturating_add)),
    ];
    let sections = &manifest.sections;
    if !sections.is_empty() {
        let cited = format!("{} of {}", sections.covered(), sections.total);
        facts.push(Fact::new("sections with items", cited));
    }
    facts.extend(manifest.models.iter().map(|used| {
        let who = match &used.model {
            Some(model) => format!("{} ({})", used.provider, path_label(model)),
            None => used.provider.clone(),
        };
        Fact::new(&used.role, who)
    }));
    let tool = format!("{} {}", manifest.tool.name, manifest.tool.version);
    facts.push(Fact::new("seed", manifest.seed.0));
    facts.push(Fact::new("made by", tool));
    facts.push(Fact::new(
        "SHA-256 of the configuration",
        &manifest.config_sha256,
    ));
    facts
}
