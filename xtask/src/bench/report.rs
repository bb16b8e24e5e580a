//! The page of ratios.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::job::{Contender, DSG, Goal, Outcome};

/// `docs/benchmarks.md`.
pub(crate) fn render(
    results: &[Outcome],
    sections: &[String],
    rounds: usize,
    notes: &str,
) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut out = format!(
        "# Benchmarks\n\n\
         How many times as fast as its peers dsg is: the peer's time divided by dsg's, so 2.0 means half the time. Both do the same\n\
         job in the same run on the same machine ({cores} cores, {} on {}); contenders take turns, and the median of {rounds} rounds\n\
         counts. Absolute times would say more about the machine. Made by\n\n\
         ```sh\ncargo xtask bench\n```\n\n\
         which needs Python with pip (the peers go to a throw-away environment) and the documents in `../shared/corpora`.\n",
        std::env::consts::OS,
        std::env::consts::ARCH,
    );
    for result in results {
        let _ = write!(
            out,
            "\n## {}\n\n{}\n",
            result.job.title,
            wrap(result.job.what)
        );
        let facts: Vec<String> = result
            .facts
            .iter()
            .map(|(what, n)| format!("{} {what}", number(*n as f64)))
            .collect();
        let _ = writeln!(out, "\nInput: {}.", facts.join(", "));
        let threads: BTreeSet<u64> = result.contenders.iter().map(|c| c.threads).collect();
        for threads in threads {
            table(&mut out, result, threads);
        }
        if result.contenders.is_empty() {
            out.push_str("\nNot measured: `dsg` reads none of these files.\n");
            continue;
        }
        out.push_str("\n| goal | reached | |\n|---|--:|---|\n");
        for goal in result.job.goals {
            let _ = writeln!(out, "{}", verdict(result, goal));
        }
    }
    for section in sections {
        let _ = write!(out, "\n{section}");
    }
    if !notes.trim().is_empty() {
        let _ = write!(out, "\n{}\n", notes.trim());
    }
    out
}

fn table(out: &mut String, result: &Outcome, threads: u64) {
    let job = &result.job;
    let noun = if threads == 1 { "thread" } else { "threads" };
    let _ = write!(out, "\n**{threads} {noun}**\n\n| | version |");
    for column in job.metrics.iter().chain(job.findings) {
        let _ = write!(out, " {} |", column.title);
    }
    out.push_str("\n|---|---|");
    out.push_str(&"--:|".repeat(job.metrics.len() + job.findings.len()));
    let Some(dsg) = dsg(result, threads) else {
        return;
    };
    for contender in result.contenders.iter().filter(|c| c.threads == threads) {
        let _ = write!(out, "\n| {} | {} |", contender.engine, contender.version);
        for metric in job.metrics {
            let cell =
                ratio(dsg, contender, metric.key).map_or("–".to_owned(), |r| format!("{r:.2}"));
            let _ = write!(out, " {cell} |");
        }
        for finding in job.findings {
            let cell = contender.median(finding.key).map_or("–".to_owned(), number);
            let _ = write!(out, " {cell} |");
        }
    }
    out.push('\n');
}

fn dsg(result: &Outcome, threads: u64) -> Option<&Contender> {
    result
        .contenders
        .iter()
        .find(|c| c.engine == DSG && c.threads == threads)
}

/// The peer's time over dsg's; `None` where one of them does not report it or it was too short to tell.
fn ratio(dsg: &Contender, peer: &Contender, key: &str) -> Option<f64> {
    let (ours, theirs) = (dsg.median(key)?, peer.median(key)?);
    (ours > 0.0 && theirs > 0.0).then(|| theirs / ours)
}

/// One line of the goals: the least ratio over all numbers of threads counts.
fn verdict(result: &Outcome, goal: &Goal) -> String {
    let least = result
        .contenders
        .iter()
        .filter(|peer| peer.engine == goal.engine)
        .filter_map(|peer| ratio(dsg(result, peer.threads)?, peer, goal.metric))
        .min_by(f64::total_cmp);
    let metric = result.job.metrics.iter().find(|m| m.key == goal.metric);
    let title = metric.map_or(goal.metric, |m| m.title);
    let aim = format!("{title}: at least {} × `{}`", goal.at_least, goal.engine);
    match least {
        Some(least) if least >= goal.at_least => format!("| {aim} | {least:.2} | met |"),
        Some(least) => format!("| {aim} | {least:.2} | missed, see the remarks |"),
        None => format!("| {aim} | – | not measured |"),
    }
}

/// A number as people write it: thousands apart, no idle decimals.
pub(crate) fn number(n: f64) -> String {
    if n.fract() != 0.0 {
        return format!("{n:.3}");
    }
    let digits = format!("{n:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Lines of about 120 characters.
pub(crate) fn wrap(text: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        if width > 0 && width + word.len() > 118 {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn contender(engine: &str, threads: u64, seconds: &[f64]) -> Contender {
        Contender {
            engine: engine.into(),
            version: "1.0".into(),
            threads,
            runs: seconds
                .iter()
                .map(|s| json!({"seconds": s, "duplicates": 1234}))
                .collect(),
        }
    }

    #[test]
    fn a_page_shows_ratios_and_what_they_mean_for_the_goals() {
        let job = super::super::jobs::all()
            .into_iter()
            .find(|job| job.name == "minhash")
            .unwrap();
        let outcome = Outcome {
            job,
            facts: vec![("texts".into(), 200_000)],
            contenders: vec![
                contender(DSG, 1, &[2.0, 1.0, 3.0]),
                contender("rensa", 1, &[1.0, 1.0, 9.0]),
                contender("datasketch", 1, &[50.0, 50.0, 50.0]),
                contender(DSG, 2, &[1.0]),
                contender("rensa", 2, &[4.0]),
            ],
        };
        let sections = ["## Scale\n\nFlat.\n".to_owned()];
        let page = render(&[outcome], &sections, 3, "## Remarks\n\nBecause.\n");
        assert!(page.contains("\n## Scale\n\nFlat.\n\n## Remarks"), "{page}");
        assert!(page.contains("Input: 200,000 texts."), "{page}");
        assert!(
            page.contains("| rensa | 1.0 | 0.50 | – | – | 1,234 |"),
            "{page}"
        );
        assert!(
            page.contains("| whole job: at least 1 × `rensa` | 0.50 | missed, see the remarks |"),
            "{page}"
        );
        assert!(
            page.contains("| whole job: at least 20 × `datasketch` | 25.00 | met |"),
            "{page}"
        );
        assert!(
            page.contains("**2 threads**") && page.contains("| rensa | 1.0 | 4.00 |"),
            "{page}"
        );
        assert!(page.ends_with("\n## Remarks\n\nBecause.\n"), "{page}");
    }
}
