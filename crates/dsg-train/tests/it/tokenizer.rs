//! Token ids, from `tokenizer.json` and from the vocabulary of a GGUF file.

use std::fs;

use dsg_gguf::{GgufWriter, RawValue, TensorType};
use dsg_train::architecture::Architecture;
use dsg_train::tokenizer::{Specials, Tokenizer};
use dsg_train::{Source, TrainError};
use serde_json::{Value, json};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;

use crate::model::{Tiny, VOCABULARY, texts};

const MERGES: [&str; 8] = ["Ġ t", "h e", "Ġt he", "Ġ Ġ", "ĠĠ ĠĠ", "1 2", "i n", "Ċ Ċ"];
const SPECIAL: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

pub(crate) const TEXTS: [&str; 12] = [
    "",
    " ",
    "the  the\n\nthe",
    "in the 12 1212    \t x",
    "Größe, 漢字 and 🦀🏽 — e\u{301}",
    "don't DON'T they'll",
    "fn main() {\n    println!(\"{}\", 0x12ab);\n}\r\n",
    "<|im_start|>user\nthe<|im_end|>",
    "x<|endoftext|>y <|im_end| >",
    "\u{a0}\u{2003}end  ",
    "٣٤٥ ½ ⅷ",
    "\u{0}\u{7f}\u{200b}",
];

/// All bytes, then what the merges make, then special tokens.
fn vocabulary() -> Vec<String> {
    let mut tokens: Vec<String> = ByteLevel::alphabet()
        .into_iter()
        .map(String::from)
        .collect();
    tokens.sort();
    tokens.extend(MERGES.iter().map(|merge| merge.replace(' ', "")));
    tokens.extend(SPECIAL.map(str::to_owned));
    tokens
}

pub(crate) fn tokenizer_json(pre: &Value) -> Value {
    let tokens = vocabulary();
    let plain = tokens.len() - SPECIAL.len();
    let vocab: serde_json::Map<String, Value> = tokens[..plain]
        .iter()
        .zip(0..)
        .map(|(token, id)| (token.clone(), json!(id)))
        .collect();
    let added: Vec<Value> = (plain..tokens.len())
        .map(|id| {
            json!({"id": id, "content": tokens[id], "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true})
        })
        .collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
        "pre_tokenizer": pre, "post_processor": null,
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": MERGES},
    })
}

fn byte_level(use_regex: bool) -> Value {
    json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": use_regex})
}

/// As in the files of SmolLM2.
pub(crate) fn smollm() -> Value {
    let digits = json!({"type": "Digits", "individual_digits": true});
    json!({"type": "Sequence", "pretokenizers": [digits, byte_level(true)]})
}

/// As in the files of Qwen2.
pub(crate) fn qwen2() -> Value {
    let pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    let split = json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false});
    json!({"type": "Sequence", "pretokenizers": [split, byte_level(false)]})
}

pub(crate) fn write_vocabulary(writer: &mut GgufWriter, pre: &str) {
    let tokens = vocabulary();
    let kinds = tokens.iter().map(|token| {
        if SPECIAL.contains(&token.as_str()) {
            3_i32
        } else {
            1
        }
    });
    writer.key("tokenizer.ggml.model", "gpt2").unwrap();
    writer.key("tokenizer.ggml.pre", pre).unwrap();
    writer
        .key(
            "tokenizer.ggml.tokens",
            texts(tokens.iter().map(String::as_str)),
        )
        .unwrap();
    writer
        .key("tokenizer.ggml.token_type", RawValue::array(kinds))
        .unwrap();
    writer.key("tokenizer.ggml.merges", texts(MERGES)).unwrap();
    let end = u32::try_from(tokens.len() - 1).unwrap();
    writer.key("tokenizer.ggml.eos_token_id", end).unwrap();
    writer.key("tokenizer.ggml.bos_token_id", end - 1).unwrap();
}

fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer.encode(text, Specials::Parse).unwrap()
}

#[test]
fn a_vocabulary_in_a_gguf_file_tokenizes_as_tokenizer_json() {
    for (pre, json) in [
        ("smollm", smollm()),
        ("qwen2", qwen2()),
        ("gpt-2", byte_level(true)),
    ] {
        let tiny = Tiny::new(Architecture::Llama);
        let json = tokenizer_json(&json).to_string();
        fs::write(tiny.path().join("tokenizer.json"), json).unwrap();
        let folder = tiny.source().tokenizer().unwrap();
        let path = tiny.gguf(TensorType::F32, |writer| write_vocabulary(writer, pre));
        let gguf = Source::open(path).unwrap().tokenizer().unwrap();
        assert_eq!((folder.len(), gguf.len()), (267, 267));
        for text in TEXTS {
            let expected = ids(&folder, text);
            assert_eq!(ids(&gguf, text), expected, "{pre}: {text:?}");
            assert_eq!(gguf.decode(&expected, false).unwrap(), text, "{pre}");
            let literal = |tokenizer: &Tokenizer| tokenizer.encode(text, Specials::Text).unwrap();
            assert_eq!(literal(&gguf), literal(&folder), "{pre}: {text:?}");
        }
        assert_eq!(gguf.ends(), [264, 266]);
        assert_eq!(gguf.bos(), None);
    }
}

#[test]
fn digits_are_cut_one_by_one_where_the_model_wants_it() {
    let tiny = Tiny::new(Architecture::Llama);
    let with = |pre: &str| {
        let path = tiny.gguf(TensorType::F32, |writer| write_vocabulary(writer, pre));
        Source::open(path).unwrap().tokenizer().unwrap()
    };
    assert_eq!(ids(&with("smollm"), "12").len(), 2);
    assert_eq!(ids(&with("gpt-2"), "12").len(), 1);
    let path = tiny.gguf(TensorType::F32, |writer| {
        write_vocabulary(writer, "klingon");
    });
    let error = Source::open(path)
        .unwrap()
        .tokenizer()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`klingon`") && error.contains("model.gguf"),
        "{error}"
    );
}

#[test]
fn texts_of_documents_have_no_special_tokens() {
    let tiny = Tiny::new(Architecture::Llama);
    let json = tokenizer_json(&smollm()).to_string();
    fs::write(tiny.path().join("tokenizer.json"), json).unwrap();
    let tokenizer = tiny.source().tokenizer().unwrap();
    let end = tokenizer.id("<|im_end|>").unwrap();
    let text = "the<|im_end|>\n";
    let parsed = tokenizer.encode(text, Specials::Parse).unwrap();
    let literal = tokenizer.encode(text, Specials::Text).unwrap();
    assert!(parsed.contains(&end) && !literal.contains(&end));
    assert_eq!(tokenizer.decode(&literal, true).unwrap(), text);
    assert_eq!(tokenizer.decode(&parsed, true).unwrap(), "the\n");
}

#[test]
fn beginning_and_ends_are_what_the_files_say() {
    let tiny = Tiny::new(Architecture::Llama);
    let mut json = tokenizer_json(&smollm());
    json["post_processor"] = json!({"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<|im_start|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<|im_start|>": {"id": "<|im_start|>", "ids": [265], "tokens": ["<|im_start|>"]}}});
    let write = |name: &str, value: Value| {
        fs::write(tiny.path().join(name), value.to_string()).unwrap();
    };
    write("tokenizer.json", json);
    write("generation_config.json", json!({"eos_token_id": [3, 264]}));
    write(
        "tokenizer_config.json",
        json!({"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}),
    );
    let tokenizer = tiny.source().tokenizer().unwrap();
    assert_eq!(tokenizer.bos(), Some(265));
    assert_eq!(tokenizer.ends(), [3, 264, 266]);
    // What is put before a text by others is not part of it.
    assert!(!ids(&tokenizer, "the").contains(&265));
}

#[test]
fn a_foreign_tokenizer_is_refused() {
    let tiny = Tiny::new(Architecture::Llama);
    // As many tokens as there are rows, and one more.
    let mut json = tokenizer_json(&smollm());
    let plain = vocabulary().len() - SPECIAL.len();
    for id in plain..=VOCABULARY {
        json["model"]["vocab"][format!("word{id}")] = json!(id);
    }
    json["added_tokens"] = json!([]);
    let path = tiny.path().join("tokenizer.json");
    fs::write(&path, json.to_string()).unwrap();
    let error = tiny.source().tokenizer().unwrap_err();
    assert!(matches!(error, TrainError::Tokenizer { .. }));
    let error = error.to_string();
    assert!(error.contains("the model 300"), "{error}");

    // An added token without a row is an error of the texts that have it.
    let words = json["model"]["vocab"].as_object_mut().unwrap();
    words.remove("word300");
    let mut image = tokenizer_json(&smollm())["added_tokens"][0].clone();
    image["id"] = json!(VOCABULARY);
    image["content"] = json!("<image>");
    json["added_tokens"] = json!([image]);
    fs::write(&path, json.to_string()).unwrap();
    let tokenizer = tiny.source().tokenizer().unwrap();
    assert!(tokenizer.encode("the", Specials::Parse).is_ok());
    let error = tokenizer.encode("<image>", Specials::Parse).unwrap_err();
    assert!(
        matches!(
            error,
            TrainError::Token {
                id: 300,
                vocabulary: 300
            }
        ),
        "{error}"
    );

    fs::write(tiny.path().join("tokenizer.json"), "{}").unwrap();
    let error = tiny.source().tokenizer().unwrap_err().to_string();
    assert!(error.contains("tokenizer.json"), "{error}");
}

/// A SentencePiece vocabulary: four special tokens, bytes, then pieces from the best score on.
pub(crate) fn write_pieces(writer: &mut GgufWriter, prefix: bool) {
    let mut tokens: Vec<(String, f32, i32)> =
        [("<pad>", 3), ("<eos>", 3), ("<bos>", 3), ("<unk>", 2)]
            .map(|(text, kind)| (text.to_owned(), 0.0, kind))
            .to_vec();
    tokens.extend((0..=255).map(|byte| (format!("<0x{byte:02X}>"), 0.0, 6)));
    let pieces = [
        "▁▁", "th", "▁th", "▁the", "he", "the", "\n\n", "▁", "t", "h", "e", "a", "\n",
    ];
    for (rank, piece) in (0_u16..).zip(pieces) {
        let kind = if piece == "\n\n" { 4 } else { 1 };
        tokens.push((piece.to_owned(), -f32::from(rank), kind));
    }
    writer.key("tokenizer.ggml.model", "llama").unwrap();
    writer.key("tokenizer.ggml.pre", "default").unwrap();
    let list = texts(tokens.iter().map(|(text, ..)| text.as_str()));
    writer.key("tokenizer.ggml.tokens", list).unwrap();
    let scores = RawValue::array(tokens.iter().map(|(_, score, _)| *score));
    writer.key("tokenizer.ggml.scores", scores).unwrap();
    let kinds = RawValue::array(tokens.iter().map(|(.., kind)| *kind));
    writer.key("tokenizer.ggml.token_type", kinds).unwrap();
    for (key, id) in [("bos", 2_u32), ("eos", 1), ("unknown", 3), ("padding", 0)] {
        writer
            .key(format!("tokenizer.ggml.{key}_token_id"), id)
            .unwrap();
    }
    writer
        .key("tokenizer.ggml.add_space_prefix", prefix)
        .unwrap();
    writer.key("tokenizer.ggml.add_bos_token", true).unwrap();
}

#[test]
fn pieces_are_merged_by_score_and_the_rest_is_bytes() {
    let tiny = Tiny::new(Architecture::Gemma3);
    let tokenizer = |prefix| {
        let path = tiny.gguf(TensorType::F32, |writer| write_pieces(writer, prefix));
        Source::open(path).unwrap().tokenizer().unwrap()
    };
    let gemma = tokenizer(false);
    let (bos, eos, byte) = (2, 1, 4);
    let [two_spaces, _th, _space_th, space_the, he, the, lines] =
        [260, 261, 262, 263, 264, 265, 266];
    let (space, a, line) = (267, 271, 272);
    for (text, expected) in [
        ("the the", vec![the, space_the]),
        // `th` is better than `he`, and `▁th` than `▁the`.
        (" the", vec![space_the]),
        ("ahe", vec![a, he]),
        // Two spaces are better than ▁the.
        ("a  the", vec![a, two_spaces, the]),
        ("a\n\n\na", vec![a, lines, line, a]),
        ("é", vec![byte + 0xc3, byte + 0xa9]),
        ("<bos>a<eos>", vec![bos, a, eos]),
        (" ", vec![space]),
        ("", vec![]),
    ] {
        assert_eq!(ids(&gemma, text), expected, "{text:?}");
        assert_eq!(gemma.decode(&expected, false).unwrap(), text);
    }
    assert_eq!((gemma.bos(), gemma.ends()), (Some(bos), &[eos][..]));
    let literal = gemma.encode("<bos>a", Specials::Text).unwrap();
    assert!(!literal.contains(&bos), "{literal:?}");
    assert_eq!(gemma.decode(&literal, false).unwrap(), "<bos>a");

    let llama = tokenizer(true);
    assert_eq!(ids(&llama, "the"), [space_the]);
    assert_eq!(llama.decode(&[space_the], false).unwrap(), "the");
}

#[test]
fn damaged_vocabularies_are_refused() {
    let tiny = Tiny::new(Architecture::Llama);
    let error = |change: &dyn Fn(&mut GgufWriter)| {
        let path = tiny.gguf(TensorType::F32, |writer| change(writer));
        Source::open(path)
            .unwrap()
            .tokenizer()
            .unwrap_err()
            .to_string()
    };
    assert!(error(&|_| {}).contains("tokenizer.ggml.tokens"));
    let twice = |writer: &mut GgufWriter| {
        writer.key("tokenizer.ggml.model", "gpt2").unwrap();
        writer.key("tokenizer.ggml.pre", "qwen2").unwrap();
        writer
            .key("tokenizer.ggml.tokens", texts(["a", "b", "a"]))
            .unwrap();
        writer.key("tokenizer.ggml.merges", texts(["a b"])).unwrap();
    };
    assert!(error(&twice).contains("`a` is both token 0 and token 2"));
    let merge = |writer: &mut GgufWriter| {
        writer.key("tokenizer.ggml.model", "gpt2").unwrap();
        writer.key("tokenizer.ggml.pre", "qwen2").unwrap();
        writer
            .key("tokenizer.ggml.tokens", texts(["a", "b"]))
            .unwrap();
        writer.key("tokenizer.ggml.merges", texts(["ab"])).unwrap();
    };
    assert!(error(&merge).contains("merge 0 is no pair"));
    let kind = |writer: &mut GgufWriter| {
        writer.key("tokenizer.ggml.model", "bert").unwrap();
        writer.key("tokenizer.ggml.tokens", texts(["a"])).unwrap();
    };
    assert!(error(&kind).contains("its kind is `bert`"));
}
