//! Audio between PCM and RTP payloads: capture queue, Opus sender, playout and the streams that applications read.
//!
//! Nothing here opens a socket or knows of peer connections. Packets go in and out as byte slices with extended
//! sequence numbers and timestamps, and time comes in as [`std::time::Instant`] arguments, so all of it runs under
//! virtual time. Only two places touch tokio: the back-pressure of [`SourceQueue::capture`] and the tick task of
//! [`PlayoutClock`].
//!
//! ```text
//! capture ─▶ SourceQueue ─▶ OpusSender ─▶ RTP ··· RTP ─▶ AudioSink ─▶ Playout ─▶ frame queue ─▶ stream
//!                                                            ▲ 10 ms PlayoutClock
//! ```
//!
//! RTP timestamps of Opus count 48 000 per second whatever the audio's rate (RFC 7587, section 4.1); where a number
//! is in that unit its name ends in `_48k`.

mod clock;
mod decoder;
mod delay;
mod encoder;
mod frame_queue;
mod opus_packet;
mod output;
mod packet_buffer;
mod playout;
mod resample;
mod smooth;
mod source;
mod stats;
mod stream;
mod stretch;
#[cfg(test)]
mod tests;

pub(crate) use clock::PlayoutClock;
pub(crate) use encoder::{EncodedPacket, OpusSender, SenderOptions};
pub(crate) use source::{SourceQueue, SourceReader};
pub(crate) use stats::PlayoutStats;
pub(crate) use stream::AudioSink;

/// Ticks of the RTP clock of Opus per second (RFC 7587, section 4.1).
pub(crate) const RTP_RATE: u32 = 48_000;

/// RTP ticks in 10 ms, the length of every frame given to applications.
pub(crate) const TEN_MS_48K: i64 = 480;

/// Whether libopus encodes and decodes this rate without resampling (RFC 6716, section 2).
pub(crate) fn is_opus_rate(sample_rate: u32) -> bool {
    matches!(sample_rate, 8_000 | 12_000 | 16_000 | 24_000 | 48_000)
}

/// The rate at which libopus works for audio that an application gives or wants at `sample_rate` Hz.
pub(crate) fn codec_rate(sample_rate: u32) -> u32 {
    if is_opus_rate(sample_rate) { sample_rate } else { RTP_RATE }
}

/// The channel count at which libopus works: RFC 7587 carries one or two channels.
pub(crate) fn codec_channels(channels: u32) -> opus::Channels {
    if channels <= 1 { opus::Channels::Mono } else { opus::Channels::Stereo }
}
