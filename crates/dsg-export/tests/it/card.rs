//! The dataset card as a person and as Hugging Face read it.

use dsg_export::{DatasetFormat, dataset_card};

use crate::dataset::Dataset;

fn card(dataset: &Dataset) -> String {
    dataset_card(
        &dataset.manifest,
        &dataset.train,
        &dataset.eval,
        &dataset.config,
    )
    .unwrap()
}

#[test]
fn a_card_says_what_how_and_how_to_check() {
    insta::assert_snapshot!("card", card(&Dataset::small()));
}

#[test]
fn every_format_is_a_configuration_of_its_own() {
    let mut dataset = Dataset::small();
    dataset.config.formats = vec![DatasetFormat::Alpaca];
    let card = card(&dataset);
    assert!(card.contains("- config_name: alpaca\n  data_files:\n  - split: train\n    path: formats/alpaca/train.jsonl\n"));
    assert!(card.contains("  - name: \"instruction\"\n    dtype: string\n"));
}

#[test]
fn a_split_without_items_is_not_announced() {
    let mut dataset = Dataset::small();
    dataset.eval.clear();
    assert!(!card(&dataset).contains("split: eval"));
    dataset.train.clear();
    let empty = card(&dataset);
    assert!(!empty.contains("configs:") && empty.contains("0 questions"));
}

#[test]
fn the_licence_is_that_of_the_sources_when_they_agree() {
    let mut dataset = Dataset::small();
    assert!(card(&dataset).contains("\nlicense: other\n"));
    for input in &mut dataset.manifest.inputs {
        input.license = Some("CC-BY-4.0".into());
    }
    assert!(card(&dataset).contains("\nlicense: cc-by-4.0\n"));
    assert!(card(&dataset).contains("Sources state: CC-BY-4.0."));
    dataset.config.license = Some("mit".into());
    assert!(card(&dataset).contains("\nlicense: mit\n"));
}

#[test]
fn markup_in_items_cannot_break_the_card() {
    let mut dataset = Dataset::small();
    dataset.train[0].messages[1].content = "```\n---\n{{ 7 * 7 }}\n```".into();
    dataset.train[0].meta.citations[0].quote = "````\nx\n````".into();
    dataset.config.pretty_name = "A \"quoted\": name".into();
    let card = card(&dataset);
    assert!(card.starts_with("---\npretty_name: \"A \\\"quoted\\\": name\"\n"));
    assert!(card.contains("> {{ 7 * 7 }}"));
    assert!(card.contains("`````text\n````\nx\n````\n`````"));
}
