//! Which rows come when.

use dsg_core::Seed;

/// The order of rows over a run: every epoch is a shuffle of its own, cut into steps. A function of the seed, so that a position is all
/// that has to be remembered of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) seed: Seed,
    pub(crate) rows: usize,
    pub(crate) batch_rows: usize,
}

impl Order {
    /// Steps of an epoch.
    pub(crate) const fn steps(&self) -> u64 {
        self.rows.div_ceil(self.batch_rows) as u64
    }

    /// The epoch, from 0, that a step belongs to.
    pub(crate) const fn epoch(&self, step: u64) -> u64 {
        match self.steps() {
            0 => 0,
            steps => step / steps,
        }
    }

    /// The rows of an epoch, in their order.
    pub(crate) fn shuffled(&self, epoch: u64) -> Vec<usize> {
        let seed = self.seed.derive("train.order", &epoch.to_string());
        let mut keyed: Vec<(Seed, usize)> = (0..self.rows)
            .map(|row| (seed.derive("row", &row.to_string()), row))
            .collect();
        keyed.sort_unstable_by_key(|(key, row)| (key.0, *row));
        keyed.into_iter().map(|(_, row)| row).collect()
    }

    /// The rows of a step among those of its epoch.
    pub(crate) fn of_step<'a>(&self, shuffled: &'a [usize], step: u64) -> &'a [usize] {
        let within = step.checked_rem(self.steps()).unwrap_or_default();
        let chunk = usize::try_from(within).ok();
        chunk
            .and_then(|chunk| shuffled.chunks(self.batch_rows).nth(chunk))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_has_every_row_once_and_in_an_order_of_its_own() {
        let order = Order {
            seed: Seed(3),
            rows: 50,
            batch_rows: 8,
        };
        assert_eq!(order.steps(), 7);
        let seen = |epoch: u64| -> Vec<usize> {
            let shuffled = order.shuffled(epoch);
            let steps = epoch * 7..(epoch + 1) * 7;
            assert!(steps.clone().all(|step| order.epoch(step) == epoch));
            steps
                .flat_map(|step| order.of_step(&shuffled, step).to_vec())
                .collect()
        };
        let (first, second) = (seen(0), seen(1));
        assert_ne!(first, second);
        for mut rows in [first, second] {
            rows.sort_unstable();
            assert!(rows.into_iter().eq(0..50));
        }
    }
}
