//! What a translation promises.

mod support;

use std::{sync::Arc, time::Duration};

use common::{Segment, SegmentState};
use inference::Translator;
use pipeline::{GAP_TEXT, Translation, TranslationConfig, TranslationEvent};
use support::{Behaviour, FakeTranslator, caption, language};
use tokio::time::{Instant, timeout};

fn to_spanish(engine: &Arc<FakeTranslator>) -> Translation {
    let config = TranslationConfig::new(language("es-ES"));
    Translation::new(config, Arc::clone(engine) as Arc<dyn Translator>)
}

async fn drain(translation: &mut Translation) -> Vec<TranslationEvent> {
    translation.finish();
    let mut events = Vec::new();
    while let Some(event) = translation.next().await {
        events.push(event);
    }
    events
}

fn texts<'a>(events: &'a [TranslationEvent], speaker: &str) -> Vec<&'a str> {
    events.iter().filter(|e| e.segment.speaker == speaker).map(|e| e.segment.text.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_translation_keeps_id_speaker_and_times_in_every_language() {
    let engine = Arc::new(FakeTranslator::default());
    let source = caption("ana", "hello");
    for target in ["es-ES", "ca-ES"] {
        let mut translation = Translation::new(
            TranslationConfig::new(language(target)),
            Arc::clone(&engine) as Arc<dyn Translator>,
        );
        translation.push(source.clone());
        let events = drain(&mut translation).await;
        let expected = Segment {
            language: language(target),
            text: format!("{}: hello", language(target).primary()),
            revision: 0,
            ..source.clone()
        };
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].segment, expected);
        assert!(!events[0].untranslated);
        assert_eq!(events[0].timings.engine, Duration::from_millis(100));
    }
}

#[tokio::test(start_paused = true)]
async fn each_speakers_order_is_kept_and_no_speaker_waits_for_another() {
    let engine = Arc::new(FakeTranslator::default());
    let mut translation = to_spanish(&engine);
    for n in 0..5 {
        for speaker in ["ana", "ben", "eva"] {
            translation.push(caption(speaker, &n.to_string()));
        }
    }
    let begun = Instant::now();
    let events = drain(&mut translation).await;
    assert_eq!(begun.elapsed(), Duration::from_millis(500), "three in parallel, five in a row");
    for speaker in ["ana", "ben", "eva"] {
        assert_eq!(texts(&events, speaker), ["es: 0", "es: 1", "es: 2", "es: 3", "es: 4"]);
    }
}

#[tokio::test(start_paused = true)]
async fn parallel_requests_are_bounded() {
    let engine = Arc::new(FakeTranslator::default());
    let mut translation = to_spanish(&engine);
    for speaker in 0..20 {
        translation.push(caption(&speaker.to_string(), "hello"));
    }
    assert_eq!(drain(&mut translation).await.len(), 20);
    assert_eq!(engine.behaviour.running.most(), 4);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_while_the_engine_is_away_for_20_s() {
    let behaviour = Behaviour::away(Duration::ZERO, Duration::from_secs(20));
    let engine = Arc::new(FakeTranslator { behaviour, ..FakeTranslator::default() });
    let mut translation = to_spanish(&engine);
    for n in 0..8 {
        translation.push(caption("ana", &n.to_string()));
    }
    let events = drain(&mut translation).await;
    assert_eq!(texts(&events, "ana"), (0..8).map(|n| format!("es: {n}")).collect::<Vec<_>>());
    assert!(translation.stats().retries > 3);
}

#[tokio::test(start_paused = true)]
async fn the_same_update_is_translated_once_and_a_correction_again() {
    let engine = Arc::new(FakeTranslator::default());
    let mut translation = to_spanish(&engine);
    let source = caption("ana", "hello");
    translation.push(source.clone());
    translation.push(source.clone());
    translation.push(Segment { revision: source.revision - 1, ..source.clone() });
    let corrected = Segment {
        text: "hallo".into(),
        revision: source.revision + 1,
        state: SegmentState::Corrected,
        ..source.clone()
    };
    translation.push(corrected);
    let events = drain(&mut translation).await;
    let updates: Vec<_> =
        events.iter().map(|e| (e.segment.revision, e.segment.state, e.segment.text.as_str())).collect();
    assert_eq!(updates, [(0, SegmentState::Final, "es: hello"), (1, SegmentState::Corrected, "es: hallo")]);
    assert_eq!(translation.stats().duplicates, 2);
}

#[tokio::test(start_paused = true)]
async fn a_withdrawal_follows_its_translation_and_is_not_news_without_one() {
    let engine = Arc::new(FakeTranslator::default());
    let mut translation = to_spanish(&engine);
    let source = caption("ana", "hello");
    let withdrawn = |source: &Segment| Segment {
        text: String::new(),
        revision: source.revision + 1,
        state: SegmentState::Withdrawn,
        ..source.clone()
    };
    translation.push(withdrawn(&caption("ana", "never translated")));
    translation.push(source.clone());
    let first = translation.next().await.expect("a translation");
    translation.push(withdrawn(&source));
    let events = drain(&mut translation).await;
    assert_eq!(first.segment.text, "es: hello");
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].segment.state, events[0].segment.text.as_str()), (SegmentState::Withdrawn, ""));
}

#[tokio::test(start_paused = true)]
async fn interims_translations_and_the_target_language_itself_are_left_alone() {
    let engine = Arc::new(FakeTranslator::default());
    let mut translation = to_spanish(&engine);
    let source = caption("ana", "hello");
    translation.push(Segment { state: SegmentState::Interim, ..source.clone() });
    translation.push(Segment { language: language("ca-ES"), ..source.clone() });
    translation.push(Segment { language: language("es-MX"), source_language: language("es-MX"), ..source });
    assert!(drain(&mut translation).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_model_does_not_translate_is_shown_in_its_language_and_marked() {
    let engine = Arc::new(FakeTranslator {
        behaviour: Behaviour { refuse: Some("refused"), ..Behaviour::default() },
        chatters: Some("chatter"),
        ..FakeTranslator::default()
    });
    let mut translation = to_spanish(&engine);
    for text in ["refused", "chatter", "fine"] {
        translation.push(caption("ana", text));
    }
    let events = drain(&mut translation).await;
    assert_eq!(texts(&events, "ana"), ["[en] refused", "[en] chatter", "es: fine"]);
    assert_eq!(events.iter().map(|e| e.untranslated).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(translation.stats().untranslated, 2);
}

#[tokio::test(start_paused = true)]
async fn what_exceeds_the_bound_is_shown_untranslated_and_counted() {
    let engine = Arc::new(FakeTranslator::default());
    let config = TranslationConfig { backlog: 3, ..TranslationConfig::new(language("es-ES")) };
    let mut translation = Translation::new(config, Arc::clone(&engine) as Arc<dyn Translator>);
    for n in 0..5 {
        translation.push(caption("ana", &n.to_string()));
    }
    let events = drain(&mut translation).await;
    assert_eq!(texts(&events, "ana"), ["[en] 0", "[en] 1", "es: 2", "es: 3", "es: 4"]);
    assert_eq!(translation.stats().overflowed, 2);
}

#[tokio::test(start_paused = true)]
async fn the_last_sentences_and_the_glossary_go_along() {
    let engine = Arc::new(FakeTranslator::default());
    let glossary = vec![("Ilenia".to_owned(), "Ilenia".to_owned())];
    let config = TranslationConfig {
        context: 2,
        glossary: glossary.clone(),
        ..TranslationConfig::new(language("es-ES"))
    };
    let mut translation = Translation::new(config, Arc::clone(&engine) as Arc<dyn Translator>);
    for text in ["one", "two", "three", "four"] {
        translation.push(caption("ana", text));
    }
    translation.push(caption("ben", "another"));
    drain(&mut translation).await;
    let requests = engine.requests.lock();
    let of = |text| requests.iter().find(|request| request.text == text).expect("asked");
    let pair = |text: &str| (text.to_owned(), format!("es: {text}"));
    assert_eq!(of("one").context, []);
    assert_eq!(of("four").context, [pair("two"), pair("three")]);
    assert_eq!(of("another").context, [], "another speaker's sentences are no context");
    assert_eq!(of("four").glossary, glossary);
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_a_gap_in_every_language() {
    let engine = Arc::new(FakeTranslator::default());
    let mut translation = to_spanish(&engine);
    translation.push(caption("ana", GAP_TEXT));
    let events = drain(&mut translation).await;
    assert_eq!(texts(&events, "ana"), [GAP_TEXT]);
    assert!(engine.requests.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn dropping_a_translation_leaves_nothing_running() {
    let engine = Arc::new(FakeTranslator::default());
    let mut translation = to_spanish(&engine);
    translation.push(caption("ana", "hello"));
    assert!(timeout(Duration::from_millis(50), translation.next()).await.is_err());
    assert_eq!(engine.behaviour.running.now(), 1);
    drop(translation);
    assert_eq!(engine.behaviour.running.now(), 0);
}
