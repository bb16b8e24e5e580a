//! Why an item left.

use dsg_core::{Candidate, DuplicateKind, Outcome, Reason, Reject, RejectSchema, Stage};

/// Why deduplication, decontamination, balancing or splitting removed an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DedupeReason {
    /// The same question, up to case, spacing and punctuation.
    ExactQuestion,
    /// Nearly the same question.
    NearQuestion,
    /// Nearly the same question and answer together.
    NearPair,
    /// A question of the same meaning, by its vector.
    SemanticQuestion,
    /// It shares a run of words with a benchmark.
    ContaminatedWords,
    /// A benchmark asks nearly the same.
    ContaminatedQuestion,
    /// A benchmark asks a question of the same meaning, by its vector.
    ContaminatedMeaning,
    /// The topic's quota is full.
    OverQuota,
    /// It rests on documents of both sides.
    StraddlesSplit,
    /// The other side asks nearly the same.
    QuestionInEval,
    /// The other side asks with the same run of words.
    WordsInEval,
    /// The other side answers the same.
    AnswerInEval,
}

impl DedupeReason {
    /// All reasons.
    pub const ALL: [Self; 12] = [
        Self::ExactQuestion,
        Self::NearQuestion,
        Self::NearPair,
        Self::SemanticQuestion,
        Self::ContaminatedWords,
        Self::ContaminatedQuestion,
        Self::ContaminatedMeaning,
        Self::OverQuota,
        Self::StraddlesSplit,
        Self::QuestionInEval,
        Self::WordsInEval,
        Self::AnswerInEval,
    ];

    /// The reason as it stands in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExactQuestion => "dedupe.exact_question",
            Self::NearQuestion => "dedupe.near_question",
            Self::NearPair => "dedupe.near_pair",
            Self::SemanticQuestion => "dedupe.semantic_question",
            Self::ContaminatedWords => "dedupe.contaminated_words",
            Self::ContaminatedQuestion => "dedupe.contaminated_question",
            Self::ContaminatedMeaning => "dedupe.contaminated_meaning",
            Self::OverQuota => "balance.over_quota",
            Self::StraddlesSplit => "split.straddles_documents",
            Self::QuestionInEval => "split.question_in_eval",
            Self::WordsInEval => "split.words_in_eval",
            Self::AnswerInEval => "split.answer_in_eval",
        }
    }

    /// The stage it belongs to.
    pub const fn stage(self) -> Stage {
        match self {
            Self::ExactQuestion
            | Self::NearQuestion
            | Self::NearPair
            | Self::SemanticQuestion
            | Self::ContaminatedWords
            | Self::ContaminatedQuestion
            | Self::ContaminatedMeaning => Stage::Dedupe,
            Self::OverQuota => Stage::Balance,
            Self::StraddlesSplit
            | Self::QuestionInEval
            | Self::WordsInEval
            | Self::AnswerInEval => Stage::Split,
        }
    }

    /// What kind of duplicate it names.
    pub(crate) const fn duplicate_kind(self) -> DuplicateKind {
        match self {
            Self::ExactQuestion => DuplicateKind::Exact,
            Self::SemanticQuestion => DuplicateKind::Semantic,
            _ => DuplicateKind::Near,
        }
    }

    /// Drops `candidate` for this reason.
    pub(crate) fn drop(self, candidate: &Candidate, detail: String) -> Outcome<Candidate> {
        Outcome::Dropped(Reject {
            schema: RejectSchema,
            id: candidate.id.as_str().to_owned(),
            stage: self.stage(),
            reason: self.into(),
            detail,
            record: serde_json::to_value(candidate).unwrap_or_default(),
        })
    }
}

impl From<DedupeReason> for Reason {
    fn from(reason: DedupeReason) -> Self {
        Self::new(reason.as_str())
    }
}
