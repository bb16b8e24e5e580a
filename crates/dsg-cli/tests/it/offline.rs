use std::collections::{BTreeMap, BTreeSet};
use std::fs;

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

/// Every package of the lock file with what it may be built with.
fn lock() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(fixtures().join("../Cargo.lock")).unwrap();
    let quoted = |line: &str| line.split('"').nth(1).map(str::to_owned);
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if line.starts_with("name = ") {
            name = quoted(line).unwrap();
        } else if line.starts_with(" \"") {
            // `name`, or `name version` where there are several.
            let dependency = quoted(line).unwrap();
            let bare = dependency.split(' ').next().unwrap().to_owned();
            packages.entry(name.clone()).or_default().insert(bare);
        }
    }
    packages
}

/// `dsg-llm` is the one crate that speaks HTTP, and only commands that are given a model build one of its clients.
#[test]
fn nothing_else_that_the_program_is_built_from_can_reach_the_network() {
    let packages = lock();
    let clients = |without: &str| -> Vec<&str> {
        let mut reached = BTreeSet::new();
        let mut next = vec!["dsg-cli".to_owned()];
        while let Some(package) = next.pop() {
            if package != without && reached.insert(package.clone()) {
                next.extend(packages.get(&package).into_iter().flatten().cloned());
            }
        }
        assert!(reached.contains("dsg-ingest"), "{reached:?}");
        CLIENTS
            .into_iter()
            .filter(|name| reached.contains(*name))
            .collect()
    };
    assert_eq!(clients("dsg-llm"), [] as [&str; 0]);
    // The one client of `dsg-llm`, with whatever feature it is built: `hub` brings no second.
    assert_eq!(clients(""), ["hyper", "mio", "rustls", "socket2"]);
    assert!(packages.get("dsg-llm").unwrap().contains("hf-hub"));
}
