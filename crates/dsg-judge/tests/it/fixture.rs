//! A small store and items built on it.

use std::sync::LazyLock;

use dsg_core::{
    Candidate, CandidateId, CandidateSchema, Chunk, ChunkContext, ChunkId, ChunkSchema, Citation,
    Difficulty, DocId, Generator, Markup, MemoryStore, Outcome, QuestionType, Reject, Seed, Span,
};
use dsg_judge::{Judge, JudgeConfig, Rules};

/// What the fixture's chunk says.
pub(crate) const TEXT: &str = "\
**-t**, **--time**=<*time*>

Set a limit on the total run time of the job. The default is 60 minutes and the site allows at most 1,440 minutes. Write \
it as `--time=01:30:00`. The value is exported as `SLURM_TIME_LIMIT` and read from /etc/slurm/limits.conf; see \
https://docs.example.org/limits for background. A value of 0 means that no limit is set.

```
#!/bin/bash
#SBATCH --time=01:30:00
#SBATCH -p debug
srun ./solver --input case7.dat
```

Mail erika.muster@hpc-site.eu when a job is stuck. To remove old files run `rm -rf /scratch/old`.
";

pub(crate) fn chunk(text: &str) -> Chunk {
    let doc_id = DocId::from_existing("submit-0a1b2c3d");
    Chunk {
        schema: ChunkSchema,
        chunk_id: ChunkId::new(&doc_id, 0),
        doc_id,
        path: "submit.md".into(),
        span: Span::of_len(100, text.len()),
        text: text.to_owned(),
        heading_path: vec!["sbatch".into(), "Options".into()],
        kinds: vec!["option".into()],
        tokens: 90,
        commands: vec!["sbatch".into()],
        context: ChunkContext::default(),
        markup: Markup::Markdown,
        blocks: Vec::new(),
        extra: serde_json::Map::new(),
    }
}

pub(crate) fn store() -> MemoryStore {
    MemoryStore(vec![chunk(TEXT)])
}

/// An item that cites the stretches of the fixture that begin with and end with these texts.
pub(crate) fn item(question: &str, answer: &str, quotes: &[&str]) -> Candidate {
    let chunk = chunk(TEXT);
    let citations = quotes
        .iter()
        .map(|quote| {
            let at = TEXT.find(quote).expect("the quote stands in the fixture");
            Citation {
                doc_id: chunk.doc_id.clone(),
                chunk_id: chunk.chunk_id.clone(),
                span: Span::of_len(chunk.span.start() + at, quote.len()),
                quote: (*quote).to_owned(),
            }
        })
        .collect();
    Candidate {
        schema: CandidateSchema,
        id: CandidateId::new("qa", [question, answer]),
        task: "qa".into(),
        topic: "job-limits".into(),
        difficulty: Difficulty::Basic,
        question_type: QuestionType::Factual,
        question: question.to_owned(),
        answer: answer.to_owned(),
        citations,
        evidence: vec![chunk.chunk_id],
        generator: Generator {
            provider: "extractive".into(),
            model: None,
            prompt: "option/purpose@1".into(),
            seed: Seed(7),
        },
        verdict: None,
        extra: serde_json::Map::new(),
    }
}

/// The paragraph on `--time`, which supports [`good`].
pub(crate) fn limits() -> &'static str {
    let start = TEXT.find("Set a limit").unwrap();
    let end = TEXT.find("\n\n```").unwrap();
    &TEXT[start..end]
}

/// The script.
pub(crate) fn script() -> &'static str {
    let start = TEXT.find("#!/bin/bash").unwrap();
    let end = TEXT.find("\n```\n\nMail").unwrap();
    &TEXT[start..end]
}

/// An item with nothing wrong.
pub(crate) fn good() -> Candidate {
    item(
        "What is the default of the `--time` option of `sbatch`?",
        "The default is 60 minutes; the site allows at most 1440 minutes, for example `--time=01:30:00`. The limit is \
         exported as `SLURM_TIME_LIMIT` and read from /etc/slurm/limits.conf.",
        &[limits()],
    )
}

pub(crate) fn config() -> JudgeConfig {
    JudgeConfig {
        rules: Rules {
            placeholders: [("partition".to_owned(), "<partition>".to_owned())].into(),
            ..Rules::default()
        },
        ..JudgeConfig::default()
    }
}

pub(crate) fn judge() -> &'static Judge {
    static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge::new(config()).unwrap());
    &JUDGE
}

pub(crate) fn review(candidate: Candidate) -> Outcome<Candidate> {
    judge().review(candidate, &store()).unwrap()
}

pub(crate) fn rejected(candidate: Candidate) -> Reject {
    match review(candidate) {
        Outcome::Dropped(reject) => reject,
        other => panic!("not dropped: {other:?}"),
    }
}

pub(crate) fn kept(candidate: Candidate) -> Candidate {
    match review(candidate) {
        Outcome::Kept(candidate) => candidate,
        other => panic!("not kept: {other:?}"),
    }
}
