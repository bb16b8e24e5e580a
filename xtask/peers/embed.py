"""An embedding model with onnxruntime alone, one text at a time without padding: its speed, and how far another program's vectors are.

    python3 embed.py MODEL texts.jsonl vectors.f32 THREADS

Needs numpy, onnxruntime and tokenizers; `vectors.f32` is what dsg-index's `bench_embed` wrote for the same texts.
"""

import json
import sys
import time

import numpy
import onnxruntime
from tokenizers import Tokenizer


def main():
    model, texts, vectors, threads = sys.argv[1:5]
    tokenizer = Tokenizer.from_file(f"{model}/tokenizer.json")
    tokenizer.enable_truncation(512)
    tokenizer.no_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(threads)
    session = onnxruntime.InferenceSession(f"{model}/model.onnx", options)

    def embed(text):
        encoded = tokenizer.encode(text)
        given = {"input_ids": encoded.ids, "attention_mask": encoded.attention_mask, "token_type_ids": encoded.type_ids}
        states = session.run(None, {name: numpy.array([values]) for name, values in given.items()})[0][0]
        mean = states.mean(0)
        return mean / numpy.linalg.norm(mean)

    with open(texts, encoding="utf-8") as file:
        texts = [json.loads(line) for line in file]
    embed("warm")
    wall, processor = time.time(), time.process_time()
    own = numpy.array([embed(text) for text in texts])
    line = {
        "engine": "onnxruntime",
        "texts": len(texts),
        "threads": int(threads),
        "wall_seconds": time.time() - wall,
        "processor_seconds": time.process_time() - processor,
    }
    theirs = numpy.fromfile(vectors, dtype="<f4").reshape(len(texts), -1)
    line["largest_difference"] = float(numpy.abs(own - theirs).max())
    line["least_cosine"] = float((own * theirs).sum(1).min())
    print(json.dumps(line))


if __name__ == "__main__":
    main()
