use std::f32::consts::TAU;

use media::speech_queue::{Speech, SpeechEvent, SpeechQueue, SpeechQueueConfig};
use proptest::prelude::*;

use crate::support::flite::{TALK, talk};

const HZ: u32 = 16_000;

fn config() -> SpeechQueueConfig {
    SpeechQueueConfig { sample_rate_hz: HZ, ..SpeechQueueConfig::default() }
}

/// A voice-like tone with harmonics.
fn voice(ms: usize, hz: f32) -> Vec<i16> {
    (0..ms * 16)
        .map(|n| {
            let t = n as f32 / HZ as f32;
            (1..6).map(|k| 3_000.0 / k as f32 * (TAU * hz * k as f32 * t).sin()).sum::<f32>() as i16
        })
        .collect()
}

fn speech(id: &'static str, ms: usize) -> Speech<&'static str> {
    Speech { id, samples: voice(ms, 140.0) }
}

/// Pulls until idle: all samples, and each event with the time (ms) of its frame.
fn drain<T: Clone>(queue: &mut SpeechQueue<T>) -> (Vec<i16>, Vec<(usize, SpeechEvent<T>)>) {
    let (mut samples, mut events) = (Vec::new(), Vec::new());
    loop {
        let pulled = queue.pull();
        let now = samples.len() / 16;
        events.extend(pulled.events.into_iter().map(|event| (now, event)));
        samples.extend_from_slice(pulled.frame);
        if queue.is_idle() {
            return (samples, events);
        }
    }
}

#[test]
fn a_sentence_without_haste_is_spoken_sample_for_sample() {
    let mut queue = SpeechQueue::new(config());
    let spoken = voice(500, 140.0);
    queue.push(Speech { id: "a", samples: spoken.clone() });
    let (samples, events) = drain(&mut queue);
    // All but the 2 ms of fade at either end.
    assert_eq!(samples[32..spoken.len() - 32], spoken[32..spoken.len() - 32]);
    assert_eq!(events, [(0, SpeechEvent::Started("a")), (500, SpeechEvent::Finished("a"))]);
}

#[test]
fn two_sentences_never_sound_at_once_and_have_a_gap_between_them() {
    let mut queue = SpeechQueue::new(config());
    queue.push(speech("a", 300));
    queue.push(speech("b", 300));
    let (samples, events) = drain(&mut queue);
    let expected = ["a", "b"].map(|id| [SpeechEvent::Started(id), SpeechEvent::Finished(id)]).concat();
    assert_eq!(events.iter().map(|(_, event)| event.clone()).collect::<Vec<_>>(), expected);
    assert!(samples[300 * 16..450 * 16].iter().all(|&sample| sample == 0), "150 ms of silence");
    assert!(samples[452 * 16..455 * 16].iter().any(|&sample| sample != 0));
}

#[test]
fn every_frame_is_full_also_when_there_is_nothing_to_say() {
    let mut queue = SpeechQueue::<u8>::new(SpeechQueueConfig::default());
    let pulled = queue.pull();
    assert_eq!((pulled.frame, pulled.playing), (&[0_i16; 480][..], None));
    assert!(queue.is_idle() && queue.queued_ms() == 0);
}

#[test]
fn what_waits_too_long_is_dropped_oldest_first_and_never_what_is_being_spoken() {
    let mut queue = SpeechQueue::new(SpeechQueueConfig { max_lag_ms: 2_500, ..config() });
    queue.push(speech("a", 1_000));
    assert_eq!(queue.pull().playing, Some(&"a"));
    for id in ["b", "c", "d"] {
        queue.push(speech(id, 1_000));
    }
    let (_, events) = drain(&mut queue);
    let dropped: Vec<_> =
        events.iter().filter(|(_, event)| matches!(event, SpeechEvent::Dropped(_))).collect();
    assert_eq!(dropped, [&(0, SpeechEvent::Dropped("b"))]);
    assert!(events.iter().any(|(_, event)| *event == SpeechEvent::Finished("a")));
    assert!(events.iter().any(|(_, event)| *event == SpeechEvent::Finished("d")));
}

#[test]
fn a_long_queue_is_spoken_faster_without_leaps_or_a_change_of_pitch() {
    let ms = 8_000;
    let mut queue = SpeechQueue::new(SpeechQueueConfig { speed_up_from_ms: 0, max_lag_ms: 1, ..config() });
    queue.push(speech("a", ms));
    let (samples, _) = drain(&mut queue);
    let speed = ms as f32 / (samples.len() / 16) as f32;
    assert!((1.27..1.31).contains(&speed), "{speed}");

    let original = voice(ms, 140.0);
    let steepest =
        |samples: &[i16]| samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max();
    assert!(steepest(&samples) <= steepest(&original), "a click is steeper than the voice");
    let crossings = |samples: &[i16]| {
        samples.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count() as f32 / samples.len() as f32
    };
    assert!((crossings(&samples) / crossings(&original) - 1.0).abs() < 0.02, "the pitch has changed");
}

#[test]
fn real_speech_at_full_speed_has_no_clicks() {
    let spoken = talk(TALK.lines().nth(2).expect("a third sentence"), 0, 0).samples;
    let mut queue = SpeechQueue::new(SpeechQueueConfig { speed_up_from_ms: 0, max_lag_ms: 1, ..config() });
    queue.push(Speech { id: (), samples: spoken.clone() });
    let (samples, _) = drain(&mut queue);
    let speed = spoken.len() as f32 / samples.len() as f32;
    assert!((1.2..1.31).contains(&speed), "{speed}");
    // A splice that does not fit shows in the second difference, where speech itself is smooth.
    let roughest = |samples: &[i16]| {
        samples.windows(3).map(|w| (i32::from(w[0]) - 2 * i32::from(w[1]) + i32::from(w[2])).abs()).max()
    };
    assert!(roughest(&samples) <= roughest(&spoken), "{:?} > {:?}", roughest(&samples), roughest(&spoken));
}

#[test]
fn speech_keeps_its_own_pace_while_little_waits() {
    let mut queue = SpeechQueue::new(config());
    queue.push(speech("a", 2_900));
    let (samples, _) = drain(&mut queue);
    assert_eq!(samples.len() / 16, 2_910);
}

#[test]
fn an_empty_sentence_starts_and_finishes() {
    let mut queue = SpeechQueue::new(config());
    queue.push(Speech { id: 1, samples: Vec::new() });
    let events = queue.pull().events;
    assert_eq!(events, [SpeechEvent::Started(1), SpeechEvent::Finished(1)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn each_sentence_is_finished_or_dropped_and_none_waits_beyond_the_lag(
        steps in prop::collection::vec((0..1_500_usize, 0..120_usize), 1..25),
    ) {
        let mut queue = SpeechQueue::new(SpeechQueueConfig { max_lag_ms: 3_000, speed_up_from_ms: 1_000, ..config() });
        let (mut now, mut pushed, mut ended, mut open) = (0, Vec::new(), 0, None);
        let mut pull = |queue: &mut SpeechQueue<usize>, now: &mut usize, pushed: &[usize]| {
            let pulled = queue.pull();
            for event in pulled.events {
                match event {
                    SpeechEvent::Started(id) => {
                        assert_eq!(open.replace(id), None, "two at once");
                        assert!(*now - pushed[id] <= 3_000 + 150 + 20, "{id} waited {} ms", *now - pushed[id]);
                    }
                    SpeechEvent::Finished(id) => {
                        assert_eq!(open.take(), Some(id));
                        ended += 1;
                    }
                    SpeechEvent::Dropped(_) => ended += 1,
                }
            }
            *now += 10;
        };
        for (id, (ms, frames)) in steps.into_iter().enumerate() {
            queue.push(Speech { id, samples: vec![1_000; ms * 16] });
            pushed.push(now);
            for _ in 0..frames {
                pull(&mut queue, &mut now, &pushed);
            }
        }
        while !queue.is_idle() {
            pull(&mut queue, &mut now, &pushed);
        }
        prop_assert_eq!(ended, pushed.len());
    }
}
