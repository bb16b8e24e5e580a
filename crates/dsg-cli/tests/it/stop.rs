//! Runs that are stopped, kindly or not.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::scene::{Scene, docs, hypothesis};

fn start(scene: &Scene, out: &str) -> Child {
    scene
        .process(&["run", "--quiet", "--outdir", out])
        .arg("--input")
        .arg(docs())
        .arg("--hypothesis")
        .arg(hypothesis())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_run_killed_at_any_point_goes_on_to_the_same_bytes() {
    let scene = Scene::new();
    let begun = Instant::now();
    scene.run_into("whole").assert().success();
    let took = begun.elapsed();
    let whole = scene.bytes("whole");

    // Kills spread over one run, each followed by a run that is left to finish.
    for part in 0..4_u32 {
        let out = format!("killed{part}");
        let mut child = start(&scene, &out);
        sleep(took * part / 4);
        child.kill().unwrap();
        child.wait().unwrap();
        scene.run_into(&out).assert().success();
        same(&whole, &scene.bytes(&out), &out);
    }

    // And one folder whose run is killed again and again.
    for part in 1..5_u32 {
        let mut child = start(&scene, "again");
        sleep(took * part / 8);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    scene.run_into("again").assert().success();
    same(&whole, &scene.bytes("again"), "again");
}

fn same(whole: &BTreeMap<PathBuf, Vec<u8>>, other: &BTreeMap<PathBuf, Vec<u8>>, name: &str) {
    assert_eq!(
        whole.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>(),
        "{name}"
    );
    for (path, bytes) in whole {
        assert!(
            *bytes == other[path],
            "{} differs in {name}",
            path.display()
        );
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_at_a_safe_point_with_130_and_the_run_goes_on() {
    let scene = Scene::new();
    // Enough documents that the signal arrives while they are read.
    let page =
        "# Jobs\n\n## How do I cancel a job?\n\nRun `scancel 4711`; the job leaves the queue.\n\n";
    for n in 0..150 {
        scene.write(&format!("docs/{n}.md"), &page.repeat(40));
    }
    let args = [
        "run",
        "--input",
        "docs",
        "--outdir",
        "out",
        "--events",
        "events.jsonl",
    ];
    let mut child = scene
        .process(&args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The handler is installed before the first event.
    let deadline = Instant::now() + Duration::from_secs(20);
    while std::fs::metadata(scene.path("events.jsonl")).map_or(0, |file| file.len()) == 0 {
        assert!(Instant::now() < deadline && child.try_wait().unwrap().is_none());
        sleep(Duration::from_millis(2));
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let text = scene.text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("stopping at the next safe point"), "{text}");
    assert!(text.contains("stopped: interrupted"), "{text}");
    assert!(
        text.contains("hint: run the same command again to go on"),
        "{text}"
    );
    assert!(!scene.path("out/manifest.json").exists());
}
