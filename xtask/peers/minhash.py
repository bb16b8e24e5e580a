#!/usr/bin/env python3
"""Times MinHash deduplication with `rensa` and `datasketch`, beside `crates/dsg-dedupe/examples/bench_minhash.rs`.

    python minhash.py build --corpus DIR [--corpus DIR ...] --texts 200000 --out texts.jsonl
    python minhash.py run --input texts.jsonl --engine rensa|rensa-rho|rensa-dedup|datasketch
                          [--num-perm 128] [--bands 16] [--threshold 0.8] [--limit N] [--repeat 3]

`build` writes JSON Lines of {"id", "text"}: the paragraphs of the text files under DIR, each once, and, until there are
`--texts`, near-duplicates of them with a few words dropped, doubled or replaced. The same input and options give the
same file.

`run` prints one JSON object: engine, version, texts, threads, shingle_seconds (splitting into lower-case word 3-grams,
done before the clock of the job starts), sketch_seconds, index_seconds, seconds (sketch + index, the best of
`--repeat` runs) and duplicates. The job: sketches of `--num-perm` registers of every text, then every text that is a
near-duplicate of another. Threads: RAYON_NUM_THREADS for rensa; datasketch has one.

Engines:
  rensa        R-MinHash of whole sets as one matrix, then one-shot duplicate flags: the fastest documented way that
               sketches the same sets as dsg does. A text is flagged when it shares a band with any other; no check of
               the estimated similarity.
  rensa-rho    the `rho` pipeline: samples token positions, so it is faster and depends on word order and length.
  rensa-dedup  RMinHashDeduplicator: streaming, checks the estimated similarity; what dsg's job does.
  datasketch   MinHash.bulk, then query and insert, the loop of its manual.
"""

import argparse
import json
import os
import random
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path

SUFFIXES = {".md", ".rst", ".txt", ".html", ".shtml", ".1", ".5", ".8"}


def paragraphs(folders):
    seen = set()
    for folder in folders:
        for path in sorted(p for p in Path(folder).rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES):
            text = path.read_text(encoding="utf-8", errors="replace")
            if path.suffix.lower() in {".html", ".shtml"}:
                text = re.sub(r"<[^>]*>", " ", text)
            for block in re.split(r"\n\s*\n", text):
                block = " ".join(block.split())
                if len(block.split()) >= 8 and block not in seen:
                    seen.add(block)
                    yield block


def near_duplicate(text, rng):
    words = text.split()
    for _ in range(max(1, len(words) // 30)):
        at = rng.randrange(len(words))
        kind = rng.randrange(3)
        if kind == 0 and len(words) > 8:
            del words[at]
        elif kind == 1:
            words.insert(at, words[at])
        else:
            words[at] = rng.choice(["also", "the", "node", "value", "system", "file"])
    return " ".join(words)


def build(args):
    rng = random.Random(42)
    base = list(paragraphs(args.corpus))
    if not base:
        sys.exit("no paragraphs found")
    rng.shuffle(base)
    # At most three in four are originals, so that there is something to find.
    base = base[: max(1, args.texts * 3 // 4)]
    texts = base + [near_duplicate(rng.choice(base), rng) for _ in range(args.texts - len(base))]
    rng.shuffle(texts)
    with open(args.out, "w", encoding="utf-8") as out:
        for number, text in enumerate(texts):
            out.write(json.dumps({"id": f"t{number}", "text": text}, ensure_ascii=False) + "\n")
    print(json.dumps({"texts": len(texts), "originals": len(base), "out": args.out}))


def shingles(text):
    words = text.lower().split()
    if len(words) < 3:
        return [" ".join(words)]
    return [" ".join(words[i : i + 3]) for i in range(len(words) - 2)]


def rensa(sets, args, rho):
    from rensa import RMinHash, RMinHashLSH

    start = time.perf_counter()
    digest = RMinHash.digest_matrix_from_token_sets_rho if rho else RMinHash.digest_matrix_from_token_sets
    matrix = digest(sets, num_perm=args.num_perm, seed=42)
    sketched = time.perf_counter()
    lsh = RMinHashLSH(threshold=args.threshold, num_perm=args.num_perm, num_bands=args.bands)
    flags = lsh.query_duplicate_flags_matrix_one_shot(matrix)
    return sketched - start, time.perf_counter() - sketched, sum(flags)


def rensa_dedup(sets, args):
    from rensa import RMinHashDeduplicator

    start = time.perf_counter()
    dedup = RMinHashDeduplicator(
        threshold=args.threshold, num_perm=args.num_perm, use_lsh=True, num_bands=args.bands, seed=42
    )
    kept = dedup.add_pairs((str(number), tokens) for number, tokens in enumerate(sets))
    # Sketches and index are one pass; all of it is booked on the index.
    return 0.0, time.perf_counter() - start, len(kept) - sum(kept)


def datasketch(sets, args):
    from datasketch import MinHash, MinHashLSH

    encoded = [[token.encode() for token in tokens] for tokens in sets]
    start = time.perf_counter()
    sketches = MinHash.bulk(encoded, num_perm=args.num_perm, seed=42)
    sketched = time.perf_counter()
    lsh = MinHashLSH(num_perm=args.num_perm, params=(args.bands, args.num_perm // args.bands))
    found = 0
    for number, sketch in enumerate(sketches):
        if lsh.query(sketch):
            found += 1
        else:
            lsh.insert(number, sketch)
    return sketched - start, time.perf_counter() - sketched, found


def run(args):
    with open(args.input, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    texts = texts[: args.limit] if args.limit else texts
    start = time.perf_counter()
    sets = [shingles(text) for text in texts]
    shingled = time.perf_counter() - start
    engine = {
        "rensa": lambda: rensa(sets, args, rho=False),
        "rensa-rho": lambda: rensa(sets, args, rho=True),
        "rensa-dedup": lambda: rensa_dedup(sets, args),
        "datasketch": lambda: datasketch(sets, args),
    }[args.engine]
    sketch, index, found = min((engine() for _ in range(args.repeat)), key=lambda times: times[0] + times[1])
    print(
        json.dumps(
            {
                "engine": args.engine,
                "version": version(args.engine.split("-")[0]),
                "texts": len(texts),
                "threads": 1 if args.engine == "datasketch" else int(os.environ.get("RAYON_NUM_THREADS", os.cpu_count())),
                "num_perm": args.num_perm,
                "bands": args.bands,
                "shingle_seconds": round(shingled, 4),
                "sketch_seconds": round(sketch, 4),
                "index_seconds": round(index, 4),
                "seconds": round(sketch + index, 4),
                "duplicates": int(found),
            }
        )
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    builder = commands.add_parser("build")
    builder.add_argument("--corpus", action="append", required=True)
    builder.add_argument("--texts", type=int, default=200_000)
    builder.add_argument("--out", required=True)
    runner = commands.add_parser("run")
    runner.add_argument("--input", required=True)
    runner.add_argument("--engine", required=True, choices=["rensa", "rensa-rho", "rensa-dedup", "datasketch"])
    runner.add_argument("--num-perm", type=int, default=128)
    runner.add_argument("--bands", type=int, default=16)
    runner.add_argument("--threshold", type=float, default=0.8)
    runner.add_argument("--limit", type=int, default=0)
    runner.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    build(args) if args.command == "build" else run(args)


if __name__ == "__main__":
    main()
