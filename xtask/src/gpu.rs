//! `cargo xtask gpu`: the program that measures training on a GPU, for a machine that has one.
//!
//! burn's CUDA backend compiles kernels by LLVM, which a build script downloads. Where it cannot, the program can be built all the same:
//! CubeCL's feature `cpp` leaves the kernels to NVRTC, docs.rs's variable keeps build scripts from native parts, and the functions of LLVM,
//! which nothing calls then, are stubs. Their names are what a first attempt to link lacks. It is written for x86-64 Linux, where rustc links
//! by LLVM's linker.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;

use crate::Result;
use crate::repository::target_dir;
use crate::step::{cargo, check, shown};

/// What linkers say of a function that is nowhere: LLVM's and GNU's.
const LACKING: [&str; 2] = ["undefined symbol: ", "undefined reference to "];
/// How the names begin of what LLVM's bundle would bring: its own interface, and shims of CubeCL around the rest.
const BUNDLED: [&str; 2] = ["LLVM", "cubecl_"];

/// Build the program that measures training on a GPU, to be carried to a machine that has one
///
/// By default for CUDA, without LLVM. The program needs only libc to start, and on the other machine NVIDIA's driver, libnvrtc and CUDA's headers
/// (CUDA_PATH, else /usr/local/cuda). What users build is another program: `--features cuda` of dsg-cli, in which LLVM compiles the kernels.
///
/// There, `dsg-gpu cuda MODEL train.jsonl` compares logits with the CPU's, trains an adapter, and prints a JSON object a line: the device, the
/// difference of logits, every step, and supervised tokens a second with the memory that was reserved. Without arguments it lists its options.
/// `python train_speed.py compare dsg-gpu MODEL-FOLDER train.jsonl WORK --device cuda` (xtask/python) takes it in turn with TRL's trainer.
#[derive(Args)]
pub(crate) struct GpuArgs {
    /// Build for Vulkan instead, with shaders in SPIR-V; needs neither LLVM nor CUDA
    #[arg(long)]
    vulkan: bool,
}

/// Builds the program and says where it is.
pub(crate) fn run(root: &Path, args: &GpuArgs) -> Result {
    let (program, backend) = if args.vulkan {
        let build = "build --release --locked -p dsg-train --features vulkan --example gpu";
        check(cargo(root).args(build.split_whitespace()))?;
        (target_dir(root).join("release/examples/gpu"), "vulkan")
    } else {
        (cuda(root)?, "cuda")
    };
    println!("{}", program.display());
    println!("its arguments on the machine with the GPU: {backend} MODEL train.jsonl");
    Ok(())
}

fn cuda(root: &Path) -> Result<PathBuf> {
    let package = root.join("xtask/gpu");
    let target = target_dir(root).join("gpu");
    fs::create_dir_all(&target)?;
    // What is measured is what is locked; cargo takes out what this package does not need.
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock"))?;
    let stubs = target.join("stubs.o");
    compile(&BTreeSet::new(), &stubs)?;
    let link = || {
        let mut command = cargo(root);
        command
            .args(["rustc", "--release", "--bin", "dsg-gpu", "--manifest-path"])
            .arg(package.join("Cargo.toml"))
            // All that is lacking, not the first twenty.
            .args(["--", "-C", "link-arg=-Wl,--error-limit=0", "-C"])
            .arg(format!("link-arg={}", stubs.display()))
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_TERM_COLOR", "never")
            // Build scripts leave LLVM out.
            .env("DOCS_RS", "1");
        command
    };
    let lacking = attempt(&mut link())?;
    if !lacking.is_empty() {
        if let Some(name) = lacking.iter().find(|name| !is_bundled(name)) {
            return Err(format!("the linker lacks `{name}`, which is none of LLVM's").into());
        }
        println!("standing in for {} functions of LLVM", lacking.len());
        compile(&lacking, &stubs)?;
        let still = attempt(&mut link())?;
        if !still.is_empty() {
            return Err(format!("the linker still lacks {still:?}").into());
        }
    }
    Ok(target.join("release/dsg-gpu"))
}

/// Runs a build with its output shown, but for what the linker says; returns the functions that it lacks.
fn attempt(command: &mut Command) -> Result<BTreeSet<String>> {
    let line = shown(command);
    let mut child = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start `{line}`: {error}"))?;
    let mut lacking = BTreeSet::new();
    let mut last = String::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines() {
            let line = line?;
            lacking.extend(undefined(&line));
            if last.is_empty() && !line.contains("linking with") {
                eprintln!("{line}");
            } else {
                last.push_str(&line);
                last.push('\n');
            }
        }
    }
    let status = child.wait()?;
    if status.success() || !lacking.is_empty() {
        return Ok(lacking);
    }
    Err(format!("`{line}` ended with {status}\n{last}").into())
}

/// The function that a line of a linker says is nowhere.
fn undefined(line: &str) -> Option<String> {
    let rest = LACKING
        .iter()
        .find_map(|says| line.split_once(says).map(|(_, rest)| rest))?;
    let name: String = rest
        .trim_start_matches(['`', '\''])
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

fn is_bundled(name: &str) -> bool {
    BUNDLED.iter().any(|begins| name.starts_with(begins))
}

/// An object file in which each function says its name and ends the program.
fn compile(names: &BTreeSet<String>, object: &Path) -> Result {
    let mut code = String::from("#include <stdio.h>\n#include <stdlib.h>\n");
    for name in names {
        let says = format!("{name}: this program was built without LLVM\\n");
        writeln!(
            code,
            "void {name}(void) {{ fputs(\"{says}\", stderr); abort(); }}"
        )?;
    }
    let source = object.with_extension("c");
    fs::write(&source, code)?;
    check(
        Command::new("cc")
            // As rustc links, whatever is this compiler's default.
            .args(["-c", "-fPIC"])
            .arg(&source)
            .arg("-o")
            .arg(object),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_linkers_name_what_they_lack() {
        for (line, name) in [
            (
                "          rust-lld: error: undefined symbol: LLVMAddFunction",
                Some("LLVMAddFunction"),
            ),
            (
                "x.rs:7:(.text+0x1): undefined reference to `cubecl_set_option'",
                Some("cubecl_set_option"),
            ),
            ("          >>> referenced by lib.rs:12", None),
            ("   Compiling llvm-sys v231.0.2", None),
        ] {
            assert_eq!(undefined(line).as_deref(), name, "{line}");
        }
        assert!(is_bundled("LLVMAddFunction") && !is_bundled("cuInit"));
    }

    #[test]
    fn stubs_compile_and_say_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let object = folder.path().join("stubs.o");
        let names = ["LLVMAddFunction", "cubecl_set_option"].map(str::to_owned);
        compile(&names.into(), &object).unwrap();
        let bytes = fs::read(&object).unwrap();
        let says = b"LLVMAddFunction: this program";
        assert!(bytes.windows(says.len()).any(|window| window == says));
    }
}
