//! `cargo xtask kill-test`: a run that is killed at any instant and started again ends with the same bytes as one that was
//! left alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;

use crate::Result;
use crate::folder::differences;

#[derive(Args)]
pub(crate) struct KillTestArgs {
    /// The dsg program
    #[arg(long)]
    pub(crate) dsg: PathBuf,
    /// The documents
    #[arg(long, default_value = "fixtures/docs")]
    pub(crate) input: PathBuf,
    /// The configuration
    #[arg(long, default_value = "fixtures/datasetgen.yaml")]
    pub(crate) hypothesis: PathBuf,
    /// Points in time, spread over the duration of an undisturbed run
    #[arg(long, default_value_t = 24)]
    pub(crate) points: u32,
    /// An empty or missing folder to work in; removed in the end
    #[arg(long)]
    pub(crate) scratch: PathBuf,
}

/// Kills at every point, at every third one twice, and compares.
pub(crate) fn run(args: &KillTestArgs) -> Result {
    if fs::read_dir(&args.scratch).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("`{}` is not empty", args.scratch.display()).into());
    }
    fs::create_dir_all(&args.scratch)?;
    let reference = args.scratch.join("undisturbed");
    finish(args, &reference)?;
    // The second run finds everything in the page cache, as the killed ones will.
    let again = args.scratch.join("again");
    let start = Instant::now();
    finish(args, &again)?;
    let whole = start.elapsed();
    compare("two undisturbed runs", &reference, &again)?;

    let mut landed = 0;
    let mut kills = 0;
    for point in 0..args.points {
        let outdir = args.scratch.join(format!("killed-{point}"));
        let after = whole.mul_f64((f64::from(point) + 0.5) / f64::from(args.points));
        kills += 1;
        landed += u32::from(kill_after(start_run(args, &outdir)?, after)?);
        if point % 3 == 0 {
            kills += 1;
            landed += u32::from(kill_after(start_run(args, &outdir)?, after / 2)?);
        }
        finish(args, &outdir)?;
        compare(
            &format!("a run killed after {after:.0?}"),
            &reference,
            &outdir,
        )?;
        fs::remove_dir_all(&outdir)?;
    }
    fs::remove_dir_all(&args.scratch)?;
    println!(
        "kill-test: {kills} kills at {} points of a run of {whole:.0?}, {landed} of them while it ran; all ended with the same bytes",
        args.points
    );
    // The last points may come too late on a noisy machine, but not many of them.
    if landed * 2 < kills {
        return Err(format!("only {landed} of {kills} kills came before the run had ended").into());
    }
    Ok(())
}

fn command(args: &KillTestArgs, outdir: &Path) -> Command {
    let mut command = Command::new(&args.dsg);
    command.arg("run").arg("--input").arg(&args.input);
    command
        .arg("--hypothesis")
        .arg(&args.hypothesis)
        .arg("--outdir")
        .arg(outdir);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn start_run(args: &KillTestArgs, outdir: &Path) -> Result<Child> {
    Ok(command(args, outdir).stderr(Stdio::null()).spawn()?)
}

fn finish(args: &KillTestArgs, outdir: &Path) -> Result {
    let output = command(args, outdir).output()?;
    if output.status.success() {
        Ok(())
    } else {
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "the run into `{}` ended with {}\n{stderr}",
            outdir.display(),
            output.status
        )
        .into())
    }
}

/// Kills without warning (SIGKILL); returns whether the child was still running.
fn kill_after(mut child: Child, delay: Duration) -> Result<bool> {
    sleep(delay);
    let running = child.try_wait()?.is_none();
    child.kill()?;
    child.wait()?;
    Ok(running)
}

fn compare(what: &str, reference: &Path, other: &Path) -> Result {
    let found = differences(reference, other)?;
    if found.is_empty() {
        Ok(())
    } else {
        let (a, b) = (reference.display(), other.display());
        Err(format!("{what}: `{a}` and `{b}` differ:\n  {}", found.join("\n  ")).into())
    }
}
