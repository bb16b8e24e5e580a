"""Trains the same adapter on the same rows with dsg-train and with TRL's trainer, in turn, and compares supervised tokens per second and peak memory.

usage: train_speed.py compare <curve> <base> <data> <work> [--rounds N] [--rows N] [--tokens N] [--rank N] [--dora] [--threads N]
       train_speed.py trl <base folder> <data> <work> …

`curve` is the example program of dsg-train of that name, `base` a GGUF file or a folder, `data` a dataset with `messages`. Each program is a process of its own
and sees every row once. TRL's trainer keeps its defaults but for what both share: rows of a step, tokens of a row, rate, adapter, single precision, CPU.
`--plain` switches its gradient checkpointing off, which its defaults switch on. Seconds are those of the steps, without loading; memory is the largest
resident size of the process. Prints a JSON object for each run, then a Markdown table of medians.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time


def dsg(arguments, base):
    """One process of dsg-train."""
    out = arguments.work / "dsg"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    config = {
        "adapter": {"rank": arguments.rank, "alpha": 2.0 * arguments.rank, "dora": arguments.dora},
        "epochs": 1,
        "batch_rows": arguments.rows,
        "max_tokens": arguments.tokens,
    }
    request = {"base": str(base), "data": str(arguments.data), "out": str(out), "config": config}
    environment = os.environ | {"RAYON_NUM_THREADS": str(arguments.threads)}
    process = subprocess.Popen([arguments.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
    process.stdin.write(json.dumps(request))
    process.stdin.close()
    reply = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("dsg-train failed")
    lines = json.loads(reply)["metrics"]
    return {
        "engine": "dsg",
        "steps": len(lines),
        "labels": sum(line["label_tokens"] for line in lines),
        "tokens": sum(line["tokens"] for line in lines),
        "seconds": sum(line["seconds"] for line in lines),
        "first_loss": lines[0]["loss"],
        "last_loss": lines[-1]["loss"],
        "peak_mib": usage.ru_maxrss // 1024,
    }


def trl(arguments):
    """One process of TRL's trainer; prints its figures as the last line."""
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    torch.set_num_threads(arguments.threads)
    rows = [json.loads(line)["messages"] for line in open(arguments.data, encoding="utf-8")]
    rows = Dataset.from_list([{"prompt": messages[:-1], "completion": messages[-1:]} for messages in rows])
    seconds = []

    class Clock(TrainerCallback):
        def on_step_begin(self, *_, **__):
            self.start = time.perf_counter()

        def on_step_end(self, *_, **__):
            seconds.append(time.perf_counter() - self.start)

    options = {} if not arguments.plain else {"gradient_checkpointing": False}
    config = SFTConfig(
        output_dir=str(arguments.work / "trl"),
        num_train_epochs=1,
        per_device_train_batch_size=arguments.rows,
        max_length=arguments.tokens,
        learning_rate=2e-4,
        use_cpu=True,
        bf16=False,
        report_to=[],
        logging_steps=1,
        save_strategy="no",
        disable_tqdm=True,
        **options,
    )
    model = AutoModelForCausalLM.from_pretrained(arguments.base, dtype=torch.float32)
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    adapter = LoraConfig(r=arguments.rank, lora_alpha=2 * arguments.rank, target_modules=targets, use_dora=arguments.dora, task_type="CAUSAL_LM")
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=rows,
        peft_config=adapter,
        processing_class=AutoTokenizer.from_pretrained(arguments.base),
        callbacks=[Clock()],
    )
    trainer.train()
    batches = list(trainer.get_train_dataloader())
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    line = {
        "engine": "trl, no recompute" if arguments.plain else "trl",
        "steps": len(seconds),
        "labels": sum(int((batch["labels"] != -100).sum()) for batch in batches),
        "tokens": sum(int(batch["attention_mask"].sum()) for batch in batches),
        "seconds": sum(seconds),
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(line), flush=True)


def theirs(arguments, base, *more):
    command = [sys.executable, __file__, "trl", "-", str(base), str(arguments.data), str(arguments.work)]
    for name in ("rows", "tokens", "rank", "threads"):
        command += [f"--{name}", str(getattr(arguments, name))]
    command += ["--dora"] if arguments.dora else []
    done = subprocess.run([*command, *more], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit("TRL's trainer failed")
    return json.loads(done.stdout.strip().splitlines()[-1])


def compare(arguments):
    base = arguments.base
    if base.is_file():
        # transformers dequantizes the same weights, but reads them much faster from a folder.
        folder = arguments.work / "base"
        if not (folder / "config.json").is_file():
            request = json.dumps({"base": str(base), "folder": str(folder)})
            subprocess.run([arguments.program], input=request, text=True, check=True, stdout=subprocess.DEVNULL)
        base = folder
    runs = []
    for _ in range(arguments.rounds):
        for run in (dsg(arguments, base), theirs(arguments, base), theirs(arguments, base, "--plain")):
            print(json.dumps(run), flush=True)
            runs.append(run)
    median = lambda engine, of: statistics.median(of(run) for run in runs if run["engine"] == engine)
    rate = lambda run: run["labels"] / run["seconds"]
    peak = lambda run: run["peak_mib"]
    print("\n| | supervised tokens | steps | loss, first and last step | dsg's supervised tokens/s over it | dsg's peak memory over it |")
    print("|---|--:|--:|---|--:|--:|")
    for engine in dict.fromkeys(run["engine"] for run in runs):
        one = next(run for run in runs if run["engine"] == engine)
        speed, memory = (median("dsg", of) / median(engine, of) for of in (rate, peak))
        print(f"| {engine} | {one['labels']} | {one['steps']} | {one['first_loss']:.3f}, {one['last_loss']:.3f} | {speed:.2f} | {memory:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["compare", "trl"])
    parser.add_argument("program")
    parser.add_argument("base", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=1024)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--dora", action="store_true")
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    {"compare": compare, "trl": trl}[arguments.command](arguments)


main()
