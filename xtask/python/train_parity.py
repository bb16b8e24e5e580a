"""Compares dsg-train with transformers and llama.cpp: logits, token ids, rendered chats.

usage: train_parity.py --root <repository> [--tokenizers <folder>] <parity> <work> [<model.gguf> ...]

`parity` is the example program of dsg-train of that name, `work` a folder for what is written meanwhile. `--tokenizers` has folders with
`tokenizer.json` and `tokenizer_config.json` of real models. transformers reads every model from the GGUF file itself and writes it as a
folder, which dsg-train then reads, too. Fails where ids or chats differ that must not, or logits by more than the tolerance.
Prints Markdown.
"""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.utils.chat_template_utils import render_jinja_template

import xllamacpp
from llama_cpp_py_sync import _cffi_bindings as declarations

# Lengths of the sequences: short, within and beyond Gemma's window of 512.
LENGTHS = [5, 64, 700]
# Of logits of the order of 10 to 30, computed in single precision by both.
MOST_DISTANCE = 2e-3
MOST_KL = 1e-6
# llama.cpp rounds here and there to half precision.
MOST_KL_OF_LLAMA = 1e-4

failures = []


def check(fine, message):
    if not fine:
        failures.append(message)
    return fine


# What is compared ---------------------------------------------------------------------------------------------------------------


def texts(root):
    """1,000 texts: lines and passages of the repository, and made-up ones. The same on every run."""
    chance = random.Random(11)
    sources = []
    for pattern in ["fixtures/docs/**/*", "docs/**/*.md", "crates/*/src/**/*.rs", "*.md", "*.toml"]:
        for path in sorted(root.glob(pattern)):
            if path.is_file():
                text = path.read_bytes().decode("utf-8", "replace").replace("\x00", "")
                sources.append(text)
    found = ["", " ", "\n", "\t", "\r\n", "a", "  a", "a  ", "\u00a0", "\u3000x", "\ufeffx", "\u200b"]
    while len(found) < 500:
        text = chance.choice(sources)
        lines = text.split("\n")
        at = chance.randrange(len(lines))
        piece = "\n".join(lines[at : at + chance.choice([1, 1, 1, 2, 5, 12])])
        if piece.strip():
            found.append(piece)
    alphabets = [
        [chr(c) for c in range(32, 127)],
        list("äöüßéèñçøåæœšžğıİĀ"),
        list("абвгдежзийклмнопрстуфхцчшщъыьэюя"),
        list("αβγδεζηθικλμνξοπρστυφχψω"),
        list("漢字仮名交じり文中文字符테스트한국어สวัสดีहिन्दीالعربيةעברית"),
        list("🦀🏽👩‍👩‍👧‍👦🇩🇪☃️€™½ⅷ٣४"),
        list(" \t\n\r\u00a0\u2003\u3000"),
        list("0123456789.,-_/:;|#*`~<>[](){}=+&%$@!?\"'\\"),
        list("_ ▁Ġ<|im_start|>"),
    ]
    words = ["the", "The", "sbatch", "--nodes=4", "don't", "IT'S", "we'll", "I'Ve", "ſ's", "http://x.y/z?a=1&b=2", "x86_64", "1234567890",
             "3.14159", "fn", "->", "::", "/*", "*/", "“q”", "…", "naïve", "Straße", "ﬁ", "e\u0301", "\u1e9b\u0323", "ＡＢＣ"]
    while len(found) < 1000:
        kind = chance.randrange(4)
        if kind == 0:
            alphabet = chance.choice(alphabets)
            piece = "".join(chance.choice(alphabet) for _ in range(chance.randrange(1, 60)))
        elif kind == 1:
            piece = "".join(
                chance.choice(words) + chance.choice([" ", " ", "  ", "\n", "", "\t", "\n\n", " " * chance.randrange(1, 20)])
                for _ in range(chance.randrange(1, 25))
            )
        elif kind == 2:
            piece = "".join(chance.choice(chance.choice(alphabets)) for _ in range(chance.randrange(1, 80)))
        else:
            piece = chance.choice([" ", "\n", "\t", "-", "=", "a", "ab", "1", "\r\n", "🦀", ". "]) * chance.randrange(1, 70)
        found.append(piece)
    return found


def chats():
    """50 chats: with and without system messages, of one turn and several, and some that templates may refuse."""
    chance = random.Random(12)
    contents = ["What is a node?", "  spaced  ", "Größe: 漢字 🦀", "two\nlines\n", "`code` and {{ braces }} {% not a block %}", "", "a" * 300,
                "<|im_start|>user\nfake<|im_end|>", "It's \"quoted\" & <b>bold</b>", "<think>\nhm\n</think>\n\nYes.", "1. one\n2. two"]
    found = []
    while len(found) < 50:
        chat = []
        if chance.random() < 0.4:
            chat.append({"role": "system", "content": chance.choice(contents)})
        for turn in range(chance.randrange(1, 6)):
            role = "user" if turn % 2 == 0 else "assistant"
            if chance.random() < 0.04:
                role = chance.choice(["user", "assistant", "tool", "system"])
            chat.append({"role": role, "content": chance.choice(contents)})
        found.append(chat)
    return found


# What is compared with ----------------------------------------------------------------------------------------------------------


class Dsg:
    def __init__(self, program, work):
        self.program = program
        self.work = work

    def ask(self, **request):
        reply = subprocess.run([self.program], input=json.dumps(request), capture_output=True, text=True)
        if reply.returncode != 0:
            sys.exit(f"{self.program}: {reply.stderr}")
        return json.loads(reply.stdout)

    def logits(self, model, sequences, vocabulary):
        path = self.work / "logits.f32"
        reply = self.ask(model=str(model), sequences=sequences, logits=str(path))
        values = np.fromfile(path, np.float32).reshape(-1, vocabulary)
        path.unlink()
        cuts = np.cumsum([len(sequence) for sequence in sequences])[:-1]
        return np.split(values, cuts), reply["seconds"]


class Llama:
    """llama.cpp, through its C interface."""

    def __init__(self, path):
        self.ffi = declarations.ffi
        self.lib = self.ffi.dlopen(xllamacpp.xllamacpp.__file__)
        self.quiet = self.ffi.callback("void(enum ggml_log_level, const char *, void *)", lambda *_: None)
        self.lib.llama_log_set(self.quiet, self.ffi.NULL)
        self.lib.llama_backend_init()
        parameters = self.lib.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self.model = self.lib.llama_model_load_from_file(str(path).encode(), parameters)
        if self.model == self.ffi.NULL:
            sys.exit(f"llama.cpp cannot load {path}")
        self.vocabulary = self.lib.llama_model_get_vocab(self.model)

    def tokenize(self, text, parse):
        data = text.encode()
        buffer = self.ffi.new("int32_t[]", len(data) + 16)
        count = self.lib.llama_tokenize(self.vocabulary, data, len(data), buffer, len(data) + 16, False, parse)
        assert count >= 0, count
        return list(buffer[0:count])

    def logits(self, sequences):
        """Logits with keys and values kept in single precision."""
        results = []
        size = self.lib.llama_vocab_n_tokens(self.vocabulary)
        for sequence in sequences:
            parameters = self.lib.llama_context_default_params()
            parameters.n_ctx = 1024
            parameters.n_batch = 1024
            parameters.n_ubatch = 1024
            parameters.type_k = parameters.type_v = self.lib.GGML_TYPE_F32
            parameters.flash_attn_type = self.lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
            context = self.lib.llama_init_from_model(self.model, parameters)
            batch = self.lib.llama_batch_init(len(sequence), 0, 1)
            batch.n_tokens = len(sequence)
            for at, token in enumerate(sequence):
                batch.token[at], batch.pos[at] = token, at
                batch.n_seq_id[at], batch.seq_id[at][0], batch.logits[at] = 1, 0, 1
            if self.lib.llama_decode(context, batch) != 0:
                sys.exit("llama.cpp cannot decode")
            rows = [np.frombuffer(self.ffi.buffer(self.lib.llama_get_logits_ith(context, at), 4 * size), np.float32).copy()
                    for at in range(len(sequence))]
            results.append(np.stack(rows))
            self.lib.llama_batch_free(batch)
            self.lib.llama_free(context)
        return results


def reference_logits(model, sequences):
    with torch.no_grad():
        return [model(torch.tensor([sequence])).logits[0].float().numpy() for sequence in sequences]


# Comparison ---------------------------------------------------------------------------------------------------------------------


def distances(ours, theirs):
    """The largest difference of logits, mean and largest KL of distributions, share of positions with the same likeliest token."""
    largest, kls, same, count = 0.0, [], 0, 0
    for a, b in zip(ours, theirs):
        for x, y in zip(a.astype(np.float64), b.astype(np.float64)):
            largest = max(largest, float(np.abs(x - y).max()))
            p = y - y.max()
            p -= np.log(np.exp(p).sum())
            q = x - x.max()
            q -= np.log(np.exp(q).sum())
            kls.append(float((np.exp(p) * (p - q)).sum()))
            same += int(x.argmax() == y.argmax())
            count += 1
    return largest, float(np.mean(kls)), max(kls), same / count


def row(name, pair, result):
    largest, mean, most, same = result
    print(f"| {name} | {pair} | {largest:.2e} | {mean:.1e} | {most:.1e} | {same:.2%} |", flush=True)


def sequences_of(ids, bos, vocabulary):
    """Real text of some lengths, behind the token of the beginning where the model wants one."""
    stream = [token for one in ids for token in one if token < vocabulary]
    start = [] if bos is None else [bos]
    result, at = [], 200
    for length in LENGTHS:
        result.append(start + stream[at : at + length - len(start)])
        at += length
    return result


def compare_model(dsg, path, strings, work):
    name = path.stem
    asked = dsg.ask(model=str(path), texts=strings)
    ids = asked["ids"]
    model = AutoModelForCausalLM.from_pretrained(str(path.parent), gguf_file=path.name, dtype=torch.float32,
                                                 attn_implementation="eager").eval()
    vocabulary = model.get_input_embeddings().weight.shape[0]
    sequences = sequences_of([pair[0] for pair in ids], asked["bos"], vocabulary)
    theirs = reference_logits(model, sequences)
    ours, seconds = dsg.logits(path, sequences, vocabulary)
    result = distances(ours, theirs)
    row(name, "transformers, both from GGUF", result)
    check(result[0] <= MOST_DISTANCE and result[2] <= MOST_KL, f"{name}: logits differ from transformers'")

    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    # What it was read from; the weights are no longer quantized.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(folder, max_shard_size="400MB")
    ours, _ = dsg.logits(folder, sequences, vocabulary)
    shards = len(list(folder.glob("*.safetensors")))
    result = distances(ours, theirs)
    row(name, f"transformers, ours from its folder ({shards} file{'s' if shards > 1 else ''})", result)
    check(result[0] <= MOST_DISTANCE and result[2] <= MOST_KL, f"{name}: logits from the folder differ from transformers'")
    shutil.rmtree(folder)
    del model

    llama = Llama(path)
    row(name, "llama.cpp, with quantized weights and activations", distances(ours, llama.logits(sequences)))
    whole = work / f"{name}-f32.gguf"
    dsg.ask(model=str(path), singles=str(whole))
    result = distances(ours, Llama(whole).logits(sequences))
    whole.unlink()
    row(name, "llama.cpp, with the same weights as singles", result)
    check(result[2] <= MOST_KL_OF_LLAMA, f"{name}: logits differ from llama.cpp's")
    wrong = [sum(llama.tokenize(text, parse) != pair[at] for text, pair in zip(strings, ids)) for at, parse in enumerate([True, False])]
    for text, pair in zip(strings, ids):
        for at, parse in enumerate([True, False]):
            expected = llama.tokenize(text, parse)
            if expected != pair[at] and len(failures) < 20:
                print(f"<!-- {name} {parse}: {text!r}: {pair[at]} for {expected} -->")
    check(sum(wrong) == 0, f"{name}: {wrong} texts have other ids than llama.cpp's")
    return name, "llama.cpp", len(strings), wrong


def random_models(dsg, work):
    """Small random models of every architecture, which transformers makes: those that no file here has, and shapes that these lack."""
    base = dict(vocab_size=512, hidden_size=96, intermediate_size=160, num_attention_heads=6, num_key_value_heads=2, head_dim=32,
                max_position_embeddings=2048, initializer_range=0.15)
    llama3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
              "original_max_position_embeddings": 256}
    layers = ["sliding_attention"] * 2 + ["full_attention"] + ["sliding_attention"] * 2 + ["full_attention"]
    cases = [
        ("qwen3", transformers.Qwen3Config(**base, num_hidden_layers=4, tie_word_embeddings=False)),
        ("qwen2", transformers.Qwen2Config(**{k: v for k, v in base.items() if k != "head_dim"}, num_hidden_layers=3)),
        ("llama, rope of Llama 3", transformers.LlamaConfig(**base, num_hidden_layers=4, rope_parameters=llama3)),
        ("gemma3, window 48", transformers.Gemma3TextConfig(**base, num_hidden_layers=6, sliding_window=48, layer_types=layers,
                                                            query_pre_attn_scalar=32)),
    ]
    chance = random.Random(13)
    for name, config in cases:
        torch.manual_seed(5)
        config._attn_implementation = "eager"
        model = AutoModelForCausalLM.from_config(config).float().eval()
        with torch.no_grad():
            # Norms and biases, which begin as ones and zeros, take part.
            for parameter_name, parameter in model.named_parameters():
                if parameter.ndim == 1:
                    parameter += 0.2 * torch.randn_like(parameter)
        folder = work / "random"
        shutil.rmtree(folder, ignore_errors=True)
        model.save_pretrained(folder)
        sequences = [[chance.randrange(512) for _ in range(length)] for length in [1, 33, 600]]
        ours, _ = dsg.logits(folder, sequences, 512)
        result = distances(ours, reference_logits(model, sequences))
        row(f"random {name}", "transformers", result)
        check(result[0] <= MOST_DISTANCE and result[2] <= MOST_KL, f"random {name}: logits differ from transformers'")


def compare_folder(dsg, folder, strings, talks):
    """Ids and chats of a folder with `tokenizer.json`, with transformers' on the same files."""
    name = folder.name
    config = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    asked = dsg.ask(tokenizer=str(folder), texts=strings)
    expected = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in strings]
    wrong = sum(pair[0] != other for pair, other in zip(asked["ids"], expected))
    check(wrong == 0, f"{name}: {wrong} texts have other ids than transformers'")
    text_of = lambda token: token["content"] if isinstance(token, dict) else token
    tokens = [text_of(config.get("bos_token")), text_of(config.get("eos_token"))]
    template = config["chat_template"]
    rendered, refused = compare_chats(dsg, name, talks, template, tokens)
    return name, wrong, rendered, refused


def compare_chats(dsg, name, talks, template, tokens, model=None):
    named = dict(zip(["bos_token", "eos_token"], tokens))
    named = {key: value for key, value in named.items() if value is not None}
    request = {"model": str(model)} if model else {"template": template, "tokens": tokens}
    asked = dsg.ask(chats=talks, **request)
    wrong, refused = 0, 0
    for chat, ours in zip(talks, asked["chats"]):
        for prompt, text in zip([False, True], ours):
            try:
                [expected], _ = render_jinja_template([chat], chat_template=template, add_generation_prompt=prompt, **named)
            except Exception:
                expected = None
                refused += 1
            if text != expected:
                wrong += 1
                if wrong < 4:
                    print(f"<!-- {name}: {chat!r}: {text!r} for {expected!r} -->")
    check(wrong == 0, f"{name}: {wrong} chats are rendered otherwise than by transformers")
    return wrong, refused


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--tokenizers", type=pathlib.Path)
    parser.add_argument("models", type=pathlib.Path, nargs="*")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    dsg = Dsg(arguments.program, work)
    strings, talks = texts(arguments.root), chats()

    print("| model | compared with | largest difference of logits | mean KL | largest KL | same likeliest token |")
    print("|---|---|---:|---:|---:|---:|", flush=True)
    random_models(dsg, work)
    tokenized = [compare_model(dsg, path, strings, work) for path in arguments.models]

    print("\n| tokenizer | compared with | texts | other ids, special tokens parsed | as text |\n|---|---|---:|---:|---:|")
    for name, other, count, wrong in tokenized:
        print(f"| {name} | {other} | {count:,} | {wrong[0]} | {wrong[1]} |")
    folders = sorted(arguments.tokenizers.iterdir()) if arguments.tokenizers else []
    of_folders = [compare_folder(dsg, folder, strings, talks) for folder in folders]
    for name, wrong, *_ in of_folders:
        print(f"| {name} (tokenizer.json) | transformers | {len(strings):,} | {wrong} | – |")

    print("\n| chat template | chats, with and without the beginning of a reply | rendered otherwise | refused by both |\n|---|---:|---:|---:|")
    for path in arguments.models:
        asked = dsg.ask(model=str(path), chats=talks[:1])
        if asked["template"] is None:
            print(f"| {path.stem} | has none | | |")
            continue
        reader = __import__("gguf").GGUFReader(path)
        tokens = [reader.fields["tokenizer.ggml.tokens"].contents(int(reader.fields[key].contents())) if key in reader.fields else None
                  for key in ["tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id"]]
        wrong, refused = compare_chats(dsg, path.stem, talks, asked["template"], tokens, path)
        print(f"| {path.stem} | {2 * len(talks)} | {wrong} | {refused} |")
    for name, _, wrong, refused in of_folders:
        print(f"| {name} | {2 * len(talks)} | {wrong} | {refused} |")
    if failures:
        sys.exit("\n".join(failures))


main()
