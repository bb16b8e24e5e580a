#!/usr/bin/env python3
"""Splits documents with other people's splitters and measures how well the chunks of each are found, beside
`crates/dsg/examples/bench_chunks.rs`.

    python chunks.py build  --corpus DIR|TAR [...] --suffix .md [...] --out DIR [--copies 1]
    python chunks.py split  --engine langchain-md|langchain|chonkie|semchunk|text-splitter --documents documents.jsonl
                            --tokens 256 --out chunks.jsonl
    python chunks.py ask    --documents documents.jsonl --questions questions.jsonl --out asked.jsonl
    python chunks.py score  --questions asked.jsonl --chunks chunks.jsonl [...]
    python chunks.py run    --engine NAME|trafilatura|pypdf --input DIR [--characters 2048] [--repeat 1]

`build` copies the files with these suffixes, each `--copies` times, and prints how many files and bytes there are.

`split` reads {"path", "text"} and writes {"path", "start", "end", "text", "headings", "tokens"}: byte spans of the document's
text, found again by everything but white space, since some splitters change white space. A token is four characters for
everyone, so that no tokenizer decides; no splitter overlaps chunks.

`score` indexes the chunks of every file with the same BM25 (bm25s, Lucene's formula, k1 1.2, b 0.75, English stop words and
stemmer), asks the same questions and prints one JSON object per file:
  page      nDCG@10 of the right page, every page at the rank of its first chunk
  evidence  nDCG@10 of chunks; a chunk gains the share of the evidence's bytes that it adds, all at rank 1 is ideal
  recall    share of the evidence's bytes in the best chunks that fit into 1,024 tokens together
  precision share of these chunks' bytes that is evidence
each for the text alone and, with the suffix `_h`, with the headings that the splitter gave as metadata in front of it.
Evidence is where the document says the answer, see `evidence`.

`run` reads the files below DIR, splits them (or, trafilatura and pypdf, takes their text) and prints one JSON object with
seconds, bytes and chunks. Sizes are counted in characters, each engine's fastest way. RAYON_NUM_THREADS processes share the
files; they are up before the clock starts.
"""

import argparse
import functools
import json
import math
import multiprocessing
import os
import re
import resource
import shutil
import sys
import tarfile
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

HEADERS = [("#" * level, f"h{level}") for level in range(1, 7)]
PACKAGES = {
    "langchain-md": "langchain-text-splitters",
    "langchain": "langchain-text-splitters",
    "chonkie": "chonkie",
    "semchunk": "semchunk",
    "text-splitter": "semantic-text-splitter",
}


# Splitters: functions from text to a list of (text, headings).


def langchain(size, markdown):
    from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter

    recursive = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=0)
    if not markdown:
        return lambda text: [(part, []) for part in recursive.split_text(text)]
    headers = MarkdownHeaderTextSplitter(HEADERS, strip_headers=False)

    def split(text):
        parts = recursive.split_documents(headers.split_text(text))
        return [(part.page_content, [part.metadata[name] for _, name in HEADERS if name in part.metadata]) for part in parts]

    return split


def chonkie(size):
    from chonkie import RecursiveChunker

    chunker = RecursiveChunker(tokenizer="character", chunk_size=size)
    return lambda text: [(chunk.text, []) for chunk in chunker.chunk(text)]


def semchunk(size):
    import semchunk

    chunker = semchunk.chunkerify(len, size, memoize=False)
    return lambda text: [(part, []) for part in chunker(text)]


def text_splitter(size):
    from semantic_text_splitter import MarkdownSplitter

    splitter = MarkdownSplitter(size)
    return lambda text: [(part, []) for part in splitter.chunks(text)]


def splitter(engine, size):
    """The engine with a budget of `size` characters."""
    return {
        "langchain-md": lambda: langchain(size, markdown=True),
        "langchain": lambda: langchain(size, markdown=False),
        "chonkie": lambda: chonkie(size),
        "semchunk": lambda: semchunk(size),
        "text-splitter": lambda: text_splitter(size),
    }[engine]()


# Spans: byte offsets of parts of a text.


SPACE = b" \t\n\r\x0b\x0c"


class Located:
    """The bytes of a text without white space, and where each of them came from."""

    def __init__(self, text):
        import numpy as np

        raw = text.encode()
        self.bare = raw.translate(None, SPACE)
        self.at = np.flatnonzero(~np.isin(np.frombuffer(raw, dtype=np.uint8), np.frombuffer(SPACE, dtype=np.uint8)))
        self.next = 0

    def find(self, part):
        """The byte span of `part`, at or after the end of the one before; None where it cannot be found."""
        bare = part.encode().translate(None, SPACE)
        at = self.bare.find(bare, self.next)
        if at < 0:
            at = self.bare.find(bare)
        if at < 0 or not bare:
            return None
        self.next = at + len(bare)
        return int(self.at[at]), int(self.at[self.next - 1]) + 1


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def split_documents(args):
    split = splitter(args.engine, 4 * args.tokens)
    lost = total = 0
    with open(args.out, "w", encoding="utf-8") as out:
        for document in read(args.documents):
            located = Located(document["text"])
            for text, headings in split(document["text"]):
                span = located.find(text)
                total += 1
                lost += span is None and bool(text.strip())
                start, end = span or (0, 0)
                tokens = -(-len(text) // 4)
                line = {"path": document["path"], "start": start, "end": end, "text": text, "headings": headings, "tokens": tokens}
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(json.dumps({"engine": args.engine, "chunks": total, "lost": lost}))


# Questions with their evidence.

PLACED = re.compile(rb"[\w\x80-\xff]+")


def placed_words(text):
    """The words of `text` in lower case with their byte spans."""
    # Bytes beyond ASCII count as letters, so that offsets are bytes.
    return [(match.group().decode().lower(), match.start(), match.end()) for match in PLACED.finditer(text.encode())]


def evidence(said, answer, question):
    """The byte span where the words of a text say `answer`: the stretch with most of the answer's word pairs; None below half of them.

    Answers of a word or two, and stretches that say as much, are told apart by the question's words in the lines around."""
    wanted = [word for word, _, _ in placed_words(answer)]
    asked = {word for word, _, _ in placed_words(question)}
    n = 2 if len(wanted) > 2 else 1
    grams = {tuple(wanted[i : i + n]) for i in range(len(wanted) - n + 1)}
    known = {word for gram in grams for word in gram}

    def gram(at):
        return tuple(word for word, _, _ in said[at : at + n])

    hits = [at for at, (word, _, _) in enumerate(said) if word in known and gram(at) in grams]
    best, span, first, have = (0, 0, 0), None, 0, Counter()
    for hit in hits:
        have[gram(hit)] += 1
        while hit - hits[first] > 1.5 * len(wanted) + 10:
            dropped = gram(hits[first])
            have[dropped] -= 1
            if not have[dropped]:
                del have[dropped]
            first += 1
        found = len(have)
        if found < best[0] or found * 2 < len(grams):
            continue
        near = {word for word, _, _ in said[max(0, hits[first] - 40) : hit + 40]}
        score = found, len(asked & near), hits[first] - hit
        if score > best:
            best, span = score, (said[hits[first]][1], said[hit + n - 1][2])
    return span


def ask(args):
    """Makes questions.jsonl of a set: {"question", "path", "start", "end"}; start is null where no evidence was found."""
    texts = {document["path"]: document["text"] for document in read(args.documents)}
    found = located = 0
    said = {}
    with open(args.out, "w", encoding="utf-8") as out:
        for record in read(args.questions):
            gold = (record.get("gold_doc") or record["source"].split("#")[0]).split("/")
            path = next((p for p in texts if p.split("/")[-len(gold) :] == gold), None)
            if path is None:
                continue
            if path not in said:
                said[path] = placed_words(texts[path])
            span = evidence(said[path], record["answer"], record["question"])
            found += 1
            located += span is not None
            start, end = span or (None, None)
            out.write(json.dumps({"question": record["question"], "path": path, "start": start, "end": end}) + "\n")
    print(json.dumps({"questions": found, "with_evidence": located}))


# Scores.


def overlap(start, end, span):
    return max(0, min(end, span[1]) - max(start, span[0]))


def score_hits(chunks, hits, question, context):
    page, seen = 0.0, []
    for hit in hits:
        path = chunks[hit]["path"]
        if path not in seen:
            seen.append(path)
            if path == question["path"] and len(seen) <= 10:
                page = 1 / math.log2(len(seen) + 1)
    if question["start"] is None:
        return page, None
    span = question["start"], question["end"]
    size = span[1] - span[0]
    gain = 0.0
    used = retrieved = covered = 0
    for rank, hit in enumerate(hits):
        chunk = chunks[hit]
        common = overlap(chunk["start"], chunk["end"], span) if chunk["path"] == question["path"] else 0
        if rank < 10:
            gain += common / size / math.log2(rank + 2)
        if used + chunk["tokens"] <= context or rank == 0:
            used += chunk["tokens"]
            retrieved += chunk["end"] - chunk["start"]
            covered += common
        elif used is not math.inf:
            used = math.inf
    return page, (min(gain, 1.0), covered / size, covered / max(retrieved, 1))


def mean(values):
    return sum(values) / max(len(values), 1)


def score_file(file, questions, context):
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")

    def tokens(batch):
        return bm25s.tokenize(batch, stopwords="en", stemmer=stemmer, show_progress=False)

    chunks = read(file)
    asked = tokens([question["question"] for question in questions])
    line = {"file": Path(file).stem, "chunks": len(chunks), "mean_tokens": round(mean([chunk["tokens"] for chunk in chunks]), 1)}
    views = [("", lambda chunk: chunk["text"])]
    if any(chunk["headings"] for chunk in chunks):
        views.append(("_h", lambda chunk: "\n".join([*chunk["headings"], chunk["text"]])))
    for suffix, text in views:
        index = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
        index.index(tokens([text(chunk) for chunk in chunks]), show_progress=False)
        found = index.retrieve(asked, k=min(100, len(chunks)), show_progress=False).documents.tolist()
        scores = [score_hits(chunks, hits, question, context) for hits, question in zip(found, questions)]
        spans = [span for _, span in scores if span]
        line |= {
            f"page{suffix}": round(mean([page for page, _ in scores]), 4),
            f"evidence{suffix}": round(mean([span[0] for span in spans]), 4),
            f"recall{suffix}": round(mean([span[1] for span in spans]), 4),
            f"precision{suffix}": round(mean([span[2] for span in spans]), 4),
        }
    return line


def score(args):
    job = functools.partial(score_file, questions=read(args.questions), context=args.context)
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for line in pool.imap(job, args.chunks):
            print(json.dumps(line))


# Speed.


def build(args):
    suffixes = tuple(args.suffix)
    out = Path(args.out)
    shutil.rmtree(out, ignore_errors=True)
    files = size = 0

    def write(name, data):
        nonlocal files, size
        for copy in range(args.copies):
            path = out / (f"copy{copy}" if args.copies > 1 else ".") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            files, size = files + 1, size + len(data)

    for corpus in map(Path, args.corpus):
        if corpus.is_file():
            with tarfile.open(corpus) as archive:
                for member in archive:
                    if member.isfile() and member.name.endswith(suffixes) and ".." not in member.name and member.name[0] != "/":
                        write(member.name, archive.extractfile(member).read())
        else:
            for path in sorted(corpus.rglob("*")):
                if path.is_file() and path.name.endswith(suffixes):
                    write(path.relative_to(args.root), path.read_bytes())
    print(json.dumps({"files": files, "bytes": size}))


def extractor(engine):
    """A function from a file's bytes to its text, one part."""
    if engine == "trafilatura":
        import trafilatura

        # Precision and speed as its manual advises for large numbers of pages.
        return lambda data: [trafilatura.extract(data, output_format="markdown", include_tables=True, fast=True) or ""]
    import io
    import logging

    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)

    def text(data):
        try:
            return ["\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)]
        except Exception:  # Broken and encrypted files are part of the corpus.
            return []

    return text


work = None


def start(engine, characters):
    global work
    if engine in ("trafilatura", "pypdf"):
        work = extractor(engine)
    else:
        split = splitter(engine, characters)
        work = lambda data: split(data.decode("utf-8", errors="replace"))


def one_file(path):
    data = path.read_bytes()
    return len(data), len(work(data))


def run(args):
    threads = int(os.environ.get("RAYON_NUM_THREADS") or 1)
    files = sorted(path for path in Path(args.input).rglob("*") if path.is_file())
    start(args.engine, args.characters)
    one_file(files[0])
    pool = multiprocessing.Pool(threads, start, (args.engine, args.characters)) if threads > 1 else None
    seconds = math.inf
    for _ in range(args.repeat):
        begun = time.perf_counter()
        done = pool.map(one_file, files, chunksize=16) if pool else [one_file(path) for path in files]
        seconds = min(seconds, time.perf_counter() - begun)
    if pool:
        pool.close()
        pool.join()
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak += threads * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if pool else 0
    line = {
        "engine": args.engine,
        "version": version(PACKAGES.get(args.engine, args.engine)),
        "threads": threads,
        "files": len(files),
        "bytes": sum(size for size, _ in done),
        "chunks": sum(parts for _, parts in done),
        "seconds": seconds,
        "ingest_seconds": seconds,
        "chunk_seconds": seconds,
        "peak_mib": round(peak * unit / 2**20),
    }
    print(json.dumps(line))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("build")
    one.add_argument("--corpus", action="append", required=True)
    one.add_argument("--root", default=".")
    one.add_argument("--suffix", action="append", required=True)
    one.add_argument("--out", required=True)
    one.add_argument("--copies", type=int, default=1)
    one = commands.add_parser("run")
    one.add_argument("--engine", required=True, choices=[*sorted(PACKAGES), "trafilatura", "pypdf"])
    one.add_argument("--input", required=True)
    one.add_argument("--characters", type=int, default=2048)
    one.add_argument("--repeat", type=int, default=1)
    one = commands.add_parser("split")
    one.add_argument("--engine", required=True, choices=sorted(PACKAGES))
    one.add_argument("--documents", required=True)
    one.add_argument("--tokens", type=int, default=256)
    one.add_argument("--out", required=True)
    one = commands.add_parser("ask")
    one.add_argument("--documents", required=True)
    one.add_argument("--questions", required=True)
    one.add_argument("--out", required=True)
    one = commands.add_parser("score")
    one.add_argument("--questions", required=True)
    one.add_argument("--chunks", nargs="+", required=True)
    one.add_argument("--context", type=int, default=1024)
    args = parser.parse_args()
    {"build": build, "split": split_documents, "ask": ask, "score": score, "run": run}[args.command](args)


if __name__ == "__main__":
    main()
