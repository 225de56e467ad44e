//! Datagrams that a filter holds back, by the time they may pass.

use std::{collections::BTreeMap, net::SocketAddr, time::Instant};

use super::ice::Received;

/// Datagrams held back at a time; more are lost.
const CAPACITY: usize = 4_096;

/// The waiting datagrams of a peer connection.
#[derive(Default)]
pub(crate) struct Delayed {
    /// By time and order of arrival.
    held: BTreeMap<(Instant, u64), Held>,
    count: u64,
}

/// A datagram and the way it goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Inbound(Received, Vec<u8>),
    /// With the local and the remote address.
    Outbound(SocketAddr, SocketAddr, Vec<u8>),
}

impl Delayed {
    /// Holds a datagram back.
    pub(crate) fn hold(&mut self, until: Instant, datagram: Held) {
        if self.held.len() < CAPACITY {
            self.count += 1;
            self.held.insert((until, self.count), datagram);
        }
    }

    /// When the next one may pass.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.held.first_key_value().map(|((until, _), _)| *until)
    }

    /// Those that may pass now, in order.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Held> {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return Vec::new();
        }
        let later = self.held.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.held, later).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn datagrams_pass_when_their_time_has_come_and_not_before() {
        let start = tokio::time::Instant::now().into_std();
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let datagram = |number| Held::Outbound(address, address, vec![number]);
        let mut delayed = Delayed::default();
        delayed.hold(start + Duration::from_millis(20), datagram(2));
        delayed.hold(start + Duration::from_millis(10), datagram(1));
        delayed.hold(start + Duration::from_millis(30), datagram(3));
        assert_eq!(delayed.deadline(), Some(start + Duration::from_millis(10)));
        assert!(delayed.due(start).is_empty());
        assert_eq!(delayed.due(start + Duration::from_millis(20)), [datagram(1), datagram(2)]);
        assert_eq!(delayed.due(start + Duration::from_secs(1)), [datagram(3)]);
        assert_eq!(delayed.deadline(), None);
    }
}
