//! Short ramps that hide the seam between two pieces of audio that were not made for each other.

/// Length of a seam: long enough not to click, too short to be heard.
const RAMP_MS: u32 = 5;

/// The last sample of each channel that was played, from which the next piece has to go on.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tail([i16; 2]);

impl Tail {
    /// Remembers the last sample of each of the `channels` (1 or 2) of interleaved `pcm`; empty `pcm` changes nothing.
    pub(crate) fn follow(&mut self, pcm: &[i16], channels: usize) {
        if pcm.len() >= channels {
            self.0[..channels].copy_from_slice(&pcm[pcm.len() - channels..]);
        }
    }

    /// Makes interleaved `pcm` begin where this tail ended: the step between them is added and decays over 5 ms.
    ///
    /// Audio that begins where the tail ended stays as it is, bit for bit.
    pub(crate) fn join(self, pcm: &mut [i16], channels: usize, sample_rate: u32) {
        if pcm.len() < channels {
            return;
        }
        let steps: [i32; 2] = std::array::from_fn(|channel| {
            pcm.get(channel).map_or(0, |&first| i32::from(self.0[channel]) - i32::from(first))
        });
        let ramp = (sample_rate * RAMP_MS / 1_000) as i32;
        for (index, frame) in pcm.chunks_exact_mut(channels).take(ramp as usize).enumerate() {
            let left = ramp - index as i32;
            for (sample, step) in frame.iter_mut().zip(steps) {
                // The product fits: |step| <= 65 535 and left <= 240.
                *sample = saturate(i32::from(*sample) + step * left / ramp);
            }
        }
    }
}

/// Clamps to the range of 16-bit PCM.
pub(crate) fn saturate(sample: i32) -> i16 {
    sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_that_fits_is_not_touched() {
        let mut tail = Tail::default();
        tail.follow(&[5, 100, -200], 1);
        let mut pcm = vec![-200, 7, 9];
        tail.join(&mut pcm, 1, 48_000);
        assert_eq!(pcm, [-200, 7, 9]);
    }

    #[test]
    fn a_step_becomes_a_ramp_in_each_channel() {
        let mut tail = Tail::default();
        tail.follow(&[10_000, -10_000], 2);
        let mut pcm = vec![0_i16; 2 * 480];
        tail.join(&mut pcm, 2, 48_000);
        assert_eq!(&pcm[..2], &[10_000, -10_000]);
        assert_eq!(&pcm[2 * 240..], vec![0; 2 * 240]);
        let left: Vec<i32> = pcm.iter().step_by(2).map(|&sample| i32::from(sample)).collect();
        assert!(left.windows(2).all(|pair| (pair[0] - pair[1]).abs() <= 42));
    }

    #[test]
    fn loud_seams_saturate_instead_of_wrapping() {
        let mut tail = Tail::default();
        tail.follow(&[i16::MAX], 1);
        let mut pcm = vec![i16::MIN; 80];
        pcm[1] = i16::MAX;
        tail.join(&mut pcm, 1, 8_000);
        assert_eq!((pcm[0], pcm[1]), (i16::MAX, i16::MAX));
    }
}
