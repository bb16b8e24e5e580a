//! How probable a yes was where a model chose between yes and no.

use dsg_core::TokenLogProb;

/// The key of a verdict in a reply, as JSON has it.
const KEY: &str = "\"verdict\"";
/// Words for a yes and for a no, the second ones where a verdict is a boolean.
const YES: [&str; 2] = ["yes", "true"];
const NO: [&str; 2] = ["no", "false"];

/// The probability of a yes, of a yes or a no, at the token of a reply where the word of its verdict begins; `yes` is that
/// verdict. What counts is every token there that may begin one of the words: `yes`, ` Yes`, `"yes`, `y`. `None` where the
/// tokens are unknown, do not say this verdict, or had no alternatives.
pub(crate) fn of_yes(tokens: &[TokenLogProb], yes: bool) -> Option<f64> {
    let text: String = tokens.iter().map(|token| token.text.as_str()).collect();
    let place = place_of_word(&text, yes)?;
    let mut end = 0;
    let token = tokens.iter().find(|token| {
        end += token.text.len();
        place < end
    })?;
    // A token that has more than the word in it is none of those that are added up.
    if token.top.is_empty() || meant(&token.text) != Some(yes) {
        return None;
    }
    // What was chosen within a grammar may be none of the likeliest.
    let is_among = token.top.iter().any(|other| other.text == token.text);
    let own = (!is_among).then_some((&token.text, token.log_prob));
    let others = token.top.iter().map(|other| (&other.text, other.log_prob));
    let (mut for_yes, mut for_no) = (0.0, 0.0);
    for (text, log_prob) in others.chain(own) {
        match meant(text) {
            Some(true) => for_yes += log_prob.probability(),
            Some(false) => for_no += log_prob.probability(),
            None => {}
        }
    }
    Some(for_yes / (for_yes + for_no)).filter(|probability| probability.is_finite())
}

/// The byte at which the word of a verdict begins: of the last one, since a model may think aloud before, or of the only word.
fn place_of_word(text: &str, yes: bool) -> Option<usize> {
    let words = if yes { YES } else { NO };
    let is_said = |word: &str| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    let of_key = text.rmatch_indices(KEY).find_map(|(at, key)| {
        let value = text.get(at + key.len()..)?.trim_start().strip_prefix(':')?;
        let from_word = value.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let word = from_word.split(|c: char| !c.is_ascii_alphanumeric()).next();
        word.is_some_and(is_said)
            .then(|| text.len() - from_word.len())
    });
    of_key.or_else(|| {
        let from_word = text.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        is_said(core(from_word)).then(|| text.len() - from_word.len())
    })
}

/// Whether a token begins a word for yes (`true`) or for no.
fn meant(token: &str) -> Option<bool> {
    let begun = core(token).to_ascii_lowercase();
    let begins = |words: [&str; 2]| words.iter().any(|word| word.starts_with(&begun));
    match (begins(YES), begins(NO)) {
        _ if begun.is_empty() => None,
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

/// Without the quotes, spaces and marks for spaces around it.
fn core(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use dsg_core::{LogProb, TopLogProb};

    use super::*;

    fn log_prob(probability: f64) -> LogProb {
        LogProb::new(probability.ln())
    }

    fn top(text: &str, probability: f64) -> TopLogProb {
        TopLogProb {
            text: text.to_owned(),
            log_prob: log_prob(probability),
        }
    }

    /// Tokens of a reply, each one surely right but the one with a mark, where `others` are likely, too.
    fn reply(tokens: &[&str], others: &[TopLogProb]) -> Vec<TokenLogProb> {
        let tokens = tokens.iter().map(|token| {
            let (text, probability, others) = match token.strip_prefix('>') {
                Some(text) => (text, 0.6, others),
                None => (*token, 1.0, &others[..0]),
            };
            let mut all = vec![top(text, probability)];
            all.extend_from_slice(others);
            TokenLogProb {
                text: text.to_owned(),
                log_prob: log_prob(probability),
                top: all,
            }
        });
        tokens.collect()
    }

    fn percent(tokens: &[TokenLogProb], yes: bool) -> Option<f64> {
        of_yes(tokens, yes).map(|probability| (probability * 100.0).round())
    }

    #[test]
    fn the_probability_is_that_at_the_token_where_the_word_begins() {
        let others = [top(" No", 0.15), top("perhaps", 0.2), top("n", 0.05)];
        for tokens in [
            &["{\"verdict\": \"", ">yes", "\", \"reason\": \"no\"}"][..],
            &["{", "\"", "verdict", "\"", ":", " \"", ">yes", "\"", "}"],
            &["{\"verdict", "\":", "> \"y", "es\"", "}"],
            &[
                "{\"verdict\" :",
                ">\"YES\",",
                "\"reason\":\"not \\\"verdict\\\": \\\"yes\\\"\"}",
            ],
            &[
                "<think>{\"verdict\": \"",
                "yes",
                "\"}</think>{\"verdict\":\"",
                ">yes",
                "\"}",
            ],
            &["{\"verdict\":", "> true", "}"],
            &["**", ">Yes", ".**"],
        ] {
            let tokens = reply(tokens, &others);
            assert_eq!(percent(&tokens, true), Some(75.0), "{tokens:?}");
        }
        let others = [top("yes", 0.2)];
        let no = reply(&["{\"verdict\": \"", ">no", "\"}"], &others);
        assert_eq!(percent(&no, false), Some(25.0));
    }

    #[test]
    fn a_token_means_the_word_that_it_may_begin() {
        for token in ["yes", " Yes", "\"yes", "yes\",", "y", "Ġyes", "True"] {
            assert_eq!(meant(token), Some(true), "{token}");
        }
        for token in ["no", "\tNO", "\"n", "No.", "f"] {
            assert_eq!(meant(token), Some(false), "{token}");
        }
        for token in ["", " \"", "not", "none", "yesterday", "maybe", "}"] {
            assert_eq!(meant(token), None, "{token}");
        }
    }

    #[test]
    fn what_was_chosen_counts_though_it_is_none_of_the_likeliest() {
        let mut tokens = reply(&["{\"verdict\": \"", ">yes", "\"}"], &[]);
        tokens[1].log_prob = log_prob(0.1);
        tokens[1].top = vec![top("perhaps", 0.6), top("no", 0.3)];
        assert_eq!(percent(&tokens, true), Some(25.0));
    }

    #[test]
    fn tokens_that_do_not_tell_have_no_probability() {
        assert_eq!(of_yes(&[], true), None);
        let tokens = reply(&["{\"verdict\": \"", "yes", "\"}"], &[]);
        assert_eq!(of_yes(&tokens, false), None, "another verdict");
        let mut lone = tokens.clone();
        lone[1].top.clear();
        assert_eq!(of_yes(&lone, true), None, "no alternatives");
        let mut impossible = tokens;
        impossible[1].log_prob = LogProb::LEAST;
        impossible[1].top = vec![top("perhaps", 1.0)];
        assert_eq!(of_yes(&impossible, true), None, "neither");
        let others = [top("{\"verdict\":\"no", 0.1), top("no", 0.1)];
        let whole = reply(&[">{\"verdict\":\"yes", "\"}"], &others);
        assert_eq!(of_yes(&whole, true), None, "more than the word");
        let none = reply(&["I", " agree", ": yes"], &[]);
        assert_eq!(of_yes(&none, true), None, "no verdict");
    }
}
