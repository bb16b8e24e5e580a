//! Benchmarks, duplicates and the coverage map in a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dsg::config::ConfigLayers;
use dsg::core::artifact::read_jsonl;
use dsg::core::{Duplicate, DuplicateKind, Example, Reject, Section};
use dsg::index::HashedEmbedder;
use dsg::{DsgError, ErrorKind, Pipeline, RunReport};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn pipeline(set: &[(&str, &str)]) -> Pipeline {
    let mut layers = ConfigLayers::new();
    layers = layers.file(&fixtures().join("datasetgen.yaml")).unwrap();
    for (key, value) in set {
        layers = layers.set(key, value, "test");
    }
    Pipeline::new(layers.resolve().unwrap().config).unwrap()
}

fn run(pipeline: &Pipeline, out: &Path) -> Result<RunReport, DsgError> {
    pipeline.run(&[fixtures().join("docs")], out)
}

fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Vec<T> {
    read_jsonl(path).unwrap().map(Result::unwrap).collect()
}

fn asked(out: &Path) -> Vec<String> {
    ["train.jsonl", "eval.jsonl"]
        .iter()
        .flat_map(|name| lines::<Example>(&out.join(name)))
        .map(|example| example.messages[0].content.clone())
        .collect()
}

#[test]
fn what_a_benchmark_asks_is_not_in_the_dataset() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    run(&pipeline(&[]), &out).unwrap();
    let before: Vec<Example> = lines(&out.join("train.jsonl"));
    let (question, answer) = (&before[0].messages[0], &before[1].messages[1]);
    let benchmark = dir.path().join("bench.jsonl");
    let rows = [
        serde_json::json!({"question": "Who was the first on the moon?"}),
        serde_json::json!({"question": format!("Hello, {}", question.content)}),
        serde_json::json!({"output": format!("As they say: {} And more.", answer.content)}),
    ];
    let text: Vec<String> = rows.iter().map(ToString::to_string).collect();
    fs::write(&benchmark, text.join("\n")).unwrap();
    let list = serde_json::json!([benchmark]).to_string();
    let set = [("dedupe.decontaminate", list.as_str())];

    let report = run(&pipeline(&set), &out).unwrap();
    assert!(report.funnel.iter().all(|(_, counts)| counts.is_balanced()));
    assert!(!asked(&out).contains(&question.content));
    let rejects: Vec<Reject> = lines(&out.join("rejects.jsonl"));
    let of = |example: &Example| {
        let id = example.id.as_str();
        rejects.iter().find(|reject| reject.id == id)
    };
    let reject = of(&before[0]).unwrap();
    assert!(
        reject.reason.as_str().starts_with("dedupe.contaminated_"),
        "{reject:?}"
    );
    assert!(
        reject.detail.starts_with("`bench.jsonl`, row 2,"),
        "{}",
        reject.detail
    );
    if answer.content.split_whitespace().count() >= 13 {
        assert_eq!(
            of(&before[1]).unwrap().reason.as_str(),
            "dedupe.contaminated_words"
        );
    }
    let verified = dsg::verify(&out, &[fixtures().join("docs")], &dsg::core::Silent).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);

    // Another content of the file is another dataset, the same content is not.
    fs::write(&benchmark, &text[0]).unwrap();
    run(&pipeline(&set), &out).unwrap();
    assert!(asked(&out).contains(&question.content));
}

#[test]
fn a_benchmark_that_protects_from_nothing_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let benchmark = dir.path().join("bench.csv");
    let list = serde_json::json!([benchmark]).to_string();
    let pipeline = pipeline(&[("dedupe.decontaminate", &list)]);
    let error = run(&pipeline, &out).unwrap_err();
    assert!(
        error.to_string().contains("cannot read the benchmark"),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Environment);
    fs::write(&benchmark, "number,name\n1,a\n").unwrap();
    let error = run(&pipeline, &out).unwrap_err();
    assert!(
        error.to_string().ends_with("it has number, name"),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn an_embedder_of_the_callers_own_finds_what_means_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let embedder = Arc::new(HashedEmbedder::new(256, true).unwrap());
    // Hashed words are like each other sooner than meanings.
    let pipeline = pipeline(&[("dedupe.semantic.threshold", "0.7")]).with_embedder(embedder);
    let report = run(&pipeline, &out).unwrap();
    let embedder = &report.manifest.models[2];
    assert_eq!(embedder.provider, "own");
    assert!(embedder.model.as_ref().unwrap().starts_with("hashed/"));
    let duplicates: Vec<Duplicate> = lines(&out.join("work/duplicates.jsonl"));
    let semantic: Vec<&Duplicate> = duplicates
        .iter()
        .filter(|duplicate| duplicate.kind == DuplicateKind::Semantic)
        .collect();
    assert!(!semantic.is_empty());
    let rejects: Vec<Reject> = lines(&out.join("rejects.jsonl"));
    for duplicate in semantic {
        assert!(duplicate.similarity >= 0.7);
        let reject = rejects
            .iter()
            .find(|reject| reject.id == duplicate.lost.as_str());
        assert_eq!(reject.unwrap().reason.as_str(), "dedupe.semantic_question");
    }
    // The same again, from what was kept.
    let again = run(&pipeline, &out).unwrap();
    assert_eq!(again.manifest, report.manifest);
}

#[test]
fn every_section_has_items_or_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let report = run(&pipeline(&[]), &out).unwrap();
    let sections: Vec<Section> = lines(&out.join("work/sections.jsonl"));
    assert!(sections.len() > 30, "{}", sections.len());
    for section in &sections {
        assert_eq!(section.is_covered(), section.why.is_none(), "{section:?}");
    }
    let train: Vec<Example> = lines(&out.join("train.jsonl"));
    for citation in train.iter().flat_map(|example| &example.meta.citations) {
        let home = sections.iter().find(|section| {
            section.doc_id == citation.doc_id
                && section.span.start() <= citation.span.start()
                && citation.span.start() < section.span.end()
        });
        assert!(home.unwrap().train > 0);
    }
    let counted = &report.manifest.sections;
    assert_eq!(counted.total, sections.len() as u64);
    let covered = sections
        .iter()
        .filter(|section| section.is_covered())
        .count();
    assert_eq!(counted.covered(), covered as u64);
    assert!(
        counted
            .without
            .contains_key(&dsg::core::Reason::new("generate.no_structure"))
    );
    assert!(
        fs::read_to_string(out.join("README.md"))
            .unwrap()
            .contains("## Sections")
    );

    let balanced = pipeline(&[("generate.coverage", "balanced")]);
    let more = run(&balanced, &dir.path().join("balanced")).unwrap();
    assert!(more.manifest.sections.covered() >= counted.covered());
}
