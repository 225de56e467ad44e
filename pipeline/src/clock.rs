//! The session's media clock.

use media::{ASR_HZ, samples_to_ms};

/// Places the samples of one source on the session's media clock: once by wall clock, then by their count alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaClock {
    offset_ms: u64,
}

impl MediaClock {
    /// Sample 0 is at `offset_ms`.
    pub fn starting_at(offset_ms: u64) -> Self {
        Self { offset_ms }
    }

    /// Sample 0 is heard at `now_ms`, in a session that began at `started_at_ms` (both Unix milliseconds). A source
    /// that seems to be older than its session, by clocks that disagree, is placed at 0.
    pub fn by_wall_clock(now_ms: i64, started_at_ms: i64) -> Self {
        Self::starting_at(now_ms.saturating_sub(started_at_ms).max(0).unsigned_abs())
    }

    /// When the sample at `index` (16 000 Hz) is heard, in milliseconds on the session's clock.
    pub fn at(&self, index: u64) -> u64 {
        self.offset_ms + samples_to_ms(index, ASR_HZ)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_alone_move_the_clock() {
        let clock = MediaClock::by_wall_clock(1_700_000_005_000, 1_700_000_000_000);
        assert_eq!((clock.at(0), clock.at(16_000), clock.at(16_000 * 3_600)), (5_000, 6_000, 3_605_000));
    }

    #[test]
    fn a_source_is_never_before_its_session() {
        assert_eq!(MediaClock::by_wall_clock(10, 5_000), MediaClock::starting_at(0));
    }
}
