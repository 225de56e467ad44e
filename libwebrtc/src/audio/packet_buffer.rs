//! Packets that wait for their time, in the order of their timestamps.

use std::collections::BTreeMap;

/// The longest stretch of audio that waits: 2 s.
const MAX_BUFFERED_48K: i64 = 96_000;

/// A received packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    /// RTP sequence number, extended beyond 16 bits.
    pub seq: u64,
    /// Timestamp of its first sample, in RTP ticks, extended beyond 32 bits.
    pub start_48k: i64,
    /// In RTP ticks.
    pub duration_48k: i64,
    pub payload: Box<[u8]>,
}

impl Packet {
    /// Timestamp after its last sample.
    pub(crate) fn end_48k(&self) -> i64 {
        self.start_48k + self.duration_48k
    }
}

/// Holds at most 2 s of packets, reckoned both by their durations and by their timestamps.
#[derive(Debug, Default)]
pub(crate) struct PacketBuffer {
    by_start: BTreeMap<i64, Packet>,
    total_48k: i64,
}

impl PacketBuffer {
    /// Stores `packet`; `Err` gives it back when its timestamp is there already.
    ///
    /// `Ok` has the number of packets that were dropped, oldest first, to stay within the bound.
    pub(crate) fn insert(&mut self, packet: Packet) -> Result<u64, Packet> {
        if self.by_start.contains_key(&packet.start_48k) {
            return Err(packet);
        }
        self.total_48k += packet.duration_48k;
        self.by_start.insert(packet.start_48k, packet);
        let mut dropped = 0;
        while self.total_48k > MAX_BUFFERED_48K || self.span_48k() > MAX_BUFFERED_48K {
            self.pop();
            dropped += 1;
        }
        Ok(dropped)
    }

    /// The packet with the lowest timestamp.
    pub(crate) fn first(&self) -> Option<&Packet> {
        self.by_start.first_key_value().map(|(_, packet)| packet)
    }

    /// Takes the packet with the lowest timestamp.
    pub(crate) fn pop(&mut self) -> Option<Packet> {
        let (_, packet) = self.by_start.pop_first()?;
        self.total_48k -= packet.duration_48k;
        Some(packet)
    }

    /// Drops the packets that end at or before `time_48k` and returns how many there were.
    pub(crate) fn drop_before(&mut self, time_48k: i64) -> u64 {
        let mut dropped = 0;
        while self.first().is_some_and(|packet| packet.end_48k() <= time_48k) {
            self.pop();
            dropped += 1;
        }
        dropped
    }

    /// Number of packets.
    pub(crate) fn len(&self) -> usize {
        self.by_start.len()
    }

    /// Forgets all packets and returns how many there were.
    pub(crate) fn clear(&mut self) -> u64 {
        let dropped = self.len() as u64;
        *self = Self::default();
        dropped
    }

    fn span_48k(&self) -> i64 {
        let first = self.by_start.first_key_value().map_or(0, |(&start, _)| start);
        self.by_start.last_key_value().map_or(0, |(_, packet)| packet.end_48k() - first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(start_48k: i64, duration_48k: i64) -> Packet {
        Packet { seq: 0, start_48k, duration_48k, payload: Box::new([0]) }
    }

    #[test]
    fn packets_come_out_in_the_order_of_their_timestamps() {
        let mut buffer = PacketBuffer::default();
        for start in [1_920, 0, 960] {
            assert_eq!(buffer.insert(packet(start, 960)), Ok(0));
        }
        let starts: Vec<i64> = std::iter::from_fn(|| buffer.pop()).map(|packet| packet.start_48k).collect();
        assert_eq!(starts, [0, 960, 1_920]);
    }

    #[test]
    fn a_duplicate_is_given_back() {
        let mut buffer = PacketBuffer::default();
        assert_eq!(buffer.insert(packet(0, 960)), Ok(0));
        assert_eq!(buffer.insert(packet(0, 480)), Err(packet(0, 480)));
        assert_eq!(buffer.len(), 1);
    }

    #[test]
    fn more_than_two_seconds_drops_the_oldest() {
        let mut buffer = PacketBuffer::default();
        for index in 0..100 {
            assert_eq!(buffer.insert(packet(index * 960, 960)), Ok(0));
        }
        assert_eq!(buffer.insert(packet(96_000, 960)), Ok(1));
        assert_eq!(buffer.first().map(|packet| packet.start_48k), Some(960));
        assert_eq!(buffer.insert(packet(10_000_000, 960)), Ok(100));
        assert_eq!(buffer.len(), 1);
    }
}
