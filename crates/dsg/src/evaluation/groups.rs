//! What is resampled together: questions of one document are right or wrong together.

use std::collections::BTreeMap;

use dsg_train::evaluation::{Measured, mean};

use super::record::Evaluated;

/// With fewer groups, intervals are too narrow.
const FEW: usize = 20;

/// The values, those of one document as one that weighs as much as they do together. A row that cites no document stands alone.
pub(super) fn grouped<'a>(
    values: impl IntoIterator<Item = (&'a Evaluated, Measured)>,
) -> Vec<Measured> {
    let mut documents: BTreeMap<&str, Vec<Measured>> = BTreeMap::new();
    let mut groups = Vec::new();
    for (result, value) in values {
        match &result.document {
            Some(document) => documents.entry(document).or_default().push(value),
            None => groups.push(value),
        }
    }
    groups.extend(documents.values().map(|values| Measured {
        value: mean(values),
        weight: values.iter().map(|value| value.weight).sum(),
    }));
    groups
}

/// How many groups the results are.
pub(super) fn count<'a>(results: impl IntoIterator<Item = &'a Evaluated>) -> usize {
    let values = results
        .into_iter()
        .map(|result| (result, Measured::from(0.0)));
    grouped(values).len()
}

/// What has to be said of the intervals of an axis, where there is something.
pub(super) fn caution(axis: &str, items: usize, groups: usize) -> Option<String> {
    (groups < FEW).then(|| {
        format!(
            "{axis}: {items} questions from {groups} documents (a row that cites none counts as one); with fewer than {FEW} the intervals are too \
             narrow, with one there is none"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_of_a_document_are_one_value() {
        let of = |document: Option<&str>| Evaluated {
            document: document.map(str::to_owned),
            ..Evaluated::example()
        };
        let results = [of(Some("a")), of(None), of(Some("a")), of(None)];
        let values = [(1.0, 3.0), (7.0, 1.0), (5.0, 1.0), (7.0, 2.0)];
        let values = values.map(|(value, weight)| Measured { value, weight });
        let groups = grouped(results.iter().zip(values));
        let expected = [(7.0, 1.0), (7.0, 2.0), (2.0, 4.0)];
        assert_eq!(
            groups,
            expected.map(|(value, weight)| Measured { value, weight })
        );
        assert_eq!(count(&results), 3);
        assert!(caution("unseen", 4, 3).unwrap().contains("3 documents"));
        assert_eq!(caution("unseen", 20, 20), None);
    }
}
