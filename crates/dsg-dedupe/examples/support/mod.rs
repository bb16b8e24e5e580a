//! What several example programs need.

use std::fs;

use dsg_core::{
    Candidate, CandidateId, CandidateSchema, Difficulty, Generator, QuestionType, Seed,
};

/// An item that was written by nobody, number `number`.
pub(crate) fn item(number: u64, question: &str, answer: String) -> Candidate {
    Candidate {
        schema: CandidateSchema,
        id: CandidateId::from_existing(format!("q{number:08}")),
        task: "qa".to_owned(),
        topic: "general".to_owned(),
        difficulty: Difficulty::Basic,
        question_type: QuestionType::Factual,
        question: question.to_owned(),
        answer,
        citations: Vec::new(),
        evidence: Vec::new(),
        generator: Generator {
            provider: "example".to_owned(),
            model: None,
            prompt: "example@1".to_owned(),
            seed: Seed(number),
        },
        verdict: None,
        extra: serde_json::Map::new(),
    }
}

/// The largest size of this process so far, where the system tells it.
pub(crate) fn peak_mib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}
