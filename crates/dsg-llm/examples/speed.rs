//! How fast a model file answers on this machine: reading a prompt, writing a reply with and without a schema, and what three
//! calls about one passage save by the cache.
//!
//! `cargo run --release -p dsg-llm --features llama-cpp --example speed -- model.gguf [threads] [batch]`
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::time::Instant;

use dsg_core::{ChatModel as _, ChatReply, ChatRequest, Message, Role, Sampling};
use dsg_llm::{Blocking, LlamaCpp, LlamaCppConfig};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut config = LlamaCppConfig::new(args.next().ok_or("usage: speed <model file>")?);
    config.threads = args.next().map(|arg| arg.parse()).transpose()?;
    if let Some(batch) = args.next() {
        config.batch = batch.parse()?;
    }
    let model = LlamaCpp::open(&config)?;
    let runtime = Blocking::new()?;
    let ask = |request: &ChatRequest| -> Result<(ChatReply, f64)> {
        let start = Instant::now();
        let reply = runtime.block_on(model.complete(request))?;
        Ok((reply, start.elapsed().as_secs_f64()))
    };
    // Nothing of a passage stays in the cache.
    let forget = || ask(&question("", "Hello", 1, None));
    println!("{}", model.id().model);

    let passage = passage();
    let list = json!({"type": "object", "properties": {"items": {"type": "array", "minItems": 3, "maxItems": 3, "items": {
        "type": "object", "properties": {"question": {"type": "string", "maxLength": 200}, "answer": {"type": "string", "maxLength": 200}},
        "required": ["question", "answer"]}}}, "required": ["items"]});
    let first = "Write three questions that this passage answers, with their answers, as JSON.";
    let (cold, seconds) = ask(&question(&passage, first, 1, None))?;
    let tokens = cold.usage.prompt_tokens as f64;
    println!("prompt: {tokens} tokens, {:.1} tokens/s", tokens / seconds);
    for schema in [None, Some(&list)] {
        let (_, to_first) = ask(&question(&passage, first, 1, schema))?;
        let (reply, seconds) = ask(&question(&passage, first, 128, schema))?;
        let written = reply.usage.completion_tokens;
        println!(
            "reply {} schema: {written} tokens, {:.1} tokens/s",
            schema.map_or("without", |_| "with"),
            written.saturating_sub(1) as f64 / (seconds - to_first)
        );
    }
    let calls = [
        first,
        "Which sentence says the most? Quote it.",
        "Is the passage complete? Yes or no.",
    ];
    let (mut without, mut with) = (0.0, 0.0);
    for call in calls {
        forget()?;
        without += ask(&question(&passage, call, 1, None))?.1;
    }
    forget()?;
    let mut cached = Vec::new();
    for call in calls {
        let (reply, seconds) = ask(&question(&passage, call, 1, None))?;
        with += seconds;
        cached.push((reply.usage.prompt_tokens, reply.usage.cached_tokens));
    }
    println!(
        "three prompts about one passage: {without:.2} s cold, {with:.2} s with the cache; prompt and cached tokens {cached:?}"
    );
    Ok(())
}

fn question(
    passage: &str,
    question: &str,
    max_tokens: usize,
    schema: Option<&Value>,
) -> ChatRequest {
    ChatRequest {
        messages: vec![Message {
            role: Role::User,
            content: format!("{passage}\n\n{question}"),
        }],
        sampling: Sampling {
            max_tokens,
            ..Sampling::default()
        },
        schema: schema.cloned(),
        ..ChatRequest::default()
    }
}

/// About 400 tokens.
fn passage() -> String {
    let rules = (1..=16).map(|n| {
        let hours = n * 2;
        format!(
            "A job in queue {n} may run for {hours} hours; ask for less time and it starts sooner. "
        )
    });
    rules.collect()
}
