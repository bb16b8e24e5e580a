//! What everyone leaves of a chat server's throughput.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::job::{Contender, DSG, Place};
use super::report::{number, wrap};
use crate::Result;
use crate::repository::target_dir;
use crate::step::capture;
use crate::venv;

const CONCURRENCY: u64 = 64;
const MILLISECONDS: u64 = 50;
/// dsg's tasks; the goal names the number.
const REQUESTS: u64 = 10_000;
/// Enough for a rate that is a tenth or less of the server's.
const PEER_REQUESTS: u64 = 2_000;

/// The server's own: what it gives to sockets that do nothing else.
const SOCKETS: &str = "sockets";

/// The peers, pinned, each with what it needs to ask a server.
const PEERS: [(&str, &[&str]); 2] = [
    (
        "distilabel",
        // `requests` is what distilabel needs and does not ask for.
        &[
            "distilabel==1.5.3",
            "datasets==5.2.0",
            "openai==3.57.0",
            "requests==2.34.2",
        ],
    ),
    (
        "synthetic-data-kit",
        &["synthetic-data-kit==0.0.5", "openai==3.57.0"],
    ),
];

const SHARE_GOAL: f64 = 95.0;
const MEMORY_GOAL_MB: f64 = 200.0;

/// Someone who asks, and how.
struct Asker {
    name: &'static str,
    requests: u64,
    /// `None` is a program of dsg.
    python: Option<PathBuf>,
}

impl Asker {
    fn command(&self, place: &Place<'_>, address: &str, requests: u64) -> Command {
        let (requests, concurrency) = (requests.to_string(), CONCURRENCY.to_string());
        let Some(python) = &self.python else {
            let mut command = Command::new(program(place));
            command.args(["--ask", self.name, address, &requests, &concurrency]);
            return command;
        };
        let mut command = Place { python, ..*place }.script("teacher.py");
        command.args(["--engine", self.name, "--address", address]);
        command.args(["--requests", &requests, "--concurrency", &concurrency]);
        command
    }

    /// Asks, and adds to what it says of itself what the server saw.
    fn ask(&self, place: &Place<'_>, server: &Server, requests: u64) -> Result<Value> {
        server.seen()?;
        let output = capture(&mut self.command(place, &server.address, requests))?;
        let line = output.lines().find(|line| line.starts_with('{'));
        let mut run: Value =
            serde_json::from_str(line.ok_or_else(|| format!("{}: no result", self.name))?)?;
        let seen = server.seen()?;
        let answered = run.get("answered").and_then(Value::as_u64);
        if answered != Some(requests) {
            return Err(format!("{}: {run} of {requests}; {seen}", self.name).into());
        }
        set(
            &mut run,
            "rate",
            value(&seen, "requests") / value(&seen, "seconds"),
        );
        set(&mut run, "most_at_once", value(&seen, "most_at_once"));
        Ok(run)
    }
}

/// The section of the page.
pub(crate) fn section(place: &Place<'_>, rounds: usize) -> Result<String> {
    let mut askers: Vec<Asker> = [SOCKETS, DSG]
        .map(|name| Asker {
            name,
            requests: REQUESTS,
            python: None,
        })
        .into();
    for (name, requirements) in PEERS {
        askers.push(Asker {
            name,
            requests: PEER_REQUESTS,
            python: Some(venv::create(
                &target_dir(place.root),
                &format!("bench-{name}"),
                requirements,
            )?),
        });
    }
    let server = Server::start(place)?;
    // What the first batch costs is mostly the start.
    let mut starts = Vec::new();
    for asker in &askers {
        println!("teacher: {} starts", asker.name);
        starts.push(value(
            &asker.ask(place, &server, CONCURRENCY)?,
            "cpu_seconds",
        ));
    }
    let mut contenders: Vec<Contender> = Vec::new();
    for round in 1..=rounds {
        let mut own = None;
        for (nth, (asker, start)) in askers.iter().zip(&starts).enumerate() {
            println!("teacher: round {round} of {rounds}, {}", asker.name);
            let mut run = asker.ask(place, &server, asker.requests)?;
            let rate = value(&run, "rate");
            set(&mut run, "share", 100.0 * rate / *own.get_or_insert(rate));
            let microseconds = 1e6 * (value(&run, "cpu_seconds") - start).max(0.0);
            set(
                &mut run,
                "cpu",
                microseconds / (asker.requests - CONCURRENCY) as f64,
            );
            if let Some(contender) = contenders.get_mut(nth) {
                contender.runs.push(run);
            } else {
                let version = run.get("version").and_then(Value::as_str);
                contenders.push(Contender {
                    engine: asker.name.to_owned(),
                    version: version.unwrap_or_default().to_owned(),
                    threads: 1,
                    runs: vec![run],
                });
            }
        }
    }
    let requests: Vec<u64> = askers.iter().map(|asker| asker.requests).collect();
    Ok(render(&contenders, &requests))
}

fn render(contenders: &[Contender], requests: &[u64]) -> String {
    let mut out = format!(
        "## Asking a model\n\n{}\n\n\
         | | version | requests | requests/s | share | most at once | processor time a request, µs | peak MiB |\n\
         |---|---|--:|--:|--:|--:|--:|--:|\n",
        wrap(&format!(
            "One server on this machine, a process of its own, answers every chat completion after {MILLISECONDS} ms with the same short \
             JSON. Everyone asks with the same prompts (2,040 characters and a question, each another one), at most {CONCURRENCY} at once. \
             `{SOCKETS}` is the server's own throughput: {CONCURRENCY} connections that write one such request, made beforehand, again and \
             again and read the reply. `dsg` is the stack of a run: limits, retries, budgets, the reply checked against a schema, and the \
             reply store on disk. \
             `distilabel`: `TextGeneration` with `OpenAILLM` in a pipeline, batches of {CONCURRENCY}, its cache on, no schema. \
             `synthetic-data-kit`: what `create --type qa` does once it has a summary, with `api-endpoint` and batches of {CONCURRENCY}; it \
             stores no replies. \
             *Share*: of the server's own, in the same round. Rates are by the server's clock, from the first request that arrives to the \
             last reply that leaves, so no one's start counts; nor does it in the processor time, which is what a run takes beyond one of \
             {CONCURRENCY} requests. *Peak*: resident memory of the largest process, start included."
        ))
    );
    for (contender, requests) in contenders.iter().zip(requests) {
        let median = |key: &str| contender.median(key).unwrap_or(f64::NAN);
        let whole = |key: &str| number(median(key).round());
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {:.1} % | {} | {} | {} |",
            contender.engine,
            contender.version,
            number(*requests as f64),
            whole("rate"),
            median("share"),
            whole("most_at_once"),
            whole("cpu"),
            whole("peak_mib"),
        );
    }
    let dsg = contenders.iter().find(|contender| contender.engine == DSG);
    let median = |key: &str| dsg.and_then(|dsg| dsg.median(key)).unwrap_or(f64::NAN);
    let (share, megabytes) = (median("share"), median("peak_mib") * 1.048_576);
    let verdict = |met: bool| {
        if met {
            "met"
        } else {
            "missed, see the remarks"
        }
    };
    let _ = write!(
        out,
        "\n| goal | reached | |\n|---|--:|---|\n\
         | share of the server's own throughput: at least {SHARE_GOAL} % | {share:.1} % | {} |\n\
         | peak memory of {} tasks: under {MEMORY_GOAL_MB} MB | {megabytes:.0} MB | {} |\n",
        verdict(share >= SHARE_GOAL),
        number(REQUESTS as f64),
        verdict(megabytes < MEMORY_GOAL_MB),
    );
    out
}

fn value(object: &Value, key: &str) -> f64 {
    object.get(key).and_then(Value::as_f64).unwrap_or_default()
}

fn set(object: &mut Value, key: &str, value: f64) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), json!(value));
    }
}

fn program(place: &Place<'_>) -> PathBuf {
    target_dir(place.root).join("release/examples/overhead")
}

/// The server's process; it ends with the value.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(place: &Place<'_>) -> Result<Self> {
        let mut child = Command::new(program(place))
            .args(["--serve", &MILLISECONDS.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut server = Self {
            child,
            address: String::new(),
        };
        BufReader::new(stdout).read_line(&mut server.address)?;
        server.address = server.address.trim().to_owned();
        Ok(server)
    }

    /// What it saw since it was last asked.
    fn seen(&self) -> Result<Value> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.write_all(b"GET /stats HTTP/1.1\r\n\r\n")?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let (_, body) = reply
            .split_once("\r\n\r\n")
            .ok_or("the server's statistics have no body")?;
        Ok(serde_json::from_str(body)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_takes_medians_and_judges_them() {
        let contender = |engine: &str, shares: &[f64], peak: f64| {
            Contender {
            engine: engine.into(),
            version: "1.0".into(),
            threads: 1,
            runs: shares
                .iter()
                .map(|share| {
                    json!({"share": share, "rate": 1234.4, "most_at_once": 64, "cpu": 99.6, "peak_mib": peak})
                })
                .collect(),
        }
        };
        let page = |peak: f64, shares: &[f64]| {
            render(
                &[
                    contender(SOCKETS, &[100.0], 3.0),
                    contender(DSG, shares, peak),
                ],
                &[REQUESTS, REQUESTS],
            )
        };
        let met = page(190.0, &[96.0, 95.2, 20.0]);
        assert!(
            met.contains("| dsg | 1.0 | 10,000 | 1,234 | 95.2 % | 64 | 100 | 190 |"),
            "{met}"
        );
        assert!(
            met.contains("95 % | 95.2 % | met |") && met.contains("200 MB | 199 MB | met |"),
            "{met}"
        );
        let missed = page(191.0, &[94.9]);
        assert!(
            missed.contains("| 94.9 % | missed, see the remarks |")
                && missed.contains("| 200 MB | missed, see the remarks |"),
            "{missed}"
        );
    }
}
