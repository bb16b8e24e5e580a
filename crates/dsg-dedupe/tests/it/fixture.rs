//! Items made from a few words.

use dsg_core::{
    Candidate, CandidateId, CandidateSchema, ChunkId, Citation, Decision, Difficulty, DocId,
    Generator, QuestionType, Seed, Span, Verdict,
};

/// An item on one document, with a score.
pub(crate) fn item(id: &str, question: &str, answer: &str, doc: &str, score: f64) -> Candidate {
    let doc_id = DocId::from_existing(doc);
    let chunk_id = ChunkId::new(&doc_id, 0);
    Candidate {
        schema: CandidateSchema,
        id: CandidateId::from_existing(id),
        task: "qa".into(),
        topic: "general".into(),
        difficulty: Difficulty::Basic,
        question_type: QuestionType::Factual,
        question: question.to_owned(),
        answer: answer.to_owned(),
        citations: vec![Citation {
            doc_id,
            chunk_id: chunk_id.clone(),
            span: Span::of_len(0, answer.len()),
            quote: answer.to_owned(),
        }],
        evidence: vec![chunk_id],
        generator: Generator {
            provider: "extractive".into(),
            model: None,
            prompt: "option/purpose@1".into(),
            seed: Seed(1),
        },
        verdict: Some(Verdict {
            decision: Decision::Accept,
            scores: [("groundedness".to_owned(), score)].into(),
            ..Verdict::default()
        }),
        extra: serde_json::Map::new(),
    }
}

/// The same item with more evidence.
pub(crate) fn shown(mut item: Candidate, docs: &[&str]) -> Candidate {
    item.evidence.extend(
        docs.iter()
            .map(|doc| ChunkId::new(&DocId::from_existing(*doc), 3)),
    );
    item
}

pub(crate) fn ids(items: &[Candidate]) -> Vec<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

/// `n` items that nobody takes for duplicates, spread over documents by `doc` and over topics by `topic`.
pub(crate) fn spread(
    n: usize,
    doc: impl Fn(usize) -> usize,
    topic: impl Fn(usize) -> usize,
) -> Vec<Candidate> {
    (0..n)
        .map(|i| {
            let mut item = item(
                &format!("q{i:04}"),
                &format!("What does parameter `Key{i}` control?"),
                &format!("`Key{i}` controls value {i}."),
                &format!("doc{:03}", doc(i)),
                0.5,
            );
            item.topic = format!("t{}", topic(i));
            item
        })
        .collect()
}
