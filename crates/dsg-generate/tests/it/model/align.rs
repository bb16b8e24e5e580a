//! Quotes as models spell them, and the bytes that they become.

use dsg_core::{Block, BlockKind, Chunk, Span};
use dsg_generate::{Aligner, Fit, Unaligned};
use proptest::prelude::*;

use crate::Page;

fn page(text: &str) -> Chunk {
    let mut chunk = Page::new(&["t"]).chunk();
    text.clone_into(&mut chunk.text);
    chunk.span = Span::of_len(0, text.len());
    chunk
}

fn said(text: &str, quote: &str) -> Result<(String, Fit), Unaligned> {
    let chunk = page(text);
    let found = Aligner::new(&chunk).align(quote)?;
    Ok((chunk.slice(found.span).unwrap().to_owned(), found.fit))
}

const LIMITS: &str = "# Time limits\n\nEvery job has a **time limit**. The default is `60` minutes; the “short”\n\
partition allows 30. Longer jobs ask for more with [the `--time` option](time.md#x).\n\n\
- Jobs beyond their limit are killed.\n- A warning comes five minutes before.\n";

#[test]
fn a_quote_is_found_whatever_the_model_did_to_it() {
    for (quote, receipt, fit) in [
        (
            "Every job has a **time limit**.",
            "Every job has a **time limit**.",
            Fit::Exact,
        ),
        (
            "every job has a time limit",
            "Every job has a **time limit**.",
            Fit::Folded,
        ),
        (
            "The default is 60 minutes; the \"short\" partition allows 30.",
            "The default is `60` minutes; the “short”\npartition allows 30.",
            Fit::Folded,
        ),
        (
            "Longer jobs ask for more with the --time option.",
            "Longer jobs ask for more with [the `--time` option](time.md#x).",
            Fit::Folded,
        ),
        (
            "Jobs beyond their limit are killed. A warning comes five minutes before.",
            "- Jobs beyond their limit are killed.\n- A warning comes five minutes before.",
            Fit::Folded,
        ),
        (
            "Longer job asks for more with the --time option",
            "Longer jobs ask for more with [the `--time` option](time.md#x).",
            Fit::Edited(2),
        ),
        (
            "A warning is sent five minutes before.",
            "- A warning comes five minutes before.",
            Fit::Edited(6),
        ),
        // A fragment becomes its sentence.
        (
            "has a time limit",
            "Every job has a **time limit**.",
            Fit::Folded,
        ),
        // What is left out is put back.
        (
            "Every job has … the default is 60 minutes",
            "Every job has a **time limit**. The default is `60` minutes; the “short”\npartition allows 30.",
            Fit::Folded,
        ),
        // The first letters of the next sentence do not bring it in.
        (
            "Every job has a **time limit**. The",
            "Every job has a **time limit**.",
            Fit::Exact,
        ),
    ] {
        assert_eq!(
            said(LIMITS, quote),
            Ok((receipt.to_owned(), fit)),
            "{quote}"
        );
    }
}

#[test]
fn what_is_not_in_the_text_is_not_found() {
    for (quote, why) in [
        ("", Unaligned::Empty),
        ("“…”", Unaligned::Empty),
        ("The default is one day.", Unaligned::NotFound),
        (
            "Use --partition to choose a partition.",
            Unaligned::NotFound,
        ),
        ("--tim", Unaligned::NotFound),
        ("imi", Unaligned::NotFound),
        (
            "Every job has … nothing of the kind in here",
            Unaligned::NotFound,
        ),
        // The order of the parts is part of the quote.
        (
            "The default is 60 minutes … every job has a time limit",
            Unaligned::NotFound,
        ),
    ] {
        assert_eq!(said(LIMITS, quote), Err(why), "{quote}");
    }
}

const OPTIONS: &str = "Sets the memory of a job for each CPU.\n\nSets the memory of a job for each GPU.\n\n\
See also the manual. It has more.\n\nSee also the manual. It has less.";

#[test]
fn of_near_ties_none_is_chosen() {
    assert_eq!(
        said(OPTIONS, "sets the memory of a job for each GPU")
            .unwrap()
            .0,
        "Sets the memory of a job for each GPU."
    );
    assert_eq!(
        said(OPTIONS, "Set the memory of a job for each GPU")
            .unwrap()
            .0,
        "Sets the memory of a job for each GPU."
    );
    assert_eq!(
        said(OPTIONS, "Sets the memory of a job for each node"),
        Err(Unaligned::Ambiguous)
    );
    // The same bytes twice: the first.
    let chunk = page(OPTIONS);
    let found = Aligner::new(&chunk).align("See also the manual.").unwrap();
    assert_eq!(found.span.start(), OPTIONS.find("See").unwrap());
    // A word in sentences that differ says nothing about which is meant.
    assert_eq!(said(OPTIONS, "memory"), Err(Unaligned::Ambiguous));
}

#[test]
fn offsets_are_those_of_the_document() {
    let mut chunk = page(LIMITS);
    chunk.span = Span::of_len(1000, LIMITS.len());
    let found = Aligner::new(&chunk)
        .align("Every job has a time limit")
        .unwrap();
    assert_eq!(found.span.start(), 1000 + LIMITS.find("Every").unwrap());
    assert_eq!(
        chunk.slice(found.span),
        Some("Every job has a **time limit**.")
    );
}

#[test]
fn a_long_text_is_not_widened_without_end() {
    let text = format!(
        "Start {}here are five plain words {}end",
        "x ".repeat(500),
        "y ".repeat(500)
    );
    let (receipt, _) = said(&text, "ere are five plain word").unwrap();
    assert_eq!(receipt, "here are five plain words");
}

/// Not shrunk: the simplest sentences are all the same one. The last word is longer than any abbreviation.
fn sentence() -> impl Strategy<Value = String> {
    (proptest::collection::vec("[a-z]{3,9}", 4..13), "[a-z]{8}")
        .no_shrink()
        .prop_map(|(words, last)| {
            let text = words.join(" ");
            let (first, rest) = text.split_at(1);
            format!("{}{rest} {last}.", first.to_uppercase())
        })
}

fn text() -> impl Strategy<Value = (String, Vec<Span>)> {
    let gap = prop_oneof![Just(" "), Just("\n"), Just("\n\n"), Just("\n- ")];
    proptest::collection::vec((sentence(), gap), 2..12).prop_map(|parts| {
        let mut text = String::new();
        let mut spans = Vec::new();
        for (sentence, gap) in parts {
            spans.push(Span::of_len(text.len(), sentence.len()));
            text.push_str(&sentence);
            text.push_str(gap);
        }
        (text, spans)
    })
}

/// One edit: what, where (a share of the length), and with which character.
fn edit() -> impl Strategy<Value = (u8, f64, char)> {
    (0_u8..3, 0.0..1.0, proptest::char::range('a', 'z'))
}

fn edited(sentence: &str, edits: &[(u8, f64, char)]) -> String {
    let mut chars: Vec<char> = sentence.chars().collect();
    // Less than one in five of what remains.
    for (what, place, c) in edits.iter().take(chars.len() / 6) {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a small length"
        )]
        let at = (place * chars.len() as f64) as usize;
        match what {
            0 => chars[at] = *c,
            1 => chars.insert(at, *c),
            // A word's last letter stays: two spaces are one, so that more than a letter would go.
            _ => {
                let alone = |c: Option<&char>| c.is_none_or(|c| *c == ' ');
                if !(at > 0 && alone(chars.get(at - 1)) && alone(chars.get(at + 1))) {
                    chars.remove(at);
                }
            }
        }
    }
    chars.into_iter().collect()
}

proptest! {
    #[test]
    fn an_edited_sentence_is_found(
        (text, sentences) in text(),
        which in any::<prop::sample::Index>(),
        edits in proptest::collection::vec(edit(), 0..20),
    ) {
        let target = *which.get(&sentences);
        let quote = edited(target.slice(&text).unwrap(), &edits);
        let chunk = page(&text);
        let found = Aligner::new(&chunk).align(&quote);
        prop_assert!(found.is_ok(), "{quote:?}: {found:?}");
        let span = found.unwrap().span;
        prop_assert!(span.contains(target), "{quote:?} became {:?}", chunk.slice(span));
        // A part of another sentence may come in, but not a whole one besides its neighbours'.
        prop_assert!(span.len() <= target.len() + 4, "{quote:?} became {:?}", chunk.slice(span));
    }

    #[test]
    fn sentences_copied_to_the_letter_are_the_receipt(
        (text, sentences) in text(),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let (from, to) = (from.index(sentences.len()), to.index(sentences.len()));
        let (from, to) = (from.min(to), from.max(to));
        let span = Span::new(sentences[from].start(), sentences[to].end()).unwrap();
        let chunk = page(&text);
        let found = Aligner::new(&chunk).align(span.slice(&text).unwrap()).unwrap();
        prop_assert_eq!(found.fit, Fit::Exact);
        // A bullet belongs to its item.
        prop_assert_eq!(found.span.end(), span.end());
        prop_assert!(span.start() - found.span.start() <= 2);
    }

    #[test]
    fn unrelated_text_never_aligns(
        words in proptest::collection::vec("[a-m]{2,9}", 1..200),
        quote in proptest::collection::vec("[n-z]{2,9}", 1..20),
    ) {
        let chunk = page(&words.join(" "));
        prop_assert_eq!(Aligner::new(&chunk).align(&quote.join(" ")), Err(Unaligned::NotFound));
    }

    #[test]
    fn nothing_panics_and_every_receipt_is_a_slice(
        text in "(?s).{0,200}|[ab`*_\\[\\]()|.\n éﬁ“-]{0,200}",
        quote in "(?s).{0,60}|[ab`*_\\[\\]()|.\n éﬁ“-]{0,60}",
        blocks in proptest::collection::vec((0_usize..220, 0_usize..220), 0..6),
        base in 0_usize..50,
    ) {
        let mut chunk = page(&text);
        chunk.span = Span::of_len(base, text.len());
        chunk.blocks = blocks
            .into_iter()
            .enumerate()
            .map(|(number, (start, len))| {
                let kind = match number % 3 {
                    0 => BlockKind::Paragraph,
                    1 => BlockKind::Code { language: None },
                    _ => BlockKind::Option,
                };
                Block::new(kind, Span::of_len(start, len)).with_label(Span::of_len(start, len / 2))
            })
            .collect();
        let aligner = Aligner::new(&chunk);
        for quote in [quote.as_str(), text.as_str()] {
            if let Ok(found) = aligner.align(quote) {
                let receipt = chunk.slice(found.span);
                prop_assert!(receipt.is_some_and(|receipt| !receipt.trim().is_empty()));
                for label in aligner.labels(found.span) {
                    prop_assert!(chunk.slice(label).is_some());
                }
            }
        }
    }
}
