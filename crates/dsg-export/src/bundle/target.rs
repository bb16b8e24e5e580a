//! The machines that bundles are made for.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub(crate) const MIB: u64 = 1 << 20;
pub(crate) const GIB: u64 = 1 << 30;

/// A machine that a bundle is made for, with what is assumed of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// Raspberry Pi 4: four Cortex-A72, 4 GiB.
    Rpi4,
    /// Raspberry Pi 5: four Cortex-A76, 8 GiB.
    Rpi5,
    /// A laptop of the last years, with Debian or one of its relatives: 16 GiB, half of it in use by other programs.
    Laptop,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rpi4, Self::Rpi5, Self::Laptop];

    /// Its name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rpi4 => "rpi4",
            Self::Rpi5 => "rpi5",
            Self::Laptop => "laptop",
        }
    }

    /// Its name in a sentence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Rpi4 => "Raspberry Pi 4",
            Self::Rpi5 => "Raspberry Pi 5",
            Self::Laptop => "laptop",
        }
    }

    /// Bytes of memory that it is assumed to have.
    pub const fn memory(self) -> u64 {
        match self {
            Self::Rpi4 => 4 * GIB,
            Self::Rpi5 => 8 * GIB,
            Self::Laptop => 16 * GIB,
        }
    }

    /// What of `memory` a model may take: three quarters of a Pi that does nothing else, half of a laptop.
    pub(crate) const fn usable(self, memory: u64) -> u64 {
        match self {
            Self::Rpi4 | Self::Rpi5 => memory / 4 * 3,
            Self::Laptop => memory / 2,
        }
    }

    /// Threads; `None` leaves the choice to llama.cpp, which takes one a physical core.
    pub(crate) const fn threads(self) -> Option<u32> {
        match self {
            Self::Rpi4 | Self::Rpi5 => Some(4),
            Self::Laptop => None,
        }
    }

    /// Tokens of prompt and reply together, where memory has room: what a machine of its speed reads within patience.
    pub(crate) const fn context(self) -> u64 {
        match self {
            Self::Rpi4 => 2048,
            Self::Rpi5 => 4096,
            Self::Laptop => 8192,
        }
    }

    /// Tokens of a prompt that are read at once.
    pub(crate) const fn batch(self) -> u64 {
        match self {
            Self::Rpi4 => 128,
            Self::Rpi5 => 256,
            Self::Laptop => 512,
        }
    }

    /// Bytes in which the server keeps the states of earlier prompts.
    pub(crate) const fn cache(self) -> u64 {
        match self {
            Self::Rpi4 => 128 * MIB,
            Self::Rpi5 => 512 * MIB,
            Self::Laptop => 1024 * MIB,
        }
    }

    /// Percent of memory that compressed swap may hold; 0 sets none up.
    pub(crate) const fn zram_percent(self) -> u32 {
        match self {
            Self::Rpi4 | Self::Rpi5 => 50,
            Self::Laptop => 0,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A name that no target has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no target is called `{0}`; there are rpi4, rpi5 and laptop")]
pub struct UnknownTarget(String);

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(name: &str) -> Result<Self, UnknownTarget> {
        Self::ALL
            .into_iter()
            .find(|target| target.as_str() == name)
            .ok_or_else(|| UnknownTarget(name.to_owned()))
    }
}
