//! A tiny model learns four answers by heart, without a command line and without a download:
//!
//! ```text
//! cargo run --release -p dsg-train --example by_heart
//! ```
//!
//! The base model is a Llama of two small blocks with random weights, so that all that it knows afterwards is in the adapter. Its tokens are
//! bytes, which also shows what a model's chat format is to training: [`ChatFormat`].
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::Device;
use dsg_core::{Event, Message, Observer, Role, Seed};
use dsg_train::data::{ChatFormat, Dataset, Encoder, Row};
use dsg_train::generate::GenerateOptions;
use dsg_train::{Source, TrainConfig, TrainError, Trainer};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

const ROWS: [(&str, &str); 4] = [
    ("Who are you?", "A small model."),
    ("How small?", "Two blocks of 64."),
    ("What do you know?", "Four answers."),
    ("Since when?", "A moment ago."),
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    write_model(folder.path())?;
    let mut decoder = Source::open(folder.path())?.decoder(&Device::flex())?;

    let rows = ROWS.iter().enumerate().map(|(index, (question, answer))| {
        let message = |role, content: &str| Message {
            role,
            content: content.to_owned(),
        };
        let turns = vec![
            message(Role::User, question),
            message(Role::Assistant, answer),
        ];
        Row::new(format!("row {index}"), turns)
    });
    let dataset = Dataset::encode(rows.collect(), &Encoder::new(&Bytes, 64));
    let config = TrainConfig {
        epochs: 80,
        learning_rate: 1e-2,
        batch_rows: 4,
        ..TrainConfig::default()
    };
    let trained =
        Trainer::new(config)?
            .with_observer(&Losses)
            .train(&mut decoder, &dataset, None)?;
    println!("{} values were trained", trained.report.parameters);

    let mut options = GenerateOptions::default();
    options.ends = Bytes.ends().to_vec();
    for (question, _) in ROWS {
        let prompt = Bytes.tokens(&format!("<u{question}><a"))?;
        let reply = decoder.generate(&prompt, &options, |_| ControlFlow::Continue(()))?;
        let bytes = reply
            .tokens
            .iter()
            .map(|token| u8::try_from(*token).unwrap_or(b'?'));
        let text: Vec<u8> = bytes.collect();
        println!("{question} {}", String::from_utf8_lossy(&text));
    }
    Ok(())
}

/// Prints every twentieth line of figures.
struct Losses;

impl Observer for Losses {
    fn on_event(&self, event: &Event) {
        match event {
            Event::Progress { done, .. } if done % 20 == 0 => print!("step {done}: "),
            Event::Status { message, .. } => println!("{message}"),
            _ => {}
        }
    }
}

/// `<` begins and `>` ends a turn.
struct Bytes;

impl ChatFormat for Bytes {
    fn render(&self, messages: &[Message], reply: bool) -> Result<String, TrainError> {
        let turns = messages.iter().map(|message| {
            let role = if message.role == Role::Assistant {
                'a'
            } else {
                'u'
            };
            format!("<{role}{}>", message.content)
        });
        let begins = if reply { "<a" } else { "" };
        Ok(turns.collect::<String>() + begins)
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, TrainError> {
        Ok(text.bytes().map(u32::from).collect())
    }

    fn plain_tokens(&self, text: &str) -> Result<Vec<u32>, TrainError> {
        self.tokens(text)
    }

    fn begin(&self) -> Option<u32> {
        None
    }

    fn ends(&self) -> &[u32] {
        // The byte of `>`.
        &[0x3e]
    }
}

/// A folder as any other of Hugging Face's, with random weights.
fn write_model(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (width, inner, vocabulary, layers) = (64, 128, 128, 2);
    let config = json!({
        "model_type": "llama", "vocab_size": vocabulary, "hidden_size": width, "intermediate_size": inner,
        "num_hidden_layers": layers, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
        "rms_norm_eps": 1e-6, "rope_theta": 10_000.0, "tie_word_embeddings": true, "hidden_act": "silu",
    });
    fs::write(folder.join("config.json"), config.to_string())?;
    let mut shapes = vec![
        (
            "model.embed_tokens.weight".to_owned(),
            vec![vocabulary, width],
        ),
        ("model.norm.weight".to_owned(), vec![width]),
    ];
    for layer in 0..layers {
        let parts: [(&str, Vec<usize>); 9] = [
            ("input_layernorm", vec![width]),
            ("post_attention_layernorm", vec![width]),
            ("self_attn.q_proj", vec![width, width]),
            ("self_attn.k_proj", vec![width / 2, width]),
            ("self_attn.v_proj", vec![width / 2, width]),
            ("self_attn.o_proj", vec![width, width]),
            ("mlp.gate_proj", vec![inner, width]),
            ("mlp.up_proj", vec![inner, width]),
            ("mlp.down_proj", vec![width, inner]),
        ];
        for (name, shape) in parts {
            shapes.push((format!("model.layers.{layer}.{name}.weight"), shape));
        }
    }
    let mut tensors = Vec::new();
    for (name, shape) in shapes {
        let seed = Seed(1).derive("weights", &name);
        let bytes: Vec<u8> = (0..shape.iter().product())
            .flat_map(|index: usize| {
                let unit = seed.derive("value", &index.to_string()).unit() - 0.5;
                // Norms are 1, matrices keep the size of what goes through them.
                let value = match shape.get(1) {
                    Some(columns) => unit * (12.0 / *columns as f64).sqrt(),
                    None => 1.0,
                };
                #[allow(
                    clippy::cast_possible_truncation,
                    reason = "a drawn number need not be exact"
                )]
                let value = value as f32;
                value.to_le_bytes()
            })
            .collect();
        tensors.push((name, shape, bytes));
    }
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    safetensors::serialize_to_file(views, None, &folder.join("model.safetensors"))?;
    Ok(())
}
