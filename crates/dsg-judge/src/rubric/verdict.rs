//! A verdict from a model's reply, and yes or no from several.

use dsg_core::TokenLogProb;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::judge::rounded;
use crate::rubric::ask::objects;
use crate::rubric::probability;

/// A reason with more characters is cut.
const REASON_CHARS: usize = 240;

/// What a verdict may be.
pub(crate) trait Choice: Copy + 'static {
    /// Each word for one, in lower case, with what it means.
    const WORDS: &'static [(&'static str, Self)];
}

/// The answer to a yes-or-no question.
impl Choice for bool {
    const WORDS: &'static [(&'static str, Self)] = &[("yes", true), ("no", false)];
}

/// One reply to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opinion<V> {
    pub(crate) verdict: V,
    pub(crate) reason: String,
}

#[derive(Deserialize)]
struct Reply {
    verdict: Value,
    #[serde(default)]
    reason: Value,
}

/// The schema that replies are held to where the model can be.
pub(crate) fn schema<V: Choice>() -> Value {
    json!({
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": words::<V>()},
            "reason": {"type": "string", "maxLength": REASON_CHARS},
        },
        "required": ["verdict", "reason"],
        "additionalProperties": false,
    })
}

/// A vote on a yes-or-no question.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vote {
    pub(crate) yes: bool,
    /// How probable a yes was, where the model tells.
    pub(crate) probability: Option<f64>,
    pub(crate) reason: String,
}

/// The vote in a reply, as [`parse`] reads it, and how probable a yes was.
pub(crate) fn read(text: &str, tokens: &[TokenLogProb]) -> Result<Vote, String> {
    let opinion = parse::<bool>(text)?;
    Ok(Vote {
        yes: opinion.verdict,
        probability: probability::of_yes(tokens, opinion.verdict),
        reason: opinion.reason,
    })
}

/// The verdict of a reply: of exactly one JSON object with a verdict in it, or a reply that is the word and nothing else.
/// Everything else is no verdict, above all a reply with two: one of them may be a quotation of its input.
pub(crate) fn parse<V: Choice>(text: &str) -> Result<Opinion<V>, String> {
    let mut found: Option<Opinion<V>> = None;
    for object in objects(text) {
        if !object.contains("verdict") {
            continue;
        }
        let reply: Reply =
            serde_json::from_str(object).map_err(|error| format!("no verdict: {error}"))?;
        let word = match &reply.verdict {
            Value::Bool(true) => "yes",
            Value::Bool(false) => "no",
            other => other.as_str().unwrap_or_default(),
        };
        let verdict = meant::<V>(word)
            .ok_or_else(|| format!("a verdict that is none of {}", words::<V>().join(", ")))?;
        if found.is_some() {
            return Err("more than one verdict".to_owned());
        }
        found = Some(Opinion {
            verdict,
            reason: short(reply.reason.as_str().unwrap_or_default()),
        });
    }
    found
        .or_else(|| {
            meant(text).map(|verdict| Opinion {
                verdict,
                reason: String::new(),
            })
        })
        .ok_or_else(|| "no JSON object with a verdict".to_owned())
}

fn words<V: Choice>() -> Vec<&'static str> {
    V::WORDS.iter().map(|(word, _)| *word).collect()
}

/// What a word means, whatever its case and what it is set in.
fn meant<V: Choice>(text: &str) -> Option<V> {
    let word = text
        .trim()
        .trim_matches(['.', '"', '\'', '*', '`'])
        .to_lowercase();
    let found = V::WORDS.iter().find(|(known, _)| *known == word);
    found.map(|(_, verdict)| *verdict)
}

fn short(reason: &str) -> String {
    let mut chars = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = chars.char_indices().nth(REASON_CHARS) {
        chars.truncate(at);
        chars.push('…');
    }
    chars
}

/// The votes on one question. What is no verdict counts as a no.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tally {
    /// The least mean probability at which a yes counts.
    min_probability: f64,
    yes: usize,
    pub(crate) cast: usize,
    unparsed: usize,
    /// Sum of the probabilities of a yes; a vote that has none counts by its word, as 1 or 0.
    pub(crate) probability: f64,
    /// Whether any vote has a probability.
    pub(crate) is_measured: bool,
    /// Reason of the first yes and of the first no.
    reasons: [Option<String>; 2],
    /// Why the first vote without a verdict has none.
    problem: Option<String>,
}

/// How a vote went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Majority {
    /// The majority says yes.
    Yes,
    /// It says yes, with too small a probability.
    Weak,
    /// It does not.
    No,
    /// It does not, but might have with the votes that could not be read.
    Unreadable,
}

impl Tally {
    /// No votes yet.
    pub(crate) fn new(min_probability: f64) -> Self {
        Self {
            min_probability,
            ..Self::default()
        }
    }

    /// A vote that nobody has to be asked for.
    pub(crate) fn certain() -> Self {
        Self {
            yes: 1,
            cast: 1,
            probability: 1.0,
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, vote: Result<Vote, String>) {
        self.cast += 1;
        match vote {
            Ok(vote) => {
                self.yes += usize::from(vote.yes);
                self.is_measured |= vote.probability.is_some();
                let by_word = f64::from(u8::from(vote.yes));
                self.probability += vote.probability.unwrap_or(by_word);
                if let Some(reason) = self.reasons.get_mut(usize::from(!vote.yes)) {
                    reason.get_or_insert(vote.reason);
                }
            }
            Err(problem) => {
                self.unparsed += 1;
                self.problem.get_or_insert(problem);
            }
        }
    }

    /// The mean probability of a yes, in `[0, 1]`: the share of yes votes where no vote has one. 0 without votes.
    pub(crate) fn score(&self) -> f64 {
        mean(self.probability, self.cast)
    }

    pub(crate) fn result(&self) -> Majority {
        if self.yes * 2 > self.cast {
            if self.is_measured && self.score() < self.min_probability {
                Majority::Weak
            } else {
                Majority::Yes
            }
        } else if (self.yes + self.unparsed) * 2 > self.cast {
            Majority::Unreadable
        } else {
            Majority::No
        }
    }

    /// What the winning side gave as its reason, and why a yes does not count.
    pub(crate) fn reason(&self) -> String {
        let [yes, no] = &self.reasons;
        let result = self.result();
        let given = match result {
            Majority::Yes | Majority::Weak => yes,
            Majority::No => no,
            Majority::Unreadable => &self.problem,
        };
        let given = given.as_deref().unwrap_or_default();
        if result != Majority::Weak {
            return given.to_owned();
        }
        let (score, least) = (self.score(), self.min_probability);
        let why = format!("a yes with a probability of {score}, below {least}");
        joined(&why, given)
    }
}

/// Both with a colon between them, or the one that is not empty.
pub(crate) fn joined(first: &str, second: &str) -> String {
    match (first, second) {
        (one, "") | ("", one) => one.to_owned(),
        _ => format!("{first}: {second}"),
    }
}

/// The mean of `cast` numbers by their sum, rounded as scores are; 0 of none.
pub(crate) fn mean(sum: f64, cast: usize) -> f64 {
    if cast == 0 {
        return 0.0;
    }
    rounded(sum / cast as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yes(text: &str) -> Option<bool> {
        parse::<bool>(text).ok().map(|opinion| opinion.verdict)
    }

    #[test]
    fn one_object_with_one_verdict_is_read() {
        assert_eq!(
            yes(r#"{"verdict": "yes", "reason": "The quote says so."}"#),
            Some(true)
        );
        assert_eq!(
            yes("Sure:\n```json\n{\"verdict\":\"No\",\"reason\":\"}{\"}\n```"),
            Some(false)
        );
        assert_eq!(yes(r#"{"verdict": true}"#), Some(true));
        assert_eq!(yes("**No.**"), Some(false));
    }

    #[test]
    fn everything_else_is_no_verdict() {
        for text in [
            "",
            "yes, because the quote says so",
            "Score: 1",
            r#"{"verdict": "yes", "reason": "cut"#,
            r#"{"verdict": "maybe"}"#,
            r#"{"verdict": 1}"#,
            r#"{"reason": "yes"}"#,
            r#"{"verdict": "no", "verdict": "yes"}"#,
            r#"The answer says {"verdict": "yes"}. {"verdict": "no"}"#,
            r#"[{"verdict": "yes"}, {"verdict": "yes"}]"#,
        ] {
            assert_eq!(yes(text), None, "{text}");
        }
    }

    #[test]
    fn an_unreadable_vote_is_a_no_and_says_so_only_where_it_decides() {
        let tally = |votes: &[Option<bool>]| {
            let mut tally = Tally::default();
            for vote in votes {
                tally.add(vote.map_or_else(
                    || Err("cut".to_owned()),
                    |yes| {
                        Ok(Vote {
                            yes,
                            probability: None,
                            reason: String::new(),
                        })
                    },
                ));
            }
            tally.result()
        };
        assert_eq!(tally(&[Some(true), None, Some(true)]), Majority::Yes);
        assert_eq!(
            tally(&[Some(true), None, Some(false)]),
            Majority::Unreadable
        );
        assert_eq!(tally(&[Some(false), None, Some(false)]), Majority::No);
        assert_eq!(tally(&[None]), Majority::Unreadable);
    }

    #[test]
    fn a_yes_counts_from_its_least_probability_on_and_a_no_stays_one() {
        let told = |least: f64, votes: &[(bool, Option<f64>)]| {
            let mut tally = Tally::new(least);
            for (yes, probability) in votes {
                tally.add(Ok(Vote {
                    yes: *yes,
                    probability: *probability,
                    reason: "So.".to_owned(),
                }));
            }
            (tally.result(), tally.score(), tally.reason())
        };
        let so = "So.".to_owned();
        let one = [(true, Some(0.62))];
        assert_eq!(told(0.5, &one), (Majority::Yes, 0.62, so.clone()));
        assert_eq!(told(0.62, &one), (Majority::Yes, 0.62, so.clone()));
        let weak = "a yes with a probability of 0.62, below 0.9: So.".to_owned();
        assert_eq!(told(0.9, &one), (Majority::Weak, 0.62, weak));

        let three = [(true, Some(0.9)), (true, Some(0.7)), (false, Some(0.2))];
        assert_eq!(told(0.6, &three), (Majority::Yes, 0.6, so.clone()));
        assert_eq!(told(0.61, &three).0, Majority::Weak);

        let probable_no = [(false, Some(0.6))];
        assert_eq!(told(0.1, &probable_no), (Majority::No, 0.6, so.clone()));
        // Words alone count as they are.
        let words = [(true, None), (true, None), (false, None)];
        assert_eq!(told(1.0, &words), (Majority::Yes, 0.6667, so));
    }
}
