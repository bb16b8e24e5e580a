//! The weights are BM25 as the `bm25` crate's embedder and scorer compute it.

use bm25::{Embedder, EmbedderBuilder, Scorer, TokenEmbedder, Tokenizer};
use dsg_index::{IndexBuilder, IndexConfig};
use proptest::prelude::*;

use crate::chunk;

/// Words as they are; the texts below need no more.
#[derive(Default)]
struct Words;

impl Tokenizer for Words {
    fn tokenize(&self, text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }
}

/// A key space without collisions: the word itself.
struct Word;

impl TokenEmbedder for Word {
    type EmbeddingSpace = String;

    fn embed(token: &str) -> String {
        token.to_owned()
    }
}

fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "alpha", "beta", "gamma", "delta", "omega", "sigma", "kappa",
    ]);
    prop::collection::vec(word, 1..12).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn scores_agree_with_the_bm25_crate(
        texts in prop::collection::vec(text(), 1..20),
        query in text(),
        k1 in 0.1_f32..3.0,
        b in 0.0_f32..=1.0,
    ) {
        let config = IndexConfig { k1: k1.into(), b: b.into(), stemming: false, ..IndexConfig::default() };
        let mut builder = IndexBuilder::new(config).unwrap();
        let id = |n: usize| format!("doc{n:02}#0000");
        builder.extend(texts.iter().enumerate().map(|(n, text)| chunk(&id(n), text)));
        let hits = builder.build().unwrap().rank(&query, texts.len());

        let corpus: Vec<&str> = texts.iter().map(String::as_str).collect();
        let embedder: Embedder<Word, Words> =
            EmbedderBuilder::with_tokenizer_and_fit_to_corpus(Words, &corpus).k1(k1).b(b).build();
        let mut scorer = Scorer::<usize, String>::new();
        for (n, text) in texts.iter().enumerate() {
            scorer.upsert(&n, embedder.embed(text));
        }
        let wanted = embedder.embed(&query);
        prop_assert_eq!(hits.len(), scorer.matches(&wanted).len());
        for hit in &hits {
            let reference = scorer.score(&hit.position, &wanted).unwrap();
            prop_assert!((hit.score - reference).abs() <= 1e-4 * reference.max(1.0), "{} not {reference}", hit.score);
        }
        for pair in hits.windows(2) {
            let in_order = pair[0].score > pair[1].score
                || pair[0].score.total_cmp(&pair[1].score).is_eq() && pair[0].position < pair[1].position;
            prop_assert!(in_order, "{pair:?}");
        }
    }
}
