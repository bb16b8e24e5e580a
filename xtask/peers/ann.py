"""Approximate nearest neighbours of hnswlib and usearch, beside dsg-index's `bench_ann`: recall@10 and queries per second of one thread.

    python3 ann.py raw --cache FILE.vectors --out vectors.f32
    python3 ann.py run --vectors vectors.f32 --dimension 384 --queries 500

Needs numpy, hnswlib and usearch. Time is that of the processor.
"""

import argparse
import json
import struct
import time

import numpy

BREADTHS = [16, 32, 64, 96, 128, 256]
# As dsg's defaults: neighbours, and candidates weighed when one is added.
CONNECTIONS, BUILD_BREADTH = 16, 200
LEAST_SECONDS = 1.0


def raw(args):
    """Rows of dsg's caches of vectors, each once, in an order that mixes the files."""
    rows = []
    for cache in args.cache:
        with open(cache, "rb") as file:
            magic, dimension, name = struct.unpack("<8sQQ", file.read(24))
            assert magic == b"dsg-vec1", cache
            file.seek(24 + name)
            data = file.read()
        record = 16 + dimension * 4 + 8
        count = len(data) // record
        words = numpy.frombuffer(data[: count * record], dtype=numpy.uint8).reshape(count, record)
        rows.append(words[:, 16 : 16 + dimension * 4].copy().view("<f4"))
    rows = numpy.unique(numpy.concatenate(rows), axis=0)
    numpy.random.default_rng(1).shuffle(rows)
    rows.astype("<f4").tofile(args.out)
    print(json.dumps({"rows": len(rows), "dimension": rows.shape[1]}))


def measured(search):
    start, rounds = time.process_time(), 0
    while True:
        found = search()
        rounds += 1
        spent = time.process_time() - start
        if spent >= LEAST_SECONDS:
            return found, rounds / spent


def run(args):
    rows = numpy.fromfile(args.vectors, dtype="<f4").reshape(-1, args.dimension)
    queries, rows = rows[: args.queries], rows[args.queries :]
    exact = numpy.argsort(-(queries @ rows.T), axis=1, kind="stable")[:, :10]

    def line(engine, breadth, found, per_second, build):
        hits = sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), exact.tolist()))
        print(
            json.dumps(
                {
                    "engine": engine,
                    "rows": len(rows),
                    "breadth": breadth,
                    "recall": hits / exact.size,
                    "queries_per_second": per_second * len(queries),
                    "build_seconds": build,
                }
            ),
            flush=True,
        )

    if "hnswlib" in args.engine:
        import hnswlib

        start = time.process_time()
        index = hnswlib.Index(space="ip", dim=args.dimension)
        index.init_index(max_elements=len(rows), M=CONNECTIONS, ef_construction=BUILD_BREADTH, random_seed=1)
        index.set_num_threads(1)
        index.add_items(rows, num_threads=1)
        build = time.process_time() - start
        for breadth in BREADTHS:
            index.set_ef(breadth)
            found, per_second = measured(lambda: index.knn_query(queries, k=10, num_threads=1)[0])
            line("hnswlib", breadth, found, per_second, build)
    if "usearch" in args.engine:
        from usearch.index import Index

        start = time.process_time()
        index = Index(ndim=args.dimension, metric="ip", dtype="f32", connectivity=CONNECTIONS, expansion_add=BUILD_BREADTH)
        index.add(numpy.arange(len(rows)), rows, threads=1)
        build = time.process_time() - start
        for breadth in BREADTHS:
            index.expansion_search = breadth
            found, per_second = measured(lambda: index.search(queries, 10, threads=1).keys)
            line("usearch", breadth, found, per_second, build)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("raw")
    one.add_argument("--cache", action="append", required=True)
    one.add_argument("--out", required=True)
    one = commands.add_parser("run")
    one.add_argument("--vectors", required=True)
    one.add_argument("--dimension", type=int, required=True)
    one.add_argument("--queries", type=int, default=500)
    one.add_argument("--engine", nargs="+", default=["hnswlib", "usearch"])
    args = parser.parse_args()
    {"raw": raw, "run": run}[args.command](args)


if __name__ == "__main__":
    main()
