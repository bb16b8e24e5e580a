//! Measures the scanners for personal data and secrets.
//!
//! ```text
//! cargo run --release -p dsg-judge --example sensitive -- presidio synth_dataset_v2.json
//! cargo run --release -p dsg-judge --example sensitive -- secrets FOLDER MANIFEST.jsonl
//! cargo run --release -p dsg-judge --example sensitive -- scan FOLDER
//! ```
//! `presidio`: precision and recall by entity type on Microsoft's synthetic sentences; a finding that overlaps a span of its
//! type is right. `secrets`: which strings of the manifest's `must_not_appear` are covered by a finding, and which of
//! `must_keep` are. `scan`: every finding in a folder of text files, to judge false alarms by eye.
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Range;
use std::path::{Path, PathBuf};

use dsg_core::artifact::{read_json, read_jsonl};
use dsg_judge::{JudgeConfig, PersonalScanner, SecretScanner, Sensitive};

/// Presidio's types and ours.
const TYPES: [(&str, &str); 6] = [
    ("EMAIL_ADDRESS", "email"),
    ("PHONE_NUMBER", "phone"),
    ("CREDIT_CARD", "card-number"),
    ("IBAN_CODE", "iban"),
    ("US_SSN", "national-id"),
    ("IP_ADDRESS", "ip-address"),
];

#[derive(serde::Deserialize)]
struct Sentence {
    full_text: String,
    spans: Vec<Entity>,
}

#[derive(serde::Deserialize)]
struct Entity {
    #[serde(rename = "entity_type")]
    kind: String,
    start_position: usize,
    end_position: usize,
}

#[derive(serde::Deserialize)]
struct Hostile {
    path: String,
    must_keep: Vec<String>,
    must_not_appear: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let paths: Vec<PathBuf> = args.iter().skip(1).map(PathBuf::from).collect();
    let scanners = Scanners::new()?;
    match (args.first().map(String::as_str), paths.as_slice()) {
        (Some("presidio"), [file]) => presidio(&scanners, file),
        (Some("secrets"), [folder, manifest]) => secrets(&scanners, folder, manifest),
        (Some("scan"), [folder]) => scan(&scanners, folder),
        _ => Err("presidio FILE, secrets FOLDER MANIFEST or scan FOLDER".into()),
    }
}

struct Scanners {
    secrets: SecretScanner,
    personal: PersonalScanner,
}

impl Scanners {
    fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            secrets: SecretScanner::new()?,
            personal: PersonalScanner::new(&JudgeConfig::default().role_mailboxes, true)?,
        })
    }

    fn all(&self, text: &str) -> Vec<Sensitive> {
        let mut found = self.secrets.scan(text);
        found.extend(self.personal.scan(text));
        found
    }
}

fn presidio(scanners: &Scanners, file: &Path) -> Result<(), Box<dyn Error>> {
    let sentences: Vec<Sentence> = read_json(file)?;
    // Per type: right findings, findings, found entities, entities.
    let mut counts: BTreeMap<&str, [u32; 4]> = BTreeMap::new();
    for sentence in &sentences {
        let found = scanners.personal.scan(&sentence.full_text);
        for (theirs, ours) in TYPES {
            let entities: Vec<Range<usize>> = sentence
                .spans
                .iter()
                .filter(|entity| entity.kind == theirs)
                .map(|entity| {
                    bytes(
                        &sentence.full_text,
                        entity.start_position..entity.end_position,
                    )
                })
                .collect();
            let found: Vec<&Range<usize>> = found
                .iter()
                .filter(|f| f.label == ours)
                .map(|f| &f.range)
                .collect();
            let meet = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
            let right = found
                .iter()
                .filter(|f| entities.iter().any(|e| meet(e, f)))
                .count();
            let hit = entities
                .iter()
                .filter(|e| found.iter().any(|f| meet(e, f)))
                .count();
            let count = counts.entry(theirs).or_default();
            for (slot, n) in count
                .iter_mut()
                .zip([right, found.len(), hit, entities.len()])
            {
                *slot += u32::try_from(n)?;
            }
        }
    }
    println!("| entity | in the data | found | precision | recall |\n|---|---:|---:|---:|---:|");
    for (name, [right, found, hit, wanted]) in counts {
        println!(
            "| {name} | {wanted} | {found} | {:.3} | {:.3} |",
            f64::from(right) / f64::from(found.max(1)),
            f64::from(hit) / f64::from(wanted.max(1))
        );
    }
    Ok(())
}

/// Character positions as byte positions.
fn bytes(text: &str, chars: Range<usize>) -> Range<usize> {
    let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    at(chars.start)..at(chars.end)
}

fn secrets(scanners: &Scanners, folder: &Path, manifest: &Path) -> Result<(), Box<dyn Error>> {
    for entry in read_jsonl::<Hostile>(manifest)? {
        let entry = entry?;
        if !entry.path.starts_with("secrets/") {
            continue;
        }
        let text = std::fs::read_to_string(folder.join(&entry.path))?;
        let found = scanners.all(&text);
        let covered = |needle: &str| {
            text.match_indices(needle).all(|(at, _)| {
                found
                    .iter()
                    .any(|f| f.range.start < at + needle.len() && at < f.range.end)
            })
        };
        for (wanted, needles) in [(true, &entry.must_not_appear), (false, &entry.must_keep)] {
            for needle in needles {
                let verdict = if covered(needle) == wanted {
                    "ok  "
                } else {
                    "MISS"
                };
                let start: String = needle.chars().take(24).collect();
                println!(
                    "{verdict} {} {} {start}",
                    entry.path,
                    if wanted { "found" } else { "kept" }
                );
            }
        }
    }
    Ok(())
}

fn scan(scanners: &Scanners, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(&folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_, std::io::Error>>()?;
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            for found in scanners.all(&text) {
                let value = text
                    .get(found.range.clone())
                    .unwrap_or_default()
                    .replace('\n', " ");
                println!("{}\t{}\t{value}", found.label, path.display());
            }
        }
    }
    Ok(())
}
