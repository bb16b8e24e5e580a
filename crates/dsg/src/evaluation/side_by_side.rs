//! Both models' answers, to be read: `compare.md`.

use std::fmt::Write as _;

use super::EvalModel;
use super::compare::{CompareSummary, Pair};
use super::record::Evaluated;

/// The figures, then every question with its reference and both answers. Texts are quoted, so that no answer looks like a heading.
pub(super) fn side_by_side(summary: &CompareSummary, axes: &[(String, Vec<Pair<'_>>)]) -> String {
    let mut out = format!(
        "# Side by side\n\n- base: {}\n- student: {}\n- {} questions\n\n",
        name(&summary.base),
        name(&summary.student),
        summary.items
    );
    out.push_str(
        "| axis | metric | base | student | difference | 95 % | p(better) | better | same | worse |\n\
         |---|---|---:|---:|---:|---|---:|---:|---:|---:|\n",
    );
    for axis in &summary.axes {
        for metric in &axis.metrics {
            let _ = writeln!(
                out,
                "| {} | {} | {:.3} | {:.3} | {:+.3} | {:+.3} to {:+.3} | {:.3} | {} | {} | {} |",
                axis.axis,
                metric.metric,
                metric.base,
                metric.student,
                metric.difference,
                metric.low,
                metric.high,
                metric.p_better,
                metric.wins,
                metric.ties,
                metric.losses,
            );
        }
    }
    for (axis, pairs) in axes {
        let _ = write!(out, "\n## {axis}\n");
        for pair in pairs {
            let Pair { base, student } = pair;
            let _ = write!(out, "\n### {}\n\n", base.id);
            quote(&mut out, "Question", &base.question);
            if let Some(wording) = &base.reworded {
                let _ = write!(out, "Trained on as: {}\n\n", one_line(&wording.original));
            }
            quote(&mut out, "Reference", &base.reference);
            quote(&mut out, &figures("Base", base), &base.answer);
            quote(&mut out, &figures("Student", student), &student.answer);
        }
    }
    out
}

fn name(model: &EvalModel) -> String {
    let base = format!("`{}`", model.model.display());
    match &model.adapter {
        Some(adapter) => format!("{base} with `{}`", adapter.display()),
        None => base,
    }
}

fn figures(who: &str, result: &Evaluated) -> String {
    let f1 = result.scores.as_ref().map_or(0.0, |scores| scores.f1);
    format!("{who} (nll {:.2}, F1 {f1:.2})", result.nll)
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

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

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
