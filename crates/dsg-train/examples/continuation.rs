//! Prints how a model goes on: `cargo run --release -p dsg-train --example continuation -- MODEL TEXT [--chat]`.
//!
//! MODEL is a Hugging Face folder or a GGUF file. With `--chat`, TEXT is a message of a user and the model's own template is used.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to its user"
)]

use std::error::Error;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::time::Instant;

use burn::tensor::Device;
use dsg_train::Source;
use dsg_train::generate::GenerateOptions;
use dsg_train::template::{Message, RenderOptions};
use dsg_train::tokenizer::Specials;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, text, rest @ ..] = arguments.as_slice() else {
        return Err("usage: continuation MODEL TEXT [--chat]".into());
    };
    let begun = Instant::now();
    let source = Source::open(model)?;
    let tokenizer = source.tokenizer()?;
    let decoder = source.decoder(&Device::flex())?;
    let config = source.config();
    eprintln!(
        "{}, {} million parameters, loaded in {:.1} s",
        config.architecture.gguf_name(),
        config.parameters() / 1_000_000,
        begun.elapsed().as_secs_f64()
    );

    let prompt = if rest.iter().any(|argument| argument == "--chat") {
        let template = source.template()?.ok_or("the model has no chat template")?;
        let chat = [Message::new("user", text)];
        tokenizer.encode(
            &template.render(&chat, &RenderOptions::reply())?,
            Specials::Parse,
        )?
    } else {
        let mut ids: Vec<u32> = tokenizer.bos().into_iter().collect();
        ids.extend(tokenizer.encode(text, Specials::Text)?);
        ids
    };
    let mut options = GenerateOptions::default();
    options.max_tokens = 64;
    options.ends = tokenizer.ends().to_vec();
    let begun = Instant::now();
    let (mut tokens, mut shown) = (Vec::new(), 0);
    let reply = decoder.generate(&prompt, &options, |token| {
        tokens.push(token);
        // A character may be of several tokens: what is not whole yet waits.
        if let Ok(text) = tokenizer.decode(&tokens, true)
            && !text.ends_with('\u{fffd}')
            && let Some(new) = text.get(shown..)
        {
            print!("{new}");
            shown = text.len();
        }
        match std::io::stdout().flush() {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    println!();
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!(
        "{} tokens behind {} in {seconds:.1} s, {:?}",
        reply.tokens.len(),
        prompt.len(),
        reply.finish
    );
    Ok(())
}
