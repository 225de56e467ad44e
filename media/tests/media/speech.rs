//! Speech by flite: no word of it is lost at the gate, whatever its level and the noise around it.

use std::sync::OnceLock;

use media::loudness::apply_gain_db;
use media::segmenter::{Segmenter, SegmenterConfig, SegmenterEvent, Utterance};
use media::vad::{UnknownVad, VadKind};

use crate::support::flite::{TALK, Talk, talk};
use crate::support::signals::{applause, raw_noise, raw_pink_noise, with_noise};

/// The sample talk, spoken once for all tests.
fn whole_talk() -> &'static Talk {
    static SPOKEN: OnceLock<Talk> = OnceLock::new();
    SPOKEN.get_or_init(|| talk(TALK, 1_000, 900))
}

/// Its first three sentences.
pub(crate) fn short_talk() -> &'static Talk {
    static SPOKEN: OnceLock<Talk> = OnceLock::new();
    SPOKEN.get_or_init(|| talk(&TALK.lines().take(3).collect::<Vec<_>>().join("\n"), 300, 700))
}

fn segments(samples: &[i16], kind: VadKind) -> Vec<Utterance> {
    let mut segmenter = Segmenter::new(SegmenterConfig::default(), kind.build());
    segmenter.push(samples);
    segmenter.flush();
    std::iter::from_fn(|| segmenter.poll())
        .filter_map(|event| match event {
            SegmenterEvent::Ended(utterance) => Some(utterance),
            _ => None,
        })
        .collect()
}

/// The sentence with the smallest part of its audible samples inside segments: (part, index).
fn worst_coverage(talk: &Talk, segments: &[Utterance]) -> (f64, usize) {
    let covered = |sentence: &std::ops::Range<usize>| {
        let inside: usize = segments
            .iter()
            .map(|u| {
                (u.end_sample as usize)
                    .min(sentence.end)
                    .saturating_sub((u.start_sample as usize).max(sentence.start))
            })
            .sum();
        inside as f64 / sentence.len() as f64
    };
    talk.sentences
        .iter()
        .enumerate()
        .map(|(n, s)| (covered(s), n))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .expect("a talk has sentences")
}

fn assert_nothing_lost(what: &str, samples: &[i16]) -> Vec<Utterance> {
    let found = segments(samples, VadKind::default());
    let (part, sentence) = worst_coverage(whole_talk(), &found);
    assert!(
        part >= 0.998,
        "{what}: of sentence {} only {:.1} % is inside a segment",
        sentence + 1,
        part * 100.0
    );
    found
}

#[test]
fn each_sentence_of_a_talk_is_one_whole_segment() {
    let talk = whole_talk();
    let found = assert_nothing_lost("clean speech", &talk.samples);
    assert_eq!(found.len(), talk.sentences.len());
    for (utterance, sentence) in found.iter().zip(&talk.sentences) {
        let early = sentence.start as i64 - utterance.start_sample as i64;
        let late = utterance.end_sample as i64 - sentence.end as i64;
        assert!((0..=8_000).contains(&early), "starts {} ms early", early / 16);
        assert!((0..=6_400).contains(&late), "ends {} ms late", late / 16);
    }
}

#[test]
fn quiet_and_loud_speech_lose_nothing() {
    for gain_db in [-20.0, -15.0, -8.0, 6.0] {
        let mut samples = whole_talk().samples.clone();
        apply_gain_db(&mut samples, gain_db);
        assert_nothing_lost(&format!("{gain_db} dB"), &samples);
    }
}

#[test]
fn speech_in_noise_loses_nothing() {
    let samples = &whole_talk().samples;
    let pink = raw_pink_noise(samples.len(), 5);
    for snr_db in [20.0, 15.0] {
        assert_nothing_lost(
            &format!("white noise at {snr_db} dB"),
            &with_noise(samples, &raw_noise(samples.len(), 3), snr_db),
        );
        assert_nothing_lost(&format!("pink noise at {snr_db} dB"), &with_noise(samples, &pink, snr_db));
    }
}

#[test]
fn speech_from_the_very_first_sample_loses_nothing() {
    let talk = talk(TALK.lines().next().unwrap(), 0, 600);
    let found = segments(&talk.samples, VadKind::default());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].start_sample, 0);
    assert!(worst_coverage(&talk, &found).0 >= 0.998);
}

#[test]
fn a_talk_that_breaks_off_loses_nothing() {
    let talk = talk(TALK.lines().nth(2).unwrap(), 500, 0);
    let found = segments(&talk.samples, VadKind::default());
    assert_eq!(found.last().map(|u| u.end_sample), Some(talk.samples.len() as u64));
}

#[test]
fn short_answers_are_heard() {
    for words in ["Yes, of course.", "Thank you very much.", "Good morning.", "No, not today."] {
        let talk = talk(words, 1_000, 900);
        let found = segments(&talk.samples, VadKind::default());
        assert!(worst_coverage(&talk, &found).0 >= 0.998, "{words:?} is lost");
    }
}

#[test]
fn applause_after_a_sentence_does_not_hold_it_open_for_long() {
    let mut samples = talk(TALK.lines().nth(2).expect("a third sentence"), 500, 0).samples;
    let spoken = samples.len() as u64;
    samples.extend(applause(20, -22.0, 21));
    let found = segments(&samples, VadKind::default());
    let late = found.iter().map(|u| u.end_sample.saturating_sub(spoken) / 16).max();
    assert!(
        found.len() == 1 && late < Some(4_000),
        "{} segments, {late:?} ms after the last word",
        found.len()
    );
}

#[test]
fn every_detector_hears_the_talk_under_its_name() {
    for kind in VadKind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        let talk = short_talk();
        let (part, sentence) = worst_coverage(talk, &segments(&talk.samples, kind));
        assert!(part >= 0.95, "{kind}: of sentence {} only {:.1} %", sentence + 1, part * 100.0);
    }
    assert_eq!("silero".parse::<VadKind>(), Err(UnknownVad("silero".to_owned())));
}
