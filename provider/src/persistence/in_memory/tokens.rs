//! Issued tokens in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use common::{access::Tenants, ids::EventId};

use super::{InMemory, MAX_TOKENS};
use crate::{
    domain::{IssuedToken, RoomName},
    persistence::{PersistenceError, TokenKey, Tokens},
};

#[async_trait]
impl Tokens for InMemory {
    async fn keep_token(&self, token: &IssuedToken) -> Result<(), PersistenceError> {
        let tokens = &mut self.state.lock().tokens;
        if tokens.len() >= MAX_TOKENS {
            tokens.pop_front();
        }
        tokens.push_back(token.clone());
        Ok(())
    }

    async fn tokens(
        &self,
        event_id: EventId,
        scope: Tenants,
        after: Option<TokenKey>,
        rows: usize,
    ) -> Result<Vec<IssuedToken>, PersistenceError> {
        let state = self.state.lock();
        let mut wanted: Vec<_> = state
            .tokens
            .iter()
            .filter(|token| token.event_id == event_id && scope.include(token.customer_id))
            .filter(|token| after.is_none_or(|after| TokenKey::of(token) < after))
            .collect();
        wanted.sort_by_key(|token| Reverse(TokenKey::of(token)));
        Ok(wanted.into_iter().take(rows).cloned().collect())
    }

    async fn newest_tokens(
        &self,
        room: RoomName,
        identities: &[String],
    ) -> Result<Vec<IssuedToken>, PersistenceError> {
        let state = self.state.lock();
        let mut newest: BTreeMap<&str, &IssuedToken> = BTreeMap::new();
        for token in state.tokens.iter().filter(|token| token.room() == room) {
            if !identities.contains(&token.identity) {
                continue;
            }
            let known = newest.entry(&token.identity).or_insert(token);
            if TokenKey::of(known) < TokenKey::of(token) {
                *known = token;
            }
        }
        Ok(newest.into_values().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use common::ids::{ChannelId, CustomerId};
    use uuid::Uuid;

    use super::*;
    use crate::domain::TokenRole;

    #[tokio::test]
    async fn memory_is_bounded_and_the_oldest_go() {
        let store = InMemory::default();
        let event_id = EventId::new(123_457).expect("an id");
        let customer_id = CustomerId::generate();
        for number in 0..=MAX_TOKENS {
            let number = i64::try_from(number).expect("a small number");
            let issued_at = DateTime::UNIX_EPOCH + TimeDelta::seconds(number);
            let token = IssuedToken {
                token_id: Uuid::from_u128(number.unsigned_abs().into()),
                event_id,
                channel_id: ChannelId::new(1).expect("an id"),
                customer_id,
                identity: format!("listener-guest-{number}"),
                role: TokenRole::Listener,
                language: None,
                issued_to: None,
                as_staff: false,
                issued_at,
                expires_at: issued_at + TimeDelta::minutes(10),
            };
            store.keep_token(&token).await.expect("kept");
        }
        let kept = store.tokens(event_id, Tenants::All, None, usize::MAX).await.expect("tokens");
        assert_eq!(kept.len(), MAX_TOKENS);
        assert_eq!(kept[MAX_TOKENS - 1].identity, "listener-guest-1");
    }
}
