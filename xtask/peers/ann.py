"""Approximate nearest neighbours of hnswlib and usearch, beside `crates/dsg-index/examples/bench_ann.rs`.

    python3 ann.py run --input FOLDER --engine hnswlib|usearch [--queries 500]

FOLDER is one that `embed.py build --kind sentences` made, or holds `texts.jsonl` with as many lines as `vectors.f32` has rows. The first rows are the queries.
Prints one JSON object: engine, version, rows, build_seconds, query_seconds_R (a thousand queries at a recall@10 of R, between the two
breadths around it), peak_mib, and the curve itself. Time is that of the processor, of one thread.

Needs numpy and the engine.
"""

import argparse
import json
import math
import time
from importlib.metadata import version

import numpy
from embed import peak_mib, read

# These and the names of the keys are those of bench_ann.
BREADTHS = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256]
RECALLS = ["0.97", "0.99", "0.998"]
# As dsg's defaults: neighbours, and candidates weighed when one is added.
CONNECTIONS, BUILD_BREADTH = 16, 200
LEAST_SECONDS = 1.0


def measured(search):
    start, rounds = time.process_time(), 0
    while True:
        found = search()
        rounds += 1
        spent = time.process_time() - start
        if spent >= LEAST_SECONDS:
            return found, spent / rounds


def hnswlib(rows):
    import hnswlib

    index = hnswlib.Index(space="ip", dim=rows.shape[1])
    index.init_index(max_elements=len(rows), M=CONNECTIONS, ef_construction=BUILD_BREADTH, random_seed=1)
    index.set_num_threads(1)
    index.add_items(rows, num_threads=1)
    return index.set_ef, lambda queries: index.knn_query(queries, k=10, num_threads=1)[0]


def usearch(rows):
    from usearch.index import Index

    index = Index(ndim=rows.shape[1], metric="ip", dtype="f32", connectivity=CONNECTIONS, expansion_add=BUILD_BREADTH)
    index.add(numpy.arange(len(rows)), rows, threads=1)
    set_breadth = lambda breadth: setattr(index, "expansion_search", breadth)
    return set_breadth, lambda queries: index.search(queries, 10, threads=1).keys


def seconds_at(curve, recall):
    """Seconds of a thousand queries at a recall, on the straight line of their logarithm; None outside of the curve."""
    for (low, fast), (high, slow) in zip(curve, curve[1:]):
        if low <= recall <= high and high > low:
            part = (recall - low) / (high - low)
            return math.exp(math.log(fast) + part * (math.log(slow) - math.log(fast)))
    return None


def run(args):
    _, rows = read(args.input)
    queries, rows = rows[: args.queries], rows[args.queries :]
    exact = numpy.argsort(-(queries @ rows.T), axis=1, kind="stable")[:, :10]
    start = time.process_time()
    set_breadth, search = {"hnswlib": hnswlib, "usearch": usearch}[args.engine](rows)
    line = {
        "engine": args.engine,
        "version": version(args.engine),
        "threads": 1,
        "rows": len(rows),
        "build_seconds": time.process_time() - start,
    }
    curve = []
    for breadth in BREADTHS:
        set_breadth(breadth)
        found, seconds = measured(lambda: search(queries))
        hits = sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), exact.tolist()))
        curve.append((hits / exact.size, seconds * 1000 / len(queries)))
    for recall in RECALLS:
        line[f"query_seconds_{recall}"] = seconds_at(curve, float(recall))
    print(json.dumps(line | {"peak_mib": peak_mib(), "curve": curve}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run")
    one.add_argument("--input", required=True)
    one.add_argument("--engine", choices=["hnswlib", "usearch"], required=True)
    one.add_argument("--queries", type=int, default=500)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
