//! Sounds that are not speech, made on the spot: mono, 16 000 Hz, the same for the same seed.

use std::f32::consts::TAU;

use media::ASR_HZ;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const HZ: f32 = ASR_HZ as f32;

fn length(seconds: u32) -> usize {
    (seconds * ASR_HZ) as usize
}

/// Scales to an RMS level in dB below full scale, clipping what sticks out.
pub fn at_level(signal: &[f32], dbfs: f32) -> Vec<i16> {
    let power =
        signal.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>() / signal.len().max(1) as f64;
    let gain = 32_768.0 * 10_f32.powf(dbfs / 20.0) / (power.sqrt() as f32).max(1e-9);
    signal.iter().map(|x| (x * gain).round().clamp(-32_768.0, 32_767.0) as i16).collect()
}

pub fn silence(seconds: u32) -> Vec<i16> {
    vec![0; length(seconds)]
}

fn white(samples: usize, seed: u64) -> Vec<f32> {
    let mut rng = StdRng::seed_from_u64(seed);
    // The sum of three uniform values is near enough to a Gaussian.
    (0..samples).map(|_| (0..3).map(|_| rng.random_range(-1.0..1.0_f32)).sum()).collect()
}

pub fn white_noise(seconds: u32, dbfs: f32, seed: u64) -> Vec<i16> {
    at_level(&white(length(seconds), seed), dbfs)
}

pub fn pink_noise(seconds: u32, dbfs: f32, seed: u64) -> Vec<i16> {
    at_level(&raw_pink_noise(length(seconds), seed), dbfs)
}

/// Mains hum: 50 Hz and its first harmonics.
pub fn hum(seconds: u32, dbfs: f32) -> Vec<i16> {
    let hum: Vec<f32> = (0..length(seconds))
        .map(|n| {
            let t = n as f32 / HZ;
            [1.0, 0.3, 0.5, 0.1, 0.2]
                .iter()
                .zip(1..)
                .map(|(a, k)| a * (TAU * (t * 50.0 * k as f32).fract()).sin())
                .sum()
        })
        .collect();
    at_level(&hum, dbfs)
}

/// Clicks of plugs, switches and keys: about three a second, one sample to 8 ms long, up to full scale.
pub fn clicks(seconds: u32, seed: u64) -> Vec<i16> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut out = vec![0.0_f32; length(seconds)];
    let mut at = 0;
    loop {
        at += rng.random_range(800..10_000);
        if at + 256 >= out.len() {
            break;
        }
        let (amplitude, decay) = (rng.random_range(3_000.0..32_000.0), rng.random_range(1.0..40.0_f32));
        for k in 0..128 {
            out[at + k] += amplitude * (-(k as f32) / decay).exp() * rng.random_range(-1.0..1.0_f32);
        }
        out[at] = amplitude;
    }
    out.into_iter().map(|x| x.clamp(-32_768.0, 32_767.0) as i16).collect()
}

/// Chords with envelopes, a bass, a melody and drums, 110 beats a minute.
pub fn music(seconds: u32, dbfs: f32, seed: u64) -> Vec<i16> {
    const CHORDS: [[i32; 3]; 4] = [[0, 4, 7], [9, 12, 16], [5, 9, 12], [7, 11, 14]];
    let mut rng = StdRng::seed_from_u64(seed);
    let mut out = vec![0.0_f32; length(seconds)];
    let beat = HZ * 60.0 / 110.0;
    let hz = |semitone: i32| 130.81 * 2_f32.powf(semitone as f32 / 12.0);
    let note = |out: &mut Vec<f32>, at: f32, hz: f32, beats: f32, amplitude: f32, partials: u16| {
        let length = (beats * beat) as usize;
        for n in 0..length.min(out.len().saturating_sub(at as usize)) {
            let t = n as f32 / HZ;
            let envelope = (t / 0.02).min(1.0) * (-t * 2.0).exp();
            let tone: f32 = (1..=partials)
                .map(|k| (TAU * (t * hz * f32::from(k)).fract()).sin() / f32::from(k * k))
                .sum();
            out[at as usize + n] += amplitude * envelope * tone;
        }
    };
    let beats = (out.len() as f32 / beat) as usize;
    for b in 0..beats {
        let at = b as f32 * beat;
        let chord = CHORDS[b / 4 % 4];
        if b % 4 == 0 {
            for tone in chord {
                note(&mut out, at, hz(tone + 12), 4.0, 0.5, 6);
            }
        }
        note(&mut out, at, hz(chord[0] - 12), 1.0, 0.8, 3);
        note(&mut out, at, hz(chord[rng.random_range(0..3)] + 24), 0.5, 0.4, 4);
        note(&mut out, at + beat / 2.0, hz(chord[rng.random_range(0..3)] + 24), 0.5, 0.4, 4);
    }
    for half in 0..beats * 2 {
        let at = (half as f32 * beat / 2.0) as usize;
        for n in 0..2_400.min(out.len() - at) {
            let t = n as f32 / HZ;
            // A kick on the beat, a snare on every other beat, a hi-hat on every half beat.
            let kick = if half % 2 == 0 { (TAU * 60.0 * t).sin() * (-t * 25.0).exp() * 1.5 } else { 0.0 };
            let snare = if half % 4 == 2 { rng.random_range(-1.0..1.0) * (-t * 30.0).exp() } else { 0.0 };
            let hat = rng.random_range(-0.3..0.3) * (-t * 90.0).exp();
            out[at + n] += kick + snare + hat;
        }
    }
    at_level(&out, dbfs)
}

/// A hall that claps: many short noise bursts, each pair of hands with its own colour, in swells.
pub fn applause(seconds: u32, dbfs: f32, seed: u64) -> Vec<i16> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut out = vec![0.0_f32; length(seconds)];
    for hands in 0..60 {
        let period = HZ / rng.random_range(2.5..5.0);
        let (colour, amplitude) = (rng.random_range(600.0..2_500.0_f32), rng.random_range(0.1..1.0_f32));
        let damping = rng.random_range(250.0..700.0_f32);
        let mut at = rng.random_range(0.0..period);
        while (at as usize) + 400 < out.len() {
            let swell = 0.6 + 0.4 * (TAU * at / HZ / 15.0 + hands as f32 / 60.0).sin();
            let radius = (-damping / HZ).exp();
            let (a1, a2) = (2.0 * radius * (TAU * colour / HZ).cos(), -radius * radius);
            let (mut y1, mut y2) = (0.0, 0.0);
            for n in 0..400 {
                let drive = if n < 40 { rng.random_range(-1.0..1.0_f32) } else { 0.0 };
                let y = drive + a1 * y1 + a2 * y2;
                (y2, y1) = (y1, y);
                out[at as usize + n] += amplitude * swell * y;
            }
            at += period * rng.random_range(0.9..1.1);
        }
    }
    at_level(&out, dbfs)
}

/// `signal` with noise of the same length added, `snr_db` below it. Levels are RMS over the whole.
pub fn with_noise(signal: &[i16], noise: &[f32], snr_db: f32) -> Vec<i16> {
    let level = media::loudness::rms_dbfs(signal) - snr_db;
    let noise = at_level(&noise[..signal.len()], level);
    signal.iter().zip(noise).map(|(a, b)| a.saturating_add(b)).collect()
}

/// White noise as floats, for [`with_noise`].
pub fn raw_noise(samples: usize, seed: u64) -> Vec<f32> {
    white(samples, seed)
}

/// Pink noise as floats: Paul Kellet's filter, −3 dB an octave within 0.5 dB.
pub fn raw_pink_noise(samples: usize, seed: u64) -> Vec<f32> {
    let mut b = [0.0_f32; 3];
    let colour = |x: f32| {
        b[0] = 0.99765 * b[0] + x * 0.099_046;
        b[1] = 0.963 * b[1] + x * 0.296_516_4;
        b[2] = 0.57 * b[2] + x * 1.052_691_3;
        b.iter().sum::<f32>() + x * 0.1848
    };
    white(samples, seed).into_iter().map(colour).collect()
}
