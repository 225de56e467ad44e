//! What speech promises.

mod support;

use std::{sync::Arc, time::Duration};

use inference::Synthesizer;
use pipeline::{Speech, SpeechConfig, SpeechEvent, SpeechFrames, speech::speech};
use support::{Behaviour, FakeSynthesizer, language};
use tokio::time::interval;

fn voice(engine: FakeSynthesizer, config: SpeechConfig) -> (Speech<u32>, SpeechFrames<u32>) {
    speech(config, Arc::new(engine) as Arc<dyn Synthesizer>)
}

fn spanish() -> SpeechConfig {
    SpeechConfig::new(language("es-ES"))
}

/// Pulls a frame every 10 ms until all is spoken; returns the events and how many frames were not silent.
async fn listen(mut speech: Speech<u32>, mut frames: SpeechFrames<u32>) -> (Vec<SpeechEvent<u32>>, usize) {
    speech.finish();
    let (mut events, mut loud, mut frame) = (Vec::new(), 0, Vec::new());
    let mut clock = interval(Duration::from_millis(10));
    loop {
        tokio::select! {
            _ = clock.tick() => {
                frames.pull(&mut frame);
                assert_eq!(frame.len(), 480);
                loud += usize::from(frame.iter().any(|sample| sample.unsigned_abs() > 500));
            }
            event = speech.next() => match event {
                Some(event) => events.push(event),
                None => return (events, loud),
            },
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sentences_are_spoken_one_after_the_other() {
    let (mut speech, frames) = voice(FakeSynthesizer::default(), spanish());
    speech.say(1, "uno".into());
    speech.say(2, "dos".into());
    let (events, loud) = listen(speech, frames).await;
    assert_eq!(
        events,
        [
            SpeechEvent::Started(1),
            SpeechEvent::Finished(1),
            SpeechEvent::Started(2),
            SpeechEvent::Finished(2)
        ]
    );
    assert!((58..=64).contains(&loud), "600 ms of speech in {loud} frames");
}

#[tokio::test(start_paused = true)]
async fn too_much_waiting_speech_is_dropped_oldest_first_and_told() {
    let (mut speech, frames) = voice(FakeSynthesizer::default(), spanish());
    for n in 0..8 {
        speech.say(n, "a sentence that takes three secs".into());
    }
    let (events, _) = listen(speech, frames).await;
    let dropped: Vec<_> = events
        .iter()
        .filter_map(|event| if let SpeechEvent::Dropped(id) = event { Some(*id) } else { None })
        .collect();
    let finished: Vec<_> = events
        .iter()
        .filter_map(|event| if let SpeechEvent::Finished(id) = event { Some(*id) } else { None })
        .collect();
    assert!(!dropped.is_empty() && finished.last() == Some(&7), "{events:?}");
    let mut all = [dropped, finished].concat();
    all.sort_unstable();
    assert_eq!(all, (0..8).collect::<Vec<_>>(), "each is either heard or told to be dropped");
}

#[tokio::test(start_paused = true)]
async fn too_many_waiting_texts_are_dropped_before_they_are_synthesised() {
    let config = SpeechConfig { backlog: 2, ..spanish() };
    let (mut speech, frames) = voice(FakeSynthesizer::default(), config);
    for n in 0..4 {
        speech.say(n, "si".into());
    }
    let (events, _) = listen(speech, frames).await;
    assert_eq!(events[..2], [SpeechEvent::Dropped(0), SpeechEvent::Dropped(1)]);
    assert!(events.contains(&SpeechEvent::Finished(3)), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sentence_that_cannot_be_synthesised_is_told_and_the_next_is_spoken() {
    let behaviour = Behaviour { refuse: Some("no"), ..Behaviour::default() };
    let (mut speech, frames) = voice(FakeSynthesizer { behaviour }, spanish());
    speech.say(1, "no".into());
    speech.say(2, "dos".into());
    let (events, _) = listen(speech, frames).await;
    assert!(matches!(&events[0], SpeechEvent::Failed(1, error) if error.contains("400")), "{events:?}");
    assert_eq!(events.last(), Some(&SpeechEvent::Finished(2)));
}
