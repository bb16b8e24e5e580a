//! The thread that owns the model.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender};

use dsg_core::{ChatError, ChatReply, ChatRequest, FinishReason, Usage};
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::{LlamaCppError, LogOptions, send_logs_to_tracing};
use tokio::sync::oneshot;

use super::Plan;
use super::log_probs::log_probs;
use super::prompt::Template;
use super::queue::{Job, Queue};
use super::sampler::{Sampler, grammar};
use super::sequence::{Failure, Sequence};
use crate::error::LlmError;
use crate::openai::wire::ask_in_words;

/// Threads that llama.cpp takes at most.
pub(super) const MOST_THREADS: i32 = 512;
/// Tokens of a batch at most.
pub(super) const MOST_BATCH: usize = 4096;

/// What is known of a model once it is loaded.
pub(super) struct Loaded {
    pub(super) context_tokens: usize,
}

/// llama.cpp itself, set up once a process; silent, since what it logs is no part of a program's output.
pub(super) fn backend() -> Result<&'static LlamaBackend, LlmError> {
    static BACKEND: OnceLock<Option<LlamaBackend>> = OnceLock::new();
    let backend = BACKEND.get_or_init(|| {
        send_logs_to_tracing(LogOptions::default().with_logs_enabled(false));
        LlamaBackend::init().ok()
    });
    backend.as_ref().ok_or_else(|| {
        LlmError::Runtime(std::io::Error::other(
            LlamaCppError::BackendAlreadyInitialized,
        ))
    })
}

/// Loads the model, says so, and answers until nobody can ask any more.
pub(super) fn run(
    plan: &Plan,
    name: &str,
    loaded: &Sender<Result<Loaded, LlmError>>,
    inbox: &Receiver<Job>,
) {
    let model = match load(&plan.path) {
        Ok(model) => model,
        Err(error) => {
            let _ = loaded.send(Err(error));
            return;
        }
    };
    match Engine::new(plan, name, &model) {
        Ok(mut engine) => {
            let context_tokens = engine.sequence.room();
            if loaded.send(Ok(Loaded { context_tokens })).is_ok() {
                engine.serve(inbox);
            }
        }
        Err(error) => {
            let _ = loaded.send(Err(error));
        }
    }
}

fn problem(path: &Path, problem: impl Into<String>) -> LlmError {
    LlmError::Model {
        path: path.to_owned(),
        problem: problem.into(),
        source: None,
    }
}

pub(super) fn load(path: &Path) -> Result<LlamaModel, LlmError> {
    let params = LlamaModelParams::default();
    LlamaModel::load_from_file(backend()?, path, &params).map_err(|error| LlmError::Model {
        path: path.to_owned(),
        problem: "llama.cpp cannot load it: it is cut or damaged, or of a kind that this version does not know"
            .to_owned(),
        source: Some(error.into()),
    })
}

/// A context of the plan's tokens, no more than the model was trained for; how many these are, and how many are decoded at once.
pub(super) fn context<'a>(
    plan: &Plan,
    model: &'a LlamaModel,
) -> Result<(LlamaContext<'a>, usize, usize), LlmError> {
    let trained = std::num::NonZeroU32::new(model.n_ctx_train());
    let tokens = trained.map_or(plan.context_tokens, |most| most.min(plan.context_tokens));
    let batch_tokens = plan.batch.get().min(tokens.get() as usize);
    let batch_width = u32::try_from(batch_tokens).unwrap_or(tokens.get());
    let params = LlamaContextParams::default()
        .with_n_ctx(Some(tokens))
        .with_n_batch(batch_width)
        .with_n_ubatch(batch_width)
        .with_n_threads(plan.threads)
        .with_n_threads_batch(plan.threads);
    let context = model
        .new_context(backend()?, params)
        .map_err(|error| LlmError::Model {
            path: plan.path.clone(),
            problem: format!("llama.cpp cannot make a context of {tokens} tokens for it"),
            source: Some(error.into()),
        })?;
    Ok((context, tokens.get() as usize, batch_tokens))
}

/// A request whose prompt is ready.
struct Ready {
    request: ChatRequest,
    reply: oneshot::Sender<Result<ChatReply, ChatError>>,
    prompt: Vec<LlamaToken>,
    grammar: Option<LlamaSampler>,
}

/// A model with its context.
struct Engine<'a> {
    name: &'a str,
    model: &'a LlamaModel,
    template: Template,
    sequence: Sequence<'a>,
}

impl<'a> Engine<'a> {
    fn new(plan: &Plan, name: &'a str, model: &'a LlamaModel) -> Result<Self, LlmError> {
        let template = Template::of(model).map_err(|what| problem(&plan.path, what))?;
        Ok(Self {
            name,
            model,
            template,
            sequence: Sequence::new(plan, model)?,
        })
    }

    fn serve(&mut self, inbox: &Receiver<Job>) {
        let mut queue = Queue::new();
        loop {
            let next = queue.next(
                inbox,
                |job| self.prepare(job),
                |ready| self.sequence.shared(&ready.prompt),
            );
            let Some(ready) = next else {
                return;
            };
            let Ready {
                request,
                reply,
                prompt,
                grammar,
            } = ready;
            // Whoever asked may have gone.
            if reply.is_closed() {
                continue;
            }
            let answer = self.answer(&request, &prompt, grammar, &reply);
            let _ = reply.send(answer);
        }
    }

    /// The tokens of a request and its grammar; one that cannot be answered is told so and gone.
    fn prepare(&self, job: Job) -> Option<Ready> {
        let Job { mut request, reply } = job;
        let grammar = request
            .schema
            .as_ref()
            .and_then(|schema| grammar(self.model, schema));
        if let (Some(schema), None) = (&request.schema, &grammar) {
            ask_in_words(&mut request.messages, schema);
        }
        let reply_tokens = request.sampling.max_tokens;
        let error = match self.template.tokens(self.model, &request.messages) {
            Ok(prompt) if prompt.len().saturating_add(reply_tokens) <= self.sequence.room() => {
                return Some(Ready {
                    request,
                    reply,
                    prompt,
                    grammar,
                });
            }
            Ok(prompt) => ChatError::ContextExceeded {
                model: self.name.to_owned(),
                prompt: prompt.len(),
                reply: reply_tokens,
                context: self.sequence.room(),
            },
            Err(detail) => ChatError::Rejected {
                model: self.name.to_owned(),
                detail,
            },
        };
        let _ = reply.send(Err(error));
        None
    }

    fn answer(
        &mut self,
        request: &ChatRequest,
        prompt: &[LlamaToken],
        grammar: Option<LlamaSampler>,
        reply: &oneshot::Sender<Result<ChatReply, ChatError>>,
    ) -> Result<ChatReply, ChatError> {
        let cached_tokens = self.read(prompt, reply)?;
        let sampling = &request.sampling;
        let mut sampler = Sampler::new(sampling, grammar);
        let vocab = self.model.vocab();
        let text_of = |token| {
            let mut piece = Vec::new();
            vocab.token_to_piece_into(token, &mut piece, false, None);
            characters(piece)
        };
        let mut text = Vec::new();
        let mut tokens = Vec::new();
        let mut completion_tokens = 0;
        let mut chosen = None;
        let finish = loop {
            if completion_tokens >= sampling.max_tokens {
                break FinishReason::Length;
            }
            // The token of the last round.
            if let Some(token) = chosen {
                if reply.is_closed() {
                    return Err(ChatError::Interrupted);
                }
                let position = prompt.len() + completion_tokens - 1;
                let outcome = self.sequence.go_on(token, position);
                outcome.map_err(|error| self.failed(error))?;
            }
            let last = self.sequence.last();
            let Some(token) = sampler.next(self.sequence.context(), last) else {
                return Err(self.rejected("no token of the model's continues the schema's grammar"));
            };
            if vocab.is_eog(token) {
                break FinishReason::Stop;
            }
            if !sampler.accept(token) {
                return Err(self.rejected("the schema's grammar cannot be followed"));
            }
            if request.top_log_probs > 0 {
                let logits = self.sequence.context().get_logits_ith(last);
                tokens.push(log_probs(logits, token, request.top_log_probs, text_of));
            }
            let searched = text.len();
            vocab.token_to_piece_into(token, &mut text, false, None);
            completion_tokens += 1;
            if let Some(end) = stop(&text, searched, &sampling.stop) {
                text.truncate(end);
                break FinishReason::Stop;
            }
            chosen = Some(token);
        };
        Ok(ChatReply {
            text: characters(text),
            finish,
            usage: Usage {
                prompt_tokens: prompt.len() as u64,
                cached_tokens: cached_tokens as u64,
                completion_tokens: completion_tokens as u64,
            },
            log_probs: tokens,
        })
    }

    /// Brings the prompt into the context; how many of its tokens were there. At least the last is decoded, for its
    /// likelihoods.
    fn read(
        &mut self,
        prompt: &[LlamaToken],
        reply: &oneshot::Sender<Result<ChatReply, ChatError>>,
    ) -> Result<usize, ChatError> {
        let last = prompt.len().saturating_sub(1);
        let reused = self.sequence.reuse(prompt, last);
        let rest = prompt.get(reused..).unwrap_or_default();
        for part in rest.chunks(self.sequence.width()) {
            if reply.is_closed() {
                return Err(ChatError::Interrupted);
            }
            let outcome = self.sequence.read(part, last);
            outcome.map_err(|error| self.failed(error))?;
        }
        Ok(reused)
    }

    fn failed(&self, source: Failure) -> ChatError {
        ChatError::Backend {
            what: format!("{} cannot decode", self.name),
            source,
        }
    }

    fn rejected(&self, detail: &str) -> ChatError {
        ChatError::Rejected {
            model: self.name.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// Where the first stop text in `text` begins; before `searched` there is no end of one.
fn stop(text: &[u8], searched: usize, stops: &[String]) -> Option<usize> {
    let found = stops
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| {
            let from = searched.saturating_sub(stop.len() - 1);
            let new = text.get(from..)?;
            let place = new
                .windows(stop.len())
                .position(|part| part == stop.as_bytes())?;
            Some(from + place)
        });
    found.min()
}

/// The text in whole characters: a reply that was stopped by its length may end within one.
fn characters(mut bytes: Vec<u8>) -> String {
    if let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_text_is_found_across_tokens_and_the_first_one_counts() {
        let stops = ["END".to_owned(), String::new(), "\n\n".to_owned()];
        assert_eq!(stop(b"one EN", 4, &stops), None);
        assert_eq!(stop(b"one END", 6, &stops), Some(4));
        assert_eq!(stop(b"a\n\nb END", 1, &stops), Some(1));
    }

    #[test]
    fn a_character_that_was_cut_is_left_out() {
        assert_eq!(characters("naïve".as_bytes()[..3].to_vec()), "na");
        assert_eq!(characters("naïve".as_bytes().to_vec()), "naïve");
        assert_eq!(characters(vec![b'a', 0xff, b'b']), "a\u{fffd}b");
    }
}
