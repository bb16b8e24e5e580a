//! Why an item was rejected.

use dsg_core::Reason;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// Why the judge rejected an item. The text is `judge.what`, as it stands in `rejects.jsonl`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum JudgeReason {
            $($(#[$doc])* $name,)+
        }

        impl JudgeReason {
            /// All reasons.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The reason as it stands in records.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

reasons! {
    /// There is no citation.
    NoCitation = "judge.no_citation",
    /// A cited chunk does not exist, or belongs to another document.
    UnknownChunk = "judge.unknown_chunk",
    /// A citation's span lies outside its chunk or cuts a character.
    SpanOutsideChunk = "judge.span_outside_chunk",
    /// A quote is not what stands at its span.
    QuoteMismatch = "judge.quote_mismatch",
    /// An evidence chunk does not exist.
    UnknownEvidence = "judge.unknown_evidence",
    /// A number of the answer is not in the evidence.
    UnsupportedNumber = "judge.unsupported_number",
    /// A command-line flag of the answer is not in the evidence.
    UnsupportedFlag = "judge.unsupported_flag",
    /// A path of the answer is not in the evidence.
    UnsupportedPath = "judge.unsupported_path",
    /// A URL of the answer is not in the evidence.
    UnsupportedUrl = "judge.unsupported_url",
    /// An environment variable of the answer is not in the evidence.
    UnsupportedVariable = "judge.unsupported_variable",
    /// An identifier of the answer is not in the evidence.
    UnsupportedIdentifier = "judge.unsupported_identifier",
    /// A code token of the answer is not in the evidence.
    UnsupportedCode = "judge.unsupported_code",
    /// Too few of the answer's words are in the citations.
    Ungrounded = "judge.ungrounded",
    /// A literal of the question is neither in the evidence nor in its headings.
    UnsupportedQuestion = "judge.unsupported_question",
    /// The question is no question or request.
    NotAQuestion = "judge.not_a_question",
    /// The question points at something outside itself.
    DanglingReference = "judge.dangling_reference",
    /// The question names nothing specific.
    VagueQuestion = "judge.vague_question",
    /// Question or answer talks about its source text or its writer.
    MetaTalk = "judge.meta_talk",
    /// The answer refuses.
    Refusal = "judge.refusal",
    /// Question or answer is cut off.
    Truncated = "judge.truncated",
    /// The text repeats itself.
    Repetition = "judge.repetition",
    /// Markup of the source was left in the text.
    LeftoverMarkup = "judge.leftover_markup",
    /// The answer only repeats the question.
    EchoesQuestion = "judge.echoes_question",
    /// The question's length is outside its band.
    QuestionLength = "judge.question_length",
    /// The answer's length is outside its band.
    AnswerLength = "judge.answer_length",
    /// Question or answer is in another language.
    Language = "judge.language",
    /// The question asks why, and no quote gives a reason.
    NoReasonGiven = "judge.no_reason_given",
    /// A `must_include` rule is not met.
    MustInclude = "judge.must_include",
    /// A `must_avoid` rule is broken.
    MustAvoid = "judge.must_avoid",
    /// A destructive command without a warning.
    DestructiveCommand = "judge.destructive_command",
    /// A secret in the question or in a quote.
    Secret = "judge.secret",
    /// Personal data in the question or in a quote.
    PersonalData = "judge.personal_data",
    /// The cited text tries to instruct a model.
    Injection = "judge.injection",
    /// The citations do not support a claim of the answer, says a model.
    UnsupportedClaim = "judge.unsupported_claim",
    /// The answer is of another kind than the question asks for, or does not answer it, says a model.
    NotAnswered = "judge.not_answered",
    /// The question cannot be understood alone, says a model.
    NotSelfContained = "judge.not_self_contained",
    /// Nobody who does the work would ask, says a model.
    NotUseful = "judge.not_useful",
    /// Asked from the evidence alone, a model answers something else.
    RoundTrip = "judge.round_trip",
    /// An item that should combine sources holds without one of them.
    NeedsOneSourceOnly = "judge.needs_one_source_only",
    /// A model's verdict was cut, empty or no verdict, twice; it counts as a no.
    UnparsedVerdict = "judge.unparsed_verdict",
    /// Not even the citations fit the judge's context.
    ContextCut = "judge.context_cut",
    /// The judge's model did not reply.
    ModelFailed = "judge.model_failed",
}

impl From<JudgeReason> for Reason {
    fn from(reason: JudgeReason) -> Self {
        Self::new(reason.as_str())
    }
}
