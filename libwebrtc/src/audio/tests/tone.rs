//! Test tones and what is left of them.

use std::f64::consts::TAU;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// `seconds` of a sine of `hz` with the amplitude 10 000, mono.
pub(super) fn sine(seconds: f64, hz: f64, rate: u32) -> Vec<i16> {
    let samples = (seconds * f64::from(rate)) as usize;
    (0..samples).map(|index| ((TAU * hz * index as f64 / f64::from(rate)).sin() * 10_000.0) as i16).collect()
}

/// Speech as far as a codec can tell: 0.3 s of a voice of 120 Hz with a syllable's envelope, 0.1 s of silence.
pub(super) fn voice(seconds: f64, rate: u32) -> Vec<i16> {
    let samples = (seconds * f64::from(rate)) as usize;
    let sample = |index: usize| {
        let time = index as f64 / f64::from(rate);
        let syllable = time % 0.4;
        let envelope = if syllable < 0.3 { (syllable / 0.3 * TAU / 2.0).sin() } else { 0.0 };
        let pitch = 120.0 + 15.0 * (time * 2.0).sin();
        let harmonics: f64 = (1..20).map(|n| (TAU * pitch * f64::from(n) * time).sin() / f64::from(n)).sum();
        (envelope * harmonics * 6_000.0) as i16
    };
    (0..samples).map(sample).collect()
}

/// White noise.
pub(super) fn noise(seconds: f64, rate: u32) -> Vec<i16> {
    let mut rng = StdRng::seed_from_u64(11);
    (0..(seconds * f64::from(rate)) as usize).map(|_| rng.random_range(-8_000..=8_000)).collect()
}

/// Root mean square.
pub(super) fn level(pcm: &[i16]) -> f64 {
    (pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / pcm.len().max(1) as f64).sqrt()
}

/// Frequency by zero crossings, in Hz.
pub(super) fn frequency(pcm: &[i16], rate: u32) -> f64 {
    let crossings = pcm.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
    crossings as f64 / 2.0 * f64::from(rate) / pcm.len() as f64
}

/// The largest step between neighbouring samples.
pub(super) fn largest_step(pcm: &[i16]) -> i32 {
    pcm.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap_or(0)
}

/// The longest stretch in which no sample is louder than `threshold`, in ms.
pub(super) fn longest_gap_ms(pcm: &[i16], threshold: i16, rate: u32) -> f64 {
    let (mut run, mut longest) = (0_usize, 0);
    for &sample in pcm {
        run = if sample.unsigned_abs() <= threshold.unsigned_abs() { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest as f64 * 1_000.0 / f64::from(rate)
}
