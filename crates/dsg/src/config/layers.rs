//! Layers: defaults < file < environment < flags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::error::{ConfigError, Origin};
use super::located::{Located, Position};
use super::{DatasetConfig, join};

/// Environment variables with this prefix are configuration: `DSG_SEED=7`, `DSG_CHUNK__MAX_TOKENS=400`
/// (two underscores step into a section).
pub const ENV_PREFIX: &str = "DSG_";

/// Collects layers, then resolves them into a checked configuration.
#[derive(Debug, Default)]
pub struct ConfigLayers {
    file: Option<(PathBuf, String)>,
    overrides: Vec<Override>,
}

#[derive(Debug)]
struct Override {
    path: String,
    value: Value,
    origin: Origin,
}

/// A checked configuration that knows where each value came from.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The configuration.
    pub config: DatasetConfig,
    origins: BTreeMap<String, Origin>,
}

impl ConfigLayers {
    /// Only the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the file layer.
    ///
    /// # Errors
    /// [`ConfigError::Read`].
    pub fn file(self, path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_path_buf(),
            source,
        })?;
        Ok(self.text(path, text))
    }

    /// The file layer from a text that is already in memory; `path` only names it in errors.
    #[must_use]
    pub fn text(mut self, path: &Path, text: impl Into<String>) -> Self {
        self.file = Some((path.to_path_buf(), text.into()));
        self
    }

    /// The environment layer, from the variables the caller hands in (`std::env::vars()` in a program). Variables
    /// without [`ENV_PREFIX`] are passed over, as are those in `reserved`, which mean something else to the program.
    #[must_use]
    pub fn environment(
        mut self,
        vars: impl IntoIterator<Item = (String, String)>,
        reserved: &[&str],
    ) -> Self {
        let mut found: Vec<Override> = vars
            .into_iter()
            .filter(|(name, _)| !reserved.contains(&name.as_str()))
            .filter_map(|(name, value)| {
                let path = name
                    .strip_prefix(ENV_PREFIX)?
                    .to_lowercase()
                    .replace("__", ".");
                Some(Override {
                    path,
                    value: scalar(&value),
                    origin: Origin::Environment(name),
                })
            })
            .collect();
        found.sort_by(|a, b| a.path.cmp(&b.path));
        self.overrides.extend(found);
        self
    }

    /// One flag: `set("chunk.max_tokens", "400", "--set")`. The value is read as YAML.
    #[must_use]
    pub fn set(mut self, path: &str, value: &str, flag: &str) -> Self {
        self.overrides.push(Override {
            path: path.to_owned(),
            value: scalar(value),
            origin: Origin::Flag(flag.to_owned()),
        });
        self
    }

    /// Merges the layers and checks every value.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with the origin of the offending value.
    pub fn resolve(self) -> Result<Resolved, ConfigError> {
        let mut origins = BTreeMap::new();
        let mut merged = DatasetConfig::default().to_value();
        if let Some((path, text)) = &self.file {
            let located = parse(path, text)?;
            located.for_each("", &mut |key, position| {
                let origin = Origin::File {
                    path: path.clone(),
                    position: Some(position),
                };
                origins.insert(key.to_owned(), origin);
            });
            merge(&mut merged, located.into_value());
        }
        for Override {
            path,
            value,
            origin,
        } in self.overrides
        {
            let invalid = |message| ConfigError::Invalid {
                origin: origin.clone(),
                message,
            };
            insert(&mut merged, &path, value).map_err(invalid)?;
            // The layers below were sound, so what fails now is this override.
            DatasetConfig::from_value(&merged).map_err(|error| {
                invalid(format!("`{path}`: {}", suggest_in(&error.to_string())))
            })?;
            origins.insert(path, origin);
        }
        let config = DatasetConfig::from_value(&merged).map_err(|error| ConfigError::Invalid {
            origin: Origin::Default,
            message: error.to_string(),
        })?;
        let resolved = Resolved { config, origins };
        if let Err(issue) = resolved.config.validate() {
            let message = if issue.path.is_empty() {
                issue.message
            } else {
                format!("`{}`: {}", issue.path, issue.message)
            };
            return Err(ConfigError::Invalid {
                origin: resolved.origin(&issue.path),
                message,
            });
        }
        Ok(resolved)
    }
}

impl Resolved {
    /// Where the value at `path` came from: its own origin or that of the nearest enclosing value that was set.
    pub fn origin(&self, path: &str) -> Origin {
        let mut at = path;
        loop {
            if let Some(origin) = self.origins.get(at) {
                // An enclosing section says where a nested *default* was not set: only the value itself counts then.
                if at == path || matches!(origin, Origin::File { .. }) {
                    return origin.clone();
                }
            }
            match at.rfind(['.', '[']) {
                Some(cut) => at = at.get(..cut).unwrap_or_default(),
                None => return Origin::Default,
            }
        }
    }

    /// Every value with its path and origin, in the order of the configuration.
    pub fn listing(&self) -> Vec<(String, Value, Origin)> {
        let mut out = Vec::new();
        self.list("", self.config.to_value(), &mut out);
        out
    }

    fn list(&self, path: &str, value: Value, out: &mut Vec<(String, Value, Origin)>) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                for (key, value) in map {
                    self.list(&join(path, &key), value, out);
                }
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for (index, item) in items.into_iter().enumerate() {
                    self.list(&format!("{path}[{index}]"), item, out);
                }
            }
            leaf => {
                let origin = self.origins.get(path).cloned().unwrap_or(Origin::Default);
                out.push((path.to_owned(), leaf, origin));
            }
        }
    }
}

/// Reads the file twice: once typed, for errors that know the schema, once as a tree with positions.
fn parse(path: &Path, text: &str) -> Result<Located, ConfigError> {
    let invalid = |error: &serde_saphyr::Error| {
        let plain = error.without_snippet();
        let position = plain.location().map(|at| Position {
            line: at.line(),
            column: at.column(),
        });
        ConfigError::Invalid {
            origin: Origin::File {
                path: path.to_path_buf(),
                position,
            },
            message: describe(plain),
        }
    };
    if !text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        serde_saphyr::from_str::<DatasetConfig>(text).map_err(|error| invalid(&error))?;
        return serde_saphyr::from_str(text).map_err(|error| invalid(&error));
    }
    Err(ConfigError::Invalid {
        origin: Origin::File {
            path: path.to_path_buf(),
            position: None,
        },
        message: "the file is empty; `dsg init` writes a commented one".into(),
    })
}

fn describe(error: &serde_saphyr::Error) -> String {
    match error {
        serde_saphyr::Error::SerdeUnknownField {
            field, expected, ..
        } => unknown("key", field, expected),
        serde_saphyr::Error::SerdeUnknownVariant {
            variant, expected, ..
        } => unknown("value", variant, expected),
        other => {
            let text = other.to_string();
            // The position is already in the origin.
            let cut = text.find(" at line ").or_else(|| text.find("line "));
            match cut {
                Some(at) if at > 0 => text.get(..at).unwrap_or(&text).to_owned(),
                _ => text,
            }
        }
    }
}

fn unknown(what: &str, found: &str, expected: &[&str]) -> String {
    match closest(found, expected) {
        Some(best) => format!("unknown {what} `{found}`; did you mean `{best}`?"),
        None => format!(
            "unknown {what} `{found}`; known are {}",
            expected.join(", ")
        ),
    }
}

fn closest<'a>(found: &str, expected: &[&'a str]) -> Option<&'a str> {
    expected
        .iter()
        .map(|name| (strsim::jaro_winkler(found, name), *name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// Adds a suggestion to serde_json's "unknown field" message, whose parts are only available as text.
fn suggest_in(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if let Some(found) = quoted.next().filter(|_| message.starts_with("unknown")) {
        let expected: Vec<&str> = quoted.collect();
        let what = if message.starts_with("unknown field") {
            "key"
        } else {
            "value"
        };
        return unknown(what, found, &expected);
    }
    message.to_owned()
}

/// Reads an override as YAML; what is not YAML is taken as text.
fn scalar(text: &str) -> Value {
    serde_saphyr::from_str::<Value>(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Lays `over` on `base`: maps merge key by key, everything else replaces.
fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

fn insert(root: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let mut at = root;
    let mut walked = String::new();
    let mut keys = path.split('.').peekable();
    while let Some(key) = keys.next() {
        let Value::Object(map) = at else {
            return Err(format!("`{walked}` is a single value and has no `{key}`"));
        };
        if keys.peek().is_some() && !map.contains_key(key) {
            let known: Vec<&str> = map.keys().map(String::as_str).collect();
            return Err(unknown("key", &join(&walked, key), &known));
        }
        walked = join(&walked, key);
        at = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
    }
    *at = value;
    Ok(())
}
