use std::collections::BTreeSet;
use std::process::Command;

use crate::scene::fixtures;

/// What a program needs to talk to another machine: an HTTP client, TLS, or a socket library of its own.
const CLIENTS: [&str; 12] = [
    "attohttpc",
    "curl",
    "hyper",
    "isahc",
    "mio",
    "native-tls",
    "openssl",
    "reqwest",
    "rustls",
    "socket2",
    "surf",
    "ureq",
];

/// The packages that `dsg-cli` is linked from, less those that only `without` brings; `None` where not all of them are on this machine.
fn linked(without: Option<&str>) -> Option<BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // The lock file would not do: it has what any feature of any dependency could bring.
    let arguments = "tree --offline --locked --package dsg-cli --features hub,train --edges normal --prefix none --format {p}";
    command.args(arguments.split_whitespace());
    if let Some(without) = without {
        command.args(["--prune", without]);
    }
    let output = command.current_dir(fixtures().join("..")).output().unwrap();
    if !output.status.success() {
        eprintln!("skipped: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    Some(names.map(str::to_owned).collect())
}

/// `dsg-llm` is the one crate that speaks HTTP, and only commands that are given a model build one of its clients.
#[test]
fn nothing_else_that_the_program_is_built_from_can_reach_the_network() {
    let clients = |packages: &BTreeSet<String>| -> Vec<&str> {
        CLIENTS
            .into_iter()
            .filter(|name| packages.contains(*name))
            .collect()
    };
    let (Some(others), Some(all)) = (linked(Some("dsg-llm")), linked(None)) else {
        return;
    };
    assert!(
        others.contains("dsg-ingest") && others.contains("dsg-train"),
        "{others:?}"
    );
    assert_eq!(clients(&others), [] as [&str; 0]);
    // The one client of `dsg-llm`, with whatever feature it is built: `hub` brings no second.
    assert_eq!(clients(&all), ["hyper", "mio", "rustls", "socket2"]);
    assert!(all.contains("hf-hub"));
}
