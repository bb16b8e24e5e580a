//! A model as a GGUF file, as llama.cpp's converter and quantizer write it.

mod compare;
mod name;
mod note;
mod plan;

use std::io::{self, Write as _};
use std::path::Path;

use dsg_gguf::{FileType, Gguf, GgufWriter, TensorInfo, TensorType, quantize};
use rayon::prelude::*;

pub use crate::merge::copy_beside;
pub use compare::{Comparison, compare};
pub use name::model_name;
pub use note::ExportNote;

use crate::adapter::LoraWeights;
use crate::architecture::{ModelConfig, Weight, gguf_keys, pairs_from_halves};
use crate::error::TrainError;
use crate::merge::{check, merged};
use crate::source::Source;
use crate::tokenizer::TokenizerKeys;
use plan::{Content, Plan};

/// ggml's version of its quantized formats.
const QUANTIZATION_VERSION: u32 = 2;
/// Keys that say how the source was quantized or split, and are not true of what is written.
const OF_SOURCE: [&str; 4] = [
    "general.file_type",
    "general.quantization_version",
    "quantize.",
    "split.",
];
/// Values that one thread converts at a time: whole blocks of every type.
const PIECE: usize = 1 << 16;
/// From here on, half precision rounds to infinity.
const BEYOND_F16: f32 = 65_520.0;

/// How a model is written.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// What its matrices are stored as: one of the types with a [`FileType::tensor_type`].
    pub file_type: FileType,
    /// `general.name`. Default: that of a GGUF file, and [`model_name`] of a folder.
    pub name: Option<String>,
}

impl ExportOptions {
    /// Matrices of one type.
    pub const fn new(file_type: FileType) -> Self {
        Self {
            file_type,
            name: None,
        }
    }
}

/// Writes the model of `source`, with `adapter` merged into it, as a GGUF file; returns what is worth knowing of it.
///
/// Norms and all vectors are F32, matrices of the type that was asked for; where that has fewer than 8 bits, the head (or the embedding that is
/// the head) is Q8_0; rows that are no whole blocks are F16. Tensors stand in the order of llama.cpp's quantizer: those outside of blocks by name,
/// then block after block. Keys of a GGUF file are copied byte for byte, its tokenizer among them; those of a folder are made of its configuration
/// and its `tokenizer.json`. One tensor is in memory at a time, in single precision. On any error an old file at `out` is as it was.
///
/// # Errors
/// Those of reading the model and the adapter; [`TrainError::Config`] for a file type that is a recipe, and as [`check_out`];
/// [`TrainError::Tokenizer`] for a tokenizer that a GGUF file cannot describe, [`TrainError::Unsupported`] for a model that llama.cpp would
/// compute otherwise, [`TrainError::Storage`] for values that do not fit the type, [`TrainError::Gguf`] when the file cannot be written.
pub fn export(
    source: &Source,
    adapter: Option<&LoraWeights>,
    options: &ExportOptions,
    out: &Path,
) -> Result<Vec<ExportNote>, TrainError> {
    let Some(kind) = options.file_type.tensor_type() else {
        return Err(TrainError::Config {
            field: "quant",
            problem: format!("{} is a recipe of llama.cpp's quantizer", options.file_type),
        });
    };
    check_out(source, out)?;
    if let Some(adapter) = adapter {
        check(source.config(), adapter)?;
    }
    let mut writer = GgufWriter::new();
    let mut notes = Vec::new();
    if let Some(file) = source.gguf() {
        copied_keys(file, options, &mut writer)?;
    } else {
        notes = made_keys(source, adapter, options, &mut writer)?;
    }
    let plan = Plan::new(source, adapter, options.file_type, kind);
    notes.extend(plan.notes());
    for tensor in plan.tensors() {
        writer.tensor(&tensor.name, tensor.kind, &tensor.shape)?;
    }
    let mut failed = None;
    let written = writer.write(out, |tensor, sink| {
        let content = plan.content(tensor.name());
        match bytes(source, adapter, content, tensor) {
            Ok(Bytes::Ours(bytes)) => sink.write_all(&bytes),
            Ok(Bytes::Copied(bytes)) => sink.write_all(bytes),
            Err(error) => {
                failed = Some(error);
                Err(io::Error::other("its values cannot be had"))
            }
        }
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(written.map(|()| notes)?),
    }
}

/// Refuses to write over the model that is read.
///
/// # Errors
/// [`TrainError::Config`] where `out` is the model's own file or folder, or a file in that folder which is no GGUF file.
pub fn check_out(source: &Source, out: &Path) -> Result<(), TrainError> {
    let (Ok(model), Ok(there)) = (source.path().canonicalize(), out.canonicalize()) else {
        return Ok(());
    };
    let is_gguf = there
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"));
    let what = if there == model {
        "the model itself"
    } else if there.parent() == Some(model.as_path()) && !is_gguf {
        "one of the model's own files"
    } else {
        return Ok(());
    };
    Err(TrainError::Config {
        field: "out",
        problem: format!("`{}` is {what}", out.display()),
    })
}

/// The keys of a GGUF file, but for what is said of its types.
fn copied_keys(
    file: &Gguf,
    options: &ExportOptions,
    writer: &mut GgufWriter,
) -> Result<(), TrainError> {
    writer.copy_keys(file, |key| {
        let renamed = key == "general.name" && options.name.is_some();
        !renamed && !OF_SOURCE.iter().any(|start| key.starts_with(start))
    })?;
    if let Some(name) = &options.name {
        writer.key("general.name", name.as_str())?;
    }
    add_file_type(options, writer)
}

/// The keys of a folder's model.
fn made_keys(
    source: &Source,
    adapter: Option<&LoraWeights>,
    options: &ExportOptions,
    writer: &mut GgufWriter,
) -> Result<Vec<ExportNote>, TrainError> {
    let config = source.config();
    let tokenizer = source.tokenizer()?;
    let template = source.template()?;
    let vocabulary = TokenizerKeys::of_folder(
        source.path(),
        &tokenizer,
        config.vocabulary,
        template.as_ref(),
    )?;
    let name = match &options.name {
        Some(name) => name.clone(),
        None => model_name(source, adapter),
    };
    writer
        .key("general.architecture", config.architecture.gguf_name())?
        .key("general.type", "model")?
        .key("general.name", name.as_str())?
        .key(
            "general.size_label",
            size_label(config.parameters()).as_str(),
        )?;
    for (key, value) in gguf_keys(config)? {
        writer.key(key, value)?;
    }
    add_file_type(options, writer)?;
    for (key, value) in vocabulary.keys {
        writer.key(key, value)?;
    }
    Ok(vocabulary.notes)
}

fn add_file_type(options: &ExportOptions, writer: &mut GgufWriter) -> Result<(), TrainError> {
    writer
        .key("general.file_type", options.file_type.id())?
        .key("general.quantization_version", QUANTIZATION_VERSION)?;
    Ok(())
}

/// A number of parameters as in names of models: `135M`, `1.5B`.
fn size_label(parameters: u64) -> String {
    let (scale, unit) = match parameters {
        1_000_000_000_000.. => (1e12, 'T'),
        1_000_000_000.. => (1e9, 'B'),
        1_000_000.. => (1e6, 'M'),
        _ => (1e3, 'K'),
    };
    let scaled = parameters as f64 / scale;
    // Two digits at least.
    let decimals = usize::from(scaled < 9.5);
    format!("{scaled:.decimals$}{unit}")
}

/// What is written of a tensor.
enum Bytes<'a> {
    Copied(&'a [u8]),
    Ours(Vec<u8>),
}

fn bytes<'a>(
    source: &'a Source,
    adapter: Option<&LoraWeights>,
    content: Option<&Content>,
    tensor: &TensorInfo,
) -> Result<Bytes<'a>, TrainError> {
    let values = match content {
        Some(Content::Weight(weight)) => {
            in_file_order(merged(source, adapter, *weight)?, *weight, source.config())
        }
        Some(Content::Factors(factors)) => factors.clone(),
        Some(Content::Copy) | None => {
            let file = source.gguf();
            let old = file.and_then(|file| Some(file.data(file.tensor(tensor.name())?)));
            return Ok(Bytes::Copied(old.unwrap_or_default()));
        }
    };
    stored(tensor, &values).map(Bytes::Ours)
}

/// Rows of query and key as files of the architecture have them.
fn in_file_order(values: Vec<f32>, weight: Weight, config: &ModelConfig) -> Vec<f32> {
    if !weight.is_rotated() || !config.architecture.pairs_in_gguf() {
        return values;
    }
    let shape = config.shape(weight);
    let columns = shape.get(1).copied().unwrap_or(1);
    pairs_from_halves(&values, columns, config.head_width)
}

/// Values as the tensor stores them.
fn stored(tensor: &TensorInfo, values: &[f32]) -> Result<Vec<u8>, TrainError> {
    let kind = tensor.kind();
    let fail = |problem: String| TrainError::Storage {
        tensor: tensor.name().to_owned(),
        kind,
        problem,
    };
    if let Some((index, value)) = values
        .iter()
        .enumerate()
        .find(|(_, value)| !value.is_finite())
    {
        return Err(fail(format!("it has {value} at position {index}")));
    }
    if kind == TensorType::F16
        && let Some(value) = values.iter().find(|value| value.abs() >= BEYOND_F16)
    {
        return Err(fail(format!("{value} is beyond half precision")));
    }
    let size = usize::try_from(tensor.bytes()).map_err(|error| fail(error.to_string()))?;
    let mut bytes = vec![0; size];
    let piece = PIECE / kind.block_values() * kind.block_bytes();
    bytes
        .par_chunks_mut(piece)
        .zip(values.par_chunks(PIECE))
        .try_for_each(|(bytes, values)| quantize(kind, values, bytes))
        .map_err(|error| fail(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_as_in_names_of_models() {
        for (parameters, label) in [
            (134_515_008, "135M"),
            (1_543_714_304, "1.5B"),
            (8_030_261_248, "8.0B"),
            (12_345, "12K"),
        ] {
            assert_eq!(size_label(parameters), label);
        }
    }
}
