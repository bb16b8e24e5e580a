//! SentencePiece BPE from tokens and scores, as merges.
//!
//! SentencePiece merges the two neighbours whose union has the best score. A list of merges in the order of scores does the same: for
//! every token all ways to cut it in two tokens, which is also how transformers converts such models.

use dsg_gguf::Gguf;
use serde_json::Value;
use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::strip::Strip;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::{Prepend, Replace, Sequence};
use tokenizers::{DecoderWrapper, NormalizerWrapper};

use super::file::TokenizerFile;
use super::vocabulary::{Kind, Vocabulary, fail};
use crate::error::TrainError;

/// What stands for a space.
pub(super) const SPACE: &str = "▁";

/// Whether a `tokenizer.json` puts a space before texts; `None` where it does not treat spaces as SentencePiece does.
pub(super) fn adds_prefix(file: &TokenizerFile) -> Option<bool> {
    let steps = match &file.normalizer {
        None => Vec::new(),
        Some(step) => match step.get("normalizers").and_then(Value::as_array) {
            Some(steps) => steps.iter().collect(),
            None => vec![step],
        },
    };
    let (mut prefix, mut replaces) = (false, false);
    for step in steps {
        match step.get("type")?.as_str()? {
            "Prepend" if step.get("prepend")? == SPACE => prefix = true,
            "Replace"
                if step.get("pattern")?.get("String")? == " " && step.get("content")? == SPACE =>
            {
                replaces = true;
            }
            _ => return None,
        }
    }
    match &file.pre_tokenizer {
        None => {}
        Some(step) => match step.get("type")?.as_str()? {
            "Metaspace" if step.get("replacement")? == SPACE => {
                let old = step.get("add_prefix_space").and_then(Value::as_bool);
                let scheme = step.get("prepend_scheme").and_then(Value::as_str);
                prefix |= scheme.map_or(old == Some(true), |scheme| scheme != "never");
                replaces = true;
            }
            // Of spaces, of which the normalizer leaves none.
            "Split" if replaces && step.get("pattern")?.get("String")? == " " => {}
            _ => return None,
        },
    }
    replaces.then_some(prefix)
}

/// Whether a token stands for a byte, as in `<0x0A>`.
pub(super) fn is_byte(token: &str) -> bool {
    let digits = token
        .strip_prefix("<0x")
        .and_then(|rest| rest.strip_suffix('>'));
    digits.is_some_and(|digits| {
        digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

/// The tokenizer.
pub(super) fn engine(
    file: &Gguf,
    vocabulary: &Vocabulary<'_>,
) -> Result<tokenizers::Tokenizer, TrainError> {
    let ids = vocabulary.ids()?;
    let merges = merges(vocabulary, &vocabulary.scores()?, &ids);
    let mut model = BPE::builder()
        .vocab_and_merges(ids, merges)
        .fuse_unk(true)
        .byte_fallback(true);
    if let Some(unknown) = vocabulary.special_text("unknown_token_id") {
        model = model.unk_token(unknown);
    }
    let broken = |error: tokenizers::Error| fail(file, error.to_string());
    let mut engine = tokenizers::Tokenizer::new(model.build().map_err(broken)?);
    let replace = |from: &str, to: &str| Replace::new(from.to_owned(), to.to_owned());

    let prefix = vocabulary.flag("add_space_prefix").unwrap_or(true);
    let mut normalizers: Vec<NormalizerWrapper> = Vec::new();
    if prefix {
        normalizers.push(Prepend::new(SPACE.to_owned()).into());
    }
    normalizers.push(replace(" ", SPACE).map_err(broken)?.into());
    let mut decoders: Vec<DecoderWrapper> = vec![
        replace(SPACE, " ").map_err(broken)?.into(),
        ByteFallback::new().into(),
        Fuse::new().into(),
    ];
    if prefix {
        decoders.push(Strip::new(' ', 1, 0).into());
    }
    engine
        .with_normalizer(Some(Sequence::new(normalizers)))
        .with_decoder(Some(tokenizers::decoders::sequence::Sequence::new(
            decoders,
        )));
    Ok(engine)
}

/// All pairs of tokens whose union is a token, best scores first.
fn merges(vocabulary: &Vocabulary<'_>, scores: &[f32], ids: &Vocab) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let tokens = vocabulary.tokens.iter().zip(&vocabulary.kinds).zip(scores);
    for ((token, kind), score) in tokens {
        // Control tokens and bytes come from no text.
        if !matches!(kind, Kind::Normal | Kind::UserDefined | Kind::Unused) {
            continue;
        }
        let start = found.len();
        for (at, _) in token.char_indices().skip(1) {
            let Some((left, right)) = token.split_at_checked(at) else {
                continue;
            };
            if let (Some(left_id), Some(right_id)) = (ids.get(left), ids.get(right)) {
                found.push((*score, left, right, (*left_id, *right_id)));
            }
        }
        if let Some(own) = found.get_mut(start..) {
            own.sort_by_key(|(.., ids)| *ids);
        }
    }
    // Longer left sides first among equals, as transformers has it.
    let length = |text: &str| std::cmp::Reverse(text.chars().count());
    found.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then_with(|| length(a.1).cmp(&length(b.1)))
            .then_with(|| length(a.2).cmp(&length(b.2)))
    });
    let pairs = found.into_iter();
    pairs
        .map(|(_, left, right, _)| (left.to_owned(), right.to_owned()))
        .collect()
}
