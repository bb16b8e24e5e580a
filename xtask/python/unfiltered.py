"""Draws a training set from everything that was written, accepted or not, with as much text as the accepted one: what curation is compared with.

usage: unfiltered.py <outdir of dsg run> <seed> > unfiltered.jsonl

Documents of the eval split are left out, as they are from train.jsonl. Text is counted in characters of questions and answers.
"""

import json
import pathlib
import random
import sys


def lines(path):
    with open(path, encoding="utf-8") as file:
        yield from map(json.loads, file)


def main():
    folder, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    held_out = {quote["doc_id"] for row in lines(folder / "eval.jsonl") for quote in row["meta"]["citations"]}
    accepted = [(row["id"], [message["content"] for message in row["messages"]]) for row in lines(folder / "train.jsonl")]
    rejected = [
        (reject["id"], [reject["record"]["question"], reject["record"]["answer"]])
        for reject in lines(folder / "rejects.jsonl")
        if "answer" in (reject["record"] or {}) and not held_out & {quote["doc_id"] for quote in reject["record"]["citations"]}
    ]
    left = sum(len(text) for _, texts in accepted for text in texts)
    pool = sorted(accepted + rejected)
    random.Random(seed).shuffle(pool)
    for id, (question, answer) in pool:
        if left <= 0:
            break
        left -= len(question) + len(answer)
        messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        print(json.dumps({"id": id, "messages": messages}, ensure_ascii=False))


main()
