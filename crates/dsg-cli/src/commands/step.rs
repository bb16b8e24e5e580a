//! What the single-step commands have in common: a funnel, an artifact, what comes next.

use std::fmt::Write as _;
use std::path::Path;

use dsg::StepReport;
use dsg::core::artifact::write_jsonl;
use dsg::core::{Stage, StageCounts};
use serde::Serialize;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;

/// The JSON of a step.
#[derive(Serialize)]
struct StepJson<'a> {
    funnel: Vec<StageJson<'a>>,
    written: Vec<String>,
}

/// One stage's funnel.
#[derive(Serialize)]
pub(super) struct StageJson<'a> {
    stage: Stage,
    #[serde(flatten)]
    counts: &'a StageCounts,
}

pub(super) fn funnel_json(funnel: &[(Stage, StageCounts)]) -> Vec<StageJson<'_>> {
    funnel
        .iter()
        .map(|(stage, counts)| StageJson {
            stage: *stage,
            counts,
        })
        .collect()
}

/// Writes the rejects where asked; returns the names of everything written.
pub(super) fn write_rejects(
    report: &StepReport,
    outputs: &[&Path],
    rejects: Option<&Path>,
) -> Result<Vec<String>, CliError> {
    if let Some(path) = rejects {
        write_jsonl(path, &report.rejects)?;
    }
    let written = outputs.iter().copied().chain(rejects);
    Ok(written.map(|path| path.display().to_string()).collect())
}

/// Writes the rejects where asked and reports the step. `next` is the command to go on with.
pub(super) fn finish(
    session: &Session,
    report: &StepReport,
    outputs: &[&Path],
    rejects: Option<&Path>,
    next: &str,
) -> Result<ExitCode, CliError> {
    let written = write_rejects(report, outputs, rejects)?;
    let json = StepJson {
        funnel: funnel_json(&report.funnel),
        written,
    };
    session.report(&json, || {
        let mut text = format!("Wrote {}\n", json.written.join(", "));
        if rejects.is_none() && !report.rejects.is_empty() {
            let _ = writeln!(
                text,
                "{} records left; --rejects FILE writes them down with their reasons",
                report.rejects.len()
            );
        }
        let _ = writeln!(text, "Next: {next}");
        text
    })?;
    Ok(ExitCode::Done)
}
