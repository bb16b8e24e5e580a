//! llama.cpp's own quantizer, which has the K-quants' searches and the recipes that mix them.

use std::collections::HashMap;
use std::ffi::CString;
use std::path::Path;
use std::ptr;

use dsg_gguf::{FileType, Gguf, ImportanceMatrix, TensorInfo};
use llama_cpp_sys_2::{
    llama_model_imatrix_data, llama_model_quantize, llama_model_quantize_default_params,
};

use super::engine::{MOST_THREADS, backend};
use crate::error::LlmError;

/// Matrices that importance matrices need not have.
const EMBEDDING: &str = "token_embd.weight";
const HEAD: &str = "output.weight";

/// Which file becomes which.
#[derive(Debug, Clone, Copy)]
pub struct Quantization<'a> {
    /// A sound GGUF file; the better its types, the better the result.
    pub from: &'a Path,
    /// The new file. It is written in place: on an error, half of it may be there.
    pub to: &'a Path,
    /// A type or a recipe.
    pub file_type: FileType,
    /// How much columns weigh. Default: all the same.
    pub imatrix: Option<&'a ImportanceMatrix>,
    /// Threads, 1 to 512.
    pub threads: usize,
}

/// Quantizes a model file as `llama-quantize` does. Returns how many matrices the importance matrix says nothing of, so that their columns weigh
/// the same; those of embedding and head, which `llama-imatrix` leaves out, are not counted.
///
/// # Errors
/// [`LlmError::Model`] where llama.cpp cannot, a path or a tensor's name has a zero byte, or the importance matrix is another model's: it
/// knows none of the matrices, or other columns of one.
pub fn quantize(job: &Quantization<'_>) -> Result<usize, LlmError> {
    backend()?;
    let fail = |problem: String| LlmError::Model {
        path: job.from.to_owned(),
        problem,
        source: None,
    };
    let unweighted = match job.imatrix {
        Some(imatrix) => {
            let file = Gguf::open(job.from).map_err(|error| LlmError::Model {
                path: job.from.to_owned(),
                problem: "cannot be read".to_owned(),
                source: Some(error.into()),
            })?;
            unweighted(&file, imatrix).map_err(fail)?
        }
        None => 0,
    };
    let c_string =
        |bytes: &[u8]| CString::new(bytes).map_err(|_| fail("a name has a zero byte".to_owned()));
    let from = c_string(job.from.as_os_str().as_encoded_bytes())?;
    let to = c_string(job.to.as_os_str().as_encoded_bytes())?;
    let entries = job.imatrix.map(ImportanceMatrix::entries);
    let entries = entries.unwrap_or_default();
    let names: Vec<CString> = entries
        .iter()
        .map(|(name, _)| c_string(name.as_bytes()))
        .collect::<Result<_, _>>()?;
    let mut imatrix: Vec<llama_model_imatrix_data> = names
        .iter()
        .zip(entries)
        .map(|(name, (_, values))| llama_model_imatrix_data {
            name: name.as_ptr(),
            data: values.as_ptr(),
            size: values.len(),
        })
        .collect();
    // An entry without a name ends the list.
    imatrix.push(llama_model_imatrix_data {
        name: ptr::null(),
        data: ptr::null(),
        size: 0,
    });
    let threads = i32::try_from(job.threads).unwrap_or(MOST_THREADS);
    #[allow(
        clippy::cast_possible_wrap,
        clippy::unnecessary_cast,
        reason = "C compilers differ in the sign of the enumeration; its numbers are small"
    )]
    let file_type = job.file_type.id() as _;
    #[allow(
        unsafe_code,
        reason = "the safe bindings have no quantizer; texts and lists outlive the call, which keeps none of them"
    )]
    let code = unsafe {
        let mut params = llama_model_quantize_default_params();
        params.nthread = threads.clamp(1, MOST_THREADS);
        params.ftype = file_type;
        params.allow_requantize = true;
        if job.imatrix.is_some() {
            params.imatrix = imatrix.as_ptr();
        }
        llama_model_quantize(from.as_ptr(), to.as_ptr(), &raw const params)
    };
    if code == 0 {
        Ok(unweighted)
    } else {
        let problem = format!("llama.cpp cannot quantize it to {}", job.file_type);
        Err(fail(problem))
    }
}

/// How many matrices have no entry; what is wrong where entries are of another model, of which llama.cpp would only say that it failed, or nothing
/// at all.
fn unweighted(file: &Gguf, imatrix: &ImportanceMatrix) -> Result<usize, String> {
    let lengths: HashMap<&str, u64> = imatrix
        .entries()
        .iter()
        .map(|(name, values)| (name.as_str(), values.len() as u64))
        .collect();
    let (mut known, mut missing) = (0_usize, 0_usize);
    for tensor in file.tensors().iter().filter(|tensor| is_matrix(tensor)) {
        let [columns, _, more @ ..] = tensor.shape() else {
            continue;
        };
        let expected = columns * more.first().copied().unwrap_or(1);
        match lengths.get(tensor.name()) {
            // llama.cpp leaves it out of account.
            Some(length) if *length != expected && tensor.name() == EMBEDDING => {}
            Some(length) if *length != expected => {
                return Err(format!(
                    "its tensor `{}` has {expected} columns, and the importance matrix {length}",
                    tensor.name()
                ));
            }
            Some(_) => known += 1,
            None => missing += usize::from(![EMBEDDING, HEAD].contains(&tensor.name())),
        }
    }
    if known == 0 {
        return Err("the importance matrix knows none of its tensors".to_owned());
    }
    Ok(missing)
}

/// Whether it is one of those that are quantized.
fn is_matrix(tensor: &TensorInfo) -> bool {
    let name = tensor.name();
    tensor.shape().len() > 1 && name.ends_with("weight") && !name.ends_with("_norm.weight")
}
