//! Any rate and any number of channels → mono at one rate, as a stream.

/// The rates or the channel count cannot be resampled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResampleError {
    /// A rate outside 4 000 – 384 000 Hz, or no channel. A retry does not help.
    #[error("cannot resample {channels} channel(s) from {input_hz} Hz to {output_hz} Hz")]
    Unsupported { input_hz: u32, output_hz: u32, channels: u16 },
}

/// Streaming mono resampler.
///
/// Output sample `n` is the sound at input time `n / output_hz`: the filter's delay is taken off at the start and
/// made up for by [`flush`](Self::flush), so a stream of `k` input samples gives `ceil(k * output_hz / input_hz)` samples in all.
/// Equal rates pass through untouched, without delay.
pub struct Resampler {}

impl Resampler {
    pub fn new(input_hz: u32, output_hz: u32) -> Result<Self, ResampleError> {
        unimplemented!()
    }

    /// Takes mono samples at the input rate, any number.
    pub fn push(&mut self, samples: &[i16]) {
        unimplemented!()
    }

    /// The next samples at the output rate, if there are any.
    pub fn poll(&mut self) -> Option<Vec<i16>> {
        unimplemented!()
    }

    /// Ends the stream: what the filter still holds comes out of [`poll`](Self::poll). Afterwards a new stream begins.
    pub fn flush(&mut self) {
        unimplemented!()
    }
}

/// Interleaved audio of any channel count → mono (the mean of the channels) → [`Resampler`].
pub struct MonoResampler {}

impl MonoResampler {
    pub fn new(input_hz: u32, channels: u16, output_hz: u32) -> Result<Self, ResampleError> {
        unimplemented!()
    }

    /// Takes interleaved samples, cut anywhere, also within one instant's channels.
    pub fn push(&mut self, interleaved: &[i16]) {
        unimplemented!()
    }

    /// The next mono samples at the output rate, if there are any.
    pub fn poll(&mut self) -> Option<Vec<i16>> {
        unimplemented!()
    }

    /// As [`Resampler::flush`].
    pub fn flush(&mut self) {
        unimplemented!()
    }
}

/// A whole block at once: `interleaved` → mono at `output_hz`.
pub fn resample_mono(
    interleaved: &[i16],
    input_hz: u32,
    channels: u16,
    output_hz: u32,
) -> Result<Vec<i16>, ResampleError> {
    unimplemented!()
}
