#!/usr/bin/env python3
"""Deduplication of labelled question pairs with `rensa` and `semhash`, beside `crates/dsg-dedupe/examples/pairs.rs`.

    python dedupe.py vectors MODEL pairs.jsonl vectors.f32
    python dedupe.py pairs pairs.jsonl --engine rensa|semhash|cosine [--model MODEL] [--threshold T] [--errors]
    python dedupe.py run --input FOLDER --engine semhash
    python dedupe.py growth ITEMS --engine semhash --dimension 384

`pairs.jsonl` holds {"kind", "a", "b", "dup"} a line. `vectors` writes the vectors of `a` and `b` by the ONNX model in the folder MODEL, pair by
pair, as 32-bit floats. `pairs` prints a row per kind: pairs, merged, precision, recall.

Engines, each with the threshold that it has by default:
  rensa    RMinHash with 128 registers over lower-case words, merged from a Jaccard similarity of 0.8 on
  semhash  SemHash over each pair with the model's vectors, merged from a cosine of 0.9 on
  cosine   the model's cosine alone, for comparison

`run` times semhash on the texts and vectors of a folder that `embed.py build` made, beside `crates/dsg-dedupe/examples/bench_semantic.rs`.
`growth` times semhash on random vectors of which every tenth is near an earlier one, and tells the peak memory.
Needs numpy, onnxruntime and tokenizers, and the engine's own package.
"""

import argparse
import json
import resource
import time
from collections import defaultdict
from importlib.metadata import version


class Model:
    """An ONNX sentence encoder: mean pooling, length 1, one text at a time without padding."""

    def __init__(self, folder):
        import onnxruntime
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
        self.tokenizer.enable_truncation(512)
        self.tokenizer.no_padding()
        self.session = onnxruntime.InferenceSession(f"{folder}/model.onnx")
        self.known = {}

    def one(self, text):
        import numpy

        if text not in self.known:
            encoded = self.tokenizer.encode(text)
            given = {"input_ids": encoded.ids, "attention_mask": encoded.attention_mask, "token_type_ids": encoded.type_ids}
            states = self.session.run(None, {name: numpy.array([values]) for name, values in given.items()})[0][0]
            mean = states.mean(0)
            self.known[text] = (mean / numpy.linalg.norm(mean)).astype("float32")
        return self.known[text]

    def encode(self, texts, **_):
        import numpy

        return numpy.array([self.one(text) for text in texts])


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def vectors(args):
    model = Model(args.model)
    rows = model.encode([text for pair in read(args.pairs) for text in (pair["a"], pair["b"])])
    rows.astype("<f4").tofile(args.out)
    print(json.dumps({"rows": len(rows), "dimension": rows.shape[1]}))


def rensa(args):
    from rensa import RMinHash

    def sketch(text):
        made = RMinHash(num_perm=128, seed=42)
        made.update(text.lower().split())
        return made

    limit = args.threshold or 0.8
    return lambda a, b: sketch(a).jaccard(sketch(b)) >= limit


def semhash(args):
    from semhash import SemHash

    model, limit = Model(args.model), args.threshold or 0.9

    def merged(a, b):
        made = SemHash.from_records(records=[a, b], model=model)
        return len(made.self_deduplicate(threshold=limit).selected) < 2

    return merged


def cosine(args):
    model, limit = Model(args.model), args.threshold or 0.9
    return lambda a, b: a == b or float(model.one(a) @ model.one(b)) >= limit


def pairs(args):
    merges = {"rensa": rensa, "semhash": semhash, "cosine": cosine}[args.engine](args)
    kinds = defaultdict(lambda: [0, 0, 0, 0])
    for pair in read(args.pairs):
        found, wanted = merges(pair["a"], pair["b"]), pair["dup"] == 1
        if args.errors and found != wanted:
            print(pair["kind"], found, pair["a"], pair["b"], sep="\t")
        for kind in (pair["kind"], "TOTAL"):
            row = kinds[kind]
            for place, value in enumerate((True, found, found and wanted, wanted)):
                row[place] += int(value)
    ratio = lambda a, b: f"{a / b:.4f}" if b else "–"
    if not args.errors:
        print("| kind | pairs | merged | precision | recall |\n|---|--:|--:|--:|--:|")
        for kind, (count, found, right, wanted) in sorted(kinds.items()):
            print(f"| {kind} | {count} | {found} | {ratio(right, found)} | {ratio(right, wanted)} |")


def run(args):
    from embed import peak_mib, read
    from semhash import SemHash

    texts, rows = read(args.input)
    row = {text: number for number, text in enumerate(texts)}

    class Given:
        def encode(self, texts, **_):
            return rows[[row[text] for text in texts]]

    start = time.perf_counter()
    selected = SemHash.from_records(records=texts, model=Given()).self_deduplicate(threshold=args.threshold).selected
    line = {
        "engine": "semhash",
        "version": version("semhash"),
        "threads": 1,
        "texts": len(texts),
        "seconds": time.perf_counter() - start,
        "duplicates": len(texts) - len(selected),
        "peak_mib": peak_mib(),
    }
    print(json.dumps(line))


def growth(args):
    import numpy
    from semhash import SemHash

    drawn = numpy.random.default_rng(42)
    rows = drawn.random((args.items, args.dimension), dtype="float32") - 0.5
    copies = numpy.arange(9, args.items, 10)
    rows[copies] = rows[copies - 1 - drawn.integers(0, 9, len(copies))] + 0.2 * rows[copies]

    class Given:
        def encode(self, texts, **_):
            return rows[[int(text) for text in texts]]

    start = time.perf_counter()
    made = SemHash.from_records(records=[str(number) for number in range(args.items)], model=Given())
    selected = made.self_deduplicate(threshold=0.95).selected
    line = {
        "engine": "semhash",
        "version": version("semhash"),
        "items": args.items,
        "seconds": round(time.perf_counter() - start, 2),
        "duplicates": args.items - len(selected),
        "copies": len(copies),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(line))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writer = commands.add_parser("vectors")
    for name in ("model", "pairs", "out"):
        writer.add_argument(name)
    judge = commands.add_parser("pairs")
    judge.add_argument("pairs")
    judge.add_argument("--engine", required=True, choices=["rensa", "semhash", "cosine"])
    judge.add_argument("--model")
    judge.add_argument("--threshold", type=float)
    judge.add_argument("--errors", action="store_true")
    grower = commands.add_parser("growth")
    grower.add_argument("items", type=int)
    grower.add_argument("--engine", choices=["semhash"], default="semhash")
    grower.add_argument("--dimension", type=int, default=384)
    runner = commands.add_parser("run")
    runner.add_argument("--input", required=True)
    runner.add_argument("--engine", choices=["semhash"], default="semhash")
    runner.add_argument("--threshold", type=float, default=0.9)
    args = parser.parse_args()
    {"run": run, "vectors": vectors, "pairs": pairs, "growth": growth}[args.command](args)


if __name__ == "__main__":
    main()
