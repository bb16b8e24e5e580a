//! Byte-level BPE as GPT-2 has it, with the splits that came later.

use dsg_gguf::Gguf;
use serde_json::Value;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{PreTokenizerWrapper, SplitDelimiterBehavior};

use super::vocabulary::{Vocabulary, fail};
use crate::error::TrainError;

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// English contractions, as files of Hugging Face write them and as the patterns below do.
const ANY_CASE: [&str; 2] = [
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
    "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])",
];
/// `(?i:…)` would also take the long s (U+017F), which llama.cpp does not.
const QWEN2: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const LLAMA3: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const DIGIT: &str = r"\p{N}";

/// How texts are cut before anything is merged.
struct Pre {
    /// Applied one after the other, each to what the last left.
    splits: &'static [&'static str],
    /// Whether a piece that is a token is that token, whatever the merges say.
    whole_tokens: bool,
    /// Whether the token of the beginning is added where the file does not say.
    adds_bos: bool,
}

/// By `tokenizer.ggml.pre`.
fn pre(name: &str) -> Option<Pre> {
    let (splits, llama): (&[&str], bool) = match name {
        "gpt-2" | "phi-2" | "mpt" | "olmo" | "exaone4" => (&[GPT2], false),
        "qwen2" | "stablelm2" | "hunyuan" | "megrez" | "deepseek-r1-qwen" => (&[QWEN2], false),
        "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" => (&[DIGIT, GPT2], false),
        "llama3" | "llama-v3" | "llama-bpe" => (&[LLAMA3], true),
        _ => return None,
    };
    Some(Pre {
        splits,
        whole_tokens: llama,
        adds_bos: llama,
    })
}

/// The names under which new files have these ways.
const NAMES: [&str; 4] = ["gpt-2", "smollm", "qwen2", "llama-bpe"];

/// The name for `tokenizer.ggml.pre` of how a `tokenizer.json` cuts texts; `None` for ways that are not known.
pub(super) fn name_of(pre_tokenizer: Option<&Value>, whole_tokens: bool) -> Option<&'static str> {
    let mut splits = Vec::new();
    collect(pre_tokenizer?, &mut splits)?;
    NAMES.into_iter().find(|name| {
        pre(name).is_some_and(|pre| pre.splits == splits && pre.whole_tokens == whole_tokens)
    })
}

/// Adds the patterns that a step cuts with, one after the other.
fn collect(step: &Value, splits: &mut Vec<String>) -> Option<()> {
    let flag = |name: &str| step.get(name).and_then(Value::as_bool);
    match step.get("type")?.as_str()? {
        "Sequence" => {
            for step in step.get("pretokenizers")?.as_array()? {
                collect(step, splits)?;
            }
        }
        "Split" if step.get("behavior")? == "Isolated" && flag("invert") != Some(true) => {
            let pattern = step.get("pattern")?.get("Regex")?.as_str()?;
            let [theirs, ours] = ANY_CASE;
            splits.push(pattern.replace(theirs, ours));
        }
        "Digits" if flag("individual_digits") == Some(true) => splits.push(DIGIT.to_owned()),
        "ByteLevel" if flag("add_prefix_space") != Some(true) => {
            if flag("use_regex") != Some(false) {
                splits.push(GPT2.to_owned());
            }
        }
        _ => return None,
    }
    Some(())
}

/// The tokenizer, and whether the token of the beginning is added where the file does not say.
pub(super) fn engine(
    file: &Gguf,
    vocabulary: &Vocabulary<'_>,
) -> Result<(tokenizers::Tokenizer, bool), TrainError> {
    let name = file.text("tokenizer.ggml.pre").unwrap_or("default");
    let pre = pre(name).ok_or_else(|| {
        let problem = format!(
            "it cuts texts as `{name}` does, which is not supported; gpt-2, qwen2, smollm and llama-bpe are"
        );
        fail(file, problem)
    })?;
    let model = BPE::builder()
        .vocab_and_merges(vocabulary.ids()?, vocabulary.merges()?)
        .ignore_merges(pre.whole_tokens)
        .build()
        .map_err(|error| fail(file, error.to_string()))?;
    let mut steps: Vec<PreTokenizerWrapper> = Vec::new();
    for split in pre.splits {
        let split = Split::new(
            SplitPattern::Regex((*split).to_owned()),
            SplitDelimiterBehavior::Isolated,
            false,
        )
        .map_err(|error| fail(file, error.to_string()))?;
        steps.push(split.into());
    }
    steps.push(ByteLevel::new(false, false, false).into());
    let mut engine = tokenizers::Tokenizer::new(model);
    engine
        .with_pre_tokenizer(Some(Sequence::new(steps)))
        .with_decoder(Some(ByteLevel::new(false, false, false)));
    Ok((engine, pre.adds_bos))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn byte_level(regex: bool) -> Value {
        json!({"type": "ByteLevel", "add_prefix_space": false, "use_regex": regex})
    }

    fn split(pattern: &str) -> Value {
        json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false})
    }

    fn sequence(steps: &[Value]) -> Value {
        json!({"type": "Sequence", "pretokenizers": steps})
    }

    /// As in the `tokenizer.json` of Qwen2.5 and of Llama 3.2.
    const HUB_QWEN2: &str = r#"{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex":
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
        "behavior": "Isolated", "invert": false},
        {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]}"#;
    const HUB_LLAMA3: &str = r#"{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex":
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
        "behavior": "Isolated", "invert": false},
        {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}"#;

    #[test]
    fn ways_to_cut_have_the_names_under_which_they_are_read() {
        let of_hub = |json: &str| serde_json::from_str::<Value>(json).unwrap();
        let digits = json!({"type": "Digits", "individual_digits": true});
        for (name, steps) in [
            ("gpt-2", byte_level(true)),
            ("smollm", sequence(&[digits, byte_level(true)])),
            ("qwen2", of_hub(HUB_QWEN2)),
            ("llama-bpe", of_hub(HUB_LLAMA3)),
            // As folders that were made of GGUF files have it.
            (
                "smollm",
                sequence(&[split(DIGIT), split(GPT2), byte_level(false)]),
            ),
            ("qwen2", sequence(&[split(QWEN2), byte_level(false)])),
        ] {
            let whole = name == "llama-bpe";
            assert_eq!(name_of(Some(&steps), whole), Some(name), "{steps}");
            assert_eq!(name_of(Some(&steps), !whole), None, "{steps}");
        }
        for unknown in [
            json!({"type": "Whitespace"}),
            sequence(&[split("[a-z]+"), byte_level(false)]),
            json!({"type": "ByteLevel", "add_prefix_space": true, "use_regex": true}),
        ] {
            assert_eq!(name_of(Some(&unknown), false), None);
        }
        assert_eq!(name_of(None, false), None);
    }
}
