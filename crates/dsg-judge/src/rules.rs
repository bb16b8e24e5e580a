//! What the configuration wants and does not want to read.

use regex::{Regex, RegexBuilder};

use crate::config::Rules;
use crate::error::JudgeError;
use crate::finding::{Finding, listed};
use crate::reason::JudgeReason;

/// A rule with its text as configured.
#[derive(Debug)]
struct Rule {
    written: String,
    pattern: Regex,
}

/// Compiled `must_include` and `must_avoid`.
#[derive(Debug)]
pub(crate) struct RuleCheck {
    include: Vec<Rule>,
    avoid: Vec<Rule>,
}

impl RuleCheck {
    pub(crate) fn new(rules: &Rules) -> Result<Self, JudgeError> {
        Ok(Self {
            include: compile("rules.must_include", &rules.must_include)?,
            avoid: compile("rules.must_avoid", &rules.must_avoid)?,
        })
    }

    pub(crate) fn check(&self, question: &str, answer: &str) -> Vec<Finding> {
        let found = |rule: &&Rule| rule.pattern.is_match(question) || rule.pattern.is_match(answer);
        let missing: Vec<&Rule> = self.include.iter().filter(|rule| !found(rule)).collect();
        let present: Vec<&Rule> = self.avoid.iter().filter(found).collect();
        [
            (
                "rules.must_include",
                JudgeReason::MustInclude,
                missing,
                "missing",
            ),
            ("rules.must_avoid", JudgeReason::MustAvoid, present, "found"),
        ]
        .into_iter()
        .map(|(check, reason, broken, what)| {
            let detail = (!broken.is_empty()).then(|| {
                format!(
                    "{what}: {}",
                    listed(broken.iter().map(|rule| rule.written.as_str()))
                )
            });
            Finding::from_detail(check, reason, detail)
        })
        .collect()
    }
}

/// `/…/` is a regular expression, anything else is text that matches without regard to case, as whole words where it
/// begins or ends with a letter or digit.
fn compile(field: &'static str, rules: &[String]) -> Result<Vec<Rule>, JudgeError> {
    rules
        .iter()
        .map(|rule| {
            let inner = rule
                .strip_prefix('/')
                .and_then(|rest| rest.strip_suffix('/'))
                .filter(|inner| !inner.is_empty());
            let pattern = match inner {
                Some(inner) => Regex::new(inner),
                None if rule.trim().is_empty() => {
                    return Err(JudgeError::config(field, "a rule is empty".to_owned()));
                }
                None => {
                    let border = |c: Option<char>| {
                        if c.is_some_and(char::is_alphanumeric) {
                            r"\b"
                        } else {
                            ""
                        }
                    };
                    let escaped = format!(
                        "{}{}{}",
                        border(rule.chars().next()),
                        regex::escape(rule),
                        border(rule.chars().next_back())
                    );
                    RegexBuilder::new(&escaped).case_insensitive(true).build()
                }
            };
            Ok(Rule {
                pattern: pattern.map_err(|source| JudgeError::Pattern {
                    field,
                    rule: rule.clone(),
                    source,
                })?,
                written: rule.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(include: &[&str], avoid: &[&str], answer: &str) -> usize {
        let owned = |rules: &[&str]| rules.iter().map(|rule| (*rule).to_owned()).collect();
        let rules = Rules {
            must_include: owned(include),
            must_avoid: owned(avoid),
            ..Rules::default()
        };
        RuleCheck::new(&rules)
            .unwrap()
            .check("", answer)
            .iter()
            .filter(|finding| finding.failure.is_some())
            .count()
    }

    #[test]
    fn text_is_whole_words_in_any_case_and_slashes_make_an_expression() {
        assert_eq!(broken(&["slurm"], &["ai"], "Slurm said so"), 0);
        assert_eq!(broken(&["/S[a-z]+m/"], &["/^AI/"], "Slurm, AI"), 0);
        assert_eq!(broken(&["pbs"], &["AI"], "As an AI"), 2);
        assert_eq!(broken(&[], &["e.g."], "example"), 0);
    }

    #[test]
    fn a_broken_expression_is_named() {
        let rules = Rules {
            must_avoid: vec!["/(/".to_owned()],
            ..Rules::default()
        };
        let error = RuleCheck::new(&rules).unwrap_err().to_string();
        assert!(error.contains("must_avoid") && error.contains("/(/"));
    }
}
