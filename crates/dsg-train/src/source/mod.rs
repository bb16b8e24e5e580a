//! Where a model comes from: a Hugging Face folder or a GGUF file.

mod folder;
mod safetensor;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use dsg_core::hash::{xxh3_hex, xxh3_reader};
use dsg_gguf::{Gguf, GgufError, can_dequantize};

use crate::architecture::{ModelConfig, Weight, from_gguf, halves_from_pairs};
use crate::decoder::Decoder;
use crate::error::TrainError;
use crate::template::ChatTemplate;
use crate::tokenizer::Tokenizer;

use folder::Folder;
pub(crate) use folder::read_object;

/// A model on disk, opened: its configuration is read and checked, its weights are read when they are asked for.
#[derive(Debug)]
pub struct Source {
    kind: Kind,
    config: ModelConfig,
}

#[derive(Debug)]
enum Kind {
    Folder(Folder),
    Gguf(Box<Gguf>),
}

impl Source {
    /// Opens a folder with `config.json` and `model.safetensors` (or shards and their index), or a GGUF file.
    ///
    /// # Errors
    /// [`TrainError::Io`], [`TrainError::Gguf`] or [`TrainError::Format`] for files that cannot be read or are damaged,
    /// [`TrainError::Architecture`] and [`TrainError::Field`] for models that are not supported.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, TrainError> {
        let path = path.as_ref();
        if path.is_dir() {
            let folder = Folder::open(path)?;
            let config = folder.config()?;
            return Ok(Self {
                kind: Kind::Folder(folder),
                config,
            });
        }
        if !is_gguf(path)? {
            return Err(TrainError::Format {
                path: path.to_path_buf(),
                what: "model",
                problem: "it is neither a folder nor a GGUF file".to_owned(),
            });
        }
        let file = Gguf::open(path)?;
        let config = from_gguf(&file)?;
        Ok(Self {
            kind: Kind::Gguf(Box::new(file)),
            config,
        })
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        match &self.kind {
            Kind::Folder(folder) => folder.path(),
            Kind::Gguf(file) => file.path(),
        }
    }

    /// What the model is.
    pub const fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The GGUF file, where it is one.
    pub fn gguf(&self) -> Option<&Gguf> {
        match &self.kind {
            Kind::Gguf(file) => Some(file),
            Kind::Folder(_) => None,
        }
    }

    /// Changes with every byte of the files that the model, its tokenizer and its chat template are read from, and with nothing else. Reads all of
    /// them, block by block.
    ///
    /// # Errors
    /// [`TrainError::Io`] when a file cannot be read.
    pub fn fingerprint(&self) -> Result<String, TrainError> {
        let files = match &self.kind {
            Kind::Folder(folder) => folder.files(),
            Kind::Gguf(file) => vec![file.path().to_path_buf()],
        };
        let mut hashes = String::new();
        for path in files {
            if path.is_file() {
                let file = File::open(&path).map_err(TrainError::io(&path, "open"))?;
                hashes.push_str(&xxh3_reader(file).map_err(TrainError::io(&path, "read"))?);
            }
            // Also for a file that is missing, so that none is taken for another.
            hashes.push('\n');
        }
        Ok(xxh3_hex(hashes.as_bytes()))
    }

    /// The values of a weight in single precision, row after row, the same whatever the file: rows of query and key in
    /// the order of Hugging Face's files (halves), norms as what they multiply with.
    ///
    /// # Errors
    /// [`TrainError::MissingTensor`], [`TrainError::TensorShape`], [`TrainError::TensorType`] and [`TrainError::NotFinite`] with file
    /// and tensor; [`TrainError::Io`] when the file cannot be read.
    pub fn values(&self, weight: Weight) -> Result<Vec<f32>, TrainError> {
        let (tensor, mut values) = match &self.kind {
            Kind::Folder(folder) => {
                let name = weight.hf_name(self.config.architecture);
                let values = folder.values(&name, &self.config.shape(weight))?;
                (Tensor::new(folder.file_of(&name), name), values)
            }
            Kind::Gguf(file) => {
                let name = weight.gguf_name();
                let values = gguf_values(file, &name, &self.config.shape(weight))?;
                (Tensor::new(file.path(), name), values)
            }
        };
        if let Some((index, value)) = values
            .iter()
            .enumerate()
            .find(|(_, value)| !value.is_finite())
        {
            return Err(TrainError::NotFinite {
                path: tensor.path,
                tensor: tensor.name,
                index,
                value: *value,
            });
        }
        let architecture = self.config.architecture;
        match &self.kind {
            Kind::Folder(_) if weight.is_norm() && architecture.stores_norms_less_one() => {
                for value in &mut values {
                    *value += 1.0;
                }
            }
            Kind::Gguf(_) if weight.is_rotated() && architecture.pairs_in_gguf() => {
                let shape = self.config.shape(weight);
                let columns = shape.get(1).copied().unwrap_or(1);
                values = halves_from_pairs(&values, columns, self.config.head_width);
            }
            _ => {}
        }
        Ok(values)
    }

    /// The model with its weights on a device.
    ///
    /// # Errors
    /// As [`values`](Self::values).
    pub fn decoder(&self, device: &Device) -> Result<Decoder, TrainError> {
        Decoder::load(self, device)
    }

    /// The model's tokenizer: `tokenizer.json` of a folder, `tokenizer.ggml.*` of a GGUF file.
    ///
    /// # Errors
    /// [`TrainError::Tokenizer`] when there is none, it is of an unknown kind or has more tokens than the model.
    pub fn tokenizer(&self) -> Result<Tokenizer, TrainError> {
        let mut tokenizer = match &self.kind {
            Kind::Folder(folder) => Tokenizer::from_folder(folder.path())?,
            Kind::Gguf(file) => Tokenizer::from_gguf(file)?,
        };
        tokenizer.check(self.path(), self.config.vocabulary)?;
        Ok(tokenizer)
    }

    /// The model's chat template; `None` where it has none.
    ///
    /// # Errors
    /// [`TrainError::Template`] for a template that is no valid Jinja, [`TrainError::Tokenizer`] as for [`tokenizer`](Self::tokenizer),
    /// whose special tokens templates name.
    pub fn template(&self) -> Result<Option<ChatTemplate>, TrainError> {
        let (template, tokens) = match &self.kind {
            Kind::Folder(folder) => folder.template()?,
            Kind::Gguf(file) => (
                file.text("tokenizer.chat_template").map(str::to_owned),
                Tokenizer::from_gguf(file)?.special_texts(),
            ),
        };
        template
            .map(|template| ChatTemplate::new(&template, tokens))
            .transpose()
    }

    /// The same of a model that has to have one.
    ///
    /// # Errors
    /// [`TrainError::Template`] where it has none, and as [`template`](Self::template).
    pub fn chat_template(&self) -> Result<ChatTemplate, TrainError> {
        self.template()?.ok_or_else(|| TrainError::Template {
            problem: "there is none; only a model with one can be trained on chats or asked"
                .to_owned(),
        })
    }
}

/// What errors on a tensor's values name.
struct Tensor {
    path: PathBuf,
    name: String,
}

impl Tensor {
    fn new(path: &Path, name: String) -> Self {
        Self {
            path: path.to_path_buf(),
            name,
        }
    }
}

fn is_gguf(path: &Path) -> Result<bool, TrainError> {
    let mut magic = [0; 4];
    let mut file = File::open(path).map_err(TrainError::io(path, "open"))?;
    match file.read_exact(&mut magic) {
        Ok(()) => Ok(&magic == b"GGUF"),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(TrainError::io(path, "read")(error)),
    }
}

fn gguf_values(file: &Gguf, name: &str, expected: &[usize]) -> Result<Vec<f32>, TrainError> {
    let path = || file.path().to_path_buf();
    let tensor = file.tensor(name).ok_or_else(|| TrainError::MissingTensor {
        path: path(),
        tensor: name.to_owned(),
    })?;
    // The row's length comes first there.
    let mut actual: Vec<usize> = tensor
        .shape()
        .iter()
        .rev()
        .map(|n| usize::try_from(*n).unwrap_or(usize::MAX))
        .collect();
    // Trailing dimensions of one mean nothing.
    while actual.len() > expected.len() && actual.first() == Some(&1) {
        actual.remove(0);
    }
    if actual != expected {
        return Err(TrainError::TensorShape {
            path: path(),
            tensor: name.to_owned(),
            expected: expected.to_vec(),
            actual,
        });
    }
    if !can_dequantize(tensor.kind()) {
        return Err(TrainError::TensorType {
            path: path(),
            tensor: name.to_owned(),
            kind: tensor.kind().to_string(),
        });
    }
    file.values(tensor).map_err(GgufError::into)
}
