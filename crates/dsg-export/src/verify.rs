//! Recomputes every receipt and hash of a dataset.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Component, Path};

use dsg_core::{DocId, Document, Example, Span, Split, Stage, hash};

use crate::error::ExportError;
use crate::finding::{Finding, FindingKind, VerifyReport};
use crate::manifest::{InputFile, Manifest, OutputFile, read_manifest};
use crate::writer::{CARD_FILE, MANIFEST_FILE, REPORT_FILE};

/// Verifies the dataset in `outdir`, asking `document` for each document that its manifest lists: made anew from the raw
/// file, or `None` where the file is gone. One document is in memory at a time.
///
/// # Errors
/// [`ExportError::Unfinished`] or [`ExportError::Manifest`] when there is no usable manifest. Whatever else is wrong is a
/// [`Finding`].
pub fn verify(
    outdir: &Path,
    mut document: impl FnMut(&DocId) -> Option<Document>,
) -> Result<VerifyReport, ExportError> {
    let mut verifier = Verifier::open(outdir)?;
    let wanted: Vec<DocId> = verifier.wanted().cloned().collect();
    for doc_id in wanted {
        if let Some(document) = document(&doc_id) {
            verifier.feed(&document);
        }
    }
    Ok(verifier.finish())
}

/// Verifies a dataset while its documents stream by, in any order.
///
/// [`open`](Self::open) checks what needs no document: hashes, counts, ids, the split, the funnel.
/// [`feed`](Self::feed) takes the documents, made anew from the raw files. [`finish`](Self::finish) adds what was never fed.
#[derive(Debug)]
pub struct Verifier {
    manifest: Manifest,
    inputs: BTreeMap<DocId, InputFile>,
    unseen: BTreeSet<DocId>,
    receipts: BTreeMap<DocId, Vec<Receipt>>,
    report: VerifyReport,
}

/// A receipt that waits for its document.
#[derive(Debug)]
struct Receipt {
    file: &'static str,
    line: u64,
    subject: String,
    span: Span,
    quote: String,
}

impl Verifier {
    /// Reads the manifest and checks all that needs no document.
    ///
    /// # Errors
    /// [`ExportError::Unfinished`] or [`ExportError::Manifest`] when there is no usable manifest.
    pub fn open(outdir: &Path) -> Result<Self, ExportError> {
        let manifest = read_manifest(outdir)?;
        let by_document = manifest
            .inputs
            .iter()
            .map(|input| (input.doc_id.clone(), input.clone()));
        let mut verifier = Self {
            inputs: by_document.clone().collect(),
            unseen: by_document.map(|(doc_id, _)| doc_id).collect(),
            receipts: BTreeMap::new(),
            report: VerifyReport::default(),
            manifest,
        };
        verifier.check_outputs(outdir);
        verifier.check_items(outdir);
        verifier.check_manifest();
        Ok(verifier)
    }

    /// The manifest of the dataset.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The documents that the manifest lists and that were not fed yet.
    pub fn wanted(&self) -> impl Iterator<Item = &DocId> {
        self.unseen.iter()
    }

    /// Compares one document, made anew from its raw file, with the manifest and recomputes every receipt that cites it.
    pub fn feed(&mut self, document: &Document) {
        let source = &document.source;
        let Some(input) = self.inputs.get(&document.doc_id) else {
            self.report.notes.push(format!(
                "`{}` was not there when the dataset was made",
                source.path
            ));
            return;
        };
        if !self.unseen.remove(&document.doc_id) {
            return;
        }
        self.report.inputs += 1;
        if input.sha256 != source.sha256 {
            self.report.findings.push(Finding {
                kind: FindingKind::InputChanged,
                file: input.path.clone(),
                line: None,
                subject: String::new(),
                expected: format!("sha256 {}", input.sha256),
                found: format!("sha256 {}", source.sha256),
            });
        }
        for receipt in self.receipts.remove(&document.doc_id).unwrap_or_default() {
            self.report.receipts += 1;
            let there = document.slice(receipt.span);
            if there != Some(receipt.quote.as_str()) {
                let expected = excerpt(&receipt.quote);
                let found = there.map_or_else(
                    || format!("no text at {}", place(&source.path, receipt.span)),
                    |text| format!("{} at {}", excerpt(text), place(&source.path, receipt.span)),
                );
                self.report
                    .findings
                    .push(receipt.finding(FindingKind::Receipt, expected, found));
            }
        }
    }

    /// The report, with a finding for every document that was not fed.
    pub fn finish(mut self) -> VerifyReport {
        for input in &self.manifest.inputs {
            if self.unseen.contains(&input.doc_id) {
                self.report.findings.push(Finding {
                    kind: FindingKind::InputMissing,
                    file: input.path.clone(),
                    line: None,
                    subject: String::new(),
                    expected: format!("the document {}", input.doc_id),
                    found: "none with this path".to_owned(),
                });
                self.receipts.remove(&input.doc_id);
            }
        }
        for (doc_id, receipts) in self.receipts {
            self.report
                .findings
                .extend(receipts.into_iter().map(|receipt| {
                    let expected = "a document that the manifest lists".to_owned();
                    receipt.finding(FindingKind::UnknownDocument, expected, doc_id.to_string())
                }));
        }
        self.report.findings.sort();
        self.report.notes.sort();
        self.report
    }

    fn check_outputs(&mut self, outdir: &Path) {
        for output in &self.manifest.outputs {
            self.report.outputs += 1;
            let finding = |kind, expected: String, found: String| Finding {
                kind,
                file: output.path.clone(),
                line: None,
                subject: String::new(),
                expected,
                found,
            };
            let measured = measure(outdir, output);
            match measured {
                Err(error) => self.report.findings.push(finding(
                    FindingKind::OutputMissing,
                    format!("a file of {} bytes", output.bytes),
                    error.to_string(),
                )),
                Ok((sha256, _)) if [CARD_FILE, REPORT_FILE].contains(&output.path.as_str()) => {
                    // Pages are for people: a licence in the card or a training in the report breaks no promise.
                    if sha256 != output.sha256 {
                        self.report
                            .notes
                            .push(format!("`{}` was edited after the run", output.path));
                    }
                }
                Ok((sha256, records)) => {
                    if sha256 != output.sha256 {
                        self.report.findings.push(finding(
                            FindingKind::OutputChanged,
                            format!("sha256 {}", output.sha256),
                            format!("sha256 {sha256}"),
                        ));
                    }
                    if let Some(expected) = output.records.filter(|n| Some(*n) != records) {
                        self.report.findings.push(finding(
                            FindingKind::RecordCount,
                            format!("{expected} records"),
                            format!("{} records", records.unwrap_or_default()),
                        ));
                    }
                }
            }
        }
        for name in ["train.jsonl", "eval.jsonl"] {
            if !self.manifest.outputs.iter().any(|file| file.path == name) {
                self.report.findings.push(Finding {
                    kind: FindingKind::OutputMissing,
                    file: MANIFEST_FILE.to_owned(),
                    line: None,
                    subject: name.to_owned(),
                    expected: "an entry in `outputs`".to_owned(),
                    found: "none".to_owned(),
                });
            }
        }
    }

    fn check_items(&mut self, outdir: &Path) {
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        let mut sides: BTreeMap<DocId, BTreeMap<&'static str, u64>> = BTreeMap::new();
        for (file, split) in [("train.jsonl", Split::Train), ("eval.jsonl", Split::Eval)] {
            // A missing file is already a finding.
            let Ok(opened) = File::open(outdir.join(file)) else {
                continue;
            };
            let lines = BufReader::new(opened).lines();
            for (number, line) in (1_u64..).zip(lines) {
                let parsed = line.map_err(|e| e.to_string()).and_then(|line| {
                    serde_json::from_str::<Example>(&line).map_err(|e| e.to_string())
                });
                let example = match parsed {
                    Ok(example) => example,
                    Err(error) => {
                        self.item(
                            FindingKind::Malformed,
                            file,
                            number,
                            "",
                            "a dataset item",
                            &error,
                        );
                        continue;
                    }
                };
                match split {
                    Split::Train => self.report.train += 1,
                    Split::Eval => self.report.eval += 1,
                }
                let id = example.id.as_str();
                let here = format!("{file}:{number}");
                if let Some(first) = ids.insert(id.to_owned(), here) {
                    let found = format!("the same id at {first}");
                    self.item(
                        FindingKind::DuplicateId,
                        file,
                        number,
                        id,
                        "an id of its own",
                        &found,
                    );
                }
                if example.meta.split != split {
                    let (expected, found) = (split.as_str(), example.meta.split.as_str());
                    self.item(FindingKind::WrongSplit, file, number, id, expected, found);
                }
                if example.meta.citations.is_empty() {
                    let expected = "at least one citation";
                    self.item(FindingKind::NoReceipt, file, number, id, expected, "none");
                }
                for (index, citation) in example.meta.citations.into_iter().enumerate() {
                    sides
                        .entry(citation.doc_id.clone())
                        .or_default()
                        .entry(file)
                        .or_insert(number);
                    self.receipts
                        .entry(citation.doc_id)
                        .or_default()
                        .push(Receipt {
                            file,
                            line: number,
                            subject: format!("{}, citation {}", example.id, index + 1),
                            span: citation.span,
                            quote: citation.quote,
                        });
                }
            }
        }
        for (doc_id, lines) in sides {
            if let (Some(train), Some(eval)) = (lines.get("train.jsonl"), lines.get("eval.jsonl")) {
                let found = format!("it cited at train.jsonl:{train} too");
                let expected = "a document that train never cites";
                self.item(
                    FindingKind::SharedDocument,
                    "eval.jsonl",
                    *eval,
                    doc_id.as_str(),
                    expected,
                    &found,
                );
            }
        }
    }

    fn check_manifest(&mut self) {
        let manifest = &self.manifest;
        let finding = |kind, subject: &str, expected: String, found: String| Finding {
            kind,
            file: MANIFEST_FILE.to_owned(),
            line: None,
            subject: subject.to_owned(),
            expected,
            found,
        };
        let mut findings = Vec::new();
        for (stage, counts) in &manifest.stages {
            if !counts.is_balanced() {
                let (dropped, failed) = (counts.dropped_total(), counts.failed);
                findings.push(finding(
                    FindingKind::Funnel,
                    stage.as_str(),
                    format!("in {} = kept + dropped + failed", counts.entered),
                    format!("{} + {dropped} + {failed}", counts.kept),
                ));
            }
        }
        let items = self.report.train + self.report.eval;
        for stage in [Stage::Split, Stage::Export] {
            if let Some(counts) = manifest.stages.get(&stage).filter(|c| c.kept != items) {
                findings.push(finding(
                    FindingKind::Funnel,
                    stage.as_str(),
                    format!("{} items kept", counts.kept),
                    format!("{items} in train.jsonl and eval.jsonl"),
                ));
            }
        }
        let sha256 = hash::sha256_hex(manifest.config.to_string().as_bytes());
        if sha256 != manifest.config_sha256 {
            findings.push(finding(
                FindingKind::ConfigHash,
                "config",
                format!("sha256 {}", manifest.config_sha256),
                format!("sha256 {sha256}"),
            ));
        }
        self.report.findings.extend(findings);
    }

    fn item(
        &mut self,
        kind: FindingKind,
        file: &str,
        line: u64,
        subject: &str,
        expected: &str,
        found: &str,
    ) {
        self.report.findings.push(Finding {
            kind,
            file: file.to_owned(),
            line: Some(line),
            subject: subject.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        });
    }
}

impl Receipt {
    fn finding(self, kind: FindingKind, expected: String, found: String) -> Finding {
        Finding {
            kind,
            file: self.file.to_owned(),
            line: Some(self.line),
            subject: self.subject,
            expected,
            found,
        }
    }
}

/// Hash and, for JSON Lines, number of records of a file of the dataset.
fn measure(outdir: &Path, output: &OutputFile) -> io::Result<(String, Option<u64>)> {
    let inside = Path::new(&output.path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Err(io::Error::other("a path outside the dataset"));
    }
    let bytes = fs::read(outdir.join(&output.path))?;
    let records = output.records.map(|_| {
        let lines = bytes.split(|byte| *byte == b'\n');
        lines.filter(|line| !line.trim_ascii().is_empty()).count() as u64
    });
    Ok((hash::sha256_hex(&bytes), records))
}

fn place(path: &str, span: Span) -> String {
    format!("{path}[{}..{}]", span.start(), span.end())
}

/// The first characters of a text, in quotes.
fn excerpt(text: &str) -> String {
    const MOST: usize = 80;
    let short: String = text.chars().take(MOST).collect();
    let more = if text.chars().nth(MOST).is_some() {
        "…"
    } else {
        ""
    };
    format!("{short:?}{more}")
}
