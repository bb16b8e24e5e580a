//! How likely a token was, and which were likelier: by the model's own distribution, before any grammar or temperature.

use dsg_core::{LogProb, TokenLogProb, TopLogProb};
use llama_cpp_2::token::LlamaToken;

/// `token` among `logits`, one for each token of the vocabulary, and the `count` likeliest of these; of equals the one with the
/// lower number. `text` says what a token is written as.
pub(super) fn log_probs(
    logits: &[f32],
    token: LlamaToken,
    count: u8,
    text: impl Fn(LlamaToken) -> String,
) -> TokenLogProb {
    let log_sum = log_sum(logits);
    let log_prob = |logit: f32| LogProb::new(f64::from(logit) - log_sum);
    let mut ranked: Vec<(LlamaToken, f32)> = (0..)
        .map(LlamaToken::new)
        .zip(logits.iter().copied())
        .collect();
    let likelier = |a: &(LlamaToken, f32), b: &(LlamaToken, f32)| {
        b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0))
    };
    let count = usize::from(count);
    if count < ranked.len() {
        ranked.select_nth_unstable_by(count, likelier);
        ranked.truncate(count);
    }
    ranked.sort_unstable_by(likelier);
    let logit = usize::try_from(token.0)
        .ok()
        .and_then(|place| logits.get(place));
    TokenLogProb {
        text: text(token),
        log_prob: logit.map_or(LogProb::LEAST, |logit| log_prob(*logit)),
        top: ranked
            .into_iter()
            .map(|(token, logit)| TopLogProb {
                text: text(token),
                log_prob: log_prob(logit),
            })
            .collect(),
    }
}

/// The logarithm of the sum of the exponentials, by which logits become log-probabilities.
pub(super) fn log_sum(logits: &[f32]) -> f64 {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let greatest = f64::from(greatest);
    let shares = logits
        .iter()
        .map(|logit| (f64::from(*logit) - greatest).exp());
    greatest + shares.sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_come_first_and_the_chosen_need_not_be_one_of_them() {
        // Probabilities of 1/2, 1/8, 0, 1/8 and 1/4.
        let logits =
            [3.0, 1.0, f32::NEG_INFINITY, 1.0, 2.0].map(|power| power * std::f32::consts::LN_2);
        let told = log_probs(&logits, LlamaToken::new(3), 3, |token| token.to_string());
        let halvings = |log_prob: LogProb| (-log_prob.probability().log2()).round();
        assert_eq!((told.text.as_str(), halvings(told.log_prob)), ("3", 3.0));
        let top: Vec<_> = told
            .top
            .iter()
            .map(|other| (other.text.as_str(), halvings(other.log_prob)))
            .collect();
        assert_eq!(top, [("0", 1.0), ("4", 2.0), ("1", 3.0)]);

        let told = log_probs(&logits, LlamaToken::new(2), 9, |token| token.to_string());
        assert_eq!((told.log_prob, told.top.len()), (LogProb::LEAST, 5));
    }
}
