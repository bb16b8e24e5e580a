//! Asks a server one question and keeps the reply: a second run with the same question asks nobody.
//!
//! `cargo run -p dsg-llm --example ask -- http://127.0.0.1:8080/v1 "How do I submit a batch job?"`
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::path::Path;

use dsg_core::{ChatModel as _, ChatRequest, Message, Role};
use dsg_llm::{ApiKey, Blocking, HttpConfig, OpenAi, OpenAiConfig, Recorded, ReplyStore};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(base_url), Some(question)) = (args.next(), args.next()) else {
        return Err("usage: ask <base url> <question>".into());
    };
    let config = OpenAiConfig {
        base_url,
        ..OpenAiConfig::default()
    };
    let server = OpenAi::new(
        config,
        HttpConfig::default(),
        ApiKey::from_env("OPENAI_API_KEY")?,
    )?;
    let store = ReplyStore::open(Path::new("replies.sqlite"))?;
    let model = Recorded::new(server, store.clone(), serde_json::Value::Null);
    let request = ChatRequest {
        messages: vec![Message {
            role: Role::User,
            content: question,
        }],
        ..ChatRequest::default()
    };
    let reply = Blocking::new()?.block_on(model.complete(&request))?;
    println!("{}\n{:?}, {:?}", reply.text, reply.finish, reply.usage);
    for stats in store.stats()? {
        println!(
            "{} replies of {} in replies.sqlite",
            stats.replies, stats.model.model
        );
    }
    Ok(())
}
