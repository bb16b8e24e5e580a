//! Grows the graph with `hnsw_rs`.

use dsg_core::Seed;
use hnsw_rs::anndists::dist::Distance;
use hnsw_rs::hnsw::Hnsw;

use super::VectorConfig;
use super::dot::dot;
use super::graph::{Graph, Layer};

/// Layers at most; so many as `hnsw_rs` has.
const LAYERS: usize = 16;

/// Unit vectors: 1 less the cosine, which rounding must not bring below 0.
struct Cosine;

impl Distance<f32> for Cosine {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        (1.0 - dot(a, b)).max(0.0)
    }
}

/// A graph over the rows of `numbers`. One row after the other: rows that are added at once race for their neighbours. The library draws
/// levels from a generator with a fixed start, so that `seed` decides by the order of the rows.
#[allow(
    clippy::cast_possible_truncation,
    reason = "there are no more than u32::MAX rows, checked as positions"
)]
pub(super) fn grow(numbers: &[f32], dimension: usize, config: &VectorConfig, seed: u64) -> Graph {
    let rows: Vec<&[f32]> = numbers.chunks_exact(dimension).collect();
    let hnsw = Hnsw::<f32, Cosine>::new(
        config.connections,
        rows.len(),
        LAYERS,
        config.build_breadth,
        Cosine,
    );
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let seed = Seed(seed);
    order.sort_by_cached_key(|row| (seed.derive("vectors", &row.to_string()).0, *row));
    for row in order {
        if let Some(vector) = rows.get(row) {
            hnsw.insert_slice((vector, row));
        }
    }
    let points = hnsw.get_point_indexation();
    let highest = usize::from(points.get_max_level_observed());
    let mut lists: Vec<Vec<Vec<u32>>> = vec![vec![Vec::new(); rows.len()]; highest + 1];
    let mut entry = 0;
    for level in 0..=highest {
        for point in points.get_layer_iterator(level) {
            let row = point.get_origin_id();
            if level == highest && point.get_point_id().1 == 0 {
                entry = row as u32;
            }
            // Beyond its own level a point remembers where it came from; it is no neighbour of anybody there.
            for (layer, neighbours) in lists
                .iter_mut()
                .zip(point.get_neighborhood_id())
                .take(level + 1)
            {
                if let Some(list) = layer.get_mut(row) {
                    list.extend(neighbours.iter().map(|near| near.get_origin_id() as u32));
                }
            }
        }
    }
    let layers = lists
        .into_iter()
        .map(|lists| {
            let mut layer = Layer::default();
            for list in lists {
                layer.neighbours.extend(list);
                layer.ends.push(layer.neighbours.len() as u32);
            }
            layer
        })
        .collect();
    Graph { entry, layers }
}
