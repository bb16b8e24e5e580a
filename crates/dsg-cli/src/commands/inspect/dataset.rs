//! A whole dataset: what it was made of, how much was kept, what it holds.

use std::path::Path;

use dsg::Manifest;
use dsg::core::artifact::read_json;

use super::InspectArgs;
use crate::error::CliError;
use crate::session::Session;
use crate::shell::quoted;
use crate::summary::{by_topic, funnel_table, section_line, topic_table};
use crate::table::{Align, Table};

pub(super) fn show(args: &InspectArgs, folder: &Path, session: &Session) -> Result<(), CliError> {
    let manifest: Manifest = read_json(&folder.join("manifest.json"))?;
    if let Some(id) = &args.id {
        return Err(CliError::usage(
            format!("`{id}` is looked for in a file, not in a dataset"),
            format!(
                "name the file, as in dsg inspect {}/train.jsonl {id}",
                quoted(folder)
            ),
        ));
    }
    if session.json {
        return session.print_json(&manifest);
    }
    session.print(overview(&manifest, session))
}

fn overview(manifest: &Manifest, session: &Session) -> String {
    let paint = session.paint;
    let bytes: u64 = manifest.inputs.iter().map(|input| input.bytes).sum();
    let mut lines = vec![format!(
        "{} {} · seed {} · {} documents, {} KiB",
        manifest.tool.name,
        manifest.tool.version,
        manifest.seed.0,
        manifest.inputs.len(),
        bytes.div_ceil(1024),
    )];
    let mut files = Table::new([
        ("file", Align::Left),
        ("records", Align::Right),
        ("bytes", Align::Right),
        ("sha256", Align::Left),
    ]);
    for output in &manifest.outputs {
        files.row([
            output.path.clone(),
            output.records.map(|n| n.to_string()).unwrap_or_default(),
            output.bytes.to_string(),
            output.sha256.chars().take(16).collect(),
        ]);
    }
    let funnel = manifest
        .stages
        .iter()
        .map(|(stage, counts)| (*stage, counts));
    if !manifest.sections.is_empty() {
        lines.push(section_line(&manifest.sections));
    }
    for table in [
        funnel_table(funnel),
        topic_table(&by_topic(manifest)),
        files,
    ] {
        let mut rows = table.lines().into_iter();
        lines.push(String::new());
        lines.extend(rows.next().map(|header| paint.faint(header)));
        lines.extend(rows);
    }
    lines.push(String::new());
    lines.join("\n")
}
