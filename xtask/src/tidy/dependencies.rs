//! The laws on who may depend on whom, over `cargo metadata`.

use std::path::Path;

use serde::Deserialize;

use super::Issue;
use crate::Result;
use crate::step::{capture, cargo};

/// What all may depend on.
const CORE: &str = "dsg-core";
/// A file format, no stage: what stages read and write, as they do the core's records (decision 0260).
const FORMATS: [&str; 1] = ["dsg-gguf"];
/// What depends on the stages and is not one.
const ABOVE: [&str; 3] = ["dsg", "dsg-cli", "xtask"];

/// The packages that `cargo metadata` knows.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    workspace_root: String,
}

/// One package.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its SPDX expression.
    pub(crate) license: Option<String>,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// A member of the workspace.
pub(crate) struct Member {
    /// Its name.
    pub(crate) name: String,
    /// Its folder relative to the root, `/` separators.
    pub(crate) folder: String,
    /// Its manifest relative to the root.
    pub(crate) manifest: String,
    dependencies: Vec<(String, String)>,
}

/// The workspace as cargo sees it.
pub(crate) struct Workspace {
    members: Vec<Member>,
    packages: Vec<Package>,
}

impl Workspace {
    /// Asks cargo; the lock file must be current.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let json = capture(cargo(root).args(["metadata", "--locked", "--format-version", "1"]))?;
        Ok(Self::from_metadata(serde_json::from_str(&json)?))
    }

    fn from_metadata(metadata: Metadata) -> Self {
        let members = metadata
            .packages
            .iter()
            .filter(|package| metadata.workspace_members.contains(&package.id))
            .map(|package| {
                let manifest = package
                    .manifest_path
                    .strip_prefix(&metadata.workspace_root)
                    .unwrap_or(&package.manifest_path)
                    .trim_start_matches(['/', '\\'])
                    .replace('\\', "/");
                Member {
                    name: package.name.clone(),
                    folder: manifest.trim_end_matches("/Cargo.toml").to_owned(),
                    manifest,
                    dependencies: package
                        .dependencies
                        .iter()
                        .map(|d| {
                            (
                                d.name.clone(),
                                d.kind.clone().unwrap_or_else(|| "normal".into()),
                            )
                        })
                        .collect(),
                }
            })
            .collect();
        Self {
            members,
            packages: metadata.packages,
        }
    }

    /// The members.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Every package in the graph.
    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// A stage depends on the core and on file formats, on no other stage; a format on the core; the core on nothing here; xtask
    /// on nothing here at all.
    pub(crate) fn check_laws(&self) -> Vec<Issue> {
        let own: Vec<&str> = self
            .members
            .iter()
            .map(|member| member.name.as_str())
            .collect();
        let mut issues = Vec::new();
        for member in &self.members {
            for (name, kind) in &member.dependencies {
                if !own.contains(&name.as_str()) || name == &member.name {
                    continue;
                }
                let allowed = match member.name.as_str() {
                    "dsg" => name != "dsg-cli" && name != "xtask",
                    "dsg-cli" => name == "dsg",
                    CORE | "xtask" => false,
                    format if FORMATS.contains(&format) => name == CORE,
                    _ => name == CORE || FORMATS.contains(&name.as_str()),
                };
                if !allowed {
                    let message = format!("`{}` must not depend on `{name}` ({kind})", member.name);
                    issues.push(Issue::new(&member.manifest, 1, message));
                }
            }
            if !ABOVE.contains(&member.name.as_str()) && !member.folder.ends_with(&member.name) {
                let message = format!("the folder of `{}` has another name", member.name);
                issues.push(Issue::new(&member.manifest, 1, message));
            }
        }
        issues
    }
}

impl Package {
    /// A package for tests of other rules.
    #[cfg(test)]
    pub(crate) fn licensed(name: &str, license: Option<&str>) -> Self {
        Self {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: license.map(str::to_owned),
            manifest_path: String::new(),
            dependencies: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issues(edges: &[(&str, &str, &str)]) -> Vec<String> {
        let names = [
            "dsg",
            "dsg-cli",
            "dsg-core",
            "dsg-chunk",
            "dsg-gguf",
            "dsg-index",
            "xtask",
        ];
        let packages: Vec<_> = names
            .iter()
            .map(|name| {
                let dependencies: Vec<_> = edges
                    .iter()
                    .filter(|(from, ..)| from == name)
                    .map(|(_, to, kind)| serde_json::json!({"name": to, "kind": kind}))
                    .collect();
                serde_json::json!({"id": name, "name": name, "version": "0.1.0", "license": null,
                    "manifest_path": format!("/r/crates/{name}/Cargo.toml"), "dependencies": dependencies})
            })
            .collect();
        let metadata = serde_json::json!({"packages": packages, "workspace_members": names, "workspace_root": "/r"});
        Workspace::from_metadata(serde_json::from_value(metadata).unwrap())
            .check_laws()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_stage_on_a_stage_is_found_also_in_tests() {
        let found = issues(&[
            ("dsg-index", "dsg-chunk", "dev"),
            ("dsg-index", "dsg-core", "normal"),
        ]);
        assert_eq!(
            found,
            ["crates/dsg-index/Cargo.toml:1: `dsg-index` must not depend on `dsg-chunk` (dev)"]
        );
    }

    #[test]
    fn stages_read_and_write_file_formats() {
        assert!(issues(&[("dsg-index", "dsg-gguf", "normal")]).is_empty());
        for (from, to) in [
            ("dsg-gguf", "dsg-index"),
            ("dsg-core", "dsg-gguf"),
            ("dsg-cli", "dsg-gguf"),
        ] {
            assert_eq!(issues(&[(from, to, "normal")]).len(), 1, "{from} on {to}");
        }
    }

    #[test]
    fn layers_only_look_down() {
        assert!(issues(&[("dsg", "dsg-chunk", "normal"), ("dsg-cli", "dsg", "normal")]).is_empty());
        assert_eq!(issues(&[("dsg-cli", "dsg-chunk", "normal")]).len(), 1);
        assert_eq!(issues(&[("dsg-core", "dsg-chunk", "normal")]).len(), 1);
        assert_eq!(issues(&[("xtask", "dsg-core", "normal")]).len(), 1);
        assert_eq!(issues(&[("dsg-chunk", "dsg", "dev")]).len(), 1);
    }
}
