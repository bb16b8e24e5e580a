//! What runs the models that are asked.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;

use dsg_train::adapter::LoraWeights;
use dsg_train::burn::tensor::Device;
use dsg_train::data::{Refusal, Row};
use dsg_train::evaluation::{Answer, EvalItem, Evaluator};
use dsg_train::generate::GenerateOptions;
use dsg_train::source::Source;
use serde::Serialize;

use super::EvalModel;
use super::error::EvalError;
#[cfg(feature = "llama-cpp")]
use super::llama_cpp::LlamaCppEngine;
use super::record::Evaluated;
use crate::error::DsgError;

/// What runs a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EvalEngine {
    /// dsg's own decoder, on burn, as in training: with the weights in single precision, whatever type the file keeps them in. The default.
    #[default]
    Burn,
    /// llama.cpp in this process, as whoever uses a GGUF file runs it: with its kernels, which round what they multiply with quantized weights to
    /// eight bits. Needs the feature `llama-cpp`.
    LlamaCpp {
        /// Threads that decode. Default: one a core, 8 at most.
        threads: Option<NonZeroUsize>,
    },
}

/// What replies are held to while they are written. llama.cpp alone can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvalConstraint {
    /// A file with a JSON Schema.
    Schema(PathBuf),
    /// A file with a grammar in llama.cpp's notation (GBNF), whose rule `root` is the reply.
    Grammar(PathBuf),
}

/// How replies that were held to a form came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConstrainedReplies {
    /// What they were held to: `schema` or `grammar`.
    pub by: &'static str,
    /// The file with it.
    pub file: String,
    /// Replies that ended by themselves and are of the form: one JSON value that the schema takes; of a grammar, all that ended.
    pub valid: usize,
    /// Replies that ended and are not: the schema asks for more than its grammar does.
    pub invalid: usize,
    /// Replies that were cut, at the most tokens or at the end of the context.
    pub cut: usize,
}

/// A model that can be asked, whatever runs it.
pub(super) trait Examinee {
    /// A row as an item for this model.
    fn item(&self, row: &Row) -> Result<EvalItem, Refusal>;

    /// Changes with everything that the answer depends on.
    fn key(&self, item: &EvalItem) -> String;

    /// The model's answer, and how likely it finds the right one. `go_on` is asked after every token and may stop the reply.
    fn ask(
        &mut self,
        item: &EvalItem,
        go_on: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Result<Answer, Refusal>, DsgError>;
}

impl Examinee for Evaluator {
    fn item(&self, row: &Row) -> Result<EvalItem, Refusal> {
        Evaluator::item(self, row)
    }

    fn key(&self, item: &EvalItem) -> String {
        Evaluator::key(self, item)
    }

    fn ask(
        &mut self,
        item: &EvalItem,
        go_on: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Result<Answer, Refusal>, DsgError> {
        Ok(Evaluator::ask(self, item, go_on)?)
    }
}

/// An engine that this build has and that can run what is asked of it.
pub(super) enum Engine {
    Burn,
    #[cfg(feature = "llama-cpp")]
    LlamaCpp(LlamaCppEngine),
}

impl EvalEngine {
    /// The engine, for these models.
    ///
    /// # Errors
    /// [`DsgError::FeatureMissing`] in a build without it; [`EvalError::NotExported`] where it cannot run one of the models, [`EvalError::Unconstrained`] where it
    /// cannot hold replies to a constraint; [`DsgError::Llm`] for a constraint that is none.
    pub(super) fn open(
        self,
        models: &[&EvalModel],
        constraint: Option<&EvalConstraint>,
    ) -> Result<Engine, DsgError> {
        match self {
            Self::Burn if constraint.is_some() => Err(EvalError::Unconstrained.into()),
            Self::Burn => Ok(Engine::Burn),
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp { threads } => {
                let not_a_file =
                    |model: &&&EvalModel| model.adapter.is_some() || model.model.is_dir();
                if let Some(model) = models.iter().find(not_a_file) {
                    let model = (*model).clone();
                    return Err(EvalError::NotExported { model }.into());
                }
                LlamaCppEngine::new(threads, constraint).map(Engine::LlamaCpp)
            }
            #[cfg(not(feature = "llama-cpp"))]
            Self::LlamaCpp { .. } => {
                // Which they are does not matter.
                let _ = models;
                Err(DsgError::FeatureMissing {
                    feature: "llama-cpp",
                })
            }
        }
    }
}

impl Engine {
    /// The name, as in a call.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Burn => "burn",
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(_) => "llama-cpp",
        }
    }

    /// Loads a model and has it asked.
    pub(super) fn load<T>(
        &self,
        model: &EvalModel,
        replies: &GenerateOptions,
        ask: impl FnOnce(&mut dyn Examinee) -> Result<T, DsgError>,
    ) -> Result<T, DsgError> {
        let source = Source::open(&model.model)?;
        match self {
            Self::Burn => {
                let adapter = model.adapter.as_ref();
                let adapter = adapter
                    .map(|folder| LoraWeights::read(folder, &Device::flex()))
                    .transpose()?;
                ask(&mut Evaluator::new(
                    &source,
                    adapter.as_ref(),
                    replies.clone(),
                )?)
            }
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(engine) => engine.load(&source, replies, ask),
        }
    }

    /// How the replies came out, where they were held to a form.
    pub(super) fn constrained(&self, results: &[&Evaluated]) -> Option<ConstrainedReplies> {
        match self {
            Self::Burn => {
                // Whose these are matters to the other engine alone, which this build may lack.
                let _ = results;
                None
            }
            #[cfg(feature = "llama-cpp")]
            Self::LlamaCpp(engine) => engine.constrained(results),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn model(adapter: Option<&str>) -> EvalModel {
        EvalModel {
            model: "base.gguf".into(),
            adapter: adapter.map(PathBuf::from),
        }
    }

    #[test]
    fn replies_are_held_to_nothing_by_an_engine_that_cannot() {
        for constraint in [
            EvalConstraint::Schema("a.json".into()),
            EvalConstraint::Grammar("a.gbnf".into()),
        ] {
            let opened = EvalEngine::Burn.open(&[&model(None)], Some(&constraint));
            let error = opened.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert!(error.to_string().contains("llama-cpp"), "{error}");
        }
        let engine = EvalEngine::Burn.open(&[&model(Some("student"))], None);
        assert_eq!(engine.unwrap().name(), "burn");
    }

    #[cfg(not(feature = "llama-cpp"))]
    #[test]
    fn a_build_without_llama_cpp_names_the_feature() {
        let engine = EvalEngine::LlamaCpp { threads: None };
        let error = engine.open(&[&model(None)], None).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Usage);
        let says = error.to_string();
        assert!(says.contains("--features llama-cpp"), "{says}");
    }

    #[cfg(feature = "llama-cpp")]
    #[test]
    fn llama_cpp_runs_files_alone() {
        let engine = EvalEngine::LlamaCpp { threads: None };
        let folder = tempfile::tempdir().unwrap();
        let other = EvalModel {
            model: folder.path().to_path_buf(),
            adapter: None,
        };
        for unfit in [model(Some("student")), other] {
            let error = engine.open(&[&model(None), &unfit], None).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Usage);
            let says = error.to_string();
            assert!(says.contains("dsg export-gguf"), "{says}");
            assert!(says.contains(&unfit.to_string()), "{says}");
        }
        let engine = engine.open(&[&model(None)], None).unwrap();
        assert_eq!(engine.name(), "llama-cpp");
    }
}
