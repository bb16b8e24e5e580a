//! Teacher labelling: a file of prompts in, a file of training examples out.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use dsg_core::artifact::{read_jsonl, write_jsonl};
use dsg_core::{ChatModel, Event, Interrupt, Observer, Stage};
use dsg_generate::{GenerateError, Label, LabelConfig, LabelPrompt, Labeller};
use dsg_llm::Blocking;

use crate::error::DsgError;
use crate::report::StepReport;

/// What to label, and where the labels go.
#[derive(Debug, Clone)]
pub struct LabelJob {
    /// The prompts, one JSON object a line: `user`, and optionally `id`, `system_hint`, `schema`, `requires_json`.
    pub prompts: PathBuf,
    /// The labels, in the order of the prompts.
    pub out: PathBuf,
    /// Whether the labels that are in `out` already stay and their prompts are not asked again. Default: false, which makes the
    /// file anew; what the reply store has costs nothing.
    pub skip_existing: bool,
    /// How the model is asked.
    pub config: LabelConfig,
}

/// Labels the prompts of `job` with `model`. The file of labels is written whole or not at all.
///
/// # Errors
/// [`DsgError::Artifact`] naming the file and line that is no prompt or no label; [`DsgError::Generate`] for an impossible setting and
/// where the model ends the run (refused, budget spent); [`DsgError::Interrupted`]. Replies that came before are in the model's
/// reply store, and the same call goes on from there.
pub fn label(
    job: &LabelJob,
    model: Arc<dyn ChatModel>,
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<StepReport, DsgError> {
    let labeller = Labeller::new(job.config.clone(), model)?;
    let prompts: Vec<LabelPrompt> = read_jsonl(&job.prompts)?.collect::<Result<_, _>>()?;
    let kept: Vec<Label> = if job.skip_existing && job.out.exists() {
        read_jsonl(&job.out)?.collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    let existing: BTreeSet<String> = kept.iter().map(|label| label.id.clone()).collect();
    observer.on_event(&Event::StageStarted {
        stage: Stage::Label,
        total: u64::try_from(prompts.len()).ok(),
    });
    let result = Blocking::new()?
        .block_on(labeller.label_all(prompts, &existing, observer, interrupt))
        .map_err(|error| match error {
            GenerateError::Interrupted => DsgError::Interrupted {
                stage: Stage::Label,
            },
            other => other.into(),
        })?;
    write_jsonl(&job.out, kept.iter().chain(&result.kept))?;
    observer.on_event(&Event::StageFinished {
        stage: Stage::Label,
        counts: result.counts.clone(),
    });
    Ok(StepReport {
        funnel: vec![(Stage::Label, result.counts)],
        rejects: result.rejects,
        corpus: None,
    })
}
