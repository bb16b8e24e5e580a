//! Files of repositories on the Hugging Face hub: from the cache that all its programs share, or fetched into it.
//!
//! The crate `hf-hub` knows the cache. The bytes come over this crate's own connections: no client of `hf-hub` can be kept from
//! proxies and from redirects to other machines.

mod download;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use hf_hub::{Cache, Repo};

use crate::blocking::Blocking;
use crate::error::LlmError;
use crate::http::HttpConfig;
use crate::key::ApiKey;
use crate::reference::ModelRef;

use download::Download;

/// Where the hub and its cache are.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// The hub's address. Default: `https://huggingface.co`.
    pub endpoint: String,
    /// The folder of the cache, which holds one folder for each repository.
    pub cache: PathBuf,
    /// How the hub is spoken to, and whether one that is not on this machine may be. Files may be larger than `max_reply_bytes`.
    pub http: HttpConfig,
    /// For repositories that are not open to everyone; sent to the endpoint alone. Default: none.
    pub token: Option<ApiKey>,
}

impl HubConfig {
    /// The public hub, not to be spoken to, and a cache in this folder.
    pub fn new(cache: PathBuf) -> Self {
        Self {
            endpoint: "https://huggingface.co".to_owned(),
            cache,
            http: HttpConfig::default(),
            token: None,
        }
    }

    /// What the environment says: `HF_ENDPOINT`, `HF_TOKEN`, and for the cache the first of `HF_HUB_CACHE`, `$HF_HOME/hub`,
    /// `$XDG_CACHE_HOME/huggingface/hub` and `~/.cache/huggingface/hub`.
    ///
    /// # Errors
    /// [`LlmError::Config`] where there is no place for the cache or the endpoint is no text, [`LlmError::Key`] for a token that
    /// no header can carry.
    pub fn from_env(http: HttpConfig) -> Result<Self, LlmError> {
        let mut config = Self::new(cache_folder(|name| env::var_os(name), env::home_dir())?);
        if let Some(endpoint) = env::var_os("HF_ENDPOINT").filter(|value| !value.is_empty()) {
            config.endpoint = endpoint
                .into_string()
                .map_err(|_| LlmError::config("HF_ENDPOINT", "is no text"))?;
        }
        config.http = http;
        config.token = ApiKey::from_env("HF_TOKEN")?;
        Ok(config)
    }

    /// The path of `file` on the branch `main` of `repo` (`owner/name`): from the cache without a question to anyone, else fetched
    /// into it. A fetch that was cut goes on where it ended; nothing is in the cache under the file's name before its length
    /// and, where the hub tells it, its SHA-256 are right. Waits where another process fetches the same. Blocks; must not be
    /// called from within async code.
    ///
    /// # Errors
    /// [`LlmError::Config`] for names that are none and an endpoint that is no address, [`LlmError::FetchNotAllowed`] where the
    /// hub or what it redirects to is not on this machine, [`LlmError::Fetch`] for what the hub refuses, what ends early, what is
    /// damaged and what cannot be written.
    pub fn fetch(&self, repo: &str, file: &str) -> Result<PathBuf, LlmError> {
        let wanted = ModelRef::Hub {
            repo: repo.to_owned(),
            file: file.to_owned(),
        };
        let name = wanted.to_string();
        // No part of it may lead out of the cache: the parser knows.
        if name.parse::<ModelRef>()? != wanted {
            let problem = format!("`{repo}` must read `owner/name`");
            return Err(LlmError::config("model", problem));
        }
        let repository = Repo::model(repo.to_owned());
        let folder = self.cache.join(repository.folder_name());
        let entry = Cache::new(self.cache.clone()).repo(repository);
        if let Some(path) = entry.get(file).filter(|path| path.is_file()) {
            return Ok(path);
        }
        let download = Download::new(self, name, (repo, file), &entry, &folder)?;
        Blocking::new()?.block_on(download.run())
    }
}

/// The cache by the rules of the hub's own programs.
fn cache_folder(
    variable: impl Fn(&str) -> Option<OsString>,
    home: Option<PathBuf>,
) -> Result<PathBuf, LlmError> {
    let named = |name| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(folder) = named("HF_HUB_CACHE") {
        return Ok(folder);
    }
    named("HF_HOME")
        .or_else(|| Some(named("XDG_CACHE_HOME")?.join("huggingface")))
        .or_else(|| Some(home?.join(".cache/huggingface")))
        .map(|folder| folder.join("hub"))
        .ok_or_else(|| {
            LlmError::config("HF_HOME", "is not set, and no home folder is there for it")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_where_the_hubs_own_programs_have_it() {
        let all = [
            ("HF_HUB_CACHE", "/c"),
            ("HF_HOME", "/h"),
            ("XDG_CACHE_HOME", "/x"),
        ];
        let found = |set: &[(&str, &str)], home: Option<&str>| {
            let of = |name: &str| Some(set.iter().find(|(known, _)| *known == name)?.1.into());
            cache_folder(of, home.map(PathBuf::from))
        };
        for (set, expected) in [
            (all.as_slice(), "/c"),
            (&all[1..], "/h/hub"),
            (&all[2..], "/x/huggingface/hub"),
            (&[("HF_HOME", "")], "/me/.cache/huggingface/hub"),
        ] {
            assert_eq!(found(set, Some("/me")).unwrap(), PathBuf::from(expected));
        }
        assert!(found(&[], None).is_err());
    }
}
