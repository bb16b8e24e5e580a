//! What a model computes on.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
#[cfg(feature = "cuda")]
use burn::tensor::DeviceIndex;
#[cfg(feature = "wgpu")]
use burn::tensor::DeviceKind;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use burn::tensor::DeviceType;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;

/// What computes. The CPU is in every build, the others are behind the Cargo features of their names. All of them compute in single precision;
/// they sum in other orders, so that results differ by rounding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Backend {
    /// The processor, by burn's backend for it.
    #[default]
    Cpu,
    /// NVIDIA's GPUs.
    Cuda,
    /// GPUs of all makers, by the driver for Vulkan, Metal or DirectX 12 that this machine has, else by OpenGL; a software driver counts as one.
    Wgpu,
    /// The same by Vulkan alone, with shaders in SPIR-V.
    Vulkan,
}

impl Backend {
    /// All of them, the CPU first.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::Cuda, Self::Wgpu, Self::Vulkan];

    /// Its name, and that of its Cargo feature; the CPU needs none.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
        }
    }

    /// Whether this build has it.
    #[allow(
        clippy::match_same_arms,
        reason = "which are the same depends on the features"
    )]
    pub const fn is_built(self) -> bool {
        match self {
            Self::Cpu => true,
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
        }
    }

    /// The device that it takes by itself, usually the first or the fastest.
    ///
    /// # Errors
    /// [`TrainError::FeatureMissing`] in a build without the backend, [`TrainError::NoDevice`] on a machine without a device for it.
    #[allow(
        unreachable_patterns,
        clippy::match_wildcard_for_single_variants,
        reason = "what the last arm stands for depends on the features"
    )]
    pub fn device(self) -> Result<Device, TrainError> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "cuda")]
            Self::Cuda => {
                self.look_for(DeviceType::Cuda)?;
                Ok(Device::cuda(DeviceIndex::Default))
            }
            #[cfg(feature = "wgpu")]
            Self::Wgpu => {
                self.look_for(DeviceType::Wgpu)?;
                Ok(Device::wgpu(DeviceKind::DefaultDevice))
            }
            #[cfg(feature = "vulkan")]
            Self::Vulkan => {
                self.look_for(DeviceType::Vulkan)?;
                Ok(Device::vulkan(DeviceKind::DefaultDevice))
            }
            missing => Err(TrainError::FeatureMissing {
                feature: missing.name(),
            }),
        }
    }

    /// The first tensor on a device that is not there would panic.
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    fn look_for(self, kind: DeviceType) -> Result<(), TrainError> {
        if Device::enumerate(kind).into_vec().is_empty() {
            return Err(TrainError::NoDevice { backend: self });
        }
        Ok(())
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backend {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        let found = Self::ALL.iter().find(|backend| backend.name() == text);
        found.copied().ok_or_else(|| TrainError::Config {
            field: "device",
            problem: format!(
                "`{text}` is none; there are {}",
                Self::ALL.map(Self::name).join(", ")
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_refused() {
        for backend in Backend::ALL {
            assert_eq!(backend.to_string().parse::<Backend>().unwrap(), backend);
            let json = serde_json::to_string(&backend).unwrap();
            assert_eq!(json, format!("\"{backend}\""));
        }
        let error = "tpu".parse::<Backend>().unwrap_err().to_string();
        assert!(
            error.contains("`tpu`") && error.contains("cpu, cuda, wgpu, vulkan"),
            "{error}"
        );
    }

    #[test]
    fn a_backend_that_is_not_built_names_its_feature() {
        assert_eq!(Backend::default().device().unwrap(), Device::flex());
        for backend in Backend::ALL.into_iter().filter(|b| !b.is_built()) {
            let error = backend.device().unwrap_err();
            assert!(
                matches!(error, TrainError::FeatureMissing { feature } if feature == backend.name()),
                "{error}"
            );
            let says = format!("--features {backend}");
            assert!(error.to_string().contains(&says), "{error}");
        }
    }
}
