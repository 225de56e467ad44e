//! What a playout has done, in the terms of the WebRTC statistics.

/// Counters since a playout was made. Samples are per channel at 48 kHz, as the delays are sums over such samples.
///
/// The names follow `RTCInboundRtpStreamStats` (W3C, Identifiers for WebRTC's Statistics API).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PlayoutStats {
    /// Packets taken in, without late, duplicate and invalid ones.
    pub packets_received: u64,
    /// Packets that came after their audio was played or given up.
    pub packets_late: u64,
    /// Packets that were there already.
    pub packets_duplicate: u64,
    /// Payloads that are no Opus packets.
    pub packets_invalid: u64,
    /// Packets that were dropped unplayed, because the buffer was full or playout had to catch up.
    pub packets_discarded: u64,
    /// Frames that were lost and decoded from the redundancy in the next packet.
    pub fec_recovered: u64,
    /// All samples given out.
    pub total_samples: u64,
    /// Samples that were guessed in place of lost or late ones, without those recovered.
    pub concealed_samples: u64,
    /// Times that guessing began.
    pub concealment_events: u64,
    /// Samples of silence given out while nothing was to be played: before the first packet, in DTX, after the end.
    pub silence_samples: u64,
    /// Samples put in to wait for a slower network or sender.
    pub inserted_samples: u64,
    /// Samples taken out to catch up.
    pub removed_samples: u64,
    /// Sum over all played samples of the ticks (48 kHz) that each was held back behind the fastest packet.
    pub jitter_buffer_delay_48k: u64,
    /// Played samples: divides the sums of delays.
    pub jitter_buffer_emitted: u64,
    /// Sum over all played samples of the delay aimed at, in ticks (48 kHz).
    pub target_delay_48k: u64,
    /// The delay aimed at now, in ms.
    pub current_target_ms: u32,
    /// Audio frames that the application did not read in time.
    pub frames_dropped: u64,
}

#[cfg(test)]
impl PlayoutStats {
    /// Mean time in the buffer, in ms.
    pub(crate) fn mean_delay_ms(&self) -> f64 {
        self.jitter_buffer_delay_48k as f64 / self.jitter_buffer_emitted.max(1) as f64 / 48.0
    }
}
