//! llama.cpp's own quantizer, which has the K-quants' searches and the recipes that mix them.

use std::ffi::CString;
use std::path::Path;
use std::ptr;

use dsg_gguf::{FileType, ImportanceMatrix};
use llama_cpp_sys_2::{
    llama_model_imatrix_data, llama_model_quantize, llama_model_quantize_default_params,
};

use super::engine::{MOST_THREADS, backend};
use crate::error::LlmError;

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

/// Quantizes a model file as `llama-quantize` does.
///
/// # Errors
/// [`LlmError::Model`] where llama.cpp cannot, or a path or a tensor's name has a zero byte.
pub fn quantize(job: &Quantization<'_>) -> Result<(), LlmError> {
    backend()?;
    let fail = |problem: &str| LlmError::Model {
        path: job.from.to_owned(),
        problem: problem.to_owned(),
        source: None,
    };
    let c_string = |bytes: &[u8]| CString::new(bytes).map_err(|_| fail("a name has a zero byte"));
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
        unsafe_code,
        reason = "the safe bindings have no quantizer; texts and lists outlive the call, which keeps none of them"
    )]
    let code = unsafe {
        let mut params = llama_model_quantize_default_params();
        params.nthread = threads.clamp(1, MOST_THREADS);
        params.ftype = job.file_type.id();
        params.allow_requantize = true;
        if job.imatrix.is_some() {
            params.imatrix = imatrix.as_ptr();
        }
        llama_model_quantize(from.as_ptr(), to.as_ptr(), &raw const params)
    };
    if code == 0 {
        Ok(())
    } else {
        let problem = format!("llama.cpp cannot quantize it to {}", job.file_type);
        Err(fail(&problem))
    }
}
