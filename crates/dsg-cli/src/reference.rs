//! The generated references in `docs/`: written from the code, and a test that fails when they are stale.
//! `DSG_BLESS=1 cargo test -p dsg-cli reference` writes them anew.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use dsg::config::DatasetConfig;
use serde_json::{Map, Value};

use crate::args::Cli;
use crate::terminal::value_text;

const NOTICE: &str =
    "<!-- Generated: `DSG_BLESS=1 cargo test -p dsg-cli reference` writes this file anew. -->";

#[test]
fn the_command_reference_is_current() {
    check("docs/cli.md", &commands());
}

#[test]
fn the_configuration_reference_is_current() {
    check("docs/configuration.md", &configuration());
}

fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name);
    if std::env::var_os("DSG_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "{name} is stale; write it anew with DSG_BLESS=1 cargo test -p dsg-cli reference"
    );
}

fn commands() -> String {
    let mut cli = Cli::command().term_width(100);
    cli.build();
    let mut out = format!("# Commands\n\n{NOTICE}\n\n");
    help(&mut cli, &mut out);
    out
}

fn help(command: &mut Command, out: &mut String) {
    let name = command.get_bin_name().unwrap_or("dsg").to_owned();
    let text = command.render_long_help().to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let _ = write!(
        out,
        "## {name}\n\n```text\n{}\n```\n\n",
        lines.join("\n").trim_end()
    );
    for sub in command.get_subcommands_mut() {
        if sub.get_name() != "help" {
            help(sub, out);
        }
    }
}

fn configuration() -> String {
    let schema = DatasetConfig::json_schema();
    let mut out = format!(
        "# Configuration: `datasetgen.yaml`\n\n{NOTICE}\n\n\
         `dsg init` writes a commented file, `dsg config show` prints every value with where it came from, `dsg config check` \
         tests a file, and `dsg config schema` prints the JSON Schema for editors. Unknown keys, wrong types and impossible \
         values are errors that name the file, line and column.\n\n\
         ## Layers\n\n\
         Later layers win: built-in defaults, the file (`--hypothesis`, else `datasetgen.yaml` in the current folder), \
         environment variables, flags.\n\n\
         | Layer | Example |\n|---|---|\n\
         | file | `chunk: {{max_tokens: 400}}` |\n\
         | environment | `DSG_CHUNK__MAX_TOKENS=400` (two underscores step into a section) |\n\
         | flag | `--set chunk.max_tokens=400`, `--seed 7` |\n\n\
         Variables that are not configuration:\n\n\
         | Variable | Meaning |\n|---|---|\n\
         | `DSG_API_KEY` | Key of a model's server, unless `key_variable` names another variable (one that does not begin with `DSG_`) |\n\
         | `DSG_LOG` | Log filter on standard error, as in `DSG_LOG=debug`. Default: no log |\n\
         | `NO_COLOR` | Any value turns colours off |\n\n\
         ## Keys\n\n"
    );
    section("", &schema, &schema, &mut out);
    out
}

/// A table of the keys of one object, then a section for each that holds keys of its own.
fn section(path: &str, object: &Value, root: &Value, out: &mut String) {
    let empty = Map::new();
    let properties = object["properties"].as_object().unwrap_or(&empty);
    out.push_str("| Key | Type | Default | Meaning |\n|---|---|---|---|\n");
    let mut nested = Vec::new();
    for (key, property) in properties {
        let full = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let target = resolve(property, root);
        let items = resolve(&target["items"], root);
        let default = if target.get("properties").is_some() {
            nested.push((full.clone(), target));
            String::new()
        } else {
            if items.get("properties").is_some() {
                nested.push((format!("{full}[]"), items));
            }
            property
                .get("default")
                .map(|d| format!("`{}`", value_text(d)))
                .unwrap_or_default()
        };
        let _ = writeln!(
            out,
            "| `{full}` | {} | {default} | {} |",
            kind(property, root),
            cell(
                property["description"]
                    .as_str()
                    .or(target["description"].as_str())
            ),
        );
    }
    out.push('\n');
    for (path, object) in nested {
        let title = cell(object["description"].as_str());
        let _ = write!(out, "### `{path}`\n\n{title}\n\n");
        section(&path, object, root, out);
    }
}

/// A doc comment as a table cell: rustdoc's links become plain code.
fn cell(text: Option<&str>) -> String {
    let mut text = text
        .unwrap_or_default()
        .replace('\n', " ")
        .replace('|', "\\|");
    while let Some(start) = text.find("](crate::") {
        let link = text.get(start..).unwrap_or_default();
        let end = link
            .find("))")
            .map(|at| at + 2)
            .or_else(|| link.find(')').map(|at| at + 1));
        text.replace_range(start..start + end.unwrap_or(link.len()), "]");
    }
    text.replace("[`", "`").replace("`]", "`")
}

/// What a `$ref`, or the only real alternative of an optional value, stands for.
fn resolve<'a>(value: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(name) = value["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        return resolve(&root["$defs"][name], root);
    }
    let alternatives = value["anyOf"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    match alternatives
        .iter()
        .find(|alternative| alternative["type"] != "null")
    {
        Some(alternative) => resolve(alternative, root),
        None => value,
    }
}

fn kind(value: &Value, root: &Value) -> String {
    let value = resolve(value, root);
    if let Some(names) = choices(value) {
        return names.join(", ");
    }
    let names: Vec<&str> = match &value["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .filter(|name| *name != "null")
            .collect(),
        _ => vec!["any"],
    };
    match names.as_slice() {
        ["array"] => format!("list of {}", kind(&value["items"], root)),
        ["object"] if value.get("properties").is_some() => "section".into(),
        ["object"] => format!("map to {}", kind(&value["additionalProperties"], root)),
        names => names.join(" or "),
    }
}

/// The values of an enumeration.
fn choices(value: &Value) -> Option<Vec<String>> {
    let quote = |value: &Value| value.as_str().map(|name| format!("`{name}`"));
    if let Some(names) = value["enum"].as_array() {
        return names.iter().map(quote).collect();
    }
    let alternatives = value["oneOf"].as_array()?;
    alternatives
        .iter()
        .map(|alternative| quote(&alternative["const"]))
        .collect()
}
