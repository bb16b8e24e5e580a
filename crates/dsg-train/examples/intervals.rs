//! Two sets of answers to the same questions, compared without a model:
//!
//! ```text
//! cargo run --release -p dsg-train --example intervals
//! ```
//!
//! `dsg compare` does the same with the answers of two models.
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

use dsg_core::Seed;
use dsg_train::evaluation::{Measured, bootstrap, exact_match, rouge_l, token_f1};

/// What should be answered, what one says, what another says.
const ANSWERS: [[&str; 3]; 5] = [
    [
        "Use `scancel` with the job id.",
        "You can cancel it in the menu.",
        "Use `scancel` and the job id.",
    ],
    [
        "At most 30 minutes.",
        "At most 24 hours.",
        "At most 30 minutes.",
    ],
    [
        "Set `--mem=4G`.",
        "Set `--memory=4G`.",
        "Set `--mem=4G` in your script.",
    ],
    [
        "In your home folder.",
        "In your home folder.",
        "In your home folder.",
    ],
    ["With `squeue -u $USER`.", "With `top`.", "With `squeue`."],
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    type Measure = fn(&str, &str) -> f64;
    let measures: [(&str, Measure); 3] = [
        ("exact match", |answer, reference| {
            f64::from(u8::from(exact_match(answer, reference)))
        }),
        ("token F1", token_f1),
        ("ROUGE-L", rouge_l),
    ];
    for (name, measure) in measures {
        let of = |place: usize| -> Vec<f64> {
            let answers = ANSWERS.iter();
            answers
                .map(|[reference, answers @ ..]| {
                    answers
                        .get(place)
                        .map_or(0.0, |answer| measure(answer, reference))
                })
                .collect()
        };
        let (base, student) = (of(0), of(1));
        let differences: Vec<Measured> = student
            .iter()
            .zip(&base)
            .map(|(student, base)| Measured::from(student - base))
            .collect();
        let gain = bootstrap(&differences, Seed(42)).ok_or("no answers")?;
        println!(
            "{name:>12}: {:+.2} with 95 % in {:+.2} to {:+.2}; better with p = {:.3}",
            gain.mean, gain.low, gain.high, gain.above_zero
        );
    }
    Ok(())
}
