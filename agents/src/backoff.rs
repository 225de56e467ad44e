//! How long to wait before the next attempt.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::SmallRng};

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);

/// Pauses that double from 250 ms to 8 s, each shortened by chance to between its half and its whole: many agents that
/// lost the same server do not come back in step.
pub(crate) struct Backoff {
    pause: Duration,
    chance: SmallRng,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { pause: FIRST, chance: SmallRng::seed_from_u64(seed) }
    }

    /// The next pause.
    pub(crate) fn next_pause(&mut self) -> Duration {
        let whole = self.pause;
        self.pause = (whole * 2).min(LONGEST);
        whole.mul_f64(self.chance.random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_never_beyond() {
        for seed in 0..50 {
            let mut backoff = Backoff::new(seed);
            let mut whole = FIRST;
            for _ in 0..20 {
                let pause = backoff.next_pause();
                assert!(pause >= whole / 2 && pause <= whole, "{pause:?} of {whole:?}");
                whole = (whole * 2).min(LONGEST);
            }
        }
    }

    #[test]
    fn agents_do_not_come_back_in_step() {
        let firsts: std::collections::HashSet<_> =
            (0..20).map(|seed| Backoff::new(seed).next_pause()).collect();
        assert!(firsts.len() > 15);
    }
}
