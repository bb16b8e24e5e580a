//! The comparisons that are made.

use serde_json::{Map, Value};

use super::job::{Goal, Input, Job, Metric, Peer, Place};
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
    vec![
        bm25(),
        embed(),
        ann(),
        minhash(),
        semantic(),
        chunk(),
        html(),
        pdf(),
    ]
}

fn bm25() -> Job {
    Job {
        name: "bm25",
        title: "BM25",
        what: "Passages of about 120 words from the shared corpora as documents; human questions about one of them, filled up with \
            headings, as queries. Build: from text to a searchable index, tokenization included. Query: every query, tokenization \
            included, the 10 best documents. Everyone drops English stop words except `tantivy` and stems (Snowball English); \
            `dsg` also keeps technical terms (`--gres=gpu:2`, `SLURM_JOB_ID`) whole beside their parts. nDCG@10 is over the human \
            questions, where any passage of the right page counts.",
        package: "dsg-index",
        example: "bench_bm25",
        features: "",
        threaded: true,
        script: "bm25.py",
        prepare: |place| prepare(place, "bm25.py", &["aws-qa.tar.xz"], &[], "bm25"),
        options: &["--k", "10", "--repeat", "3"],
        peers: &[
            Peer {
                engine: "bm25s-numpy",
                threaded: true,
            },
            Peer {
                engine: "bm25s-numba",
                threaded: true,
            },
            Peer {
                engine: "tantivy",
                threaded: true,
            },
        ],
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
        findings: &[Metric {
            key: "ndcg10",
            title: "nDCG@10",
        }],
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

fn embed() -> Job {
    Job {
        name: "embed",
        title: "Embedding",
        what: "Passages of about 120 words of the shared corpora through all-MiniLM-L6-v2 (int8). `onnxruntime` runs the same file from \
            Python, one text at a time without padding. *Least cosine*: of a passage's two vectors.",
        package: "dsg-index",
        example: "bench_embed",
        features: "fastembed",
        threaded: true,
        script: "embed.py",
        prepare: |place| vectors(place, "embed", "passages", 300),
        options: &[],
        peers: &const { [peer("onnxruntime")] },
        metrics: &[SECONDS],
        findings: &const {
            [
                Metric {
                    key: "least_cosine",
                    title: "least cosine",
                },
                PEAK,
            ]
        },
        goals: &const { [goal("onnxruntime", 0.9)] },
    }
}

fn ann() -> Job {
    Job {
        name: "ann",
        title: "Approximate search",
        what: "Sentences of the shared corpora as vectors of all-MiniLM-L6-v2, 500 of them as queries, the 10 nearest of each. All build \
            with 16 neighbours and a breadth of 200, and search with ten breadths; a query's time at a recall is read off the \
            straight line between the two breadths around it (logarithm of the time). Seconds of the processor.",
        package: "dsg-index",
        example: "bench_ann",
        features: "hnsw",
        threaded: false,
        script: "ann.py",
        prepare: |place| vectors(place, "sentences", "sentences", 20_000),
        options: &["--queries", "500"],
        peers: &const { [peer("hnswlib"), peer("usearch")] },
        metrics: &const {
            [
                Metric {
                    key: "build_seconds",
                    title: "build",
                },
                Metric {
                    key: "query_seconds_0.97",
                    title: "query, recall 0.97",
                },
                Metric {
                    key: "query_seconds_0.99",
                    title: "0.99",
                },
                Metric {
                    key: "query_seconds_0.998",
                    title: "0.998",
                },
            ]
        },
        findings: &const { [PEAK] },
        goals: &const {
            [
                query_goal("query_seconds_0.97"),
                query_goal("query_seconds_0.99"),
                query_goal("query_seconds_0.998"),
            ]
        },
    }
}

const fn query_goal(metric: &'static str) -> Goal {
    Goal {
        metric,
        engine: "hnswlib",
        at_least: 0.8,
    }
}

fn semantic() -> Job {
    Job {
        name: "semantic",
        title: "Semantic deduplication",
        what: "The same sentences and vectors, a tenth of them said again with a courtesy before it, as questions. Everyone has its default \
            threshold (`dsg` 0.95 behind its guard of meaning, after exact copies and MinHash; `semhash` 0.9).",
        package: "dsg-dedupe",
        example: "bench_semantic",
        features: "",
        threaded: false,
        script: "dedupe.py",
        prepare: |place| vectors(place, "sentences", "sentences", 20_000),
        options: &[],
        peers: &const { [peer("semhash")] },
        metrics: &[SECONDS],
        findings: &const {
            [
                Metric {
                    key: "duplicates",
                    title: "duplicates found",
                },
                PEAK,
            ]
        },
        goals: &const { [goal("semhash", 1.0)] },
    }
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
        features: "",
        threaded: true,
        script: "minhash.py",
        prepare: |place| {
            prepare(
                place,
                "minhash.py",
                &[],
                &["--texts", "200000"],
                "texts.jsonl",
            )
        },
        options: &[
            "--num-perm",
            "128",
            "--bands",
            "16",
            "--threshold",
            "0.8",
            "--repeat",
            "3",
        ],
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

/// The Markdown of the shared corpora: folders, and one archive.
pub(crate) const MARKDOWN: [&str; 4] = [
    "hpc-md-csc",
    "hpc-md-cscs",
    "md-etcd-versions",
    "aws-qa.tar.xz",
];

const CHUNK_SECONDS: Metric = Metric {
    key: "chunk_seconds",
    title: "chunking alone",
};

const CHUNK_FINDINGS: [Metric; 2] = [
    Metric {
        key: "chunks",
        title: "chunks",
    },
    PEAK,
];

const PEAK: Metric = Metric {
    key: "peak_mib",
    title: "peak MiB",
};

fn chunk() -> Job {
    Job {
        name: "chunk",
        title: "Reading and chunking Markdown",
        what: "From files to chunks of 512 tokens (2,048 characters for the peers, their fastest way to count). `dsg` decodes, hashes, \
            detects the language, parses the outline and chunks with headings, blocks, commands and options as metadata; peers read the \
            file and split its text. *Chunking alone* is what `dsg` takes beyond reading, and for the peers the whole job again, of which \
            reading is a few percent. With several threads, peers written in Python run as as many processes.",
        package: "dsg",
        example: "bench_chunks",
        features: "",
        threaded: true,
        script: "chunks.py",
        prepare: |place| files(place, &MARKDOWN, &[".md"], "chunk", 1),
        options: &["--repeat", "1"],
        peers: &const {
            [
                peer("langchain-md"),
                peer("langchain"),
                peer("chonkie"),
                peer("semchunk"),
                peer("text-splitter"),
            ]
        },
        metrics: &[SECONDS, CHUNK_SECONDS],
        findings: &CHUNK_FINDINGS,
        goals: &const {
            [
                goal("langchain-md", 20.0),
                goal("semchunk", 5.0),
                goal("chonkie", 3.0),
                goal("langchain", 1.0),
                goal("text-splitter", 1.0),
            ]
        },
    }
}

fn html() -> Job {
    Job {
        name: "html",
        title: "Text of HTML pages",
        what: "From files to text with its structure. `trafilatura` writes Markdown, with its fast option.",
        package: "dsg",
        example: "bench_chunks",
        features: "",
        threaded: true,
        script: "chunks.py",
        prepare: |place| {
            files(
                place,
                &["slurm-2205-debian", "py-parallel/html"],
                &[".html", ".shtml"],
                "html",
                1,
            )
        },
        options: &["--repeat", "1"],
        peers: &const { [peer("trafilatura")] },
        metrics: &[INGEST_SECONDS],
        findings: &[],
        goals: &[Goal {
            metric: "ingest_seconds",
            engine: "trafilatura",
            at_least: 5.0,
        }],
    }
}

fn pdf() -> Job {
    Job {
        name: "pdf",
        title: "Text of PDF files",
        what: "From files to text; `dsg` also finds headings and paragraphs. `pypdf` extracts page by page.",
        package: "dsg",
        example: "bench_chunks",
        features: "",
        threaded: true,
        script: "chunks.py",
        prepare: |place| files(place, &["pdf"], &[".pdf"], "pdf", 1),
        options: &["--repeat", "1"],
        peers: &const { [peer("pypdf")] },
        metrics: &[INGEST_SECONDS],
        findings: &[],
        goals: &[Goal {
            metric: "ingest_seconds",
            engine: "pypdf",
            at_least: 5.0,
        }],
    }
}

const SECONDS: Metric = Metric {
    key: "seconds",
    title: "whole job",
};
const INGEST_SECONDS: Metric = Metric {
    key: "ingest_seconds",
    title: "text",
};

const fn peer(engine: &'static str) -> Peer {
    Peer {
        engine,
        threaded: true,
    }
}

const fn goal(engine: &'static str, at_least: f64) -> Goal {
    Goal {
        metric: "seconds",
        engine,
        at_least,
    }
}

/// Copies the files with these suffixes out of `sources` of the shared corpora into a folder of their own, each `copies` times.
pub(crate) fn files(
    place: &Place<'_>,
    sources: &[&str],
    suffixes: &[&str],
    name: &str,
    copies: usize,
) -> Result<Input> {
    let path = place.scratch.join(name);
    let mut build = place.script("chunks.py");
    build.arg("build").arg("--root").arg(place.corpora);
    for source in sources {
        build.arg("--corpus").arg(place.corpora.join(source));
    }
    for suffix in suffixes {
        build.args(["--suffix", suffix]);
    }
    build.arg("--copies").arg(copies.to_string());
    let made: Map<String, Value> = serde_json::from_str(&capture(build.arg("--out").arg(&path))?)?;
    Ok(Input {
        path,
        facts: facts(made),
    })
}

/// A folder with `count` texts of the corpora, the model beside them as `model`, and, for sentences, their vectors.
fn vectors(place: &Place<'_>, name: &str, kind: &str, count: usize) -> Result<Input> {
    let path = place.scratch.join(name);
    let mut build = place.script("embed.py");
    build.args(["build", "--kind", kind, "--count", &count.to_string()]);
    build
        .arg("--model")
        .arg(
            place
                .corpora
                .with_file_name("models")
                .join("all-MiniLM-L6-v2"),
        )
        .arg("--out")
        .arg(&path);
    for source in CORPORA {
        build.arg("--corpus").arg(place.corpora.join(source));
    }
    let made: Map<String, Value> = serde_json::from_str(&capture(&mut build)?)?;
    Ok(Input {
        path,
        facts: facts(made),
    })
}

fn facts(made: Map<String, Value>) -> Vec<(String, u64)> {
    made.into_iter()
        .filter_map(|(what, count)| Some((what.replace('_', " "), count.as_u64()?)))
        .collect()
}

/// Lets a script make its input of all text folders and `more` of the shared corpora. The script prints what it made.
fn prepare(
    place: &Place<'_>,
    script: &str,
    more: &[&str],
    options: &[&str],
    name: &str,
) -> Result<Input> {
    let path = place.scratch.join(name);
    let mut build = place.script(script);
    build.arg("build").args(options).arg("--out").arg(&path);
    for source in CORPORA.iter().chain(more) {
        build.arg("--corpus").arg(place.corpora.join(source));
    }
    let made: Map<String, Value> = serde_json::from_str(&capture(&mut build)?)?;
    Ok(Input {
        path,
        facts: facts(made),
    })
}
