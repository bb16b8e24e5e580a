//! Tables about a finished dataset, for `run` and `inspect`.

use std::collections::BTreeSet;

use dsg::core::{Stage, StageCounts};
use dsg::{Manifest, SectionCoverage};
use serde::Serialize;

use crate::progress::left_for;
use crate::table::{Align, Table};

/// One topic's share of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TopicFill {
    pub(crate) topic: String,
    pub(crate) quota: u64,
    pub(crate) train: u64,
    pub(crate) eval: u64,
    /// Why items are missing, where some are.
    pub(crate) reasons: Vec<String>,
}

/// Coverage by topic, summed over difficulties, in the configuration's order.
pub(crate) fn by_topic(manifest: &Manifest) -> Vec<TopicFill> {
    let rows = &manifest.coverage;
    let mut seen = BTreeSet::new();
    rows.iter()
        .filter(|row| seen.insert(&row.topic))
        .map(|first| {
            let rows = || rows.iter().filter(|row| row.topic == first.topic);
            let reasons: BTreeSet<&String> = rows().filter_map(|row| row.reason.as_ref()).collect();
            TopicFill {
                topic: first.topic.clone(),
                quota: rows().map(|row| row.quota).sum(),
                train: rows().map(|row| row.train).sum(),
                eval: rows().map(|row| row.eval).sum(),
                reasons: reasons.into_iter().cloned().collect(),
            }
        })
        .collect()
}

pub(crate) fn funnel_table<'a>(
    funnel: impl IntoIterator<Item = (Stage, &'a StageCounts)>,
) -> Table {
    let mut table = Table::new([
        ("stage", Align::Left),
        ("in", Align::Right),
        ("kept", Align::Right),
        ("left", Align::Right),
        ("failed", Align::Right),
        ("why they left", Align::Left),
    ]);
    for (stage, counts) in funnel {
        table.row([
            stage.to_string(),
            counts.entered.to_string(),
            counts.kept.to_string(),
            counts.dropped_total().to_string(),
            counts.failed.to_string(),
            left_for(counts, 3),
        ]);
    }
    table
}

pub(crate) fn topic_table(topics: &[TopicFill]) -> Table {
    let mut table = Table::new([
        ("topic", Align::Left),
        ("items", Align::Right),
        ("quota", Align::Right),
        ("train", Align::Right),
        ("eval", Align::Right),
        ("", Align::Left),
    ]);
    for fill in topics {
        let items = fill.train + fill.eval;
        let note = match fill.quota.saturating_sub(items) {
            0 => String::new(),
            missing => format!("{missing} short"),
        };
        table.row([
            fill.topic.clone(),
            items.to_string(),
            fill.quota.to_string(),
            fill.train.to_string(),
            fill.eval.to_string(),
            note,
        ]);
    }
    table
}

/// How many sections have items, and the most frequent reasons why the others have none.
pub(crate) fn section_line(sections: &SectionCoverage) -> String {
    let mut without: Vec<(u64, &str)> = sections
        .without
        .iter()
        .map(|(reason, count)| (*count, reason.as_str()))
        .collect();
    without.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let most: Vec<String> = without
        .iter()
        .take(3)
        .map(|(count, reason)| format!("{count} {reason}"))
        .collect();
    let more = if without.len() > 3 { ", …" } else { "" };
    let why = if most.is_empty() {
        String::new()
    } else {
        format!("; without: {}{more}", most.join(", "))
    };
    format!(
        "{} of {} sections have items{why}",
        sections.covered(),
        sections.total
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sections_without_items_are_told_with_the_most_frequent_reasons() {
        let sections: SectionCoverage = serde_json::from_value(json!({
            "total": 30, "train": 8, "eval": 3,
            "without": {"generate.over_plan": 4, "generate.no_structure": 9, "judge.a": 2, "dedupe.b": 5},
        }))
        .unwrap();
        assert_eq!(
            section_line(&sections),
            "10 of 30 sections have items; without: 9 generate.no_structure, 5 dedupe.b, 4 generate.over_plan, …"
        );
    }

    #[test]
    fn difficulties_of_a_topic_are_summed_in_the_order_of_the_configuration() {
        let row = |topic: &str, difficulty: &str, train: u64, shortfall: u64| {
            json!({"topic": topic, "difficulty": difficulty, "quota": 5, "train": train, "eval": 1,
                "shortfall": shortfall, "reason": "no evidence"})
        };
        let rows = [
            row("b", "basic", 4, 0),
            row("a", "basic", 4, 0),
            row("b", "advanced", 2, 2),
        ];
        let manifest: Manifest = serde_json::from_value(json!({
            "schema": "dsg.manifest/1", "tool": {"name": "dsg", "version": "0"}, "config": {},
            "config_sha256": "", "seed": 1, "inputs": [], "models": [], "stages": {},
            "coverage": rows, "outputs": [],
        }))
        .unwrap();
        insta::assert_snapshot!(topic_table(&by_topic(&manifest)).lines().join("\n"), @r"
          topic  items  quota  train  eval
          b          8     10      6     2  2 short
          a          5      5      4     1
        ");
    }
}
