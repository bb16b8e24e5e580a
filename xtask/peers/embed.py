"""Vectors of an ONNX sentence encoder with onnxruntime alone, beside `crates/dsg-index/examples/bench_embed.rs`.

    python3 embed.py build --kind passages|sentences --count N --model MODEL --corpus DIR [--corpus DIR ...] --out FOLDER
    python3 embed.py run --input FOLDER --engine onnxruntime

`build` writes to FOLDER: `texts.jsonl`, a JSON string a line, N passages of about 120 words or N sentences of 6 to 30 words, each once, of the text files
under DIR, the last tenth of the sentences being earlier ones with a courtesy before them; `model`, a link to MODEL; and for sentences
`vectors.f32`, 32-bit floats, row after row. Prints how many there are. The same arguments make nothing anew.

`run` prints one JSON object: engine, version, texts, threads (OMP_NUM_THREADS), seconds by the clock for all texts one at a time without padding,
peak_mib, and least_cosine, with the vectors that `bench_embed` left as `dsg.f32`.

Needs numpy, onnxruntime and tokenizers.
"""

import argparse
import json
import os
import random
import re
import resource
import time
from importlib.metadata import version
from pathlib import Path

import numpy
import onnxruntime
from minhash import paragraphs
from tokenizers import Tokenizer

PASSAGE_WORDS = 120
COURTESY = "Please tell me: "


class Model:
    def __init__(self, folder, threads):
        self.tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
        self.tokenizer.enable_truncation(512)
        self.tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options)

    def embed(self, text):
        encoded = self.tokenizer.encode(text)
        given = {"input_ids": encoded.ids, "attention_mask": encoded.attention_mask, "token_type_ids": encoded.type_ids}
        states = self.session.run(None, {name: numpy.array([values]) for name, values in given.items()})[0][0]
        mean = states.mean(0)
        return mean / numpy.linalg.norm(mean)


def passages(folders):
    words = []
    for paragraph in paragraphs(folders):
        words += paragraph.split()
        while len(words) >= PASSAGE_WORDS:
            yield " ".join(words[:PASSAGE_WORDS])
            words = words[PASSAGE_WORDS:]


def sentences(folders):
    seen = set()
    for paragraph in paragraphs(folders):
        for sentence in re.split(r"(?<=[.?!])\s+", paragraph):
            if 6 <= len(sentence.split()) <= 30 and sentence not in seen:
                seen.add(sentence)
                yield sentence


def build(args):
    out = Path(args.out)
    stamp, wanted = out / "made.json", vars(args) | {"command": "build"}
    made = {args.kind: args.count}
    if not stamp.is_file() or json.loads(stamp.read_text()) != wanted:
        out.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        drawn = random.Random(42)
        texts = list({"passages": passages, "sentences": sentences}[args.kind](args.corpus))
        drawn.shuffle(texts)
        if args.kind == "sentences":
            texts = texts[: args.count - args.count // 10]
            texts += [COURTESY + text for text in drawn.sample(texts, args.count // 10)]
        texts = texts[: args.count]
        assert len(texts) == args.count, f"only {len(texts)} {args.kind}"
        (out / "texts.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
        link = out / "model"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(args.model).resolve())
        if args.kind == "sentences":
            model = Model(link, os.cpu_count())
            numpy.array([model.embed(text) for text in texts]).astype("<f4").tofile(out / "vectors.f32")
        stamp.write_text(json.dumps(wanted))
    print(json.dumps(made))


def read(folder):
    """The texts of a folder that `build` made, and their vectors where it has some."""
    with open(f"{folder}/texts.jsonl", encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    vectors = Path(folder) / "vectors.f32"
    rows = numpy.fromfile(vectors, dtype="<f4").reshape(len(texts), -1) if vectors.is_file() else None
    return texts, rows


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(args):
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    model, (texts, _) = Model(f"{args.input}/model", threads), read(args.input)
    model.embed("warm")
    start = time.perf_counter()
    own = numpy.array([model.embed(text) for text in texts])
    line = {
        "engine": "onnxruntime",
        "version": version("onnxruntime"),
        "texts": len(texts),
        "threads": threads,
        "seconds": time.perf_counter() - start,
        "peak_mib": peak_mib(),
    }
    theirs = numpy.fromfile(f"{args.input}/dsg.f32", dtype="<f4").reshape(len(texts), -1)
    line["least_cosine"] = float((own * theirs).sum(1).min())
    print(json.dumps(line))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    builder = commands.add_parser("build")
    builder.add_argument("--kind", choices=["passages", "sentences"], required=True)
    builder.add_argument("--count", type=int, required=True)
    builder.add_argument("--model", required=True)
    builder.add_argument("--corpus", action="append", required=True)
    builder.add_argument("--out", required=True)
    runner = commands.add_parser("run")
    runner.add_argument("--input", required=True)
    runner.add_argument("--engine", choices=["onnxruntime"], default="onnxruntime")
    args = parser.parse_args()
    {"build": build, "run": run}[args.command](args)


if __name__ == "__main__":
    main()
