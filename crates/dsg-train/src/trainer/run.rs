//! One run, from its start or its newest checkpoint to its end.

use dsg_core::{Event, Seed, Stage};

use super::Trainer;
use super::evaluate::mean_loss;
use super::report::{TrainReport, Trained};
use super::step::{Gradients, gradients};
use crate::adapter::{Draw, LoraWeights};
use crate::checkpoint::{Checkpoint, Checkpoints, State};
use crate::data::{Dataset, Order, Padding, Sample};
use crate::decoder::Decoder;
use crate::error::TrainError;
use crate::metrics::{MetricsLog, StepMetrics};
use crate::optimizer::{AdamW, Moments, clip_factor, global_norm};

/// Losses of the base model and of one with an adapter that changes nothing may differ by this much, relative to the former.
const SAME: f64 = 1e-3;
/// Better by less than this counts as no better.
const BETTER: f64 = 1e-4;

pub(super) struct Run<'r, 'a> {
    trainer: &'r Trainer<'a>,
    decoder: &'r mut Decoder,
    train: &'r Dataset,
    eval: Option<&'r Dataset>,
    weights: LoraWeights,
    optimizer: AdamW,
    best: Option<LoraWeights>,
    state: State,
    resumed_from: Option<u64>,
    draw: Draw,
    order: Order,
    padding: Padding,
    steps: u64,
    checkpoints: Option<Checkpoints>,
    log: Option<MetricsLog>,
}

impl<'r, 'a> Run<'r, 'a> {
    /// At its newest checkpoint, or where it begins.
    pub(super) fn start(
        trainer: &'r Trainer<'a>,
        decoder: &'r mut Decoder,
        train: &'r Dataset,
        eval: Option<&'r Dataset>,
    ) -> Result<Self, TrainError> {
        let config = &trainer.config;
        let seed = Seed(config.seed);
        LoraWeights::detach(decoder);
        let weights = match &trainer.start {
            Some(weights) => weights.clone(),
            None => LoraWeights::new(&config.adapter, decoder, seed)?,
        };
        let rows = train.samples().len();
        let checkpoints = trainer.folder.as_ref().map(|folder| {
            let key = trainer.key(decoder, train, eval);
            Checkpoints::new(&folder.join("checkpoints"), key)
        });
        let mut run = Self {
            optimizer: AdamW::new(config, weights.matrices().count()),
            best: None,
            state: State::new(),
            resumed_from: None,
            draw: Draw::default(),
            order: trainer.order(rows),
            padding: Padding {
                bucket: config.bucket,
                most: decoder.config().context,
                packing: config.packing,
            },
            steps: trainer.step_count(rows),
            checkpoints,
            log: None,
            trainer,
            decoder,
            train,
            eval,
            weights,
        };
        run.resume()?;
        if let Some(folder) = &trainer.folder {
            let path = folder.join("training_metrics.jsonl");
            run.log = Some(MetricsLog::open(&path, run.state.step)?);
        }
        Ok(run)
    }

    fn resume(&mut self) -> Result<(), TrainError> {
        let Some(checkpoints) = &self.checkpoints else {
            return Ok(());
        };
        let observer = self.trainer.observer;
        let newest = checkpoints.newest(&self.decoder.device().inner(), |path, error| {
            observer.on_event(&Event::Warning {
                stage: Stage::Train,
                subject: path.display().to_string(),
                message: format!("{error}; an older checkpoint is used where there is one"),
            });
        })?;
        let Some(checkpoint) = newest else {
            return Ok(());
        };
        let replace = |weights: &mut LoraWeights, values: Vec<burn::tensor::Tensor<2>>| {
            for (matrix, value) in weights.matrices_mut().zip(values) {
                *matrix = value;
            }
        };
        if let Some(values) = checkpoint.best {
            let mut best = self.weights.clone();
            replace(&mut best, values);
            self.best = Some(best);
        }
        replace(&mut self.weights, checkpoint.values);
        for (index, moments) in checkpoint.moments.into_iter().enumerate() {
            if let Some((steps, first, second)) = moments {
                let moments = Moments {
                    steps,
                    first,
                    second,
                };
                self.optimizer.restore(index, moments);
            }
        }
        self.state = checkpoint.state;
        self.resumed_from = Some(self.state.step);
        Ok(())
    }

    pub(super) fn go(mut self) -> Result<Trained, TrainError> {
        self.tell(&Event::StageStarted {
            stage: Stage::Train,
            total: Some(self.steps),
        });
        if let Some(step) = self.resumed_from {
            self.note(format!("goes on after step {step} of {}", self.steps));
            self.progress();
        } else {
            self.begin()?;
        }
        let mut epoch = (u64::MAX, Vec::new());
        while self.state.step < self.steps && !self.state.stopped_early {
            if self.trainer.interrupt.is_requested() {
                self.save()?;
                return Err(TrainError::Interrupted {
                    step: self.state.step,
                });
            }
            let current = self.order.epoch(self.state.step);
            if epoch.0 != current {
                epoch = (current, self.order.shuffled(current));
            }
            let samples = self.train.samples();
            let rows: Vec<&Sample> = self
                .order
                .of_step(&epoch.1, self.state.step)
                .iter()
                .filter_map(|row| samples.get(*row))
                .collect();
            self.step(&rows)?;
        }
        self.finish()
    }

    /// What is checked once: that adapters which change nothing do change nothing, and how good the base model is.
    fn begin(&mut self) -> Result<(), TrainError> {
        if self.trainer.start.is_none() {
            let shortest = self
                .train
                .samples()
                .iter()
                .min_by_key(|sample| sample.tokens.len());
            let most = self.trainer.config.batch_tokens;
            let loss = |decoder: &Decoder| mean_loss(decoder, shortest, self.padding, most);
            let base = loss(self.decoder)?.unwrap_or_default();
            self.weights.attach(self.decoder)?;
            let adapted = loss(self.decoder)?.unwrap_or_default();
            LoraWeights::detach(self.decoder);
            if !base.is_finite() || (base - adapted).abs() > SAME * base.abs().max(1.0) {
                return Err(TrainError::Guard { base, adapted });
            }
        }
        if let Some(eval) = self.eval {
            self.weights.attach(self.decoder)?;
            self.state.base_eval = self.evaluate(eval)?;
            if let Some(loss) = self.state.base_eval {
                self.note(format!(
                    "loss on the data for evaluation before training: {loss:.4}"
                ));
                self.state.best = Some((0, loss));
                self.best = Some(self.weights.clone());
            }
        }
        Ok(())
    }

    fn evaluate(&self, eval: &Dataset) -> Result<Option<f64>, TrainError> {
        let most = self.trainer.config.batch_tokens;
        mean_loss(self.decoder, eval.samples(), self.padding, most)
    }

    fn step(&mut self, rows: &[&Sample]) -> Result<(), TrainError> {
        let config = &self.trainer.config;
        let began = self.trainer.meter.map(crate::metrics::Meter::seconds);
        let step = self.state.step;
        let leaves = self.weights.track(self.decoder, &self.draw)?;
        let draw = &self.draw;
        let Gradients {
            loss,
            values,
            padded,
        } = gradients(
            self.decoder,
            &leaves,
            rows,
            self.padding,
            config.batch_tokens,
            config.recompute,
            // Never 0, which would drop nothing.
            |batch| draw.set((step << 20) + batch as u64 + 1),
        )?;
        self.draw.set(0);
        drop(leaves);
        // The tape's leaves must not outlive the step.
        LoraWeights::detach(self.decoder);
        let norm = if loss.is_finite() {
            global_norm(&values)?
        } else {
            f64::NAN
        };
        let skipped = !norm.is_finite();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of the steps"
        )]
        let warmup = (config.warmup * self.steps as f64).ceil() as u64;
        let rate = config.learning_rate * config.schedule.factor(step, self.steps, warmup);
        if !skipped {
            let factor = clip_factor(norm, config.clip_norm);
            let matrices = self.weights.matrices_mut().zip(values).enumerate();
            for (index, (matrix, gradient)) in matrices {
                let gradient = if factor < 1.0 {
                    gradient.mul_scalar(factor)
                } else {
                    gradient
                };
                *matrix = self.optimizer.step(index, rate, matrix.clone(), gradient);
            }
        }
        let tokens: usize = rows.iter().map(|row| row.tokens.len()).sum();
        let labels: usize = rows.iter().map(|row| row.label_count()).sum();
        let seconds = began
            .zip(self.trainer.meter)
            .map(|(began, meter)| meter.seconds() - began);
        let rate_of = |count: usize| {
            seconds
                .filter(|seconds| *seconds > 0.0)
                .map(|seconds| count as f64 / seconds)
        };
        self.count(rows, loss, norm, skipped)?;
        let mut metrics = StepMetrics {
            step: self.state.step,
            epoch: self.state.step as f64 / self.order.steps().max(1) as f64,
            loss: loss.is_finite().then_some(loss),
            learning_rate: rate,
            gradient_norm: norm.is_finite().then_some(norm),
            skipped,
            tokens: tokens as u64,
            label_tokens: labels as u64,
            padded_tokens: padded as u64,
            eval_loss: None,
            seconds,
            tokens_per_second: rate_of(tokens),
            label_tokens_per_second: rate_of(labels),
            peak_bytes: self
                .trainer
                .meter
                .and_then(crate::metrics::Meter::peak_bytes),
        };
        self.progress();
        self.tell(&Event::Status {
            stage: Stage::Train,
            message: figures(&metrics),
        });
        metrics.eval_loss = self.evaluate_if_due()?;
        if let Some(log) = &mut self.log {
            log.append(&metrics)?;
        }
        let last = self.state.step == self.steps || self.state.stopped_early;
        if last || self.state.step.is_multiple_of(config.checkpoint_steps) {
            self.save()?;
        }
        Ok(())
    }

    /// Counts a step, and ends the run when too many in a row were skipped.
    fn count(
        &mut self,
        rows: &[&Sample],
        loss: f64,
        norm: f64,
        skipped: bool,
    ) -> Result<(), TrainError> {
        let state = &mut self.state;
        state.step += 1;
        if !skipped {
            state.skipped_in_row = 0;
            state.first_loss.get_or_insert(loss);
            state.last_loss = Some(loss);
            state.tokens += rows.iter().map(|row| row.tokens.len() as u64).sum::<u64>();
            state.label_tokens += rows.iter().map(|row| row.label_count() as u64).sum::<u64>();
            return Ok(());
        }
        state.skipped += 1;
        state.skipped_in_row += 1;
        let what = if loss.is_finite() {
            "gradients"
        } else {
            "loss"
        };
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let ids = ids.join(", ");
        if state.skipped_in_row > self.trainer.config.skips {
            return Err(TrainError::Diverged {
                step: state.step,
                what,
                value: if loss.is_finite() { norm } else { loss },
                rows: ids,
            });
        }
        let message =
            format!("its {what} are not finite, so that it changes nothing; its rows are {ids}");
        let subject = format!("step {}", state.step);
        self.tell(&Event::Warning {
            stage: Stage::Train,
            subject,
            message,
        });
        Ok(())
    }

    /// After every epoch, or every so many steps, and at the end.
    fn evaluate_if_due(&mut self) -> Result<Option<f64>, TrainError> {
        let config = &self.trainer.config;
        let every = config.eval_steps.unwrap_or_else(|| self.order.steps());
        let due = self.state.step.is_multiple_of(every.max(1)) || self.state.step == self.steps;
        let Some(eval) = self.eval.filter(|_| due) else {
            return Ok(None);
        };
        self.weights.attach(self.decoder)?;
        let Some(loss) = self.evaluate(eval)? else {
            return Ok(None);
        };
        let step = self.state.step;
        let better = self.state.best.is_none_or(|(_, best)| loss < best - BETTER);
        if better {
            self.state.best = Some((step, loss));
            self.state.worse_in_row = 0;
            self.best = Some(self.weights.clone());
        } else {
            self.state.worse_in_row += 1;
            let patience = config.patience;
            self.state.stopped_early =
                patience.is_some_and(|patience| self.state.worse_in_row > patience);
        }
        let verdict = match (better, self.state.stopped_early) {
            (true, _) => "the best so far",
            (false, false) => "no better",
            (false, true) => "no better again, so that training ends here",
        };
        self.note(format!(
            "loss on the data for evaluation after step {step}: {loss:.4}, {verdict}"
        ));
        Ok(Some(loss))
    }

    fn save(&self) -> Result<(), TrainError> {
        let Some(checkpoints) = &self.checkpoints else {
            return Ok(());
        };
        let values: Vec<_> = self.weights.matrices().cloned().collect();
        let moments = (0..values.len()).map(|index| {
            let moments = self.optimizer.moments(index)?;
            Some((moments.steps, moments.first, moments.second))
        });
        checkpoints.write(&Checkpoint {
            state: self.state.clone(),
            moments: moments.collect(),
            values,
            best: self
                .best
                .as_ref()
                .map(|best| best.matrices().cloned().collect()),
        })
    }

    fn finish(self) -> Result<Trained, TrainError> {
        self.tell(&Event::StageFinished {
            stage: Stage::Train,
            counts: self.train.counts().clone(),
        });
        let state = self.state;
        let weights = self.best.unwrap_or(self.weights);
        weights.attach(self.decoder)?;
        let frozen = self
            .decoder
            .sites()
            .map(|(_, projection)| projection.weight_bytes() as u64);
        let report = TrainReport {
            steps: state.step,
            resumed_from: self.resumed_from,
            stopped_early: state.stopped_early,
            skipped: state.skipped,
            tokens: state.tokens,
            label_tokens: state.label_tokens,
            first_loss: state.first_loss,
            last_loss: state.last_loss,
            base_eval_loss: state.base_eval,
            eval_loss: state.best.map(|(_, loss)| loss),
            best_step: state.best.map_or(state.step, |(step, _)| step),
            parameters: weights.parameters() as u64,
            frozen_bytes: frozen.sum(),
        };
        Ok(Trained { weights, report })
    }

    fn progress(&self) {
        self.tell(&Event::Progress {
            stage: Stage::Train,
            done: self.state.step,
        });
    }

    fn note(&self, message: String) {
        self.tell(&Event::Note {
            stage: Stage::Train,
            message,
        });
    }

    fn tell(&self, event: &Event) {
        self.trainer.observer.on_event(event);
    }
}

/// `loss 1.234, 125 tokens/s (31 labels/s)`
fn figures(metrics: &StepMetrics) -> String {
    let loss = match metrics.loss {
        Some(loss) => format!("loss {loss:.3}"),
        None => "loss not finite".to_owned(),
    };
    match (metrics.tokens_per_second, metrics.label_tokens_per_second) {
        (Some(tokens), Some(labels)) => {
            format!("{loss}, {tokens:.0} tokens/s ({labels:.0} labels/s)")
        }
        _ => loss,
    }
}
