//! Converts raw values, for comparison with other programs:
//!
//! ```text
//! blocks quantize TYPE VALUES BLOCKS     little-endian floats to blocks
//! blocks dequantize TYPE BLOCKS VALUES   and back
//! blocks keys MODEL                      keys, types and tensors of a model, as JSON
//! ```
//!
//! Prints the seconds that the conversion took, files apart, as the best of three.
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

use dsg_gguf::{Gguf, QuantError, TensorType, dequantize, quantize};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["quantize", kind, from, to] => {
            let kind: TensorType = kind.parse()?;
            let input = fs::read(from)?;
            let values: Vec<f32> = input
                .as_chunks()
                .0
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect();
            let mut bytes = vec![0; values.len() / kind.block_values() * kind.block_bytes()];
            println!(
                "{}",
                best(|| quantize(kind, &values, &mut bytes))?.as_secs_f64()
            );
            fs::write(to, bytes)?;
        }
        ["dequantize", kind, from, to] => {
            let kind: TensorType = kind.parse()?;
            let bytes = fs::read(from)?;
            let mut values = vec![0.0; bytes.len() / kind.block_bytes() * kind.block_values()];
            println!(
                "{}",
                best(|| dequantize(kind, &bytes, &mut values))?.as_secs_f64()
            );
            let bytes: Vec<u8> = values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            fs::write(to, bytes)?;
        }
        ["keys", model] => {
            let file = Gguf::open(model)?;
            for (key, value) in file.keys() {
                println!(
                    "{}",
                    serde_json::to_string(&(key, value.kind().id(), value.decode()))?
                );
            }
            for tensor in file.tensors() {
                let offset = file.data_start() + tensor.offset();
                println!(
                    "{}",
                    serde_json::to_string(&(
                        tensor.name(),
                        tensor.kind().id(),
                        tensor.shape(),
                        offset,
                        tensor.bytes()
                    ))?
                );
            }
        }
        _ => {
            return Err(
                "usage: blocks quantize|dequantize TYPE FROM TO, or blocks keys MODEL".into(),
            );
        }
    }
    Ok(())
}

fn best(mut work: impl FnMut() -> Result<(), QuantError>) -> Result<Duration, QuantError> {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed());
    }
    Ok(best)
}
