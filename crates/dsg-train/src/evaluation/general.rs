//! What a model should not forget.

use crate::data::Row;

const ROWS: &str = include_str!("../../data/general.jsonl");

/// Short questions of arithmetic, geography, language, code and everyday life, with short answers. A student that finds them much less likely than its
/// base model has forgotten for what it has learned.
pub fn general() -> Vec<Row> {
    let rows = ROWS.lines().map(serde_json::from_str);
    // That each of them is a row, a test says.
    rows.filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_is_a_question_of_its_own() {
        let rows = general();
        assert_eq!(rows.len(), ROWS.lines().count());
        assert!(rows.len() >= 40, "{}", rows.len());
        let ids: BTreeSet<&str> = rows.iter().map(Row::id).collect();
        let questions: BTreeSet<&str> = rows
            .iter()
            .map(|row| row.messages()[0].content.as_str())
            .collect();
        assert_eq!((ids.len(), questions.len()), (rows.len(), rows.len()));
        assert!(rows.iter().all(|row| row.messages().len() == 2));
    }
}
