//! Blocks of PCM audio, and the arithmetic between samples and milliseconds.

/// The rate of everything that is transcribed: 16 000 Hz.
pub const ASR_HZ: u32 = 16_000;

/// A block of interleaved 16-bit PCM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AudioFrame {
    /// Interleaved samples; the length is a multiple of `channels`.
    pub samples: Vec<i16>,
    /// Samples per second and channel.
    pub sample_rate_hz: u32,
    /// Interleaved channels, at least 1.
    pub channels: u16,
}

impl AudioFrame {
    /// A mono block.
    pub fn mono(samples: Vec<i16>, sample_rate_hz: u32) -> Self {
        Self { samples, sample_rate_hz, channels: 1 }
    }

    /// Samples per channel.
    pub fn samples_per_channel(&self) -> usize {
        self.samples.len() / usize::from(self.channels.max(1))
    }

    /// Length in milliseconds, rounded down.
    pub fn duration_ms(&self) -> u64 {
        samples_to_ms(self.samples_per_channel() as u64, self.sample_rate_hz)
    }
}

/// Milliseconds (rounded down) that `samples` samples of one channel last at `sample_rate_hz`; 0 at 0 Hz.
pub fn samples_to_ms(samples: u64, sample_rate_hz: u32) -> u64 {
    if sample_rate_hz == 0 { 0 } else { (u128::from(samples) * 1000 / u128::from(sample_rate_hz)) as u64 }
}

/// Samples (rounded down) of one channel in `ms` milliseconds at `sample_rate_hz`.
pub fn ms_to_samples(ms: u64, sample_rate_hz: u32) -> u64 {
    (u128::from(ms) * u128::from(sample_rate_hz) / 1000) as u64
}
