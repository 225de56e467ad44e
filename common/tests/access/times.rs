//! Tokens in time: leeway, expiry and withdrawal, also of tokens that were verified before.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use common::{
    access::{
        AccessError, LiveNotBefore, NotBefore, NotBeforeError, Refusal, Subject, Verifier,
        testing::{TestIssuer, TestToken},
        withdraw,
    },
    clock,
    live_state::InProcess,
};

async fn refusal(verifier: &Verifier, token: &str, now: DateTime<Utc>) -> Option<Refusal> {
    match verifier.verify_at(token, now).await {
        Ok(_) => None,
        Err(AccessError::Invalid(refusal)) => Some(refusal),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn clocks_may_differ_by_thirty_seconds() {
    let verifier = TestIssuer::new().verifier(None);
    let made = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
    let begins = made + TimeDelta::seconds(100);
    let token = TestIssuer::new().user().issued_at(made).sign();
    let later = TestIssuer::new().user().issued_at(made).claim("nbf", begins.timestamp()).sign();
    let end = made + TimeDelta::hours(1);
    for (token, moment, expected) in [
        (&token, made - TimeDelta::seconds(31), Some(Refusal::NotYetValid)),
        (&token, made - TimeDelta::seconds(30), None),
        (&token, end, None),
        (&token, end + TimeDelta::seconds(29), None),
        (&token, end + TimeDelta::seconds(30), Some(Refusal::Expired)),
        (&later, begins - TimeDelta::seconds(31), Some(Refusal::NotYetValid)),
        (&later, begins - TimeDelta::seconds(30), None),
        // Once more: now that it was verified.
        (&later, begins - TimeDelta::seconds(31), Some(Refusal::NotYetValid)),
    ] {
        assert_eq!(refusal(&verifier, token, moment).await, expected, "{moment}");
    }
}

#[tokio::test]
async fn a_token_made_in_the_second_of_a_withdrawal_is_told_from_those_before() {
    let live_state = Arc::new(InProcess::new());
    let moment = DateTime::from_timestamp_millis(1_767_225_600_500).unwrap();
    let token =
        |made: DateTime<Utc>| -> TestToken { TestIssuer::new().service("live-service", &[]).issued_at(made) };
    let before = token(moment - TimeDelta::milliseconds(1));
    let after = token(moment);
    let bare = token(moment).claim("iat_ms", serde_json::Value::Null);
    let verifier = TestIssuer::new().verifier(None);
    for token in [&before, &after, &bare] {
        assert_eq!(refusal(&verifier, &token.sign(), moment).await, None);
    }
    let verifier = verifier.with_not_before(Arc::new(LiveNotBefore::new(live_state.clone())));
    let hour = std::time::Duration::from_secs(3600);
    withdraw(&*live_state, &before.principal.subject, moment, hour).await.unwrap();
    assert_eq!(refusal(&verifier, &before.sign(), moment).await, Some(Refusal::Withdrawn));
    assert_eq!(refusal(&verifier, &after.sign(), moment).await, None);
    // Who tells only the second may have been before.
    assert_eq!(refusal(&verifier, &bare.sign(), moment).await, Some(Refusal::Withdrawn));
    let other = TestIssuer::new().service("other", &[]).issued_at(moment - TimeDelta::minutes(1));
    assert_eq!(refusal(&verifier, &other.sign(), moment).await, None);
}

struct Broken;

#[async_trait]
impl NotBefore for Broken {
    async fn not_before(&self, _: &Subject) -> Result<Option<DateTime<Utc>>, NotBeforeError> {
        Err(NotBeforeError("the database is away".into()))
    }
}

#[tokio::test]
async fn where_withdrawals_cannot_be_looked_up_nobody_is_let_in_nor_sent_away() {
    let verifier = TestIssuer::new().verifier(None).with_not_before(Arc::new(Broken));
    let outcome = verifier.verify_at(&TestIssuer::new().user().sign(), clock::now()).await;
    assert!(matches!(outcome, Err(AccessError::Unavailable { .. })), "{outcome:?}");
}
