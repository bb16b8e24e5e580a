//! Which units go to eval: a small optimisation problem, solved the same way every time.

use std::collections::BTreeMap;

/// Items that cannot be parted, by topic.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unit {
    /// A seeded number that decides the order of consideration.
    pub(crate) draw: u64,
    /// Items per topic number.
    pub(crate) topics: BTreeMap<usize, usize>,
}

impl Unit {
    fn size(&self) -> f64 {
        self.topics.values().sum::<usize>() as f64
    }
}

/// The weight of the whole beside the topics: a right total matters more than a right topic.
const WHOLE: f64 = 4.0;
/// Above this many units single moves are fine-grained enough, and trying all exchanges would be quadratic.
const EXCHANGE_LIMIT: usize = 1_500;

/// Per unit, whether it goes to eval. Minimises the squared distance from `fraction` of each topic and of the whole,
/// relative to their sizes: greedily in seeded order, never beyond `fraction + tolerance`; then single moves and exchanges
/// while they help.
pub(crate) fn assign(units: &[Unit], fraction: f64, tolerance: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by_key(|index| (units.get(*index).map(|unit| unit.draw), *index));
    let mut state = State::new(units, fraction);
    let ceiling = (fraction + tolerance) * state.total;
    let mut eval = vec![false; units.len()];

    for index in &order {
        let Some(unit) = units.get(*index) else {
            continue;
        };
        if state.eval + unit.size() <= ceiling && state.gain(&[(unit, 1.0)]) > 0.0 {
            state.apply(unit, 1.0);
            set(&mut eval, *index, true);
        }
    }
    // Each accepted move lowers the cost, so this ends; the bound only guards against rounding.
    for _ in 0..8 {
        let moved = improve(units, &order, &mut state, &mut eval, ceiling);
        if !moved {
            break;
        }
    }
    eval
}

/// One pass of moves, then of exchanges. Whether anything changed.
fn improve(
    units: &[Unit],
    order: &[usize],
    state: &mut State,
    eval: &mut [bool],
    ceiling: f64,
) -> bool {
    let mut moved = false;
    for index in order {
        let (Some(unit), Some(in_eval)) = (units.get(*index), eval.get(*index).copied()) else {
            continue;
        };
        let sign = if in_eval { -1.0 } else { 1.0 };
        if (in_eval || state.eval + unit.size() <= ceiling) && state.gain(&[(unit, sign)]) > 1e-9 {
            state.apply(unit, sign);
            set(eval, *index, !in_eval);
            moved = true;
        }
    }
    if units.len() > EXCHANGE_LIMIT {
        return moved;
    }
    for out in order {
        if eval.get(*out) != Some(&true) {
            continue;
        }
        let Some(leaving) = units.get(*out) else {
            continue;
        };
        let best = order
            .iter()
            .filter(|index| eval.get(**index) == Some(&false))
            .filter_map(|index| {
                let entering = units.get(*index)?;
                let size = state.eval - leaving.size() + entering.size();
                let gain = state.gain(&[(leaving, -1.0), (entering, 1.0)]);
                (size <= ceiling && gain > 1e-9).then_some((*index, entering, gain))
            })
            .reduce(|best, next| if next.2 > best.2 { next } else { best });
        if let Some((index, entering, _)) = best {
            state.apply(leaving, -1.0);
            state.apply(entering, 1.0);
            set(eval, *out, false);
            set(eval, index, true);
            moved = true;
        }
    }
    moved
}

fn set(eval: &mut [bool], index: usize, value: bool) {
    if let Some(slot) = eval.get_mut(index) {
        *slot = value;
    }
}

/// Items in eval so far, against what is wanted.
struct State {
    fraction: f64,
    total: f64,
    eval: f64,
    /// Per topic: all items, items in eval.
    topics: BTreeMap<usize, (f64, f64)>,
}

impl State {
    fn new(units: &[Unit], fraction: f64) -> Self {
        let mut topics: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for (topic, count) in units.iter().flat_map(|unit| &unit.topics) {
            topics.entry(*topic).or_default().0 += *count as f64;
        }
        Self {
            fraction,
            total: units.iter().map(Unit::size).sum(),
            eval: 0.0,
            topics,
        }
    }

    /// By how much the cost falls when these units enter (`1.0`) or leave (`-1.0`) eval.
    fn gain(&self, moves: &[(&Unit, f64)]) -> f64 {
        let mut delta: BTreeMap<usize, f64> = BTreeMap::new();
        let mut whole = 0.0;
        for (unit, sign) in moves {
            for (topic, count) in &unit.topics {
                *delta.entry(*topic).or_default() += sign * *count as f64;
            }
            whole += sign * unit.size();
        }
        let fall = |all: f64, eval: f64, change: f64| {
            let off = eval - self.fraction * all;
            (off * off - (off + change) * (off + change)) / all.max(1.0)
        };
        let topics: f64 = delta
            .iter()
            .map(|(topic, change)| {
                let (all, eval) = self.topics.get(topic).copied().unwrap_or_default();
                fall(all, eval, *change)
            })
            .sum();
        topics + WHOLE * fall(self.total, self.eval, whole)
    }

    fn apply(&mut self, unit: &Unit, sign: f64) {
        for (topic, count) in &unit.topics {
            self.topics.entry(*topic).or_default().1 += sign * *count as f64;
        }
        self.eval += sign * unit.size();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(draw: u64, topics: &[(usize, usize)]) -> Unit {
        Unit {
            draw,
            topics: topics.iter().copied().collect(),
        }
    }

    fn eval_share(units: &[Unit], eval: &[bool]) -> f64 {
        let size = |unit: &Unit| unit.size();
        let chosen: f64 = units
            .iter()
            .zip(eval)
            .filter(|(_, e)| **e)
            .map(|(u, _)| size(u))
            .sum();
        chosen / units.iter().map(size).sum::<f64>()
    }

    #[test]
    fn a_giant_stays_in_train_and_eval_is_filled_from_the_rest() {
        let mut units = vec![unit(0, &[(0, 60)])];
        units.extend((1..21).map(|i| unit(i, &[(0, 2)])));
        let eval = assign(&units, 0.15, 0.03);
        assert!(!eval[0]);
        assert!((eval_share(&units, &eval) - 0.15).abs() < 0.03);
    }

    #[test]
    fn every_topic_with_enough_documents_is_represented() {
        let units: Vec<Unit> = (0..60)
            .map(|i| unit(i * 7 % 60, &[((i % 3) as usize, 5)]))
            .collect();
        let eval = assign(&units, 0.2, 0.03);
        for topic in 0..3 {
            let of_topic: Vec<bool> = eval.iter().skip(topic).step_by(3).copied().collect();
            let share = of_topic.iter().filter(|e| **e).count() as f64 / 20.0;
            assert!((0.15..=0.25).contains(&share), "{topic}: {share}");
        }
    }

    #[test]
    fn one_unit_alone_is_never_held_out() {
        assert_eq!(assign(&[unit(0, &[(0, 9)])], 0.15, 0.03), [false]);
        assert!(assign(&[], 0.15, 0.03).is_empty());
    }
}
