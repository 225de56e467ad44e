//! Events, their channels and their people.

use common::{
    access::Tenants,
    ids::{ChannelId, CustomerId, UserId},
};
use events::{
    domain::{
        Change, ChannelPatch, Event, EventPatch, EventState, Instant, ListenAccess, Listener, NewChannel,
        Refusal, Speaker,
    },
    persistence::Expected,
};
use serde_json::json;

use super::{Store, channel, event, id, moment, on_both, whole};

on_both!(
    an_event_is_read_back_as_it_was_made,
    an_id_is_taken_once,
    a_patch_changes_what_it_names,
    channels_come_and_go_and_numbers_are_not_given_again,
    speakers_go_with_their_channel,
    people_are_assigned_once,
    what_makes_no_sense_changes_nothing,
    a_change_asks_for_the_version_it_expects,
    another_customers_event_does_not_exist,
    a_deleted_event_is_gone_unless_it_is_live,
    a_move_that_is_not_legal_changes_nothing,
);

fn number(number: i64) -> ChannelId {
    ChannelId::new(number).expect("a channel id")
}

fn rename(title: &str) -> Change {
    Change::Patch(EventPatch { title: Some(title.parse().expect("a title")), ..EventPatch::default() })
}

fn new_channel(changes: &serde_json::Value) -> Change {
    let mut body = json!({"name": "B", "source_language": "es-ES", "target_languages": ["en", "ca-ES"]});
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    Change::AddChannel(serde_json::from_value::<NewChannel>(body).expect("a channel"))
}

async fn made(store: &Store) -> Event {
    let event =
        Event { channels: vec![channel(1)], last_channel_id: 1, ..event(123_457, CustomerId::generate()) };
    assert!(store.create_event(&event).await.expect("a store"));
    event
}

async fn changed(store: &Store, change: &Change) -> Result<Event, Refusal> {
    let outcome = store.change_event(id(123_457), Tenants::All, &Expected::ANY, change, moment(9)).await;
    let outcome = outcome.expect("a store").map(|changed| changed.event);
    if let Ok(event) = &outcome {
        assert_eq!(whole(store, id(123_457)).await.as_ref(), Some(event), "what is told is what is kept");
    }
    outcome
}

async fn an_event_is_read_back_as_it_was_made(store: Store) {
    let mut users: Vec<UserId> = (0..5).map(|_| UserId::generate()).collect();
    users.sort();
    let plain = event(123_457, CustomerId::generate());
    let full = Event {
        event_id: id(999_999_999),
        title: "L'assemblea “oberta” ☀ 𝄞 \\ ' %".parse().expect("a title"),
        description: Some("one\n\ttwo".parse().expect("a description")),
        starts_at: "1970-01-01T00:00:00.000001Z".parse::<Instant>().expect("a time").utc(),
        ends_at: "2199-12-31T23:59:59.999999Z".parse::<Instant>().expect("a time").utc(),
        timezone: "Europe/Madrid".parse().expect("a zone"),
        listen_access: ListenAccess::Public,
        channels: vec![
            channel(1),
            events::domain::Channel {
                glossary: serde_json::from_value(json!({"ca-ES": {"a \"b\"": "c\\d"}, "es": {}}))
                    .expect("a glossary"),
                target_languages: Vec::new(),
                ..channel(999)
            },
        ],
        last_channel_id: 999,
        speakers: vec![
            Speaker { channel_id: number(1), user_id: users[3] },
            Speaker { channel_id: number(999), user_id: users[0] },
            Speaker { channel_id: number(999), user_id: users[3] },
        ],
        listeners: users.iter().map(|user| Listener { user_id: *user }).collect(),
        ..event(999_999_999, CustomerId::generate())
    };
    for event in [plain, full] {
        assert!(store.create_event(&event).await.expect("a store"));
        assert_eq!(whole(&store, event.event_id).await, Some(event));
    }
    assert_eq!(whole(&store, id(100_000)).await, None);
}

async fn an_id_is_taken_once(store: Store) {
    let first = made(&store).await;
    let second =
        Event { title: "Second".parse().expect("a title"), ..event(123_457, CustomerId::generate()) };
    assert!(!store.create_event(&second).await.expect("a store"));
    assert_eq!(whole(&store, id(123_457)).await, Some(first));
}

async fn a_patch_changes_what_it_names(store: Store) {
    let before = made(&store).await;
    let event = changed(&store, &rename("New")).await.expect("changed");
    let expected =
        Event { title: "New".parse().expect("a title"), version: 2, updated_at: moment(9), ..before.clone() };
    assert_eq!(event, expected);
    let patch: EventPatch = serde_json::from_value(json!({
        "description": "D", "starts_at": "2026-01-01T00:00:00.0000019+01:00", "ends_at": "2026-01-02T00:00:00Z",
        "timezone": "Asia/Tokyo", "listen_access": "authenticated"
    }))
    .expect("a patch");
    let event = changed(&store, &Change::Patch(patch)).await.expect("changed");
    assert_eq!(event.starts_at.to_rfc3339(), "2025-12-31T23:00:00.000001+00:00");
    assert_eq!((event.listen_access, event.timezone.name()), (ListenAccess::Authenticated, "Asia/Tokyo"));
    let cleared = EventPatch { description: Some(None), ..EventPatch::default() };
    assert_eq!(changed(&store, &Change::Patch(cleared)).await.expect("changed").description, None);
    let same = changed(&store, &rename("New")).await.expect("unchanged");
    assert_eq!(same.version, 4, "what changes nothing makes no version");
}

async fn channels_come_and_go_and_numbers_are_not_given_again(store: Store) {
    made(&store).await;
    let numbers =
        |event: &Event| event.channels.iter().map(|channel| channel.channel_id.get()).collect::<Vec<_>>();
    assert_eq!(numbers(&changed(&store, &new_channel(&json!({}))).await.expect("added")), [1, 2]);
    assert_eq!(
        numbers(&changed(&store, &new_channel(&json!({"channel_id": 7}))).await.expect("added")),
        [1, 2, 7]
    );
    assert_eq!(numbers(&changed(&store, &Change::RemoveChannel(number(7))).await.expect("removed")), [1, 2]);
    assert_eq!(numbers(&changed(&store, &new_channel(&json!({}))).await.expect("added")), [1, 2, 8]);
    assert_eq!(
        numbers(&changed(&store, &new_channel(&json!({"channel_id": 5}))).await.expect("added")),
        [1, 2, 5, 8]
    );
    let taken = changed(&store, &new_channel(&json!({"channel_id": 5}))).await;
    assert_eq!(taken, Err(Refusal::ChannelExists(number(5))));
    let patch: ChannelPatch = serde_json::from_value(json!({
        "target_languages": ["fr-FR"], "record": false, "glossary": {"fr-FR": {"sí": "oui"}}
    }))
    .expect("a patch");
    let event = changed(&store, &Change::PatchChannel(number(5), patch)).await.expect("changed");
    assert_eq!(event.channels[2].glossary.iter().count(), 1);
    assert_eq!(changed(&store, &Change::RemoveChannel(number(3))).await, Err(Refusal::NoChannel));
    let nothing = Change::PatchChannel(number(3), ChannelPatch::default());
    assert_eq!(changed(&store, &nothing).await, Err(Refusal::NoChannel));
    changed(&store, &new_channel(&json!({"channel_id": 999}))).await.expect("added");
    let after = changed(&store, &new_channel(&json!({}))).await;
    assert!(matches!(after, Err(Refusal::TooMany { .. })), "{after:?}");
}

async fn speakers_go_with_their_channel(store: Store) {
    made(&store).await;
    changed(&store, &new_channel(&json!({}))).await.expect("added");
    let user_id = UserId::generate();
    for channel in [1, 2] {
        let speaker = Speaker { channel_id: number(channel), user_id };
        changed(&store, &Change::AddSpeaker(speaker)).await.expect("added");
    }
    let event = changed(&store, &Change::RemoveChannel(number(1))).await.expect("removed");
    assert_eq!(event.speakers, [Speaker { channel_id: number(2), user_id }]);
}

async fn people_are_assigned_once(store: Store) {
    made(&store).await;
    let mut users: Vec<UserId> = (0..20).map(|_| UserId::generate()).collect();
    users.reverse();
    for user in users.iter().chain(&users) {
        changed(&store, &Change::AddListener(*user)).await.expect("added");
        let speaker = Speaker { channel_id: number(1), user_id: *user };
        changed(&store, &Change::AddSpeaker(speaker)).await.expect("added");
    }
    let event = whole(&store, id(123_457)).await.expect("an event");
    assert_eq!((event.speakers.len(), event.listeners.len(), event.version), (20, 20, 41));
    let speaker = Speaker { channel_id: number(1), user_id: users[7] };
    for change in [Change::RemoveListener(users[7]), Change::RemoveSpeaker(speaker)] {
        changed(&store, &change).await.expect("removed");
        assert_eq!(changed(&store, &change).await, Err(Refusal::NoAssignment));
    }
    let event = whole(&store, id(123_457)).await.expect("an event");
    assert_eq!((event.speakers.len(), event.listeners.len()), (19, 19));
}

async fn what_makes_no_sense_changes_nothing(store: Store) {
    let before = made(&store).await;
    let backwards: EventPatch =
        serde_json::from_value(json!({"ends_at": "1990-01-01T00:00:00Z"})).expect("a patch");
    let own_language: ChannelPatch =
        serde_json::from_value(json!({"source_language": "ca-ES"})).expect("a patch");
    let nowhere = Speaker { channel_id: number(4), user_id: UserId::generate() };
    for change in [
        Change::Patch(backwards),
        Change::PatchChannel(number(1), own_language),
        Change::AddSpeaker(nowhere),
        new_channel(&json!({"target_languages": ["es-ES"]})),
        new_channel(&json!({"target_languages": ["ca", "ca"]})),
    ] {
        let outcome = changed(&store, &change).await;
        assert!(matches!(outcome, Err(Refusal::Invalid(_))), "{change:?}: {outcome:?}");
    }
    assert_eq!(whole(&store, id(123_457)).await, Some(before));
}

async fn a_change_asks_for_the_version_it_expects(store: Store) {
    made(&store).await;
    let scope = Tenants::All;
    for stale in [Expected(Some(vec![2])), Expected(Some(Vec::new()))] {
        let outcome = store.change_event(id(123_457), scope, &stale, &rename("New"), moment(9)).await;
        assert_eq!(outcome.expect("a store"), Err(Refusal::Stale));
        let outcome = store.change_state(id(123_457), scope, &stale, EventState::Live, 1, moment(9)).await;
        assert_eq!(outcome.expect("a store"), Err(Refusal::Stale));
        let outcome = store.delete_event(id(123_457), scope, &stale).await;
        assert_eq!(outcome.expect("a store"), Err(Refusal::Stale));
    }
    let known = Expected(Some(vec![7, 1]));
    let outcome = store.change_event(id(123_457), scope, &known, &rename("New"), moment(9)).await;
    assert_eq!(outcome.expect("a store").expect("changed").event.version, 2);
}

async fn another_customers_event_does_not_exist(store: Store) {
    let before = made(&store).await;
    for scope in [Tenants::One(CustomerId::generate()), Tenants::None] {
        let any = &Expected::ANY;
        let outcome = store.change_event(id(123_457), scope, any, &rename("Mine"), moment(9)).await;
        assert_eq!(outcome.expect("a store"), Err(Refusal::NoEvent));
        let outcome = store.change_state(id(123_457), scope, any, EventState::Live, 1, moment(9)).await;
        assert_eq!(outcome.expect("a store"), Err(Refusal::NoEvent));
        assert_eq!(
            store.delete_event(id(123_457), scope, any).await.expect("a store"),
            Err(Refusal::NoEvent)
        );
    }
    assert_eq!(whole(&store, id(123_457)).await, Some(before.clone()));
    let own = Tenants::One(before.customer_id);
    assert_eq!(store.delete_event(id(123_457), own, &Expected::ANY).await.expect("a store"), Ok(()));
}

async fn a_deleted_event_is_gone_unless_it_is_live(store: Store) {
    let event = made(&store).await;
    changed(&store, &Change::AddListener(UserId::generate())).await.expect("added");
    let speaker = Speaker { channel_id: number(1), user_id: UserId::generate() };
    changed(&store, &Change::AddSpeaker(speaker)).await.expect("added");
    let (scope, any) = (Tenants::All, &Expected::ANY);
    let moved = store.change_state(id(123_457), scope, any, EventState::Live, 1, moment(9)).await;
    assert_eq!(moved.expect("a store").expect("moved").state, EventState::Live);
    assert_eq!(store.delete_event(id(123_457), scope, any).await.expect("a store"), Err(Refusal::Live));
    assert_eq!(changed(&store, &Change::RemoveChannel(number(1))).await, Err(Refusal::Live));
    let moved = store.change_state(id(123_457), scope, any, EventState::Ended, 1, moment(9)).await;
    moved.expect("a store").expect("moved");
    assert_eq!(store.delete_event(id(123_457), scope, any).await.expect("a store"), Ok(()));
    assert_eq!(store.delete_event(id(123_457), scope, any).await.expect("a store"), Err(Refusal::NoEvent));
    assert!(store.create_event(&event).await.expect("a store"), "the id is free again");
    assert_eq!(whole(&store, id(123_457)).await, Some(event));
}

async fn a_move_that_is_not_legal_changes_nothing(store: Store) {
    let before = made(&store).await;
    let (scope, any) = (Tenants::All, &Expected::ANY);
    for to in EventState::ALL.into_iter().filter(|to| !before.state.may_become(*to)) {
        let outcome = store.change_state(id(123_457), scope, any, to, 9, moment(9)).await;
        assert_eq!(outcome.expect("a store"), Err(Refusal::IllegalMove { from: before.state, to }));
    }
    assert_eq!(whole(&store, id(123_457)).await, Some(before));
}
