#!/usr/bin/env python3
"""Asks a chat server with `distilabel` or `synthetic-data-kit`, beside `crates/dsg-llm/examples/overhead.rs`.

    python teacher.py --engine distilabel|synthetic-data-kit --address HOST:PORT [--requests 2000] [--concurrency 64]

Prints one JSON object: engine, version, answered, cpu_seconds (this process and its children, from start to end) and
peak_mib (of the largest of them). The server measures the time.

Engines:
  distilabel          LoadDataFromDicts, then TextGeneration with OpenAILLM in batches of `--concurrency`; its cache on, as
                      by default, and empty.
  synthetic-data-kit  QAGenerator.generate_qa_pairs, which is `create --type qa` without the summary, with `api-endpoint`
                      and batches of `--concurrency`; the prompt is the chunk.
"""

import argparse
import json
import logging
import os
import resource
import tempfile
from importlib.metadata import version
from pathlib import Path


def prompts(requests):
    """The prompts of overhead.rs."""
    evidence = "A job is submitted with a script.\n" * 60
    return [f"{evidence}Question {nth}?" for nth in range(requests)]


def distilabel(folder, address, requests, concurrency):
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HOME"] = str(folder / "hub")
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    with Pipeline(name="teacher", cache_dir=folder / "cache") as pipeline:
        data = [{"instruction": prompt} for prompt in prompts(requests)]
        llm = OpenAILLM(model="default", base_url=f"http://{address}/v1", api_key="none")
        load = LoadDataFromDicts(data=data, batch_size=concurrency)
        load >> TextGeneration(llm=llm, input_batch_size=concurrency)
    rows = pipeline.run()["default"]["train"]
    return sum(generation is not None for generation in rows["generation"])


def synthetic_data_kit(folder, address, requests, concurrency):
    from synthetic_data_kit.generators.qa_generator import QAGenerator
    from synthetic_data_kit.models.llm_client import LLMClient

    logging.getLogger().setLevel(logging.WARNING)
    texts = prompts(requests)
    config = folder / "config.json"  # JSON is YAML
    config.write_text(
        json.dumps(
            {
                "llm": {"provider": "api-endpoint"},
                "api-endpoint": {
                    "api_base": f"http://{address}/v1",
                    "api_key": "none",
                    "model": "default",
                    "max_retries": 3,
                    "retry_delay": 1.0,
                },
                # A paragraph is a chunk.
                "generation": {"chunk_size": len(texts[0]), "overlap": 0, "batch_size": concurrency},
                "prompts": {"qa_generation": "{text}"},
            }
        )
    )
    generator = QAGenerator(LLMClient(config_path=config), config)
    return len(generator.generate_qa_pairs("\n\n".join(texts), "", num_pairs=requests))


ENGINES = {"distilabel": distilabel, "synthetic-data-kit": synthetic_data_kit}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, choices=ENGINES)
    parser.add_argument("--address", required=True)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--concurrency", type=int, default=64)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        answered = ENGINES[args.engine](Path(folder), args.address, args.requests, args.concurrency)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(
        "\n"
        + json.dumps(
            {
                "engine": args.engine,
                "version": version(args.engine),
                "answered": answered,
                "cpu_seconds": round(sum(u.ru_utime + u.ru_stime for u in used), 3),
                "peak_mib": round(max(u.ru_maxrss for u in used) / 1024, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
