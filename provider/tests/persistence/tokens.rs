//! Issued tokens.

use chrono::TimeDelta;
use common::{
    access::Tenants,
    ids::{CustomerId, new_uuid},
};
use provider::{
    domain::{IssuedToken, TokenRole},
    persistence::TokenKey,
};

use super::{Store, moment, on_both, room};

on_both!(
    a_token_reads_back_as_it_was_kept,
    tokens_are_listed_newest_first_and_within_the_customer,
    the_newest_token_of_each_identity_is_found,
    a_store_that_is_there_says_so,
);

fn token(identity: &str, customer_id: CustomerId, at: i64) -> IssuedToken {
    let room = room(123_457, 1);
    IssuedToken {
        token_id: new_uuid(),
        event_id: room.event_id,
        channel_id: room.channel_id,
        customer_id,
        identity: identity.to_owned(),
        role: TokenRole::Listener,
        language: None,
        issued_to: None,
        as_staff: false,
        issued_at: moment(at),
        expires_at: moment(at) + TimeDelta::minutes(10),
    }
}

async fn kept(store: &Store, token: IssuedToken) -> IssuedToken {
    store.keep_token(&token).await.expect("a store");
    token
}

async fn a_token_reads_back_as_it_was_kept(store: Store) {
    let customer = CustomerId::generate();
    for (at, role) in (0..).zip(TokenRole::ALL) {
        let token = IssuedToken {
            role,
            language: Some("ca-ES".parse().expect("a language")),
            issued_to: Some("live-service".to_owned()),
            as_staff: true,
            issued_at: moment(at) + TimeDelta::microseconds(123_456),
            ..token("agent-mt-ca-ES", customer, at)
        };
        let token = kept(&store, token).await;
        let read = store.tokens(token.event_id, Tenants::All, None, 1).await.expect("a store");
        assert_eq!(read, [token]);
    }
}

async fn tokens_are_listed_newest_first_and_within_the_customer(store: Store) {
    let (customer, other) = (CustomerId::generate(), CustomerId::generate());
    // Three in the same moment.
    let mut tokens = Vec::new();
    for at in [0, 1, 1, 1, 2] {
        tokens.push(kept(&store, token("listener-guest-1", customer, at)).await);
    }
    kept(&store, token("listener-guest-1", other, 3)).await;
    tokens.sort_by_key(|token| std::cmp::Reverse(TokenKey::of(token)));
    let event_id = tokens[0].event_id;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.tokens(event_id, Tenants::One(customer), after, 2).await.expect("a store");
        let Some(last) = page.last() else { break };
        after = Some(TokenKey::of(last));
        seen.extend(page);
    }
    assert_eq!(seen, tokens);
    assert_eq!(store.tokens(event_id, Tenants::All, None, 100).await.expect("a store").len(), 6);
    assert!(store.tokens(event_id, Tenants::None, None, 100).await.expect("a store").is_empty());
    let elsewhere = room(222_222, 1).event_id;
    assert!(store.tokens(elsewhere, Tenants::All, None, 100).await.expect("a store").is_empty());
}

async fn the_newest_token_of_each_identity_is_found(store: Store) {
    let customer = CustomerId::generate();
    for at in [1, 3, 2] {
        kept(&store, token("a", customer, at)).await;
    }
    kept(&store, token("b", customer, 0)).await;
    kept(&store, token("c", customer, 9)).await;
    let wanted = ["a", "b", "nobody"].map(str::to_owned);
    let mut found = store.newest_tokens(room(123_457, 1), &wanted).await.expect("a store");
    found.sort_by(|one, other| one.identity.cmp(&other.identity));
    let found: Vec<_> = found.iter().map(|token| (token.identity.as_str(), token.issued_at)).collect();
    assert_eq!(found, [("a", moment(3)), ("b", moment(0))]);
    assert!(store.newest_tokens(room(123_457, 2), &wanted).await.expect("a store").is_empty());
    assert!(store.newest_tokens(room(123_457, 1), &[]).await.expect("a store").is_empty());
}

async fn a_store_that_is_there_says_so(store: Store) {
    store.check().await.expect("a store");
}
