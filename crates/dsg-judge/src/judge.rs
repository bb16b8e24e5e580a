//! The order of things: repair, then check everything from scratch, then decide.

use dsg_core::{
    Candidate, Check, ChunkStore, Decision, Outcome, Reason, Reject, RejectSchema, SeamError,
    Stage, Verdict,
};

use crate::citation::{self, Sources};
use crate::config::{JudgeConfig, LengthBand};
use crate::error::JudgeError;
use crate::finding::Finding;
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

/// Reviews candidates. Build once, use for every candidate and from any thread.
#[derive(Debug)]
pub struct Judge {
    config: JudgeConfig,
    lexer: Lexer,
    placeholders: PlaceholderFixer,
    redactor: Redactor,
    question: QuestionCheck,
    style: StyleCheck,
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
        let mut repairs = Vec::new();
        let mut allowed = self.allowed.clone();
        for text in [&mut candidate.question, &mut candidate.answer] {
            *text = self.placeholders.fix(text, &mut repairs, &mut allowed);
        }
        self.redactor.fix(&mut candidate, &mut repairs);

        let (findings, support) = self.findings(&candidate, &allowed, store)?;
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
            repairs,
        });
        Ok(match failure {
            None => Outcome::Kept(candidate),
            Some((reason, detail)) => dropped(&candidate, reason, detail),
        })
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
        store: &dyn ChunkStore,
    ) -> Result<(Vec<Finding>, Support), SeamError> {
        let (question, answer) = (candidate.question.as_str(), candidate.answer.as_str());
        let sources = Sources::load(candidate, store)?;
        let ground = Ground::new(&self.lexer, candidate, &sources, &self.config);
        let support = grounding::support(&self.lexer, &ground, answer);
        let quotes = candidate
            .citations
            .iter()
            .map(|citation| citation.quote.as_str());

        let mut findings = citation::check(candidate, &sources);
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
        findings.extend(self.question.check(&self.lexer, &ground, question));
        findings.extend(self.style.check(&self.lexer, &ground, question, answer));
        findings.push(grounding::check_question(
            &self.lexer,
            &ground,
            question,
            allowed,
        ));
        findings.extend(grounding::check_answer(
            &self.lexer,
            &ground,
            answer,
            allowed,
        ));
        findings.push(grounding::check_support(
            support,
            self.config.min_groundedness,
        ));
        findings.push(language::check(
            self.config.language.as_deref(),
            &[question, answer],
        ));
        findings.extend(self.rules.check(question, answer));
        Ok((findings, support))
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
fn rounded(score: f64) -> f64 {
    (score * 10_000.0).round() / 10_000.0
}

fn check(finding: Finding) -> Check {
    Check {
        name: finding.check.to_owned(),
        passed: finding.failure.is_none(),
        detail: finding.failure.map(|(_, detail)| detail),
    }
}

fn dropped(candidate: &Candidate, reason: JudgeReason, detail: String) -> Outcome<Candidate> {
    let reject = |reason: Reason, detail, record| Reject {
        schema: RejectSchema,
        id: candidate.id.as_str().to_owned(),
        stage: Stage::Judge,
        reason,
        detail,
        record,
    };
    match serde_json::to_value(candidate) {
        Ok(record) => Outcome::Dropped(reject(reason.into(), detail, record)),
        // Only a number that JSON cannot hold gets here.
        Err(error) => Outcome::Failed(reject(
            reason.into(),
            error.to_string(),
            serde_json::Value::Null,
        )),
    }
}
