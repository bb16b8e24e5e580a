//! Adapters as llama.cpp reads them beside a base model.

use std::io::{self, Write as _};
use std::path::Path;

use burn::tensor::Tensor;
use dsg_gguf::{GgufWriter, TensorType};

use super::config::{Site, Target};
use super::peft::bytes;
use super::weights::LoraWeights;
use crate::architecture::{ModelConfig, pairs_from_halves};
use crate::error::TrainError;

impl LoraWeights {
    /// Writes the adapter as a GGUF file for `llama-server --lora` and the like, f32. llama.cpp scales by alpha over rank, so that alpha is written
    /// as what makes it the adapter's own scale; rows of B that belong to rotated rows are brought into the order of the base's file.
    ///
    /// # Errors
    /// [`TrainError::Unsupported`] for DoRA, which llama.cpp has not; [`TrainError::Gguf`] when the file cannot be written.
    pub fn write_gguf(&self, model: &ModelConfig, path: &Path) -> Result<(), TrainError> {
        let config = self.config();
        if config.dora {
            return Err(TrainError::Unsupported {
                problem: "llama.cpp has no DoRA; merge the adapter into its base model first",
            });
        }
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the format has 32 bits for it"
        )]
        let alpha = (config.scale() * config.rank as f64) as f32;
        let mut writer = GgufWriter::new();
        writer
            .key("general.architecture", model.architecture.gguf_name())?
            .key("general.type", "adapter")?
            .key("adapter.type", "lora")?
            .key("adapter.lora.alpha", alpha)?;
        let mut tensors = Vec::new();
        for (site, weights) in self.sites() {
            let name = format!("{}.weight", site.gguf());
            tensors.push((
                format!("{name}.lora_a"),
                weights.a.dims(),
                bytes(&weights.a)?,
            ));
            let b = in_file_order(*site, &weights.b, model);
            tensors.push((format!("{name}.lora_b"), b.dims(), bytes(&b)?));
        }
        for (name, [rows, columns], _) in &tensors {
            writer.tensor(name, TensorType::F32, &[*columns as u64, *rows as u64])?;
        }
        writer.write(path, |tensor, out| {
            let found = tensors.iter().find(|(name, _, _)| name == tensor.name());
            let (_, _, bytes) = found.ok_or_else(|| io::Error::other("it was not planned"))?;
            out.write_all(bytes)
        })?;
        Ok(())
    }
}

/// The rows of B in the order of the base's rows in a GGUF file.
fn in_file_order(site: Site, b: &Tensor<2>, model: &ModelConfig) -> Tensor<2> {
    let rotated = matches!(site.target, Target::QProj | Target::KProj);
    if !rotated || !model.architecture.pairs_in_gguf() {
        return b.clone();
    }
    let [rows, _] = b.dims();
    let halves: Vec<i32> = (0..).take(rows).collect();
    let pairs = pairs_from_halves(&halves, 1, model.head_width);
    let device = b.device();
    b.clone()
        .select(0, Tensor::from_ints(pairs.as_slice(), &device))
}
