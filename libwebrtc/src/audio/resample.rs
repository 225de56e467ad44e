//! Conversion between the rates of libopus and any other, by band-limited interpolation.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, Resampler as _, ResamplerConstructionError, SincInterpolationParameters,
    SincInterpolationType, WindowFunction,
};

use super::smooth::saturate;

/// A streaming resampler of interleaved 16-bit PCM with a constant delay of about 2 ms.
pub(crate) struct Resampler {
    inner: Async<f32>,
    channels: usize,
    /// Interleaved input that does not fill a chunk yet.
    pending: Vec<f32>,
    output: Vec<f32>,
}

impl Resampler {
    /// From `from_hz` to `to_hz` for `channels` interleaved channels.
    pub(crate) fn new(from_hz: u32, to_hz: u32, channels: usize) -> Result<Self, ResamplerConstructionError> {
        let parameters = SincInterpolationParameters {
            sinc_len: 64,
            f_cutoff: None,
            oversampling_factor: 128,
            interpolation: SincInterpolationType::Linear,
            window: WindowFunction::BlackmanHarris2,
        };
        // Small chunks keep what waits in `pending` under 2.5 ms.
        let chunk = (from_hz as usize / 400).max(1);
        let ratio = f64::from(to_hz) / f64::from(from_hz);
        let inner = Async::new_sinc(ratio, 1.0, &parameters, chunk, channels, FixedAsync::Input)?;
        let output = vec![0.0; inner.output_frames_max() * channels];
        Ok(Self { inner, channels, pending: Vec::new(), output })
    }

    /// Appends to `out` what `pcm` (interleaved, any number of whole frames) gives at the new rate.
    pub(crate) fn process(&mut self, pcm: &[i16], out: &mut Vec<i16>) {
        self.pending.extend(pcm.iter().map(|&sample| f32::from(sample)));
        let mut read = 0;
        loop {
            let needed = self.inner.input_frames_next() * self.channels;
            if self.pending.len() - read < needed {
                break;
            }
            let chunk = &self.pending[read..read + needed];
            read += needed;
            let frames = self.output.len() / self.channels;
            let (Ok(input), Ok(mut output)) = (
                InterleavedSlice::new(chunk, self.channels, needed / self.channels),
                InterleavedSlice::new_mut(&mut self.output, self.channels, frames),
            ) else {
                log::error!("resampler buffers do not match their channel count");
                break;
            };
            match self.inner.process_into_buffer(&input, &mut output, None) {
                Ok((_, written)) => {
                    let samples = &self.output[..written * self.channels];
                    out.extend(samples.iter().map(|sample| saturate(sample.round() as i32)));
                }
                Err(error) => log::error!("resampling failed: {error}"),
            }
        }
        self.pending.drain(..read);
    }

    /// Forgets all audio so far.
    pub(crate) fn reset(&mut self) {
        self.inner.reset();
        self.pending.clear();
    }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("channels", &self.channels).finish_non_exhaustive()
    }
}
