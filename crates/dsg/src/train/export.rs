//! The command `dsg export-gguf` as a call.

use std::fs;
use std::path::{Path, PathBuf};

use dsg_gguf::{FileType, Gguf, ImportanceMatrix, TypeShare, VerifyReport, verify};
use dsg_train::adapter::LoraWeights;
use dsg_train::burn::tensor::Device;
use dsg_train::export::{
    Comparison, ExportNote, ExportOptions, check_out, compare, export as write,
};
use dsg_train::source::Source;
use serde::Serialize;

use crate::error::DsgError;

/// What a file is compared with its source on where nobody brings texts: prose, code, numbers, another alphabet.
const PROBES: [&str; 5] = [
    "The scheduler starts a job once enough nodes are free. Until then it waits in the queue, and `squeue --me` shows why.",
    "#!/bin/bash\n#SBATCH --nodes=2\n#SBATCH --time=00:30:00\n\nmodule load gcc/13.2\nsrun ./simulate --steps 1000 > run.log\n",
    "Question: How much memory does a job get that asks for 4 cores with 2500 MB each?\nAnswer: 4 × 2500 MB = 10,000 MB, about 9.8 GiB.",
    "def mean(values: list[float]) -> float:\n    \"\"\"Returns the arithmetic mean.\"\"\"\n    return sum(values) / len(values)\n",
    "Große Dateien gehören nicht ins Heimverzeichnis. Wer sie dort ablegt, füllt schnell die Quote von 50 GB.",
];

/// Which model is written as what, and where.
#[derive(Debug, Clone)]
pub struct GgufJob {
    /// The model: a Hugging Face folder or a GGUF file.
    pub model: PathBuf,
    /// A folder with an adapter in PEFT's layout, to be merged in single precision. None writes the model alone.
    pub adapter: Option<PathBuf>,
    /// The new file.
    pub out: PathBuf,
    /// What its matrices are stored as. Recipes, and all types with an importance matrix, are left to llama.cpp's quantizer (feature `llama-cpp`).
    pub file_type: FileType,
    /// `general.name`. None takes the model's.
    pub name: Option<String>,
    /// An importance matrix of `llama-imatrix`.
    pub imatrix: Option<PathBuf>,
    /// Whether the file in single precision that llama.cpp's quantizer reads is kept. Default of the command: no.
    pub keep_intermediate: bool,
    /// Whether the new file is checked and compared with the model. Default of the command: yes.
    pub verify: bool,
    /// Texts to compare on, with empty lines between them. None takes some that are built in.
    pub probe: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Clone, Serialize)]
pub struct GgufSummary {
    /// The model as it was named.
    pub model: String,
    /// The new file.
    pub written: String,
    /// What was asked for.
    pub file_type: FileType,
    /// Bytes of the file.
    pub size: u64,
    /// Values of all tensors together.
    pub parameters: u64,
    /// Bits for a value, over all tensors.
    pub bits_per_weight: f64,
    /// What each type has.
    pub types: Vec<TypeShare>,
    /// What is worth knowing.
    pub notes: Vec<ExportNote>,
    /// The file in single precision, where it was made and kept.
    pub intermediate: Option<String>,
    /// What checking it found; none where it was not checked.
    pub check: Option<GgufCheck>,
}

/// What checking a new file found.
#[derive(Debug, Clone, Serialize)]
pub struct GgufCheck {
    /// Whether it holds what engines rely on.
    pub file: VerifyReport,
    /// Whether it says what the model says.
    pub logits: Comparison,
}

/// Writes a model as a GGUF file, whole or not at all, then reads it back: its header, every value, and what it says of some texts beside what the
/// model says.
///
/// # Errors
/// [`DsgError::FeatureMissing`] for what needs llama.cpp's quantizer in a build without it, before anything is read; [`DsgError::Train`] for models
/// and adapters that cannot be read, do not fit each other or cannot be said in a GGUF file; [`DsgError::Gguf`] and [`DsgError::File`] for
/// files that cannot be read or written.
pub fn export_gguf(job: &GgufJob) -> Result<GgufSummary, DsgError> {
    let is_recipe = job.file_type.tensor_type().is_none() || job.imatrix.is_some();
    if is_recipe && !cfg!(feature = "llama-cpp") {
        return Err(DsgError::FeatureMissing {
            feature: "llama-cpp",
        });
    }
    let probes = match &job.probe {
        Some(path) => paragraphs(path)?,
        None => PROBES.map(str::to_owned).to_vec(),
    };
    let source = Source::open(&job.model)?;
    check_out(&source, &job.out)?;
    let adapter = match &job.adapter {
        Some(folder) => Some(LoraWeights::read(folder, &Device::flex())?),
        None => None,
    };
    let options = |file_type| {
        let mut options = ExportOptions::new(file_type);
        options.name.clone_from(&job.name);
        options
    };
    let (notes, intermediate) = if is_recipe {
        let imatrix = match &job.imatrix {
            Some(path) => Some(ImportanceMatrix::read(path)?),
            None => None,
        };
        let options = options(FileType::F32);
        quantized(job, imatrix.as_ref(), |path| {
            Ok(write(&source, adapter.as_ref(), &options, path)?)
        })?
    } else {
        let options = options(job.file_type);
        let notes = write(&source, adapter.as_ref(), &options, &job.out)?;
        (notes, None)
    };

    let file = Gguf::open(&job.out)?;
    let check = if job.verify {
        let written = Source::open(&job.out)?;
        Some(GgufCheck {
            file: verify(&file),
            logits: compare(&source, adapter.as_ref(), &written, &probes)?,
        })
    } else {
        None
    };
    let summary = file.summary();
    Ok(GgufSummary {
        model: job.model.display().to_string(),
        written: job.out.display().to_string(),
        file_type: job.file_type,
        size: summary.size,
        parameters: summary.parameters,
        bits_per_weight: summary.bits_per_weight,
        types: summary.types,
        notes,
        intermediate: intermediate.map(|path: PathBuf| path.display().to_string()),
        check,
    })
}

fn paragraphs(path: &Path) -> Result<Vec<String>, DsgError> {
    let text = fs::read_to_string(path).map_err(DsgError::file("read", path))?;
    let text = text.replace("\r\n", "\n");
    let texts = text.split("\n\n").filter(|text| !text.trim().is_empty());
    Ok(texts.map(str::to_owned).collect())
}

/// What was noted, and where the intermediate file was kept.
type Quantized = (Vec<ExportNote>, Option<PathBuf>);

/// Has `write` write the model in single precision, in a folder beside the new file, and llama.cpp's quantizer make that file of it.
#[cfg(feature = "llama-cpp")]
fn quantized(
    job: &GgufJob,
    imatrix: Option<&ImportanceMatrix>,
    write: impl FnOnce(&Path) -> Result<Vec<ExportNote>, DsgError>,
) -> Result<Quantized, DsgError> {
    let beside = match job.out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(beside).map_err(DsgError::file("create", beside))?;
    let folder = tempfile::Builder::new()
        .prefix(".dsg-gguf-")
        .tempdir_in(beside)
        .map_err(DsgError::file("create a folder in", beside))?;
    let whole = folder.path().join("f32.gguf");
    let quantized = folder.path().join("quantized.gguf");
    let notes = write(&whole)?;
    dsg_llm::quantize(&dsg_llm::Quantization {
        from: &whole,
        to: &quantized,
        file_type: job.file_type,
        imatrix,
        threads: rayon::current_num_threads(),
    })?;
    fs::File::open(&quantized)
        .and_then(|file| file.sync_all())
        .map_err(DsgError::file("sync", &quantized))?;
    fs::rename(&quantized, &job.out).map_err(DsgError::file("rename into place", &job.out))?;
    let kept = job
        .keep_intermediate
        .then(|| folder.keep().join("f32.gguf"));
    Ok((notes, kept))
}

/// Refused before.
#[cfg(not(feature = "llama-cpp"))]
fn quantized(
    _job: &GgufJob,
    _imatrix: Option<&ImportanceMatrix>,
    _write: impl FnOnce(&Path) -> Result<Vec<ExportNote>, DsgError>,
) -> Result<Quantized, DsgError> {
    Err(DsgError::FeatureMissing {
        feature: "llama-cpp",
    })
}
