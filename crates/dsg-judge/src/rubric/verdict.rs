//! A verdict from a model's reply, and yes or no from several.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::rubric::ask::objects;

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) yes: usize,
    pub(crate) cast: usize,
    unparsed: usize,
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
    /// It does not.
    No,
    /// It does not, but might have with the votes that could not be read.
    Unreadable,
}

impl Tally {
    /// A vote that nobody has to be asked for.
    pub(crate) fn certain() -> Self {
        Self {
            yes: 1,
            cast: 1,
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, opinion: Result<Opinion<bool>, String>) {
        self.cast += 1;
        match opinion {
            Ok(opinion) => {
                self.yes += usize::from(opinion.verdict);
                if let Some(reason) = self.reasons.get_mut(usize::from(!opinion.verdict)) {
                    reason.get_or_insert(opinion.reason);
                }
            }
            Err(problem) => {
                self.unparsed += 1;
                self.problem.get_or_insert(problem);
            }
        }
    }

    pub(crate) const fn result(&self) -> Majority {
        if self.yes * 2 > self.cast {
            Majority::Yes
        } else if (self.yes + self.unparsed) * 2 > self.cast {
            Majority::Unreadable
        } else {
            Majority::No
        }
    }

    /// What the winning side gave as its reason.
    pub(crate) fn reason(&self) -> &str {
        let [yes, no] = &self.reasons;
        match self.result() {
            Majority::Yes => yes.as_deref(),
            Majority::No => no.as_deref(),
            Majority::Unreadable => self.problem.as_deref(),
        }
        .unwrap_or_default()
    }
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
                        Ok(Opinion {
                            verdict: yes,
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
}
