//! A block of PCM.

use std::borrow::Cow;

/// Interleaved 16-bit PCM.
#[derive(Debug, Clone)]
pub struct AudioFrame<'a> {
    /// `samples_per_channel * num_channels` samples, channels interleaved.
    pub data: Cow<'a, [i16]>,
    /// Samples per second and channel, in Hz.
    pub sample_rate: u32,
    /// Number of channels, 1 for mono.
    pub num_channels: u32,
    /// Length of the frame in samples of one channel.
    pub samples_per_channel: u32,
}

impl AudioFrame<'_> {
    /// A silent frame that owns its samples.
    pub fn new(sample_rate: u32, num_channels: u32, samples_per_channel: u32) -> Self {
        Self {
            data: Cow::Owned(vec![0; num_channels as usize * samples_per_channel as usize]),
            sample_rate,
            num_channels,
            samples_per_channel,
        }
    }
}
