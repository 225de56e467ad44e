//! What happens at once.

use std::sync::Arc;

use futures_util::future::join_all;
use orchestrator::{domain::SessionState, persistence::Created};

use super::{Store, on_both, session, to};

on_both!(of_twenty_starts_at_once_one_makes_a_session, of_the_same_move_at_once_one_is_made);

async fn of_twenty_starts_at_once_one_makes_a_session(store: Store) {
    let tasks = (0..20).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.create_session(&session(123_457, 1)).await.expect("a store") })
    });
    let made: Vec<_> =
        join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(|made| made.expect("it ends")).collect();
    assert_eq!(made.iter().filter(|made| **made == Created::New).count(), 1);
    let running = store.running_sessions(None).await.expect("a store");
    assert_eq!(running.len(), 1);
    let same = Created::Running(Box::new(running[0].clone()));
    assert_eq!(made.iter().filter(|made| **made == same).count(), 19);
}

async fn of_the_same_move_at_once_one_is_made(store: Store) {
    let session = session(123_457, 1);
    store.create_session(&session).await.expect("a store");
    let tasks = (0..8).map(|n| {
        let (store, id) = (Arc::clone(&store), session.session_id);
        let stop = to(&[SessionState::Starting, SessionState::Active], SessionState::Stopping, n);
        tokio::spawn(async move { store.move_session(id, &stop).await.expect("a store") })
    });
    let moved: Vec<_> = join_all(tasks.collect::<Vec<_>>()).await;
    assert_eq!(moved.iter().filter(|moved| moved.as_ref().is_ok_and(Option::is_some)).count(), 1);
}
