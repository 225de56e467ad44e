use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use common::{
    access::{Claims, KeySource as _, PermissionSet, Principal, Subject},
    config::Secret,
    ids::UserId,
};

use super::*;
use crate::persistence::{
    Persistence,
    suite::{Clock, on_both},
};

on_both!(
    instances_that_start_at_once_have_one_key,
    a_wrong_secret_is_told,
    a_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_expired,
    rotations_at_once_make_one_key,
    keys_rotate_by_age,
    a_key_of_another_instance_is_found_by_its_name,
    a_compromised_key_is_worth_nothing,
);

const AHEAD: i64 = 600;
const OVERLAP: i64 = 3600;

fn config() -> KeyConfig {
    KeyConfig {
        secret: Some(Secret::new("a secret of more than 32 characters")),
        rotate_after: Duration::from_secs(30 * 86_400),
        publish_ahead: Duration::from_secs(AHEAD as u64),
        overlap: Duration::from_secs(OVERLAP as u64),
    }
}

async fn open(persistence: &Arc<dyn Persistence>, now: DateTime<Utc>) -> Keys {
    Keys::open(Arc::clone(persistence) as Arc<dyn SigningKeys>, &config(), now).await.expect("keys")
}

fn published(keys: &Keys, now: DateTime<Utc>) -> BTreeSet<String> {
    keys.published(now).keys.into_iter().map(|key| key.kid).collect()
}

/// The name of the key that signs.
fn signing(keys: &Keys, now: DateTime<Utc>) -> String {
    keys.ring().signing(now).expect("a key").key.kid().to_owned()
}

fn set(names: &[&String]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).clone()).collect()
}

async fn instances_that_start_at_once_have_one_key(persistence: Arc<dyn Persistence>) {
    let now = Clock::new().at(0);
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let persistence = Arc::clone(&persistence);
            tokio::spawn(async move { open(&persistence, now).await })
        })
        .collect();
    let mut names = BTreeSet::new();
    for start in starts {
        let keys = start.await.expect("no panic");
        names.insert(signing(&keys, now));
        assert_eq!(published(&keys, now).len(), 1);
    }
    assert_eq!(names.len(), 1, "{names:?}");
    let stored = persistence.signing_keys().await.expect("read");
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].signs_from, now, "the first signs at once");
}

async fn a_wrong_secret_is_told(persistence: Arc<dyn Persistence>) {
    let now = Clock::new().at(0);
    open(&persistence, now).await;
    let other =
        KeyConfig { secret: Some(Secret::new("another secret, also 32 characters long")), ..config() };
    let opened = Keys::open(Arc::clone(&persistence) as Arc<dyn SigningKeys>, &other, now).await;
    let error = opened.expect_err("another secret");
    assert!(matches!(error, KeyError::WrongSecret), "{error}");
    assert!(error.to_string().contains("AUTH_KEY_SECRET"));
}

async fn a_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_expired(
    persistence: Arc<dyn Persistence>,
) {
    let clock = Clock::new();
    let keys = open(&persistence, clock.at(0)).await;
    let old = signing(&keys, clock.at(0));
    let (new, from) = keys.rotate(Rotation::Ahead, &Actor::System, clock.at(100)).await.expect("rotated");
    assert_eq!(from, clock.at(100 + AHEAD));
    for (second, expected, names) in [
        (100, &old, set(&[&old, &new])),
        (99 + AHEAD, &old, set(&[&old, &new])),
        (100 + AHEAD, &new, set(&[&old, &new])),
        (100 + AHEAD + OVERLAP, &new, set(&[&old, &new])),
        (160 + AHEAD + OVERLAP, &new, set(&[&new])),
    ] {
        let now = clock.at(second);
        assert_eq!(&signing(&keys, now), expected, "{second}");
        assert_eq!(published(&keys, now), names, "{second}");
        assert_eq!(keys.find(&old, now).await.expect("read").is_some(), names.contains(&old), "{second}");
    }
    keys.maintain(clock.at(160 + AHEAD + OVERLAP)).await.expect("maintained");
    assert_eq!(persistence.signing_keys().await.expect("read").len(), 1, "the old one is forgotten");
}

async fn rotations_at_once_make_one_key(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let now = clock.at(10);
    open(&persistence, clock.at(0)).await;
    let rotations: Vec<_> = (0..4)
        .map(|_| {
            let persistence = Arc::clone(&persistence);
            tokio::spawn(async move {
                let keys = open(&persistence, now).await;
                keys.rotate(Rotation::Ahead, &Actor::System, now).await.expect("rotated")
            })
        })
        .collect();
    let mut outcomes = BTreeSet::new();
    for rotation in rotations {
        outcomes.insert(rotation.await.expect("no panic"));
    }
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    assert_eq!(persistence.signing_keys().await.expect("read").len(), 2);
}

async fn keys_rotate_by_age(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let keys = open(&persistence, clock.at(0)).await;
    let first = signing(&keys, clock.at(0));
    let month = 30 * 86_400;
    keys.maintain(clock.at(month - AHEAD - 1)).await.expect("maintained");
    assert_eq!(published(&keys, clock.at(month - AHEAD - 1)), set(&[&first]));
    keys.maintain(clock.at(month - AHEAD)).await.expect("maintained");
    keys.maintain(clock.at(month - AHEAD + 30)).await.expect("maintained");
    assert_eq!(published(&keys, clock.at(month - AHEAD + 30)).len(), 2, "one successor, not one each time");
    assert_eq!(signing(&keys, clock.at(month - 1)), first);
    assert_ne!(signing(&keys, clock.at(month)), first);
}

async fn a_key_of_another_instance_is_found_by_its_name(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let (one, other) = (open(&persistence, clock.at(0)).await, open(&persistence, clock.at(0)).await);
    let (new, _) = one.rotate(Rotation::AtOnce, &Actor::System, clock.at(5)).await.expect("rotated");
    assert!(!published(&other, clock.at(6)).contains(&new));
    assert!(other.find(&new, clock.at(6)).await.expect("read").is_some());
    assert_eq!(signing(&other, clock.at(6)), new);
    assert!(other.find("unknown", clock.at(7)).await.expect("read").is_none());
}

async fn a_compromised_key_is_worth_nothing(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let keys = open(&persistence, clock.at(0)).await;
    let old = signing(&keys, clock.at(0));
    keys.rotate(Rotation::Ahead, &Actor::System, clock.at(1)).await.expect("rotated");
    let (new, from) = keys.rotate(Rotation::Compromised, &Actor::System, clock.at(2)).await.expect("rotated");
    assert_eq!(from, clock.at(2));
    assert_eq!(published(&keys, clock.at(3)), set(&[&new]));
    assert!(keys.find(&old, clock.at(10)).await.expect("read").is_none());
    assert_eq!(signing(&keys, clock.at(AHEAD + 10)), new);
}

#[tokio::test]
async fn tokens_verify_by_the_published_key() {
    let persistence: Arc<dyn Persistence> = Arc::new(crate::persistence::in_memory::InMemory::default());
    let now = common::clock::now();
    let keys = open(&persistence, now).await;
    let principal = Principal {
        subject: Subject::User(UserId::generate()),
        customer: None,
        roles: vec!["listener".to_owned()],
        permissions: PermissionSet::all(),
        token_id: "1".to_owned(),
        expires_at: (now + TimeDelta::seconds(60)).trunc_subsecs(0),
    };
    let claims = Claims::new(&principal, "https://issuer.test", &["live-service".to_owned()], now);
    let token = keys.sign(&claims, now).expect("signed");
    let verifier =
        common::access::Verifier::new(Arc::new(keys.clone()), "https://issuer.test", Some("live-service"));
    assert_eq!(verifier.verify(&token).await.expect("a good token"), principal);
    assert!(keys.key("unknown").await.expect("read").is_none());
}
