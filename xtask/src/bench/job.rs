//! One comparison: an input, contenders, metrics, goals.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Result;
use crate::onnx;
use crate::repository::target_dir;
use crate::step::capture;

/// One comparison.
pub(crate) struct Job {
    /// Its short name.
    pub(crate) name: &'static str,
    /// Its heading.
    pub(crate) title: &'static str,
    /// What is done, for the page.
    pub(crate) what: &'static str,
    /// The crate of dsg's side.
    pub(crate) package: &'static str,
    /// The example program of dsg's side.
    pub(crate) example: &'static str,
    /// Features that the example needs.
    pub(crate) features: &'static str,
    /// Whether the job has a meaning with more than one thread.
    pub(crate) threaded: bool,
    /// The peers' side, below `xtask/peers/`.
    pub(crate) script: &'static str,
    /// Makes the input.
    pub(crate) prepare: fn(&Place<'_>) -> Result<Input>,
    /// Arguments of every contender.
    pub(crate) options: &'static [&'static str],
    /// The peers, in the order of the page.
    pub(crate) peers: &'static [Peer],
    /// Times in seconds, by their key in the contenders' output.
    pub(crate) metrics: &'static [Metric],
    /// What each side found, shown so that speed is not bought with other results.
    pub(crate) findings: &'static [Metric],
    /// What dsg wants to reach.
    pub(crate) goals: &'static [Goal],
}

/// An engine that the peers' script runs.
pub(crate) struct Peer {
    /// Its name there.
    pub(crate) engine: &'static str,
    /// Whether it can use more than one thread.
    pub(crate) threaded: bool,
}

/// What contenders work on.
pub(crate) struct Input {
    /// The file or folder.
    pub(crate) path: PathBuf,
    /// What is in it, in numbers: `("texts", 200000)`.
    pub(crate) facts: Vec<(String, u64)>,
}

/// A number in the contenders' output.
pub(crate) struct Metric {
    /// Its key.
    pub(crate) key: &'static str,
    /// Its column heading.
    pub(crate) title: &'static str,
}

/// How many times as fast as a peer dsg wants to be.
pub(crate) struct Goal {
    /// The metric's key.
    pub(crate) metric: &'static str,
    /// The peer's engine.
    pub(crate) engine: &'static str,
    /// The factor.
    pub(crate) at_least: f64,
}

/// Where a job finds things.
pub(crate) struct Place<'a> {
    pub(crate) root: &'a Path,
    pub(crate) corpora: &'a Path,
    pub(crate) scratch: &'a Path,
    pub(crate) python: &'a Path,
}

impl Place<'_> {
    /// A script of the peers.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = Command::new(self.python);
        command.arg(self.root.join("xtask/peers").join(name));
        command
    }
}

/// One contender's runs with one number of threads.
pub(crate) struct Contender {
    /// `dsg` or the peer's engine.
    pub(crate) engine: String,
    /// Its version.
    pub(crate) version: String,
    /// The number of threads.
    pub(crate) threads: u64,
    /// The output of every run.
    pub(crate) runs: Vec<Value>,
}

/// A job with its results.
pub(crate) struct Outcome {
    pub(crate) job: Job,
    pub(crate) facts: Vec<(String, u64)>,
    /// dsg's come before its peers'.
    pub(crate) contenders: Vec<Contender>,
}

/// The name of dsg's side on the page.
pub(crate) const DSG: &str = "dsg";

impl Contender {
    /// The median of a number over the runs; `None` where the contender does not report it.
    pub(crate) fn median(&self, key: &str) -> Option<f64> {
        median(
            self.runs
                .iter()
                .filter_map(|run| run.get(key)?.as_f64())
                .collect(),
        )
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied()?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    values
        .get(middle - 1)
        .map(|lower| f64::midpoint(*lower, upper))
}

impl Job {
    /// Makes the input and lets the contenders take turns.
    pub(crate) fn run(self, place: &Place<'_>, rounds: usize) -> Result<Outcome> {
        println!("{}: making the input", self.title);
        let input = (self.prepare)(place)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if cores == 1 || !self.threaded {
            vec![1]
        } else {
            vec![1, cores]
        };
        let mut contenders = Vec::new();
        for round in 1..=rounds {
            for threads in &threads {
                println!(
                    "{}: round {round} of {rounds}, {threads} threads",
                    self.title
                );
                let program = target_dir(place.root)
                    .join("release/examples")
                    .join(self.example);
                let mut command = Command::new(program);
                if self.features.contains("fastembed") {
                    command.env(onnx::VARIABLE, onnx::library_of(place.python)?);
                }
                let output = self.measure(command, &input, *threads)?;
                if output.contains("\"files\":0") {
                    println!("{}: SKIPPED, dsg reads none of these files", self.title);
                    return Ok(Outcome {
                        job: self,
                        facts: input.facts,
                        contenders,
                    });
                }
                record(&mut contenders, Some(DSG), &output)?;
                for peer in self.peers {
                    if *threads > 1 && !peer.threaded {
                        continue;
                    }
                    let mut command = place.script(self.script);
                    command.args(["run", "--engine", peer.engine]);
                    let output = self.measure(command, &input, *threads)?;
                    record(&mut contenders, None, &output)?;
                }
            }
        }
        Ok(Outcome {
            job: self,
            facts: input.facts,
            contenders,
        })
    }

    fn measure(&self, mut command: Command, input: &Input, threads: usize) -> Result<String> {
        let threads = threads.to_string();
        for name in ["RAYON_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS"] {
            command.env(name, &threads);
        }
        capture(command.arg("--input").arg(&input.path).args(self.options))
    }
}

/// Adds every result in `output`, one JSON object a line, to its contender.
fn record(contenders: &mut Vec<Contender>, name: Option<&str>, output: &str) -> Result {
    let mut found = false;
    for line in output.lines().filter(|line| line.starts_with('{')) {
        let run: Value = serde_json::from_str(line)?;
        let text = |key: &str| {
            run.get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let engine = name.map_or_else(|| text("engine"), str::to_owned);
        let threads = run.get("threads").and_then(Value::as_u64).unwrap_or(1);
        found = true;
        let known = contenders
            .iter_mut()
            .find(|c| c.engine == engine && c.threads == threads);
        if let Some(contender) = known {
            contender.runs.push(run);
        } else {
            contenders.push(Contender {
                engine,
                version: text("version"),
                threads,
                runs: vec![run],
            });
        }
    }
    if found {
        Ok(())
    } else {
        Err("a contender printed no result".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 9.0]), Some(3.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn results_are_sorted_by_engine_and_threads() {
        let mut contenders = Vec::new();
        let output = "loading\n{\"engine\":\"x\",\"threads\":1,\"s\":1}\n{\"engine\":\"x\",\"threads\":2,\"s\":2}\n";
        record(&mut contenders, None, output).unwrap();
        record(&mut contenders, None, output).unwrap();
        record(
            &mut contenders,
            Some(DSG),
            "{\"engine\":\"dsg-index\",\"threads\":1}",
        )
        .unwrap();
        let seen: Vec<_> = contenders
            .iter()
            .map(|c| (c.engine.as_str(), c.threads, c.runs.len()))
            .collect();
        assert_eq!(seen, [("x", 1, 2), ("x", 2, 2), (DSG, 1, 1)]);
        assert!(record(&mut contenders, None, "nothing\n").is_err());
    }
}
