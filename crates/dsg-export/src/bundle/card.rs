//! The files of a bundle that depend on model and machine: settings, Modelfile, systemd unit, and the model card.

use std::collections::BTreeSet;

use dsg_gguf::Gguf;
use minijinja::value::Serde;
use minijinja::{Environment, Error};
use serde::Serialize;

use super::chat::Chat;
use super::plan::Plan;
use super::shape::Shape;
use super::target::{GIB, MIB, Target};
use super::{SETTINGS_FILE, is_plain};
use crate::card::cell;
use crate::config::is_license_id;
use crate::error::ExportError;
use crate::manifest::{Manifest, ModelUse, Tool};
use crate::template::environment;

/// The release of llama.cpp that `setup` builds.
const LLAMA_TAG: &str = "v0.4.0";
/// Where the server listens.
const PORT: u16 = 8080;
/// Tokens of a reply at most.
const REPLY_TOKENS: u64 = 512;
/// Where repositories are that a card can name as the model's origin.
const HUB: &str = "https://huggingface.co/";
/// Tokens of a text to embed at most.
const EMBED_TOKENS: u64 = 512;

/// What the templates are filled from.
pub(super) struct Bundle<'a> {
    pub(super) name: &'a str,
    pub(super) model: &'a str,
    pub(super) target: Target,
    pub(super) tool: &'a Tool,
    pub(super) file: &'a Gguf,
    pub(super) shape: &'a Shape,
    pub(super) plan: &'a Plan,
    pub(super) chat: &'a Chat,
    pub(super) manifest: Option<&'a Manifest>,
}

impl Bundle<'_> {
    /// Names and texts of the files.
    pub(super) fn render(&self) -> Result<Vec<(String, String)>, ExportError> {
        let files = [
            ("README.md", include_str!("files/README.md.j2")),
            ("Modelfile", include_str!("files/Modelfile.j2")),
            (SETTINGS_FILE, include_str!("files/settings.sh.j2")),
            ("service", include_str!("files/service.j2")),
        ];
        let view = self.view();
        let render = |name: &'static str, template: &'static str| -> Result<String, Error> {
            let mut env = environment()?;
            add_filters(&mut env);
            env.add_template(name, template)?;
            env.get_template(name)?.render(Serde(&view))
        };
        files
            .into_iter()
            .map(|(name, template)| {
                let text = render(name, template)
                    .map_err(|source| ExportError::Bundle { file: name, source })?;
                let name = match name {
                    "service" => format!("{}.service", self.name),
                    name => name.to_owned(),
                };
                Ok((name, text))
            })
            .collect()
    }

    fn view(&self) -> View<'_> {
        let summary = self.file.summary();
        let license = self
            .file
            .text("general.license")
            .map(str::to_ascii_lowercase)
            .filter(|license| is_license_id(license));
        View {
            name: self.name,
            model: self.model,
            port: PORT,
            tag: LLAMA_TAG,
            tool: self.tool,
            title: summary.name.unwrap_or_else(|| self.name.to_owned()),
            parameters: count(summary.parameters),
            architecture: summary.architecture.unwrap_or_default(),
            bits: format!("{:.2}", summary.bits_per_weight),
            license: license.unwrap_or_else(|| "other".to_owned()),
            languages: self.manifest.map(Manifest::languages).unwrap_or_default(),
            base_model: self
                .file
                .text("general.base_model.0.repo_url")
                .and_then(repository),
            shape: ShapeView {
                layers: self.shape.layers,
                kv_values: self.shape.kv_values,
                vocabulary: self.shape.vocabulary,
                context: self.shape.context,
                is_tied: self.shape.is_tied,
            },
            plan: PlanView {
                plan: self.plan,
                title: self.target.title(),
                memory_mib: self.plan.memory / MIB,
                cache_mib: self.plan.cache / MIB,
                zram_percent: self.target.zram_percent(),
                reply_tokens: REPLY_TOKENS,
                embed_tokens: EMBED_TOKENS.min(self.shape.context),
            },
            chat: self.chat.has_template,
            family: self.chat.family.map(super::chat::Family::title),
            ollama: self.chat.ollama,
            compared: self.chat.is_compared,
            system: self.chat.system.as_deref(),
            stops: &self.chat.stops,
            notes: &self.chat.notes,
            dataset: self.manifest.map(DatasetView::new),
        }
    }
}

/// What the templates see.
#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    model: &'a str,
    port: u16,
    tag: &'static str,
    tool: &'a Tool,
    title: String,
    parameters: String,
    architecture: String,
    bits: String,
    license: String,
    languages: BTreeSet<&'a str>,
    base_model: Option<&'a str>,
    shape: ShapeView,
    plan: PlanView<'a>,
    chat: bool,
    family: Option<&'static str>,
    ollama: Option<&'static str>,
    compared: bool,
    system: Option<&'a str>,
    stops: &'a [String],
    notes: &'a [String],
    dataset: Option<DatasetView<'a>>,
}

#[derive(Serialize)]
struct ShapeView {
    layers: u64,
    kv_values: u64,
    vocabulary: u64,
    context: u64,
    is_tied: bool,
}

#[derive(Serialize)]
struct PlanView<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    title: &'static str,
    memory_mib: u64,
    cache_mib: u64,
    zram_percent: u32,
    reply_tokens: u64,
    embed_tokens: u64,
}

#[derive(Serialize)]
struct DatasetView<'a> {
    train: u64,
    eval: u64,
    inputs: usize,
    tool: &'a Tool,
    seed: u64,
    config_sha256: &'a str,
    licenses: BTreeSet<&'a str>,
    models: &'a [ModelUse],
}

impl<'a> DatasetView<'a> {
    fn new(manifest: &'a Manifest) -> Self {
        Self {
            train: manifest.records("train.jsonl"),
            eval: manifest.records("eval.jsonl"),
            inputs: manifest.inputs.len(),
            tool: &manifest.tool,
            seed: manifest.seed.0,
            config_sha256: &manifest.config_sha256,
            licenses: manifest
                .inputs
                .iter()
                .filter_map(|input| input.license.as_deref())
                .collect(),
            models: &manifest.models,
        }
    }
}

fn add_filters(env: &mut Environment<'_>) {
    env.add_filter("size", size);
    env.add_filter("cell", cell);
}

/// `owner/name` of a repository's address on the hub; a name alone, as model files have it too, would be refused there.
fn repository(url: &str) -> Option<&str> {
    let id = url.strip_prefix(HUB)?.trim_end_matches('/');
    let (owner, name) = id.split_once('/')?;
    (is_plain(owner) && is_plain(name)).then_some(id)
}

/// Bytes as people write them.
pub(crate) fn size(bytes: u64) -> String {
    if bytes >= GIB {
        format!("{:.1} GiB", bytes as f64 / GIB as f64)
    } else {
        format!("{} MiB", bytes.div_ceil(MIB))
    }
}

/// A number of parameters as people write it.
fn count(number: u64) -> String {
    match number {
        0..1_000_000 => number.to_string(),
        1_000_000..1_000_000_000 => format!("{:.0} million", number as f64 / 1e6),
        _ => format!("{:.1} billion", number as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_repository_of_the_hub_is_a_base_model() {
        let id = "HuggingFaceTB/SmolLM2-135M";
        for end in ["", "/"] {
            assert_eq!(repository(&format!("{HUB}{id}{end}")), Some(id));
        }
        for url in [id, "https://example.org/a/b", "https://huggingface.co/a"] {
            assert_eq!(repository(url), None, "{url}");
        }
    }
}
