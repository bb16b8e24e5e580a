//! Verification finds what was damaged, and only that.

use std::fs;
use std::path::Path;

use dsg_core::{Document, Stage};
use dsg_export::{ExportError, FindingKind, VerifyReport, verify};

use crate::dataset::{Dataset, document};

fn check(outdir: &Path, documents: &[Document]) -> VerifyReport {
    verify(outdir, |id| {
        documents.iter().find(|doc| doc.doc_id == *id).cloned()
    })
    .unwrap()
}

fn kinds(report: &VerifyReport) -> Vec<FindingKind> {
    report.findings.iter().map(|finding| finding.kind).collect()
}

/// Writes the dataset after `change` and verifies it against the undamaged documents.
fn written(change: impl FnOnce(&mut Dataset)) -> VerifyReport {
    let dir = tempfile::tempdir().unwrap();
    let mut dataset = Dataset::small();
    let documents = dataset.documents.clone();
    change(&mut dataset);
    dataset.write(dir.path()).unwrap();
    check(dir.path(), &documents)
}

#[test]
fn an_untouched_dataset_holds() {
    let report = written(|_| ());
    assert!(report.is_ok(), "{:?}", report.findings);
    assert_eq!(
        (
            report.train,
            report.eval,
            report.receipts,
            report.inputs,
            report.outputs
        ),
        (2, 1, 3, 2, 5)
    );
    assert!(report.notes.is_empty());
}

#[test]
fn a_changed_document_is_found_with_the_receipts_it_breaks() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = Dataset::small();
    dataset.write(dir.path()).unwrap();
    let text = dataset.documents[1].text.replace("20 GB", "30 GB");
    let documents = [
        dataset.documents[0].clone(),
        document("storage/disk.md", &text),
    ];
    let report = check(dir.path(), &documents);
    assert_eq!(
        kinds(&report),
        [FindingKind::InputChanged, FindingKind::Receipt]
    );
    let line = report.findings[1].to_string();
    assert!(line.starts_with("eval.jsonl:1: receipt (qa-"), "{line}");
    assert!(
        line.contains(r#"expected "Home directories hold 20 GB.", found "Home directories hold 30 GB." at storage/disk.md[0..28]"#),
        "{line}"
    );
}

#[test]
fn a_vanished_document_is_one_finding() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = Dataset::small();
    dataset.write(dir.path()).unwrap();
    let report = check(dir.path(), &dataset.documents[..1]);
    assert_eq!(kinds(&report), [FindingKind::InputMissing]);
    assert_eq!(report.findings[0].file, "storage/disk.md");
}

#[test]
fn an_edited_answer_file_is_found_by_its_hash() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = Dataset::small();
    dataset.write(dir.path()).unwrap();
    let path = dir.path().join("train.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("removes a job", "pauses a job")).unwrap();
    let report = check(dir.path(), &dataset.documents);
    assert_eq!(
        kinds(&report),
        [FindingKind::OutputChanged, FindingKind::Receipt]
    );
}

#[test]
fn a_cut_off_file_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = Dataset::small();
    dataset.write(dir.path()).unwrap();
    let path = dir.path().join("train.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let cut = text.find('\n').unwrap() + 20;
    fs::write(&path, &text.as_bytes()[..cut]).unwrap();
    let report = check(dir.path(), &dataset.documents);
    assert_eq!(
        kinds(&report),
        [
            FindingKind::OutputChanged,
            FindingKind::Malformed,
            FindingKind::Funnel
        ]
    );
    fs::remove_file(&path).unwrap();
    let report = check(dir.path(), &dataset.documents);
    assert_eq!(report.findings[0].kind, FindingKind::OutputMissing);
}

#[test]
fn an_edited_page_is_a_note() {
    for name in ["README.md", "report.html"] {
        let dir = tempfile::tempdir().unwrap();
        let dataset = Dataset::small();
        dataset.write(dir.path()).unwrap();
        let path = dir.path().join(name);
        fs::write(
            &path,
            fs::read_to_string(&path).unwrap() + "\nContact: me.\n",
        )
        .unwrap();
        let report = check(dir.path(), &dataset.documents);
        assert!(report.is_ok());
        assert_eq!(report.notes, [format!("`{name}` was edited after the run")]);
    }
}

#[test]
fn a_document_on_both_sides_is_found() {
    let report = written(|dataset| {
        let mut item = dataset.train[1].clone();
        item.id = dsg_core::CandidateId::from_existing("qa-other");
        item.meta.split = dsg_core::Split::Eval;
        dataset.eval[0] = item;
    });
    assert_eq!(kinds(&report), [FindingKind::SharedDocument]);
}

#[test]
fn an_item_twice_on_the_wrong_side_or_without_receipt_is_found() {
    let report = written(|dataset| dataset.train[1] = dataset.train[0].clone());
    assert_eq!(kinds(&report), [FindingKind::DuplicateId]);
    let report = written(|dataset| dataset.eval[0].meta.split = dsg_core::Split::Train);
    assert_eq!(kinds(&report), [FindingKind::WrongSplit]);
    let report = written(|dataset| dataset.train[0].meta.citations.clear());
    assert_eq!(kinds(&report), [FindingKind::NoReceipt]);
}

#[test]
fn a_span_inside_a_character_is_found_without_a_panic() {
    let report = written(|dataset| {
        let citation = &mut dataset.train[0].meta.citations[0];
        let dash = dataset.documents[0].text.find('–').unwrap();
        citation.span = dsg_core::Span::of_len(dash + 1, 3);
    });
    assert_eq!(kinds(&report), [FindingKind::Receipt]);
    assert!(report.findings[0].found.starts_with("no text at queue.md["));
}

#[test]
fn a_citation_of_an_unlisted_document_is_found() {
    let report = written(|dataset| {
        dataset.manifest.inputs.remove(1);
    });
    assert_eq!(kinds(&report), [FindingKind::UnknownDocument]);
}

#[test]
fn sums_and_the_configuration_hash_are_checked() {
    let report = written(|dataset| {
        dataset.manifest.stages.get_mut(&Stage::Judge).unwrap().kept = 2;
        dataset.manifest.config["seed"] = 43.into();
    });
    assert_eq!(
        kinds(&report),
        [FindingKind::Funnel, FindingKind::ConfigHash]
    );
}

#[test]
fn a_folder_without_manifest_is_unfinished() {
    let dir = tempfile::tempdir().unwrap();
    let error = verify(dir.path(), |_| None).unwrap_err();
    assert!(matches!(error, ExportError::Unfinished { .. }));
    fs::write(
        dir.path().join("manifest.json"),
        r#"{"schema":"dsg.manifest/9"}"#,
    )
    .unwrap();
    let error = verify(dir.path(), |_| None).unwrap_err();
    assert!(matches!(error, ExportError::Manifest { .. }), "{error}");
}

#[test]
fn a_new_document_is_a_note() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = Dataset::small();
    dataset.write(dir.path()).unwrap();
    let mut verifier = dsg_export::Verifier::open(dir.path()).unwrap();
    for doc in dataset
        .documents
        .iter()
        .chain([&document("new.md", "New.")])
    {
        verifier.feed(doc);
    }
    let report = verifier.finish();
    assert!(report.is_ok());
    assert_eq!(
        report.notes,
        ["`new.md` was not there when the dataset was made"]
    );
}
