"""Trains adapters with dsg-train and with PEFT, from the same first values on the same rows, and compares what comes out.

usage: train_curve.py <curve> <base> <work> --docs <folder> [--steps N] [--rows N] [--tokens N]

`curve` is the example program of dsg-train of that name, `base` a GGUF file or a folder, `work` a folder for what is written meanwhile. Rows are made
of the Markdown under `docs`. Compared are the loss of every step before its update, and, of sequences that were not trained on, the logits of our
adapter under PEFT, and of PEFT's under dsg-train. Prints Markdown; fails where a loss differs by more than 1e-3 or a logit by more than 5e-3.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

import gguf
import numpy as np
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

MOST_LOSS = 1e-3
MOST_LOGIT = 5e-3

CASES = [
    ("LoRA", {}),
    ("LoRA, q_proj and v_proj", {"targets": ["q_proj", "v_proj"]}),
    ("rsLoRA", {"rslora": True}),
    ("DoRA", {"dora": True}),
    ("QLoRA, 8 bits", {}, gguf.GGMLQuantizationType.Q8_0),
    ("QLoRA, 4 bits", {}, gguf.GGMLQuantizationType.Q4_0),
]

BITS = {None: None, gguf.GGMLQuantizationType.Q8_0: 8, gguf.GGMLQuantizationType.Q4_0: 4}
PROJECTIONS = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


class Dsg:
    def __init__(self, program):
        self.program = program

    def ask(self, **request):
        reply = subprocess.run([self.program], input=json.dumps(request), capture_output=True, text=True)
        if reply.returncode != 0:
            sys.exit(f"{self.program}: {reply.stderr}")
        return json.loads(reply.stdout)


def rows_of(docs):
    """A question about each section, answered by how it begins."""
    rows = []
    for path in sorted(docs.rglob("*.md")):
        text = path.read_text("utf-8", "replace")
        for heading, body in re.findall(r"^#+ +(.+)\n+([^#`|<\n][^\n]{30,})", text, re.M):
            answer = body.strip()[:160]
            rows.append({"id": f"{path.name} {heading}", "prompt": f"What does {path.stem} say under {heading.strip()}?", "completion": answer})
    return rows


def loss_of(model, row):
    """The sum over a row's labels, and how many there are."""
    tokens = torch.tensor([row["tokens"]])
    logits = model(input_ids=tokens).logits[0]
    places = [place for start, end in row["labels"] for place in range(start, end)]
    targets = tokens[0, places]
    return torch.nn.functional.cross_entropy(logits[[place - 1 for place in places]].float(), targets, reduction="sum"), len(places)


def train(model, steps, metrics, config):
    """What dsg does, with PyTorch's AdamW: gradients of the mean over the step's labels, one row at a time, clipped over all."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    losses, seconds = [], []
    for rows, line in zip(steps, metrics):
        began = time.perf_counter()
        labels = sum(end - start for row in rows for start, end in row["labels"])
        total = 0.0
        optimizer.zero_grad(set_to_none=True)
        for row in rows:
            loss, _ = loss_of(model, row)
            (loss / labels).backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(parameters, config["clip_norm"])
        for group in optimizer.param_groups:
            group["lr"] = line["learning_rate"]
        optimizer.step()
        losses.append(total / labels)
        seconds.append(time.perf_counter() - began)
    return losses, seconds


def in_blocks(weight, blocks):
    """What is left of a weight that goes through the blocks of a GGUF type."""
    if blocks != gguf.GGMLQuantizationType.Q4_0:
        return gguf.quants.dequantize(gguf.quants.quantize(weight, blocks), blocks)
    # `gguf` rounds here as a fused multiply-add would, ggml's reference and dsg-train in two steps, which decides the many ties of a
    # base that was in 4 bits before.
    rows = weight.reshape(-1, 32)
    largest = np.take_along_axis(rows, np.abs(rows).argmax(axis=1, keepdims=True), axis=1)
    scale = largest / np.float32(-8)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
    steps = np.trunc(rows * inverse + np.float32(8.5)).clip(0, 15) - np.float32(8)
    return (steps * scale.astype(np.float16).astype(np.float32)).reshape(weight.shape)


def load(base, blocks):
    """The base model, its projections by way of the blocks of a GGUF type where one is given."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager")
    for name, module in model.named_modules():
        if blocks is not None and name.rpartition(".")[2] in PROJECTIONS:
            module.weight.data = torch.from_numpy(in_blocks(module.weight.detach().numpy(), blocks))
    return model


def logits_of(model, sequences):
    with torch.no_grad():
        return np.concatenate([model(input_ids=torch.tensor([sequence])).logits[0].float().numpy() for sequence in sequences])


def compare(dsg, base, work, name, change, rows, arguments, blocks=None):
    folder = work / re.sub(r"\W+", "-", name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = {
        "adapter": {"rank": 8, "alpha": 16.0, **change},
        "epochs": 1000,
        "max_steps": arguments.steps,
        "batch_rows": arguments.rows,
        "max_tokens": arguments.tokens,
        "learning_rate": 5e-4,
        "clip_norm": 1.0,
        "quantize": BITS[blocks],
    }
    ours = dsg.ask(base=str(base), data=str(data), out=str(folder), config=config)
    model = PeftModel.from_pretrained(load(base, blocks), folder / "start", is_trainable=True)
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    begun = logits_of(model, [row["tokens"] for row in ours["steps"][0]])
    model.train()
    losses, seconds = train(model, ours["steps"], ours["metrics"], config)
    model.eval()
    apart = [abs(line["loss"] - loss) for line, loss in zip(ours["metrics"], losses)]

    # Rows of the last steps, with their answers cut, stand for text that comes later.
    sequences = [row["tokens"][: len(row["tokens"]) * 2 // 3] for row in ours["steps"][-1]]
    model.save_pretrained(folder / "theirs")
    theirs = logits_of(model, sequences)
    path = folder / "logits.f32"
    dsg.ask(base=str(base), adapter=str(folder / "theirs"), sequences=sequences, logits=str(path), config=config)
    read = np.fromfile(path, np.float32).reshape(theirs.shape)
    theirs_here = float(np.abs(read - theirs).max())

    del model
    model = PeftModel.from_pretrained(load(base, blocks), folder / "end").eval()
    there = logits_of(model, sequences)
    dsg.ask(base=str(base), adapter=str(folder / "end"), sequences=sequences, logits=str(path), config=config)
    here = np.fromfile(path, np.float32).reshape(there.shape)
    ours_there = float(np.abs(here - there).max())
    ours_seconds = [line["seconds"] for line in ours["metrics"]]
    print(
        f"| {name} | {len(trained)} | {losses[0]:.4f} → {losses[-1]:.4f} | {max(apart):.1e} | {np.mean(apart):.1e} | {ours_there:.1e} | {theirs_here:.1e} "
        f"| {np.median(ours_seconds):.2f} / {np.median(seconds):.2f} |",
        flush=True,
    )
    failures = []
    if len(apart) != arguments.steps:
        failures.append(f"{name}: {len(apart)} steps instead of {arguments.steps}")
    if not max(apart) <= MOST_LOSS:
        failures.append(f"{name}: a loss differs by {max(apart)}")
    if not max(ours_there, theirs_here) <= MOST_LOGIT:
        failures.append(f"{name}: a logit differs by {max(ours_there, theirs_here)}")
    if not np.isfinite(begun).all():
        failures.append(f"{name}: the first adapter is broken")
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("base", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--docs", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rows", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--only")
    arguments = parser.parse_args()
    dsg = Dsg(arguments.program)
    base = arguments.base
    if base.is_file():
        folder = arguments.work / "base"
        shutil.rmtree(folder, ignore_errors=True)
        dsg.ask(base=str(base), folder=str(folder))
        base = folder
    rows = rows_of(arguments.docs)
    print(f"{len(rows)} rows, {arguments.steps} steps of {arguments.rows}\n")
    print("| adapter | trained tensors | loss | largest difference of a step's loss | mean | logits, ours under PEFT | PEFT's under dsg | s/step, dsg / PEFT |")
    print("|---|--:|---|--:|--:|--:|--:|--:|", flush=True)
    failures = []
    for name, change, *blocks in CASES:
        if arguments.only is None or arguments.only == name:
            failures += compare(dsg, base, arguments.work, name, change, rows, arguments, *blocks)
    if failures:
        sys.exit("\n".join(failures))


main()
