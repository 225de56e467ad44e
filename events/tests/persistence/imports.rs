//! Events of the old system.

use common::{access::Tenants, ids::CustomerId};
use events::{
    domain::{Change, EventPatch, EventState, Speaker},
    import::{self, KeptBecause, Outcome, Report},
    persistence::{Expected, Mode},
};
use serde_json::{Value, json};

use super::{Store, event, id, moment, on_both, whole};

on_both!(
    a_file_twice_is_the_same_as_once,
    what_changed_in_the_file_is_taken_over,
    what_was_changed_here_is_kept,
    what_was_deleted_here_stays_deleted,
    an_id_that_is_taken_is_replaced,
    what_is_only_tried_leaves_nothing,
    two_imports_at_once_make_one_event,
    customers_do_not_share_imports,
);

async fn import(store: &Store, customer: CustomerId, file: &Value, mode: Mode) -> Report {
    let parsed = import::parse(file.to_string().into_bytes()).expect("readable");
    parsed.write(&**store, customer, mode, moment(0)).await.expect("a store")
}

fn kinds(report: &Report) -> Vec<&'static str> {
    report.entries.iter().map(|entry| entry.outcome.kind()).collect()
}

fn file() -> Value {
    json!([
        {"id": 123_457, "title": "Assembly", "state": "LIVE", "source_lang": "en_US", "target_langs": ["es", "ca"]},
        {"id": "abc", "name": "Talk", "source_language": "es", "start": "2026-05-04T09:30:00Z", "glossary": {"a": "b"}},
        {"title": "No id"},
        {"id": 7, "source_lang": "what?"}
    ])
}

async fn a_file_twice_is_the_same_as_once(store: Store) {
    let customer = CustomerId::generate();
    let first = import(&store, customer, &file(), Mode::Keep).await;
    assert_eq!(kinds(&first), ["created", "created", "created", "refused"]);
    assert!(!first.took_all());
    let second = import(&store, customer, &file(), Mode::Keep).await;
    assert_eq!(kinds(&second), ["unchanged", "unchanged", "unchanged", "refused"]);
    let ids =
        |report: &Report| report.entries.iter().map(|entry| entry.outcome.event_id()).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(ids(&first)[0], Some(id(123_457)));

    let event = whole(&store, id(123_457)).await.expect("an event");
    assert_eq!((event.customer_id, event.state, event.version), (customer, EventState::Ready, 1));
    let languages: Vec<_> = event.channels[0].target_languages.iter().map(ToString::to_string).collect();
    assert_eq!(
        (event.channels[0].source_language.as_str(), languages),
        ("en-US", vec!["es".into(), "ca".into()])
    );
    assert_eq!(event.starts_at, moment(0), "without a date it gets the time of the import");
}

async fn what_changed_in_the_file_is_taken_over(store: Store) {
    let customer = CustomerId::generate();
    let old = json!({"123457": {"title": "Old", "channels": {"1": "en", "2": "es"}, "start": 0}});
    let new = json!({"123457": {"title": "New", "channels": {"2": "es-ES", "3": "ca"}, "state": "ENDED"}});
    import(&store, customer, &old, Mode::Keep).await;
    assert_eq!(kinds(&import(&store, customer, &new, Mode::Keep).await), ["updated"]);
    let event = whole(&store, id(123_457)).await.expect("an event");
    assert_eq!((event.title.as_str(), event.state, event.version), ("New", EventState::Ended, 2));
    let channels: Vec<_> = event.channels.iter().map(|channel| channel.source_language.as_str()).collect();
    assert_eq!((channels, event.last_channel_id), (vec!["es-ES", "ca"], 3));
    assert_eq!(event.starts_at.timestamp(), 0, "a date that the file has no more stays");
    assert_eq!(kinds(&import(&store, customer, &new, Mode::Keep).await), ["unchanged"]);
}

async fn what_was_changed_here_is_kept(store: Store) {
    let customer = CustomerId::generate();
    let old = json!({"123457": {"title": "Old"}, "123458": {"title": "Spoken", "channels": ["en"]}});
    let new = json!({"123457": {"title": "New"}, "123458": {"title": "Spoken", "channels": ["es"]}});
    import(&store, customer, &old, Mode::Keep).await;
    let rename = EventPatch { title: Some("Mine".parse().expect("a title")), ..EventPatch::default() };
    let channel_id = super::channel(1).channel_id;
    let assign = Speaker { channel_id, user_id: common::ids::UserId::generate() };
    for (number, change) in [(123_457, Change::Patch(rename)), (123_458, Change::AddSpeaker(assign))] {
        let changed = store.change_event(id(number), Tenants::All, &Expected::ANY, &change, moment(1)).await;
        assert!(changed.expect("a store").expect("a change").changed);
    }
    for file in [&old, &new] {
        let report = import(&store, customer, file, Mode::Keep).await;
        assert_eq!(report.entries[0].outcome, Outcome::Kept(id(123_457), KeptBecause::Changed));
        assert_eq!(report.entries[1].outcome, Outcome::Kept(id(123_458), KeptBecause::Changed));
        assert!(report.took_all());
    }
    assert_eq!(whole(&store, id(123_457)).await.expect("an event").title.as_str(), "Mine");
    assert_eq!(whole(&store, id(123_458)).await.expect("an event").speakers, [assign]);
}

async fn what_was_deleted_here_stays_deleted(store: Store) {
    let customer = CustomerId::generate();
    let file = json!({"123457": {"title": "T"}});
    import(&store, customer, &file, Mode::Keep).await;
    let deleted = store.delete_event(id(123_457), Tenants::All, &Expected::ANY).await.expect("a store");
    assert_eq!(deleted, Ok(()));
    let report = import(&store, customer, &file, Mode::Keep).await;
    assert_eq!(report.entries[0].outcome, Outcome::Kept(id(123_457), KeptBecause::Deleted));
    assert_eq!(whole(&store, id(123_457)).await, None);
}

async fn an_id_that_is_taken_is_replaced(store: Store) {
    let customer = CustomerId::generate();
    let other = event(123_457, CustomerId::generate());
    assert!(store.create_event(&other).await.expect("a store"));
    let file = json!({"123457": {"title": "T"}});
    let report = import(&store, customer, &file, Mode::Keep).await;
    let Outcome::Created(new_id) = report.entries[0].outcome else { panic!("{report:?}") };
    assert_ne!(new_id, id(123_457));
    assert!(report.entries[0].notes.iter().any(|note| note.contains("is taken")), "{report:?}");
    assert_eq!(whole(&store, id(123_457)).await, Some(other));
    let again = import(&store, customer, &file, Mode::Keep).await;
    assert_eq!(again.entries[0].outcome, Outcome::Unchanged(new_id));
    assert!(!again.entries[0].notes.iter().any(|note| note.contains("is taken")), "{again:?}");
}

async fn what_is_only_tried_leaves_nothing(store: Store) {
    let customer = CustomerId::generate();
    for _ in 0..2 {
        assert_eq!(kinds(&import(&store, customer, &file(), Mode::Try).await)[0], "created");
        assert_eq!(whole(&store, id(123_457)).await, None);
    }
    import(&store, customer, &json!({"123457": {"title": "T"}}), Mode::Keep).await;
    let tried = import(&store, customer, &json!({"123457": {"title": "Other"}}), Mode::Try).await;
    assert_eq!(kinds(&tried), ["updated"]);
    assert_eq!(whole(&store, id(123_457)).await.expect("an event").title.as_str(), "T");
}

async fn two_imports_at_once_make_one_event(store: Store) {
    let customer = CustomerId::generate();
    let file = json!([{"title": "No id", "start": 0}]);
    let imports: Vec<_> = (0..4)
        .map(|_| {
            let (store, file) = (store.clone(), file.clone());
            tokio::spawn(async move { kinds(&import(&store, customer, &file, Mode::Keep).await)[0] })
        })
        .collect();
    let mut outcomes = Vec::new();
    for import in imports {
        outcomes.push(import.await.expect("no panic"));
    }
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["created", "unchanged", "unchanged", "unchanged"]);
}

async fn customers_do_not_share_imports(store: Store) {
    let (one, two) = (CustomerId::generate(), CustomerId::generate());
    let file = json!([{"id": "abc", "title": "T"}]);
    assert_eq!(kinds(&import(&store, one, &file, Mode::Keep).await), ["created"]);
    assert_eq!(kinds(&import(&store, two, &file, Mode::Keep).await), ["created"]);
}
