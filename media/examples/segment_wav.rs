//! Cuts an audio file into utterances, one WAV file each, as an ASR agent would hear them.
//!
//! ```sh
//! cargo run --release -p media --example segment_wav -- talk.ogg out/
//! ```
#![allow(clippy::print_stdout, clippy::disallowed_methods)] // a program that prints what it found

use std::error::Error;
use std::path::PathBuf;

use media::decode::{DecodeLimits, decode_mono};
use media::segmenter::{Segmenter, SegmenterConfig, SegmenterEvent};
use media::vad::VadKind;
use media::{ASR_HZ, samples_to_ms, wav};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(input), Some(directory)) = (arguments.next(), arguments.next()) else {
        return Err("usage: segment_wav <audio file> <directory> [vad]".into());
    };
    let kind: VadKind = arguments.next().map_or(Ok(VadKind::default()), |name| name.parse())?;
    std::fs::create_dir_all(&directory)?;
    let samples = decode_mono(std::fs::read(input)?, ASR_HZ, DecodeLimits::default())?;
    let mut segmenter = Segmenter::new(SegmenterConfig::default(), kind.build());
    segmenter.push(&samples);
    segmenter.flush();
    let utterances = std::iter::from_fn(|| segmenter.poll()).filter_map(|event| match event {
        SegmenterEvent::Ended(utterance) => Some(utterance),
        SegmenterEvent::Started { .. } | SegmenterEvent::Discarded { .. } => None,
    });
    for (n, utterance) in utterances.enumerate() {
        let path = PathBuf::from(&directory).join(format!("{n:03}.wav"));
        std::fs::write(&path, wav::encode_mono(&utterance.samples, ASR_HZ))?;
        let ms = |sample| samples_to_ms(sample, ASR_HZ);
        println!("{} {:>7}–{} ms", path.display(), ms(utterance.start_sample), ms(utterance.end_sample));
    }
    Ok(())
}
