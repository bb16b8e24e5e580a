//! Which model's answers a judge finds better.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use dsg_core::{Event, Interrupt, ModelId, Observer, Seed, Stage, StageCounts};
use dsg_judge::{AnswerPair, PairVerdict, PairwiseJudge, Preference};
use dsg_train::evaluation::{Measured, bootstrap};
use serde::Serialize;

use super::compare::{NONE, Pair};
use super::error::EvalError;
use super::groups::grouped;
use super::questions::Question;
use super::record::Evaluated;
use crate::config::{DatasetConfig, Issue, Provider as _};
use crate::error::DsgError;
use crate::roles::{Roles, judging_ended};
use crate::stages::{prompts, rubric_config};

/// The rate of two models that are as good.
const EVEN: f64 = 0.5;

/// Who judged, and by which prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparisonJudge {
    /// The model.
    #[serde(flatten)]
    pub model: ModelId,
    /// The prompt's name and version: `judge/pairwise@1`.
    pub prompt: String,
}

impl fmt::Display for ComparisonJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ModelId { provider, model } = &self.model;
        write!(f, "{provider}/{model} with {}", self.prompt)
    }
}

/// How often a judge finds the student's answer better than the base model's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WinRate {
    /// Questions with a verdict.
    pub items: usize,
    /// `(wins + ties / 2) / items`, in `[0, 1]`; more than 0.5 is better than the base. `None` where no question has a verdict.
    pub rate: Option<f64>,
    /// Lower bound of its paired 95 % bootstrap interval; `None` where all verdicts are on one document.
    pub low: Option<f64>,
    /// Its upper bound, as there.
    pub high: Option<f64>,
    /// Share of the resampled rates above 0.5, with half of those that are 0.5; as there.
    pub p_better: Option<f64>,
    /// Questions on which the student's answer is better,
    pub wins: usize,
    /// as good, or better in one order of the answers alone,
    pub ties: usize,
    /// and worse.
    pub losses: usize,
    /// Of the ties, those of answers that are the same text, which the judge was not asked about.
    pub same_text: usize,
    /// Of the ties, those of which the verdict changed with the order of the answers.
    pub disagreements: usize,
    /// Their share among the questions that were asked in both orders; `None` where there are none.
    pub position_bias: Option<f64>,
    /// Questions without a verdict: a reply could not be read or did not come. They count nowhere else.
    pub no_verdict: usize,
}

impl WinRate {
    /// `None` where no judge was asked.
    pub(super) fn new(pairs: &[Pair<'_>], seed: Seed) -> Option<Self> {
        let verdicts: Vec<(&Evaluated, &PairVerdict)> = pairs
            .iter()
            .filter_map(|pair| Some((pair.base, pair.verdict.as_ref()?)))
            .collect();
        if verdicts.is_empty() {
            return None;
        }
        let count = |holds: fn(&PairVerdict) -> bool| {
            let held = verdicts.iter().filter(|(_, verdict)| holds(verdict));
            held.count()
        };
        let wins = count(|verdict| verdict.preference() == Some(Preference::B));
        let ties = count(|verdict| verdict.preference() == Some(Preference::Tie));
        let losses = count(|verdict| verdict.preference() == Some(Preference::A));
        let asked = count(|verdict| matches!(verdict, PairVerdict::Asked { .. }));
        let disagreements = count(PairVerdict::depends_on_order);
        let items = wins + ties + losses;
        // What the student has more than half of each question: paired differences, around 0.
        let gains = verdicts.iter().filter_map(|(result, verdict)| {
            let gain = match verdict.preference()? {
                Preference::A => -EVEN,
                Preference::Tie => 0.0,
                Preference::B => EVEN,
            };
            Some((*result, Measured::from(gain)))
        });
        let estimate = bootstrap(&grouped(gains), seed).filter(|estimate| estimate.items > 1);
        let share = |part: f64, of: usize| (of > 0).then(|| part / of as f64);
        Some(Self {
            items,
            rate: share(wins as f64 + ties as f64 / 2.0, items),
            low: estimate.map(|estimate| EVEN + estimate.low),
            high: estimate.map(|estimate| EVEN + estimate.high),
            p_better: estimate.map(|estimate| estimate.above_zero),
            wins,
            ties,
            losses,
            same_text: count(|verdict| *verdict == PairVerdict::Same),
            disagreements,
            position_bias: share(disagreements as f64, asked),
            no_verdict: verdicts.len() - items,
        })
    }
}

impl fmt::Display for WinRate {
    /// For people: `win rate 0.625 (95 %: 0.375 to 0.875), p(better) 0.840: 5 better, …`; a dash for what there is none of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: Option<f64>| {
            value.map_or_else(|| NONE.to_owned(), |value| format!("{value:.3}"))
        };
        write!(f, "win rate {}", shown(self.rate))?;
        if self.low.is_some() {
            write!(f, " (95 %: {} to {})", shown(self.low), shown(self.high))?;
        }
        write!(
            f,
            ", p(better) {}: {} better, {} same, {} worse",
            shown(self.p_better),
            self.wins,
            self.ties,
            self.losses
        )?;
        if let Some(bias) = self.position_bias {
            let percent = 100.0 * bias;
            let disagreements = self.disagreements;
            write!(
                f,
                "; the orders disagree on {disagreements} ({percent:.0} %)"
            )?;
        }
        if self.no_verdict > 0 {
            write!(f, "; {} without a verdict", self.no_verdict)?;
        }
        Ok(())
    }
}

/// The model that judges a comparison, with its reply store.
pub(super) struct Referee {
    roles: Roles,
    judge: PairwiseJudge,
}

impl Referee {
    /// The model that the configuration names as judge. Its replies are kept beside `file`, with the ending `.replies`.
    ///
    /// # Errors
    /// [`EvalError::NoJudge`] where the configuration names none, else what opening it may return.
    pub(super) fn open(
        config: &DatasetConfig,
        file: &Path,
        interrupt: &Interrupt,
    ) -> Result<Self, DsgError> {
        if !config.models.judge.provider.is_model() {
            return Err(EvalError::NoJudge.into());
        }
        let roles = Roles::beside(file);
        let prompts = prompts(config).map_err(Issue::unlocated)?;
        let model = roles.judge(config)?;
        let judge = PairwiseJudge::new(rubric_config(config), Arc::new(prompts), model)?
            .with_interrupt(interrupt.clone());
        Ok(Self { roles, judge })
    }

    /// As records have it.
    pub(super) fn who(&self) -> ComparisonJudge {
        ComparisonJudge {
            model: self.judge.model().clone(),
            prompt: self.judge.prompt().to_owned(),
        }
    }

    /// Puts a verdict on every pair, with the base's answer as A and the student's as B.
    pub(super) fn judge(
        &self,
        pairs: &mut [Pair<'_>],
        questions: &[Question],
        observer: &dyn Observer,
    ) -> Result<(), DsgError> {
        let stage = Stage::Evaluate;
        let message = format!("the judge is asked: {}", self.who());
        observer.on_event(&Event::Note { stage, message });
        observer.on_event(&Event::StageStarted {
            stage,
            total: Some(pairs.len() as u64),
        });
        let answers: Vec<AnswerPair<'_>> = pairs
            .iter()
            .map(|pair| AnswerPair {
                id: &pair.base.id,
                question: &pair.base.question,
                reference: &pair.base.reference,
                quotes: questions
                    .get(pair.place)
                    .and_then(|question| question.quotes.as_deref())
                    .unwrap_or_default(),
                a: &pair.base.answer,
                b: &pair.student.answer,
            })
            .collect();
        let judged = self.judge.judge_all(&answers, |done| {
            observer.on_event(&Event::Progress { stage, done });
        });
        let verdicts = self
            .roles
            .block_on(judged)?
            .map_err(|error| judging_ended(error, stage))?;
        let mut missing = verdicts.iter().filter_map(|verdict| match verdict {
            PairVerdict::Missing(why) => Some(why),
            _ => None,
        });
        let first = missing.next();
        let failed = first.map_or(0, |_| 1 + missing.count());
        if let Some(why) = first {
            observer.on_event(&Event::Warning {
                stage,
                subject: "judge".to_owned(),
                message: format!(
                    "the judge has no verdict on {failed} of {} questions; the first: {why}",
                    verdicts.len()
                ),
            });
        }
        observer.on_event(&Event::StageFinished {
            stage,
            counts: StageCounts {
                entered: verdicts.len() as u64,
                kept: (verdicts.len() - failed) as u64,
                failed: failed as u64,
                ..StageCounts::default()
            },
        });
        for (pair, verdict) in pairs.iter_mut().zip(verdicts) {
            pair.verdict = Some(verdict);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use dsg_judge::PairOpinion;

    use super::*;

    fn asked(a_first: Preference, b_first: Preference) -> PairVerdict {
        let said = |better| PairOpinion {
            better,
            reason: String::new(),
        };
        PairVerdict::Asked {
            a_first: said(a_first),
            b_first: said(b_first),
        }
    }

    fn rate(verdicts: &[PairVerdict], result: &Evaluated) -> WinRate {
        let pairs: Vec<Pair<'_>> = verdicts
            .iter()
            .map(|verdict| Pair {
                verdict: Some(verdict.clone()),
                ..Pair::new(0, result, result)
            })
            .collect();
        WinRate::new(&pairs, Seed(1)).unwrap()
    }

    #[test]
    fn ties_are_half_a_win_and_what_has_no_verdict_counts_nowhere() {
        use Preference::{A, B, Tie};

        let verdicts = [
            asked(B, B),
            asked(B, B),
            asked(A, A),
            asked(Tie, Tie),
            asked(A, B),
            PairVerdict::Same,
            PairVerdict::Missing("no JSON".to_owned()),
        ];
        let found = rate(&verdicts, &Evaluated::example());
        assert_eq!((found.wins, found.ties, found.losses), (2, 3, 1));
        assert_eq!((found.items, found.no_verdict), (6, 1));
        assert_eq!((found.same_text, found.disagreements), (1, 1));
        let [rate, low, high, p_better, bias] = [
            found.rate,
            found.low,
            found.high,
            found.p_better,
            found.position_bias,
        ]
        .map(Option::unwrap);
        assert!((rate - 3.5 / 6.0).abs() < 1e-12 && (bias - 0.2).abs() < 1e-12);
        assert!(0.0 <= low && low < rate && rate < high && high <= 1.0);
        assert!(p_better > 0.5 && p_better < 1.0, "{p_better}");
        let text = found.to_string();
        assert!(text.starts_with("win rate 0.583 (95 %: 0."), "{text}");
        assert!(
            text.ends_with(
                "2 better, 3 same, 1 worse; the orders disagree on 1 (20 %); 1 without a verdict"
            ),
            "{text}"
        );
    }

    #[test]
    fn two_that_are_the_same_are_even() {
        let found = rate(
            &[PairVerdict::Same, PairVerdict::Same],
            &Evaluated::example(),
        );
        let even = Some(0.5);
        assert_eq!(
            [found.rate, found.low, found.high, found.p_better],
            [even; 4]
        );
        assert_eq!(found.position_bias, None);
    }

    #[test]
    fn one_document_has_a_rate_and_no_interval() {
        use Preference::{A, B};

        let result = Evaluated {
            document: Some("a".to_owned()),
            ..Evaluated::example()
        };
        let found = rate(
            &[asked(B, B), asked(A, A), asked(B, B), asked(B, B)],
            &result,
        );
        assert_eq!(
            (found.rate, found.low, found.p_better),
            (Some(0.75), None, None)
        );
        assert!(
            found
                .to_string()
                .starts_with("win rate 0.750, p(better) –:")
        );
    }

    #[test]
    fn without_a_single_verdict_there_is_no_rate() {
        let missing = PairVerdict::Missing("cut".to_owned());
        let found = rate(&[missing], &Evaluated::example());
        assert_eq!((found.rate, found.low, found.no_verdict), (None, None, 1));
        let result = Evaluated::example();
        assert_eq!(
            WinRate::new(&[Pair::new(0, &result, &result)], Seed(1)),
            None
        );
    }
}
