//! `dsg bench`.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::scene::Scene;

#[cfg(not(feature = "llama-cpp"))]
#[test]
fn a_build_that_cannot_run_models_names_the_feature() {
    let scene = Scene::new();
    let says = contains("built without `llama-cpp`").and(contains("--features llama-cpp"));
    let call = ["bench", "--gguf", "m.gguf"];
    scene.dsg(&call).assert().code(2).stderr(says);
}

#[test]
fn a_tolerance_without_a_baseline_makes_no_sense() {
    let scene = Scene::new();
    let says = contains("--baseline").and(contains("required"));
    let call = ["bench", "--gguf", "m.gguf", "--tolerance", "0.1"];
    scene.dsg(&call).assert().code(2).stderr(says);
}

/// With the small model of `cargo xtask llama`, where there is one.
#[cfg(feature = "llama-cpp")]
mod with_model {
    use serde_json::Value;

    use super::*;
    use crate::real_model::small_model;

    #[test]
    fn measurements_are_written_and_hold_the_next_ones() {
        let Some(model) = small_model() else { return };
        let scene = Scene::new();
        let bench = |more: &[&str]| {
            let mut command = scene.dsg(&["bench", "--threads", "1", "--batch", "16,32"]);
            // As llama-bench calls them.
            command.args(["-p", "32", "-n", "4", "-r", "2"]);
            command.env("OMP_WAIT_POLICY", "passive");
            command.arg("--gguf").arg(&model).args(more);
            command.output().unwrap()
        };
        let output = bench(&["--csv", "a.csv", "--json"]);
        assert!(output.status.success(), "{output:?}");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = json["measurements"].as_array().unwrap();
        let tests: Vec<&str> = rows
            .iter()
            .map(|row| row["test"].as_str().unwrap())
            .collect();
        assert_eq!(tests, ["pp32", "tg4", "pp32", "tg4"]);
        for row in rows {
            assert!(row["tokens_per_second"].as_f64().unwrap() > 0.0, "{row}");
            assert_eq!(
                row["first_token_ms"].is_null(),
                row["test"] == "tg4",
                "{row}"
            );
        }
        #[cfg(target_os = "linux")]
        assert!(rows[0]["peak_bytes"].as_u64().unwrap() > rows[0]["model_bytes"].as_u64().unwrap());

        // A hundredth of the speed is reached on any machine, a hundred times of it on none.
        let table = scene.read("a.csv");
        let scaled = |factor: f64| {
            let lines = table.lines().enumerate().map(|(number, line)| {
                let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
                if number > 0 {
                    let speed: f64 = cells[6].parse().unwrap();
                    cells[6] = (speed * factor).to_string();
                }
                cells.join(",")
            });
            lines.collect::<Vec<_>>().join("\n")
        };
        scene.write("slow.csv", &scaled(0.01));
        scene.write("fast.csv", &scaled(100.0));
        let output = bench(&["--baseline", "slow.csv"]);
        assert!(output.status.success(), "{output:?}");
        let output = bench(&["--baseline", "fast.csv", "--tolerance", "0.5"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(scene.text(&output.stdout).contains("in the baseline"));

        // What is not measured any more does not pass.
        let more = scaled(0.01).replace("tg4", "tg5");
        scene.write("more.csv", &more);
        let output = bench(&["--baseline", "more.csv"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let says = scene.text(&output.stdout);
        assert!(
            says.contains("tg5 with 1 threads and batch 16 is in the baseline"),
            "{says}"
        );
    }

    #[test]
    fn what_could_not_be_compared_in_the_end_is_refused_before_anything_is_measured() {
        let scene = Scene::new();
        scene.write("a.csv", "");
        let bench = |more: &[&str], says: &'static str| {
            let mut command = scene.dsg(&["bench", "--gguf", "none.gguf", "--baseline", "a.csv"]);
            command.args(more).assert().code(2).stderr(contains(says));
        };
        bench(&["--csv", "a.csv"], "would replace the baseline");
        bench(&["--csv", "./a.csv"], "would replace the baseline");
        bench(&["--tolerance", "1"], "tolerance must be from 0");
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let scene = Scene::new();
        scene.write("m.gguf", "no model");
        let says = contains("m.gguf").and(contains("no GGUF"));
        let call = ["bench", "--gguf", "m.gguf", "--threads", "1"];
        scene.dsg(&call).assert().code(3).stderr(says);
    }
}
