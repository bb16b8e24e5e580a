//! Where a test takes place: a folder of its own, a clean environment, the fixtures.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Output};
use std::sync::LazyLock;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

pub(crate) struct Scene {
    folder: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A scene in which the fixtures were run into `out`.
    pub(crate) fn with_dataset() -> Self {
        static DATASET: LazyLock<PathBuf> = LazyLock::new(|| {
            let scene = Scene::new();
            scene.run_into("out").assert().success();
            // A static is never dropped, so the copy lies where `cargo clean` finds it.
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dataset");
            let _ = fs::remove_dir_all(&kept);
            copy(&scene.path("out"), &kept);
            kept
        });
        let scene = Self::new();
        copy(&DATASET, &scene.path("out"));
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// `dsg` in this folder, without the configuration and colours of whoever runs the tests.
    pub(crate) fn dsg(&self, args: &[&str]) -> Command {
        Command::from_std(self.process(args))
    }

    /// The same to be started by the test itself.
    pub(crate) fn process(&self, args: &[&str]) -> process::Command {
        let mut command = process::Command::new(cargo_bin("dsg"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("DSG_")
                || ["NO_COLOR", "COLUMNS", "RAYON_NUM_THREADS"].contains(&&*text)
            {
                command.env_remove(&name);
            }
        }
        command.current_dir(self.folder.path()).args(args);
        command
    }

    /// `dsg run` on the fixtures.
    pub(crate) fn run_into(&self, out: &str) -> Command {
        let mut command = self.dsg(&["run", "--outdir", out]);
        command
            .arg("--input")
            .arg(docs())
            .arg("--hypothesis")
            .arg(hypothesis());
        command
    }

    /// What the command printed, its paths made the same on every machine.
    pub(crate) fn text(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.replace(&fixtures().display().to_string(), "fixtures")
            .replace(&self.folder.path().display().to_string(), ".")
    }

    /// Every file below `folder` but `run.json`, which holds times.
    pub(crate) fn bytes(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.path(folder);
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().unwrap() != "run.json" {
                    files.insert(
                        path.strip_prefix(&root).unwrap().to_path_buf(),
                        fs::read(&path).unwrap(),
                    );
                }
            }
        }
        files
    }
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .canonicalize()
        .unwrap()
}

pub(crate) fn docs() -> PathBuf {
    fixtures().join("docs")
}

pub(crate) fn hypothesis() -> PathBuf {
    fixtures().join("datasetgen.yaml")
}

/// Exit code and standard error, for tests of failures.
pub(crate) fn failure(scene: &Scene, output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), scene.text(&output.stderr))
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
