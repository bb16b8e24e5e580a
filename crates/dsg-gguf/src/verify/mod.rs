//! Whether a file holds what engines rely on.

mod tokenizer;

use std::collections::BTreeSet;
use std::fmt;

use rayon::prelude::*;
use serde::Serialize;

use crate::error::GgufError;
use crate::file::Gguf;
use crate::header::TensorInfo;
use crate::tensor_type::TensorType;

/// Longest name of a tensor that llama.cpp reads, in bytes.
const MOST_NAME_BYTES: usize = 63;

/// What [`verify`] saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Tensors in the file.
    pub tensors: usize,
    /// Values that were looked at.
    pub values: u64,
    /// Types whose values cannot be read, and were not looked at.
    pub unread: Vec<TensorType>,
    /// What does not hold.
    pub findings: Vec<Finding>,
    /// What is worth knowing and no fault.
    pub notes: Vec<Note>,
}

impl VerifyReport {
    /// Whether everything holds.
    pub const fn is_ok(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Finding {
    /// The file is no sound GGUF file; nothing else was looked at.
    Structure {
        /// What is wrong.
        problem: String,
    },
    /// A tensor is not where llama.cpp expects it: right behind the one before, padding apart.
    Place {
        /// The tensor.
        tensor: String,
        /// Where it is, in bytes from the beginning of the data.
        offset: u64,
        /// Where it should be.
        expected: u64,
    },
    /// A tensor's name is longer than llama.cpp reads.
    LongName {
        /// The tensor.
        tensor: String,
    },
    /// Values that are infinite or no numbers.
    NotFinite {
        /// The tensor.
        tensor: String,
        /// How many.
        count: u64,
        /// The number of the first, row after row.
        first: u64,
    },
    /// A key that every model has is missing, or of another type.
    Missing {
        /// The key.
        key: String,
    },
    /// A list is not as long as the vocabulary.
    ListLength {
        /// Its key.
        key: String,
        /// Its length.
        length: u64,
        /// That of the vocabulary.
        tokens: u64,
    },
    /// A token is there twice, as llama.cpp reads it.
    DuplicateToken {
        /// The token.
        token: String,
        /// Its second number.
        id: u64,
    },
    /// A special token that the vocabulary does not have.
    NoSuchToken {
        /// Its key.
        key: String,
        /// Its number.
        id: u64,
        /// The size of the vocabulary.
        tokens: u64,
    },
    /// A size that keys say and another that tensors have.
    Size {
        /// What is said: a key.
        key: String,
        /// What it says.
        says: u64,
        /// Where it is otherwise.
        other: String,
        /// What is there.
        has: u64,
    },
    /// Blocks without a tensor.
    Blocks {
        /// The first block without.
        missing: u64,
        /// How many there should be.
        count: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Structure { problem } => f.write_str(problem),
            Self::Place {
                tensor,
                offset,
                expected,
            } => write!(
                f,
                "tensor `{tensor}` begins at {offset} of the data, not at {expected}: llama.cpp refuses gaps"
            ),
            Self::LongName { tensor } => write!(
                f,
                "tensor `{tensor}` has a name of more than {MOST_NAME_BYTES} bytes"
            ),
            Self::NotFinite {
                tensor,
                count,
                first,
            } => write!(
                f,
                "tensor `{tensor}` has {count} values that are infinite or no numbers, the first at {first}"
            ),
            Self::Missing { key } => write!(f, "key `{key}` is missing or of another type"),
            Self::ListLength {
                key,
                length,
                tokens,
            } => write!(f, "key `{key}` has {length} items for {tokens} tokens"),
            Self::DuplicateToken { token, id } => {
                write!(f, "token `{token}` is there twice, again as {id}")
            }
            Self::NoSuchToken { key, id, tokens } => {
                write!(f, "key `{key}` is {id}, but there are {tokens} tokens")
            }
            Self::Size {
                key,
                says,
                other,
                has,
            } => write!(f, "`{key}` is {says}, but {other} is {has}"),
            Self::Blocks { missing, count } => write!(
                f,
                "block {missing} of {count} has no tensor `blk.{missing}.…`"
            ),
        }
    }
}

/// Something worth knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Note {
    /// The head is the embedding, which is stored once.
    TiedEmbeddings,
    /// Head and embedding are the same bytes, stored twice.
    EmbeddingsTwice,
    /// There is no chat template: the model is a base model, or clients must bring one.
    NoChatTemplate,
    /// There is no tokenizer.
    NoTokenizer,
    /// BPE whose cutting of text is not said; llama.cpp guesses.
    NoPreTokenizer,
    /// Bytes behind the last tensor.
    Trailing {
        /// How many.
        bytes: u64,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TiedEmbeddings => f.write_str("the head is the embedding (tied)"),
            Self::EmbeddingsTwice => f.write_str(
                "head and embedding are the same bytes, stored twice: `output.weight` can go",
            ),
            Self::NoChatTemplate => f.write_str("no chat template"),
            Self::NoTokenizer => f.write_str("no tokenizer"),
            Self::NoPreTokenizer => {
                f.write_str("no `tokenizer.ggml.pre`: llama.cpp guesses how text is cut")
            }
            Self::Trailing { bytes } => write!(f, "{bytes} bytes behind the last tensor"),
        }
    }
}

/// Opens and checks a file; one that is not sound is a finding.
///
/// # Errors
/// [`GgufError::Io`] when it cannot be read.
pub fn verify_file(path: impl AsRef<std::path::Path>) -> Result<VerifyReport, GgufError> {
    match Gguf::open(path) {
        Ok(file) => Ok(verify(&file)),
        Err(GgufError::Format { problem, .. }) => Ok(VerifyReport {
            tensors: 0,
            values: 0,
            unread: Vec::new(),
            findings: vec![Finding::Structure {
                problem: problem.to_string(),
            }],
            notes: Vec::new(),
        }),
        Err(error) => Err(error),
    }
}

/// Checks places and names of tensors, every value that can be read, sizes against metadata, and the tokenizer. Tensors are read in
/// parallel, in the current rayon pool. Adapters and other files that are no models are not asked for what only models have.
pub fn verify(file: &Gguf) -> VerifyReport {
    let mut report = VerifyReport {
        tensors: file.tensors().len(),
        values: 0,
        unread: Vec::new(),
        findings: Vec::new(),
        notes: Vec::new(),
    };
    places(file, &mut report);
    values(file, &mut report);
    if file.text("general.type").is_none_or(|kind| kind == "model") {
        model(file, &mut report);
        tokenizer::check(file, &mut report);
    }
    report
}

fn places(file: &Gguf, report: &mut VerifyReport) {
    let alignment = u64::from(file.alignment());
    let mut expected = 0;
    for tensor in file.tensors() {
        if tensor.offset() != expected {
            report.findings.push(Finding::Place {
                tensor: tensor.name().to_owned(),
                offset: tensor.offset(),
                expected,
            });
        }
        if tensor.name().len() > MOST_NAME_BYTES {
            report.findings.push(Finding::LongName {
                tensor: tensor.name().to_owned(),
            });
        }
        // Within the file, so far from overflowing.
        expected = (tensor.offset() + tensor.bytes()).next_multiple_of(alignment);
    }
    let bytes = file.size().saturating_sub(file.data_start() + expected);
    if bytes > 0 {
        report.notes.push(Note::Trailing { bytes });
    }
}

fn values(file: &Gguf, report: &mut VerifyReport) {
    let scans: Vec<_> = file
        .tensors()
        .par_iter()
        .map(|tensor| scan(file, tensor))
        .collect();
    let mut unread = BTreeSet::new();
    for (tensor, scan) in file.tensors().iter().zip(scans) {
        let Some((count, first)) = scan else {
            unread.insert(tensor.kind());
            continue;
        };
        report.values += tensor.values();
        if count > 0 {
            report.findings.push(Finding::NotFinite {
                tensor: tensor.name().to_owned(),
                count,
                first,
            });
        }
    }
    report.unread.extend(unread);
}

/// How many values are not finite, and the first of them; `None` when they cannot be read.
fn scan(file: &Gguf, tensor: &TensorInfo) -> Option<(u64, u64)> {
    let (mut seen, mut count, mut first) = (0_u64, 0_u64, 0_u64);
    let scanned = file.each_chunk(tensor, |values| {
        let bad = values.iter().filter(|value| !value.is_finite()).count();
        if bad > 0 && count == 0 {
            let at = values.iter().position(|value| !value.is_finite());
            first = seen + at.unwrap_or_default() as u64;
        }
        count += bad as u64;
        seen += values.len() as u64;
    });
    scanned.ok().map(|()| (count, first))
}

fn model(file: &Gguf, report: &mut VerifyReport) {
    let Some(architecture) = file.text("general.architecture") else {
        report.findings.push(Finding::Missing {
            key: "general.architecture".to_owned(),
        });
        return;
    };
    let embedding = file.tensor("token_embd.weight");
    let head = file.tensor("output.weight");
    if let Some(embedding) = embedding {
        for (key, at) in [("embedding_length", 0), ("vocab_size", 1)] {
            let key = format!("{architecture}.{key}");
            let has = embedding.shape().get(at).copied().unwrap_or(1);
            match file.number(&key) {
                Some(says) if says != has => report.findings.push(Finding::Size {
                    key,
                    says,
                    other: format!("dimension {at} of `token_embd.weight`"),
                    has,
                }),
                _ => {}
            }
        }
        match head {
            None => report.notes.push(Note::TiedEmbeddings),
            Some(head)
                if head.kind() == embedding.kind() && file.data(head) == file.data(embedding) =>
            {
                report.notes.push(Note::EmbeddingsTwice);
            }
            Some(_) => {}
        }
    }
    // A vocabulary alone has no blocks.
    if let Some(count) = file.number(&format!("{architecture}.block_count"))
        && !file.tensors().is_empty()
    {
        let blocks: BTreeSet<u64> = file
            .tensors()
            .iter()
            .filter_map(TensorInfo::block)
            .collect();
        // Ends at the first missing one, so that a claim of any size takes no time.
        if let Some(missing) = (0..count).find(|number| !blocks.contains(number)) {
            report.findings.push(Finding::Blocks { missing, count });
        }
    }
}
