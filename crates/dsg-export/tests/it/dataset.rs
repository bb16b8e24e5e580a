//! A small dataset with its documents, built from strings.

use std::path::Path;

use dsg_core::{
    CandidateId, ChunkId, Citation, Difficulty, DocId, Document, DocumentSchema, Example, Format,
    Reason, Reject, RejectSchema, Seed, Source, Span, Split, Stage, StageCounts,
};
use dsg_export::{CoverageRow, ExportConfig, Manifest, ModelUse, OutputFile, Tool, write_dataset};
use serde_json::{Map, json};

pub(crate) struct Dataset {
    pub(crate) documents: Vec<Document>,
    pub(crate) train: Vec<Example>,
    pub(crate) eval: Vec<Example>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) manifest: Manifest,
    pub(crate) config: ExportConfig,
}

const QUEUE: &str =
    "# Queue\n\n`squeue` lists the jobs – all of them.\n\n`scancel` removes a job.\n";
const DISK: &str = "Home directories hold 20 GB.\nScratch is emptied after 30 days.\n";

pub(crate) fn document(path: &str, text: &str) -> Document {
    Document {
        schema: DocumentSchema,
        doc_id: DocId::for_path(path),
        source: Source {
            path: path.to_owned(),
            format: Format::Markdown,
            bytes: text.len() as u64,
            sha256: dsg_core::hash::sha256_hex(text.as_bytes()),
        },
        title: path.to_owned(),
        language: "en".to_owned(),
        text: text.to_owned(),
        blocks: Vec::new(),
        links: Vec::new(),
        metadata: Map::new(),
        extra: Map::new(),
    }
}

pub(crate) fn example(doc: &Document, split: Split, question: &str, quote: &str) -> Example {
    let start = doc.text.find(quote).expect("the quote is in the document");
    let citation = Citation {
        doc_id: doc.doc_id.clone(),
        chunk_id: ChunkId::new(&doc.doc_id, 0),
        span: Span::of_len(start, quote.len()),
        quote: quote.to_owned(),
    };
    serde_json::from_value(json!({
        "id": CandidateId::new("qa", [question, quote]),
        "messages": [{"role": "user", "content": question}, {"role": "assistant", "content": quote}],
        "meta": {"topic": "basics", "difficulty": "basic", "question_type": "factual", "split": split,
            "citations": [citation], "scores": {"groundedness": 1.0},
            "generator": {"provider": "extractive", "prompt": "fact@1", "seed": 11}},
    }))
    .unwrap()
}

impl Dataset {
    pub(crate) fn small() -> Self {
        let documents = vec![
            document("queue.md", QUEUE),
            document("storage/disk.md", DISK),
        ];
        let [queue, disk] = [&documents[0], &documents[1]];
        let train = vec![
            example(
                queue,
                Split::Train,
                "What does `squeue` do?",
                "`squeue` lists the jobs – all of them.",
            ),
            example(
                queue,
                Split::Train,
                "What does `scancel` do?",
                "`scancel` removes a job.",
            ),
        ];
        let eval = vec![example(
            disk,
            Split::Eval,
            "How large is a home directory?",
            "Home directories hold 20 GB.",
        )];
        let rejects = vec![Reject {
            schema: RejectSchema,
            id: "qa-0".into(),
            stage: Stage::Judge,
            reason: Reason::new("judge.too_short"),
            detail: "3 characters".into(),
            record: json!({"question": "Why?"}),
        }];
        let tool = Tool {
            name: "dsg".into(),
            version: "0.1.0".into(),
        };
        let mut manifest = Manifest::new(tool, json!({"version": 1, "seed": 42}), Seed(42));
        manifest.inputs = documents.iter().map(Into::into).collect();
        manifest.models = vec![ModelUse {
            role: "generator".into(),
            provider: "extractive".into(),
            model: None,
        }];
        manifest.stages.insert(
            Stage::Judge,
            StageCounts {
                entered: 4,
                kept: 3,
                dropped: [(Reason::new("judge.too_short"), 1)].into(),
                failed: 0,
            },
        );
        manifest.stages.insert(
            Stage::Split,
            StageCounts {
                entered: 3,
                kept: 3,
                ..Default::default()
            },
        );
        manifest.coverage = vec![CoverageRow {
            topic: "basics".into(),
            difficulty: Difficulty::Basic,
            quota: 4,
            train: 2,
            eval: 1,
            shortfall: 1,
            reason: Some("exhausted".into()),
        }];
        Self {
            documents,
            train,
            eval,
            rejects,
            manifest,
            config: ExportConfig::default(),
        }
    }

    pub(crate) fn write(&self, outdir: &Path) -> Result<Vec<OutputFile>, dsg_export::ExportError> {
        write_dataset(
            outdir,
            &self.config,
            &self.manifest,
            &self.train,
            &self.eval,
            &self.rejects,
        )
    }
}
