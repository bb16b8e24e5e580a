//! SentencePiece BPE from tokens and scores, as merges.
//!
//! SentencePiece merges the two neighbours whose union has the best score. A list of merges in the order of scores does the same: for
//! every token all ways to cut it in two tokens, which is also how transformers converts such models.

use dsg_gguf::Gguf;
use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::strip::Strip;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::{Prepend, Replace, Sequence};
use tokenizers::{DecoderWrapper, NormalizerWrapper};

use super::vocabulary::{Kind, Vocabulary, fail};
use crate::error::TrainError;

/// What stands for a space.
const SPACE: &str = "▁";

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
