#!/usr/bin/env python3
"""Times BM25 with `bm25s` and `tantivy`, beside `crates/dsg-index/examples/bench_bm25.rs`.

    python bm25.py build --corpus PATH [--corpus PATH ...] --out FOLDER [--words 120] [--queries 1000]
    python bm25.py run --input FOLDER --engine bm25s-numpy|bm25s-numba|tantivy [--k 10] [--repeat 3]
    python bm25.py judge --documents TERMS --queries TERMS --qrels FILE

`build` writes a BEIR-like FOLDER: `corpus.jsonl` ({"_id", "title", "text"}: the paragraphs of the text files under each
PATH, a folder or a tar archive, joined to passages of about `--words` words), `queries.jsonl` ({"_id", "text"}: the questions
of PATH.qa.jsonl beside an archive, filled up with headings of the documents) and `qrels.tsv` (for those questions: every
passage of the page that answers it). The same input and options give the same files.

`run` prints one JSON object: engine, version, corpus, documents, bytes, queries, k, threads, build_seconds (tokenization and
index), query_seconds (all queries, tokenization included), both the least of `--repeat` runs, peak_rss_bytes, and ndcg10
where there are judgements. Threads: RAYON_NUM_THREADS, as for dsg.

`judge` prints nDCG@10, MAP and recall@100 of bm25s over terms that another analyzer made (dsg-index's example `terms`), best 1,000.

Engines:
  bm25s-numpy  bm25s with its English stop words and the Snowball stemmer, scored with numpy and scipy.
  bm25s-numba  the same, scored by numba; compilation falls into the first of the runs and does not count.
  tantivy      tantivy-py with the `en_stem` tokenizer; documents and queries are handed over one by one.
"""

import argparse
import json
import math
import os
import random
import re
import resource
import sys
import tarfile
import time
from importlib.metadata import version
from pathlib import Path

SUFFIXES = {".md", ".rst", ".txt", ".html", ".shtml", ".1", ".5", ".8"}


def files(path):
    """Name and text of every text file under a folder or in an archive, in order of name."""
    path = Path(path)
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)
        for file in found:
            yield file.relative_to(path).as_posix(), file.read_text(encoding="utf-8", errors="replace")
        return
    with tarfile.open(path) as archive:
        members = sorted((m for m in archive if m.isfile() and Path(m.name).suffix.lower() in SUFFIXES), key=lambda m: m.name)
        for member in members:
            yield member.name, archive.extractfile(member).read().decode("utf-8", errors="replace")


def passages(text, words):
    """Paragraphs, joined until there are enough words."""
    held = []
    for block in re.split(r"\n\s*\n", text):
        block = block.strip()
        if block:
            held.append(block)
        if sum(len(block.split()) for block in held) >= words:
            yield "\n\n".join(held)
            held = []
    if held:
        yield "\n\n".join(held)


def plain(heading):
    return re.sub(r"<[^>]*>|[*`\\]|\{[^}]*\}", "", heading).strip()


def build_input(args):
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    questions, headings, judged, documents, size = [], set(), [], 0, 0
    with open(out / "corpus.jsonl", "w", encoding="utf-8") as corpus:
        for path in args.corpus:
            asked = Path(re.sub(r"(\.tar)?\.\w+$", "", path) + ".qa.jsonl")
            gold = {}
            if not Path(path).is_dir() and asked.is_file():
                for question in read(asked):
                    questions.append({"_id": question["id"], "text": question["question"]})
                    gold.setdefault(question["gold_doc"], []).append(question["id"])
            for name, text in files(path):
                if name.endswith((".html", ".shtml")):
                    text = re.sub(r"<[^>]*>", " ", text)
                headings.update(h for h in map(plain, re.findall(r"^#+ +(.*)$", text, re.M)) if 3 <= len(h.split()) <= 12)
                answers = [ids for page, ids in gold.items() if name.endswith("/" + page)]
                for number, passage in enumerate(passages(text, args.words)):
                    key = f"{Path(path).name}/{name}#{number}"
                    corpus.write(json.dumps({"_id": key, "title": "", "text": passage}) + "\n")
                    documents += 1
                    size += len(passage.encode())
                    judged.extend((question, key) for ids in answers for question in ids)
    missing = max(0, args.queries - len(questions))
    chosen = random.Random(17).sample(sorted(headings), min(missing, len(headings)))
    questions += [{"_id": f"heading-{number}", "text": heading} for number, heading in enumerate(chosen)]
    with open(out / "queries.jsonl", "w", encoding="utf-8") as queries:
        queries.writelines(json.dumps(question) + "\n" for question in questions)
    with open(out / "qrels.tsv", "w", encoding="utf-8") as qrels:
        qrels.write("query-id\tcorpus-id\tscore\n")
        qrels.writelines(f"{question}\t{document}\t1\n" for question, document in judged)
    print(json.dumps({"documents": documents, "bytes": size, "queries": len(questions), "judged": len(judged)}))


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def text_of(record):
    title = record.get("title") or ""
    return f"{title}\n{record['text']}" if title else record["text"]


def least(repeat, run):
    best, result = math.inf, None
    for _ in range(repeat):
        start = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - start)
    return best, result


def bm25s_engine(backend, threads):
    def run(texts, queries, k, repeat):
        import bm25s
        import Stemmer

        stemmer = Stemmer.Stemmer("english")

        def tokens(batch):
            return bm25s.tokenize(batch, stopwords="en", stemmer=stemmer, show_progress=False)

        def build():
            index = bm25s.BM25(k1=1.2, b=0.75, method="lucene", backend=backend)
            index.index(tokens(texts), show_progress=False)
            return index

        def query():
            # bm25s counts threads beyond the calling one: 0 is one thread.
            found = index.retrieve(tokens(queries), k=k, show_progress=False, n_threads=0 if threads == 1 else threads)
            return found.documents.tolist()

        build_seconds, index = least(repeat, build)
        query_seconds, found = least(repeat, query)
        return version("bm25s"), build_seconds, query_seconds, found

    return run


def tantivy_engine(threads):
    def run(texts, queries, k, repeat):
        import tantivy

        schema = (
            tantivy.SchemaBuilder()
            .add_text_field("text", tokenizer_name="en_stem", index_option="freq")
            .add_unsigned_field("position", stored=True)
            .build()
        )

        def build():
            index = tantivy.Index(schema)
            writer = index.writer(heap_size=512_000_000, num_threads=threads)
            for position, text in enumerate(texts):
                writer.add_document(tantivy.Document(text=text, position=position))
            writer.commit()
            writer.wait_merging_threads()
            index.reload()
            return index

        def query():
            searcher = index.searcher()
            found = []
            for text in queries:
                parsed, _ = index.parse_query_lenient(text, ["text"])
                hits = searcher.search(parsed, k, count=False).hits
                found.append([searcher.doc(address)["position"][0] for _, address in hits])
            return found

        build_seconds, index = least(repeat, build)
        query_seconds, found = least(repeat, query)
        return version("tantivy"), build_seconds, query_seconds, found

    return run


def ndcg10(queries, found, ids, grades):
    total, count = 0.0, 0
    for query, hits in zip(queries, found):
        judged = grades.get(query["_id"])
        if not judged:
            continue
        gain = sum(max(judged.get(ids[hit], 0), 0) / math.log2(rank + 2) for rank, hit in enumerate(hits[:10]))
        best = sorted((max(grade, 0) for grade in judged.values()), reverse=True)[:10]
        ideal = sum(grade / math.log2(rank + 2) for rank, grade in enumerate(best))
        if ideal > 0:
            total, count = total + gain / ideal, count + 1
    return total / max(count, 1)


def measures(ranked, judged):
    """nDCG@10, average precision and recall@100 of one ranking."""
    grades = [judged.get(name, 0) for name in ranked]
    ideal = sorted(judged.values(), reverse=True)

    def gain(grades):
        return sum(grade / math.log2(rank + 2) for rank, grade in enumerate(grades[:10]))

    relevant = sum(grade > 0 for grade in ideal)
    found, precision = 0, 0.0
    for rank, grade in enumerate(grades, 1):
        if grade > 0:
            found += 1
            precision += found / rank
    return gain(grades) / gain(ideal), precision / relevant, sum(grade > 0 for grade in grades[:100]) / relevant


def judge(args):
    import bm25s

    documents, queries = read(args.documents), read(args.queries)
    grades = {}
    for judgement in Path(args.qrels).read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = judgement.split("\t")[:3]
        grades.setdefault(query, {})[document] = max(float(grade), 0)
    grades = {query: judged for query, judged in grades.items() if any(judged.values())}
    index = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    index.index([document["terms"] for document in documents], show_progress=False)
    sums, count = [0.0] * 3, 0
    for query in queries:
        if query["_id"] in grades:
            found = index.retrieve([query["terms"]], k=min(1000, len(documents)), show_progress=False)
            ranked = [documents[at]["_id"] for at, score in zip(found.documents[0], found.scores[0]) if score > 0]
            sums = [total + value for total, value in zip(sums, measures(ranked, grades[query["_id"]]))]
            count += 1
    ndcg, average, recall = (total / count for total in sums)
    print(json.dumps({"queries": count, "ndcg10": round(ndcg, 4), "map": round(average, 4), "recall100": round(recall, 4)}))


def run_engine(args):
    threads = int(os.environ.get("RAYON_NUM_THREADS") or os.cpu_count() or 1)
    # numpy and numba would start threads of their own.
    for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    folder = Path(args.input)
    corpus, queries = read(folder / "corpus.jsonl"), read(folder / "queries.jsonl")
    texts, ids = [text_of(record) for record in corpus], [record["_id"] for record in corpus]
    engines = {
        "bm25s-numpy": lambda: bm25s_engine("numpy", threads),
        "bm25s-numba": lambda: bm25s_engine("numba", threads),
        "tantivy": lambda: tantivy_engine(threads),
    }
    run = engines[args.engine]()
    number, build, query, found = run(texts, [record["text"] for record in queries], args.k, args.repeat)
    line = {
        "engine": args.engine,
        "version": number,
        "corpus": str(folder / "corpus.jsonl"),
        "documents": len(texts),
        "bytes": sum(len(text.encode()) for text in texts),
        "queries": len(queries),
        "k": args.k,
        "threads": threads,
        "build_seconds": build,
        "query_seconds": query,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }
    judgements = folder / "qrels.tsv"
    if judgements.is_file():
        grades = {}
        for judgement in judgements.read_text(encoding="utf-8").splitlines()[1:]:
            query_id, document, grade = judgement.split("\t")
            grades.setdefault(query_id, {})[document] = float(grade)
        line["ndcg10"] = ndcg10(queries, found, ids, grades)
    print(json.dumps(line))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build")
    build.add_argument("--corpus", action="append", required=True)
    build.add_argument("--out", required=True)
    build.add_argument("--words", type=int, default=120)
    build.add_argument("--queries", type=int, default=1000)
    run = commands.add_parser("run")
    run.add_argument("--input", required=True)
    run.add_argument("--engine", required=True, choices=["bm25s-numpy", "bm25s-numba", "tantivy"])
    run.add_argument("--k", type=int, default=10)
    run.add_argument("--repeat", type=int, default=3)
    judged = commands.add_parser("judge")
    for name in ("--documents", "--queries", "--qrels"):
        judged.add_argument(name, required=True)
    args = parser.parse_args()
    {"build": build_input, "run": run_engine, "judge": judge}[args.command](args)


if __name__ == "__main__":
    main()
