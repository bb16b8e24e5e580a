//! What a run under a configuration would find, and what to do about what it would not.

use serde::Serialize;

use crate::config::{DatasetConfig, Provider, RoleModel};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Good,
    /// Not there, and not needed.
    Absent,
    /// A run works, but a person should know.
    Doubtful,
    /// A run cannot work.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: `models.generator`, `feature llama-cpp`.
    pub what: String,
    /// How it is.
    pub health: Health,
    /// What was found.
    pub found: String,
    /// What to do about it; `None` where there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Check {
    fn new(what: impl Into<String>, health: Health, found: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            health,
            found: found.into(),
            hint: None,
        }
    }

    #[cfg(any(feature = "models", feature = "fastembed"))]
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Looks at everything that a run under `config` needs beside its documents: models are looked for where they should be, servers
/// are asked which they have. Nothing is asked of a model.
pub fn doctor(config: &DatasetConfig) -> Vec<Check> {
    let models = &config.models;
    let mut checks = features();
    #[cfg(feature = "train")]
    checks.extend(devices());
    if !models.prompts.is_empty() {
        let found = format!("{} of your own", models.prompts.len());
        checks.push(Check::new("models.prompts", Health::Good, found));
    }
    checks.extend(role("models.generator", &models.generator, config));
    checks.extend(role("models.judge", &models.judge, config));
    checks.extend(onnx(config));
    checks
}

fn features() -> Vec<Check> {
    [
        ("pdf", cfg!(feature = "pdf"), "reads PDF files"),
        (
            "tokenizer",
            cfg!(feature = "tokenizer"),
            "counts tokens exactly",
        ),
        ("models", cfg!(feature = "models"), "asks models on servers"),
        (
            "llama-cpp",
            cfg!(feature = "llama-cpp"),
            "asks model files without a server",
        ),
        (
            "fastembed",
            cfg!(feature = "fastembed"),
            "runs embedding models and cross-encoders",
        ),
        (
            "hub",
            cfg!(feature = "hub"),
            "takes model files from the Hugging Face hub",
        ),
        (
            "train",
            cfg!(feature = "train"),
            "fine-tunes models on the processor",
        ),
        ("cuda", cfg!(feature = "cuda"), "trains on NVIDIA's GPUs"),
        (
            "wgpu",
            cfg!(feature = "wgpu"),
            "trains on GPUs of all makers",
        ),
        ("vulkan", cfg!(feature = "vulkan"), "trains by Vulkan alone"),
    ]
    .into_iter()
    .map(|(name, is_there, does)| {
        let (health, found) = if is_there {
            (Health::Good, does.to_owned())
        } else {
            let found = format!("not in this build; `--features {name}` {does}");
            (Health::Absent, found)
        };
        Check::new(format!("feature {name}"), health, found)
    })
    .collect()
}

/// Whether there is a device for each backend that this build has beside the processor.
#[cfg(feature = "train")]
fn devices() -> Vec<Check> {
    use dsg_train::Backend;

    Backend::ALL
        .into_iter()
        .filter(|backend| backend.is_built() && *backend != Backend::Cpu)
        .map(|backend| {
            let (health, found) = match backend.device() {
                Ok(_) => (Health::Good, "there is one".to_owned()),
                Err(error) => (Health::Doubtful, error.to_string()),
            };
            Check::new(format!("device {backend}"), health, found)
        })
        .collect()
}

/// A role that needs no model; or what its model's place says.
fn role<P: Provider + Default>(
    what: &str,
    role: &RoleModel<P>,
    config: &DatasetConfig,
) -> Vec<Check> {
    if !role.provider.is_model() {
        let found = format!("{}: needs no model", role.provider.as_str());
        return vec![Check::new(what, Health::Good, found)];
    }
    #[cfg(feature = "models")]
    return modelled::role(what, role, config);
    #[cfg(not(feature = "models"))]
    {
        let _ = config;
        let found = "needs a build with `--features models`";
        vec![Check::new(what, Health::Missing, found)]
    }
}

/// The ONNX models and the library that runs them.
fn onnx(config: &DatasetConfig) -> Vec<Check> {
    let (embedder, reranker) = (&config.models.embedder, &config.models.reranker);
    let mut named = Vec::new();
    let mut checks = Vec::new();
    if embedder.is_model() {
        named.push(("models.embedder", embedder.model.as_deref()));
    } else {
        let found = "hashed: needs no model";
        checks.push(Check::new("models.embedder", Health::Good, found));
    }
    if reranker.is_model() {
        named.push(("models.reranker", reranker.model.as_deref()));
    }
    #[cfg(feature = "fastembed")]
    checks.extend(vectors::checks(&named, config));
    #[cfg(not(feature = "fastembed"))]
    for (what, _) in named {
        let found = "needs a build with `--features fastembed`";
        checks.push(Check::new(what, Health::Missing, found));
    }
    checks
}

#[cfg(feature = "fastembed")]
mod vectors {
    use std::path::Path;

    use dsg_index::{OnnxFiles, find_runtime, load_runtime};

    use super::{Check, Health};
    use crate::config::DatasetConfig;

    /// The models named, and the library where there is one.
    pub(super) fn checks(named: &[(&str, Option<&str>)], config: &DatasetConfig) -> Vec<Check> {
        let mut checks: Vec<Check> = named
            .iter()
            .map(|(what, name)| model(what, name.unwrap_or_default()))
            .collect();
        if !checks.is_empty() {
            let models = &config.models;
            let runtime = models.embedder.onnx.runtime.as_deref();
            checks.push(runtime_library(
                runtime.or(models.reranker.onnx.runtime.as_deref()),
            ));
        }
        checks
    }

    fn model(what: &str, name: &str) -> Check {
        if name.starts_with("hf://") && !cfg!(feature = "hub") {
            let found = format!("{name} cannot be fetched by this build");
            return Check::new(what, Health::Missing, found)
                .hint("build with `--features fastembed,hub`");
        }
        if name.starts_with("hf://") {
            let found =
                format!("{name} is looked for when the run needs it, in the hub's cache first");
            return Check::new(what, Health::Doubtful, found);
        }
        match OnnxFiles::in_folder(Path::new(name)) {
            Ok(_) => Check::new(what, Health::Good, format!("{name} is there")),
            Err(error) => Check::new(what, Health::Missing, error.to_string()).hint(
                "give the folder of a sentence-transformers model exported to ONNX, relative to the current folder",
            ),
        }
    }

    fn runtime_library(given: Option<&Path>) -> Check {
        let runtime =
            find_runtime(given).and_then(|library| load_runtime(&library).map(|()| library));
        match runtime {
            Ok(library) => Check::new("onnxruntime", Health::Good, library.display().to_string()),
            // The error says how to get one.
            Err(error) => Check::new("onnxruntime", Health::Missing, error.to_string()),
        }
    }
}

#[cfg(feature = "models")]
mod modelled {
    use std::error::Error;

    use dsg_llm::{ApiKey, Blocking, HttpConfig, LlmError, ModelRef, served};

    use super::{Check, Health};
    use crate::config::{DatasetConfig, Provider, RoleModel};

    pub(super) fn role<P: Provider + Default>(
        what: &str,
        role: &RoleModel<P>,
        config: &DatasetConfig,
    ) -> Vec<Check> {
        let reference: ModelRef = match role.model.as_deref().unwrap_or_default().parse() {
            Ok(reference) => reference,
            Err(error) => return vec![bad(what, &error)],
        };
        let model = match &reference {
            ModelRef::File(path) if !path.is_file() => {
                Check::new(what, Health::Missing, format!("{reference} is not there"))
                    .hint("give the path of a GGUF file, relative to the current folder")
            }
            ModelRef::File(_) if cfg!(feature = "llama-cpp") => {
                Check::new(what, Health::Good, format!("{reference} is there"))
            }
            ModelRef::File(_) => Check::new(
                what,
                Health::Missing,
                format!("{reference} is there, but this build cannot ask it"),
            )
            .hint(format!(
                "build with `--features llama-cpp`, or serve it: `llama-server -m {reference} --port 8080`, then \
                 `{what}.model: \"http://127.0.0.1:8080/v1\"`"
            )),
            ModelRef::Hub { .. } if !cfg!(all(feature = "hub", feature = "llama-cpp")) => {
                Check::new(what, Health::Missing, format!("{reference} cannot be asked by this build"))
                    .hint("build with `--features hub,llama-cpp`")
            }
            ModelRef::Hub { .. } => Check::new(
                what,
                Health::Doubtful,
                format!("{reference} is looked for when the run needs it, in the hub's cache first"),
            ),
            ModelRef::Server(_) | ModelRef::Ollama(_) => {
                let key = ApiKey::from_env(&role.key_variable);
                let http = HttpConfig {
                    allow_remote: config.allow_remote,
                    first_seconds: 10,
                    ..HttpConfig::default()
                };
                let listed = key.and_then(|key| {
                    Blocking::new()?.block_on(served(&reference, key, &http))
                });
                match listed {
                    Ok(listed) => lists(what, &reference, &role.name, &listed),
                    Err(error) => bad(what, &error).hint(start(&reference)),
                }
            }
        };
        let is_remote = matches!(&reference, ModelRef::Server(url) if url.starts_with("https"));
        let key = if std::env::var_os(&role.key_variable).is_some() {
            Some("is set")
        } else if is_remote {
            Some("is not set; most servers behind https want a key")
        } else {
            None
        };
        let key = key.map(|found| {
            let health = if found == "is set" {
                Health::Good
            } else {
                Health::Doubtful
            };
            Check::new(
                format!("{what}.key_variable"),
                health,
                format!("{} {found}", role.key_variable),
            )
        });
        std::iter::once(model).chain(key).collect()
    }

    /// Whether a server's list has the model.
    fn lists(what: &str, reference: &ModelRef, name: &str, listed: &[String]) -> Check {
        // llama-server may list a file by its name.
        let has = |name: &str| {
            let is =
                |model: &String| model.trim_end_matches(".gguf") == name.trim_end_matches(".gguf");
            listed.iter().any(is)
        };
        let list = if listed.is_empty() {
            "no model".to_owned()
        } else {
            listed.join(", ")
        };
        match reference {
            // Ollama's own default tag.
            ModelRef::Ollama(name) if has(name) || has(&format!("{name}:latest")) => {
                Check::new(what, Health::Good, format!("Ollama has {name}"))
            }
            ModelRef::Ollama(name) => Check::new(
                what,
                Health::Missing,
                format!("Ollama has no {name}; it has {list}"),
            )
            .hint(format!("ollama pull {name}")),
            _ if has(name) => Check::new(what, Health::Good, format!("{reference} has {name}")),
            _ => Check::new(
                what,
                Health::Doubtful,
                format!("{reference} answers and has {list}; it will be asked for `{name}`"),
            )
            .hint(format!(
                "llama-server takes any name; for other servers set `{what}.name`"
            )),
        }
    }

    fn bad(what: &str, error: &LlmError) -> Check {
        let mut found = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            found = format!("{found}: {error}");
            cause = error.source();
        }
        Check::new(what, Health::Missing, found)
    }

    fn start(reference: &ModelRef) -> &'static str {
        match reference {
            ModelRef::Ollama(_) => "start it with `ollama serve`",
            _ => {
                "start the server, as with `llama-server -m model.gguf --port 8080`, or change the address"
            }
        }
    }
}
