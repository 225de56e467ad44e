//! Any rate and any number of channels → mono at one rate, as a stream.
//!
//! Of `rubato`'s resamplers the synchronous FFT one is used, in blocks of 10 ms (at 16 000 Hz): for a fixed ratio it is both the
//! cleanest and the cheapest (`docs/benchmarks.md`, `cargo run --release -p media --example resample_table`).

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _};

use crate::loudness::to_i16;

/// Rates accepted, in Hz.
const RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// Length of a block at the lower of the two rates: 10 ms of 16 000 Hz. Shorter ones lose the highest tones.
const BLOCK_SAMPLES: u32 = 160;

/// The rates or the channel count cannot be resampled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResampleError {
    /// A rate outside 4 000 – 384 000 Hz, or no channel. A retry does not help.
    #[error("cannot resample {channels} channel(s) from {input_hz} Hz to {output_hz} Hz")]
    Unsupported {
        /// Rate of the input.
        input_hz: u32,
        /// Rate asked for.
        output_hz: u32,
        /// Channels of the input.
        channels: u16,
    },
}

/// Streaming mono resampler.
///
/// Output sample `n` is the sound at input time `n / output_hz`: the filter's delay is taken off at the start and
/// made up for by [`flush`](Self::flush), so that `k` input samples give `ceil(k × output_hz / input_hz)` output samples in all.
/// Output lags input by 15 ms at most from 48 and 32 kHz to 16 kHz, by 30 ms from 44.1 and 8 kHz; equal rates pass through untouched and without delay.
pub struct Resampler {
    filter: Option<Filter>,
    output: Vec<i16>,
}

/// The FFT filter and the stream's position in it.
struct Filter {
    fft: Fft<f32>,
    input_hz: u64,
    output_hz: u64,
    /// The block being filled; a whole one goes through the filter at once.
    block: Vec<f32>,
    filled: usize,
    filtered: Vec<f32>,
    /// Output samples still to be dropped for the filter's delay.
    skip: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// From `input_hz` to `output_hz`, each within 4 000 – 384 000 Hz.
    pub fn new(input_hz: u32, output_hz: u32) -> Result<Self, ResampleError> {
        let unsupported = || ResampleError::Unsupported { input_hz, output_hz, channels: 1 };
        if !RATES_HZ.contains(&input_hz) || !RATES_HZ.contains(&output_hz) {
            return Err(unsupported());
        }
        let filter = if input_hz == output_hz {
            None
        } else {
            Some(Filter::new(input_hz, output_hz).map_err(|_| unsupported())?)
        };
        Ok(Self { filter, output: Vec::new() })
    }

    /// Takes mono samples at the input rate, any number.
    pub fn push(&mut self, samples: &[i16]) {
        match &mut self.filter {
            None => self.output.extend_from_slice(samples),
            Some(filter) => filter.push(samples.iter().map(|&sample| f32::from(sample)), &mut self.output),
        }
    }

    /// All samples at the output rate that are ready, `None` when there are none.
    pub fn poll(&mut self) -> Option<Vec<i16>> {
        (!self.output.is_empty()).then(|| std::mem::take(&mut self.output))
    }

    /// Ends the stream: what the filter still holds comes out of [`poll`](Self::poll). What is pushed afterwards is a
    /// new stream.
    pub fn flush(&mut self) {
        if let Some(filter) = &mut self.filter {
            filter.flush(&mut self.output);
        }
    }
}

impl Filter {
    fn new(input_hz: u32, output_hz: u32) -> Result<Self, rubato::ResamplerConstructionError> {
        let block = block_samples(input_hz, output_hz);
        let fft = Fft::new(input_hz as usize, output_hz as usize, block, 1, FixedSync::Both)?;
        Ok(Self {
            block: vec![0.0; fft.input_frames_next()],
            filtered: vec![0.0; fft.output_frames_max()],
            filled: 0,
            skip: fft.output_delay(),
            taken: 0,
            given: 0,
            input_hz: u64::from(input_hz),
            output_hz: u64::from(output_hz),
            fft,
        })
    }

    fn push(&mut self, samples: impl Iterator<Item = f32>, output: &mut Vec<i16>) {
        for sample in samples {
            self.taken += 1;
            self.block[self.filled] = sample;
            self.filled += 1;
            if self.filled == self.block.len() {
                self.run(output);
            }
        }
    }

    /// Sends the block through the filter.
    fn run(&mut self, output: &mut Vec<i16>) {
        self.filled = 0;
        let (input_frames, output_frames) = (self.block.len(), self.filtered.len());
        let input = SequentialSlice::new(&self.block, 1, input_frames).expect("one channel of that length");
        let mut filtered = SequentialSlice::new_mut(&mut self.filtered, 1, output_frames)
            .expect("one channel of that length");
        let (_, written) = self
            .fft
            .process_into_buffer(&input, &mut filtered, None)
            .expect("both buffers have the lengths the resampler asked for");
        let skip = self.skip.min(written);
        self.skip -= skip;
        self.given += (written - skip) as u64;
        output.extend(self.filtered[skip..written].iter().map(|&sample| to_i16(sample)));
    }

    fn flush(&mut self, output: &mut Vec<i16>) {
        let due = (self.taken * self.output_hz).div_ceil(self.input_hz);
        while self.given < due {
            self.block[self.filled..].fill(0.0);
            self.run(output);
        }
        let surplus = usize::try_from(self.given - due).unwrap_or(usize::MAX);
        output.truncate(output.len().saturating_sub(surplus));
        self.fft.reset();
        self.filled = 0;
        self.skip = self.fft.output_delay();
        (self.taken, self.given) = (0, 0);
    }
}

/// Input samples in a block: whole numbers of samples at both rates, and even ones, so that the filter's delay of half a
/// block is a whole number of samples too.
fn block_samples(input_hz: u32, output_hz: u32) -> usize {
    let common = greatest_common_divisor(input_hz, output_hz);
    let (input, output) = (input_hz / common, output_hz / common);
    let units = BLOCK_SAMPLES.div_ceil(input.min(output));
    let odd = (input * units) % 2 == 1 || (output * units) % 2 == 1;
    (input * (units + u32::from(odd))) as usize
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Interleaved audio of any channel count → mono (the mean of the channels) → [`Resampler`].
pub struct MonoResampler {
    resampler: Resampler,
    channels: u16,
    /// Sum of the first `summed` channels of an instant that a push cut in two.
    sum: i32,
    summed: u16,
    mono: Vec<i16>,
}

impl MonoResampler {
    /// From `channels` interleaved channels at `input_hz` to mono at `output_hz`.
    pub fn new(input_hz: u32, channels: u16, output_hz: u32) -> Result<Self, ResampleError> {
        if channels == 0 {
            return Err(ResampleError::Unsupported { input_hz, output_hz, channels });
        }
        let resampler = Resampler::new(input_hz, output_hz).map_err(|_| ResampleError::Unsupported {
            input_hz,
            output_hz,
            channels,
        })?;
        Ok(Self { resampler, channels, sum: 0, summed: 0, mono: Vec::new() })
    }

    /// Takes interleaved samples, cut anywhere, also between the channels of one instant.
    pub fn push(&mut self, interleaved: &[i16]) {
        if self.channels == 1 {
            return self.resampler.push(interleaved);
        }
        self.mono.clear();
        for &sample in interleaved {
            self.sum += i32::from(sample);
            self.summed += 1;
            if self.summed == self.channels {
                self.mono.push((self.sum / i32::from(self.channels)) as i16);
                (self.sum, self.summed) = (0, 0);
            }
        }
        self.resampler.push(&self.mono);
    }

    /// All mono samples at the output rate that are ready, `None` when there are none.
    pub fn poll(&mut self) -> Option<Vec<i16>> {
        self.resampler.poll()
    }

    /// As [`Resampler::flush`].
    pub fn flush(&mut self) {
        (self.sum, self.summed) = (0, 0);
        self.resampler.flush();
    }
}

/// A whole block at once: interleaved → mono at `output_hz`.
pub fn resample_mono(
    interleaved: &[i16],
    input_hz: u32,
    channels: u16,
    output_hz: u32,
) -> Result<Vec<i16>, ResampleError> {
    let mut resampler = MonoResampler::new(input_hz, channels, output_hz)?;
    resampler.push(interleaved);
    resampler.flush();
    Ok(resampler.poll().unwrap_or_default())
}
