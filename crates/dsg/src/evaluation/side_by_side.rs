//! Both models' answers, to be read: `compare.md`.

use std::fmt::Write as _;

use dsg_judge::{PairVerdict, Preference};

use super::compare::{AxisComparison, CompareSummary, Pair};
use super::record::Evaluated;

/// What Markdown takes for markup within a line.
const MARKUP: &str = "\\`*_[]<>#|~";

/// The figures, then every question with its reference and both answers. Texts are quoted, so that no answer looks like a heading.
pub(super) fn side_by_side(summary: &CompareSummary, axes: &[(String, Vec<Pair<'_>>)]) -> String {
    let mut out = format!(
        "# Side by side\n\n- base: {}, {} rows refused\n- student: {}, {} rows refused\n- both run by {}\n- {} questions answered by both, {} by one alone\n- \
         similarity by {}\n",
        escaped(&summary.base.to_string()),
        summary.base_refused,
        escaped(&summary.student.to_string()),
        summary.student_refused,
        summary.engine,
        summary.items,
        summary.unpaired,
        escaped(&summary.embedder),
    );
    if let Some(judge) = &summary.judge {
        let _ = writeln!(out, "- judged by {}", escaped(&judge.to_string()));
    }
    for axis in &summary.axes {
        if let Some(win_rate) = &axis.win_rate {
            let _ = writeln!(out, "- {}: {win_rate}", escaped(&axis.axis));
        }
    }
    if !summary.same_tokens {
        out.push_str("- nll is not compared: the models cut answers into different tokens\n");
    }
    for caution in summary.axes.iter().filter_map(AxisComparison::caution) {
        let _ = writeln!(out, "- {}", escaped(&caution));
    }
    out.push('\n');
    out.push_str(
        "| axis | metric | base | student | difference | 95 % | p(better) | better | same | worse |\n\
         |---|---|---:|---:|---:|---|---:|---:|---:|---:|\n",
    );
    for axis in &summary.axes {
        for metric in &axis.metrics {
            let _ = writeln!(
                out,
                "| {} | {} | {:.3} | {:.3} | {:+.3} | {} | {} | {} | {} | {} |",
                escaped(&axis.axis),
                escaped(metric.metric.as_str()),
                metric.base,
                metric.student,
                metric.difference,
                metric.interval(),
                metric.confidence(),
                metric.wins,
                metric.ties,
                metric.losses,
            );
        }
    }
    for (axis, pairs) in axes {
        let _ = write!(out, "\n## {}\n", escaped(axis));
        for pair in pairs {
            let Pair { base, student, .. } = pair;
            let _ = write!(out, "\n### {}\n\n", escaped(&base.id));
            quote(&mut out, "Question", &base.question);
            if let Some(wording) = &base.reworded {
                let _ = write!(out, "Trained on as: {}\n\n", escaped(&wording.original));
            }
            quote(&mut out, "Reference", &base.reference);
            quote(&mut out, &figures("Base", base), &base.answer);
            quote(&mut out, &figures("Student", student), &student.answer);
            if let Some(verdict) = &pair.verdict {
                let _ = write!(out, "Judge: {}\n\n", escaped(&judged(verdict)));
            }
        }
    }
    out
}

fn figures(who: &str, result: &Evaluated) -> String {
    format!("{who} (nll {:.2}, F1 {:.2})", result.nll, result.scores.f1)
}

/// A verdict in a line; A is the base's answer, B the student's.
fn judged(verdict: &PairVerdict) -> String {
    let better = match verdict.preference() {
        None => "no verdict",
        Some(Preference::A) => "the base's answer is better",
        Some(Preference::B) => "the student's answer is better",
        Some(Preference::Tie) if verdict.depends_on_order() => "a tie, since the orders disagree",
        Some(Preference::Tie) => "a tie",
    };
    match verdict {
        PairVerdict::Same => format!("{better}, the same text"),
        PairVerdict::Missing(why) => format!("{better}, {why}"),
        PairVerdict::Asked { a_first, b_first } => format!(
            "{better}. With the base's first: {} With the student's first: {}",
            a_first.reason, b_first.reason
        ),
    }
}

/// A label and a text as a block quote, line by line.
fn quote(out: &mut String, label: &str, text: &str) {
    let _ = writeln!(out, "{label}:\n");
    for line in text.trim().lines() {
        out.push_str(format!("> {line}").trim_end());
        out.push('\n');
    }
    if text.trim().is_empty() {
        out.push_str("> (nothing)\n");
    }
    out.push('\n');
}

/// A text in one line, without a meaning in Markdown.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let words: Vec<&str> = text.split_whitespace().collect();
    for c in words.join(" ").chars() {
        if MARKUP.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_markup() {
        assert_eq!(escaped("a|b_c\n# <i> `x`"), r"a\|b\_c \# \<i\> \`x\`");
    }

    #[test]
    fn no_answer_looks_like_the_page() {
        let mut out = String::new();
        quote(&mut out, "Base", "# Not a heading\n\nfine\n");
        quote(&mut out, "Student", " \n");
        assert_eq!(
            out,
            "Base:\n\n> # Not a heading\n>\n> fine\n\nStudent:\n\n> (nothing)\n\n"
        );
    }
}
