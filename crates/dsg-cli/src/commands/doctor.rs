//! `dsg doctor`.

use std::fmt::Write as _;

use clap::Args;
use dsg::{Health, doctor};
use serde_json::json;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;
use crate::terminal::printable;

/// Say what a run would find: features of this build, models, servers
///
/// Servers are asked which models they have; nothing is asked of a model, and nothing but this machine is spoken to unless
/// `allow_remote` says so. Exits with 3 when something is missing that the configuration needs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg doctor
  dsg doctor --hypothesis datasetgen.yaml
  dsg doctor --json | jq '.checks[] | select(.health == \"missing\")'")]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn execute(args: &DoctorArgs, session: &Session) -> Result<ExitCode, CliError> {
    let checks = doctor(&args.settings.resolve()?.config);
    let is_well = checks.iter().all(|check| check.health != Health::Missing);
    session.report(&json!({"well": is_well, "checks": checks}), || {
        let paint = session.paint;
        let mut text = String::new();
        for check in &checks {
            let mark = match check.health {
                Health::Good => paint.good("good    "),
                Health::Absent => paint.faint("absent  "),
                Health::Doubtful => paint.warn("doubtful"),
                Health::Missing => paint.bad("missing "),
            };
            let found = printable(&check.found);
            let _ = writeln!(text, "  {mark}  {:<24}{found}", check.what);
            if let Some(hint) = &check.hint {
                let _ = writeln!(text, "{:36}{} {hint}", "", paint.name("hint:"));
            }
        }
        text
    })?;
    Ok(if is_well {
        ExitCode::Done
    } else {
        ExitCode::Environment
    })
}
