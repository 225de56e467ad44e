//! libopus' decoder with a short queue of decoded audio, joined without clicks.

use opus::Decoder;

use super::{RTP_RATE, TEN_MS_48K, smooth::Tail, stretch};

/// libopus conceals and recovers in multiples of 2.5 ms.
const STEP_48K: i64 = 120;
/// The longest packet.
const MAX_PACKET_48K: i64 = 5_760;

/// Decodes packets into a queue from which 10 ms are taken at a time.
#[derive(Debug)]
pub(crate) struct PcmQueue {
    decoder: Decoder,
    rate: u32,
    channels: usize,
    /// Interleaved audio that was not taken yet.
    queue: Vec<i16>,
    scratch: Vec<i16>,
    /// End of all audio that was ever queued.
    tail: Tail,
    /// The next audio does not go on from the decoder's last.
    seam: bool,
}

impl PcmQueue {
    /// Decodes at `rate`, one that libopus knows.
    pub(crate) fn new(rate: u32, channels: opus::Channels) -> Result<Self, opus::Error> {
        let decoder = Decoder::new(rate, channels)?;
        let channels = channels as usize;
        let scratch = vec![0; to_frames(MAX_PACKET_48K, rate) * channels];
        Ok(Self { decoder, rate, channels, queue: Vec::new(), scratch, tail: Tail::default(), seam: false })
    }

    /// Queued audio in RTP ticks.
    pub(crate) fn len_48k(&self) -> i64 {
        to_ticks(self.queue.len() / self.channels, self.rate)
    }

    /// Decodes a packet and queues it without its first `skip_48k`.
    ///
    /// # Errors
    ///
    /// When libopus finds the packet invalid; nothing is queued then.
    pub(crate) fn decode(&mut self, payload: &[u8], skip_48k: i64) -> Result<(), opus::Error> {
        let frames = self.decoder.decode(payload, &mut self.scratch, false)?;
        let skip = to_frames(skip_48k, self.rate).min(frames);
        self.append(skip, frames, |_| 1.0);
        // What was left out is a step to the audio before it.
        self.seam = false;
        Ok(())
    }

    /// Queues `length_48k` (up to 120 ms) from the redundant copy in `next`, the packet after the lost one of
    /// `lost_48k`: its last part, if that is longer.
    pub(crate) fn recover(&mut self, next: &[u8], lost_48k: i64, length_48k: i64) -> Result<(), opus::Error> {
        let frames = to_frames(round_up(lost_48k), self.rate);
        let decoded = self.decoder.decode(next, &mut self.scratch[..frames * self.channels], true)?;
        let skip = decoded.saturating_sub(to_frames(length_48k, self.rate));
        self.append(skip, decoded, |_| 1.0);
        self.seam = false;
        Ok(())
    }

    /// Queues `length_48k` (up to 120 ms) of libopus' guess of how the audio goes on; `gain` scales the samples at
    /// so many ticks from its start.
    pub(crate) fn conceal(&mut self, length_48k: i64, gain: impl Fn(i64) -> f32) {
        let frames = to_frames(round_up(length_48k), self.rate);
        let keep = to_frames(length_48k, self.rate);
        let concealed = self.decoder.decode(&[], &mut self.scratch[..frames * self.channels], false);
        match concealed {
            Ok(decoded) => self.append(0, keep.min(decoded), gain),
            Err(error) => log::debug!("opus concealment: {error}"),
        }
        self.seam = true;
    }

    /// Queues `length_48k` of silence, running out from the last sample.
    pub(crate) fn silence(&mut self, length_48k: i64) {
        let start = self.queue.len();
        self.queue.resize(start + to_frames(length_48k, self.rate) * self.channels, 0);
        self.tail.join(&mut self.queue[start..], self.channels, self.rate);
        self.tail.follow(&self.queue[start..], self.channels);
        self.seam = true;
    }

    /// Drops what is queued; the next audio joins what was taken last.
    pub(crate) fn clear(&mut self, taken: Tail) {
        self.queue.clear();
        self.tail = taken;
        self.seam = true;
    }

    /// Forgets the codec's state, for another sender.
    pub(crate) fn reset(&mut self) {
        self.seam = true;
        if let Err(error) = self.decoder.reset_state() {
            log::warn!("opus decoder: {error}");
        }
    }

    /// Takes 10 ms, interleaved; what is missing is silence.
    pub(crate) fn take_10ms(&mut self, out: &mut Vec<i16>) {
        let missing = TEN_MS_48K - self.len_48k();
        if missing > 0 {
            self.silence(missing);
        }
        let samples = to_frames(TEN_MS_48K, self.rate) * self.channels;
        out.extend(self.queue.drain(..samples));
    }

    /// Takes a pitch period out, leaving at least 10 ms, and returns its length in ticks, 0 if there was none to take.
    pub(crate) fn shorten(&mut self, likeness: f32) -> i64 {
        let keep = to_frames(TEN_MS_48K, self.rate);
        to_ticks(stretch::shorten(&mut self.queue, self.channels, self.rate, keep, likeness), self.rate)
    }

    /// Repeats a pitch period and returns its length in ticks, 0 if none was found.
    pub(crate) fn lengthen(&mut self, likeness: f32) -> i64 {
        to_ticks(stretch::lengthen(&mut self.queue, self.channels, self.rate, likeness), self.rate)
    }

    /// The decoder's channel count.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// Samples that are held, for bounds.
    #[cfg(test)]
    pub(crate) fn queued_samples(&self) -> usize {
        self.queue.len()
    }

    fn append(&mut self, from: usize, to: usize, gain: impl Fn(i64) -> f32) {
        let width = self.channels;
        let start = self.queue.len();
        let per_frame = i64::from(RTP_RATE / self.rate);
        for (index, frame) in self.scratch[from * width..to * width].chunks_exact(width).enumerate() {
            let gain = gain(index as i64 * per_frame);
            self.queue.extend(frame.iter().map(|&sample| (f32::from(sample) * gain) as i16));
        }
        if self.seam || from > 0 {
            self.tail.join(&mut self.queue[start..], width, self.rate);
        }
        self.tail.follow(&self.queue[start..], width);
    }
}

fn to_frames(ticks_48k: i64, rate: u32) -> usize {
    (ticks_48k * i64::from(rate) / i64::from(RTP_RATE)).max(0) as usize
}

fn to_ticks(frames: usize, rate: u32) -> i64 {
    frames as i64 * i64::from(RTP_RATE / rate)
}

fn round_up(ticks_48k: i64) -> i64 {
    (ticks_48k.clamp(STEP_48K, MAX_PACKET_48K) + STEP_48K - 1) / STEP_48K * STEP_48K
}
