//! What a stopped run goes on from.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use dsg_core::artifact::{sweep_partial, write_atomic};
use dsg_core::hash::xxh3_hex;
use safetensors::tensor::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::adapter::{bytes, serialize};
use crate::error::TrainError;

/// The key of what is no tensor, in the file's metadata.
const ABOUT: &str = "dsg";
const VERSION: u32 = 1;
const PREFIX: &str = "checkpoint-";
const SUFFIX: &str = ".safetensors";
/// Older ones are removed.
const KEPT: usize = 2;

/// Everything besides matrices that the rest of a run depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Steps that were taken, skipped ones included.
    pub(crate) step: u64,
    /// Steps that changed nothing.
    pub(crate) skipped: u64,
    /// Such in a row, until now.
    pub(crate) skipped_in_row: u32,
    /// Tokens without padding so far.
    pub(crate) tokens: u64,
    /// Labels so far.
    pub(crate) label_tokens: u64,
    /// Loss of the first step.
    pub(crate) first_loss: Option<f64>,
    /// Loss of the last step that was not skipped.
    pub(crate) last_loss: Option<f64>,
    /// Loss on the dataset for evaluation before the first step.
    pub(crate) base_eval: Option<f64>,
    /// The best evaluation: after which step, and its loss.
    pub(crate) best: Option<(u64, f64)>,
    /// Evaluations since then.
    pub(crate) worse_in_row: u32,
    /// Whether training ended early.
    pub(crate) stopped_early: bool,
}

impl State {
    pub(crate) const fn new() -> Self {
        Self {
            step: 0,
            skipped: 0,
            skipped_in_row: 0,
            tokens: 0,
            label_tokens: 0,
            first_loss: None,
            last_loss: None,
            base_eval: None,
            best: None,
            worse_in_row: 0,
            stopped_early: false,
        }
    }
}

/// What is in the metadata.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    version: u32,
    /// Of configuration, data and base model; a run goes on only from its own.
    key: String,
    /// Of the tensors.
    hash: String,
    /// Times that each matrix was moved.
    moves: Vec<usize>,
    state: State,
}

/// A run's position: its state and every matrix, in the order of the adapter's.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    pub(crate) state: State,
    pub(crate) values: Vec<Tensor<2>>,
    /// Moves, first and second moment; none for a matrix that was never moved.
    pub(crate) moments: Vec<Option<(usize, Tensor<2>, Tensor<2>)>>,
    /// The matrices after the best evaluation.
    pub(crate) best: Option<Vec<Tensor<2>>>,
}

/// The checkpoints of one run, in a folder.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
    key: String,
}

impl Checkpoints {
    pub(crate) fn new(folder: &Path, key: String) -> Self {
        Self {
            folder: folder.to_path_buf(),
            key,
        }
    }

    /// Writes a checkpoint beside the last ones, then removes those that are too old.
    pub(crate) fn write(&self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        let mut tensors = Vec::new();
        let mut add = |name: String, matrix: &Tensor<2>| -> Result<(), TrainError> {
            tensors.push((name, matrix.dims().to_vec(), bytes(matrix)?));
            Ok(())
        };
        let mut moves = Vec::new();
        for (index, value) in checkpoint.values.iter().enumerate() {
            add(name("value", index), value)?;
            match checkpoint.moments.get(index) {
                Some(Some((count, first, second))) => {
                    add(name("first", index), first)?;
                    add(name("second", index), second)?;
                    moves.push(*count);
                }
                _ => moves.push(0),
            }
        }
        for (index, value) in checkpoint.best.iter().flatten().enumerate() {
            add(name("best", index), value)?;
        }
        let about = About {
            version: VERSION,
            key: self.key.clone(),
            hash: hash(tensors.iter().map(|(_, _, bytes)| bytes.as_slice())),
            moves,
            state: checkpoint.state.clone(),
        };
        let broken = |error: &dyn std::fmt::Display| {
            TrainError::compute("put a checkpoint into a file", error)
        };
        let about = serde_json::to_string(&about).map_err(|error| broken(&error))?;
        let file = serialize(&tensors, HashMap::from([(ABOUT.to_owned(), about)]))
            .map_err(|error| broken(&error))?;
        let path = self
            .folder
            .join(format!("{PREFIX}{:08}{SUFFIX}", checkpoint.state.step));
        write_atomic(&path, |out| out.write_all(&file))?;
        let paths = self.paths()?;
        for old in paths.iter().rev().skip(KEPT) {
            fs::remove_file(old).map_err(TrainError::io(old, "remove"))?;
        }
        Ok(())
    }

    /// The newest checkpoint that is whole; `None` where there is none. Damaged ones are passed over with what is wrong with them.
    ///
    /// # Errors
    /// [`TrainError::OtherRun`] where the folder holds those of another run.
    pub(crate) fn newest(
        &self,
        device: &Device,
        mut damaged: impl FnMut(&Path, &TrainError),
    ) -> Result<Option<Checkpoint>, TrainError> {
        for path in self.paths()?.iter().rev() {
            match self.read(path, device) {
                Ok(checkpoint) => return Ok(Some(checkpoint)),
                Err(error @ TrainError::OtherRun { .. }) => return Err(error),
                Err(error) => damaged(path, &error),
            }
        }
        Ok(None)
    }

    /// Oldest first.
    fn paths(&self) -> Result<Vec<PathBuf>, TrainError> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        sweep_partial(&self.folder)?;
        let entries = fs::read_dir(&self.folder).map_err(TrainError::io(&self.folder, "list"))?;
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(TrainError::io(&self.folder, "list"))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    fn read(&self, path: &Path, device: &Device) -> Result<Checkpoint, TrainError> {
        let broken = |problem: String| TrainError::Format {
            path: path.to_path_buf(),
            what: "checkpoint",
            problem,
        };
        let bytes = fs::read(path).map_err(TrainError::io(path, "read"))?;
        let (_, metadata) =
            SafeTensors::read_metadata(&bytes).map_err(|error| broken(error.to_string()))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| broken(error.to_string()))?;
        let about = metadata
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(ABOUT))
            .ok_or_else(|| broken("its metadata is missing".to_owned()))?;
        let about: About =
            serde_json::from_str(about).map_err(|error| broken(error.to_string()))?;
        if about.version != VERSION {
            return Err(broken(format!(
                "version {} is not supported",
                about.version
            )));
        }
        if about.key != self.key {
            return Err(TrainError::OtherRun {
                folder: self.folder.clone(),
            });
        }
        let matrix = |what: &str, index: usize| {
            let view = file.tensor(&name(what, index)).ok()?;
            let shape = <[usize; 2]>::try_from(view.shape()).ok()?;
            let values = view.data().as_chunks::<4>().0.iter().copied();
            let values: Vec<f32> = values.map(f32::from_le_bytes).collect();
            (view.dtype() == Dtype::F32)
                .then(|| Tensor::<2>::from_data(TensorData::new(values, shape), device))
        };
        let lacks =
            |what: &str, index: usize| broken(format!("tensor `{}` is missing", name(what, index)));
        let mut checkpoint = Checkpoint {
            state: about.state,
            values: Vec::new(),
            moments: Vec::new(),
            best: None,
        };
        let mut best = Vec::new();
        for (index, moves) in about.moves.iter().enumerate() {
            let value = matrix("value", index).ok_or_else(|| lacks("value", index))?;
            checkpoint.values.push(value);
            checkpoint.moments.push(match moves {
                0 => None,
                moves => Some((
                    *moves,
                    matrix("first", index).ok_or_else(|| lacks("first", index))?,
                    matrix("second", index).ok_or_else(|| lacks("second", index))?,
                )),
            });
            best.extend(matrix("best", index));
        }
        if checkpoint.state.best.is_some() {
            checkpoint.best = Some(best);
        }
        // In the order of `write`, which no two names share.
        let order = (0..about.moves.len())
            .flat_map(|index| ["value", "first", "second"].map(|what| name(what, index)))
            .chain((0..about.moves.len()).map(|index| name("best", index)));
        let parts: Vec<&[u8]> = order
            .filter_map(|name| Some(file.tensor(&name).ok()?.data()))
            .collect();
        if hash(parts) != about.hash {
            return Err(broken(
                "its tensors are not those that were written".to_owned(),
            ));
        }
        Ok(checkpoint)
    }
}

fn name(what: &str, index: usize) -> String {
    format!("{index:05}.{what}")
}

fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let hashes: String = parts.into_iter().map(xxh3_hex).collect();
    xxh3_hex(hashes.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(step: u64) -> Checkpoint {
        let device = Device::flex();
        let matrix = |value: f32| Tensor::<2>::full([2, 3], value, &device);
        Checkpoint {
            state: State {
                step,
                best: Some((1, 0.5)),
                last_loss: Some(0.1 + 0.2),
                ..State::new()
            },
            values: vec![matrix(1.0), matrix(2.0)],
            moments: vec![Some((3, matrix(4.0), matrix(0.1))), None],
            best: Some(vec![matrix(6.0), matrix(7.0)]),
        }
    }

    fn newest(folder: &Path, key: &str) -> (Option<u64>, usize) {
        let mut damaged = 0;
        let found = Checkpoints::new(folder, key.to_owned())
            .newest(&Device::flex(), |_, _| damaged += 1)
            .unwrap();
        (found.map(|checkpoint| checkpoint.state.step), damaged)
    }

    #[test]
    fn what_was_written_comes_back_and_old_ones_go() {
        let dir = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(dir.path(), "k".to_owned());
        for step in [5, 10, 100] {
            checkpoints.write(&checkpoint(step)).unwrap();
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), KEPT);
        let found = checkpoints.newest(&Device::flex(), |_, _| {}).unwrap();
        let (found, wrote) = (found.unwrap(), checkpoint(100));
        assert_eq!(found.state, wrote.state);
        for (a, b) in found.values.iter().zip(&wrote.values) {
            assert_eq!(a.to_data(), b.to_data());
        }
        assert!(found.moments[1].is_none());
        let (moves, _, second) = found.moments[0].as_ref().unwrap();
        assert_eq!(
            (*moves, second.to_data().iter::<f32>().next()),
            (3, Some(0.1))
        );
        assert_eq!(found.best.unwrap().len(), 2);
    }

    #[test]
    fn a_damaged_checkpoint_is_passed_over_and_anothers_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(dir.path(), "k".to_owned());
        checkpoints.write(&checkpoint(5)).unwrap();
        checkpoints.write(&checkpoint(6)).unwrap();
        let path = dir.path().join("checkpoint-00000006.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(newest(dir.path(), "k"), (Some(5), 1));
        fs::write(&path, &bytes[..last / 2]).unwrap();
        assert_eq!(newest(dir.path(), "k"), (Some(5), 1));
        let other = Checkpoints::new(dir.path(), "other".to_owned());
        assert!(matches!(
            other.newest(&Device::flex(), |_, _| {}),
            Err(TrainError::OtherRun { .. })
        ));
        assert_eq!(newest(&dir.path().join("none"), "k"), (None, 0));
    }
}
