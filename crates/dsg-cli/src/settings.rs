//! The configuration layers as this command line gives them.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use dsg::config::{ConfigLayers, Resolved};

use crate::error::CliError;

/// Read when no file is named and this one is here.
pub(crate) const DEFAULT_FILE: &str = "datasetgen.yaml";

/// `DSG_*` variables that are not configuration.
pub(crate) const RESERVED: &[&str] = &["DSG_LOG", "DSG_API_KEY"];

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct SettingsArgs {
    /// The configuration file [default: datasetgen.yaml in the current folder, if there is one]
    #[arg(long, short = 'c', visible_alias = "config", value_name = "FILE")]
    pub(crate) hypothesis: Option<PathBuf>,
    /// Override one value, as in `--set chunk.max_tokens=400`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<Assignment>,
    /// Override the seed
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

/// One `--set`.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    key: String,
    value: String,
}

impl FromStr for Assignment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok(Self {
                key: key.trim().to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("expected KEY=VALUE, as in chunk.max_tokens=400"),
        }
    }
}

impl SettingsArgs {
    /// The file layer: the one named, or the one that lies here.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.hypothesis.clone().or_else(|| {
            let here = Path::new(DEFAULT_FILE);
            here.is_file().then(|| here.to_path_buf())
        })
    }

    /// These settings with one more value, from a flag of its own.
    pub(crate) fn with(&self, key: &str, value: &str) -> Self {
        let mut settings = self.clone();
        settings.set.push(Assignment {
            key: key.to_owned(),
            value: value.to_owned(),
        });
        settings
    }

    /// Defaults < file < environment < flags.
    pub(crate) fn resolve(&self) -> Result<Resolved, CliError> {
        let mut layers = ConfigLayers::new();
        let file = self.file();
        tracing::debug!(file = ?file, "configuration file");
        if let Some(file) = file {
            layers = layers.file(&file)?;
        }
        layers = layers.environment(std::env::vars_os().filter_map(utf8), RESERVED);
        for Assignment { key, value } in &self.set {
            layers = layers.set(key, value, "--set");
        }
        if let Some(seed) = self.seed {
            layers = layers.set("seed", &seed.to_string(), "--seed");
        }
        Ok(layers.resolve()?)
    }
}

/// Variables that are not UTF-8 cannot be configuration; `std::env::vars` would panic on them.
fn utf8((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}
