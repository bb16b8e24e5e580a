//! `dsg init`.

mod topics;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use dsg::Pipeline;
use dsg::config::{ConfigError, DatasetConfig, TEMPLATE};
use dsg::core::artifact::read_jsonl;
use serde_json::json;

use self::topics::Proposal;
use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;
use crate::settings::DEFAULT_FILE;
use crate::shell::quoted;

/// Write a commented configuration
///
/// With --docs the topics are proposed from the documents: their folders, man pages and headings. They are a start for you to
/// edit: what the dataset should cover is your decision.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg init
  dsg init --docs docs/
  dsg init --docs docs/ cluster.yaml")]
pub(crate) struct InitArgs {
    /// The file to write; never overwritten
    #[arg(default_value = DEFAULT_FILE)]
    file: PathBuf,
    /// Read this file or folder and propose topics from it; may be repeated
    #[arg(long, value_name = "PATH")]
    docs: Vec<PathBuf>,
}

pub(crate) fn execute(args: &InitArgs, session: &Session) -> Result<ExitCode, CliError> {
    // Before the documents are read, which may take a while.
    if args.file.exists() {
        return Err(ConfigError::Exists {
            path: args.file.clone(),
        }
        .into());
    }
    let proposals = if args.docs.is_empty() {
        Vec::new()
    } else {
        propose(&args.docs)?
    };
    let text = if proposals.is_empty() {
        TEMPLATE.to_owned()
    } else {
        with_topics(TEMPLATE, &topics::yaml(&proposals))
    };
    write_new(&args.file, &text)?;

    let written = args.file.display().to_string();
    let ids: Vec<&str> = proposals.iter().map(|topic| topic.id.as_str()).collect();
    session.report(&json!({ "written": [written], "topics": ids }), || {
        let docs = args.docs.first().map_or("docs/".to_owned(), |docs| quoted(docs));
        let found = match ids.len() {
            0 if !args.docs.is_empty() => {
                " (the documents suggest no topics; it holds examples to replace)".to_owned()
            }
            0 => String::new(),
            n => format!(" with {n} topics: {}", ids.join(", ")),
        };
        let file = quoted(&args.file);
        format!(
            "Wrote {written}{found}\nNext: edit it, then dsg run --input {docs} --hypothesis {file} --outdir out\n"
        )
    })?;
    Ok(ExitCode::Done)
}

fn propose(docs: &[PathBuf]) -> Result<Vec<Proposal>, CliError> {
    let folder =
        tempfile::tempdir().map_err(CliError::file("create a folder in", &std::env::temp_dir()))?;
    let corpus = folder.path().join("corpus.jsonl");
    Pipeline::new(DatasetConfig::default())?.ingest(docs, &corpus)?;
    let mut survey = topics::Survey::default();
    for document in read_jsonl(&corpus)? {
        survey.add(&document?);
    }
    Ok(survey.proposals())
}

/// `template` with its `topics:` section replaced.
fn with_topics(template: &str, topics: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in template.lines() {
        if line == "topics:" {
            inside = true;
            out.push_str(topics);
        } else if !(inside && line.starts_with([' ', '-'])) {
            inside = false;
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Writes a file that must not exist yet.
fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(CliError::file("create the folder of", path))?;
    }
    match File::create_new(path) {
        Ok(mut file) => file
            .write_all(text.as_bytes())
            .map_err(CliError::file("write", path)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(ConfigError::Exists {
            path: path.to_path_buf(),
        }
        .into()),
        Err(error) => Err(CliError::file("write", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use dsg::config::ConfigLayers;

    use super::*;

    #[test]
    fn proposed_topics_replace_those_of_the_template_and_leave_a_valid_configuration() {
        let proposal = Proposal {
            id: "jobs".into(),
            description: "It's \"jobs\": all".into(),
            commands: vec!["sbatch".into()],
            keywords: vec!["job array".into(), "#1".into()],
            quota: 5,
        };
        let text = with_topics(TEMPLATE, &topics::yaml(&[proposal]));
        assert!(!text.contains("getting-started") && text.contains("difficulty:"));
        let layers = ConfigLayers::new().text(Path::new("x.yaml"), text);
        let topics = layers.resolve().unwrap().config.topics;
        assert_eq!(topics.len(), 1);
        assert_eq!(topics[0].description, "It's \"jobs\": all");
        assert_eq!(topics[0].keywords, ["job array", "#1"]);
    }
}
