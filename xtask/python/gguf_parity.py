"""Compares dsg-gguf with the Python package `gguf` and, where it is given, with ggml itself.

usage: gguf_parity.py <blocks> [--ggml <library>] [<model.gguf> ...]

`blocks` is the example program of dsg-gguf of that name. `library` is ggml as a shared library (`libggml-base.so`), which is the
reference: a difference from it fails. Differences from the Python package are counted and shown. Of each model, keys, values and
tensors are compared with what the package's reader says, and the values of its tensors with ggml's and the package's.
Prints Markdown.
"""

import ctypes
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import gguf
import numpy as np

Type = gguf.GGMLQuantizationType
WRITTEN = [Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1]
READ = WRITTEN + [Type.Q2_K, Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K, Type.Q8_K]
VALUES = 1 << 24
# Values of a row, as large models have it: the package works on some rows at a time.
ROW = 4096


class Ggml:
    """The reference: ggml's own conversions."""

    rows = {Type.F16: "ggml_fp32_to_fp16_row", Type.BF16: "ggml_fp32_to_bf16_row_ref"}
    back = {Type.F16: "ggml_fp16_to_fp32_row", Type.BF16: "ggml_bf16_to_fp32_row"}

    def __init__(self, path):
        self.library = ctypes.CDLL(path)

    def call(self, name, source, target, count):
        function = getattr(self.library, name)
        function.restype = None
        start = time.perf_counter()
        function(ctypes.c_void_p(source.ctypes.data), ctypes.c_void_p(target.ctypes.data), ctypes.c_int64(count))
        return time.perf_counter() - start

    def quantize(self, kind, values):
        block, size = gguf.GGML_QUANT_SIZES[kind]
        target = np.zeros(values.size // block * size, np.uint8)
        name = self.rows.get(kind, f"quantize_row_{kind.name.lower()}_ref")
        return target, min(self.call(name, values, target, values.size) for _ in range(3))

    def dequantize(self, kind, blocks):
        block, size = gguf.GGML_QUANT_SIZES[kind]
        target = np.zeros(blocks.size // size * block, np.float32)
        stem, _, rest = kind.name.partition("_")
        name = self.back.get(kind, f"dequantize_row_{stem.lower()}_{rest}")
        return target, min(self.call(name, blocks, target, target.size) for _ in range(3))


class Dsg:
    """dsg-gguf, through its example program."""

    def __init__(self, program, folder):
        self.program = program
        self.source = folder / "from"
        self.target = folder / "to"

    def convert(self, what, kind, source, dtype):
        source.tofile(self.source)
        arguments = [self.program, what, kind.name, self.source, self.target]
        seconds = float(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)
        return np.fromfile(self.target, dtype), seconds

    def quantize(self, kind, values):
        return self.convert("quantize", kind, values, np.uint8)

    def dequantize(self, kind, blocks):
        return self.convert("dequantize", kind, blocks, np.float32)


class Python:
    """The package."""

    def quantize(self, kind, values):
        start = time.perf_counter()
        blocks = gguf.quants.quantize(values.reshape(-1, ROW), kind)
        return blocks.reshape(-1).view(np.uint8), time.perf_counter() - start

    def dequantize(self, kind, blocks):
        block, size = gguf.GGML_QUANT_SIZES[kind]
        row = ROW // block * size
        source = blocks.reshape(-1, row if blocks.size % row == 0 else blocks.size)
        source = source.view(np.float16) if kind == Type.F16 else source
        start = time.perf_counter()
        values = gguf.quants.dequantize(source, kind)
        return values.reshape(-1).astype(np.float32, copy=False), time.perf_counter() - start


def samples():
    """Weights as models have them, and what rounding trips over: ties, zeros of both signs, tiny, huge and equal values."""
    rng = np.random.default_rng(7)
    normal = rng.standard_normal(VALUES // 2).astype(np.float32) * np.float32(0.02)
    blocks = VALUES // 64
    scales = np.exp2(rng.integers(-149, 13, (blocks, 1))).astype(np.float32)
    uniform = rng.uniform(-1, 1, (blocks, 32)).astype(np.float32) * scales
    ties = rng.integers(-16, 17, (blocks // 4, 32)).astype(np.float32) / np.float32(2)
    uniform[: blocks // 4] = ties * scales[: blocks // 4]
    uniform[blocks // 4 : blocks // 4 + 64] = 0.0
    uniform[blocks // 4 + 32 : blocks // 4 + 64, ::2] = -0.0
    uniform[blocks // 4 + 64 : blocks // 4 + 128] = rng.uniform(-1, 1, (64, 1)).astype(np.float32)
    return np.concatenate([normal, uniform.reshape(-1)])


def raw_blocks(kind):
    """Random blocks whose scales are finite."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    count = VALUES // 4 // block
    blocks = np.random.default_rng(11).integers(0, 256, (count, size), np.uint8)
    halves = {Type.Q4_0: [0], Type.Q5_0: [0], Type.Q8_0: [0], Type.Q4_1: [0, 2], Type.Q5_1: [0, 2], Type.F16: [0], Type.BF16: []}
    halves |= {Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208], Type.Q8_K: []}
    for at in halves[kind]:
        blocks[:, at + 1] = np.where(blocks[:, at + 1] & 0x7C == 0x7C, blocks[:, at + 1] & 0x83, blocks[:, at + 1])
    if kind in (Type.BF16, Type.Q8_K):
        at = 1 if kind == Type.BF16 else 3
        blocks[:, at] &= 0xBF
    return blocks.reshape(-1)


def unequal(a, b, size):
    """Blocks of `size` items that differ in a bit."""
    width = a.dtype.itemsize * size
    left, right = a.view(np.uint8).reshape(-1, width), b.view(np.uint8).reshape(-1, width)
    return int((left != right).any(axis=1).sum())


def conversions(dsg, python, ggml):
    failed = False
    values = samples()
    print("| type | way | blocks | differ from ggml | differ from Python | as fast as Python | as ggml |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for way, kinds in (("quantize", WRITTEN), ("dequantize", READ)):
        for kind in kinds:
            block, size = gguf.GGML_QUANT_SIZES[kind]
            source = values if way == "quantize" else raw_blocks(kind)
            width = size if way == "quantize" else block
            mine, seconds = getattr(dsg, way)(kind, source)
            cells = [kind.name, way, f"{mine.size // width:,}"]
            ratios = []
            for other, is_reference in ((ggml, True), (python, False)):
                if other is None:
                    cells.append("not run")
                    ratios.append("not run")
                    continue
                try:
                    with np.errstate(all="ignore"):
                        theirs, their_seconds = getattr(other, way)(kind, source)
                except NotImplementedError:
                    cells.append("has it not")
                    ratios.append("–")
                    continue
                count = unequal(mine, theirs, width)
                failed |= is_reference and count > 0
                cells.append(f"{count:,}")
                ratios.append(f"{their_seconds / seconds:.1f}×")
            print("| " + " | ".join(cells + ratios[::-1]) + " |")
    return failed


def same_value(mine, theirs):
    if isinstance(theirs, list):
        return isinstance(mine, list) and len(mine) == len(theirs) and all(map(same_value, mine, theirs))
    if isinstance(theirs, float):
        return mine == theirs or np.float32(mine) == np.float32(theirs)
    return mine == theirs


def model(path, dsg, python, ggml):
    """Whether everything of a model is read alike."""
    reader = gguf.GGUFReader(path)
    lines = subprocess.run([dsg.program, "keys", path], check=True, capture_output=True, text=True).stdout.splitlines()
    records = [json.loads(line) for line in lines]
    keys = {record[0]: record[1:] for record in records if len(record) == 3}
    tensors = {record[0]: record[1:] for record in records if len(record) == 5}
    fields = {name: field for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    same_keys = sum(
        name in keys and keys[name][0] == int(field.types[0]) and same_value(keys[name][1], field.contents())
        for name, field in fields.items()
    )
    same_tensors = same_bits = same_python = 0
    for tensor in reader.tensors:
        place = [int(tensor.tensor_type), [int(n) for n in tensor.shape], int(tensor.data_offset), int(tensor.n_bytes)]
        same_tensors += tensors.get(tensor.name) == place
        if tensor.tensor_type == Type.F32:
            same_bits += 1
            same_python += 1
            continue
        blocks = np.array(tensor.data).view(np.uint8).reshape(-1)
        mine, _ = dsg.dequantize(tensor.tensor_type, blocks)
        same_python += unequal(mine, python.dequantize(tensor.tensor_type, blocks)[0], 1) == 0
        if ggml is not None:
            same_bits += unequal(mine, ggml.dequantize(tensor.tensor_type, blocks)[0], 1) == 0
    whole = len(keys) == len(fields) == same_keys and len(tensors) == len(reader.tensors) == same_tensors
    whole &= ggml is None or same_bits == len(reader.tensors)
    bits = "not run" if ggml is None else f"{same_bits}"
    name = pathlib.Path(path).name
    print(f"| {name} | {same_keys} of {len(fields)} | {same_tensors} of {len(reader.tensors)} | {bits} | {same_python} |")
    return whole


def main():
    arguments = sys.argv[1:]
    program = arguments.pop(0)
    ggml = None
    if arguments[:1] == ["--ggml"]:
        ggml = Ggml(arguments[1])
        arguments = arguments[2:]
    python = Python()
    with tempfile.TemporaryDirectory() as folder:
        dsg = Dsg(program, pathlib.Path(folder))
        failed = conversions(dsg, python, ggml)
        if arguments:
            print("\n| model | keys and values alike | tensors alike | values as ggml's | values as Python's |")
            print("|---|--:|--:|--:|--:|")
        for path in arguments:
            failed |= not model(path, dsg, python, ggml)
    sys.exit(failed)


if __name__ == "__main__":
    main()
