//! Asks a model file one question, in this process.
//!
//! `cargo run --release -p dsg-llm --features llama-cpp --example local -- model.gguf "How do I submit a batch job?"`
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;

use dsg_core::{ChatModel as _, ChatRequest, Message, Role};
use dsg_llm::{Blocking, LlamaCpp, LlamaCppConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(file), Some(question)) = (args.next(), args.next()) else {
        return Err("usage: local <model file> <question>".into());
    };
    let model = LlamaCpp::open(&LlamaCppConfig::new(file))?;
    let request = ChatRequest {
        messages: vec![Message {
            role: Role::User,
            content: question,
        }],
        ..ChatRequest::default()
    };
    let reply = Blocking::new()?.block_on(model.complete(&request))?;
    println!("{}", reply.text);
    println!(
        "{}: {:?}, {:?}",
        model.id().model,
        reply.finish,
        reply.usage
    );
    Ok(())
}
