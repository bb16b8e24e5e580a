//! The scripts of a bundle, run with programs that say how they were called in place of llama.cpp and of what changes a machine.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use dsg_export::Target;
use tempfile::TempDir;

use super::{SCRIPTS, Scene, files, text};

fn bundled() -> Scene {
    let scene = Scene::new();
    scene.write(&scene.config(Target::Rpi5)).unwrap();
    scene
}

#[test]
fn they_are_what_bash_and_shellcheck_take() {
    let scene = bundled();
    for script in SCRIPTS.into_iter().chain(["settings.sh"]) {
        let parsed = Command::new("bash")
            .arg("-n")
            .arg(scene.out().join(script))
            .output()
            .unwrap();
        assert!(parsed.status.success(), "{script}: {parsed:?}");
    }
    let checked = Command::new("shellcheck")
        .arg("--external-sources")
        .args(SCRIPTS)
        .arg("settings.sh")
        .current_dir(scene.out())
        .output();
    match checked {
        Ok(output) => assert!(output.status.success(), "{}", text(&output.stdout)),
        Err(error) => {
            let needed = std::env::var_os("DSG_NEED_SHELLCHECK").is_some();
            assert!(!needed, "no shellcheck: {error}");
            eprintln!("skipped: no shellcheck here ({error})");
        }
    }
}

/// A folder of programs that print how they were called, with what is in a file that only the caller can name.
fn stubs(names: &[&str]) -> TempDir {
    use std::os::unix::fs::PermissionsExt as _;

    const STUB: &str = r#"#!/bin/bash
[[ ${0##*/} != systemctl || $1 != is-active ]] || exit "${ACTIVE:-3}"
printf '%s' "${0##*/}"
for arg; do
  case $arg in
    /dev/fd/*) printf ' <(%q)' "$(cat "$arg")" ;;
    *) printf ' %q' "$arg" ;;
  esac
done
echo
"#;
    let folder = tempfile::tempdir().unwrap();
    let stub = folder.path().join(".stub");
    // Another process writes it: a file that this one has open for writing cannot be run, and another test's child may inherit it.
    let written = Command::new("bash")
        .args(["-c", "printf %s \"$1\" > \"$2\"", "bash", STUB])
        .arg(&stub)
        .status();
    assert!(written.unwrap().success());
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
    for name in names {
        std::os::unix::fs::symlink(&stub, folder.path().join(name)).unwrap();
    }
    folder
}

impl Scene {
    /// What a script calls, with the scene's folders and the model's time left out.
    fn calls(&self, script: &str, args: &[&str], variables: &[(&str, &str)]) -> String {
        let stubs = stubs(&["llama-completion", "llama-embedding", "llama-server"]);
        let bin = [("LLAMA_BIN", stubs.path().to_str().unwrap())];
        let output = self.run(script, args, &[bin.as_slice(), variables].concat());
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(output.status.success(), "{said}");
        self.without_places(&said)
    }

    fn without_places(&self, said: &str) -> String {
        let out = fs::canonicalize(self.out()).unwrap();
        let said = said.replace(self.out().to_str().unwrap(), "HERE");
        let said = said.replace(out.to_str().unwrap(), "HERE");
        let state = |file: PathBuf| {
            use std::os::unix::fs::MetadataExt as _;
            let file = fs::metadata(file).unwrap();
            format!("{}-{}", file.size(), file.mtime())
        };
        let said = said.replace(&state(self.out().join("student.gguf")), "STATE");
        said.trim_end().to_owned()
    }
}

#[test]
fn questions_reach_llama_cpp_as_they_were_asked() {
    let scene = bundled();
    let ask =
        |args: &[&str], variables: &[(&str, &str)]| scene.calls("run-decoder", args, variables);
    insta::assert_snapshot!(ask(&["Which queue?"], &[]), @r"llama-completion --model HERE/student.gguf --threads 4 --ctx-size 4096 --batch-size 256 --ubatch-size 256 --cache-type-k f16 --cache-type-v f16 --flash-attn on --predict 512 --temp 0 --jinja --no-escape --no-display-prompt --simple-io --log-verbosity 1 --conversation --single-turn --prompt Which\ queue\? --prompt-cache HERE/prompt-STATE-4096-f16.cache");
    insta::assert_snapshot!(ask(&[], &[]), @r"llama-completion --model HERE/student.gguf --threads 4 --ctx-size 4096 --batch-size 256 --ubatch-size 256 --cache-type-k f16 --cache-type-v f16 --flash-attn on --predict 512 --temp 0 --jinja --no-escape --no-display-prompt --simple-io --log-verbosity 1 --conversation");
    let forms = [
        "--system",
        "my rules",
        "--grammar",
        "a.gbnf",
        "--schema",
        "b.json",
        r"a\nb",
    ];
    let bare = [
        ("DSG_THREADS", ""),
        ("DSG_PROMPT_CACHE", ""),
        ("DSG_CONTEXT", "1024"),
    ];
    insta::assert_snapshot!(ask(&forms, &bare), @r"llama-completion --model HERE/student.gguf --ctx-size 1024 --batch-size 256 --ubatch-size 256 --cache-type-k f16 --cache-type-v f16 --flash-attn on --predict 512 --temp 0 --jinja --no-escape --no-display-prompt --simple-io --log-verbosity 1 --system-prompt-file my\ rules --grammar-file a.gbnf --json-schema-file b.json --conversation --single-turn --prompt a\\nb");
    let completion = [("DSG_CHAT", "no"), ("DSG_KV_TYPE", "q8_0")];
    insta::assert_snapshot!(ask(&["Once", "--", "--seed", "7"], &completion), @r"llama-completion --model HERE/student.gguf --threads 4 --ctx-size 4096 --batch-size 256 --ubatch-size 256 --cache-type-k q8_0 --cache-type-v q8_0 --flash-attn on --predict 512 --temp 0 --jinja --no-escape --no-display-prompt --simple-io --log-verbosity 1 --no-conversation --prompt Once --prompt-cache HERE/prompt-STATE-4096-q8_0.cache --seed 7");
    let refused: [(&[&str], &str); 3] = [
        (&["a", "b"], "second question"),
        (&["--grammar"], "needs a file"),
        (&["--fast", "a"], "unknown flag"),
    ];
    for (args, says) in refused {
        let output = scene.run("run-decoder", args, &[]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(text(&output.stderr).contains(says), "{output:?}");
    }
    let nothing = scene.run("run-decoder", &[], &completion);
    assert_eq!(nothing.status.code(), Some(2), "{nothing:?}");
}

#[test]
fn texts_reach_llama_cpp_in_a_file() {
    let scene = bundled();
    let texts = ["two words", r"a\nb"];
    insta::assert_snapshot!(scene.calls("run-encoder", &texts, &[]), @r"llama-embedding --model HERE/student.gguf --threads 4 --ctx-size 512 --batch-size 512 --ubatch-size 512 --pooling mean --embd-normalize 2 --embd-output-format json --log-verbosity 1 --no-escape --file <($'two words\na\\nb')");
    // More than one argument of a program can hold.
    let long = "word ".repeat(20_000);
    let texts = [long.as_str(), long.as_str()];
    let variables = [("DSG_THREADS", ""), ("DSG_POOLING", "last")];
    let calls = scene.calls("run-encoder", &texts, &variables);
    assert!(calls.len() > 2 * long.len(), "{}", calls.len());
    assert!(calls.contains("--pooling last") && !calls.contains("--threads"));
    // Nothing stands on the standard input of a test.
    let nothing = scene.run("run-encoder", &[], &[]);
    assert_eq!(nothing.status.code(), Some(2), "{nothing:?}");
}

#[test]
fn the_server_is_called_with_the_settings() {
    let scene = bundled();
    insta::assert_snapshot!(scene.calls("serve", &["--metrics"], &[]), @r"llama-server --model HERE/student.gguf --alias student --host 127.0.0.1 --port 8080 --threads 4 --ctx-size 4096 --batch-size 256 --ubatch-size 256 --cache-type-k f16 --cache-type-v f16 --flash-attn on --predict 512 --temp 0 --parallel 1 --cache-ram 512 --jinja --no-webui --offline --metrics");
    let others = [
        ("DSG_HOST", "0.0.0.0"),
        ("DSG_PORT", "80"),
        ("DSG_THREADS", ""),
        ("LLAMA_API_KEY", "secret"),
        // What other programs mean by these names is nothing to a bundle.
        ("NAME", "host"),
        ("HOST", "host"),
        ("CONTEXT", "1"),
    ];
    insta::assert_snapshot!(scene.calls("serve", &[], &others), @r"llama-server --model HERE/student.gguf --alias student --host 0.0.0.0 --port 80 --ctx-size 4096 --batch-size 256 --ubatch-size 256 --cache-type-k f16 --cache-type-v f16 --flash-attn on --predict 512 --temp 0 --parallel 1 --cache-ram 512 --jinja --no-webui --offline");
}

#[test]
fn a_service_is_set_up_anew_each_time() {
    let scene = bundled();
    fs::write(scene.out().join("notes.txt"), "mine").unwrap();
    let build = scene.out().join("llama.cpp/build");
    fs::create_dir_all(&build).unwrap();
    let made_at = "CMAKE_CACHEFILE_DIR:INTERNAL=/elsewhere/llama.cpp/build\n";
    fs::write(build.join("CMakeCache.txt"), made_at).unwrap();
    let programs = [
        "apt-get",
        "cc",
        "chmod",
        "chown",
        "cmake",
        "cp",
        "dpkg-query",
        "git",
        "install",
        "rm",
        "sudo",
        "systemctl",
    ];
    let stubs = stubs(&programs);
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", stubs.path().display());
    let variables = [
        ("PATH", path.as_str()),
        ("ACTIVE", "0"),
        ("DSG_ZRAM_PERCENT", "0"),
    ];
    let output = scene.run("setup", &["--service"], &variables);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{said}");
    // What is run, by whomever, without how many compilers fit here.
    let said = scene.without_places(&said);
    let calls = said.lines().filter_map(|line| line.strip_prefix("+ "));
    let calls = calls.map(|line| line.strip_prefix("sudo ").unwrap_or(line));
    let calls = calls.map(|line| match line.split_once(" --parallel ") {
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before} --parallel N{after}")
        }
        None => line.to_owned(),
    });
    let calls: Vec<String> = calls.collect();
    insta::assert_snapshot!(calls.join("\n"), @r"
    apt-get update
    apt-get install --yes --no-install-recommends build-essential ca-certificates cmake git ninja-build pkg-config libopenblas-dev
    git clone --depth 1 --branch v0.4.0 https://github.com/ggml-org/llama.cpp HERE/llama.cpp
    rm -rf -- HERE/llama.cpp/build
    cmake -S HERE/llama.cpp -B HERE/llama.cpp/build -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=ON -DGGML_BLAS=ON -DGGML_BLAS_VENDOR=OpenBLAS -DCMAKE_C_FLAGS=-mno-amx-tile\ -mno-amx-int8\ -mno-amx-bf16 -DCMAKE_CXX_FLAGS=-mno-amx-tile\ -mno-amx-int8\ -mno-amx-bf16 -DLLAMA_BUILD_IS_DEV=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF
    cmake --build HERE/llama.cpp/build --parallel N --target llama-bench llama-completion llama-embedding llama-server
    systemctl stop student.service
    rm -rf -- /usr/local/lib/dsg/student
    install -d -m 755 /usr/local/lib/dsg /usr/local/lib/dsg/student /usr/local/lib/dsg/student/llama.cpp /usr/local/lib/dsg/student/llama.cpp/build
    cp -- HERE/Modelfile HERE/README.md HERE/run-decoder HERE/run-encoder HERE/serve HERE/settings.sh HERE/setup HERE/student.gguf HERE/student.service HERE/SHA256SUMS /usr/local/lib/dsg/student/
    cp -R -- HERE/llama.cpp/build/bin /usr/local/lib/dsg/student/llama.cpp/build/
    chown -R root:root /usr/local/lib/dsg/student
    chmod -R a+rX /usr/local/lib/dsg/student
    install -m 644 HERE/student.service /etc/systemd/system/student.service
    systemctl daemon-reload
    systemctl enable student.service
    systemctl restart student.service
    ");
}

#[test]
fn systemd_takes_the_unit() {
    let scene = bundled();
    let unit = fs::read_to_string(scene.out().join("student.service")).unwrap();
    // It says so where the program is not there, which is not the unit's fault.
    let unit = unit.replace("/usr/local/lib/dsg/student/serve", "/bin/true");
    let file = scene.path("student.service");
    fs::write(&file, unit).unwrap();
    let verified = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&file)
        .output();
    match verified {
        Ok(output) => {
            let says = text(&output.stderr);
            // Of keys that it does not know it says so, and succeeds.
            let is_taken = output.status.success() && !says.contains("student.service");
            assert!(is_taken, "{says}");
        }
        Err(error) => eprintln!("skipped: no systemd-analyze here ({error})"),
    }
}

#[test]
fn they_explain_themselves() {
    let scene = bundled();
    for script in SCRIPTS {
        let output = scene.run(script, &["--help"], &[]);
        assert!(output.status.success(), "{script}: {output:?}");
        let help = text(&output.stdout);
        assert!(help.contains(&format!("./{script}")), "{help}");
        assert!(!help.contains("set -"), "{help}");
    }
}

#[test]
fn without_llama_cpp_they_say_how_to_get_it() {
    let scene = bundled();
    for (script, program) in [
        ("run-decoder", "llama-completion"),
        ("run-encoder", "llama-embedding"),
        ("serve", "llama-server"),
    ] {
        let args: &[&str] = if script == "serve" { &[] } else { &["text"] };
        let output = scene.run(script, args, &[]);
        assert_eq!(output.status.code(), Some(3), "{script}: {output:?}");
        let says = text(&output.stderr);
        assert!(says.contains(program) && says.contains("./setup"), "{says}");
    }
}

#[test]
fn a_server_for_other_machines_needs_a_key() {
    let scene = bundled();
    let everyone = ("DSG_HOST", "0.0.0.0");
    let output = scene.run("serve", &[], &[everyone]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("LLAMA_API_KEY"));
    // With one it gets as far as looking for its program.
    let output = scene.run("serve", &[], &[everyone, ("LLAMA_API_KEY", "secret")]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}

#[test]
fn a_dry_set_up_says_what_it_would_do_and_does_nothing() {
    let scene = bundled();
    let before = files(&scene.out());
    let output = scene.run("setup", &["--dry-run", "--service"], &[]);
    let says = text(&output.stdout);
    assert!(output.status.success(), "{says}{}", text(&output.stderr));
    for part in [
        "git clone --depth 1 --branch v0.4.0",
        "-DGGML_BLAS_VENDOR=OpenBLAS",
        "llama-server",
        "-DBUILD_SHARED_LIBS=OFF",
        "systemctl restart student.service",
    ] {
        assert!(says.contains(part), "{part} in {says}");
    }
    assert_eq!(files(&scene.out()), before);
    let output = scene.run("setup", &["--dry-run"], &[("DSG_BLAS", "OFF")]);
    assert!(text(&output.stdout).contains("-DGGML_BLAS=OFF"));
    assert_eq!(scene.run("setup", &["--fast"], &[]).status.code(), Some(2));
}

#[test]
fn set_up_stops_at_a_damaged_folder_but_not_at_settings_of_ones_own() {
    let scene = bundled();
    let change = |name: &str| {
        let path = scene.out().join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend(b"# mine\n");
        fs::write(path, bytes).unwrap();
    };
    change("settings.sh");
    let output = scene.run("setup", &["--dry-run"], &[]);
    assert!(output.status.success(), "{output:?}");
    change("Modelfile");
    let output = scene.run("setup", &["--dry-run"], &[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(text(&output.stderr).contains("changed or damaged"));
}
