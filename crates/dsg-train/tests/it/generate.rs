//! Replies.

use std::ops::ControlFlow;

use burn::tensor::Device;
use dsg_core::Seed;
use dsg_train::architecture::Architecture;
use dsg_train::decoder::Decoder;
use dsg_train::generate::{Finish, GenerateOptions, Generated, Sampling};

use crate::decoder::all_logits;
use crate::model::{CONTEXT, Tiny};

const PROMPT: [u32; 4] = [1, 17, 42, 5];

fn decoder() -> Decoder {
    Tiny::new(Architecture::Gemma3)
        .source()
        .decoder(&Device::flex())
        .unwrap()
}

fn generate(decoder: &Decoder, options: &GenerateOptions) -> Generated {
    decoder
        .generate(&PROMPT, options, |_| ControlFlow::Continue(()))
        .unwrap()
}

fn options(max_tokens: usize) -> GenerateOptions {
    let mut options = GenerateOptions::default();
    options.max_tokens = max_tokens;
    options
}

#[test]
fn greedy_tokens_are_the_likeliest_of_whole_passes() {
    let decoder = decoder();
    let reply = generate(&decoder, &options(9));
    assert_eq!(reply.finish, Finish::Length);
    let mut tokens = PROMPT.to_vec();
    for token in reply.tokens {
        let logits = all_logits(&decoder, &tokens).pop().unwrap();
        let likeliest = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
        assert_eq!(likeliest, Some(token as usize));
        tokens.push(token);
    }
}

#[test]
fn a_reply_ends_at_an_ending_token_at_the_context_or_when_told() {
    let decoder = decoder();
    let free = generate(&decoder, &options(1000));
    assert_eq!(free.finish, Finish::Context);
    assert_eq!(PROMPT.len() + free.tokens.len(), CONTEXT + 1);

    let end = free.tokens[5];
    let first = free.tokens.iter().position(|token| *token == end).unwrap();
    let mut ending = options(1000);
    ending.ends = vec![end];
    let reply = generate(&decoder, &ending);
    assert_eq!(reply.finish, Finish::End(end));
    assert_eq!(reply.tokens, free.tokens[..first]);

    let mut seen = Vec::new();
    let reply = decoder
        .generate(&PROMPT, &options(1000), |token| {
            seen.push(token);
            if seen.len() == 3 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
    assert_eq!(reply.finish, Finish::Stopped);
    assert_eq!(reply.tokens, free.tokens[..3]);
    assert_eq!(seen, reply.tokens);
}

#[test]
fn the_same_seed_gives_the_same_tokens() {
    let decoder = decoder();
    let sampled = |seed| {
        let mut options = options(20);
        options.sampling = Sampling::TopP {
            temperature: 1.5,
            top_p: 0.95,
            seed: Seed(seed),
        };
        generate(&decoder, &options).tokens
    };
    assert_eq!(sampled(1), sampled(1));
    assert_ne!(sampled(1), sampled(2));
}

#[test]
fn a_prompt_must_fit() {
    let decoder = decoder();
    let fails = |prompt: &[u32]| {
        decoder
            .generate(prompt, &options(5), |_| ControlFlow::Continue(()))
            .unwrap_err()
            .to_string()
    };
    assert!(fails(&[1; CONTEXT + 1]).contains("longer than the model's context"));
    assert!(fails(&[]).contains("there is no token"));
    assert!(fails(&[1, 300]).contains("token id 300"));
}
