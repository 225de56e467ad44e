//! Files of the old system, as they are found.

mod anything;

use common::ids::{CustomerId, EventId};
use events::{
    import::{self, Outcome, Report, UnreadableFile},
    persistence::{Mode, in_memory::InMemory},
};

const LIST: &str = include_str!("list.json");
const MAP: &str = include_str!("map.json");
const WRAPPED: &str = include_str!("wrapped.json");
const DAMAGED: &str = include_str!("damaged.json");

async fn report(store: &InMemory, customer: CustomerId, file: impl Into<Vec<u8>>) -> Report {
    let parsed = import::parse(file.into()).expect("readable");
    parsed.write(store, customer, Mode::Keep, chrono::DateTime::UNIX_EPOCH).await.expect("a store")
}

/// A report as people read it; ids that were drawn are `…`.
fn told(report: &Report, old: &[i64]) -> Vec<String> {
    let lines = report.entries.iter().map(|entry| {
        let mut text = entry.to_string();
        if let Some(id) = entry.outcome.event_id().filter(|id| !old.contains(&i64::from(*id))) {
            text = text.replace(&id.to_string(), "…");
        }
        text
    });
    report.notes.iter().cloned().chain(lines).collect()
}

#[tokio::test]
async fn a_list_is_taken_over() {
    let report = report(&InMemory::default(), CustomerId::generate(), LIST).await;
    assert_eq!(
        told(&report, &[123_457, 234_568]),
        [
            "entry 1 (123457): created 123457\n    \
             was LIVE: imported as ready, sessions have to be started here\n    not taken over: created_at",
            "entry 2 (234568): created 234568\n    starts_at has no time zone: taken as UTC\n    \
             2 speakers are not taken over: assign accounts of this system",
            "entry 3 (a8f3-77): created …\n    has no end: taken as an hour long\n    \
             its id \"a8f3-77\" is none of 6 to 9 digits: it gets one",
            "entry 4 (42): created …\n    has no end: taken as an hour long\n    \
             its id \"42\" is none of 6 to 9 digits: it gets one",
        ]
    );
    assert!(report.took_all());
    assert_eq!(report.summary(), "4 entries: 4 created");
}

#[tokio::test]
async fn a_map_and_a_wrapper_are_taken_over() {
    let store = InMemory::default();
    let of_map = report(&store, CustomerId::generate(), MAP).await;
    assert_eq!(
        told(&of_map, &[345_679, 456_780]),
        [
            "entry 1 (345679): created 345679",
            "entry 2 (456780): created 456780\n    starts_at has no time: taken as midnight\n    \
             starts_at has no time zone: taken as UTC\n    has no end: taken as an hour long\n    \
             2 participants are not taken over: assign accounts of this system",
        ]
    );
    let wrapped = report(&store, CustomerId::generate(), WRAPPED).await;
    assert_eq!(
        told(&wrapped, &[567_891]),
        [
            "beside the events, not taken over: version, exported_at",
            "entry 1 (567891): created 567891\n    has no end: taken as an hour long",
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_taken_is_reported_one_by_one_and_nothing_else_is_lost() {
    let (store, customer) = (InMemory::default(), CustomerId::generate());
    let first = report(&store, customer, DAMAGED).await;
    let refused: Vec<(usize, &str)> = first
        .entries
        .iter()
        .filter_map(|entry| match &entry.outcome {
            Outcome::Refused(reason) => Some((entry.place, reason.as_str())),
            _ => None,
        })
        .collect();
    let reasons = [
        (2, "it is a text, not an event"),
        (3, "\"English\" is no language tag"),
        (4, "starts_at \"next week\" is no date and time"),
        (5, "its id is neither a text nor a number"),
        (6, "has neither an id nor a title"),
        (7, "entry 1 is the same event with other content"),
        (8, "channel 1: has no source language"),
        (9, "it cannot be read: "),
    ];
    assert_eq!(refused.len(), reasons.len(), "{refused:#?}");
    for ((place, found), (expected_place, expected)) in refused.iter().zip(reasons) {
        assert!(*place == expected_place && found.starts_with(expected), "{place}: {found}");
    }
    assert!(!first.took_all());
    assert_eq!(first.summary(), "11 entries: 2 created, 1 repeated, 8 refused");
    let again = report(&store, customer, DAMAGED).await;
    assert_eq!(again.summary(), "11 entries: 2 unchanged, 1 repeated, 8 refused");
}

#[tokio::test]
async fn the_encoding_of_the_file_makes_no_difference() {
    let (store, customer) = (InMemory::default(), CustomerId::generate());
    report(&store, customer, LIST).await;
    let utf16 = |order: fn(u16) -> [u8; 2], mark: [u8; 2]| {
        mark.into_iter().chain(LIST.encode_utf16().flat_map(order)).collect::<Vec<u8>>()
    };
    for file in [
        [&[0xEF, 0xBB, 0xBF], LIST.as_bytes()].concat(),
        utf16(u16::to_le_bytes, [0xFF, 0xFE]),
        utf16(u16::to_be_bytes, [0xFE, 0xFF]),
    ] {
        assert_eq!(report(&store, customer, file).await.summary(), "4 entries: 4 unchanged");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_whole() {
    let whole = LIST.trim_end().as_bytes();
    for end in 0..whole.len() {
        let error = import::parse(whole[..end].to_vec()).expect_err("cut");
        assert!(matches!(error, UnreadableFile::Truncated { .. } | UnreadableFile::Empty), "{end}: {error}");
    }
}

#[test]
fn a_file_of_a_hundred_thousand_events_is_no_burden() {
    let entry = |number: usize| format!("{{\"id\":{number},\"source_lang\":\"en\",\"start\":0,\"end\":60}}");
    let entries: Vec<String> = (100_000..200_000).map(entry).collect();
    let file = format!("[{}]", entries.join(",\n"));
    let parsed = import::parse(file.into_bytes()).expect("readable");
    assert_eq!(parsed.events().count(), 100_000);
    let last = parsed.events().last().and_then(|event| event.old_id);
    assert_eq!(last, EventId::new(199_999).ok());
}
