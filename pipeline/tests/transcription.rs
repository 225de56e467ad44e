//! What a transcription promises.

mod support;

use std::{sync::Arc, time::Duration};

use common::{Segment, SegmentState};
use inference::Transcriber;
use media::AudioFrame;
use pipeline::{
    GAP_TEXT, MediaClock, Transcription, TranscriptionConfig, TranscriptionEvent, transcription::GapReason,
};
use support::{Behaviour, FakeTranscriber, Loudness, frames, language, number, silence, talk};
use tokio::time::{Instant, MissedTickBehavior, interval};

fn config() -> TranscriptionConfig {
    TranscriptionConfig::new("speaker-ana", language("en-US"), MediaClock::starting_at(10_000))
}

fn source(config: TranscriptionConfig, engine: &Arc<FakeTranscriber>) -> Transcription {
    Transcription::with_vad(config, Box::new(Loudness), Arc::clone(engine) as Arc<dyn Transcriber>)
}

/// Plays a talk in real time (which is paused in tests) and then drains.
async fn play(source: &mut Transcription, talk: impl Iterator<Item = AudioFrame>) -> Vec<TranscriptionEvent> {
    let mut events = Vec::new();
    let mut clock = interval(Duration::from_millis(10));
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut talk = talk.peekable();
    while talk.peek().is_some() {
        tokio::select! {
            _ = clock.tick() => source.push(&talk.next().expect("peeked")).expect("a known rate"),
            Some(event) = source.next() => events.push(event),
        }
    }
    source.finish();
    while let Some(event) = source.next().await {
        events.push(event);
    }
    events
}

fn finals(events: &[TranscriptionEvent]) -> Vec<&Segment> {
    let mut finals = Vec::new();
    for event in events {
        if let TranscriptionEvent::Final(segment, _) = event {
            finals.push(segment);
        }
    }
    finals
}

fn texts(segments: &[&Segment]) -> Vec<String> {
    segments.iter().map(|segment| segment.text.clone()).collect()
}

fn words(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|n| format!("word {n}")).collect()
}

#[tokio::test(start_paused = true)]
async fn finals_come_once_each_in_the_order_of_the_speech() {
    let engine =
        FakeTranscriber::new(Behaviour { latency: Duration::from_millis(900), ..Behaviour::default() });
    let talk = talk(0..8, 600, 700);
    let events = play(&mut source(config(), &engine), frames(&talk)).await;
    let finals = finals(&events);
    assert_eq!(texts(&finals), words(0..8));
    assert!(finals.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms && pair[0].id < pair[1].id));
    assert_eq!(engine.behaviour.finals.most(), 1);
}

#[tokio::test(start_paused = true)]
async fn times_follow_the_samples_from_the_offset_whatever_the_engine_takes() {
    let engine = FakeTranscriber::new(Behaviour { latency: Duration::from_secs(3), ..Behaviour::default() });
    let talk = talk(0..3, 1_000, 1_000);
    let events = play(&mut source(config(), &engine), frames(&talk)).await;
    for (n, segment) in finals(&events).into_iter().enumerate() {
        let start = 10_000 + 2_000 * n as u64;
        assert!(segment.start_ms.abs_diff(start) <= 20, "{} for {start}", segment.start_ms);
        assert!(segment.end_ms.abs_diff(start + 1_000) <= 20, "{} for {start}", segment.end_ms);
    }
}

#[tokio::test(start_paused = true)]
async fn interims_grow_under_the_id_of_their_final() {
    let engine = FakeTranscriber::new(Behaviour::default());
    let talk = [number(4, 3_000), silence(800)].concat();
    let events = play(&mut source(config(), &engine), frames(&talk)).await;
    let TranscriptionEvent::Final(last, _) = events.last().expect("events") else { panic!("{events:?}") };
    let interims = &events[..events.len() - 1];
    assert!(interims.len() >= 3, "{events:?}");
    for (revision, event) in interims.iter().enumerate() {
        let TranscriptionEvent::Interim(segment) = event else { panic!("{event:?}") };
        assert_eq!((&segment.id, segment.revision as usize), (&last.id, revision));
        assert_eq!((segment.state, segment.text.as_str()), (SegmentState::Interim, "word 4"));
        assert!(segment.start_ms.abs_diff(last.start_ms) <= 300, "{segment:?} {last:?}");
    }
    assert_eq!((last.state, last.revision as usize), (SegmentState::Final, interims.len()));
}

#[tokio::test(start_paused = true)]
async fn one_interim_is_in_flight_at_most_and_it_never_holds_up_a_final() {
    let slow = Behaviour { latency: Duration::from_millis(2_500), ..Behaviour::default() };
    let engine = FakeTranscriber::new(slow);
    let talk = talk(0..4, 4_000, 4_000);
    let mut source = source(config(), &engine);
    let events = play(&mut source, frames(&talk)).await;
    assert_eq!(engine.behaviour.interims.most(), 1);
    assert_eq!(texts(&finals(&events)), words(0..4));
    for event in &events {
        let TranscriptionEvent::Final(_, timings) = event else { continue };
        assert!(timings.queued() < Duration::from_millis(50), "{timings:?}");
        assert_eq!(timings.engine, Duration::from_millis(2_500));
    }
    assert!(source.stats().interims_skipped > 0, "{:?}", source.stats());
}

#[tokio::test(start_paused = true)]
async fn delays_are_told_without_the_engines_own_time() {
    let engine =
        FakeTranscriber::new(Behaviour { latency: Duration::from_millis(333), ..Behaviour::default() });
    let talk = [number(1, 1_000), silence(1_000)].concat();
    let events = play(&mut source(config(), &engine), frames(&talk)).await;
    let Some(TranscriptionEvent::Final(_, timings)) = events.last() else { panic!("{events:?}") };
    assert_eq!(timings.engine, Duration::from_millis(333));
    assert!(timings.endpointing.as_millis().abs_diff(400) <= 40, "{timings:?}");
    assert!(timings.without_engine() <= timings.endpointing + Duration::from_millis(20), "{timings:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_while_the_engine_is_away_for_20_s() {
    let away = Behaviour::away(Duration::from_secs(3), Duration::from_secs(20));
    let engine = FakeTranscriber::new(away);
    let talk = talk(0..12, 1_500, 800);
    let mut source = source(config(), &engine);
    let events = play(&mut source, frames(&talk)).await;
    assert_eq!(texts(&finals(&events)), words(0..12));
    assert!(source.stats().retries > 3, "{:?}", source.stats());
    assert_eq!(source.stats().lost, 0);
}

#[tokio::test(start_paused = true)]
async fn what_exceeds_the_bound_is_dropped_oldest_first_counted_and_marked() {
    let engine = FakeTranscriber::new(Behaviour::away(Duration::from_secs(2), Duration::from_secs(60)));
    let bounded = TranscriptionConfig { backlog: Duration::from_secs(10), ..config() };
    let talk = talk(0..20, 1_500, 1_000);
    let mut source = source(bounded, &engine);
    let events = play(&mut source, frames(&talk)).await;
    let gaps: Vec<_> = events
        .iter()
        .filter_map(|event| if let TranscriptionEvent::Gap(gap) = event { Some(gap) } else { None })
        .collect();
    let [gap] = gaps.as_slice() else { panic!("one gap for one outage: {gaps:?}") };
    let heard = finals(&events);
    let heard: Vec<_> = heard.iter().filter(|segment| segment.state == SegmentState::Final).collect();
    assert_eq!(heard.len() as u64 + gap.utterances, 20);
    assert!(gap.utterances > 5, "{gap:?}");
    assert_eq!((source.stats().lost, source.stats().lost_ms), (gap.utterances, gap.audio_ms));
    assert_eq!((gap.segment.text.as_str(), gap.segment.state), (GAP_TEXT, SegmentState::Final));
    assert_eq!(gap.reason, GapReason::Overflow);
    let after =
        heard.iter().find(|segment| segment.start_ms > gap.segment.start_ms).expect("speech after the gap");
    assert!(gap.segment.end_ms <= after.start_ms, "the gap ends where captions go on");
}

#[tokio::test(start_paused = true)]
async fn a_refused_utterance_is_marked_and_the_next_one_goes_on() {
    let engine = FakeTranscriber::new(Behaviour { refuse: Some("word 1"), ..Behaviour::default() });
    let talk = talk(0..3, 600, 800);
    let mut source = source(config(), &engine);
    let events = play(&mut source, frames(&talk)).await;
    assert_eq!(texts(&finals(&events)), ["word 0", "word 2"]);
    let gap = events
        .iter()
        .find_map(|event| if let TranscriptionEvent::Gap(gap) = event { Some(gap) } else { None });
    let gap = gap.expect("a gap");
    assert!(matches!(&gap.reason, GapReason::Failed(error) if error.contains("400")), "{gap:?}");
    assert_eq!(source.stats().lost, 1);
}

#[tokio::test(start_paused = true)]
async fn an_interim_of_what_was_no_speech_is_withdrawn_and_nothing_else_is_said() {
    let engine = Arc::new(FakeTranscriber { silent: vec![1], ..FakeTranscriber::default() });
    let talk = [number(1, 2_000), silence(800)].concat();
    let events = play(&mut source(config(), &engine), frames(&talk)).await;
    let settled = finals(&events);
    let [withdrawn] = settled.as_slice() else { panic!("{settled:?}") };
    assert_eq!((withdrawn.state, withdrawn.text.as_str()), (SegmentState::Withdrawn, ""));
    assert!(withdrawn.revision > 0);

    let without_interims = TranscriptionConfig { interim_every: None, ..config() };
    assert_eq!(play(&mut source(without_interims, &engine), frames(&talk)).await, []);
}

#[tokio::test(start_paused = true)]
async fn silence_asks_nothing() {
    let engine = FakeTranscriber::new(Behaviour::default());
    let events = play(&mut source(config(), &engine), frames(&silence(10_000))).await;
    assert!(events.is_empty() && engine.behaviour.asked.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sources_do_not_wait_for_each_other() {
    let engine = FakeTranscriber::new(Behaviour { latency: Duration::from_secs(2), ..Behaviour::default() });
    let talk = talk(0..3, 600, 2_500);
    let mut sources: Vec<_> = (0..5).map(|_| source(config(), &engine)).collect();
    let plays = sources.iter_mut().map(|source| play(source, frames(&talk)));
    for events in futures_util::future::join_all(plays).await {
        assert_eq!(texts(&finals(&events)), words(0..3));
        for event in &events {
            let TranscriptionEvent::Final(_, timings) = event else { continue };
            assert!(timings.queued() < Duration::from_millis(50), "{timings:?}");
        }
    }
    assert_eq!(engine.behaviour.finals.most(), 5);
}

#[tokio::test(start_paused = true)]
async fn finishing_ends_the_utterance_in_hand_and_transcribes_it() {
    let engine = FakeTranscriber::new(Behaviour::default());
    let talk = number(7, 900);
    let events = play(&mut source(config(), &engine), frames(&talk)).await;
    assert_eq!(texts(&finals(&events)), ["word 7"]);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_source_leaves_nothing_running() {
    let engine = FakeTranscriber::new(Behaviour { latency: Duration::from_secs(5), ..Behaviour::default() });
    let mut source = source(config(), &engine);
    let talk = [number(1, 600), silence(600)].concat();
    for frame in frames(&talk) {
        source.push(&frame).expect("a known rate");
    }
    assert!(
        tokio::time::timeout(Duration::from_secs(1), source.next()).await.is_err(),
        "the engine takes longer"
    );
    assert_eq!(engine.behaviour.running.now(), 1);
    drop(source);
    assert_eq!(engine.behaviour.running.now(), 0);
}

#[tokio::test(start_paused = true)]
async fn stereo_at_48_khz_is_heard_as_mono_at_16_khz() {
    let engine = FakeTranscriber::new(Behaviour::default());
    let talk = talk(2..5, 800, 800);
    let stereo: Vec<i16> = talk.iter().flat_map(|sample| [*sample; 6]).collect();
    let stereo = stereo.chunks(960).map(|samples| AudioFrame {
        samples: samples.to_vec(),
        sample_rate_hz: 48_000,
        channels: 2,
    });
    let begun = Instant::now();
    let events = play(&mut source(config(), &engine), stereo).await;
    assert_eq!(texts(&finals(&events)), words(2..5));
    assert!(begun.elapsed() < Duration::from_secs(6));
    assert!(finals(&events)[1].start_ms.abs_diff(11_600) <= 30, "{events:?}");
}
