//! What a validator says.

use crate::reason::JudgeReason;

/// The result of one check on one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The check's name, as in verdicts.
    pub(crate) check: &'static str,
    /// Why it failed and what is at fault, for a person; `None` when it passed.
    pub(crate) failure: Option<(JudgeReason, String)>,
}

impl Finding {
    pub(crate) const fn pass(check: &'static str) -> Self {
        Self {
            check,
            failure: None,
        }
    }

    pub(crate) fn fail(
        check: &'static str,
        reason: JudgeReason,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            check,
            failure: Some((reason, detail.into())),
        }
    }

    /// Passes when there is no detail of a failure.
    pub(crate) fn from_detail(
        check: &'static str,
        reason: JudgeReason,
        detail: Option<impl Into<String>>,
    ) -> Self {
        detail.map_or_else(
            || Self::pass(check),
            |detail| Self::fail(check, reason, detail),
        )
    }
}

/// `items` as a comma-separated list in backticks, each once, at most eight.
pub(crate) fn listed<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut left_out = 0;
    for item in items {
        if seen.contains(&item) {
            continue;
        }
        if seen.len() == 8 {
            left_out += 1;
        } else {
            seen.push(item);
        }
    }
    let list = seen
        .iter()
        .map(|item| format!("`{item}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if left_out > 0 {
        format!("{list} and {left_out} more")
    } else {
        list
    }
}
