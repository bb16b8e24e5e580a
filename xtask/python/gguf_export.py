"""Exports a model with `dsg export-gguf` in every type that dsg writes, and holds the files against llama.cpp's.

usage: gguf_export.py <dsg> <model> [--reference <file.gguf>] [--quantize <llama-quantize>]

`dsg` is the command, built with the feature `train`; `model` a Hugging Face folder or a GGUF file. Every file is read by the Python package
`gguf`. `reference` is what llama.cpp's converter makes of the same folder (`convert_hf_to_gguf.py --outtype f32`): its tensors must be ours, and what
it says of the tokenizer; other keys that differ are shown. `llama-quantize` makes every type of our F32 file: tensors of one type must be the same to the last
byte, others are counted. Prints Markdown.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import gguf
import numpy as np

TOKENIZER = {
    f"tokenizer.ggml.{key}"
    for key in (
        "model pre tokens token_type merges bos_token_id eos_token_id eot_token_id add_bos_token add_space_prefix"
    ).split()
}
TYPES = ["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]


def export(dsg, model, out, kind):
    command = [dsg, "export-gguf", "--model", model, "--out", out, "--quant", kind, "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    # 1: the file did not pass its check, and the summary says why.
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def tensors(path):
    """Name, type and bytes of every tensor, in order."""
    found = {}
    for tensor in gguf.GGUFReader(path).tensors:
        found[tensor.name] = (tensor.tensor_type, np.array(tensor.data).view(np.uint8).reshape(-1))
    return found


def keys(path):
    fields = gguf.GGUFReader(path).fields.items()
    return {name: field.contents() for name, field in fields if not name.startswith("GGUF.")}


def is_known(name, ours, theirs):
    """Whether a key of the tokenizer may differ."""
    key = "tokenizer.ggml."
    if name == key + "token_type":
        # Gemma's files call <unk> special, which makes it a control token for the converter; here it stays the unknown token.
        unknown = ours.get(key + "unknown_token_id")
        kinds = list(zip(ours[name], theirs.get(name, [])))
        return len(kinds) == len(ours[name]) and all(a == b for id, (a, b) in enumerate(kinds) if id != unknown)
    if name == key + "eot_token_id":
        # The converter leaves it to llama.cpp, which looks for texts that it knows.
        return name not in theirs
    if name in (key + "add_bos_token", key + "add_space_prefix"):
        # Left out by the converter where it is what llama.cpp takes anyway.
        default = ours[key + "model"] == "llama" or name.endswith("bos_token") and ours.get(key + "pre") == "llama-bpe"
        return ours.get(name, default) == theirs.get(name, default)
    return False


def beside(ours, theirs):
    """How many tensors are the same, have another type, have other bytes."""
    same = other_type = other_bytes = 0
    for name, (kind, data) in theirs.items():
        if name not in ours or ours[name][0] != kind:
            other_type += 1
        elif np.array_equal(ours[name][1], data):
            same += 1
        else:
            other_bytes += 1
    return same, other_type, other_bytes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dsg")
    parser.add_argument("model")
    parser.add_argument("--reference")
    parser.add_argument("--quantize")
    arguments = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        whole = folder / "f32.gguf"
        print("| type | bits per weight | mean KL | largest KL | same likeliest token | as llama-quantize | another type | other bytes |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|")
        for kind in TYPES:
            path = whole if kind == "f32" else folder / "ours.gguf"
            summary = export(arguments.dsg, arguments.model, path, kind)
            if not (summary["ok"] and summary["check"]["logits"]):
                sys.exit(f"{kind}: {json.dumps(summary['check'])}")
            logits = summary["check"]["logits"]
            ours = tensors(path)
            failed |= len(ours) != sum(share["tensors"] for share in summary["types"])
            cells = [kind.upper(), f"{summary['bits_per_weight']:.2f}", f"{logits['mean_kl']:.1e}", f"{logits['max_kl']:.1e}"]
            cells.append(f"{logits['same_top']:.2%}")
            if arguments.quantize and kind != "f32":
                theirs = folder / "theirs.gguf"
                subprocess.run([arguments.quantize, whole, theirs, kind.upper()], check=True, capture_output=True)
                same, other_type, other_bytes = beside(ours, tensors(theirs))
                failed |= other_bytes > 0 or list(ours) != list(tensors(theirs))
                cells += [f"{same} of {len(ours)}", f"{other_type}", f"{other_bytes}"]
            else:
                cells += ["not run"] * 3
            print("| " + " | ".join(cells) + " |")
        if arguments.reference:
            ours, theirs = tensors(whole), tensors(arguments.reference)
            same, other_type, other_bytes = beside(ours, theirs)
            print(f"\nThe converter's file: {same} of {len(theirs)} tensors alike, {other_type} of another type, {other_bytes} with other bytes.")
            failed |= same != len(theirs) or len(ours) != len(theirs)
            ours, theirs = keys(whole), keys(arguments.reference)
            for name in sorted(ours.keys() | theirs.keys()):
                if ours.get(name) == theirs.get(name):
                    continue
                failed |= name in TOKENIZER and not is_known(name, ours, theirs)
                short = [repr(side.get(name, "–"))[:60] for side in (ours, theirs)]
                print(f"- `{name}`: ours {short[0]}, theirs {short[1]}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
