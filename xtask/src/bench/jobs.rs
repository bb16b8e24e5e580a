//! The comparisons that are made.

use super::job::{Goal, Job, Metric, Peer};

/// Every folder of the shared corpora that holds text.
const ALL: &[&str] = &[
    "hpc-md-csc",
    "hpc-md-cscs",
    "hpc-rst-ompi",
    "md-etcd-versions",
    "py-parallel",
    "slurm",
    "slurm-2205-debian",
];

/// All jobs, in the order of the page.
pub(crate) fn all() -> Vec<Job> {
    vec![minhash()]
}

fn minhash() -> Job {
    Job {
        name: "minhash",
        title: "MinHash deduplication",
        what: "The paragraphs of the shared corpora, filled up with near-duplicates of them, as sets of lower-case word 3-grams. Timed: \
            sketches of 128 registers and finding every near-duplicate with 16 bands. `dsg` and `rensa-dedup` check the estimated \
            similarity (0.8) of what shares a band; `rensa` and `rensa-rho` flag whatever shares a band; `datasketch` queries, then \
            inserts.",
        package: "dsg-dedupe",
        example: "bench_minhash",
        script: "minhash.py",
        build: &["--texts", "200000"],
        corpora: ALL,
        input: "texts.jsonl",
        options: &[
            "--num-perm",
            "128",
            "--bands",
            "16",
            "--threshold",
            "0.8",
            "--repeat",
            "1",
        ],
        threads: &[1, 2],
        peers: &[
            Peer {
                engine: "rensa",
                threaded: true,
            },
            Peer {
                engine: "rensa-rho",
                threaded: true,
            },
            Peer {
                engine: "rensa-dedup",
                threaded: true,
            },
            Peer {
                engine: "datasketch",
                threaded: false,
            },
        ],
        metrics: &[
            Metric {
                key: "seconds",
                title: "whole job",
            },
            Metric {
                key: "sketch_seconds",
                title: "sketches",
            },
            Metric {
                key: "index_seconds",
                title: "finding",
            },
        ],
        findings: &[Metric {
            key: "duplicates",
            title: "duplicates found",
        }],
        goals: &[
            Goal {
                metric: "seconds",
                engine: "rensa",
                at_least: 1.0,
            },
            Goal {
                metric: "seconds",
                engine: "datasketch",
                at_least: 20.0,
            },
        ],
    }
}
