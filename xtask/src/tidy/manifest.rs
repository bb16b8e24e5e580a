//! Rules for `Cargo.toml` files and for what stands beside them.

use toml::Table;

use super::Issue;
use super::dependencies::Member;
use super::source::has_executed_example;
use crate::Result;

/// Fields that every member takes from the workspace.
const INHERITED: [&str; 4] = ["version", "edition", "rust-version", "license"];

/// The root lists members, versions and lints, and is no package.
pub(crate) fn check_root(text: &str) -> Result<Vec<Issue>> {
    let manifest: Table = text.parse()?;
    let mut issues = Vec::new();
    let mut need = |present: bool, message: &str| {
        if !present {
            issues.push(Issue::new("Cargo.toml", 1, message));
        }
    };
    need(
        !manifest.contains_key("package"),
        "the root is a virtual workspace, not a package",
    );
    let workspace = manifest.get("workspace").and_then(toml::Value::as_table);
    for key in ["package", "dependencies", "lints"] {
        let present = workspace.is_some_and(|table| table.contains_key(key));
        need(present, &format!("`[workspace.{key}]` is missing"));
    }
    Ok(issues)
}

/// A member takes versions, lints and metadata from the workspace and says what it is for.
pub(crate) fn check_member(file: &str, text: &str) -> Result<Vec<Issue>> {
    let manifest: Table = text.parse()?;
    let mut issues = Vec::new();
    let inherits = |value: Option<&toml::Value>| {
        value
            .and_then(|v| v.get("workspace"))
            .and_then(toml::Value::as_bool)
            == Some(true)
    };
    if !inherits(manifest.get("lints")) {
        issues.push(Issue::new(file, 1, "`lints.workspace = true` is missing"));
    }
    let package = manifest.get("package");
    for key in INHERITED {
        if !inherits(package.and_then(|p| p.get(key))) {
            issues.push(Issue::new(
                file,
                1,
                format!("`{key}` must come from the workspace"),
            ));
        }
    }
    let description = package
        .and_then(|p| p.get("description"))
        .and_then(toml::Value::as_str);
    if description.is_none_or(|text| text.trim().is_empty()) {
        issues.push(Issue::new(file, 1, "no description"));
    }
    for (section, table) in dependency_tables(&manifest) {
        for (name, value) in table {
            if !inherits(Some(value)) {
                let message = format!("`{name}` in [{section}]: versions stand in the root only");
                issues.push(Issue::new(file, line_of(text, name), message));
            }
        }
    }
    Ok(issues)
}

fn dependency_tables(manifest: &Table) -> Vec<(String, &Table)> {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut tables = Vec::new();
    for kind in kinds {
        if let Some(table) = manifest.get(kind).and_then(toml::Value::as_table) {
            tables.push((kind.to_owned(), table));
        }
    }
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    for (target, entry) in targets.into_iter().flatten() {
        for kind in kinds {
            if let Some(table) = entry.get(kind).and_then(toml::Value::as_table) {
                tables.push((format!("target.{target}.{kind}"), table));
            }
        }
    }
    tables
}

/// The line on which a key stands.
fn line_of(text: &str, key: &str) -> usize {
    text.lines()
        .position(|line| line.trim_start().starts_with(key))
        .map_or(1, |at| at + 1)
}

/// Every crate has a README; every library, an example that its documentation runs and a program under `examples/`.
pub(crate) fn check_files(
    member: &Member,
    files: &[String],
    read: impl Fn(&str) -> String,
) -> Vec<Issue> {
    if member.name == "xtask" {
        return Vec::new();
    }
    let has = |name: &str| {
        files
            .iter()
            .any(|file| *file == format!("{}/{name}", member.folder))
    };
    let mut issues = Vec::new();
    if !has("README.md") {
        issues.push(Issue::new(&member.manifest, 1, "no README.md beside it"));
    }
    if has("src/lib.rs") {
        let lib = format!("{}/src/lib.rs", member.folder);
        if !has_executed_example(&read(&lib)) {
            issues.push(Issue::new(
                &lib,
                1,
                "the crate documentation has no example that runs",
            ));
        }
        let examples = format!("{}/examples/", member.folder);
        if !files
            .iter()
            .any(|file| file.starts_with(&examples) && file.strip_suffix(".rs").is_some())
        {
            issues.push(Issue::new(
                &member.manifest,
                1,
                "no program under examples/",
            ));
        }
    }
    issues
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"x\"\ndescription = \"What.\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\n[dependencies]\nserde.workspace = true\n\
        [lints]\nworkspace = true\n";

    fn messages(text: &str) -> Vec<String> {
        check_member("x/Cargo.toml", text)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_version_outside_the_root_is_found() {
        assert!(messages(GOOD).is_empty());
        let own = GOOD.replace("serde.workspace = true", "serde = \"1\"");
        assert_eq!(
            messages(&own),
            ["x/Cargo.toml:9: `serde` in [dependencies]: versions stand in the root only"]
        );
        let target =
            format!("{GOOD}[target.'cfg(unix)'.dev-dependencies]\nlibc = {{ version = \"1\" }}\n");
        assert!(
            messages(&target)
                .concat()
                .contains("target.cfg(unix).dev-dependencies")
        );
    }

    #[test]
    fn lints_metadata_and_description_are_required() {
        assert!(
            messages(&GOOD.replace("[lints]\nworkspace = true\n", ""))
                .concat()
                .contains("lints")
        );
        assert!(
            messages(&GOOD.replace("version.workspace = true\ned", "version = \"1.0.0\"\ned"))
                .concat()
                .contains("`version`")
        );
        assert!(
            messages(&GOOD.replace("\"What.\"", "\"\""))
                .concat()
                .contains("description")
        );
    }

    #[test]
    fn the_root_is_checked_too() {
        assert_eq!(check_root("[package]\nname = \"x\"\n").unwrap().len(), 4);
        assert!(
            check_root(
                "[workspace]\n[workspace.package]\n[workspace.dependencies]\n[workspace.lints]\n"
            )
            .unwrap()
            .is_empty()
        );
    }
}
