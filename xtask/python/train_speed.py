"""Trains the same adapter on the same rows with dsg-train and with TRL's trainer, in turn, and compares supervised tokens per second and peak memory.

usage: train_speed.py compare <program> <base> <data> <work> [--rounds N] [--rows N] [--tokens N] [--rank N] [--epochs N] [--dora] [--threads N]
       train_speed.py compare <program> <base folder> <data> <work> --device cuda …
       train_speed.py trl - <base folder> <data> <work> …

`program` is the example program `curve` of dsg-train, or with --device the program that `cargo xtask gpu` builds; `base` a GGUF file or a folder, `data` a dataset
with `messages`. Each program is a process of its own. TRL's trainer keeps its defaults but for what both share: rows of a step, tokens of a row, rate,
adapter, precision, device. `--plain` switches its gradient checkpointing off, which its defaults switch on; `--bf16` trains in bfloat16 what is in single
precision otherwise, on a GPU with TF32 in products, as dsg-train's may be. Seconds are those of the steps, without loading; of several epochs (on a GPU 3 by
default, else 1) the first does not count, since kernels are chosen in it. Memory is the largest resident size of the process, on a GPU the most that the
allocator reserved there. Prints a JSON object for each run, then a Markdown table of medians.
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


def counted(lines, epochs):
    """Without those of the first epoch, where there are several."""
    return lines[len(lines) // epochs if epochs > 1 else 0 :]


def dsg(arguments, base):
    """One process of dsg-train."""
    if arguments.device != "cpu":
        command = [arguments.program, arguments.device, str(base), str(arguments.data), "--compared", "0"]
        for name in ("rows", "tokens", "rank", "epochs"):
            command += [f"--{name}", str(getattr(arguments, name))]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit("dsg-train failed")
        return json.loads(done.stdout.strip().splitlines()[-1])
    out = arguments.work / "dsg"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    config = {
        "adapter": {"rank": arguments.rank, "alpha": 2.0 * arguments.rank, "dora": arguments.dora},
        "epochs": arguments.epochs,
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
    steps = json.loads(reply)["metrics"]
    lines = counted(steps, arguments.epochs)
    return {
        "engine": "dsg",
        "steps": len(lines),
        "labels": sum(line["label_tokens"] for line in lines),
        "tokens": sum(line["tokens"] for line in lines),
        "seconds": sum(line["seconds"] for line in lines),
        "first_loss": steps[0]["loss"],
        "last_loss": steps[-1]["loss"],
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
    on_gpu = arguments.device != "cpu"
    if on_gpu:
        torch.set_float32_matmul_precision("high")
    wait = torch.cuda.synchronize if on_gpu else lambda: None
    rows = [json.loads(line)["messages"] for line in open(arguments.data, encoding="utf-8")]
    rows = Dataset.from_list([{"prompt": messages[:-1], "completion": messages[-1:]} for messages in rows])
    seconds = []

    class Clock(TrainerCallback):
        def on_step_begin(self, *_, **__):
            wait()
            self.start = time.perf_counter()

        def on_step_end(self, *_, **__):
            wait()
            seconds.append(time.perf_counter() - self.start)

    options = {} if not arguments.plain else {"gradient_checkpointing": False}
    config = SFTConfig(
        output_dir=str(arguments.work / "trl"),
        num_train_epochs=arguments.epochs,
        per_device_train_batch_size=arguments.rows,
        max_length=arguments.tokens,
        learning_rate=2e-4,
        use_cpu=not on_gpu,
        bf16=arguments.bf16,
        report_to=[],
        logging_steps=1,
        save_strategy="no",
        disable_tqdm=True,
        **options,
    )
    dtype = torch.bfloat16 if arguments.bf16 else torch.float32
    model = AutoModelForCausalLM.from_pretrained(arguments.base, dtype=dtype, attn_implementation="sdpa")
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
    times = counted(seconds, arguments.epochs)
    epochs = max(arguments.epochs - 1, 1)
    peak = torch.cuda.max_memory_reserved() >> 20 if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    line = {
        "engine": "trl" + (", bf16" if arguments.bf16 else "") + (", no recompute" if arguments.plain else ""),
        "steps": len(times),
        "labels": epochs * sum(int((batch["labels"] != -100).sum()) for batch in batches),
        "tokens": epochs * sum(int(batch["attention_mask"].sum()) for batch in batches),
        "seconds": sum(times),
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "peak_mib": peak,
    }
    print(json.dumps(line), flush=True)


def theirs(arguments, base, *more):
    command = [sys.executable, __file__, "trl", "-", str(base), str(arguments.data), str(arguments.work)]
    for name in ("rows", "tokens", "rank", "epochs", "threads", "device"):
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
    variants = [[], ["--plain"]]
    if arguments.device != "cpu":
        variants += [["--bf16"], ["--bf16", "--plain"]]
    runs = []
    for _ in range(arguments.rounds):
        for run in (dsg(arguments, base), *(theirs(arguments, base, *variant) for variant in variants)):
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
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--dora", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    arguments = parser.parse_args()
    on_gpu = arguments.device != "cpu"
    arguments.epochs = arguments.epochs or (3 if on_gpu else 1)
    if on_gpu and arguments.dora:
        parser.error("--dora is compared on the CPU")
    if on_gpu and not arguments.base.is_dir():
        parser.error("with --device, the base is a folder: `dsg merge --base FILE --out FOLDER` makes one of a GGUF file")
    {"compare": compare, "trl": trl}[arguments.command](arguments)


main()
