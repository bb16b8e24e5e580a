//! Takes greetings and closing remarks off what a model wrote.

use dsg_core::{Candidate, Repair};
use regex::Regex;

use crate::error::JudgeError;
use crate::pattern::any_case;
use crate::stem::is_function_word;

/// Removes what stands around an answer and is none of it. What it says stays as written.
#[derive(Debug)]
pub(crate) struct Trimmer {
    opening: Regex,
    closing: Regex,
}

impl Trimmer {
    pub(crate) fn new() -> Result<Self, JudgeError> {
        Ok(Self {
            opening: any_case(
                "opening",
                concat!(
                    r"^\s*(?:",
                    r"(?:sure(?: thing)?|certainly|of course|absolutely|(?:great|good) question|happy to help)\s*[.!,:]+|",
                    r"I(?:'d| would| can|'ll| will)(?: be)? (?:happy|glad|love)? ?(?:to )?(?:help|assist)\b[^\n.!:]{0,40}[.!:]+|",
                    r"(?:here is|here's) (?:the|an|your|my) (?:\w+ )?(?:answer|question|response)\b[^\n.:]{0,60}:|",
                    r"(?:\*\*)?(?:question|answer|response|Q|A)(?:\*\*)?:(?:\*\*)?\s|",
                    r"(?:according to|based on|as (?:stated|described|mentioned|noted|explained) in) (?:the|this) (?:(?:provided|given|above|quoted|supplied) )?(?:documentation|document|passage|text|excerpt|context|quotes?|evidence|section|page|pages),",
                    r")\s*",
                ),
            )?,
            // One sentence, the last.
            closing: any_case(
                "closing",
                concat!(
                    r"\s+(?:I hope (?:this|that) helps|",
                    r"(?:if you (?:have|need) (?:any )?(?:other|further|more|additional) (?:questions?|help|information|details),? )?(?:please )?(?:let me know|feel free to (?:ask|reach out)|do(?:n't| not) hesitate to|just ask)|",
                    r"(?:this|the) (?:answer|information|response) is (?:based on|taken from|supported by|directly from) the (?:provided |given |above )?(?:documentation|text|passage|context|quotes?|evidence)",
                    r")[^\n.!?]*[.!?]*\s*$",
                ),
            )?,
        })
    }

    /// Trims question and answer.
    pub(crate) fn fix(&self, candidate: &mut Candidate, repairs: &mut Vec<Repair>) {
        for (place, text) in [
            ("question", &mut candidate.question),
            ("answer", &mut candidate.answer),
        ] {
            let mut trimmed = text.clone();
            // `Sure! Here is the answer:` are two, and so can closings be.
            for _ in 0..4 {
                let without = self.once(&trimmed);
                if without == trimmed || !without.chars().any(char::is_alphanumeric) {
                    break;
                }
                trimmed = without;
            }
            if trimmed != *text {
                repairs.push(Repair {
                    name: "trim".to_owned(),
                    detail: format!(
                        "{} bytes of opening or closing remarks taken off the {place}",
                        text.len().saturating_sub(trimmed.len())
                    ),
                });
                *text = trimmed;
            }
        }
    }

    fn once(&self, text: &str) -> String {
        let text = self.closing.replace(text, "");
        let Some(opening) = self.opening.find(&text) else {
            return text.into_owned();
        };
        let rest = text.get(opening.end()..).unwrap_or_default();
        // A name or command keeps its case.
        let first: String = rest.chars().take_while(|c| c.is_alphabetic()).collect();
        let mut chars = rest.chars();
        match chars.next() {
            Some(letter) if is_function_word(&first) => {
                letter.to_uppercase().chain(chars).collect()
            }
            _ => rest.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trimmed(text: &str) -> String {
        let trimmer = Trimmer::new().unwrap();
        let mut text = text.to_owned();
        for _ in 0..4 {
            text = trimmer.once(&text);
        }
        text
    }

    #[test]
    fn remarks_around_an_answer_go() {
        for (text, left) in [
            (
                "Sure! Here is the answer: The default is 60 minutes. I hope this helps!",
                "The default is 60 minutes.",
            ),
            (
                "According to the documentation, the default is 60 minutes.",
                "The default is 60 minutes.",
            ),
            (
                "Based on the provided text, `sbatch` submits.",
                "`sbatch` submits.",
            ),
            ("**Answer:** sbatch submits it.", "sbatch submits it."),
            (
                "Use `-n 2`.\n\nLet me know if you have any questions.",
                "Use `-n 2`.",
            ),
        ] {
            assert_eq!(trimmed(text), left);
        }
    }

    #[test]
    fn what_an_answer_says_stays() {
        for text in [
            "According to the partition's limit, jobs are rejected.",
            "Certainly not every node has a GPU.",
            "Answer the prompt with `yes`.",
            "Let users know if the queue is closed.",
            "Run `squeue`. If you need more information, run `scontrol show job`.",
        ] {
            assert_eq!(trimmed(text), text);
        }
    }
}
