//! How long to hold packets back so that nearly all of them are there in time.

use std::collections::VecDeque;

/// The least delay: one packet of 20 ms.
const MIN_48K: i64 = 20 * 48;
/// The delay until enough packets were seen.
const INITIAL_48K: i64 = 40 * 48;
/// The largest delay; what comes later is lost.
const MAX_48K: i64 = 400 * 48;
/// Packets before the measured delay replaces the initial one.
const WARM_UP_PACKETS: u32 = 100;
/// A packet is needed up to one playout tick before its first sample is due, and playout may be early by 5 ms.
const MARGIN_48K: i64 = 15 * 48;
/// Share of the packets that should be there in time.
const QUANTILE: f32 = 0.97;
/// Weight that the past keeps with each packet: what is 500 packets old counts a seventh.
const MEMORY: f32 = 0.996;
const BUCKET_48K: i64 = 5 * 48;
const BUCKETS: usize = (MAX_48K / BUCKET_48K) as usize + 1;
/// The fastest packet of this many periods of one second is the reference for lateness.
const WINDOW_SECONDS: usize = 10;
const SECOND_48K: i64 = 48_000;
/// A packet later than this means that the sender's clock paused, not that the network is slow.
const REBASE_48K: i64 = 500 * 48;

/// Measures each packet's lateness against the fastest packet of the last 10 s, and picks the delay that would have
/// covered 97 % of the recent ones: the approach of `NetEq`'s relative-delay histogram.
///
/// Times are RTP ticks (48 kHz): the receiver's on its own clock from any zero, the sender's as in its packets.
#[derive(Debug)]
pub(crate) struct DelayEstimator {
    /// The least transit (arrival minus timestamp) of each of the last seconds, with the second's number.
    minima: VecDeque<(i64, i64)>,
    base: Option<i64>,
    /// Weight of each lateness; sums to 1 once there were packets.
    histogram: [f32; BUCKETS],
    packets: u32,
}

impl Default for DelayEstimator {
    fn default() -> Self {
        Self { minima: VecDeque::new(), base: None, histogram: [0.0; BUCKETS], packets: 0 }
    }
}

impl DelayEstimator {
    /// Takes in that a packet with the timestamp `rtp_48k` arrived at `arrival_48k`.
    pub(crate) fn on_packet(&mut self, rtp_48k: i64, arrival_48k: i64) {
        let transit = arrival_48k - rtp_48k;
        let late = self.base.map_or(0, |base| transit - base);
        if late > REBASE_48K {
            self.minima.clear();
        }
        let second = arrival_48k.div_euclid(SECOND_48K);
        match self.minima.back_mut() {
            Some((last, least)) if *last >= second => *least = transit.min(*least),
            _ => self.minima.push_back((second, transit)),
        }
        self.minima.retain(|&(of, _)| second - of < WINDOW_SECONDS as i64);
        let base = self.minima.iter().map(|&(_, least)| least).min().unwrap_or(transit);
        let risen = self.base.map_or(0, |before| base - before);
        self.base = Some(base);
        if risen > 0 {
            self.shift_down(risen);
        }
        self.count(transit - base);
    }

    /// What to subtract from the receiver's time to get the timestamp that the fastest packet would have if it arrived
    /// now; `None` before the first packet.
    pub(crate) fn base_48k(&self) -> Option<i64> {
        self.base
    }

    /// The delay to hold packets back behind the fastest, in RTP ticks: 20 to 400 ms.
    pub(crate) fn target_48k(&self) -> i64 {
        if self.packets < WARM_UP_PACKETS {
            return INITIAL_48K.max(self.measured_48k());
        }
        self.measured_48k()
    }

    fn measured_48k(&self) -> i64 {
        let mut below = 0.0;
        let bucket = self.histogram.iter().position(|weight| {
            below += weight;
            below >= QUANTILE
        });
        let late = bucket.map_or(0, |bucket| (bucket as i64 + 1) * BUCKET_48K);
        (late + MARGIN_48K).clamp(MIN_48K, MAX_48K)
    }

    fn count(&mut self, late: i64) {
        self.packets = self.packets.saturating_add(1);
        // The first packets weigh alike; from then on the past fades at a constant rate.
        let memory = MEMORY.min(1.0 - 1.0 / self.packets as f32);
        for weight in &mut self.histogram {
            *weight *= memory;
        }
        let bucket = (late / BUCKET_48K).clamp(0, BUCKETS as i64 - 1) as usize;
        self.histogram[bucket] += 1.0 - memory;
    }

    /// The reference itself became later: the same packets are less late than they were counted.
    fn shift_down(&mut self, ticks: i64) {
        let buckets = (ticks / BUCKET_48K).min(BUCKETS as i64 - 1) as usize;
        if buckets > 0 {
            let early: f32 = self.histogram[..=buckets].iter().sum();
            self.histogram.copy_within(buckets.., 0);
            self.histogram[BUCKETS - buckets..].fill(0.0);
            self.histogram[0] = early;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 48;

    fn run(estimator: &mut DelayEstimator, packets: std::ops::Range<i64>, late_ms: impl Fn(i64) -> i64) {
        for index in packets {
            estimator.on_packet(index * 960, 7_000_000 + index * 960 + late_ms(index) * MS);
        }
    }

    #[test]
    fn an_even_network_needs_the_least_delay() {
        let mut estimator = DelayEstimator::default();
        run(&mut estimator, 0..50, |index| index % 3);
        assert_eq!(estimator.target_48k(), 40 * MS);
        run(&mut estimator, 50..200, |index| index % 3);
        assert_eq!(estimator.target_48k(), 20 * MS);
    }

    #[test]
    fn jitter_raises_the_delay_within_a_second_and_calm_lowers_it() {
        let mut estimator = DelayEstimator::default();
        run(&mut estimator, 0..500, |_| 0);
        run(&mut estimator, 500..550, |index| index * 37 % 51);
        let target = estimator.target_48k() / MS;
        assert!((50..=75).contains(&target), "{target} ms");
        run(&mut estimator, 550..1_700, |_| 0);
        assert_eq!(estimator.target_48k(), 20 * MS);
    }

    #[test]
    fn the_delay_never_exceeds_its_bound() {
        let mut estimator = DelayEstimator::default();
        run(&mut estimator, 0..500, |index| index * 7_919 % 490);
        assert_eq!(estimator.target_48k(), 400 * MS);
    }

    #[test]
    fn a_longer_route_leaves_no_delay_behind() {
        let mut estimator = DelayEstimator::default();
        run(&mut estimator, 0..500, |_| 0);
        run(&mut estimator, 500..700, |_| 300);
        assert_eq!(estimator.target_48k(), 320 * MS);
        run(&mut estimator, 700..1_100, |_| 300);
        assert_eq!(estimator.base_48k(), Some(7_000_000 + 300 * MS));
        assert_eq!(estimator.target_48k(), 20 * MS);
    }

    #[test]
    fn a_sender_whose_clock_paused_is_followed_at_once() {
        let mut estimator = DelayEstimator::default();
        run(&mut estimator, 0..500, |_| 0);
        run(&mut estimator, 500..501, |_| 5_000);
        assert_eq!(estimator.base_48k(), Some(7_000_000 + 5_000 * MS));
        assert_eq!(estimator.target_48k(), 20 * MS);
    }
}
