//! A folder that a Raspberry Pi or a laptop starts from: the model, scripts to set llama.cpp up and to run it, files for Ollama and
//! systemd, a model card, checksums.

mod card;
mod chat;
mod plan;
mod shape;
mod target;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use dsg_gguf::Gguf;
use serde::Serialize;

use crate::error::ExportError;
use crate::manifest::{Manifest, OutputFile, Tool};
use crate::staging::{STAGING_FOLDER, Staging};
use chat::Chat;
use shape::Shape;

pub(crate) use card::size;
pub use plan::{KvType, Plan};
pub use target::{Target, UnknownTarget};

/// The file that comes last: a bundle without it is unfinished.
const SUMS_FILE: &str = "SHA256SUMS";
/// What a model's file is called where its own name could mean something to a shell.
const MODEL_FILE: &str = "model.gguf";
/// Characters of a name at most.
const MOST_NAME: usize = 64;

/// The file with what scripts run with.
const SETTINGS_FILE: &str = "settings.sh";

/// Scripts that are the same for every model; the rest are templates.
const SCRIPTS: [(&str, &str); 4] = [
    ("run-decoder", include_str!("files/run-decoder")),
    ("run-encoder", include_str!("files/run-encoder")),
    ("serve", include_str!("files/serve")),
    ("setup", include_str!("files/setup")),
];

/// What is bundled for which machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleConfig {
    /// The model's file.
    pub gguf: PathBuf,
    /// The machine.
    pub target: Target,
    /// Bytes of memory that the machine has. Default: what the target is assumed to have.
    pub memory: Option<u64>,
    /// Tokens of prompt and reply together. Default: what the target has patience and memory for.
    pub context: Option<u64>,
    /// The name of model and service: letters, digits, dots, dashes and underscores, 64 at most. Default: that of the file, without its ending.
    pub name: Option<String>,
    /// Whether a model that is too large for the machine is bundled all the same. Default: no.
    pub force: bool,
}

impl BundleConfig {
    /// A model for a machine, with every setting at its default.
    pub fn new(gguf: impl Into<PathBuf>, target: Target) -> Self {
        Self {
            gguf: gguf.into(),
            target,
            memory: None,
            context: None,
            name: None,
            force: false,
        }
    }

    fn name(&self) -> Result<String, ExportError> {
        if let Some(name) = &self.name {
            return if is_plain(name) && name.len() <= MOST_NAME {
                Ok(name.clone())
            } else {
                Err(ExportError::BundleName { name: name.clone() })
            };
        }
        let stem = self.gguf.file_stem().unwrap_or_default().to_string_lossy();
        let letters = stem.chars().map(|c| if is_plain_char(c) { c } else { '-' });
        let name: String = letters.take(MOST_NAME).collect();
        let name = name.trim_matches(['-', '.', '_']);
        Ok(if name.is_empty() { "model" } else { name }.to_owned())
    }
}

/// What a bundle is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BundleReport {
    /// The name of model and service.
    pub name: String,
    /// The machine.
    pub target: Target,
    /// The settings, and what memory they take.
    pub plan: Plan,
    /// The format of the model's chats, where it is a known one.
    pub chat_format: Option<String>,
    /// What whoever uses the bundle should know.
    pub notes: Vec<String>,
    /// Every file but the checksums, by name.
    pub files: Vec<OutputFile>,
}

/// Writes the bundle of a model to `outdir`. The model is a second name of its file where the file system allows it, else a copy. The card says where
/// the model comes from if its dataset's `manifest` is given.
///
/// `outdir` is new, empty, or an earlier bundle, whose model and unit are removed if this one calls them something else. Everything is written
/// beside its place first and renamed when it is complete, the checksums last. Deterministic.
///
/// # Errors
/// [`ExportError::Gguf`] for a file that is no sound GGUF, [`ExportError::Model`] for one that is no model of text, [`ExportError::TooLarge`],
/// [`ExportError::Context`] and [`ExportError::BundleName`] for what the configuration asks and cannot have, [`ExportError::NoBundle`] for a folder
/// with other files in it, [`ExportError::Write`].
pub fn write_bundle(
    outdir: &Path,
    config: &BundleConfig,
    tool: &Tool,
    manifest: Option<&Manifest>,
) -> Result<BundleReport, ExportError> {
    let name = config.name()?;
    let earlier = models_and_units(outdir)?;
    let file = Gguf::open(&config.gguf)?;
    let shape = Shape::of(&file)?;
    let memory = config.memory.unwrap_or(config.target.memory());
    let plan = Plan::new(
        &config.gguf,
        &shape,
        config.target,
        memory,
        config.context,
        config.force,
    )?;
    let chat = Chat::of(&file);
    let model = model_file(&config.gguf);
    let rendered = card::Bundle {
        name: &name,
        model: &model,
        target: config.target,
        tool,
        file: &file,
        shape: &shape,
        plan: &plan,
        chat: &chat,
        manifest,
    }
    .render()?;

    let staging = Staging::create(outdir)?;
    let mut files = vec![staging.link(&config.gguf, &model)?];
    for (name, text) in &rendered {
        files.push(staging.file(name, |out| out.write_all(text.as_bytes()))?);
    }
    for (name, text) in SCRIPTS {
        files.push(staging.file(name, |out| out.write_all(text.as_bytes()))?);
        staging.make_executable(name)?;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    staging.file(SUMS_FILE, |out| {
        files
            .iter()
            .try_for_each(|file| writeln!(out, "{}  {}", file.sha256, file.path))
    })?;
    let names = files.iter().map(|file| file.path.as_str());
    let stale: Vec<String> = earlier
        .into_iter()
        .filter(|old| names.clone().all(|new| new != old))
        .collect();
    staging.publish(names, SUMS_FILE, &stale)?;
    Ok(BundleReport {
        name,
        target: config.target,
        plan,
        chat_format: chat.family.map(|family| family.title().to_owned()),
        notes: chat.notes,
        files,
    })
}

/// The names of models and units in the bundle that `outdir` is; none for a folder that is not there or empty. A folder with anything else is
/// refused: checksums are no sign of a bundle, and what they name may be all that somebody has of it.
fn models_and_units(outdir: &Path) -> Result<Vec<String>, ExportError> {
    // What cannot be listed is told of when it is written to.
    let mut entries = fs::read_dir(outdir).into_iter().flatten().flatten();
    if entries.all(|entry| entry.file_name() == STAGING_FOLDER) {
        return Ok(Vec::new());
    }
    let sums = fs::read_to_string(outdir.join(SUMS_FILE)).unwrap_or_default();
    let named: BTreeSet<&str> = sums
        .lines()
        .filter_map(|line| Some(line.split_once("  ")?.1))
        .collect();
    let scripts = SCRIPTS.map(|(name, _)| name);
    let mut own = scripts.into_iter().chain([SETTINGS_FILE]);
    if !own.all(|name| named.contains(name)) {
        return Err(ExportError::NoBundle {
            outdir: outdir.to_path_buf(),
        });
    }
    let is_model_or_unit = |name: &str| {
        let ending = Path::new(name).extension();
        ending.is_some_and(|ending| ending == "gguf" || ending == "service")
    };
    Ok(named
        .into_iter()
        .filter(|name| is_plain(name) && is_model_or_unit(name))
        .map(str::to_owned)
        .collect())
}

/// The model's name in the bundle: its own, where no shell could misunderstand it and no other file of the bundle has it.
fn model_file(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ends = path.extension().is_some_and(|ending| ending == "gguf");
    if ends && is_plain(&name) {
        name.into_owned()
    } else {
        MODEL_FILE.to_owned()
    }
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_plain_char)
}

const fn is_plain_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_file_as_far_as_a_shell_takes_them() {
        let named = |path: &str| {
            let config = BundleConfig::new(path, Target::Rpi5);
            (config.name().unwrap(), model_file(Path::new(path)))
        };
        let both = |name: &str, file: &str| (name.to_owned(), file.to_owned());
        assert_eq!(
            named("a/student-q8_0.gguf"),
            both("student-q8_0", "student-q8_0.gguf")
        );
        assert_eq!(
            named("a/my model $(x).gguf"),
            both("my-model---x", "model.gguf")
        );
        assert_eq!(named("-.gguf"), both("model", "model.gguf"));
        assert_eq!(named("sha256-0815"), both("sha256-0815", "model.gguf"));
    }

    #[test]
    fn a_name_that_a_shell_could_misunderstand_is_refused() {
        for name in ["", "a b", "../x", "-x", "a;b", &"x".repeat(65)] {
            let mut config = BundleConfig::new("m.gguf", Target::Rpi5);
            config.name = Some(name.to_owned());
            assert!(
                matches!(config.name(), Err(ExportError::BundleName { .. })),
                "{name}"
            );
        }
    }
}
