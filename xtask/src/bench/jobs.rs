//! The comparisons that are made.

use serde_json::Value;

use super::job::{Goal, Input, Job, Metric, Peer, Place};
use super::passages;
use crate::Result;
use crate::step::capture;

/// Every folder of the shared corpora that holds text.
const CORPORA: [&str; 7] = [
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
    vec![bm25(), minhash()]
}

fn bm25() -> Job {
    Job {
        name: "bm25",
        title: "BM25",
        what: "The paragraphs of the shared corpora as documents, headings of the same corpora as queries. Build: from text to a \
            searchable index, tokenization included. Query: every query, tokenization included, the 10 best documents. Everyone \
            stems (Snowball English), drops English stop words and scores with k1 1.2 and b 0.75; `dsg` also keeps technical terms \
            (`--gres=gpu:2`, `SLURM_JOB_ID`) whole beside their parts.",
        package: "dsg-index",
        example: "bench_bm25",
        script: "bm25.py",
        prepare: bm25_input,
        options: &["--k", "10", "--repeat", "3"],
        peers: vec![
            Peer {
                args: &["--engines", "bm25s-numpy"],
                threaded: true,
            },
            Peer {
                args: &["--engines", "bm25s-numba"],
                threaded: true,
            },
            Peer {
                args: &["--engines", "tantivy"],
                threaded: true,
            },
        ],
        measures_threads: true,
        metrics: &[
            Metric {
                key: "build_seconds",
                title: "build",
            },
            Metric {
                key: "query_seconds",
                title: "query",
            },
        ],
        findings: &[],
        goals: &[
            Goal {
                metric: "build_seconds",
                engine: "bm25s-numpy",
                at_least: 1.0,
            },
            Goal {
                metric: "build_seconds",
                engine: "bm25s-numba",
                at_least: 1.0,
            },
            Goal {
                metric: "query_seconds",
                engine: "bm25s-numpy",
                at_least: 1.0,
            },
            Goal {
                metric: "query_seconds",
                engine: "bm25s-numba",
                at_least: 1.0,
            },
        ],
    }
}

fn bm25_input(place: &Place<'_>) -> Result<Input> {
    let folders = CORPORA.map(|name| place.corpora.join(name));
    let (corpus, queries) = (
        place.scratch.join("corpus.jsonl"),
        place.scratch.join("queries.jsonl"),
    );
    let (documents, asked) = passages::write(&folders, &corpus, &queries)?;
    Ok(Input {
        args: vec![
            "--corpus".into(),
            corpus.into(),
            "--queries".into(),
            queries.into(),
        ],
        facts: vec![(documents, "documents"), (asked, "queries")],
    })
}

fn minhash() -> Job {
    Job {
        name: "minhash",
        title: "MinHash deduplication",
        what: "The paragraphs of the shared corpora, filled up with near-duplicates of them, as sets of lower-case word 3-grams. Timed: \
            sketches of 128 registers and finding every near-duplicate with 16 bands. `dsg` and `rensa-dedup` check the estimated \
            similarity (0.8) of what shares a band; `rensa` and `rensa-rho` flag whatever shares a band; `datasketch`, which has \
            one thread, queries and then inserts.",
        package: "dsg-dedupe",
        example: "bench_minhash",
        script: "minhash.py",
        prepare: minhash_input,
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
        peers: vec![
            Peer {
                args: &["run", "--engine", "rensa"],
                threaded: true,
            },
            Peer {
                args: &["run", "--engine", "rensa-rho"],
                threaded: true,
            },
            Peer {
                args: &["run", "--engine", "rensa-dedup"],
                threaded: true,
            },
            Peer {
                args: &["run", "--engine", "datasketch"],
                threaded: false,
            },
        ],
        measures_threads: false,
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

fn minhash_input(place: &Place<'_>) -> Result<Input> {
    let mut build = place.script("minhash.py");
    build.args(["build", "--texts", "200000"]);
    for folder in CORPORA {
        build.arg("--corpus").arg(place.corpora.join(folder));
    }
    let texts = place.scratch.join("texts.jsonl");
    let made: Value = serde_json::from_str(&capture(build.arg("--out").arg(&texts))?)?;
    let fact = |key: &str| {
        let count = made.get(key).and_then(Value::as_u64).unwrap_or_default();
        usize::try_from(count).unwrap_or_default()
    };
    Ok(Input {
        args: vec!["--input".into(), texts.into()],
        facts: vec![
            (fact("texts"), "texts"),
            (fact("originals"), "of them originals"),
        ],
    })
}
