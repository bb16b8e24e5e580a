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

#[test]
fn nothing_that_is_built_can_reach_the_network() {
    let lock = fs::read_to_string(fixtures().join("../Cargo.lock")).unwrap();
    let found: Vec<&str> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .filter(|name| CLIENTS.contains(name))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}
