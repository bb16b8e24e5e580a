//! The adapters of a model, as values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use dsg_core::Seed;
use dsg_core::hash::xxh3_hex;

use super::config::{AdapterConfig, Site};
use super::dropout::{Draw, Dropout, split_mix};
use super::lora::Adapter;
use super::magnitude::{Magnitude, squared_rows, updated_norms};
use crate::decoder::{Decoder, Projection};
use crate::error::TrainError;

/// The adapters of a model: one for each [`Site`], f32, outside of autodiff. [Attached](Self::attach) to a decoder, they take part in what
/// it computes.
#[derive(Debug, Clone)]
pub struct LoraWeights {
    config: AdapterConfig,
    /// Where they were read; names them in errors.
    origin: PathBuf,
    sites: BTreeMap<Site, SiteWeights>,
}

/// What is trained at one site.
#[derive(Debug, Clone)]
pub struct SiteWeights {
    /// `[rank, in]`.
    pub a: Tensor<2>,
    /// `[out, rank]`.
    pub b: Tensor<2>,
    /// `[1, out]`, of DoRA.
    pub magnitude: Option<Tensor<2>>,
    /// The squared lengths of the frozen rows, `[1, out]`, once they were needed.
    squares: Option<Tensor<2>>,
}

impl SiteWeights {
    /// Matrices of one site.
    pub const fn new(a: Tensor<2>, b: Tensor<2>, magnitude: Option<Tensor<2>>) -> Self {
        Self {
            a,
            b,
            magnitude,
            squares: None,
        }
    }
}

impl LoraWeights {
    /// Adapters that change nothing yet, as PEFT begins: A uniform in ±1/√in (Kaiming with a = √5), B zero, and the magnitudes of
    /// DoRA the lengths of the frozen rows. Every value is a function of the seed and its place.
    ///
    /// # Errors
    /// [`TrainError::Config`] for an impossible configuration and a rank above a projection's size.
    pub fn new(config: &AdapterConfig, decoder: &Decoder, seed: Seed) -> Result<Self, TrainError> {
        config.validate()?;
        let mut sites = BTreeMap::new();
        for (site, projection) in decoder.sites() {
            if !config.targets.contains(&site.target) {
                continue;
            }
            let [outputs, inputs] = projection.dims();
            if config.rank > inputs.min(outputs) {
                return Err(TrainError::Config {
                    field: "adapter.rank",
                    problem: format!(
                        "{} is more than {site} of {outputs} by {inputs} can have",
                        config.rank
                    ),
                });
            }
            let device = decoder.device().inner();
            let bound = 1.0 / (inputs as f64).sqrt();
            let mut state = seed.derive("train.init", &site.module()).0;
            let a: Vec<f32> = (0..config.rank * inputs)
                .map(|_| {
                    let unit = Seed(split_mix(&mut state) >> 11).unit();
                    #[allow(
                        clippy::cast_possible_truncation,
                        reason = "a drawn number need not be exact"
                    )]
                    let drawn = ((2.0 * unit - 1.0) * bound) as f32;
                    drawn
                })
                .collect();
            let mut weights = SiteWeights::new(
                Tensor::from_data(TensorData::new(a, [config.rank, inputs]), &device),
                Tensor::zeros([outputs, config.rank], &device),
                None,
            );
            if config.dora {
                let squares = squared_rows(projection);
                weights.magnitude = Some(squares.clone().sqrt());
                weights.squares = Some(squares);
            }
            sites.insert(site, weights);
        }
        Ok(Self {
            config: config.clone(),
            origin: PathBuf::from("the new adapter"),
            sites,
        })
    }

    /// Adapters of these matrices, that came from `origin`.
    ///
    /// # Errors
    /// [`TrainError::TensorShape`] for matrices that are not of the configuration's rank.
    pub fn from_sites(
        config: AdapterConfig,
        origin: &Path,
        sites: BTreeMap<Site, SiteWeights>,
    ) -> Result<Self, TrainError> {
        for (site, weights) in &sites {
            let [rank, _] = weights.a.dims();
            let [outputs, columns] = weights.b.dims();
            let of_rank = [
                (
                    rank == config.rank,
                    "lora_A",
                    weights.a.dims(),
                    [config.rank, weights.a.dims()[1]],
                ),
                (
                    columns == config.rank,
                    "lora_B",
                    weights.b.dims(),
                    [outputs, config.rank],
                ),
            ];
            for (holds, name, actual, expected) in of_rank {
                if !holds {
                    return Err(TrainError::TensorShape {
                        path: origin.to_path_buf(),
                        tensor: format!("{site}.{name}"),
                        expected: expected.to_vec(),
                        actual: actual.to_vec(),
                    });
                }
            }
        }
        Ok(Self {
            config,
            origin: origin.to_path_buf(),
            sites,
        })
    }

    /// What kind they are of.
    pub const fn config(&self) -> &AdapterConfig {
        &self.config
    }

    /// Where they were read, or what they are.
    pub fn origin(&self) -> &Path {
        &self.origin
    }

    /// The matrices, by site.
    pub const fn sites(&self) -> &BTreeMap<Site, SiteWeights> {
        &self.sites
    }

    /// Number of trained values.
    pub fn parameters(&self) -> usize {
        self.matrices()
            .map(|matrix| matrix.shape().num_elements())
            .sum()
    }

    /// Every matrix, site after site: A, B and, of DoRA, the magnitude.
    pub(crate) fn matrices(&self) -> impl Iterator<Item = &Tensor<2>> {
        self.sites
            .values()
            .flat_map(|site| [&site.a, &site.b].into_iter().chain(&site.magnitude))
    }

    /// Changes with every value; kind and scale are the configuration's.
    pub fn fingerprint(&self) -> String {
        let values = self
            .matrices()
            .flat_map(|matrix| matrix.to_data().iter::<f32>().collect::<Vec<_>>());
        let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
        xxh3_hex(&bytes)
    }

    /// The matrices, to be replaced.
    pub(crate) fn matrices_mut(&mut self) -> impl Iterator<Item = &mut Tensor<2>> {
        self.sites.values_mut().flat_map(|site| {
            [&mut site.a, &mut site.b]
                .into_iter()
                .chain(&mut site.magnitude)
        })
    }

    /// Lets the adapters take part in what `decoder` computes, outside of autodiff. Adapters that were there before are taken away.
    ///
    /// # Errors
    /// [`TrainError::MissingTensor`] for sites that the decoder lacks, [`TrainError::TensorShape`] for matrices that do not fit it.
    pub fn attach(&self, decoder: &mut Decoder) -> Result<(), TrainError> {
        self.attach_as(decoder, Tensor::clone, None)
    }

    /// Attaches the adapters as what gradients are computed of. Returns the leaves, in the order of [`matrices`](Self::matrices).
    pub(crate) fn track(
        &mut self,
        decoder: &mut Decoder,
        draw: &Draw,
    ) -> Result<Vec<Tensor<2>>, TrainError> {
        if self.config.dora {
            for (site, projection) in decoder.sites() {
                if let Some(weights) = self.sites.get_mut(&site) {
                    weights
                        .squares
                        .get_or_insert_with(|| squared_rows(projection));
                }
            }
        }
        let mut leaves = Vec::new();
        self.attach_as(
            decoder,
            |matrix| {
                let leaf = matrix.clone().autodiff().require_grad();
                leaves.push(leaf.clone());
                leaf
            },
            Some(draw),
        )?;
        Ok(leaves)
    }

    fn attach_as(
        &self,
        decoder: &mut Decoder,
        mut leaf: impl FnMut(&Tensor<2>) -> Tensor<2>,
        draw: Option<&Draw>,
    ) -> Result<(), TrainError> {
        let scale = self.config.scale();
        let mut left = self.sites.len();
        for (site, projection) in decoder.sites_mut() {
            projection.set_adapter(None);
            let Some(weights) = self.sites.get(&site) else {
                continue;
            };
            left -= 1;
            self.fits(site, weights, projection)?;
            let (a, b) = (leaf(&weights.a), leaf(&weights.b));
            let magnitude = weights.magnitude.as_ref().map(|value| {
                let squares = match &weights.squares {
                    Some(squares) => squares.clone(),
                    None => squared_rows(projection),
                };
                let norm = updated_norms(projection, &squares, &a, &b, scale);
                Magnitude::new(leaf(value), norm)
            });
            let dropout = draw.and_then(|draw| Dropout::new(self.config.dropout, site, draw));
            let adapter = Adapter::new(a, b, scale)
                .with_magnitude(magnitude)
                .with_dropout(dropout);
            projection.set_adapter(Some(adapter));
        }
        if left > 0 {
            let layers = decoder.sites().map(|(site, _)| site.layer).max();
            let missing = self
                .sites
                .keys()
                .find(|site| layers.is_none_or(|last| site.layer > last));
            return Err(TrainError::Format {
                path: self.origin.clone(),
                what: "adapter of this model",
                problem: match missing {
                    Some(site) => format!("the model has no `{site}`"),
                    None => "the model lacks some of its projections".to_owned(),
                },
            });
        }
        Ok(())
    }

    fn fits(
        &self,
        site: Site,
        weights: &SiteWeights,
        projection: &Projection,
    ) -> Result<(), TrainError> {
        let [outputs, inputs] = projection.dims();
        let rank = self.config.rank;
        let checks = [
            ("lora_A", Some(&weights.a), [rank, inputs]),
            ("lora_B", Some(&weights.b), [outputs, rank]),
            (
                "lora_magnitude_vector",
                weights.magnitude.as_ref(),
                [1, outputs],
            ),
        ];
        for (name, matrix, expected) in checks {
            let actual = matrix.map_or(expected, Tensor::dims);
            if actual != expected {
                return Err(TrainError::TensorShape {
                    path: self.origin.clone(),
                    tensor: format!("{site}.{name}"),
                    expected: expected.to_vec(),
                    actual: actual.to_vec(),
                });
            }
        }
        Ok(())
    }

    /// Takes every adapter away from `decoder`.
    pub fn detach(decoder: &mut Decoder) {
        for (_, projection) in decoder.sites_mut() {
            projection.set_adapter(None);
        }
    }

    /// The change of a frozen matrix `[out, in]` that the adapter at `site` amounts to, applied to it; the matrix as it is where there is no
    /// adapter.
    pub fn merged(&self, site: Site, weight: Tensor<2>) -> Tensor<2> {
        let Some(weights) = self.sites.get(&site) else {
            return weight;
        };
        let update = weights.b.clone().matmul(weights.a.clone());
        let weight = weight + update.mul_scalar(self.config.scale());
        match &weights.magnitude {
            Some(magnitude) => {
                let norm = weight.clone().square().sum_dim(1).sqrt();
                weight * (magnitude.clone().transpose() / norm)
            }
            None => weight,
        }
    }

    /// The same values on another device.
    #[must_use]
    pub fn to_device(mut self, device: &Device) -> Self {
        for matrix in self.matrices_mut() {
            *matrix = matrix.clone().to_device(device);
        }
        for site in self.sites.values_mut() {
            site.squares = None;
        }
        self
    }
}
