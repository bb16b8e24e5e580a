//! `dsg config`: what is configured, what can be, and whether it is sound.

use clap::{Args, Subcommand};
use dsg::config::DatasetConfig;
use serde::Serialize;
use serde_json::Value;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;
use crate::table::{Align, Table};
use crate::terminal::{one_line, value_text};

/// Show, describe or check the configuration
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Show(ShowArgs),
    Schema(SchemaArgs),
    Check(CheckArgs),
}

/// Print every value with where it came from
///
/// Layers, later ones win: defaults, the file, DSG_* environment variables, flags.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg config show
  dsg config show --hypothesis datasetgen.yaml --set seed=7
  DSG_CHUNK__MAX_TOKENS=400 dsg config show --json")]
struct ShowArgs {
    /// Leave out what is at its default
    #[arg(long)]
    changed: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Print the JSON Schema of datasetgen.yaml, for editors
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg config schema > datasetgen.schema.json
  Then let the first line of datasetgen.yaml say:
  # yaml-language-server: $schema=datasetgen.schema.json")]
struct SchemaArgs {}

/// Check a configuration without running anything
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg config check
  dsg config check --hypothesis datasetgen.yaml")]
struct CheckArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn execute(args: &ConfigArgs, session: &Session) -> Result<ExitCode, CliError> {
    match &args.what {
        What::Show(args) => show(args, session)?,
        What::Schema(_) => session.print_json(&DatasetConfig::json_schema())?,
        What::Check(args) => check(args, session)?,
    }
    Ok(ExitCode::Done)
}

/// One value in the JSON of `config show`.
#[derive(Serialize)]
struct Setting {
    key: String,
    value: Value,
    origin: String,
}

fn show(args: &ShowArgs, session: &Session) -> Result<(), CliError> {
    let listing = args.settings.resolve()?.listing();
    let settings: Vec<Setting> = listing
        .into_iter()
        .map(|(key, value, origin)| Setting {
            key,
            value,
            origin: origin.to_string(),
        })
        .filter(|setting| !args.changed || setting.origin != "default")
        .collect();
    if session.json {
        return session.print_json(&settings);
    }
    let mut table = Table::new([
        ("key", Align::Left),
        ("value", Align::Left),
        ("from", Align::Left),
    ]);
    for Setting { key, value, origin } in settings {
        table.row([key, one_line(&value_text(&value), 60), origin]);
    }
    session.print(table.lines().join("\n") + "\n")
}

/// The JSON of `config check`.
#[derive(Serialize)]
struct Checked {
    valid: bool,
    file: Option<String>,
    topics: usize,
    quota: usize,
}

fn check(args: &CheckArgs, session: &Session) -> Result<(), CliError> {
    let config = args.settings.resolve()?.config;
    let checked = Checked {
        valid: true,
        file: args.settings.file().map(|file| file.display().to_string()),
        topics: config.topics.len(),
        quota: config.topics.iter().map(|topic| topic.quota).sum(),
    };
    session.report(&checked, || {
        let file = checked
            .file
            .as_deref()
            .unwrap_or("the built-in configuration");
        let Checked { topics, quota, .. } = checked;
        format!("{file} is valid: {topics} topics that ask for {quota} items\n")
    })
}
