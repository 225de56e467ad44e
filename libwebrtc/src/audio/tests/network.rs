//! A sender, a network and a playout on one virtual clock.

use std::time::{Duration, Instant};

use opus::{Application, Bitrate, Channels, Encoder};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::super::playout::Playout;

/// An encoded packet as a sender numbers it.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub seq: u64,
    pub rtp_time: u64,
    pub payload: Vec<u8>,
}

/// What the network does to packets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    /// Share of packets lost, 0 to 1.
    pub loss: f64,
    /// Each packet is late by 0 to this many ms; more than 20 ms reorders.
    pub jitter_ms: f64,
    /// How much faster the sender's clock runs than ours, in parts per million.
    pub drift_ppm: f64,
    pub seed: u64,
}

impl Default for Network {
    fn default() -> Self {
        Self { loss: 0.0, jitter_ms: 1.0, drift_ppm: 0.0, seed: 7 }
    }
}

/// What a listener got.
pub(super) struct Heard {
    /// Mono, at the playout's rate.
    pub pcm: Vec<i16>,
    pub playout: Playout,
}

/// A mono speech encoder at 48 kHz with forward error correction.
pub(super) fn encoder(loss_percent: i32) -> Encoder {
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip).expect("encoder");
    encoder.set_bitrate(Bitrate::Bits(32_000)).expect("bitrate");
    encoder.set_inband_fec(true).expect("fec");
    encoder.set_packet_loss_perc(loss_percent).expect("loss");
    encoder
}

/// Encodes mono 48 kHz audio in packets of 20 ms.
pub(super) fn encode(pcm: &[i16], loss_percent: i32) -> Vec<Sent> {
    let mut encoder = encoder(loss_percent);
    let packets = pcm.chunks_exact(960).enumerate();
    packets
        .map(|(index, frame)| Sent {
            seq: 1_000 + index as u64,
            rtp_time: 5_000_000 + index as u64 * 960,
            payload: encoder.encode_vec(frame, 1_276).expect("encode"),
        })
        .collect()
}

/// Sends `packets` at the times that their timestamps say and pulls `frames` of 10 ms from `playout`, beginning 3 ms
/// after the first was sent.
pub(super) fn play(packets: &[Sent], network: Network, mut playout: Playout, frames: usize) -> Heard {
    let mut rng = StdRng::seed_from_u64(network.seed);
    let start = tokio::time::Instant::now().into_std();
    let mut arrivals: Vec<(Instant, &Sent)> = Vec::new();
    for packet in packets {
        let sent = (packet.rtp_time - packets[0].rtp_time) as f64 / 48_000.0;
        let sent = sent / (1.0 + network.drift_ppm / 1e6);
        let late = rng.random_range(0.0..=network.jitter_ms.max(f64::MIN_POSITIVE)) / 1_000.0;
        if rng.random_bool(1.0 - network.loss) {
            arrivals.push((start + Duration::from_secs_f64(sent + late), packet));
        }
    }
    arrivals.sort_by_key(|&(arrival, _)| arrival);
    let mut arrivals = arrivals.into_iter().peekable();
    let mut pcm = Vec::new();
    for frame in 0..frames as u64 {
        let now = start + Duration::from_millis(frame * 10 + 3);
        while let Some((arrival, packet)) = arrivals.next_if(|&(arrival, _)| arrival <= now) {
            playout.push(packet.seq, packet.rtp_time, &packet.payload, arrival);
        }
        pcm.extend_from_slice(&playout.pull_10ms(now).data);
    }
    Heard { pcm, playout }
}
