//! A reply that comes as server-sent events.

use dsg_core::{ChatError, ChatReply, FinishReason};
use futures_util::StreamExt;
use sse_stream::{Error as SseError, SseStream};

use super::wire::{Completion, finish, log_probs};
use crate::body::{BodyError, Bounded};
use crate::http::Http;

/// Puts the parts together. A stream that ends before the server said so is no reply.
pub(super) async fn collect(http: &Http, body: Bounded) -> Result<ChatReply, ChatError> {
    let mut events = SseStream::new(body);
    let mut text = String::new();
    let mut ended = None;
    let mut is_filtered = false;
    let mut usage = None;
    let mut tokens = Vec::new();
    let mut is_first = true;
    loop {
        let next = http.within_limit(is_first, events.next()).await?;
        is_first = false;
        let event = match next {
            Some(Ok(event)) => event,
            Some(Err(SseError::Body(error))) => {
                return Err(match error.downcast::<BodyError>() {
                    Ok(error) => http.broken(*error),
                    Err(error) => http.malformed(error.to_string()),
                });
            }
            Some(Err(error)) => return Err(http.malformed(error.to_string())),
            None if ended.is_some() => break,
            None => return Err(http.malformed("the stream ended before the reply did")),
        };
        let Some(data) = event.data else { continue };
        if data.trim() == "[DONE]" {
            break;
        }
        let part: Completion = serde_json::from_str(&data)
            .map_err(|error| http.malformed(format!("a part that is not JSON: {error}")))?;
        if let Some(error) = part.error {
            return Err(http.error_within(&error));
        }
        if part.usage.is_some() {
            usage = part.usage;
        }
        let Some(choice) = part.choices.into_iter().next() else {
            continue;
        };
        // What comes after the end was delivered twice.
        let is_new = ended.is_none();
        if let Some(delta) = choice.delta {
            if is_new {
                text.push_str(&delta.content.unwrap_or_default());
            }
            is_filtered |= delta.refusal.is_some();
        }
        if is_new {
            tokens.extend(log_probs(choice.logprobs));
        }
        if choice.finish_reason.is_some() {
            ended = choice.finish_reason;
        }
    }
    if ended.is_none() && text.is_empty() && usage.is_none() {
        return Err(http.malformed("no choices"));
    }
    Ok(ChatReply {
        text: http.redact(text),
        finish: if is_filtered {
            FinishReason::Filtered
        } else {
            finish(ended.as_deref())
        },
        usage: usage.unwrap_or_default().into(),
        log_probs: http.redact_tokens(tokens),
    })
}
