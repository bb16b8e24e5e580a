//! Which projections get an adapter, and of what kind.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::architecture::LayerWeight;
use crate::error::TrainError;

/// A projection of a block that an adapter may stand beside, by the name that Hugging Face and PEFT give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Attention's queries.
    QProj,
    /// Attention's keys.
    KProj,
    /// Attention's values.
    VProj,
    /// Attention's output.
    OProj,
    /// The gate of the feed-forward part.
    GateProj,
    /// What the gate is multiplied with.
    UpProj,
    /// The feed-forward part's output.
    DownProj,
}

impl Target {
    /// Every projection of a block.
    pub const ALL: [Self; 7] = [
        Self::QProj,
        Self::KProj,
        Self::VProj,
        Self::OProj,
        Self::GateProj,
        Self::UpProj,
        Self::DownProj,
    ];

    /// The name, as in `q_proj`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QProj => "q_proj",
            Self::KProj => "k_proj",
            Self::VProj => "v_proj",
            Self::OProj => "o_proj",
            Self::GateProj => "gate_proj",
            Self::UpProj => "up_proj",
            Self::DownProj => "down_proj",
        }
    }

    /// The part of a block's module that holds it, as in `self_attn`.
    pub const fn parent(self) -> &'static str {
        match self {
            Self::QProj | Self::KProj | Self::VProj | Self::OProj => "self_attn",
            Self::GateProj | Self::UpProj | Self::DownProj => "mlp",
        }
    }

    /// The weight of a block that it is.
    pub const fn weight(self) -> LayerWeight {
        match self {
            Self::QProj => LayerWeight::Query,
            Self::KProj => LayerWeight::Key,
            Self::VProj => LayerWeight::Value,
            Self::OProj => LayerWeight::Output,
            Self::GateProj => LayerWeight::Gate,
            Self::UpProj => LayerWeight::Up,
            Self::DownProj => LayerWeight::Down,
        }
    }

    /// The name in GGUF files, as in `attn_q`.
    pub const fn gguf(self) -> &'static str {
        match self {
            Self::QProj => "attn_q",
            Self::KProj => "attn_k",
            Self::VProj => "attn_v",
            Self::OProj => "attn_output",
            Self::GateProj => "ffn_gate",
            Self::UpProj => "ffn_up",
            Self::DownProj => "ffn_down",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Target {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        let found = Self::ALL.iter().find(|target| target.as_str() == text);
        found.copied().ok_or_else(|| TrainError::Config {
            field: "adapter.targets",
            problem: format!(
                "`{text}` is no projection; there are {}",
                Self::ALL.map(Self::as_str).join(", ")
            ),
        })
    }
}

/// One projection of a model: which block, and which of its projections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// The block, from 0.
    pub layer: usize,
    /// Its projection.
    pub target: Target,
}

impl Site {
    /// The projection of a block that `weight` is; `None` for norms and biases.
    pub const fn of(layer: usize, weight: LayerWeight) -> Option<Self> {
        let target = match weight {
            LayerWeight::Query => Target::QProj,
            LayerWeight::Key => Target::KProj,
            LayerWeight::Value => Target::VProj,
            LayerWeight::Output => Target::OProj,
            LayerWeight::Gate => Target::GateProj,
            LayerWeight::Up => Target::UpProj,
            LayerWeight::Down => Target::DownProj,
            _ => return None,
        };
        Some(Self { layer, target })
    }

    /// The module's name, as in `model.layers.3.self_attn.q_proj`.
    pub fn module(self) -> String {
        let Self { layer, target } = self;
        format!("model.layers.{layer}.{}.{target}", target.parent())
    }

    /// The module of this name; `None` for any other name.
    pub fn from_module(name: &str) -> Option<Self> {
        let (layer, rest) = name.strip_prefix("model.layers.")?.split_once('.')?;
        let target = *Target::ALL.iter().find(|target| {
            rest.strip_prefix(target.parent())
                .and_then(|rest| rest.strip_prefix('.'))
                == Some(target.as_str())
        })?;
        let layer = layer.parse().ok()?;
        let site = Self { layer, target };
        // `01` and `+1` are no other names of block 1.
        (site.module() == name).then_some(site)
    }

    /// The tensor's name in GGUF files without its ending, as in `blk.3.attn_q`.
    pub fn gguf(self) -> String {
        format!("blk.{}.{}", self.layer, self.target.gguf())
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.module())
    }
}

/// What is trained.
///
/// The defaults are those of a small dataset and a small model: every linear layer, since attention alone learns less at the same
/// number of parameters (Schulman et al., "LoRA Without Regret", 2025).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdapterConfig {
    /// Rank of the update, 1 to 1024. Default: 16.
    pub rank: usize,
    /// The update is multiplied with alpha over rank. Default: 32, twice the rank.
    pub alpha: f64,
    /// Which projections of every block. Default: all seven.
    pub targets: Vec<Target>,
    /// Part of the adapter's inputs that is set to zero in training, 0 to below 1. Default: 0.
    pub dropout: f64,
    /// Whether magnitude and direction of the weights are trained apart (DoRA, Liu et al. 2024). Default: false; it costs time, and an
    /// adapter of this kind runs in llama.cpp only after it is merged.
    pub dora: bool,
    /// Whether the update is multiplied with alpha over the square root of rank (rsLoRA, Kalajdzievski 2023), which keeps high ranks
    /// learning. Default: false.
    pub rslora: bool,
}

impl Default for AdapterConfig {
    fn default() -> Self {
        Self {
            rank: 16,
            alpha: 32.0,
            targets: Target::ALL.to_vec(),
            dropout: 0.0,
            dora: false,
            rslora: false,
        }
    }
}

impl AdapterConfig {
    /// Highest rank.
    pub const MAX_RANK: usize = 1024;

    /// What the update is multiplied with.
    pub fn scale(&self) -> f64 {
        let rank = self.rank as f64;
        self.alpha / if self.rslora { rank.sqrt() } else { rank }
    }

    /// The projections of `layers` blocks, block after block, in the order of [`Target::ALL`].
    pub fn sites(&self, layers: usize) -> Vec<Site> {
        let wanted = |target: &Target| self.targets.contains(target);
        (0..layers)
            .flat_map(|layer| {
                Target::ALL
                    .into_iter()
                    .filter(wanted)
                    .map(move |target| Site { layer, target })
            })
            .collect()
    }

    /// Refuses impossible values.
    ///
    /// # Errors
    /// [`TrainError::Config`] naming the field.
    pub fn validate(&self) -> Result<(), TrainError> {
        let refuse = |field, problem: String| Err(TrainError::Config { field, problem });
        if self.rank == 0 || self.rank > Self::MAX_RANK {
            let problem = format!("{} is not in 1..={}", self.rank, Self::MAX_RANK);
            return refuse("adapter.rank", problem);
        }
        if !self.alpha.is_finite() || self.alpha <= 0.0 {
            return refuse("adapter.alpha", format!("{} is not above 0", self.alpha));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return refuse(
                "adapter.dropout",
                format!("{} is not in 0..1", self.dropout),
            );
        }
        if self.targets.is_empty() {
            return refuse("adapter.targets", "none is named".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_lead_back_to_their_site() {
        for site in AdapterConfig::default().sites(12) {
            assert_eq!(Site::from_module(&site.module()), Some(site));
        }
        for name in [
            "model.layers.01.self_attn.q_proj",
            "model.layers.1.mlp.q_proj",
            "model.layers.1.self_attn.q_proj.x",
            "lm_head",
        ] {
            assert_eq!(Site::from_module(name), None, "{name}");
        }
    }

    #[test]
    fn impossible_values_are_named() {
        let refused = |change: fn(&mut AdapterConfig)| {
            let mut config = AdapterConfig::default();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        assert!(refused(|c| c.rank = 0).contains("adapter.rank"));
        assert!(refused(|c| c.rank = 1025).contains("adapter.rank"));
        assert!(refused(|c| c.alpha = f64::NAN).contains("adapter.alpha"));
        assert!(refused(|c| c.dropout = 1.0).contains("adapter.dropout"));
        assert!(refused(|c| c.targets.clear()).contains("adapter.targets"));
    }

    #[test]
    fn the_scale_of_rslora_falls_with_the_root() {
        let mut config = AdapterConfig::default();
        assert!((config.scale() - 2.0).abs() < 1e-12);
        config.rslora = true;
        assert!((config.scale() - 8.0).abs() < 1e-12);
    }
}
