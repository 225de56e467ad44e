//! Compares the voice activity detectors behind the segmenter: speech kept, noise refused, delay, cost.
//!
//! ```sh
//! cargo run --release -p media --example vad_table
//! ```
//!
//! Needs `flite`; all sounds are made on the spot.
#![allow(clippy::print_stdout, clippy::disallowed_methods)] // a program that measures time and prints tables

#[path = "../tests/media/support/mod.rs"]
mod support;

use std::time::Instant;

use media::segmenter::{Segmenter, SegmenterConfig, SegmenterEvent};
use media::vad::VadKind;
use support::flite::{TALK, Talk, talk_by};
use support::signals;

/// Length of each sound that is not speech.
const MINUTES: u32 = 5;

struct Outcome {
    /// (sample at which it was reported, start, end)
    segments: Vec<(usize, usize, usize)>,
    seconds: f64,
}

/// Feeds 10 ms at a time, as a room does.
fn run(kind: VadKind, samples: &[i16]) -> Outcome {
    let mut segmenter = Segmenter::new(SegmenterConfig::default(), kind.build());
    let mut segments = Vec::new();
    let mut reported = 0;
    let clock = Instant::now();
    let mut take = |segmenter: &mut Segmenter, now: usize| {
        while let Some(event) = segmenter.poll() {
            match event {
                SegmenterEvent::Started { .. } => reported = now,
                SegmenterEvent::Ended(u) => {
                    segments.push((reported, u.start_sample as usize, u.end_sample as usize));
                }
                SegmenterEvent::Discarded { .. } => {}
            }
        }
    };
    for (n, part) in samples.chunks(160).enumerate() {
        segmenter.push(part);
        take(&mut segmenter, (n + 1) * 160);
    }
    segmenter.flush();
    take(&mut segmenter, samples.len());
    Outcome { segments, seconds: clock.elapsed().as_secs_f64() }
}

/// Sentences of which 99.8 % is inside segments.
fn kept(talk: &Talk, outcome: &Outcome) -> usize {
    let inside = |sentence: &std::ops::Range<usize>| -> usize {
        outcome
            .segments
            .iter()
            .map(|&(_, from, to)| to.min(sentence.end).saturating_sub(from.max(sentence.start)))
            .sum()
    };
    talk.sentences.iter().filter(|sentence| inside(sentence) * 1_000 >= sentence.len() * 998).count()
}

fn main() {
    let header = |first: &str| {
        println!("\n| {first} | {} |", VadKind::ALL.map(VadKind::as_str).join(" | "));
        println!("|---|{}", "---|".repeat(VadKind::ALL.len()));
    };
    let row = |name: &str, cell: &dyn Fn(VadKind) -> String| {
        println!("| {name} | {} |", VadKind::ALL.map(cell).join(" | "));
    };

    let talks = ["slt", "rms", "awb", "kal16"].map(|voice| talk_by(voice, TALK, 1_000, 900));
    let sentences: usize = talks.iter().map(|talk| talk.sentences.len()).sum();
    header(&format!("sentences kept whole, of {sentences}"));
    let kept_in = |change: &dyn Fn(&[i16]) -> Vec<i16>, kind: VadKind| {
        let all: usize = talks.iter().map(|talk| kept(talk, &run(kind, &change(&talk.samples)))).sum();
        all.to_string()
    };
    for gain_db in [0.0, -15.0, -20.0] {
        let change = |samples: &[i16]| {
            let mut samples = samples.to_vec();
            media::loudness::apply_gain_db(&mut samples, gain_db);
            samples
        };
        let level = media::loudness::rms_dbfs(&change(&talks[0].samples));
        row(&format!("speech at {level:.0} dBFS"), &|kind| kept_in(&change, kind));
    }
    for snr_db in [20.0, 15.0, 10.0] {
        let white =
            |samples: &[i16]| signals::with_noise(samples, &signals::raw_noise(samples.len(), 3), snr_db);
        row(&format!("in white noise, SNR {snr_db} dB"), &|kind| kept_in(&white, kind));
        let pink = |samples: &[i16]| {
            signals::with_noise(samples, &signals::raw_pink_noise(samples.len(), 5), snr_db)
        };
        row(&format!("in pink noise, SNR {snr_db} dB"), &|kind| kept_in(&pink, kind));
    }

    header(&format!("segments in {MINUTES} minutes"));
    let seconds = MINUTES * 60;
    let mut sounds = vec![
        ("silence".to_owned(), signals::silence(seconds)),
        ("50 Hz hum, −20 dBFS".to_owned(), signals::hum(seconds, -20.0)),
        ("clicks".to_owned(), signals::clicks(seconds, 1)),
    ];
    for dbfs in [-45.0, -30.0, -20.0, -10.0] {
        sounds.push((format!("white noise, {dbfs} dBFS"), signals::white_noise(seconds, dbfs, 7)));
        sounds.push((format!("pink noise, {dbfs} dBFS"), signals::pink_noise(seconds, dbfs, 8)));
    }
    for dbfs in [-12.0, -20.0, -35.0] {
        sounds.push((format!("music, {dbfs} dBFS"), signals::music(seconds, dbfs, 12)));
        sounds.push((format!("applause, {dbfs} dBFS"), signals::applause(seconds, dbfs, 13)));
    }
    for (name, samples) in &sounds {
        row(name, &|kind| {
            let outcome = run(kind, samples);
            let covered: usize = outcome.segments.iter().map(|&(_, from, to)| to - from).sum();
            format!(
                "{} ({:.0} % of the time)",
                outcome.segments.len(),
                covered as f64 * 100.0 / samples.len() as f64
            )
        });
    }

    header("on clean speech (slt)");
    let talk = &talks[0];
    row("reported after the first sound, median", &|kind| {
        let outcome = run(kind, &talk.samples);
        let mut delays: Vec<usize> = talk
            .sentences
            .iter()
            .filter_map(|sentence| {
                let at = outcome
                    .segments
                    .iter()
                    .find(|&&(_, from, to)| from <= sentence.start && sentence.start < to)?
                    .0;
                Some(at.saturating_sub(sentence.start) / 16)
            })
            .collect();
        delays.sort_unstable();
        delays.get(delays.len() / 2).map_or_else(|| "–".to_owned(), |delay| format!("{delay} ms"))
    });
    row("CPU, of one core", &|kind| {
        let audio = talk.samples.len() as f64 / 16_000.0;
        // The best of ten, for a machine that does other things too.
        let best = (0..10).map(|_| run(kind, &talk.samples).seconds).fold(f64::MAX, f64::min);
        format!("{:.3} %", best / audio * 100.0)
    });
}
