//! Which records of a file to show: those with an id, a sample, or the first ones.

use std::path::Path;

use dsg::core::Seed;
use dsg::core::artifact::read_jsonl;
use serde::de::DeserializeOwned;

use super::InspectArgs;
use crate::error::CliError;

/// Records picked from a file.
pub(super) struct Selection<T> {
    pub(super) records: Vec<T>,
    /// Records that matched, shown or not.
    pub(super) matched: usize,
    /// Whether to show each in full rather than as a line.
    pub(super) full: bool,
}

/// Reads `file` once and keeps what the arguments ask for. `ids` gives the names by which a record may be asked for.
pub(super) fn select<T: DeserializeOwned>(
    args: &InspectArgs,
    file: &Path,
    ids: impl Fn(&T) -> Vec<String>,
) -> Result<Selection<T>, CliError> {
    let mut records: Vec<(u64, T)> = Vec::new();
    let mut matched = 0;
    let most = args.sample.unwrap_or(args.limit);
    for record in read_jsonl::<T>(file)? {
        let record = record?;
        let names = ids(&record);
        if let Some(id) = &args.id {
            if names.iter().any(|name| name == id) {
                return Ok(Selection {
                    records: vec![record],
                    matched: 1,
                    full: true,
                });
            }
            if !names.iter().any(|name| name.starts_with(id.as_str())) {
                continue;
            }
        }
        matched += 1;
        if args.sample.is_some() {
            // The records with the smallest hashes are a uniform sample, the same whenever asked.
            let rank = Seed(args.seed)
                .derive("inspect", names.first().map_or("", String::as_str))
                .0;
            let at = records.partition_point(|(other, _)| *other <= rank);
            records.insert(at, (rank, record));
            records.truncate(most);
        } else if records.len() < most {
            records.push((0, record));
        }
    }
    if let (Some(id), 0) = (&args.id, matched) {
        return Err(CliError::not_found(
            format!(
                "no record in `{}` has an id that begins with `{id}`",
                file.display()
            ),
            "`dsg inspect` without an id lists what there is",
        ));
    }
    let full = args.sample.is_some() || (args.id.is_some() && matched == 1);
    let records = records.into_iter().map(|(_, record)| record).collect();
    Ok(Selection {
        records,
        matched,
        full,
    })
}

impl<T> Selection<T> {
    /// What was left out, as a line; empty when nothing was.
    pub(super) fn rest(&self, what: &str) -> String {
        match self.matched.checked_sub(self.records.len()) {
            Some(more) if more > 0 && !self.full => {
                format!("  … {more} more {what}; --limit shows more, an id shows one in full\n")
            }
            _ => String::new(),
        }
    }
}
