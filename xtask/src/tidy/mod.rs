//! `cargo xtask tidy`: the laws of the workspace that no compiler checks. Every rule is a function from text to issues with
//! tests that show it firing.

mod copied;
mod dependencies;
mod licenses;
mod manifest;
mod markdown;
mod source;
mod text;

use std::fmt;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::ci;
use crate::decisions;
use crate::repository;

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Issue {
    file: String,
    line: usize,
    message: String,
    /// Shown, but does not fail the check.
    advice: bool,
}

impl Issue {
    fn new(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            message: message.into(),
            advice: false,
        }
    }

    fn advice(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            advice: true,
            ..Self::new(file, line, message)
        }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.advice { "advice: " } else { "" };
        write!(f, "{}:{}: {kind}{}", self.file, self.line, self.message)
    }
}

/// Checks the workspace at `root` and prints what it finds as `file:line: message`.
pub(crate) fn run(root: &Path) -> Result {
    let files = repository::files(root)?;
    let mut issues = Vec::new();
    for required in [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "docs/ARCHITECTURE.md",
    ] {
        if !files.iter().any(|file| file == required) {
            issues.push(Issue::new(required, 1, "missing"));
        }
    }
    for file in &files {
        issues.extend(text::file_name(file));
        // Anything else is not text.
        let Ok(content) = fs::read_to_string(root.join(file)) else {
            continue;
        };
        issues.extend(text::check(file, &content));
        match Path::new(file).extension().and_then(|e| e.to_str()) {
            Some("rs") => issues.extend(source::check(file, &content)),
            Some("md") => issues.extend(markdown::check(root, file, &content)),
            _ => {}
        }
    }
    let readme = fs::read_to_string(root.join("README.md")).unwrap_or_default();
    for command in [ci::MAIN_JOB, ci::TESTS] {
        issues.extend(markdown::shows_command(
            &readme,
            &format!("cargo {command}"),
        ));
    }
    let workspace = dependencies::Workspace::read(root)?;
    issues.extend(workspace.check_laws());
    let root_manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    issues.extend(manifest::check_root(&root_manifest)?);
    for member in workspace.members() {
        let text = fs::read_to_string(root.join(&member.manifest))?;
        issues.extend(manifest::check_member(&member.manifest, &text)?);
        issues.extend(manifest::check_files(member, &files, |file| {
            fs::read_to_string(root.join(file)).unwrap_or_default()
        }));
    }
    let deny = fs::read_to_string(root.join("deny.toml"))?;
    issues.extend(licenses::check(&deny, workspace.packages())?);
    let folder = root.join(decisions::FOLDER);
    let index = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    if index != decisions::index(&folder)? {
        let file = format!("{}/README.md", decisions::FOLDER);
        issues.push(Issue::new(
            &file,
            1,
            "out of date: run `cargo xtask decisions`",
        ));
    }
    match root.parent().map(|parent| parent.join("shared")) {
        Some(shared) if shared.is_dir() => issues.extend(copied::check(root, &shared, &files)?),
        _ => println!("tidy: no ../shared here, so nothing was compared with it"),
    }
    issues.sort();
    for issue in &issues {
        println!("{issue}");
    }
    let faults = issues.iter().filter(|issue| !issue.advice).count();
    println!(
        "tidy: {} files, {faults} faults, {} pieces of advice",
        files.len(),
        issues.len() - faults
    );
    if faults == 0 {
        Ok(())
    } else {
        Err(format!("tidy found {faults} faults").into())
    }
}
