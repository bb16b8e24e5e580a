//! Nothing that was cut is taken for an answer.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use dsg_core::{
    Capabilities, ChatError, ChatModel as _, ChatReply, ChatRequest, FinishReason, TokenCounter,
    Usage,
};
use dsg_llm::{GuardConfig, Guarded, Scripted, reply_to};
use serde_json::json;

use crate::server::request;

/// A word is a token.
pub(crate) struct Words;

impl TokenCounter for Words {
    fn count(&self, text: &str) -> usize {
        text.split_whitespace().count()
    }
}

/// A model that needs so many tokens for its reply, in a context of so many, and counts `counted` of the prompt.
fn model(needs: usize, context: Option<usize>, counted: u64) -> (Scripted, Arc<Mutex<Vec<usize>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let model = Scripted::new("m", move |request| {
        let max_tokens = request.sampling.max_tokens;
        seen.lock().unwrap().push(max_tokens);
        Ok(ChatReply {
            finish: if needs > max_tokens {
                FinishReason::Length
            } else {
                FinishReason::Stop
            },
            usage: Usage {
                prompt_tokens: counted,
                cached_tokens: 0,
                completion_tokens: needs.min(max_tokens) as u64,
            },
            ..reply_to(request, "Yes.")
        })
    });
    let capabilities = Capabilities {
        context_tokens: context,
        ..model.capabilities()
    };
    (model.with_capabilities(capabilities), asked)
}

/// A prompt of so many words.
fn prompt(words: usize, max_tokens: usize) -> ChatRequest {
    let mut request = request(&"word ".repeat(words));
    request.sampling.max_tokens = max_tokens;
    request
}

fn guarded(model: Scripted, config: GuardConfig) -> Guarded<Scripted> {
    Guarded::new(model, Arc::new(Words), config)
}

#[tokio::test]
async fn what_does_not_fit_is_not_sent() {
    let (model, asked) = model(10, Some(200), 100);
    let model = guarded(model, GuardConfig::default());
    assert!(model.complete(&prompt(96, 100)).await.is_ok());
    let error = model.complete(&prompt(97, 100)).await.unwrap_err();
    let ChatError::ContextExceeded {
        prompt: 101,
        reply: 100,
        context: 200,
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_configured_context_counts_before_a_declared_one() {
    let config = GuardConfig {
        context_tokens: Some(50),
        ..GuardConfig::default()
    };
    let (model, _) = model(10, Some(200), 100);
    let model = guarded(model, config);
    assert_eq!(model.capabilities().context_tokens, Some(50));
    assert!(model.complete(&prompt(40, 10)).await.is_err());
}

#[tokio::test]
async fn a_schema_in_words_is_part_of_the_prompt() {
    let (model, _) = model(1, Some(20), 10);
    let in_words = Capabilities {
        json_schema: false,
        ..model.capabilities()
    };
    let mut request = prompt(10, 5);
    request.schema = Some(json!({"description": "one two three four five"}));
    let holds_to_schema = guarded(model, GuardConfig::default());
    assert!(holds_to_schema.complete(&request).await.is_ok());
    let (model, _) = self::model(1, Some(20), 10);
    let asks = guarded(model.with_capabilities(in_words), GuardConfig::default());
    assert!(matches!(
        asks.complete(&request).await,
        Err(ChatError::ContextExceeded { .. })
    ));
}

#[tokio::test]
async fn an_answer_to_half_the_prompt_is_none() {
    let ask = async |counted, min_prompt_percent| {
        let config = GuardConfig {
            min_prompt_percent,
            ..GuardConfig::default()
        };
        let (model, _) = model(10, None, counted);
        guarded(model, config).complete(&prompt(996, 100)).await
    };
    assert!(ask(500, 50).await.is_ok());
    let Err(ChatError::PromptCut {
        counted: 499,
        sent: 1000,
        ..
    }) = ask(499, 50).await
    else {
        panic!("taken for an answer");
    };
    assert!(ask(499, 0).await.is_ok(), "switched off");
    assert!(ask(0, 50).await.is_ok(), "the server does not count");
}

#[tokio::test]
async fn a_cut_reply_is_asked_for_once_more_with_more_room() {
    let run = async |needs, context, growth| {
        let config = GuardConfig {
            growth: NonZeroUsize::new(growth).unwrap(),
            ..GuardConfig::default()
        };
        let (model, asked) = model(needs, context, 14);
        let outcome = guarded(model, config).complete(&prompt(10, 100)).await;
        let asked = asked.lock().unwrap().clone();
        (asked, outcome)
    };
    let (asked, outcome) = run(150, None, 2).await;
    assert_eq!(asked, [100, 200]);
    let usage = outcome.unwrap().usage;
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (28, 250));

    let (asked, outcome) = run(500, None, 2).await;
    assert_eq!(asked, [100, 200]);
    let Err(ChatError::ReplyCut {
        completion: 200,
        max_tokens: 200,
        ..
    }) = outcome
    else {
        panic!("a cut reply is no answer");
    };
    // The context leaves 150 for the reply, or nothing more than was asked for.
    assert_eq!(run(150, Some(164), 2).await.0, [100, 150]);
    assert_eq!(run(150, Some(114), 2).await.0, [100]);
    let (asked, outcome) = run(150, None, 1).await;
    assert_eq!(asked, [100]);
    assert!(matches!(
        outcome,
        Err(ChatError::ReplyCut {
            max_tokens: 100,
            ..
        })
    ));
}
