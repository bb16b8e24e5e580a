//! Rules for Rust files.

use super::Issue;

/// Hand-written files end here.
const MOST_LINES: usize = 1000;
/// From here on a file should be split.
const MANY_LINES: usize = 700;

/// Marks of unfinished work, silenced lints without a reason, ignored tests, files that are too long.
pub(crate) fn check(file: &str, text: &str) -> Vec<Issue> {
    let mut issues = Vec::new();
    let lines = text.lines().count();
    if lines > MOST_LINES {
        issues.push(Issue::new(
            file,
            MOST_LINES,
            format!("{lines} lines; {MOST_LINES} are the limit"),
        ));
    } else if lines > MANY_LINES {
        issues.push(Issue::advice(
            file,
            MANY_LINES,
            format!("{lines} lines: split it"),
        ));
    }
    for (number, line) in (1..).zip(text.lines()) {
        let code = line.split("//").next().unwrap_or_default();
        for name in ["todo", "unimplemented", "dbg"] {
            if has_macro(code, name) {
                issues.push(Issue::new(
                    file,
                    number,
                    format!("`{name}!` is unfinished work"),
                ));
            }
        }
        if code.trim_start().starts_with("#[ignore") {
            issues.push(Issue::new(
                file,
                number,
                "an ignored test tests nothing: make it run or remove it",
            ));
        }
    }
    issues.extend(silenced(file, text));
    if file.ends_with("dsg-cli/src/main.rs") && lines > 80 {
        issues.push(Issue::new(
            file,
            80,
            format!("{lines} lines; `main.rs` has at most 80"),
        ));
    }
    issues
}

fn has_macro(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(start, _)| {
        let before = code.get(..start).and_then(|text| text.chars().next_back());
        let after = code.get(start + name.len()..).unwrap_or_default();
        after.starts_with("!(")
            && !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"')
    })
}

/// `allow` and `expect` attributes without `reason`.
fn silenced(file: &str, text: &str) -> Vec<Issue> {
    let mut issues = Vec::new();
    for opening in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
        for (start, _) in text.match_indices(opening) {
            let line_start = text
                .get(..start)
                .and_then(|t| t.rfind('\n'))
                .map_or(0, |at| at + 1);
            let lead = text.get(line_start..start).unwrap_or_default();
            if !lead.trim().is_empty() {
                // In a comment or a string.
                continue;
            }
            let rest = text.get(start..).unwrap_or_default();
            let attribute = rest
                .split_once(")]")
                .map_or(rest, |(attribute, _)| attribute);
            if !attribute.contains("reason") {
                let number = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
                issues.push(Issue::new(file, number, "a silenced lint without a reason"));
            }
        }
    }
    issues
}

/// Whether the crate documentation at the top of a `lib.rs` has an example that a test runs.
pub(crate) fn has_executed_example(text: &str) -> bool {
    let docs: Vec<&str> = text
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("//"))
        .filter_map(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .collect();
    let mut inside = false;
    for line in docs {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let skipped = [
            "ignore",
            "no_run",
            "compile_fail",
            "text",
            "sh",
            "json",
            "yaml",
            "toml",
        ];
        if !inside && !info.split(',').any(|word| skipped.contains(&word.trim())) {
            return true;
        }
        inside = !inside;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(file: &str, text: &str) -> Vec<String> {
        check(file, text)
            .into_iter()
            .map(|issue| issue.to_string())
            .collect()
    }

    #[test]
    fn unfinished_work_is_found() {
        for name in ["todo", "unimplemented", "dbg"] {
            let text = format!("fn f() {{\n    {name}!(x)\n}}\n");
            assert_eq!(
                messages("a.rs", &text),
                [format!("a.rs:2: `{name}!` is unfinished work")]
            );
        }
        assert!(messages("a.rs", &format!("// {}!()\nmy_{}!();", "todo", "dbg")).is_empty());
    }

    #[test]
    fn silence_needs_a_reason() {
        let bare = ["#[", "allow(dead_code)]\nfn f() {}"].concat();
        assert_eq!(
            messages("a.rs", &bare),
            ["a.rs:1: a silenced lint without a reason"]
        );
        let reasoned = ["#![", "allow(\n    dead_code,\n    reason = \"x\"\n)]"].concat();
        assert!(messages("a.rs", &reasoned).is_empty());
    }

    #[test]
    fn ignored_tests_are_found() {
        assert_eq!(messages("a.rs", &["#[", "ignore]"].concat()).len(), 1);
    }

    #[test]
    fn long_files_are_found() {
        assert!(messages("a.rs", &"x\n".repeat(700)).is_empty());
        assert!(
            messages("a.rs", &"x\n".repeat(701))
                .concat()
                .contains("advice: 701")
        );
        assert!(
            messages("a.rs", &"x\n".repeat(1001))
                .concat()
                .contains("1000 are the limit")
        );
        assert_eq!(
            messages("crates/dsg-cli/src/main.rs", &"x\n".repeat(81)).len(),
            1
        );
    }

    #[test]
    fn an_example_must_run() {
        assert!(has_executed_example(
            "//! Docs.\n//!\n//! ```\n//! f();\n//! ```\n"
        ));
        assert!(has_executed_example(
            "//! ```sh\n//! x\n//! ```\n//! ```rust\n//! f();\n//! ```\n"
        ));
        assert!(!has_executed_example("//! ```no_run\n//! f();\n//! ```\n"));
        assert!(!has_executed_example("//! ```text\n//! f();\n//! ```\n"));
        assert!(!has_executed_example("//! Docs.\nfn f() {}\n/// ```\n"));
    }
}
