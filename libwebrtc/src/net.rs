//! A seam for tests: every datagram of a peer connection can be looked at, dropped or delayed.
//!
//! Delaying some datagrams more than others reorders them. Nothing is installed unless a test does so.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::runtime::{Handle, Id};

/// The way a datagram goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the peer to here.
    Inbound,
    /// From here to the peer.
    Outbound,
}

/// A datagram about to pass.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// The way it goes.
    pub direction: Direction,
    /// The address on this side.
    pub local: SocketAddr,
    /// The address on the other side.
    pub remote: SocketAddr,
    /// STUN, DTLS, SRTP or SRTCP.
    pub payload: &'a [u8],
}

/// What becomes of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Pass,
    /// It is lost.
    Drop,
    /// It passes later.
    Delay(Duration),
}

/// Decides about datagrams. Called from the task of each peer connection it belongs to.
pub trait DatagramFilter: Send + Sync {
    /// Decides about one datagram.
    fn judge(&self, datagram: &Datagram<'_>) -> Verdict;
}

static FILTERS: Mutex<Vec<(Id, Arc<dyn DatagramFilter>)>> = Mutex::new(Vec::new());

/// Gives the filter to all peer connections made on the current Tokio runtime until the guard is dropped. They keep it.
///
/// Tests with a runtime each do not disturb each other. Outside of a runtime nothing gets the filter.
#[must_use = "the filter is taken away when the guard is dropped"]
pub fn install_filter(filter: Arc<dyn DatagramFilter>) -> FilterGuard {
    let runtime = Handle::try_current().ok().map(|runtime| runtime.id());
    if let Some(runtime) = runtime {
        let mut filters = FILTERS.lock();
        filters.retain(|(known, _)| *known != runtime);
        filters.push((runtime, filter));
    }
    FilterGuard { runtime }
}

/// Takes the filter away for peer connections made later.
#[derive(Debug)]
pub struct FilterGuard {
    runtime: Option<Id>,
}

impl Drop for FilterGuard {
    fn drop(&mut self) {
        FILTERS.lock().retain(|(known, _)| Some(*known) != self.runtime);
    }
}

/// The filter for a peer connection made on this runtime.
pub(crate) fn installed_filter(runtime: &Handle) -> Option<Arc<dyn DatagramFilter>> {
    let filters = FILTERS.lock();
    filters.iter().find(|(known, _)| *known == runtime.id()).map(|(_, filter)| Arc::clone(filter))
}

/// A filter that loses and delays at random, the same way for the same seed. Can be changed while it works.
#[derive(Debug)]
pub struct Impairment {
    /// Per direction, in millionths.
    loss_ppm: [AtomicU32; 2],
    delay_us: AtomicU64,
    jitter_us: AtomicU64,
    random: AtomicU64,
    dropped: AtomicU64,
}

impl Impairment {
    /// A filter that lets everything pass.
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            loss_ppm: [AtomicU32::new(0), AtomicU32::new(0)],
            delay_us: AtomicU64::new(0),
            jitter_us: AtomicU64::new(0),
            random: AtomicU64::new(seed),
            dropped: AtomicU64::new(0),
        })
    }

    /// Loses this share of the datagrams, 0 to 1.
    pub fn set_loss(&self, direction: Direction, share: f64) {
        let ppm = (share.clamp(0.0, 1.0) * 1_000_000.0) as u32;
        self.loss_ppm[slot(direction)].store(ppm, Ordering::Relaxed);
    }

    /// Delays every datagram by `delay` and up to `jitter` more, both ways.
    pub fn set_delay(&self, delay: Duration, jitter: Duration) {
        self.delay_us.store(delay.as_micros() as u64, Ordering::Relaxed);
        self.jitter_us.store(jitter.as_micros() as u64, Ordering::Relaxed);
    }

    /// How many datagrams were lost.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// `SplitMix64`.
    fn next_random(&self) -> u64 {
        let state = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl DatagramFilter for Impairment {
    fn judge(&self, datagram: &Datagram<'_>) -> Verdict {
        let loss_ppm = u64::from(self.loss_ppm[slot(datagram.direction)].load(Ordering::Relaxed));
        if self.next_random() % 1_000_000 < loss_ppm {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return Verdict::Drop;
        }
        let jitter_us = self.jitter_us.load(Ordering::Relaxed);
        let delay_us = self.delay_us.load(Ordering::Relaxed) + self.next_random() % (jitter_us + 1);
        if delay_us == 0 { Verdict::Pass } else { Verdict::Delay(Duration::from_micros(delay_us)) }
    }
}

fn slot(direction: Direction) -> usize {
    match direction {
        Direction::Inbound => 0,
        Direction::Outbound => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(direction: Direction) -> Datagram<'static> {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        Datagram { direction, local: address, remote: address, payload: &[] }
    }

    #[test]
    fn the_share_that_was_asked_for_is_lost_in_that_direction_only() {
        let filter = Impairment::new(1);
        filter.set_loss(Direction::Inbound, 0.1);
        let lost =
            |direction| (0..10_000).filter(|_| filter.judge(&datagram(direction)) == Verdict::Drop).count();
        assert!((900..1_100).contains(&lost(Direction::Inbound)));
        assert_eq!(lost(Direction::Outbound), 0);
    }

    #[test]
    fn delays_stay_within_delay_and_jitter() {
        let filter = Impairment::new(2);
        filter.set_delay(Duration::from_millis(20), Duration::from_millis(10));
        for _ in 0..1_000 {
            let Verdict::Delay(delay) = filter.judge(&datagram(Direction::Outbound)) else {
                panic!("not delayed")
            };
            assert!((20..=30).contains(&delay.as_millis()));
        }
    }
}
