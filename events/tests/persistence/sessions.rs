//! Session records.

use common::{
    access::Tenants,
    ids::{ChannelId, CustomerId},
};
use events::{
    domain::SessionRecord,
    persistence::{Expected, Recorded, SessionKey, SessionScope},
};
use serde_json::{Value, json};

use super::{Store, event, id, moment, on_both};

on_both!(
    a_record_that_is_told_again_is_kept_once,
    a_record_grows_and_is_not_contradicted,
    of_the_same_record_told_at_once_one_is_new,
    there_is_no_record_of_what_is_not_there,
    records_are_listed_by_start_and_seen_by_channel,
    records_go_with_their_event,
);

fn record(session_id: &str, changes: Value) -> SessionRecord {
    let mut body = json!({
        "session_id": session_id, "channel_id": 1, "status": "active", "started_at": moment(0),
        "agents": [{"agent_id": "asr", "agent_type": "asr", "started_at": "2026-05-04T09:30:00.123456Z"}],
        "peak_listeners": {"ca-ES": 3}
    });
    let Value::Object(changes) = changes else { panic!("an object") };
    for (name, value) in changes {
        body[name] = value;
    }
    serde_json::from_value(body).expect("a record")
}

fn ended() -> Value {
    json!({"status": "ended", "ended_at": moment(60), "artefacts": [{
        "name": "a.flac", "kind": "recording", "language": "ca-ES", "format": "flac", "bytes": 9_007_199_254_740_991_u64,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "url": "/a.flac"
    }]})
}

async fn told(store: &Store, record: &SessionRecord, at: i64) -> Recorded {
    store
        .record_session(id(123_457), Tenants::All, record, "live-service", moment(at))
        .await
        .expect("a store")
}

async fn with_event(store: &Store) -> CustomerId {
    let customer = CustomerId::generate();
    assert!(store.create_event(&event(123_457, customer)).await.expect("a store"));
    customer
}

async fn a_record_that_is_told_again_is_kept_once(store: Store) {
    with_event(&store).await;
    let record = record("s-1", ended());
    let Recorded::New(stored) = told(&store, &record, 1).await else { panic!("new") };
    assert_eq!((stored.recorded_by.as_str(), stored.recorded_at), ("live-service", moment(1)));
    assert_eq!(stored.record, record);
    assert_eq!(told(&store, &record, 2).await, Recorded::Known(stored.clone()));
    let read = store.session(id(123_457), &record.session_id, &SessionScope::All).await.expect("a store");
    assert_eq!(read, Some(stored));
}

async fn a_record_grows_and_is_not_contradicted(store: Store) {
    with_event(&store).await;
    let (open, whole) = (record("s-1", json!({})), record("s-1", ended()));
    assert!(matches!(told(&store, &open, 1).await, Recorded::New(_)));
    let Recorded::Completed(stored) = told(&store, &whole, 2).await else { panic!("completed") };
    assert_eq!((stored.recorded_at, stored.updated_at), (moment(1), moment(2)));
    assert_eq!(told(&store, &open, 3).await, Recorded::Known(stored.clone()), "an earlier stage came late");
    let other = record("s-1", json!({"channel_id": 2}));
    assert_eq!(told(&store, &other, 4).await, Recorded::Contradicted);
    let read = store.session(id(123_457), &open.session_id, &SessionScope::All).await.expect("a store");
    assert_eq!(read, Some(stored));
}

async fn of_the_same_record_told_at_once_one_is_new(store: Store) {
    with_event(&store).await;
    let tellings: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { told(&store, &record("s-1", json!({})), 1).await })
        })
        .collect();
    let mut new = 0;
    for telling in tellings {
        match telling.await.expect("no panic") {
            Recorded::New(_) => new += 1,
            other => assert!(matches!(other, Recorded::Known(_)), "{other:?}"),
        }
    }
    assert_eq!(new, 1);
}

async fn there_is_no_record_of_what_is_not_there(store: Store) {
    with_event(&store).await;
    let other = Tenants::One(CustomerId::generate());
    let of_other = store.record_session(id(123_457), other, &record("s-1", json!({})), "s", moment(1)).await;
    assert_eq!(of_other.expect("a store"), Recorded::NoEvent);
    let nowhere =
        store.record_session(id(999_999), Tenants::All, &record("s-1", json!({})), "s", moment(1)).await;
    assert_eq!(nowhere.expect("a store"), Recorded::NoEvent);
    assert_eq!(told(&store, &record("s-1", json!({"channel_id": 3})), 1).await, Recorded::NoChannel);
    assert!(store.sessions(id(123_457), &SessionScope::All, None, 9).await.expect("a store").is_empty());
}

async fn records_are_listed_by_start_and_seen_by_channel(store: Store) {
    with_event(&store).await;
    for (session_id, channel, start) in [("b", 1, 5), ("a", 2, 5), ("B", 1, 5), ("z", 1, 0)] {
        let record = record(session_id, json!({"channel_id": channel, "started_at": moment(start)}));
        assert!(matches!(told(&store, &record, 9).await, Recorded::New(_)));
    }
    let all = store.sessions(id(123_457), &SessionScope::All, None, 9).await.expect("a store");
    let names: Vec<_> = all.iter().map(|stored| stored.record.session_id.as_str()).collect();
    assert_eq!(names, ["z", "B", "a", "b"]);
    let after = SessionKey::of(&all[1]);
    assert_eq!(
        store.sessions(id(123_457), &SessionScope::All, Some(&after), 1).await.expect("a store"),
        all[2..3]
    );
    let second = SessionScope::Channels(vec![ChannelId::new(2).expect("a channel")]);
    assert_eq!(store.sessions(id(123_457), &second, None, 9).await.expect("a store"), all[2..3]);
    let first = &all[0].record.session_id;
    assert_eq!(store.session(id(123_457), first, &second).await.expect("a store"), None);
    let none = SessionScope::Channels(Vec::new());
    assert!(store.sessions(id(123_457), &none, None, 9).await.expect("a store").is_empty());
}

async fn records_go_with_their_event(store: Store) {
    let customer = with_event(&store).await;
    let record = record("s-1", json!({}));
    assert!(matches!(told(&store, &record, 1).await, Recorded::New(_)));
    let deleted = store.delete_event(id(123_457), Tenants::All, &Expected::ANY).await.expect("a store");
    assert_eq!(deleted, Ok(()));
    assert!(store.create_event(&event(123_457, customer)).await.expect("a store"));
    let read = store.session(id(123_457), &record.session_id, &SessionScope::All).await.expect("a store");
    assert_eq!(read, None);
}
