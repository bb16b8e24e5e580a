//! Byte-level BPE as GPT-2 has it, with the splits that came later.

use dsg_gguf::Gguf;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{PreTokenizerWrapper, SplitDelimiterBehavior};

use super::vocabulary::{Vocabulary, fail};
use crate::error::TrainError;

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
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
