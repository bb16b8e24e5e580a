//! What models answer, for comparison with other programs (`cargo xtask train-parity`): reads one JSON object from standard input, writes one
//! to standard output and logits to files.
//!
//! `{"model": PATH, "texts": [TEXT], "chats": [[{"role": …, "content": …}]], "sequences": [[ID]], "logits": PATH}`; instead of `model`,
//! `tokenizer` may name a folder of which only the tokenizer is read. Logits are written as singles, row after row. With `"singles": PATH` a copy
//! of a GGUF file is written whose weights are singles.
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::Device;
use dsg_gguf::{Gguf, GgufWriter, TensorType};
use dsg_train::Source;
use dsg_train::template::{ChatTemplate, Message, RenderOptions, SpecialTexts};
use dsg_train::tokenizer::{Specials, Tokenizer};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    model: Option<PathBuf>,
    tokenizer: Option<PathBuf>,
    #[serde(default)]
    texts: Vec<String>,
    #[serde(default)]
    chats: Vec<Vec<Message>>,
    /// Instead of the model's own.
    template: Option<String>,
    #[serde(default)]
    tokens: [Option<String>; 2],
    #[serde(default)]
    sequences: Vec<Vec<u32>>,
    logits: Option<PathBuf>,
    /// Where to write a copy of a GGUF file whose weights are singles.
    singles: Option<PathBuf>,
}

#[derive(Default, Serialize)]
struct Response {
    /// Special tokens parsed, and as text.
    ids: Vec<[Vec<u32>; 2]>,
    bos: Option<u32>,
    ends: Vec<u32>,
    template: Option<String>,
    /// For training and for a reply; what the template refuses is null.
    chats: Vec<[Option<String>; 2]>,
    seconds: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let request: Request = serde_json::from_reader(std::io::stdin())?;
    let mut response = Response::default();
    let source = request.model.as_ref().map(Source::open).transpose()?;
    if !request.texts.is_empty() {
        let tokenizer = match (&source, &request.tokenizer) {
            (Some(source), _) => source.tokenizer()?,
            (None, Some(folder)) => Tokenizer::from_folder(folder)?,
            (None, None) => return Err("neither `model` nor `tokenizer`".into()),
        };
        response.bos = tokenizer.bos();
        response.ends = tokenizer.ends().to_vec();
        for text in &request.texts {
            response.ids.push([
                tokenizer.encode(text, Specials::Parse)?,
                tokenizer.encode(text, Specials::Text)?,
            ]);
        }
    }
    if !request.chats.is_empty() {
        let template = match (&request.template, &source) {
            (Some(template), _) => {
                let [bos, eos] = request.tokens.clone();
                let tokens = SpecialTexts {
                    bos,
                    eos,
                    ..SpecialTexts::default()
                };
                Some(ChatTemplate::new(template, tokens)?)
            }
            (None, Some(source)) => source.template()?,
            (None, None) => None,
        };
        if let Some(template) = template {
            response.template = Some(template.source().to_owned());
            for chat in &request.chats {
                let both = [RenderOptions::whole(), RenderOptions::reply()];
                response
                    .chats
                    .push(both.map(|options| template.render(chat, &options).ok()));
            }
        }
    }
    if let (Some(source), Some(path)) = (&source, &request.logits) {
        response.seconds = write_logits(source, &request.sequences, path)?;
    }
    if let (Some(file), Some(path)) = (source.as_ref().and_then(Source::gguf), &request.singles) {
        write_singles(file, path)?;
    }
    println!("{}", serde_json::to_string(&response)?);
    Ok(())
}

fn write_singles(file: &Gguf, path: &Path) -> Result<(), Box<dyn Error>> {
    let mut writer = GgufWriter::new();
    writer.copy_keys(file, |key| key != "general.file_type")?;
    writer.key("general.file_type", 0_u32)?;
    for tensor in file.tensors() {
        writer.tensor(tensor.name(), TensorType::F32, tensor.shape())?;
    }
    writer.write(path, |tensor, out| {
        let Some(tensor) = file.tensor(tensor.name()) else {
            return Ok(());
        };
        for value in file.values(tensor).map_err(std::io::Error::other)? {
            out.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Returns the seconds of the passes.
fn write_logits(
    source: &Source,
    sequences: &[Vec<u32>],
    path: &Path,
) -> Result<f64, Box<dyn Error>> {
    let decoder = source.decoder(&Device::flex())?;
    let mut out = BufWriter::new(File::create(path)?);
    let mut seconds = 0.0;
    for sequence in sequences {
        let begun = Instant::now();
        let hidden = decoder.hidden(decoder.batch(&[sequence])?)?;
        let width = source.config().width;
        let logits = decoder.logits(hidden.reshape([sequence.len(), width]));
        let values: Vec<f32> = logits
            .into_data()
            .try_into_vec()
            .map_err(|error| format!("{error:?}"))?;
        seconds += begun.elapsed().as_secs_f64();
        for value in values {
            out.write_all(&value.to_le_bytes())?;
        }
    }
    out.flush()?;
    Ok(seconds)
}
