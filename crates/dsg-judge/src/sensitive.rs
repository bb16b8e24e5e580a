//! A stretch of text that must not reach a dataset.

use std::ops::Range;

/// What was found, where, and what may stand there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sensitive {
    /// What it is: `aws-access-key`, `email`, …
    pub label: &'static str,
    /// Its bytes in the text that was scanned.
    pub range: Range<usize>,
}

/// `text` with every finding replaced by `<placeholder>`; overlapping findings are replaced once.
pub(crate) fn replace(
    text: &str,
    found: &[Sensitive],
    placeholder: fn(&'static str) -> &'static str,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for item in found {
        if item.range.start < done {
            continue;
        }
        out.push_str(text.get(done..item.range.start).unwrap_or_default());
        out.push_str(placeholder(item.label));
        done = item.range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Sorts findings by place and drops those inside an earlier one.
pub(crate) fn merge(mut found: Vec<Sensitive>) -> Vec<Sensitive> {
    found.sort_by_key(|item| (item.range.start, usize::MAX - item.range.end));
    let mut reach = 0;
    found.retain(|item| {
        let outside = item.range.start >= reach;
        if outside {
            reach = item.range.end;
        }
        outside
    });
    found
}
