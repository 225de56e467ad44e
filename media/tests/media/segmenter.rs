//! The segmenter around a detector that hears speech wherever a sample is loud: what it promises whatever the VAD.

use media::ASR_HZ;
use media::segmenter::{Segmenter, SegmenterConfig, SegmenterEvent, Utterance};
use media::vad::{EarshotVad, Vad};
use proptest::prelude::*;

const FRAME: usize = 160;

/// Score 1 in frames that reach 1 000.
struct LoudVad;

impl Vad for LoudVad {
    fn frame_samples(&self) -> usize {
        FRAME
    }

    fn score(&mut self, frame: &[i16]) -> f32 {
        f32::from(u8::from(media::loudness::peak(frame) >= 1_000))
    }

    fn reset(&mut self) {}
}

fn segmenter(config: SegmenterConfig) -> Segmenter {
    Segmenter::new(config, Box::new(LoudVad))
}

/// Milliseconds of (speech at this amplitude, …) one after the other; no two samples are alike for long.
fn sound(parts: &[(usize, i16)]) -> Vec<i16> {
    let mut samples = Vec::new();
    for &(ms, amplitude) in parts {
        samples.extend(
            (0..ms * 16).map(|n| if n % 2 == 0 { amplitude } else { -amplitude / 2 } + (n % 7) as i16),
        );
    }
    samples
}

fn run(segmenter: &mut Segmenter, samples: &[i16]) -> Vec<SegmenterEvent> {
    segmenter.push(samples);
    segmenter.flush();
    std::iter::from_fn(|| segmenter.poll()).collect()
}

fn utterances(events: &[SegmenterEvent]) -> Vec<Utterance> {
    events
        .iter()
        .filter_map(|event| match event {
            SegmenterEvent::Ended(utterance) => Some(utterance.clone()),
            _ => None,
        })
        .collect()
}

fn ms(sample: u64) -> u64 {
    media::samples_to_ms(sample, ASR_HZ)
}

#[test]
fn an_utterance_has_the_audio_before_and_after_its_speech() {
    let samples = sound(&[(1_000, 0), (1_000, 5_000), (1_000, 0)]);
    let found = utterances(&run(&mut segmenter(SegmenterConfig::default()), &samples));
    let [utterance] = &found[..] else { panic!("{found:?}") };
    assert_eq!((ms(utterance.voiced.start), ms(utterance.voiced.end)), (1_000, 2_000));
    assert!((690..=750).contains(&ms(utterance.start_sample)), "{}", ms(utterance.start_sample));
    assert_eq!(ms(utterance.end_sample), 2_250);
    assert_eq!(utterance.samples, samples[utterance.start_sample as usize..utterance.end_sample as usize]);
    assert!(!utterance.cut);
}

#[test]
fn a_pause_shorter_than_the_end_silence_does_not_end_an_utterance() {
    let samples = sound(&[(500, 0), (600, 5_000), (390, 0), (600, 5_000), (600, 0), (600, 5_000), (600, 0)]);
    let found = utterances(&run(&mut segmenter(SegmenterConfig::default()), &samples));
    assert_eq!(found.len(), 2);
    assert_eq!(ms(found[0].voiced.end), 2_090);
}

#[test]
fn speech_from_the_first_sample_loses_nothing() {
    let samples = sound(&[(700, 5_000), (700, 0)]);
    let found = utterances(&run(&mut segmenter(SegmenterConfig::default()), &samples));
    assert_eq!((found[0].start_sample, found[0].voiced.start), (0, 0));
}

#[test]
fn a_click_is_no_utterance_and_a_short_sound_is_discarded() {
    let mut events =
        run(&mut segmenter(SegmenterConfig::default()), &sound(&[(500, 0), (40, 9_000), (900, 0)]));
    assert_eq!(events, []);
    let config = SegmenterConfig { min_speech_ms: 300, ..SegmenterConfig::default() };
    events = run(&mut segmenter(config), &sound(&[(500, 0), (200, 9_000), (900, 0)]));
    assert!(
        matches!(&events[..], [SegmenterEvent::Started { start_sample: a }, SegmenterEvent::Discarded { start_sample: b, .. }] if a == b),
        "{events:?}"
    );
}

#[test]
fn speech_without_a_pause_is_cut_at_its_quietest_place_and_loses_and_doubles_nothing() {
    // Quiet for 60 ms at 3.5 s; the limit is 4 s, of which the last 2 s are searched.
    let samples = sound(&[(3_500, 6_000), (60, 1_200), (3_000, 6_000), (900, 0)]);
    let config =
        SegmenterConfig { max_utterance_ms: 4_000, cut_window_ms: 2_000, ..SegmenterConfig::default() };
    let events = run(&mut segmenter(config), &samples);
    let found = utterances(&events);
    assert_eq!(found.iter().map(|utterance| utterance.cut).collect::<Vec<_>>(), [true, false]);
    assert!((3_500..=3_560).contains(&ms(found[0].end_sample)), "cut at {} ms", ms(found[0].end_sample));
    assert_eq!(found[0].end_sample, found[1].start_sample);
    let joined: Vec<i16> = found.iter().flat_map(|utterance| utterance.samples.clone()).collect();
    assert_eq!(joined, samples[..joined.len()]);
}

#[test]
fn what_is_left_after_a_cut_is_kept_however_short() {
    let samples = sound(&[(4_030, 6_000), (900, 0)]);
    let config = SegmenterConfig {
        max_utterance_ms: 4_000,
        cut_window_ms: 50,
        min_speech_ms: 500,
        ..SegmenterConfig::default()
    };
    assert_eq!(utterances(&run(&mut segmenter(config), &samples)).len(), 2);
}

#[test]
fn the_open_utterance_grows_from_its_start() {
    let samples = sound(&[(500, 0), (2_000, 5_000)]);
    let mut segmenter = segmenter(SegmenterConfig::default());
    let mut longest = 0;
    for part in samples.chunks(1_000) {
        segmenter.push(part);
        if let Some(open) = segmenter.open() {
            let start = open.start_sample as usize;
            assert_eq!(open.samples, &samples[start..start + open.samples.len()]);
            assert!(open.samples.len() >= longest);
            longest = open.samples.len();
        }
    }
    assert!(longest >= 2_000 * 16);
    assert!(matches!(segmenter.poll(), Some(SegmenterEvent::Started { .. })));
}

#[test]
fn flush_ends_what_is_open_at_the_last_sample_and_time_goes_on() {
    let samples = sound(&[(500, 0), (1_003, 5_000)]);
    let mut segmenter = segmenter(SegmenterConfig::default());
    let found = utterances(&run(&mut segmenter, &samples));
    assert_eq!(found[0].end_sample, samples.len() as u64);
    assert_eq!(segmenter.position(), samples.len() as u64);
    assert!(segmenter.open().is_none());
    let again = utterances(&run(&mut segmenter, &samples));
    assert_eq!(again[0].end_sample, 2 * samples.len() as u64);
    assert!(again[0].start_sample >= samples.len() as u64);
}

#[test]
fn padding_is_counted_apart() {
    let samples = sound(&[(500, 0), (1_000, 5_000), (900, 0)]);
    let plain = utterances(&run(&mut segmenter(SegmenterConfig::default()), &samples));
    let config = SegmenterConfig { padding_ms: 100, ..SegmenterConfig::default() };
    let padded = utterances(&run(&mut segmenter(config), &samples));
    assert_eq!((padded[0].start_sample, padded[0].end_sample), (plain[0].start_sample, plain[0].end_sample));
    assert_eq!(padded[0].padding_samples, 1_600);
    let inner = 1_600..padded[0].samples.len() - 1_600;
    assert_eq!(padded[0].samples[inner], plain[0].samples);
}

fn check_invariants(samples: &[i16], events: &[SegmenterEvent]) -> Result<(), TestCaseError> {
    let mut position = 0;
    let mut open = None;
    for event in events {
        match event {
            SegmenterEvent::Started { start_sample } => {
                prop_assert!(open.is_none() && *start_sample >= position, "utterances overlap");
                open = Some(*start_sample);
            }
            SegmenterEvent::Discarded { start_sample, end_sample } => {
                prop_assert_eq!(open.take(), Some(*start_sample));
                position = *end_sample;
            }
            SegmenterEvent::Ended(u) => {
                prop_assert_eq!(open.take(), Some(u.start_sample));
                prop_assert_eq!(&u.samples[..], &samples[u.start_sample as usize..u.end_sample as usize]);
                prop_assert!(u.start_sample <= u.voiced.start && u.voiced.end <= u.end_sample);
                position = u.end_sample;
            }
        }
    }
    prop_assert!(open.is_none());
    Ok(())
}

fn cut_and_run(segmenter: &mut Segmenter, samples: &[i16], cuts: &[usize]) -> Vec<SegmenterEvent> {
    let mut events = Vec::new();
    let mut cuts: Vec<_> =
        cuts.iter().map(|cut| (*cut).min(samples.len())).chain([0, samples.len()]).collect();
    cuts.sort_unstable();
    for pair in cuts.windows(2) {
        segmenter.push(&samples[pair[0]..pair[1]]);
        events.extend(std::iter::from_fn(|| segmenter.poll()));
    }
    segmenter.flush();
    events.extend(std::iter::from_fn(|| segmenter.poll()));
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn however_the_audio_is_cut_the_segments_are_the_same(
        parts in prop::collection::vec((0..1_500_usize, prop::sample::select(vec![0_i16, 0, 1_500, 8_000])), 1..16),
        cuts in prop::collection::vec(0..150_000_usize, 0..40),
        max_utterance_ms in 300..4_000_u32,
        tail in 0..FRAME,
    ) {
        let mut samples = sound(&parts);
        samples.extend(vec![4_000; tail]);
        let config = SegmenterConfig { max_utterance_ms, cut_window_ms: max_utterance_ms / 3, ..SegmenterConfig::default() };
        let whole = run(&mut segmenter(config.clone()), &samples);
        check_invariants(&samples, &whole)?;
        prop_assert_eq!(cut_and_run(&mut segmenter(config), &samples, &cuts), whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn however_speech_is_cut_the_real_detector_gives_the_same_segments(
        cuts in prop::collection::vec(0..140_000_usize, 0..60),
    ) {
        let talk = crate::speech::short_talk();
        let build = || Segmenter::new(SegmenterConfig::default(), Box::new(EarshotVad::new()));
        let whole = run(&mut build(), &talk.samples);
        prop_assert!(utterances(&whole).len() >= 2);
        check_invariants(&talk.samples, &whole)?;
        prop_assert_eq!(cut_and_run(&mut build(), &talk.samples, &cuts), whole);
    }
}
