//! The command `dsg export-gguf` as a call.

use std::fs;
use std::path::{Path, PathBuf};

use dsg_core::artifact::write_json;
use dsg_gguf::{FileType, Gguf, ImportanceMatrix, TypeShare, VerifyReport, verify};
use dsg_train::TrainError;
use dsg_train::adapter::LoraWeights;
use dsg_train::burn::tensor::Device;
use dsg_train::export::{
    Comparison, ExportNote, ExportOptions, check_out, compare, copy_beside, export as write,
    model_name,
};
use dsg_train::source::Source;
use dsg_train::tokenizer::Tokenizer;
use serde::Serialize;

use super::workplace::Workplace;
use crate::error::DsgError;

/// What a file is compared with its source on where nobody brings texts: prose, code, numbers, another alphabet.
const PROBES: [&str; 5] = [
    "The scheduler starts a job once enough nodes are free. Until then it waits in the queue, and `squeue --me` shows why.",
    "#!/bin/bash\n#SBATCH --nodes=2\n#SBATCH --time=00:30:00\n\nmodule load gcc/13.2\nsrun ./simulate --steps 1000 > run.log\n",
    "Question: How much memory does a job get that asks for 4 cores with 2500 MB each?\nAnswer: 4 × 2500 MB = 10,000 MB, about 9.8 GiB.",
    "def mean(values: list[float]) -> float:\n    \"\"\"Returns the arithmetic mean.\"\"\"\n    return sum(values) / len(values)\n",
    "Große Dateien gehören nicht ins Heimverzeichnis. Wer sie dort ablegt, füllt schnell die Quote von 50 GB.",
];
/// The new file, and what llama.cpp's quantizer makes it of, where they are made.
const NEW: &str = "model.gguf";
const WHOLE: &str = "f32.gguf";

/// Which model is written as what, and where.
#[derive(Debug, Clone)]
pub struct GgufJob {
    /// The model: a Hugging Face folder or a GGUF file.
    pub model: PathBuf,
    /// A folder with an adapter in PEFT's layout, to be merged in single precision. None writes the model alone.
    pub adapter: Option<PathBuf>,
    /// The new file. None is `<name>-<TYPE>.gguf` in the current folder.
    pub out: Option<PathBuf>,
    /// What its matrices are stored as. Recipes, and all types with an importance matrix, are left to llama.cpp's quantizer (feature `llama-cpp`).
    pub file_type: FileType,
    /// `general.name`. None takes the model's.
    pub name: Option<String>,
    /// An importance matrix of `llama-imatrix`.
    pub imatrix: Option<PathBuf>,
    /// Whether the folder stays in which the file was made, with the file in single precision that llama.cpp's quantizer reads, and a file that
    /// failed its check. The next export of the same file empties it. Default of the command: no.
    pub keep_folder: bool,
    /// Whether the new file is checked and compared with the model before it gets its name. Default of the command: yes.
    pub verify: bool,
    /// Texts to compare on, with empty lines between them. None takes some that are built in.
    pub probe: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Clone, Serialize)]
pub struct GgufSummary {
    /// The model as it was named.
    pub model: String,
    /// The new file; none where it failed its check, and what was there before is still there.
    pub written: Option<String>,
    /// What was asked for.
    pub file_type: FileType,
    /// Whether columns weigh as an importance matrix says.
    pub imatrix: bool,
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
    /// The folder in which the file was made, where it was kept and is not empty.
    pub kept: Option<String>,
    /// What checking it found; none where it was not checked.
    pub check: Option<GgufCheck>,
}

/// What checking a new file found.
#[derive(Debug, Clone, Serialize)]
pub struct GgufCheck {
    /// Whether it holds what engines rely on.
    pub file: VerifyReport,
    /// Whether it says what the model says; none where the tokenizer of a GGUF file, which is copied unread, cannot be read here.
    pub logits: Option<Comparison>,
    /// Why it was not compared.
    pub not_compared: Option<String>,
}

impl GgufCheck {
    /// Whether engines can rely on it, and it says what the model says as near as a file of this type comes to it.
    pub fn is_ok(&self, file_type: FileType) -> bool {
        let logits = self.logits.as_ref();
        self.file.is_ok() && logits.is_none_or(|logits| logits.is_ok(file_type))
    }
}

impl GgufSummary {
    /// Whether the file was not checked, or its check found nothing.
    pub fn is_ok(&self) -> bool {
        let check = self.check.as_ref();
        check.is_none_or(|check| check.is_ok(self.file_type))
    }
}

/// Writes a model as a GGUF file, in a folder beside its place, and reads it back there: its header, every value, and what it says of some texts
/// beside what the model says. Only a file that passes gets its name, whole; otherwise an old one stays. Beside it, `<file>.log.json` says what it
/// was made of and how, and `<file>.tokenizer/` has the tokenizer's files where the model is a folder.
///
/// # Errors
/// [`DsgError::FeatureMissing`] for what needs llama.cpp's quantizer in a build without it, before anything is read; [`DsgError::Train`] for models
/// and adapters that cannot be read, do not fit each other or cannot be said in a GGUF file; [`DsgError::Gguf`] and [`DsgError::File`] for
/// files that cannot be read or written; [`DsgError::Locked`] while another run writes the same file.
pub fn export_gguf(job: &GgufJob) -> Result<GgufSummary, DsgError> {
    let is_recipe = job.file_type.tensor_type().is_none() || job.imatrix.is_some();
    if is_recipe && !cfg!(feature = "llama-cpp") {
        return Err(DsgError::FeatureMissing {
            feature: "llama-cpp",
        });
    }
    // What can be known to fail is found before hours of work.
    let probes = match &job.probe {
        Some(path) => paragraphs(path)?,
        None => PROBES.map(str::to_owned).to_vec(),
    };
    let imatrix = match &job.imatrix {
        Some(path) => Some(ImportanceMatrix::read(path)?),
        None => None,
    };
    let source = Source::open(&job.model)?;
    let adapter = match &job.adapter {
        Some(folder) => Some(LoraWeights::read(folder, &Device::flex())?),
        None => None,
    };
    let not_compared = unreadable(&source, source.tokenizer())?;
    let out = match &job.out {
        Some(out) => out.clone(),
        None => default_out(job, &source, adapter.as_ref()),
    };
    check_out(&source, &out)?;
    if out.is_dir() {
        return Err(DsgError::Train(TrainError::Config {
            field: "out",
            problem: format!("`{}` is a folder", out.display()),
        }));
    }

    let workplace = Workplace::beside(&out, job.keep_folder)?;
    let new = workplace.path(NEW);
    let mut options = ExportOptions::new(job.file_type);
    options.name.clone_from(&job.name);
    let mut notes = if is_recipe {
        options.file_type = FileType::F32;
        let whole = workplace.path(WHOLE);
        let mut notes = write(&source, adapter.as_ref(), &options, &whole)?;
        let unweighted = quantized(&whole, &new, job.file_type, imatrix.as_ref())?;
        if unweighted > 0 {
            notes.push(ExportNote::Unweighted {
                tensors: unweighted,
            });
        }
        notes
    } else {
        write(&source, adapter.as_ref(), &options, &new)?
    };

    let file = Gguf::open(&new)?;
    if is_recipe {
        notes.extend(ExportNote::of_quantized(&source, &file, job.file_type));
    }
    let check = if job.verify {
        let logits = match &not_compared {
            Some(_) => None,
            None => Some(compare(
                &source,
                adapter.as_ref(),
                &Source::open(&new)?,
                &probes,
            )?),
        };
        Some(GgufCheck {
            file: verify(&file),
            logits,
            not_compared,
        })
    } else {
        None
    };
    let about = file.summary();
    let mut summary = GgufSummary {
        model: job.model.display().to_string(),
        written: None,
        file_type: job.file_type,
        imatrix: job.imatrix.is_some(),
        size: about.size,
        parameters: about.parameters,
        bits_per_weight: about.bits_per_weight,
        types: about.types,
        notes,
        kept: None,
        check,
    };
    // A file that is mapped into memory cannot be renamed everywhere.
    drop(file);
    if summary.is_ok() {
        let model = source.fingerprint()?;
        // In a folder of its own: other tokenizers may stand beside the file.
        copy_beside(&source, &named(&out, ".tokenizer"))?;
        fs::rename(&new, &out).map_err(DsgError::file("rename into place", &out))?;
        summary.written = Some(out.display().to_string());
        let log = Log {
            dsg: env!("CARGO_PKG_VERSION"),
            model,
            adapter: adapter.as_ref().map(LoraWeights::fingerprint),
            options: Options::of(job, &out),
            result: &summary,
        };
        write_json(&named(&out, ".log.json"), &log)?;
    }
    summary.kept = workplace.close().map(|path| path.display().to_string());
    Ok(summary)
}

/// What a file was made of and how.
#[derive(Serialize)]
struct Log<'a> {
    /// The version of dsg.
    dsg: &'static str,
    /// Hashes (XXH3-128) of the model's files and of the adapter.
    model: String,
    adapter: Option<String>,
    options: Options,
    result: &'a GgufSummary,
}

/// The options of the command.
#[derive(Serialize)]
struct Options {
    model: String,
    adapter: Option<String>,
    out: String,
    quant: FileType,
    name: Option<String>,
    imatrix: Option<String>,
    verify: bool,
    probe: Option<String>,
}

impl Options {
    fn of(job: &GgufJob, out: &Path) -> Self {
        let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        Self {
            model: job.model.display().to_string(),
            adapter: text(&job.adapter),
            out: out.display().to_string(),
            quant: job.file_type,
            name: job.name.clone(),
            imatrix: text(&job.imatrix),
            verify: job.verify,
            probe: text(&job.probe),
        }
    }
}

/// Why the new file cannot be compared: the tokenizer of a GGUF file is copied, and need not be known here.
fn unreadable(
    source: &Source,
    tokenizer: Result<Tokenizer, TrainError>,
) -> Result<Option<String>, DsgError> {
    match tokenizer {
        Ok(_) => Ok(None),
        Err(error) if source.gguf().is_some() => Ok(Some(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// The model's name, with dashes for what is not good in names of files, and the type.
fn default_out(job: &GgufJob, source: &Source, adapter: Option<&LoraWeights>) -> PathBuf {
    let name = match &job.name {
        Some(name) => name.clone(),
        None => model_name(source, adapter),
    };
    let is_good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name
        .chars()
        .map(|c| if is_good(c) { c } else { '-' })
        .collect();
    let name = match name.trim_matches(['.', '-']) {
        "" => "model",
        name => name,
    };
    PathBuf::from(format!("{name}-{}.gguf", job.file_type))
}

/// `path` with more behind its name.
fn named(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    name.into()
}

fn paragraphs(path: &Path) -> Result<Vec<String>, DsgError> {
    let text = fs::read_to_string(path).map_err(DsgError::file("read", path))?;
    let text = text.replace("\r\n", "\n");
    let texts = text.split("\n\n").filter(|text| !text.trim().is_empty());
    let texts: Vec<String> = texts.map(str::to_owned).collect();
    if texts.is_empty() {
        return Err(DsgError::Train(TrainError::Config {
            field: "probe",
            problem: format!("there is no text in `{}`", path.display()),
        }));
    }
    Ok(texts)
}

/// Has llama.cpp's quantizer make `new` of `whole`; returns how many matrices the importance matrix says nothing of.
#[cfg(feature = "llama-cpp")]
fn quantized(
    whole: &Path,
    new: &Path,
    file_type: FileType,
    imatrix: Option<&ImportanceMatrix>,
) -> Result<usize, DsgError> {
    let unweighted = dsg_llm::quantize(&dsg_llm::Quantization {
        from: whole,
        to: new,
        file_type,
        imatrix,
        threads: rayon::current_num_threads(),
    })?;
    fs::File::open(new)
        .and_then(|file| file.sync_all())
        .map_err(DsgError::file("sync", new))?;
    Ok(unweighted)
}

/// Refused before.
#[cfg(not(feature = "llama-cpp"))]
fn quantized(
    _whole: &Path,
    _new: &Path,
    _file_type: FileType,
    _imatrix: Option<&ImportanceMatrix>,
) -> Result<usize, DsgError> {
    Err(DsgError::FeatureMissing {
        feature: "llama-cpp",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_file_is_named_after_it() {
        let out = Path::new("a/student-Q8_0.gguf");
        assert_eq!(
            named(out, ".log.json"),
            Path::new("a/student-Q8_0.gguf.log.json")
        );
    }
}
