//! Bundles of a model of a few bytes, read back, checked, and run as far as that needs no llama.cpp.

#[cfg(target_os = "linux")]
mod scripts;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dsg_export::{BundleConfig, BundleReport, ExportError, Manifest, Target, Tool, write_bundle};
use dsg_gguf::{GgufWriter, RawValue, TensorType};
use tempfile::TempDir;

use crate::dataset::Dataset;

const CHATML: &str = "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nAnswer from the documents.<|im_end|>\n' }}{% endif %}\
    {% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}\
    {% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const SCRIPTS: [&str; 4] = ["run-decoder", "run-encoder", "serve", "setup"];

/// A model with the sizes of SmolLM2 135M in its keys, and one tensor of 96 bytes.
fn model(path: &Path, change: impl FnOnce(&mut Vec<(&'static str, RawValue<'static>)>)) {
    model_of(path, &["token_embd.weight"], change);
}

fn model_of(
    path: &Path,
    tensors: &[&str],
    change: impl FnOnce(&mut Vec<(&'static str, RawValue<'static>)>),
) {
    let mut keys: Vec<(&str, RawValue<'static>)> = vec![
        ("general.architecture", "llama".into()),
        ("general.name", "Tiny".into()),
        ("general.license", "Apache-2.0".into()),
        ("llama.block_count", 30_u32.into()),
        ("llama.context_length", 8192_u32.into()),
        ("llama.embedding_length", 576_u32.into()),
        ("llama.feed_forward_length", 1536_u32.into()),
        ("llama.attention.head_count", 9_u32.into()),
        ("llama.attention.head_count_kv", 3_u32.into()),
        ("tokenizer.ggml.model", "gpt2".into()),
        (
            "tokenizer.ggml.tokens",
            RawValue::array(["<|endoftext|>", "<|im_start|>", "<|im_end|>"]),
        ),
        ("tokenizer.ggml.bos_token_id", 1_u32.into()),
        ("tokenizer.ggml.eos_token_id", 2_u32.into()),
        ("tokenizer.chat_template", CHATML.into()),
    ];
    change(&mut keys);
    let mut writer = GgufWriter::new();
    for (key, value) in keys {
        writer.key(key, value).unwrap();
    }
    for name in tensors {
        writer.tensor(*name, TensorType::F32, &[8, 3]).unwrap();
    }
    writer
        .write(path, |tensor, out| {
            let bytes = vec![0; usize::try_from(tensor.bytes()).unwrap()];
            std::io::Write::write_all(out, &bytes)
        })
        .unwrap();
}

fn set(
    keys: &mut Vec<(&'static str, RawValue<'static>)>,
    key: &'static str,
    value: RawValue<'static>,
) {
    keys.retain(|(have, _)| *have != key);
    keys.push((key, value));
}

struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        model(&scene.path("student.gguf"), |_| {});
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.path("bundle")
    }

    fn config(&self, target: Target) -> BundleConfig {
        BundleConfig::new(self.path("student.gguf"), target)
    }

    fn write(&self, config: &BundleConfig) -> Result<BundleReport, ExportError> {
        self.write_with(config, None)
    }

    fn write_with(
        &self,
        config: &BundleConfig,
        manifest: Option<&Manifest>,
    ) -> Result<BundleReport, ExportError> {
        let tool = Tool {
            name: "dsg".into(),
            version: "0.1.0".into(),
        };
        write_bundle(&self.out(), config, &tool, manifest)
    }

    /// A script of the bundle, with nothing of ours in its environment and no llama.cpp on its path.
    fn run(&self, script: &str, args: &[&str], variables: &[(&str, &str)]) -> Output {
        // Not the file itself: it may still be open for writing in a child that another test is about to start.
        Command::new("bash")
            .arg(self.out().join(script))
            .args(args)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_bundle_is_settled_by_model_and_machine() {
    let scene = Scene::new();
    for target in Target::ALL {
        scene.write(&scene.config(target)).unwrap();
        for name in ["settings.sh", "Modelfile", "README.md", "student.service"] {
            let file = fs::read_to_string(scene.out().join(name)).unwrap();
            insta::assert_snapshot!(format!("{target}-{name}"), file);
        }
    }
}

#[test]
fn the_same_model_gives_the_same_bytes_and_only_scripts_can_be_run() {
    let scene = Scene::new();
    let report = scene.write(&scene.config(Target::Rpi5)).unwrap();
    let first = files(&scene.out());
    scene.write(&scene.config(Target::Rpi5)).unwrap();
    assert_eq!(files(&scene.out()), first);
    let named: Vec<&str> = report.files.iter().map(|file| file.path.as_str()).collect();
    let there: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(
        [&["SHA256SUMS"], named.as_slice()].concat().len(),
        there.len()
    );
    assert!(named.iter().all(|name| there.contains(name)));
    #[cfg(unix)]
    for name in there {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(scene.out().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o100 != 0, SCRIPTS.contains(&name), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn the_model_is_a_second_name_of_its_file() {
    use std::os::unix::fs::MetadataExt as _;

    let scene = Scene::new();
    scene.write(&scene.config(Target::Laptop)).unwrap();
    let inode = |path: PathBuf| fs::metadata(path).unwrap().ino();
    assert_eq!(
        inode(scene.path("student.gguf")),
        inode(scene.out().join("student.gguf"))
    );
    // Also a model that lies in the bundle already can be bundled again.
    let again = BundleConfig::new(scene.out().join("student.gguf"), Target::Rpi4);
    scene.write(&again).unwrap();
    assert_eq!(
        inode(scene.path("student.gguf")),
        inode(scene.out().join("student.gguf"))
    );
}

#[test]
fn checksums_hold_and_find_a_change() {
    let scene = Scene::new();
    scene.write(&scene.config(Target::Rpi5)).unwrap();
    let check = || {
        Command::new("sha256sum")
            .args(["--check", "--strict", "SHA256SUMS"])
            .current_dir(scene.out())
            .output()
    };
    let Ok(output) = check() else {
        eprintln!("skipped: no sha256sum here");
        return;
    };
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout).lines().count(), 9);
    fs::write(scene.out().join("serve"), "echo").unwrap();
    assert!(!check().unwrap().status.success());
}

#[test]
fn what_an_earlier_bundle_left_is_removed_and_nothing_else() {
    let scene = Scene::new();
    scene.write(&scene.config(Target::Rpi5)).unwrap();
    fs::write(scene.out().join("notes.txt"), "mine").unwrap();
    model(&scene.path("better.gguf"), |_| {});
    let next = BundleConfig::new(scene.path("better.gguf"), Target::Rpi5);
    scene.write(&next).unwrap();
    let there = files(&scene.out());
    assert!(there.contains_key("better.gguf") && there.contains_key("better.service"));
    assert!(!there.contains_key("student.gguf") && !there.contains_key("student.service"));
    assert_eq!(there["notes.txt"], b"mine");
    assert!(scene.path("student.gguf").exists());
}

#[test]
fn a_folder_that_is_no_bundle_is_left_alone_whatever_its_checksums_name() {
    let scene = Scene::new();
    let keep = |name: &str, text: &str| {
        fs::create_dir_all(scene.out()).unwrap();
        fs::write(scene.out().join(name), text).unwrap();
    };
    keep("weights.gguf", "the only copy");
    keep("SHA256SUMS", "0815  weights.gguf\n0815  settings.sh\n");
    let before = files(&scene.out());
    let error = scene.write(&scene.config(Target::Rpi5)).unwrap_err();
    assert!(matches!(error, ExportError::NoBundle { .. }), "{error}");
    assert_eq!(files(&scene.out()), before);

    // In a bundle, too, checksums that somebody added to are no leave to remove things.
    fs::remove_dir_all(scene.out()).unwrap();
    scene.write(&scene.config(Target::Rpi5)).unwrap();
    let sums = fs::read_to_string(scene.out().join("SHA256SUMS")).unwrap();
    keep("answers.csv", "mine");
    keep("SHA256SUMS", &format!("{sums}0815  answers.csv\n"));
    scene.write(&scene.config(Target::Rpi5)).unwrap();
    assert_eq!(files(&scene.out())["answers.csv"], b"mine");
}

#[test]
fn an_embedding_that_is_the_head_counts_twice() {
    let scene = Scene::new();
    let weights = || {
        let report = scene.write(&scene.config(Target::Rpi5)).unwrap();
        report.plan.weights
    };
    assert_eq!(weights(), 2 * 96);
    let both = ["token_embd.weight", "output.weight"];
    model_of(&scene.path("student.gguf"), &both, |_| {});
    assert_eq!(weights(), 2 * 96);
    let three = ["token_embd.weight", "output_norm.weight", "output.weight"];
    model_of(&scene.path("student.gguf"), &three, |_| {});
    assert_eq!(weights(), 3 * 96);
    model_of(&scene.path("student.gguf"), &three[..2], |_| {});
    assert_eq!(weights(), 3 * 96);
}

#[test]
fn the_card_names_a_base_model_by_its_repository_alone() {
    let scene = Scene::new();
    let card = |keys: [(&'static str, &'static str); 2]| {
        model(&scene.path("student.gguf"), |all| {
            all.extend(keys.map(|(key, value)| (key, value.into())));
        });
        scene.write(&scene.config(Target::Rpi5)).unwrap();
        fs::read_to_string(scene.out().join("README.md")).unwrap()
    };
    let name = ("general.base_model.0.name", "SmolLM2 135M");
    let url = "https://huggingface.co/HuggingFaceTB/SmolLM2-135M";
    let with = card([name, ("general.base_model.0.repo_url", url)]);
    assert!(with.contains("base_model: \"HuggingFaceTB/SmolLM2-135M\"\n"));
    let without = card([name, ("general.base_model.0.organization", "x")]);
    assert!(!without.contains("base_model:"));
}

#[test]
fn what_cannot_be_bundled_is_refused_and_nothing_is_written() {
    let scene = Scene::new();
    let refused = |change: fn(&mut Vec<(&'static str, RawValue<'static>)>)| {
        model(&scene.path("bad.gguf"), change);
        let config = BundleConfig::new(scene.path("bad.gguf"), Target::Rpi5);
        scene.write(&config).unwrap_err().to_string()
    };
    let adapter = refused(|keys| keys.push(("general.type", "adapter".into())));
    assert!(
        adapter.contains("bad.gguf") && adapter.contains("`adapter`"),
        "{adapter}"
    );
    let missing = [
        ("tokenizer.ggml.model", "tokenizer.ggml.model"),
        ("llama.context_length", "llama.context_length"),
        ("llama.attention.head_count", "llama.attention.head_count"),
    ];
    for (key, says) in missing {
        let change = |keys: &mut Vec<(&'static str, RawValue<'static>)>| {
            keys.retain(|(have, _)| *have != key);
        };
        model(&scene.path("bad.gguf"), change);
        let config = BundleConfig::new(scene.path("bad.gguf"), Target::Rpi5);
        let error = scene.write(&config).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let zero = refused(|keys| set(keys, "llama.attention.head_count", 0_u32.into()));
    assert!(zero.contains("head_count"), "{zero}");

    fs::write(scene.path("bad.gguf"), "no model").unwrap();
    let config = BundleConfig::new(scene.path("bad.gguf"), Target::Rpi5);
    assert!(matches!(scene.write(&config), Err(ExportError::Gguf(_))));

    let small = BundleConfig {
        memory: Some(128 << 20),
        ..scene.config(Target::Rpi4)
    };
    let error = scene.write(&small).unwrap_err().to_string();
    assert!(
        error.contains("128 MiB") && error.contains("96 MiB"),
        "{error}"
    );
    assert!(!scene.out().exists());

    let forced = BundleConfig {
        force: true,
        ..small
    };
    scene.write(&forced).unwrap();
    let card = fs::read_to_string(scene.out().join("README.md")).unwrap();
    assert!(card.contains("more than the model may take"));
}

#[test]
fn a_model_without_a_template_is_bundled_with_a_note() {
    let scene = Scene::new();
    model(&scene.path("student.gguf"), |keys| {
        keys.retain(|(key, _)| *key != "tokenizer.chat_template");
    });
    let report = scene.write(&scene.config(Target::Rpi5)).unwrap();
    assert!(report.notes.concat().contains("base model"));
    let read = |name: &str| fs::read_to_string(scene.out().join(name)).unwrap();
    assert!(!read("Modelfile").contains("TEMPLATE"));
    assert!(read("settings.sh").contains("CHAT=${DSG_CHAT:-no}"));
    assert!(read("README.md").contains("base model"));
}

#[test]
fn heads_and_lengths_may_differ_by_layer() {
    let scene = Scene::new();
    model(&scene.path("student.gguf"), |keys| {
        let heads = (0..30).map(|layer| if layer % 6 == 5 { 1_u32 } else { 3 });
        set(
            keys,
            "llama.attention.head_count_kv",
            RawValue::array(heads),
        );
        keys.push(("llama.attention.key_length", 128_u32.into()));
        keys.push(("llama.attention.value_length", 128_u32.into()));
    });
    let report = scene.write(&scene.config(Target::Rpi4)).unwrap();
    // 25 layers of 3 heads and 5 of 1, keys and values of 128, 2 bytes each, 2048 tokens.
    assert_eq!(report.plan.kv, (25 * 3 + 5) * 2 * 128 * 2 * 2048);
}

#[test]
fn the_card_tells_of_the_dataset() {
    let scene = Scene::new();
    let dataset = Dataset::small();
    let written = tempfile::tempdir().unwrap();
    dataset.write(written.path()).unwrap();
    let manifest = dsg_export::read_manifest(written.path()).unwrap();
    scene
        .write_with(&scene.config(Target::Rpi5), Some(&manifest))
        .unwrap();
    let card = fs::read_to_string(scene.out().join("README.md")).unwrap();
    let part = card.split_once("## Data").unwrap().1;
    let part = part.split_once("## What").unwrap().0;
    insta::assert_snapshot!("dataset-in-card", part);
}
