"""Loads a dataset folder with Hugging Face `datasets` and compares it with its manifest.

usage: load_dataset.py <folder>

Fails unless every configuration of the dataset card loads, every split has the rows that the manifest lists, the
columns have the same types in all splits, and every value equals the one in the JSON Lines file.
"""

import json
import pathlib
import sys

import datasets


def rows_of(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def main():
    folder = pathlib.Path(sys.argv[1])
    datasets.disable_progress_bars()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    records = {output["path"]: output.get("records") for output in manifest["outputs"]}
    names = datasets.get_dataset_config_names(str(folder))
    checked = 0
    for name in names:
        data = datasets.load_dataset(str(folder), name)
        prefix = "" if name == "default" else f"formats/{name}/"
        features = None
        for split, table in data.items():
            path = f"{prefix}{split}.jsonl"
            assert table.num_rows == records[path], (path, table.num_rows, records[path])
            assert features is None or features == table.features, (path, features, table.features)
            features = table.features
            raw = rows_of(folder / path)
            assert list(table.features) == list(raw[0]), (list(table.features), list(raw[0]))
            for loaded, written in zip(table, raw):
                assert loaded == written, (path, loaded, written)
                checked += 1
        print(f"{name}: {({split: table.num_rows for split, table in data.items()})}, columns {list(features)}")
    expected = {path for path, count in records.items() if count and path.endswith(("train.jsonl", "eval.jsonl"))}
    found = {
        ("" if name == "default" else f"formats/{name}/") + f"{split}.jsonl"
        for name in names
        for split in datasets.load_dataset(str(folder), name)
    }
    assert found == expected, (found, expected)
    print(f"datasets {datasets.__version__}: {len(names)} configurations, {checked} rows equal to their files")


main()
