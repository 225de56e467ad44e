//! Compares `rubato`'s resamplers on 48 000 → 16 000 Hz: error, passband, leakage, delay and cost.
//!
//! ```sh
//! cargo run --release -p media --example resample_table
//! ```
#![allow(clippy::print_stdout, clippy::disallowed_methods)] // a program that measures time and prints a table

use std::f64::consts::TAU;
use std::time::Instant;

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{
    Async, Fft, FixedAsync, FixedSync, PolynomialDegree, Resampler, SincInterpolationParameters,
    SincInterpolationType, WindowFunction,
};

const INPUT_HZ: usize = 48_000;
const OUTPUT_HZ: usize = 16_000;

fn tone(hz: f64, rate_hz: usize, samples: usize) -> Vec<f32> {
    (0..samples).map(|n| (0.5 * (TAU * hz * n as f64 / rate_hz as f64).sin()) as f32).collect()
}

/// All of `input` through the resampler, its delay taken off.
fn run(resampler: &mut dyn Resampler<f32>, input: &[f32]) -> Vec<f32> {
    resampler.reset();
    let mut skip = resampler.output_delay();
    let mut output = Vec::new();
    let mut rest = input;
    while rest.len() >= resampler.input_frames_next() {
        let (block, later) = rest.split_at(resampler.input_frames_next());
        rest = later;
        let mut filtered = vec![0.0; resampler.output_frames_next()];
        let frames = filtered.len();
        let from = SequentialSlice::new(block, 1, block.len()).expect("one channel");
        let mut to = SequentialSlice::new_mut(&mut filtered, 1, frames).expect("one channel");
        let (_, written) = resampler.process_into_buffer(&from, &mut to, None).expect("lengths as asked for");
        let skipped = skip.min(written);
        skip -= skipped;
        output.extend_from_slice(&filtered[skipped..written]);
    }
    output
}

fn db(ratio: f64) -> f64 {
    10.0 * ratio.max(1e-20).log10()
}

fn power(samples: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = samples.fold((0.0, 0), |(sum, count), x| (sum + x * x, count + 1));
    sum / f64::from(count.max(1))
}

/// Power of the tone of `hz` that fits `output` best, in whatever phase, over the power of the rest.
fn snr_db(output: &[f32], hz: f64) -> f64 {
    let angle = |n: usize| TAU * hz * n as f64 / OUTPUT_HZ as f64;
    let project = |f: fn(f64) -> f64| {
        let (dot, norm) = output.iter().enumerate().fold((0.0, 0.0), |(dot, norm), (n, &x)| {
            let wave = f(angle(n));
            (dot + f64::from(x) * wave, norm + wave * wave)
        });
        dot / norm
    };
    let (sine, cosine) = (project(f64::sin), project(f64::cos));
    let fit = |n: usize| sine * angle(n).sin() + cosine * angle(n).cos();
    let error = power(output.iter().enumerate().map(|(n, &x)| f64::from(x) - fit(n)));
    db(f64::midpoint(sine * sine, cosine * cosine) / error)
}

fn main() {
    let sinc = |length| {
        let parameters = SincInterpolationParameters::new(length, WindowFunction::BlackmanHarris2)
            .oversampling_factor(128)
            .interpolation(SincInterpolationType::Linear);
        Box::new(
            Async::<f32>::new_sinc(1.0 / 3.0, 1.0, &parameters, 480, 1, FixedAsync::Input).expect("valid"),
        ) as Box<dyn Resampler<f32>>
    };
    let fft = |block| {
        Box::new(Fft::<f32>::new(INPUT_HZ, OUTPUT_HZ, block, 1, FixedSync::Both).expect("valid"))
            as Box<dyn Resampler<f32>>
    };
    let cubic = Async::<f32>::new_poly(1.0 / 3.0, 1.0, PolynomialDegree::Cubic, 480, 1, FixedAsync::Input);
    let candidates: Vec<(&str, Box<dyn Resampler<f32>>)> = vec![
        ("FFT, 5 ms blocks", fft(240)),
        ("FFT, 10 ms blocks", fft(480)),
        ("FFT, 20 ms blocks", fft(960)),
        ("sinc, 64 taps", sinc(64)),
        ("sinc, 128 taps", sinc(128)),
        ("sinc, 256 taps", sinc(256)),
        ("polynomial, cubic", Box::new(cubic.expect("valid"))),
    ];
    println!("| 48 → 16 kHz | SNR, 300 – 6 000 Hz | 7 000 Hz | worst leak, 9 – 23 kHz | delay | CPU |");
    println!("|---|---|---|---|---|---|");
    for (name, mut resampler) in candidates {
        let inner = |output: &[f32]| 1_600..output.len() - 1_600;
        let snr = [300.0, 1_000.0, 3_000.0, 6_000.0].map(|hz| {
            let output = run(&mut *resampler, &tone(hz, INPUT_HZ, INPUT_HZ));
            snr_db(&output[inner(&output)], hz)
        });
        let seven = run(&mut *resampler, &tone(7_000.0, INPUT_HZ, INPUT_HZ));
        let seven = db(power(inner(&seven).map(|n| f64::from(seven[n]))) / 0.125);
        let leak = (9..24).map(|khz| {
            let output = run(&mut *resampler, &tone(f64::from(khz) * 1_000.0 - 13.0, INPUT_HZ, INPUT_HZ));
            db(power(inner(&output).map(|n| f64::from(output[n]))) / 0.125)
        });
        let leak = leak.fold(f64::MIN, f64::max);
        let ten_seconds = tone(440.0, INPUT_HZ, 10 * INPUT_HZ);
        let mut time = || {
            let start = Instant::now();
            std::hint::black_box(run(&mut *resampler, &ten_seconds));
            start.elapsed().as_secs_f64()
        };
        // The best of twenty, for a machine that does other things too.
        let cpu = (0..20).map(|_| time()).fold(f64::MAX, f64::min) / 10.0 * 100.0;
        let delay = resampler.output_delay() as f64 / 16.0 + resampler.input_frames_next() as f64 / 48.0;
        let snr = snr.into_iter().fold(f64::MAX, f64::min);
        println!("| {name} | {snr:.0} dB | {seven:.1} dB | {leak:.0} dB | {delay:.1} ms | {cpu:.3} % |");
    }
}
