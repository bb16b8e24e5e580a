//! `dsg prompts`.

use clap::{Args, Subcommand};
use dsg::Pipeline;
use serde_json::json;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::SettingsArgs;

/// List and print the prompts that models are asked with
///
/// A prompt is a Markdown file with minijinja; its first line names it with its version, as records keep it. To change one, write
/// it to a file, give it another version, and name the file in `models.prompts`.
#[derive(Debug, Args)]
pub(crate) struct PromptsArgs {
    #[command(subcommand)]
    command: PromptsCommand,
}

#[derive(Debug, Subcommand)]
enum PromptsCommand {
    List(ListArgs),
    Show(ShowArgs),
}

/// List the prompts with their versions
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg prompts list")]
struct ListArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Print a prompt as it stands
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg prompts show qa/answer
  dsg prompts show qa/answer > answer.md.jinja   to change it; then name the file in `models.prompts`")]
struct ShowArgs {
    /// Its name, with or without the version
    name: String,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn execute(args: &PromptsArgs, session: &Session) -> Result<ExitCode, CliError> {
    match &args.command {
        PromptsCommand::List(args) => list(args, session)?,
        PromptsCommand::Show(args) => show(args, session)?,
    }
    Ok(ExitCode::Done)
}

fn list(args: &ListArgs, session: &Session) -> Result<(), CliError> {
    let pipeline = Pipeline::new(args.settings.resolve()?.config)?;
    let prompts = pipeline.prompts();
    let ids: Vec<&str> = prompts
        .names()
        .filter_map(|name| Some(prompts.get(name)?.id.as_str()))
        .collect();
    if session.json {
        return session.print_json(&ids);
    }
    session.print(ids.join("\n") + "\n")
}

fn show(args: &ShowArgs, session: &Session) -> Result<(), CliError> {
    let pipeline = Pipeline::new(args.settings.resolve()?.config)?;
    let prompts = pipeline.prompts();
    let name = args.name.split('@').next().unwrap_or_default();
    let found = prompts
        .get(name)
        .filter(|prompt| !args.name.contains('@') || prompt.id == args.name);
    let Some(prompt) = found else {
        let names: Vec<&str> = prompts.names().collect();
        return Err(CliError::not_found(
            format!("there is no prompt `{}`", args.name),
            format!("there are {}", names.join(", ")),
        ));
    };
    if session.json {
        return session.print_json(&json!({"id": prompt.id, "source": prompt.source}));
    }
    session.print(&prompt.source)
}
