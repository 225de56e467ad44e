//! Decoded audio in the rate and channels that an application asked for.

use super::{codec_channels, codec_rate, resample::Resampler};
use crate::audio_frame::AudioFrame;

/// Turns 10 ms of the decoder's audio at a time into frames.
#[derive(Debug)]
pub(crate) struct Output {
    sample_rate: u32,
    channels: u32,
    /// The decoder's channel count.
    width: usize,
    resampler: Option<Resampler>,
    resampled: Vec<i16>,
    frames: u64,
}

impl Output {
    /// Frames of `sample_rate` Hz (at least 100) and `channels` channels (at least 1) from the audio of a decoder at
    /// [`codec_rate`] with [`codec_channels`]. Channels beyond the second are silent.
    pub(crate) fn new(sample_rate: u32, channels: u32) -> Self {
        let (rate, width) = (codec_rate(sample_rate), codec_channels(channels) as usize);
        let resampler = (rate != sample_rate)
            .then(|| Resampler::new(rate, sample_rate, width).expect("a positive ratio and chunk are valid"));
        // The resampler is behind by about 2 ms: 5 ms of silence keep its output from running short.
        let resampled = vec![0; (sample_rate / 200) as usize * width];
        Self { sample_rate, channels, width, resampler, resampled, frames: 0 }
    }

    /// The frame of the decoder's next 10 ms: `sample_rate / 100` samples per channel or, for rates that 100 does not
    /// divide, one more every so often, so that a second has as many as the rate says.
    pub(crate) fn frame(&mut self, decoded: &[i16]) -> AudioFrame<'static> {
        let from = self.frames * u64::from(self.sample_rate) / 100;
        self.frames += 1;
        let samples = (self.frames * u64::from(self.sample_rate) / 100 - from) as usize;
        let pcm: Vec<i16> = match &mut self.resampler {
            None => decoded.to_vec(),
            Some(resampler) => {
                resampler.process(decoded, &mut self.resampled);
                let missing = (samples * self.width).saturating_sub(self.resampled.len());
                self.resampled.extend(std::iter::repeat_n(0, missing));
                self.resampled.drain(..samples * self.width).collect()
            }
        };
        AudioFrame {
            data: self.widen(pcm, samples).into(),
            sample_rate: self.sample_rate,
            num_channels: self.channels,
            samples_per_channel: samples as u32,
        }
    }

    /// Samples that wait for the next frame, for bounds.
    #[cfg(test)]
    pub(crate) fn held_samples(&self) -> usize {
        self.resampled.len()
    }

    fn widen(&self, pcm: Vec<i16>, samples: usize) -> Vec<i16> {
        let channels = self.channels as usize;
        if channels == self.width {
            return pcm;
        }
        let mut wide = vec![0; samples * channels];
        for (to, from) in wide.chunks_exact_mut(channels).zip(pcm.chunks_exact(self.width)) {
            to[..self.width].copy_from_slice(from);
        }
        wide
    }
}
