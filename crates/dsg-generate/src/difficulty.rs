//! How much a reader must already know, from features of the answer and its place.

use dsg_core::{Difficulty, QuestionType};

use crate::place::Place;
use crate::regexes::regex;

/// One point each for: more than 350 characters; more than 900; two conditions (“if”, “unless”, “only”, “must”, …); five
/// conditions; five code tokens or a list of values; an administrator's page; a question that asks why or when.
/// None or one is basic, two or three intermediate, more advanced.
pub(crate) fn of(answer: &str, question_type: QuestionType, place: &Place) -> Difficulty {
    let conditions = regex!(
        r"(?i)\b(?:if|unless|only|except|must|when|requires?|depends?|otherwise|instead|overrid\w+|ignored|however|although|whereas|unlike)\b"
    )
    .find_iter(answer)
    .count();
    let codes = answer.matches('`').count() / 2;
    let nested = answer.contains("\n- ") || answer.contains("\n1. ");
    let administration = is_administration(place);
    let reasoning = question_type == QuestionType::Analytical;
    let points = [
        answer.len() > 350,
        answer.len() > 900,
        conditions >= 2,
        conditions >= 5,
        codes >= 5 || nested,
        administration,
        reasoning,
    ]
    .into_iter()
    .filter(|point| *point)
    .count();
    match points {
        0 | 1 => Difficulty::Basic,
        2 | 3 => Difficulty::Intermediate,
        _ => Difficulty::Advanced,
    }
}

/// Whether the page is for those who run the system rather than those who use it.
fn is_administration(place: &Place) -> bool {
    let names = std::iter::once(&place.title).chain(&place.trail);
    place.tool.as_ref().is_some_and(|tool| tool.is_file || tool.name.ends_with('d'))
        || names.into_iter().any(|name| {
            regex!(r"(?i)\b(?:admin\w*|daemon|slurmctld|slurmdbd|slurmd|plugins?|accounting|configuration|cgroups?|federation|power sav\w+|upgrad\w+|install\w*|developers?|api|security|sacctmgr)\b")
                .is_match(name)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::Lexicon;
    use crate::testing::chunk_of;

    #[test]
    fn conditions_and_administration_make_it_harder() {
        let chunk = chunk_of("x", Vec::new(), &["sinfo", "OPTIONS"]);
        let user = Place::new(&chunk, &chunk.heading_path, None, &Lexicon::default());
        assert_eq!(
            of("Lists nodes.", QuestionType::Factual, &user),
            Difficulty::Basic
        );
        let chunk = chunk_of("x", Vec::new(), &["slurm.conf", "PARAMETERS"]);
        let admin = Place::new(&chunk, &chunk.heading_path, None, &Lexicon::default());
        let text = "Only if set. Must be unset unless needed, otherwise ignored when idle.";
        assert_eq!(
            of(text, QuestionType::Factual, &admin),
            Difficulty::Intermediate
        );
        assert_eq!(
            of(text, QuestionType::Analytical, &admin),
            Difficulty::Advanced
        );
    }
}
