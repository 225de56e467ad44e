//! Speech by flite, sentence by sentence, so that the boundaries are known.

use std::ops::Range;
use std::process::Command;

use media::ASR_HZ;
use media::decode::{DecodeLimits, decode_mono};

/// The talk that the project's tests speak.
pub const TALK: &str = include_str!("../../../../examples/talk-en.txt");

/// One sentence in one of flite's voices, mono, 16 000 Hz.
///
/// # Panics
/// When flite is not installed: `apt-get install flite`.
pub fn speak(voice: &str, sentence: &str) -> Vec<i16> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("speech.wav");
    let status = Command::new("flite")
        .args(["-voice", voice, "-t", sentence, "-o"])
        .arg(&path)
        .status()
        .expect("this test needs the program `flite` (apt-get install flite)");
    assert!(status.success(), "flite failed on {sentence:?}: {status}");
    let bytes = std::fs::read(&path).expect("flite wrote a file");
    decode_mono(bytes, ASR_HZ, DecodeLimits::default()).expect("flite writes WAV")
}

/// Sentences joined by silence, and where each one sounds.
pub struct Talk {
    /// Mono, 16 000 Hz.
    pub samples: Vec<i16>,
    /// From the first to the last audible sample of each sentence.
    pub sentences: Vec<Range<usize>>,
}

/// Speaks the lines of `text` in flite's female voice, with `pause_ms` after each and `lead_ms` before the first.
pub fn talk(text: &str, lead_ms: usize, pause_ms: usize) -> Talk {
    talk_by("slt", text, lead_ms, pause_ms)
}

/// As [`talk`], in another voice.
pub fn talk_by(voice: &str, text: &str, lead_ms: usize, pause_ms: usize) -> Talk {
    let per_ms = ASR_HZ as usize / 1000;
    let mut samples = vec![0; lead_ms * per_ms];
    let mut sentences = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let speech = speak(voice, line);
        let voiced = audible(&speech);
        let speech = &speech[voiced];
        sentences.push(samples.len()..samples.len() + speech.len());
        samples.extend_from_slice(speech);
        samples.extend(std::iter::repeat_n(0, pause_ms * per_ms));
    }
    Talk { samples, sentences }
}

/// The part of `speech` between its first and last 10 ms above −50 dBFS.
pub fn audible(speech: &[i16]) -> Range<usize> {
    let loud: Vec<usize> = speech
        .chunks(160)
        .enumerate()
        .filter(|(_, block)| media::loudness::rms_dbfs(block) > -50.0)
        .map(|(index, _)| index)
        .collect();
    match (loud.first(), loud.last()) {
        (Some(first), Some(last)) => first * 160..((last + 1) * 160).min(speech.len()),
        _ => 0..0,
    }
}
