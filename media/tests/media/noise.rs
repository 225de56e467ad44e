//! What is not speech makes no segment.

use media::segmenter::{Segmenter, SegmenterConfig, SegmenterEvent};
use media::vad::VadKind;

use crate::support::signals;

/// Utterances in `samples`, fed in 10 ms pieces' worth of memory.
fn segments(samples: &[i16]) -> usize {
    let mut segmenter = Segmenter::new(SegmenterConfig::default(), VadKind::default().build());
    let mut found = 0;
    for second in samples.chunks(16_000) {
        segmenter.push(second);
        found += std::iter::from_fn(|| segmenter.poll())
            .filter(|e| matches!(e, SegmenterEvent::Started { .. }))
            .count();
    }
    found
}

const TEN_MINUTES: u32 = 600;

#[test]
fn ten_minutes_of_silence_make_no_segment() {
    assert_eq!(segments(&signals::silence(TEN_MINUTES)), 0);
}

#[test]
fn ten_minutes_of_white_noise_make_no_segment_at_any_level() {
    for (dbfs, seed) in [(-70.0, 1), (-45.0, 2), (-30.0, 3), (-20.0, 4), (-10.0, 5)] {
        assert_eq!(segments(&signals::white_noise(TEN_MINUTES, dbfs, seed)), 0, "{dbfs} dBFS");
    }
}

#[test]
fn ten_minutes_of_pink_noise_make_no_segment_at_any_level() {
    for (dbfs, seed) in [(-70.0, 6), (-45.0, 7), (-30.0, 8), (-20.0, 9), (-10.0, 10)] {
        assert_eq!(segments(&signals::pink_noise(TEN_MINUTES, dbfs, seed)), 0, "{dbfs} dBFS");
    }
}

#[test]
fn ten_minutes_of_mains_hum_make_no_segment() {
    for dbfs in [-45.0, -20.0] {
        assert_eq!(segments(&signals::hum(TEN_MINUTES, dbfs)), 0, "{dbfs} dBFS");
    }
}

#[test]
fn ten_minutes_of_clicks_make_no_segment() {
    assert_eq!(segments(&signals::clicks(TEN_MINUTES, 11)), 0);
}

#[test]
fn music_makes_at_most_one_segment_a_minute() {
    for (dbfs, seed) in [(-12.0, 12), (-20.0, 13), (-35.0, 14)] {
        let found = segments(&signals::music(300, dbfs, seed));
        assert!(found <= 5, "{found} segments in five minutes at {dbfs} dBFS");
    }
}

#[test]
fn applause_makes_at_most_one_segment_a_minute() {
    for (dbfs, seed) in [(-12.0, 15), (-20.0, 16), (-35.0, 17)] {
        let found = segments(&signals::applause(300, dbfs, seed));
        assert!(found <= 5, "{found} segments in five minutes at {dbfs} dBFS");
    }
}
