//! The models of a run: opened when first asked for, with one reply store and one budget.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dsg_core::{Candidate, ChatError, ChatModel, ChunkStore, Retriever, Seed, Stage, StageResult};
use dsg_generate::{Generated, ModelWriter};
use dsg_judge::{ModelJudge, ModelJudgeError};

use crate::config::{DatasetConfig, Provider as _};
use crate::error::DsgError;
use crate::stages::{curriculum, rubric_config};
use crate::steps::{Context, interrupted};

pub(crate) use session::{Roles, Spent};

/// An index to what the configured model writes about it.
pub(crate) fn write(ctx: &Context<'_>, index: &dyn Retriever) -> Result<Generated, DsgError> {
    let writer = ModelWriter::new(
        curriculum(ctx.config),
        ctx.config.writer.clone(),
        Seed(ctx.config.seed),
        Arc::clone(&ctx.stages.prompts),
        ctx.roles.generator(ctx.config)?,
    )?;
    let estimate = writer.estimate(index)?;
    ctx.start(Stage::Generate, Some(estimate.tasks))?;
    ctx.say(
        Stage::Generate,
        format!(
            "{} tasks with about {} calls, {} tokens of prompts and {} of replies in the first of up to {} rounds",
            estimate.tasks,
            estimate.calls,
            estimate.prompt_tokens,
            estimate.reply_tokens,
            ctx.config.writer.rounds,
        ),
    );
    ctx.roles
        .block_on(writer.run(index, ctx.observer, ctx.interrupt))?
        .map_err(interrupted)
}

impl Roles {
    /// With its reply store beside `file`, where a step runs alone.
    pub(crate) fn beside(file: &Path) -> Self {
        Self::new(file.with_extension("replies"))
    }
}

/// Candidates through the validators and the configured model.
pub(crate) fn review(
    ctx: &Context<'_>,
    candidates: Vec<Candidate>,
    index: &dyn ChunkStore,
) -> Result<StageResult<Candidate>, DsgError> {
    let config = ctx.config;
    let writer = if config.models.generator.provider.is_model() {
        Some(ctx.roles.generator(ctx.config)?)
    } else {
        None
    };
    if config.models.is_one_for_both() {
        let message = "the judge is the model that wrote: it is lenient with its own words; \
                       `models.judge` takes another one";
        ctx.warn(Stage::Judge, "models.judge", message);
    }
    let judge = ModelJudge::new(
        Arc::clone(&ctx.stages.judge),
        rubric_config(config),
        Arc::clone(&ctx.stages.prompts),
        ctx.roles.judge(ctx.config)?,
        writer,
    )?
    .with_interrupt(ctx.interrupt.clone());
    ctx.roles
        .block_on(judge.review_all(candidates, index, ctx.observer))?
        .map_err(|error| judging_ended(error, Stage::Judge))
}

/// A request to stop is not a failure of the judge.
pub(crate) fn judging_ended(error: ModelJudgeError, stage: Stage) -> DsgError {
    match error {
        ModelJudgeError::Model {
            source: ChatError::Interrupted,
            ..
        } => DsgError::Interrupted { stage },
        other => other.into(),
    }
}

#[cfg(feature = "models")]
mod session {
    use std::cell::OnceCell;

    use dsg_chunk::EstimatedTokens;
    pub(crate) use dsg_llm::Spent;
    use dsg_llm::{Blocking, Budget, BudgetConfig, ReplyStore, Shared};

    use super::{Arc, ChatModel, DatasetConfig, DsgError, PathBuf};
    use crate::config::RoleModel;
    use crate::teacher::TeacherConfig;

    /// The models that a run asks.
    pub(crate) struct Roles {
        /// The SQLite file that keeps every reply.
        store: PathBuf,
        open: OnceCell<Open>,
        generator: OnceCell<Arc<dyn ChatModel>>,
        judge: OnceCell<Arc<dyn ChatModel>>,
    }

    struct Open {
        runtime: Blocking,
        shared: Shared,
    }

    impl Roles {
        pub(crate) const fn new(store: PathBuf) -> Self {
            Self {
                store,
                open: OnceCell::new(),
                generator: OnceCell::new(),
                judge: OnceCell::new(),
            }
        }

        pub(crate) fn generator(
            &self,
            config: &DatasetConfig,
        ) -> Result<Arc<dyn ChatModel>, DsgError> {
            self.role(&self.generator, config, &config.models.generator)
        }

        pub(crate) fn judge(&self, config: &DatasetConfig) -> Result<Arc<dyn ChatModel>, DsgError> {
            // A file is loaded once.
            if config.models.is_one_for_both() {
                return self.generator(config);
            }
            self.role(&self.judge, config, &config.models.judge)
        }

        pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output, DsgError> {
            match self.open.get() {
                Some(open) => Ok(open.runtime.block_on(future)),
                None => Ok(Blocking::new()?.block_on(future)),
            }
        }

        /// What this run spent, once a model was opened.
        pub(crate) fn spent(&self) -> Option<Spent> {
            Some(self.open.get()?.shared.budget.spent())
        }

        fn opened(&self, budget: &BudgetConfig) -> Result<&Open, DsgError> {
            if let Some(open) = self.open.get() {
                return Ok(open);
            }
            let open = Open {
                runtime: Blocking::new()?,
                shared: Shared {
                    store: Some(ReplyStore::open(&self.store)?),
                    budget: Arc::new(Budget::new(budget.clone())?),
                    counter: Arc::new(EstimatedTokens),
                },
            };
            Ok(self.open.get_or_init(|| open))
        }

        fn role<P: Default>(
            &self,
            role: &OnceCell<Arc<dyn ChatModel>>,
            config: &DatasetConfig,
            named: &RoleModel<P>,
        ) -> Result<Arc<dyn ChatModel>, DsgError> {
            if let Some(model) = role.get() {
                return Ok(Arc::clone(model));
            }
            let models = &config.models;
            let open = self.opened(&models.budget)?;
            let reference = named.model.as_deref().unwrap_or_default().parse()?;
            let mut teacher = TeacherConfig::new(reference, self.store.clone());
            teacher.name.clone_from(&named.name);
            teacher.key_variable.clone_from(&named.key_variable);
            teacher.context_tokens = named.context_tokens;
            teacher.http.allow_remote = config.allow_remote;
            teacher.stack = models.calls.clone();
            let model = teacher.open_with(open.shared.clone())?;
            Ok(Arc::clone(role.get_or_init(|| model)))
        }
    }
}

#[cfg(not(feature = "models"))]
mod session {
    use super::{Arc, ChatModel, DatasetConfig, DsgError, PathBuf};

    /// What this build cannot ask.
    pub(crate) struct Roles;

    /// What this build cannot spend.
    #[derive(serde::Serialize)]
    pub(crate) enum Spent {}

    const MISSING: DsgError = DsgError::FeatureMissing { feature: "models" };

    #[allow(clippy::unused_self, reason = "called as in a build with models")]
    impl Roles {
        pub(crate) fn new(_store: PathBuf) -> Self {
            Self
        }

        pub(crate) fn generator(
            &self,
            _config: &DatasetConfig,
        ) -> Result<Arc<dyn ChatModel>, DsgError> {
            Err(MISSING)
        }

        pub(crate) fn judge(
            &self,
            _config: &DatasetConfig,
        ) -> Result<Arc<dyn ChatModel>, DsgError> {
            Err(MISSING)
        }

        pub(crate) fn block_on<F: Future>(&self, _future: F) -> Result<F::Output, DsgError> {
            Err(MISSING)
        }

        pub(crate) fn spent(&self) -> Option<Spent> {
            None
        }
    }
}
