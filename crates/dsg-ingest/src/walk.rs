//! Which files to read: folders, single files and globs; include and exclude patterns; `.gitignore`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;

use crate::config::IngestConfig;
use crate::error::{FileError, IngestError};
use crate::format;

/// Folders that hold what tools made or fetched, never documentation of one's own.
const GENERATED: [&str; 5] = [
    "__pycache__",
    "_build",
    "bower_components",
    "node_modules",
    "site-packages",
];

/// A file to read, or what went wrong on the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path relative to the input, `/` separators; unique within a walk.
    pub path: String,
    /// Where the file lies.
    pub file: PathBuf,
    /// The folder that the file must not leave, resolved; `None` for an entry made by hand.
    pub(crate) root: Option<PathBuf>,
    /// What the walk already knows to be wrong.
    pub(crate) problem: Option<FileError>,
}

impl Entry {
    /// The file at `file`, to be known as `path`.
    pub fn new(path: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            file: file.into(),
            root: None,
            problem: None,
        }
    }

    /// What the walk already knows to be wrong; such an entry is not opened.
    pub const fn problem(&self) -> Option<&FileError> {
        self.problem.as_ref()
    }
}

/// The configured patterns, compiled.
#[derive(Debug)]
pub(crate) struct Selection {
    include: Option<GlobSet>,
    exclude: GlobSet,
    respect_gitignore: bool,
}

impl Selection {
    pub(crate) fn new(config: &IngestConfig) -> Result<Self, IngestError> {
        let include = (!config.include.is_empty())
            .then(|| glob_set("include", &config.include))
            .transpose()?;
        Ok(Self {
            include,
            exclude: glob_set("exclude", &config.exclude)?,
            respect_gitignore: config.respect_gitignore,
        })
    }

    fn admits(&self, path: &str) -> bool {
        self.include.as_ref().is_none_or(|set| set.is_match(path)) && !self.exclude.is_match(path)
    }

    /// The entries of `inputs`, sorted by path.
    pub(crate) fn walk(&self, inputs: &[PathBuf]) -> Result<Vec<Entry>, IngestError> {
        if inputs.is_empty() {
            return Err(IngestError::NoInput);
        }
        let mut seen = BTreeSet::new();
        let mut prefixes = BTreeSet::new();
        let mut entries = Vec::new();
        for input in inputs {
            let found = self.input(input)?;
            let prefix = if inputs.len() > 1 && found.folder {
                unique(last_component(&found.base), &mut prefixes)
            } else {
                String::new()
            };
            for mut entry in found.entries {
                if !seen.insert(entry.file.clone()) {
                    continue;
                }
                if !prefix.is_empty() {
                    entry.path = format!("{prefix}/{}", entry.path);
                }
                entries.push(entry);
            }
        }
        let mut paths = BTreeSet::new();
        for entry in &mut entries {
            entry.path = unique(std::mem::take(&mut entry.path), &mut paths);
            if let Some(problem) = &mut entry.problem {
                rename(problem, &entry.path);
            }
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    fn input(&self, input: &Path) -> Result<Found, IngestError> {
        let failed = |source| IngestError::Input {
            path: input.to_owned(),
            source,
        };
        match fs::metadata(input) {
            Ok(meta) if meta.is_dir() => {
                let base = fs::canonicalize(input).map_err(failed)?;
                fs::read_dir(&base).map_err(failed)?;
                Ok(Found {
                    entries: self.folder(&base, None),
                    base,
                    folder: true,
                })
            }
            Ok(_) => {
                let file = fs::canonicalize(input).map_err(failed)?;
                let base = file.parent().unwrap_or(&file).to_owned();
                let path = slashed(Path::new(&last_component(input)));
                // A file that is named is wanted: patterns choose among files that are found.
                Ok(Found {
                    entries: vec![entry(path, file, base.clone())],
                    base,
                    folder: false,
                })
            }
            Err(error) if is_glob(input) => self.glob(input).map_err(|other| match other {
                IngestError::Input { path, .. } => IngestError::Input {
                    path,
                    source: error,
                },
                other => other,
            }),
            Err(error) => Err(failed(error)),
        }
    }

    fn glob(&self, input: &Path) -> Result<Found, IngestError> {
        let mut base = PathBuf::new();
        let mut pattern: Vec<String> = Vec::new();
        for component in input.components() {
            let text = component.as_os_str().to_string_lossy();
            if pattern.is_empty() && !has_wildcard(&text) {
                base.push(component);
            } else {
                pattern.push(text.into_owned());
            }
        }
        if base.as_os_str().is_empty() {
            base.push(".");
        }
        let failed = |source| IngestError::Input {
            path: input.to_owned(),
            source,
        };
        let base = fs::canonicalize(base).map_err(failed)?;
        let matcher = glob("input", &pattern.join("/"))?;
        let entries = self.folder(&base, Some(&matcher));
        if entries.is_empty() {
            return Err(failed(io::Error::from(io::ErrorKind::NotFound)));
        }
        Ok(Found {
            entries,
            base,
            folder: true,
        })
    }

    fn folder(&self, base: &Path, only: Option<&GlobMatcher>) -> Vec<Entry> {
        let walker = WalkBuilder::new(base)
            .standard_filters(false)
            .hidden(false)
            .git_ignore(self.respect_gitignore)
            // What lies above the input or in the user's home must not change the result.
            .parents(false)
            .require_git(false)
            .follow_links(false)
            .filter_entry(|found| {
                let name = found.file_name().to_string_lossy();
                if found.depth() == 0 {
                    true
                } else if found.file_type().is_some_and(|kind| kind.is_dir()) {
                    !name.starts_with('.') && !GENERATED.contains(&&*name)
                } else {
                    !is_clutter(&name)
                }
            })
            .build();
        let mut entries = Vec::new();
        for step in walker {
            let found = match step {
                Ok(found) => found,
                Err(error) => {
                    entries.push(unreadable(base, &error));
                    continue;
                }
            };
            let kind = found.file_type();
            if found.depth() == 0 || kind.is_some_and(|kind| kind.is_dir()) {
                continue;
            }
            let path = slashed(found.path().strip_prefix(base).unwrap_or(found.path()));
            if !self.admits(&path) || only.is_some_and(|glob| !glob.is_match(&path)) {
                continue;
            }
            let mut entry = entry(path, found.into_path(), base.to_owned());
            if kind.is_some_and(|kind| kind.is_symlink()) {
                entry.problem = Some(FileError::Link {
                    path: entry.path.clone(),
                });
            } else if !kind.is_some_and(|kind| kind.is_file()) {
                entry.problem = Some(FileError::NotAFile {
                    path: entry.path.clone(),
                });
            }
            entries.push(entry);
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        entries
    }
}

/// Whether a file is hidden and no document either: settings, locks, what file managers leave behind.
fn is_clutter(name: &str) -> bool {
    name.starts_with('.')
        && (name.starts_with("._") || name.starts_with(".#") || format::by_name(name).is_none())
}

struct Found {
    base: PathBuf,
    folder: bool,
    entries: Vec<Entry>,
}

fn entry(path: String, file: PathBuf, root: PathBuf) -> Entry {
    Entry {
        path,
        file,
        root: Some(root),
        problem: None,
    }
}

fn unreadable(base: &Path, error: &ignore::Error) -> Entry {
    let mut file = base.to_owned();
    let mut cause = error;
    loop {
        match cause {
            ignore::Error::WithPath { path, err } => {
                file.clone_from(path);
                cause = err;
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
                cause = err;
            }
            _ => break,
        }
    }
    let path = slashed(file.strip_prefix(base).unwrap_or(&file));
    let problem = FileError::Unreadable {
        path: path.clone(),
        message: cause.to_string(),
    };
    Entry {
        path,
        file,
        root: Some(base.to_owned()),
        problem: Some(problem),
    }
}

fn rename(problem: &mut FileError, to: &str) {
    match problem {
        FileError::UnsupportedFormat { path }
        | FileError::Empty { path }
        | FileError::Alias { path, .. }
        | FileError::TooLarge { path, .. }
        | FileError::TextTooLarge { path, .. }
        | FileError::TooManyBlocks { path, .. }
        | FileError::Link { path }
        | FileError::NotAFile { path }
        | FileError::Binary { path }
        | FileError::Malformed { path, .. }
        | FileError::Unreadable { path, .. }
        | FileError::Encrypted { path, .. }
        | FileError::Damaged { path, .. }
        | FileError::NoTextLayer { path, .. }
        | FileError::OverLimit { path, .. }
        | FileError::NoFeature { path, .. } => to.clone_into(path),
    }
}

/// `name`, or `name-2`, `name-3`, … when it is taken.
fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    if taken.insert(name.clone()) {
        return name;
    }
    let mut nth = 2_usize;
    loop {
        let candidate = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() && !extension.contains('/') => {
                format!("{stem}-{nth}.{extension}")
            }
            _ => format!("{name}-{nth}"),
        };
        if taken.insert(candidate.clone()) {
            return candidate;
        }
        nth += 1;
    }
}

fn last_component(path: &Path) -> String {
    path.file_name().map_or_else(
        || "input".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// `path` with `/` between its components, whatever the system's separator.
fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(part) => Some(part.to_string_lossy()),
            _ => None,
        })
        .collect();
    parts.join("/")
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

fn is_glob(path: &Path) -> bool {
    has_wildcard(&path.to_string_lossy())
}

fn glob_set(field: &'static str, patterns: &[String]) -> Result<GlobSet, IngestError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        if pattern.trim().is_empty() {
            return Err(IngestError::Config {
                field,
                value: pattern.clone(),
                expected: "a pattern must not be empty",
            });
        }
        let bare = pattern.trim_start_matches("./");
        let bare = bare
            .strip_suffix('/')
            .map_or_else(|| bare.to_owned(), |dir| format!("{dir}/**"));
        let inner = bare.strip_suffix("/**").unwrap_or(&bare);
        let anywhere = if inner.contains('/') {
            bare.trim_start_matches('/').to_owned()
        } else {
            format!("**/{bare}")
        };
        set.add(compile(field, &anywhere)?);
    }
    set.build().map_err(|source| IngestError::Glob {
        field,
        pattern: patterns.join(", "),
        source,
    })
}

fn glob(field: &'static str, pattern: &str) -> Result<GlobMatcher, IngestError> {
    compile(field, pattern).map(|glob| glob.compile_matcher())
}

fn compile(field: &'static str, pattern: &str) -> Result<globset::Glob, IngestError> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|source| IngestError::Glob {
            field,
            pattern: pattern.to_owned(),
            source,
        })
}
