//! Ends an answer of a model before the first sentence that its quotes do not support.

use dsg_core::{Candidate, Repair};

use crate::fit::is_ungrounded;
use crate::grounding::{self, Ground};
use crate::literal::Lexer;
use crate::rubric::prose_pieces;

/// Cuts the answer, where a model wrote it as one line of prose. A small model answers first and pads then, so that what
/// comes before is an answer. The first sentence stays, for the checks.
pub(crate) fn fix(
    lexer: &Lexer,
    ground: &Ground,
    allowed: &[String],
    min_sentence: f64,
    candidate: &mut Candidate,
    repairs: &mut Vec<Repair>,
) {
    let answer = candidate.answer.as_str();
    if candidate.generator.model.is_none() || answer.trim().contains('\n') {
        return;
    }
    let is_supported = |sentence: &str| {
        !is_ungrounded(ground, sentence, min_sentence)
            && grounding::unsupported(lexer, ground, sentence, allowed).is_empty()
    };
    let mut end = 0;
    for (number, sentence) in prose_pieces(answer).iter().enumerate() {
        let Some(start) = answer.get(end..).and_then(|rest| rest.find(sentence)) else {
            return;
        };
        if number > 0 && !is_supported(sentence) {
            let (kept, cut) = answer.split_at(end);
            repairs.push(Repair {
                name: "cut_unsupported".to_owned(),
                detail: format!(
                    "no support in the citations for what came next: `{}`",
                    cut.trim()
                ),
            });
            candidate.answer = kept.trim_end().to_owned();
            return;
        }
        end += start + sentence.len();
    }
}
