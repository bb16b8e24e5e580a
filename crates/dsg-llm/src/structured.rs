//! A model whose replies fit the schema that was asked for.

use async_trait::async_trait;
use dsg_core::{
    Capabilities, ChatError, ChatModel, ChatReply, ChatRequest, Message, ModelId, Role, Salvaged,
    salvage,
};
use jsonschema::Validator;
use serde_json::Value;

/// Characters of a reply that are shown to the model again.
const QUOTED_CHARS: usize = 4000;
/// Ends what a reasoning model says to itself.
const THOUGHT_ENDS: &str = "</think>";

/// The last rungs of the ladder. Providers hold a reply to its schema while it is decoded, else to JSON, else ask for it in
/// words; here it is taken out of its fences and prose, checked, and asked for once more with the problem named. A reply that
/// still does not fit is [`ChatError::Unusable`].
///
/// Every reply to a request with a schema is therefore the text of one JSON value that satisfies it: to the letter where it
/// came so, compact where it had to be salvaged. Requests without a schema pass through.
#[derive(Debug)]
pub struct Structured<M> {
    inner: M,
}

impl<M: ChatModel> Structured<M> {
    /// `inner`, held to its schemas. Over [`Recorded`](crate::Recorded), so that the store has what the model said.
    pub const fn new(inner: M) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<M: ChatModel> ChatModel for Structured<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let Some(schema) = &request.schema else {
            return self.inner.complete(request).await;
        };
        let validator = jsonschema::validator_for(schema).map_err(|error| ChatError::Rejected {
            model: self.id().model.clone(),
            detail: format!("the request's schema is no JSON Schema: {error}"),
        })?;
        let first = self.inner.complete(request).await?;
        let problem = match fitting(&first.text, &validator) {
            Ok(text) => return Ok(ChatReply { text, ..first }),
            Err(problem) => problem,
        };
        let again = ask_again(request, &first.text, &problem);
        let second = self.inner.complete(&again).await?;
        match fitting(&second.text, &validator) {
            Ok(text) => Ok(ChatReply {
                text,
                usage: first.usage + second.usage,
                ..second
            }),
            Err(problem) => Err(ChatError::Unusable {
                model: self.id().model.clone(),
                problem,
                text: second.text,
            }),
        }
    }
}

/// The text of the first JSON value in `reply` that fits, or what is wrong with the first that does not.
fn fitting(reply: &str, validator: &Validator) -> Result<String, String> {
    if let Ok(value) = serde_json::from_str(reply) {
        return check(&value, validator).map(|()| reply.trim().to_owned());
    }
    let answer = reply
        .rsplit_once(THOUGHT_ENDS)
        .map_or(reply, |(_, answer)| answer);
    let mut problem = None;
    for Salvaged { value, is_cut } in salvage(answer) {
        match check(&value, validator) {
            Ok(()) => return Ok(value.to_string()),
            Err(_) if is_cut => problem.get_or_insert("the JSON ends before its end".to_owned()),
            Err(found) => problem.get_or_insert(found),
        };
    }
    Err(problem.unwrap_or_else(|| "there is no JSON object or list in the reply".to_owned()))
}

fn check(value: &Value, validator: &Validator) -> Result<(), String> {
    validator.validate(value).map_err(|error| {
        let place = error.instance_path().to_string();
        if place.is_empty() {
            error.to_string()
        } else {
            format!("at {place}: {error}")
        }
    })
}

/// The conversation with the reply that cannot be used and why.
fn ask_again(request: &ChatRequest, reply: &str, problem: &str) -> ChatRequest {
    let quoted: String = reply.chars().take(QUOTED_CHARS).collect();
    let mut again = request.clone();
    let turn = |role, content| Message { role, content };
    again.messages.push(turn(Role::Assistant, quoted));
    again.messages.push(turn(
        Role::User,
        format!(
            "That reply cannot be used: {problem}.\n\
             Give the whole reply again as one JSON value that satisfies the schema, and nothing else."
        ),
    ));
    again
}
