//! The order of things: repair, then check everything from scratch, then decide.

use dsg_core::{
    Candidate, Check, ChunkStore, Decision, Outcome, Reject, RejectSchema, Repair, SeamError,
    Stage, Verdict,
};

use serde_json::Value;

use crate::citation::{self, Sources};
use crate::config::{JudgeConfig, LengthBand};
use crate::cut;
use crate::error::JudgeError;
use crate::finding::Finding;
use crate::fit::FitCheck;
use crate::grounding::{self, Ground, Support};
use crate::language;
use crate::literal::Lexer;
use crate::placeholder::PlaceholderFixer;
use crate::question::QuestionCheck;
use crate::reason::JudgeReason;
use crate::redact::Redactor;
use crate::rules::RuleCheck;
use crate::safety::SafetyCheck;
use crate::style::StyleCheck;

/// What redaction puts in place of what it takes out; supported by definition.
const REDACTED: [&str; 8] = [
    "<secret>",
    "<email>",
    "<phone>",
    "<iban>",
    "<card-number>",
    "<national-id>",
    "<ip-address>",
    "<redacted>",
];

/// What was changed on an item so far.
#[derive(Debug, Default)]
pub(crate) struct Repairs {
    /// As they will stand in the verdict.
    pub(crate) made: Vec<Repair>,
    /// Options that were glued to their value before, so that the evidence holds them only in that form.
    pub(crate) parted: Vec<String>,
}

/// Reviews candidates. Build once, use for every candidate and from any thread.
#[derive(Debug)]
pub struct Judge {
    config: JudgeConfig,
    lexer: Lexer,
    placeholders: PlaceholderFixer,
    redactor: Redactor,
    question: QuestionCheck,
    style: StyleCheck,
    fit: FitCheck,
    safety: SafetyCheck,
    rules: RuleCheck,
    /// Literals that need no support.
    allowed: Vec<String>,
}

impl Judge {
    /// A judge with this configuration.
    ///
    /// # Errors
    /// [`JudgeError`] naming the field that no judge can work with.
    pub fn new(config: JudgeConfig) -> Result<Self, JudgeError> {
        config.validate()?;
        let allowed = config
            .rules
            .placeholders
            .values()
            .cloned()
            .chain(REDACTED.map(str::to_owned))
            .collect();
        Ok(Self {
            lexer: Lexer::new()?,
            placeholders: PlaceholderFixer::new(&config.rules.placeholders)?,
            redactor: Redactor::new(&config)?,
            question: QuestionCheck::new()?,
            style: StyleCheck::new()?,
            fit: FitCheck::new()?,
            safety: SafetyCheck::new()?,
            rules: RuleCheck::new(&config.rules)?,
            allowed,
            config,
        })
    }

    /// Repairs what can be repaired, checks everything from scratch and decides. A kept candidate carries an accepting
    /// verdict. A rejected one is dropped for the reason of its first failed check and stands, with its verdict, in the
    /// reject's `record`. A verdict that the candidate brought along is replaced.
    ///
    /// # Errors
    /// [`SeamError`] when the store cannot be read.
    pub fn review(
        &self,
        mut candidate: Candidate,
        store: &dyn ChunkStore,
    ) -> Result<Outcome<Candidate>, SeamError> {
        let failure = self.examine(&mut candidate, &mut Repairs::default(), store)?;
        Ok(match failure {
            None => Outcome::Kept(candidate),
            Some((reason, detail)) => dropped(&candidate, reason, detail),
        })
    }

    /// [`review`](Self::review) of an item that earlier repairs may have changed: writes the verdict into the candidate,
    /// the new repairs to `repairs`, and returns the first failure.
    pub(crate) fn examine(
        &self,
        candidate: &mut Candidate,
        repairs: &mut Repairs,
        store: &dyn ChunkStore,
    ) -> Result<Option<(JudgeReason, String)>, SeamError> {
        for text in [&mut candidate.question, &mut candidate.answer] {
            *text = self
                .placeholders
                .fix(text, &mut repairs.made, &mut repairs.parted);
        }
        self.redactor.fix(candidate, &mut repairs.made);
        let allowed: Vec<String> = self
            .allowed
            .iter()
            .chain(&repairs.parted)
            .cloned()
            .collect();

        let sources = Sources::load(candidate, store)?;
        let ground = Ground::new(&self.lexer, candidate, &sources, &self.config);
        cut::fix(
            &self.lexer,
            &ground,
            &allowed,
            self.config.min_sentence_groundedness,
            candidate,
            &mut repairs.made,
        );
        let (findings, support) = self.findings(candidate, &allowed, &sources, &ground);
        let failure = findings.iter().find_map(|finding| finding.failure.clone());
        let scores = [
            ("groundedness", support.groundedness),
            ("literal_support", support.literals),
        ];
        candidate.verdict = Some(Verdict {
            decision: if failure.is_none() {
                Decision::Accept
            } else {
                Decision::Reject
            },
            scores: scores
                .map(|(name, score)| (name.to_owned(), rounded(score)))
                .into(),
            checks: findings.into_iter().map(check).collect(),
            repairs: repairs.made.clone(),
        });
        Ok(failure)
    }

    /// The literals of an answer (numbers with their unit, options, paths, names, …) that neither `texts` nor the known terms hold, each once:
    /// what [`review`](Self::review) would find if `texts` were all that an item cites. Placeholders need no support.
    ///
    /// ```
    /// use dsg_judge::{Judge, JudgeConfig};
    ///
    /// let judge = Judge::new(JudgeConfig::default())?;
    /// let quote = "**--time**: at most 30 minutes";
    /// assert!(judge.unsupported("Set `--time`.", [quote]).is_empty());
    /// assert_eq!(judge.unsupported("Set `-t` or `--time`, `-t` is shorter.", [quote]), ["-t"]);
    /// # Ok::<(), dsg_judge::JudgeError>(())
    /// ```
    pub fn unsupported<'a>(
        &self,
        answer: &str,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Vec<String> {
        let ground = Ground::of_texts(&self.lexer, texts, &self.config);
        let mut found: Vec<String> = Vec::new();
        for (_, text) in grounding::unsupported(&self.lexer, &ground, answer, &self.allowed) {
            if !found.contains(&text) {
                found.push(text);
            }
        }
        found
    }

    /// What finds literals.
    pub(crate) const fn lexer(&self) -> &Lexer {
        &self.lexer
    }

    /// `text` without secrets and personal data.
    pub(crate) fn masked(&self, text: &str) -> String {
        self.redactor.masked(text)
    }

    /// Takes secrets and personal data out of the record of a reject, which would otherwise repeat what it was rejected for.
    pub fn mask(&self, reject: &mut Reject) {
        self.redactor.mask(&mut reject.record);
    }

    /// Every check, in the order in which a failure counts: receipts, safety, form, support, taste.
    fn findings(
        &self,
        candidate: &Candidate,
        allowed: &[String],
        sources: &Sources,
        ground: &Ground,
    ) -> (Vec<Finding>, Support) {
        let (question, answer) = (candidate.question.as_str(), candidate.answer.as_str());
        let support = grounding::support(&self.lexer, ground, answer);
        let quotes = candidate
            .citations
            .iter()
            .map(|citation| citation.quote.as_str());

        let mut findings = citation::check(candidate, sources);
        findings.extend(self.redactor.check(candidate));
        findings.push(self.style.injection(quotes.chain([question, answer])));
        findings.push(self.safety.check(question, answer));
        findings.push(length(
            "length.question",
            JudgeReason::QuestionLength,
            self.config.question_chars,
            question,
        ));
        findings.push(length(
            "length.answer",
            JudgeReason::AnswerLength,
            self.config.answer_chars,
            answer,
        ));
        findings.extend(self.question.check(&self.lexer, ground, question));
        findings.extend(self.style.check(&self.lexer, ground, question, answer));
        findings.push(grounding::check_question(
            &self.lexer,
            ground,
            question,
            allowed,
        ));
        findings.extend(grounding::check_answer(
            &self.lexer,
            ground,
            answer,
            allowed,
        ));
        findings.push(grounding::check_support(
            support,
            self.config.min_groundedness,
        ));
        findings.extend(
            self.fit
                .check(ground, candidate, self.config.min_sentence_groundedness),
        );
        findings.push(language::check(
            self.config.language.as_deref(),
            &[question, answer],
        ));
        findings.extend(self.rules.check(question, answer));
        (findings, support)
    }
}

/// The length of `text` in characters, against its band.
fn length(check: &'static str, reason: JudgeReason, band: LengthBand, text: &str) -> Finding {
    let chars = text.trim().chars().count();
    let detail = (!band.contains(chars))
        .then(|| format!("{chars} characters, not {} to {}", band.min, band.max));
    Finding::from_detail(check, reason, detail)
}

/// Four digits are enough to compare, and print the same everywhere.
pub(crate) fn rounded(score: f64) -> f64 {
    (score * 10_000.0).round() / 10_000.0
}

fn check(finding: Finding) -> Check {
    Check {
        name: finding.check.to_owned(),
        passed: finding.failure.is_none(),
        detail: finding.failure.map(|(_, detail)| detail),
    }
}

/// The item as a reject of the judge; failed when its record holds a number that JSON cannot.
pub(crate) fn dropped(
    candidate: &Candidate,
    reason: JudgeReason,
    detail: String,
) -> Outcome<Candidate> {
    match serde_json::to_value(candidate) {
        Ok(record) => Outcome::Dropped(reject(candidate, reason, detail, record)),
        Err(error) => Outcome::Failed(reject(candidate, reason, error.to_string(), Value::Null)),
    }
}

/// The item as something that could not be judged.
pub(crate) fn failed(
    candidate: &Candidate,
    reason: JudgeReason,
    detail: String,
) -> Outcome<Candidate> {
    let record = serde_json::to_value(candidate).unwrap_or_default();
    Outcome::Failed(reject(candidate, reason, detail, record))
}

fn reject(candidate: &Candidate, reason: JudgeReason, detail: String, record: Value) -> Reject {
    Reject {
        schema: RejectSchema,
        id: candidate.id.as_str().to_owned(),
        stage: Stage::Judge,
        reason: reason.into(),
        detail,
        record,
    }
}
