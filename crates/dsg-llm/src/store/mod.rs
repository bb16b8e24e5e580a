//! Every reply that was ever paid for, in one SQLite file.

mod exchange;
mod schema;

use std::fmt;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dsg_core::hash::sha256_hex;
use dsg_core::{ChatError, ChatReply, ChatRequest, ModelId};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::LlmError;

pub use exchange::{Exchange, ExchangeSchema};

/// Replies by the hash of everything that shaped them.
///
/// A reply is committed before anyone sees it, so a process that is killed at any instant has lost no reply that it used.
/// Any number of processes may share the file; where two pay for the same reply, the first one counts for both. Clones share
/// one connection. Calls block for the time of a disk write; within a runtime, [`Recorded`](crate::Recorded) moves them aside.
#[derive(Clone)]
pub struct ReplyStore {
    path: PathBuf,
    connection: Arc<Mutex<Connection>>,
}

/// SHA-256 of everything that shapes a reply, as 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReplyKey(String);

/// What a model's replies depend on beside its name and the request: context length, further fields. Null where there is
/// nothing.
pub type Settings = Value;

impl ReplyKey {
    /// The key of one request to one model.
    ///
    /// # Errors
    /// [`ChatError::Backend`] where the request cannot be written as JSON.
    pub fn of(
        model: &ModelId,
        settings: &Settings,
        request: &ChatRequest,
    ) -> Result<Self, ChatError> {
        let shaped_by = ("dsg.reply/1", model, settings, request);
        let json = serde_json::to_vec(&shaped_by).map_err(|source| ChatError::Backend {
            what: "writing a request as JSON".to_owned(),
            source: source.into(),
        })?;
        Ok(Self(sha256_hex(&json)))
    }

    /// The 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReplyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much a store holds, by model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelStats {
    /// Whose replies.
    #[serde(flatten)]
    pub model: ModelId,
    /// How many.
    pub replies: u64,
    /// Tokens of their prompts.
    pub prompt_tokens: u64,
    /// Of those, tokens that the engine still had from an earlier call.
    pub cached_tokens: u64,
    /// Tokens of the replies.
    pub completion_tokens: u64,
    /// Bytes of requests and replies together.
    pub bytes: u64,
}

/// Which replies to remove; one that fits every given condition goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prune {
    /// Only this provider's. Default: any.
    pub provider: Option<String>,
    /// Only this model's. Default: any.
    pub model: Option<String>,
    /// Only replies written longer ago than this. Default: any age.
    pub older_than: Option<Duration>,
}

impl ReplyStore {
    /// Opens the store, or makes an empty one.
    ///
    /// # Errors
    /// [`LlmError::Store`] where the file cannot be used, [`LlmError::StoreFormat`] where it is something else.
    pub fn open(path: &Path) -> Result<Self, LlmError> {
        Ok(Self::with(path, schema::open(path)?))
    }

    /// Opens a store that must be there already.
    ///
    /// # Errors
    /// As [`ReplyStore::open`], and [`LlmError::StoreFormat`] where there is no such file.
    pub fn open_existing(path: &Path) -> Result<Self, LlmError> {
        if !path.is_file() {
            return Err(LlmError::StoreFormat {
                path: path.to_owned(),
                problem: "there is no reply store".to_owned(),
            });
        }
        Self::open(path)
    }

    /// A store that is gone with the value.
    ///
    /// # Errors
    /// [`LlmError::Store`] where SQLite has no memory for it.
    pub fn in_memory() -> Result<Self, LlmError> {
        let path = Path::new(":memory:");
        Ok(Self::with(path, schema::in_memory(path)?))
    }

    fn with(path: &Path, connection: Connection) -> Self {
        Self {
            path: path.to_owned(),
            connection: Arc::new(Mutex::new(connection)),
        }
    }

    /// The store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The reply under `key`, where there is one.
    ///
    /// # Errors
    /// [`LlmError::Store`] where the file cannot be read.
    pub fn get(&self, key: &ReplyKey) -> Result<Option<ChatReply>, LlmError> {
        self.run("reading a reply", |connection| {
            let mut query = connection.prepare_cached("SELECT reply FROM reply WHERE key = ?1")?;
            let json: Option<String> = query
                .query_row([key.as_str()], |row| row.get(0))
                .optional()?;
            json.map(|json| from_json(&json)).transpose()
        })
    }

    /// Keeps a reply and returns the one that counts: this one, or the one that another process kept before.
    ///
    /// # Errors
    /// [`LlmError::Store`] where the file cannot be written.
    pub fn put(&self, exchange: &Exchange) -> Result<ChatReply, LlmError> {
        self.run("keeping a reply", |connection| {
            let mut insert = connection.prepare_cached(
                "INSERT INTO reply (key, provider, model, settings, request, reply, prompt_tokens, completion_tokens)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (key) DO NOTHING",
            )?;
            let usage = exchange.reply.usage;
            let inserted = insert.execute(params![
                exchange.key.as_str(),
                exchange.model.provider,
                exchange.model.model,
                to_json(&exchange.settings)?,
                to_json(&exchange.request)?,
                to_json(&exchange.reply)?,
                i64::try_from(usage.prompt_tokens).unwrap_or(i64::MAX),
                i64::try_from(usage.completion_tokens).unwrap_or(i64::MAX),
            ])?;
            if inserted == 1 {
                return Ok(exchange.reply.clone());
            }
            let mut query = connection.prepare_cached("SELECT reply FROM reply WHERE key = ?1")?;
            let json: String = query.query_row([exchange.key.as_str()], |row| row.get(0))?;
            from_json(&json)
        })
    }

    /// What the store holds, by provider and model in that order.
    ///
    /// # Errors
    /// [`LlmError::Store`] where the file cannot be read.
    pub fn stats(&self) -> Result<Vec<ModelStats>, LlmError> {
        self.run("counting the replies", |connection| {
            let mut query = connection.prepare(
                "SELECT provider, model, count(*), sum(prompt_tokens), sum(completion_tokens),
                        sum(octet_length(request) + octet_length(reply)),
                        sum(coalesce(json_extract(reply, '$.usage.cached_tokens'), 0))
                 FROM reply GROUP BY provider, model ORDER BY provider, model",
            )?;
            let number = |row: &rusqlite::Row<'_>, at: usize| -> rusqlite::Result<u64> {
                Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or(0))
            };
            query
                .query_map([], |row| {
                    Ok(ModelStats {
                        model: ModelId {
                            provider: row.get(0)?,
                            model: row.get(1)?,
                        },
                        replies: number(row, 2)?,
                        prompt_tokens: number(row, 3)?,
                        completion_tokens: number(row, 4)?,
                        bytes: number(row, 5)?,
                        cached_tokens: number(row, 6)?,
                    })
                })?
                .collect()
        })
    }

    /// Writes every exchange as a JSON line, by key, so that the same replies give the same bytes. Returns how many.
    ///
    /// # Errors
    /// [`LlmError::Store`] where the store cannot be read or `out` not be written.
    pub fn export(&self, out: &mut dyn Write) -> Result<u64, LlmError> {
        let mut written = 0;
        let failed = |source| self.error("writing the export", source);
        let mut after = String::new();
        // Page by page, so that the store is not kept from others while a slow pipe is written to.
        loop {
            let page = self.page_after(&after)?;
            let Some(last) = page.last() else { break };
            last.key.as_str().clone_into(&mut after);
            for exchange in &page {
                serde_json::to_writer(&mut *out, exchange).map_err(|e| failed(e.into()))?;
                out.write_all(b"\n").map_err(|e| failed(e.into()))?;
                written += 1;
            }
        }
        out.flush().map_err(|e| failed(e.into()))?;
        Ok(written)
    }

    /// Takes in what [`ReplyStore::export`] wrote. Replies that are there already stay. Returns how many lines were read.
    ///
    /// # Errors
    /// [`LlmError::StoreFormat`] for a line that is no exchange, or whose key is not that of its request.
    pub fn import(&self, lines: &mut dyn BufRead) -> Result<u64, LlmError> {
        let mut read = 0;
        for line in lines.lines() {
            let line = line.map_err(|e| self.error("reading an export", e.into()))?;
            read += 1;
            let problem = |problem: String| LlmError::StoreFormat {
                path: self.path.clone(),
                problem: format!("line {read} of the import: {problem}"),
            };
            let exchange: Exchange =
                serde_json::from_str(&line).map_err(|e| problem(e.to_string()))?;
            let key = ReplyKey::of(&exchange.model, &exchange.settings, &exchange.request);
            if key.ok().as_ref() != Some(&exchange.key) {
                return Err(problem("the key is not that of the request".to_owned()));
            }
            self.put(&exchange)?;
        }
        Ok(read)
    }

    /// Removes replies, gives their space back to the file system, and returns how many went.
    ///
    /// # Errors
    /// [`LlmError::Store`] where the file cannot be written.
    pub fn prune(&self, which: &Prune) -> Result<u64, LlmError> {
        let age = which
            .older_than
            .map(|age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        self.run("removing replies", |connection| {
            let removed = connection.execute(
                "DELETE FROM reply WHERE (?1 IS NULL OR provider = ?1) AND (?2 IS NULL OR model = ?2)
                 AND (?3 IS NULL OR written_at < unixepoch() - ?3)",
                params![which.provider, which.model, age],
            )?;
            connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
            Ok(u64::try_from(removed).unwrap_or(u64::MAX))
        })
    }

    fn page_after(&self, after: &str) -> Result<Vec<Exchange>, LlmError> {
        self.run("reading replies", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT key, provider, model, settings, request, reply FROM reply
                 WHERE key > ?1 ORDER BY key LIMIT 256",
            )?;
            query
                .query_map([after], |row| {
                    let json = |at: usize| row.get::<_, String>(at);
                    Ok(Exchange {
                        schema: ExchangeSchema::V1,
                        key: ReplyKey(row.get(0)?),
                        model: ModelId {
                            provider: row.get(1)?,
                            model: row.get(2)?,
                        },
                        settings: from_json(&json(3)?)?,
                        request: from_json(&json(4)?)?,
                        reply: from_json(&json(5)?)?,
                    })
                })?
                .collect()
        })
    }

    fn run<T>(
        &self,
        what: &str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LlmError> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(&connection).map_err(|source| self.error(what, source.into()))
    }

    fn error(&self, what: &str, source: Box<dyn std::error::Error + Send + Sync>) -> LlmError {
        LlmError::Store {
            path: self.path.clone(),
            what: what.to_owned(),
            source,
        }
    }
}

impl fmt::Debug for ReplyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReplyStore").field(&self.path).finish()
    }
}

fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))
}

fn from_json<T: for<'de> Deserialize<'de>>(json: &str) -> rusqlite::Result<T> {
    serde_json::from_str(json).map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, e.into())
    })
}
