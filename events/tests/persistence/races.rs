//! What happens at once.

use std::sync::Arc;

use common::{
    access::Tenants,
    ids::{CustomerId, UserId},
};
use events::{
    domain::{Change, EventPatch, EventState, Refusal},
    persistence::Expected,
};
use futures_util::future::join_all;

use super::{Store, event, id, moment, on_both, whole};

on_both!(
    of_changes_to_one_version_one_is_made,
    no_change_is_lost,
    of_two_that_go_live_at_once_the_last_place_goes_to_one,
    of_the_same_id_at_once_one_is_made,
    of_the_same_move_at_once_one_is_made,
);

/// Runs `count` of these at once, on several threads where the store allows.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    store: &Store,
    count: usize,
    run: impl Fn(Store, usize) -> F,
) -> Vec<T> {
    let tasks = (0..count).map(|n| tokio::spawn(run(Arc::clone(store), n)));
    join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(|done| done.expect("it ends")).collect()
}

async fn of_changes_to_one_version_one_is_made(store: Store) {
    assert!(store.create_event(&event(123_457, CustomerId::generate())).await.expect("a store"));
    let outcomes = at_once(&store, 8, |store, n| async move {
        let title = Some(format!("Title {n}").parse().expect("a title"));
        let change = Change::Patch(EventPatch { title, ..EventPatch::default() });
        let known = Expected(Some(vec![1]));
        store.change_event(id(123_457), Tenants::All, &known, &change, moment(1)).await.expect("a store")
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(Refusal::Stale)).count(), 7);
}

async fn no_change_is_lost(store: Store) {
    assert!(store.create_event(&event(123_457, CustomerId::generate())).await.expect("a store"));
    let channel = r#"{"name": "B", "source_language": "es-ES"}"#;
    let outcomes = at_once(&store, 16, |store, n| async move {
        let change = match n % 2 {
            0 => Change::AddChannel(serde_json::from_str(channel).expect("a channel")),
            _ => Change::AddListener(UserId::generate()),
        };
        store
            .change_event(id(123_457), Tenants::All, &Expected::ANY, &change, moment(1))
            .await
            .expect("a store")
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let event = whole(&store, id(123_457)).await.expect("an event");
    assert_eq!((event.channels.len(), event.listeners.len(), event.version), (10, 8, 17));
    assert_eq!(event.last_channel_id, 10);
}

async fn of_two_that_go_live_at_once_the_last_place_goes_to_one(store: Store) {
    let customer = CustomerId::generate();
    for number in 100_000..100_008 {
        assert!(store.create_event(&event(number, customer)).await.expect("a store"));
    }
    let outcomes = at_once(&store, 8, |store, n| async move {
        let event_id = id(100_000 + n as i64);
        let any = &Expected::ANY;
        store
            .change_state(event_id, Tenants::All, any, EventState::Live, 1, moment(1))
            .await
            .expect("a store")
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let full = Err(Refusal::TooManyLive { limit: 1 });
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == full).count(), 7);
}

async fn of_the_same_id_at_once_one_is_made(store: Store) {
    let customer = CustomerId::generate();
    let made = at_once(&store, 8, |store, _| async move {
        store.create_event(&event(123_457, customer)).await.expect("a store")
    })
    .await;
    assert_eq!(made.into_iter().filter(|made| *made).count(), 1);
}

async fn of_the_same_move_at_once_one_is_made(store: Store) {
    assert!(store.create_event(&event(123_457, CustomerId::generate())).await.expect("a store"));
    let outcomes = at_once(&store, 8, |store, _| async move {
        let any = &Expected::ANY;
        store
            .change_state(id(123_457), Tenants::All, any, EventState::Live, 9, moment(1))
            .await
            .expect("a store")
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(whole(&store, id(123_457)).await.map(|event| event.version), Some(2));
}
