//! Whether a tokenizer is of one piece.

use std::collections::HashSet;

use super::{Finding, Note, VerifyReport};
use crate::file::Gguf;
use crate::value::{Array, Value, ValueType};

const MODEL: &str = "tokenizer.ggml.model";
const TOKENS: &str = "tokenizer.ggml.tokens";
const PREFIX: &str = "tokenizer.ggml.";

pub(super) fn check(file: &Gguf, report: &mut VerifyReport) {
    let Some(model) = file
        .text(MODEL)
        .filter(|model| !matches!(*model, "none" | "no_vocab"))
    else {
        report.notes.push(Note::NoTokenizer);
        return;
    };
    if !matches!(file.value("tokenizer.chat_template"), Some(Value::String(text)) if !text.is_empty())
    {
        report.notes.push(Note::NoChatTemplate);
    }
    let Some(tokens) = list(file, TOKENS, ValueType::String) else {
        report.findings.push(missing(TOKENS));
        return;
    };
    if model == "gpt2" {
        if list(file, "tokenizer.ggml.merges", ValueType::String).is_none() {
            report.findings.push(missing("tokenizer.ggml.merges"));
        }
        if file.text("tokenizer.ggml.pre").is_none() {
            report.notes.push(Note::NoPreTokenizer);
        }
    }
    lists(file, model, tokens.len(), report);
    twice(tokens, report);
    special(file, tokens.len(), report);
    let rows = file
        .tensor("token_embd.weight")
        .map(|tensor| tensor.shape().get(1).copied().unwrap_or(1));
    match rows {
        Some(rows) if rows != tokens.len() => report.findings.push(Finding::Size {
            key: TOKENS.to_owned(),
            says: tokens.len(),
            other: "the number of rows of `token_embd.weight`".to_owned(),
            has: rows,
        }),
        _ => {}
    }
}

/// What has an item for each token.
fn lists(file: &Gguf, model: &str, tokens: u64, report: &mut VerifyReport) {
    let lists = [
        ("tokenizer.ggml.scores", ValueType::F32, model == "llama"),
        ("tokenizer.ggml.token_type", ValueType::I32, false),
    ];
    for (key, kind, required) in lists {
        if file.raw(key).is_none() && !required {
            continue;
        }
        match list(file, key, kind) {
            None => report.findings.push(missing(key)),
            Some(list) if list.len() != tokens => report.findings.push(Finding::ListLength {
                key: key.to_owned(),
                length: list.len(),
                tokens,
            }),
            Some(_) => {}
        }
    }
}

/// Tokens that llama.cpp takes for one: it reads them to their first NUL byte, and gives empty ones names of their own.
fn twice(tokens: Array<'_>, report: &mut VerifyReport) {
    let mut seen = HashSet::new();
    for (token, id) in tokens.iter().zip(0..) {
        let Value::String(token) = token else {
            continue;
        };
        let token = token.split(|byte| *byte == 0).next().unwrap_or_default();
        if !token.is_empty() && !seen.insert(token) {
            report.findings.push(Finding::DuplicateToken {
                token: String::from_utf8_lossy(token).into_owned(),
                id,
            });
        }
    }
}

/// Every `tokenizer.ggml.…_token_id` names a token.
fn special(file: &Gguf, tokens: u64, report: &mut VerifyReport) {
    for (key, value) in file.keys() {
        if !key.starts_with(PREFIX) || !key.ends_with("_token_id") {
            continue;
        }
        match value.decode().as_u64() {
            None => report.findings.push(missing(key)),
            Some(id) if id >= tokens => report.findings.push(Finding::NoSuchToken {
                key: key.to_owned(),
                id,
                tokens,
            }),
            Some(_) => {}
        }
    }
}

fn list<'a>(file: &'a Gguf, key: &str, item: ValueType) -> Option<Array<'a>> {
    file.value(key)?
        .as_array()
        .filter(|array| array.item() == item)
}

fn missing(key: &str) -> Finding {
    Finding::Missing {
        key: key.to_owned(),
    }
}
