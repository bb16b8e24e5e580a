//! One comparison: an input, contenders, metrics, goals.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::Result;
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
    /// The peers' side, below `xtask/peers/`.
    pub(crate) script: &'static str,
    /// Makes the input: arguments of the script's `build`, after the corpora.
    pub(crate) build: &'static [&'static str],
    /// Folders of `../shared/corpora` that the input is made of.
    pub(crate) corpora: &'static [&'static str],
    /// The input's name in the scratch folder.
    pub(crate) input: &'static str,
    /// Arguments of every contender.
    pub(crate) options: &'static [&'static str],
    /// Numbers of threads to measure with; a contender of one thread runs with the first only.
    pub(crate) threads: &'static [usize],
    /// The peers: name of the engine, whether it can use more than one thread.
    pub(crate) peers: &'static [Peer],
    /// Times in seconds, by their key in the contenders' output.
    pub(crate) metrics: &'static [Metric],
    /// What each side found, shown so that speed is not bought with other results.
    pub(crate) findings: &'static [Metric],
    /// What dsg wants to reach.
    pub(crate) goals: &'static [Goal],
}

/// A peer's engine.
pub(crate) struct Peer {
    /// The name that the script knows.
    pub(crate) engine: &'static str,
    /// Whether it can use more than one thread.
    pub(crate) threaded: bool,
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

/// What was measured with one number of threads.
pub(crate) struct Measured {
    /// The number.
    pub(crate) threads: usize,
    /// dsg first, then the peers.
    pub(crate) contenders: Vec<Contender>,
}

/// One contender's runs.
pub(crate) struct Contender {
    /// `dsg` or the peer's engine.
    pub(crate) engine: String,
    /// Its version.
    pub(crate) version: String,
    /// The output of every run.
    pub(crate) runs: Vec<Value>,
}

/// A job with its results.
pub(crate) struct Outcome {
    pub(crate) job: Job,
    pub(crate) input: Value,
    pub(crate) measured: Vec<Measured>,
}

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
        let mut build = Command::new(place.python);
        build
            .arg(place.root.join("xtask/peers").join(self.script))
            .arg("build");
        for folder in self.corpora {
            build.arg("--corpus").arg(place.corpora.join(folder));
        }
        let input = place.scratch.join(self.input);
        build.arg("--out").arg(&input).args(self.build);
        let made = parse(&capture(&mut build)?)?;

        let mut measured = Vec::new();
        for (turn, threads) in self.threads.iter().enumerate() {
            let mut runs: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
            for round in 0..rounds {
                println!(
                    "{}: {threads} threads, round {} of {rounds}",
                    self.title,
                    round + 1
                );
                let dsg = target_dir(place.root)
                    .join("release/examples")
                    .join(self.example);
                let mut command = self.command(Command::new(dsg), &input, *threads);
                runs.entry(0)
                    .or_default()
                    .push(parse(&capture(&mut command)?)?);
                for (number, peer) in (1..).zip(self.peers) {
                    if turn > 0 && !peer.threaded {
                        continue;
                    }
                    let mut command = Command::new(place.python);
                    command.arg(place.root.join("xtask/peers").join(self.script));
                    command.args(["run", "--engine", peer.engine]);
                    let mut command = self.command(command, &input, *threads);
                    runs.entry(number)
                        .or_default()
                        .push(parse(&capture(&mut command)?)?);
                }
            }
            let contenders = runs.into_values().map(contender).collect();
            measured.push(Measured {
                threads: *threads,
                contenders,
            });
        }
        Ok(Outcome {
            job: self,
            input: made,
            measured,
        })
    }

    fn command(&self, mut command: Command, input: &Path, threads: usize) -> Command {
        let threads = threads.to_string();
        command.arg("--input").arg(input).args(self.options);
        for name in ["RAYON_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS"] {
            command.env(name, &threads);
        }
        command
    }
}

fn contender(runs: Vec<Value>) -> Contender {
    let text = |key: &str| {
        let value = runs
            .first()
            .and_then(|run| run.get(key))
            .and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    Contender {
        engine: text("engine"),
        version: text("version"),
        runs,
    }
}

/// The last line of a contender's output is its JSON object.
fn parse(output: &str) -> Result<Value> {
    let line = output.lines().rev().find(|line| !line.trim().is_empty());
    Ok(serde_json::from_str(
        line.ok_or("a contender printed nothing")?,
    )?)
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
    fn chatter_before_the_result_is_skipped() {
        assert_eq!(parse("loading\n{\"a\":1}\n\n").unwrap()["a"], 1);
        assert!(parse("\n").is_err());
    }
}
