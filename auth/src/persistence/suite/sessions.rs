use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use common::access::{Subject, Tenants};

use super::{Clock, audit, on_both, user};
use crate::{
    domain::{Action, User},
    persistence::{Persistence, Rehashed},
    sessions::{NewRefreshToken, RefreshToken, RefreshTokenHash, Refreshed, SessionId},
};

on_both!(
    a_session_begins_with_a_token_that_is_replaced_at_each_use,
    an_old_token_is_a_conflict_for_ten_seconds_and_then_ends_the_session,
    thirty_two_at_once_leave_one_successor,
    an_expired_token_is_unknown,
    a_token_from_before_a_lockout_is_unknown,
    nobody_who_is_locked_out_begins_a_session,
    signing_out_ends_one_session_or_all,
    a_password_is_changed_once_and_the_other_sessions_end,
    credentials_are_found_by_address,
    nobody_has_good_tokens_who_does_not_exist,
    what_expired_is_swept,
);

const DAY: Duration = Duration::from_secs(86_400);

fn token(now: DateTime<Utc>) -> NewRefreshToken {
    NewRefreshToken::new(&RefreshToken::generate(), now, DAY)
}

async fn session(persistence: &Arc<dyn Persistence>, user: &User, now: DateTime<Utc>) -> RefreshTokenHash {
    let first = token(now);
    let started = persistence.start_session(user.user_id, SessionId::generate(), &first, None).await;
    assert!(started.expect("stored"));
    first.hash
}

async fn a_session_begins_with_a_token_that_is_replaced_at_each_use(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let user = user(&persistence, Some("hash")).await;
    let first = session(&persistence, &user, clock.at(0)).await;
    assert_eq!(persistence.session_user(&first).await.expect("read"), Some(user.user_id));
    let mut last = first;
    for second in 1..4 {
        let next = token(clock.at(second));
        assert_eq!(persistence.refresh(&last, &next).await.expect("stored"), Refreshed::Replaced);
        last = next.hash;
    }
    assert_eq!(persistence.session_user(&last).await.expect("read"), Some(user.user_id));
    let account = persistence.account(user.user_id, Tenants::All).await.expect("read").expect("the user");
    assert_eq!(account.user.last_login_at, Some(clock.at(0)));
    assert_eq!(account.user.version, user.version, "signing in is no change");
}

async fn an_old_token_is_a_conflict_for_ten_seconds_and_then_ends_the_session(
    persistence: Arc<dyn Persistence>,
) {
    let clock = Clock::new();
    let user = user(&persistence, Some("hash")).await;
    let old = session(&persistence, &user, clock.at(0)).await;
    let new = token(clock.at(100));
    assert_eq!(persistence.refresh(&old, &new).await.expect("stored"), Refreshed::Replaced);
    let early = persistence.refresh(&old, &token(clock.at(109))).await.expect("read");
    assert_eq!(early, Refreshed::JustReplaced);
    assert_eq!(
        persistence.session_user(&new.hash).await.expect("read"),
        Some(user.user_id),
        "nothing changed"
    );
    let late = persistence.refresh(&old, &token(clock.at(110))).await.expect("stored");
    assert!(matches!(late, Refreshed::Reused { user_id, .. } if user_id == user.user_id), "{late:?}");
    let successor = persistence.refresh(&new.hash, &token(clock.at(111))).await.expect("read");
    assert_eq!(successor, Refreshed::Unknown, "the whole family is gone");
}

async fn thirty_two_at_once_leave_one_successor(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let user = user(&persistence, Some("hash")).await;
    let old = session(&persistence, &user, clock.at(0)).await;
    let uses: Vec<_> = (0..32)
        .map(|_| {
            let (persistence, new) = (Arc::clone(&persistence), token(clock.at(1)));
            tokio::spawn(async move { (persistence.refresh(&old, &new).await.expect("stored"), new.hash) })
        })
        .collect();
    let mut successors = Vec::new();
    for one in uses {
        match one.await.expect("no panic") {
            (Refreshed::Replaced, hash) => successors.push(hash),
            (other, _) => assert_eq!(other, Refreshed::JustReplaced),
        }
    }
    assert_eq!(successors.len(), 1);
    let next = persistence.refresh(&successors[0], &token(clock.at(2))).await.expect("stored");
    assert_eq!(next, Refreshed::Replaced, "and it lives");
}

async fn an_expired_token_is_unknown(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let user = user(&persistence, Some("hash")).await;
    let old = session(&persistence, &user, clock.at(0)).await;
    let late = persistence.refresh(&old, &token(clock.at(86_400))).await.expect("read");
    assert_eq!(late, Refreshed::Unknown);
    let nobody = RefreshToken::generate().hash();
    assert_eq!(persistence.refresh(&nobody, &token(clock.at(0))).await.expect("read"), Refreshed::Unknown);
    assert_eq!(persistence.session_user(&nobody).await.expect("read"), None);
}

async fn a_token_from_before_a_lockout_is_unknown(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let mut user = user(&persistence, Some("hash")).await;
    let old = session(&persistence, &user, clock.at(0)).await;
    user.sessions_not_before = Some(clock.at(10));
    let updated = persistence.update_user(&user, None, &audit(Action::UserUpdated)).await;
    updated.expect("stored").expect("not refused");
    assert_eq!(persistence.refresh(&old, &token(clock.at(11))).await.expect("read"), Refreshed::Unknown);
    let later = session(&persistence, &user, clock.at(12)).await;
    assert_eq!(persistence.refresh(&later, &token(clock.at(13))).await.expect("stored"), Refreshed::Replaced);
}

async fn nobody_who_is_locked_out_begins_a_session(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let mut user = user(&persistence, Some("hash")).await;
    user.disabled = true;
    let updated = persistence.update_user(&user, None, &audit(Action::UserUpdated)).await;
    updated.expect("stored").expect("not refused");
    let first = token(clock.at(0));
    let start = || persistence.start_session(user.user_id, SessionId::generate(), &first, None);
    assert!(!start().await.expect("read"));
    assert_eq!(persistence.session_user(&first.hash).await.expect("read"), None);
    let credentials = persistence.credentials(&user.email).await.expect("read").expect("the user");
    assert!(!credentials.enabled);
}

async fn signing_out_ends_one_session_or_all(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let user = user(&persistence, Some("hash")).await;
    let mut hashes = Vec::new();
    for second in 0..3 {
        hashes.push(session(&persistence, &user, clock.at(second)).await);
    }
    let [one, two, three] = hashes[..] else { panic!("three") };
    assert_eq!(persistence.end_session(&one, None).await.expect("stored"), Some(user.user_id));
    assert_eq!(persistence.end_session(&one, None).await.expect("read"), None, "again: nothing happens");
    assert_eq!(persistence.session_user(&two).await.expect("read"), Some(user.user_id));
    let subject = Subject::User(user.user_id);
    assert_eq!(persistence.tokens_good_from(&subject).await.expect("read"), None);
    let everywhere = Some(clock.at(60));
    assert_eq!(persistence.end_session(&two, everywhere).await.expect("stored"), Some(user.user_id));
    assert_eq!(persistence.session_user(&three).await.expect("read"), None);
    assert_eq!(persistence.tokens_good_from(&subject).await.expect("read"), everywhere);
}

async fn a_password_is_changed_once_and_the_other_sessions_end(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let user = user(&persistence, Some("old")).await;
    let kept = session(&persistence, &user, clock.at(0)).await;
    let ended = session(&persistence, &user, clock.at(1)).await;
    let change = Rehashed { old_hash: "old".to_owned(), new_hash: "new".to_owned() };
    let line = audit(Action::PasswordChanged);
    let changed = || persistence.change_password(user.user_id, &change, Some(&kept), clock.at(5), &line);
    assert!(changed().await.expect("stored"));
    let hash = persistence.password_hash(user.user_id).await.expect("read");
    assert_eq!(hash.as_deref(), Some("new"));
    assert_eq!(persistence.session_user(&kept).await.expect("read"), Some(user.user_id));
    assert_eq!(persistence.session_user(&ended).await.expect("read"), None);
    let good_from = persistence.tokens_good_from(&Subject::User(user.user_id)).await.expect("read");
    assert_eq!(good_from, Some(clock.at(5)));
    assert!(!changed().await.expect("read"), "the old hash is gone");
    let again = Rehashed { old_hash: "new".to_owned(), new_hash: "newer".to_owned() };
    let line = audit(Action::PasswordChanged);
    let changed = persistence.change_password(user.user_id, &again, None, clock.at(4), &line).await;
    assert!(changed.expect("stored"));
    assert_eq!(persistence.session_user(&kept).await.expect("read"), None);
    let good_from = persistence.tokens_good_from(&Subject::User(user.user_id)).await.expect("read");
    assert_eq!(good_from, Some(clock.at(5)), "it never goes back");
}

async fn credentials_are_found_by_address(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let with = user(&persistence, Some("hash")).await;
    let without = user(&persistence, None).await;
    let found = persistence.credentials(&with.email).await.expect("read").expect("the user");
    assert_eq!(
        (found.user_id, found.password_hash.as_deref(), found.enabled),
        (with.user_id, Some("hash"), true)
    );
    let found = persistence.credentials(&without.email).await.expect("read").expect("the user");
    assert_eq!(found.password_hash, None);
    let nobody = "nobody@example.org".parse().expect("an address");
    assert_eq!(persistence.credentials(&nobody).await.expect("read"), None);
    // A sign-in may bring a better hash along, unless the password was changed since.
    for new_hash in ["better", "best"] {
        let (first, rehashed) =
            (token(clock.at(0)), Rehashed { old_hash: "hash".to_owned(), new_hash: new_hash.to_owned() });
        let started =
            persistence.start_session(with.user_id, SessionId::generate(), &first, Some(&rehashed)).await;
        assert!(started.expect("stored"));
        let hash = persistence.password_hash(with.user_id).await.expect("read");
        assert_eq!(hash.as_deref(), Some("better"));
    }
}

async fn nobody_has_good_tokens_who_does_not_exist(persistence: Arc<dyn Persistence>) {
    let stranger = Subject::User(common::ids::UserId::generate());
    assert_eq!(persistence.tokens_good_from(&stranger).await.expect("read"), Some(DateTime::<Utc>::MAX_UTC));
    let service = Subject::Service("no-such-service".to_owned());
    assert_eq!(persistence.tokens_good_from(&service).await.expect("read"), Some(DateTime::<Utc>::MAX_UTC));
}

async fn what_expired_is_swept(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let user = user(&persistence, Some("hash")).await;
    let expired = session(&persistence, &user, clock.at(0)).await;
    let first = session(&persistence, &user, clock.at(0)).await;
    let second = token(clock.at(3600));
    assert_eq!(persistence.refresh(&first, &second).await.expect("stored"), Refreshed::Replaced);
    persistence.sweep_sessions(clock.at(86_399)).await.expect("swept");
    assert!(persistence.session_user(&expired).await.expect("read").is_some(), "not yet");
    persistence.sweep_sessions(clock.at(86_400)).await.expect("swept");
    assert_eq!(persistence.session_user(&expired).await.expect("read"), None);
    assert_eq!(persistence.session_user(&first).await.expect("read"), None);
    assert_eq!(
        persistence.session_user(&second.hash).await.expect("read"),
        Some(user.user_id),
        "this one lives"
    );
}
