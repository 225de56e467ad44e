//! What LiveKit told.

use std::collections::BTreeMap;

use provider::{domain::WebhookEvent, persistence::Settled};

use super::{Store, moment, on_both, room};

on_both!(
    an_event_is_kept_once_whoever_tells_it,
    events_wait_in_the_order_in_which_they_came,
    what_is_settled_does_not_come_back,
    what_is_old_is_given_up_and_forgotten,
);

fn event(id: &str) -> WebhookEvent {
    let room = room(123_457, 1);
    WebhookEvent {
        id: id.to_owned(),
        event: "participant_joined".to_owned(),
        created_at: moment(0),
        room_name: room.to_string(),
        event_id: room.event_id,
        channel_id: room.channel_id,
        identity: Some("listener-guest-1".to_owned()),
        attributes: Some(BTreeMap::from([("language".to_owned(), "es-ES".to_owned())])),
    }
}

async fn keep(store: &Store, id: &str, at: i64) -> bool {
    store.keep_webhook(&event(id), moment(at)).await.expect("a store")
}

async fn pending(store: &Store) -> Vec<String> {
    let pending = store.pending_webhooks(100).await.expect("a store");
    pending.into_iter().map(|event| event.id).collect()
}

async fn an_event_is_kept_once_whoever_tells_it(store: Store) {
    let told = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { keep(&store, "EV_1", 0).await })
    });
    let mut new = 0;
    for one in told.collect::<Vec<_>>() {
        new += usize::from(one.await.expect("no panic"));
    }
    assert_eq!(new, 1);
    assert_eq!(store.pending_webhooks(100).await.expect("a store"), [event("EV_1")]);
    let bare = WebhookEvent { identity: None, attributes: None, ..event("EV_2") };
    assert!(store.keep_webhook(&bare, moment(1)).await.expect("a store"));
    assert_eq!(store.pending_webhooks(100).await.expect("a store")[1], bare);
}

async fn events_wait_in_the_order_in_which_they_came(store: Store) {
    for id in ["EV_9", "EV_1", "EV_5"] {
        assert!(keep(&store, id, 0).await);
    }
    assert_eq!(pending(&store).await, ["EV_9", "EV_1", "EV_5"]);
    let two = store.pending_webhooks(2).await.expect("a store");
    assert_eq!(two, [event("EV_9"), event("EV_1")]);
}

async fn what_is_settled_does_not_come_back(store: Store) {
    for id in ["EV_1", "EV_2", "EV_3"] {
        assert!(keep(&store, id, 0).await);
    }
    store.settle_webhook("EV_1", Settled::Forwarded).await.expect("a store");
    store.settle_webhook("EV_2", Settled::GivenUp).await.expect("a store");
    store.settle_webhook("nothing", Settled::Forwarded).await.expect("a store");
    assert_eq!(pending(&store).await, ["EV_3"]);
    assert!(!keep(&store, "EV_1", 1).await, "a repeat has no effect");
    assert_eq!(pending(&store).await, ["EV_3"]);
}

async fn what_is_old_is_given_up_and_forgotten(store: Store) {
    for (id, at) in [("EV_1", 0), ("EV_2", 10), ("EV_3", 20)] {
        assert!(keep(&store, id, at).await);
    }
    store.settle_webhook("EV_1", Settled::Forwarded).await.expect("a store");
    assert_eq!(store.give_up_webhooks(moment(20)).await.expect("a store"), 1);
    assert_eq!(pending(&store).await, ["EV_3"]);
    assert_eq!(store.prune_webhooks(moment(20)).await.expect("a store"), 2);
    assert_eq!(store.prune_webhooks(moment(20)).await.expect("a store"), 0);
    assert_eq!(pending(&store).await, ["EV_3"]);
    assert!(keep(&store, "EV_1", 30).await, "forgotten is forgotten");
}
