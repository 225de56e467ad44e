//! Whatever a file holds, it is read without a panic, and what is taken is an event.

use std::collections::BTreeSet;

use common::ids::{CustomerId, EventId};
use events::import;
use proptest::prelude::*;
use serde_json::Value;

/// Names that the importer knows, so that it gets past the first check, and some that it does not.
const NAMES: &[&str] = &[
    "id",
    "event_id",
    "title",
    "name",
    "description",
    "state",
    "status",
    "start",
    "starts_at",
    "end",
    "date",
    "time",
    "duration",
    "timezone",
    "source_lang",
    "sourceLanguage",
    "target_langs",
    "languages",
    "channels",
    "channel_id",
    "glossary",
    "record",
    "speech",
    "tts",
    "public",
    "listen_access",
    "speakers",
    "events",
    "7",
    "123457",
    "es",
    "colour",
];

const TEXTS: &[&str] = &[
    "",
    "es",
    "es_ES",
    "es,ca",
    "en-US",
    "english",
    "LIVE",
    "ended",
    "123457",
    "0",
    "10:00",
    "2026-05-04",
    "2026-05-04 10:00",
    "2026-03-29T02:30:00",
    "2026-05-04T10:00:00Z",
    "1777887000",
    "Europe/Madrid",
    "yes",
    "public",
    "\u{0}",
    "a\u{1b}[2Jb",
    "é\u{301}\u{202e}",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_i64..2_000_000_000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(TEXTS).prop_map(Value::from),
        ".{0,300}".prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(NAMES), inner), 0..8).prop_map(|pairs| {
                pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Value>()
            }),
        ]
    })
}

fn check(file: Vec<u8>) {
    let Ok(parsed) = import::parse(file.clone()) else { return };
    let id = EventId::new(123_457).expect("an id");
    let mut keys = BTreeSet::new();
    for imported in parsed.events() {
        assert!(keys.insert(imported.key.clone()), "{} twice", imported.key);
        assert!(imported.key.chars().count() <= 300 && !imported.key.contains('\0'));
        let event = imported.to_event(id, CustomerId::generate(), chrono::DateTime::UNIX_EPOCH);
        assert!(event.starts_at < event.ends_at, "{event:?}");
        assert!(event.channels.is_sorted_by(|a, b| a.channel_id < b.channel_id), "{event:?}");
        assert!(event.channels.iter().all(|channel| channel.mistakes("").is_empty()), "{event:?}");
        assert!(event.channels.iter().all(|channel| channel.channel_id.get() <= event.last_channel_id));
        assert_ne!(event.state, events::domain::EventState::Live);
    }
    let again = import::parse(file).expect("as before");
    assert!(again.events().eq(parsed.events()), "the same file is read the same");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_read(value in value()) {
        check(value.to_string().into_bytes());
    }

    #[test]
    fn any_entries_are_read(entries in prop::collection::vec(value(), 0..5)) {
        check(Value::from(entries).to_string().into_bytes());
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(bytes);
    }

    #[test]
    fn a_damaged_file_is_read(at in 0..super::LIST.len(), byte in any::<u8>()) {
        let mut file = super::LIST.as_bytes().to_vec();
        file[at] = byte;
        check(file);
    }
}
