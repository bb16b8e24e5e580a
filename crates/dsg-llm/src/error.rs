//! Why a model, a store or a reference cannot be set up. What goes wrong in a call is a [`ChatError`](dsg_core::ChatError).

use std::error::Error;
use std::path::PathBuf;

/// A set-up that cannot work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LlmError {
    /// A value is impossible.
    #[error("`{field}`: {problem}")]
    Config {
        /// The field, dotted.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The server is not on this machine, and nothing else may be spoken to.
    #[error(
        "{host} is not on this machine; set `allow_remote: true` or pass `--allow-remote` to speak to it"
    )]
    RemoteNotAllowed {
        /// The host as configured.
        host: String,
    },
    /// The environment variable with the key is no good.
    #[error("the environment variable `{variable}` {problem}")]
    Key {
        /// Its name.
        variable: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// This build lacks something.
    #[error(
        "{what} needs `{feature}`, which this dsg was built without; build it with `--features {feature}`"
    )]
    FeatureMissing {
        /// What was asked for.
        what: String,
        /// The Cargo feature to build with.
        feature: &'static str,
    },
    /// A server does not say which models it has.
    #[error("{server} does not say which models it has")]
    Server {
        /// Its address.
        server: String,
        /// Why.
        #[source]
        source: Box<dsg_core::ChatError>,
    },
    /// A model file cannot be used.
    #[error("{path}: {problem}")]
    Model {
        /// The model's file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// Why it failed, where there is more to say.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A file cannot hold replies to a form.
    #[error("`{path}` cannot hold replies: {problem}")]
    Constraint {
        /// The file with a schema or a grammar.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
        /// Why it failed, where there is more to say.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A file of a model hub is not in its cache, and the hub, or a server that it names, is not on this machine.
    #[error(
        "`{file}` is not in the cache {cache}, and {host} is not on this machine; set `allow_remote: true` or pass `--allow-remote` to fetch it, or fetch it yourself and give its path"
    )]
    FetchNotAllowed {
        /// The file, `hf://owner/repo/file`.
        file: String,
        /// The cache's folder.
        cache: PathBuf,
        /// The host that would have been asked.
        host: String,
    },
    /// A file of a model hub could not be fetched.
    #[error("`{file}` cannot be fetched: {problem}")]
    Fetch {
        /// The file, `hf://owner/repo/file`.
        file: String,
        /// What went wrong, and what helps.
        problem: String,
        /// Why it failed, where there is more to say.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The reply store cannot be used.
    #[error("{path}: {what}")]
    Store {
        /// The store's file.
        path: PathBuf,
        /// What was attempted.
        what: String,
        /// Why it failed.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A reply store of another version, or another program's file.
    #[error("{path}: {problem}")]
    StoreFormat {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        problem: String,
    },
    /// The async runtime could not be started.
    #[error("cannot start the runtime for model calls")]
    Runtime(#[source] std::io::Error),
    /// The certificates of this machine could not be loaded.
    #[error("cannot set up TLS with this machine's certificates")]
    Tls(#[source] std::io::Error),
}

impl LlmError {
    pub(crate) fn config(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Config {
            field,
            problem: problem.into(),
        }
    }
}
