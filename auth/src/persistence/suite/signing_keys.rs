use std::sync::Arc;

use common::access::Tenants;

use super::{Clock, audit, on_both};
use crate::{
    domain::Action,
    persistence::{AuditFilter, Persistence, Slice, StoredKey},
};

on_both!(
    of_those_who_add_the_same_key_one_succeeds,
    a_compromised_key_is_forgotten_with_all_others,
    old_keys_are_forgotten
);

fn key(generation: i64, name: &str, clock: &Clock) -> StoredKey {
    StoredKey {
        generation,
        kid: format!("{generation}-{name}"),
        sealed: vec![1, 2, 3],
        created_at: clock.at(0),
        signs_from: clock.at(generation),
    }
}

async fn generations(persistence: &Arc<dyn Persistence>) -> Vec<i64> {
    persistence.signing_keys().await.expect("read").iter().map(|key| key.generation).collect()
}

async fn of_those_who_add_the_same_key_one_succeeds(persistence: Arc<dyn Persistence>) {
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let (persistence, key) = (Arc::clone(&persistence), key(1, &n.to_string(), &Clock::new()));
            tokio::spawn(async move {
                persistence
                    .add_signing_key(&key, false, &audit(Action::KeyRotated))
                    .await
                    .expect("stored")
                    .then_some(key)
            })
        })
        .collect();
    let mut added = Vec::new();
    for task in tasks {
        added.extend(task.await.expect("no panic"));
    }
    assert_eq!(added.len(), 1);
    assert_eq!(persistence.signing_keys().await.expect("read"), added);
    let filter = AuditFilter { action: Some(Action::KeyRotated), ..AuditFilter::default() };
    let lines =
        persistence.audit_log(Tenants::All, &filter, Slice { after: None, limit: 10 }).await.expect("read");
    assert_eq!(lines.len(), 1, "what did not happen is not in the log");
}

async fn a_compromised_key_is_forgotten_with_all_others(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    for generation in 1..=3 {
        let alone = generation == 3;
        let line = audit(Action::KeyRotated);
        assert!(
            persistence.add_signing_key(&key(generation, "a", &clock), alone, &line).await.expect("stored")
        );
    }
    assert_eq!(generations(&persistence).await, [3]);
}

async fn old_keys_are_forgotten(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    for generation in [2, 1, 3] {
        let line = audit(Action::KeyRotated);
        assert!(
            persistence.add_signing_key(&key(generation, "a", &clock), false, &line).await.expect("stored")
        );
    }
    assert_eq!(generations(&persistence).await, [1, 2, 3], "the newest last");
    persistence.forget_signing_keys(2).await.expect("stored");
    assert_eq!(generations(&persistence).await, [2, 3]);
}
