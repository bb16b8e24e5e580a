//! Writes a copy of a model whose matrices are of another type:
//!
//! ```text
//! cargo run --release -p dsg-gguf --example requantize -- model.gguf small.gguf q8_0
//! ```
//!
//! Keys are copied byte for byte. Vectors stay as they are, and so do matrices whose rows are no whole number of blocks. Values of a
//! source that is quantized already lose once more; take an F16 or F32 file where there is one.
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;

use dsg_gguf::{Gguf, GgufWriter, TensorInfo, TensorSink, TensorType, quantize};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, kind] = arguments.as_slice() else {
        return Err("usage: requantize FROM TO TYPE".into());
    };
    let kind: TensorType = kind.parse()?;
    let source = Gguf::open(from)?;

    let mut writer = GgufWriter::new();
    writer.copy_keys(&source, |key| key != "general.file_type")?;
    for tensor in source.tensors() {
        let row = tensor.shape().first().copied().unwrap_or(1);
        let matrix = tensor.shape().len() > 1 && kind.bytes_of(row).is_some();
        let kind = if matrix { kind } else { tensor.kind() };
        writer.tensor(tensor.name(), kind, tensor.shape())?;
    }
    writer.write(Path::new(to), |tensor, out| {
        match source.tensor(tensor.name()) {
            Some(old) if old.kind() == tensor.kind() => out.write_all(source.data(old)),
            Some(old) => convert(&source, old, tensor.kind(), out),
            None => Ok(()),
        }
    })?;

    for path in [from, to] {
        let summary = Gguf::open(path)?.summary();
        println!(
            "{path}: {} bytes, {:.2} bits per weight",
            summary.size, summary.bits_per_weight
        );
    }
    Ok(())
}

/// The values of a tensor as another type, some thousand at a time.
fn convert(
    source: &Gguf,
    tensor: &TensorInfo,
    kind: TensorType,
    out: &mut TensorSink<'_>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut written = Ok(());
    let read = source.each_chunk(tensor, |values| {
        if written.is_ok() {
            bytes.resize(values.len() / kind.block_values() * kind.block_bytes(), 0);
            written = quantize(kind, values, &mut bytes)
                .map_err(io::Error::other)
                .and_then(|()| out.write_all(&bytes));
        }
    });
    read.map_err(io::Error::other)?;
    written
}
