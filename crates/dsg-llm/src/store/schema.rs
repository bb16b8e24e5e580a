//! The file: how it is opened, and what is in it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::LlmError;

/// "dsgr", so that `file` and a later dsg know what this is.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"dsgr");
const VERSION: i32 = 1;
/// How long one process waits for another's write.
const BUSY: Duration = Duration::from_mins(1);

const TABLES: &str = "
CREATE TABLE reply (
  key TEXT PRIMARY KEY NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  settings TEXT NOT NULL,
  request TEXT NOT NULL,
  reply TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  written_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX reply_by_model ON reply (provider, model);
";

pub(super) fn open(path: &Path) -> Result<Connection, LlmError> {
    // A file name that begins with `file:` is a file name.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|error| failed(path, "opening the reply store", error))?;
    prepare(path, connection)
}

pub(super) fn in_memory(path: &Path) -> Result<Connection, LlmError> {
    let connection = Connection::open_in_memory()
        .map_err(|error| failed(path, "opening a reply store in memory", error))?;
    prepare(path, connection)
}

fn prepare(path: &Path, mut connection: Connection) -> Result<Connection, LlmError> {
    let set_up = |connection: &mut Connection| -> rusqlite::Result<(i32, i32)> {
        connection.busy_timeout(BUSY)?;
        // The check and the tables in one write transaction: two processes may open a new store at once.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number = |name: &str| transaction.pragma_query_value(None, name, |row| row.get(0));
        let mut found: (i32, i32) = (number("application_id")?, number("user_version")?);
        let tables: i64 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if found == (0, 0) && tables == 0 {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            found = (APPLICATION_ID, VERSION);
        }
        transaction.commit()?;
        Ok(found)
    };
    let (application, version) =
        set_up(&mut connection).map_err(|error| failed(path, "opening the reply store", error))?;
    if application != APPLICATION_ID {
        return Err(wrong(
            path,
            "this is a database, but no reply store".to_owned(),
        ));
    }
    if version != VERSION {
        let problem =
            format!("this reply store has version {version}; this dsg reads version {VERSION}");
        return Err(wrong(path, problem));
    }
    // WAL lets readers read while one process writes. NORMAL leaves the log's flush to the operating system: a killed
    // process loses nothing, a machine without power loses the last replies at most and never the file.
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .and_then(|()| connection.pragma_update(None, "synchronous", "NORMAL"))
        .map_err(|error| failed(path, "opening the reply store", error))?;
    Ok(connection)
}

fn failed(path: &Path, what: &str, source: rusqlite::Error) -> LlmError {
    LlmError::Store {
        path: path.to_owned(),
        what: what.to_owned(),
        source: source.into(),
    }
}

fn wrong(path: &Path, problem: String) -> LlmError {
    LlmError::StoreFormat {
        path: path.to_owned(),
        problem,
    }
}
