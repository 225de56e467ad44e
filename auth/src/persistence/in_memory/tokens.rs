//! Sessions, counters of failures and signing keys.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Subject, ids::UserId};

use super::{InMemory, State};
use crate::{
    domain::{AuditEntry, ClientId, Email},
    persistence::{Attempts, Credentials, PersistenceError, Rehashed, Sessions, SigningKeys, StoredKey},
    sessions::{NewRefreshToken, Presented, RefreshTokenHash, Refreshed, SessionId},
    throttle::{Counter, Failures, Rule},
};

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    sessions: BTreeMap<SessionId, UserId>,
    /// By what is stored of them.
    refresh: BTreeMap<RefreshTokenHash, RefreshToken>,
    failures: BTreeMap<Counter, Failures>,
    signing_keys: BTreeMap<i64, StoredKey>,
}

#[derive(Debug)]
struct RefreshToken {
    session_id: SessionId,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    replaced_at: Option<DateTime<Utc>>,
}

impl Tokens {
    /// Ends sessions, with their refresh tokens.
    pub(crate) fn end_sessions(&mut self, ended: impl Fn(SessionId, UserId) -> bool) {
        self.sessions.retain(|session_id, user_id| !ended(*session_id, *user_id));
        self.refresh.retain(|_, token| self.sessions.contains_key(&token.session_id));
    }

    fn add(&mut self, session_id: SessionId, new: &NewRefreshToken) {
        let NewRefreshToken { hash, issued_at, expires_at } = *new;
        self.refresh.insert(hash, RefreshToken { session_id, issued_at, expires_at, replaced_at: None });
    }

    fn session_of(&self, token: &RefreshTokenHash) -> Option<(SessionId, UserId)> {
        let session_id = self.refresh.get(token)?.session_id;
        self.sessions.get(&session_id).map(|user_id| (session_id, *user_id))
    }
}

impl State {
    fn is_enabled(&self, user_id: UserId) -> bool {
        self.users.get(&user_id).is_some_and(|user| {
            !user.disabled && self.customers.get(&user.customer_id).is_some_and(|customer| !customer.disabled)
        })
    }

    fn refuse_older_tokens(&mut self, user_id: UserId, not_before: DateTime<Utc>) {
        if let Some(user) = self.users.get_mut(&user_id) {
            user.not_before = user.not_before.max(Some(not_before));
        }
    }

    /// `false`: the hash is another by now.
    fn change_hash(&mut self, user_id: UserId, change: &Rehashed) -> bool {
        match self.passwords.get_mut(&user_id) {
            Some(hash) if *hash == change.old_hash => {
                hash.clone_from(&change.new_hash);
                true
            }
            _ => false,
        }
    }
}

#[async_trait]
impl Sessions for InMemory {
    async fn tokens_good_from(&self, subject: &Subject) -> Result<Option<DateTime<Utc>>, PersistenceError> {
        let state = self.state.lock();
        let found = match subject {
            Subject::User(user_id) => state.users.get(user_id).map(|user| user.not_before),
            Subject::Service(client_id) => client_id
                .parse::<ClientId>()
                .ok()
                .and_then(|client_id| state.clients.get(&client_id))
                .map(|client| client.not_before),
        };
        Ok(found.unwrap_or(Some(DateTime::<Utc>::MAX_UTC)))
    }

    async fn credentials(&self, email: &Email) -> Result<Option<Credentials>, PersistenceError> {
        let state = self.state.lock();
        let user = state.users.values().find(|user| user.email == *email);
        Ok(user.map(|user| Credentials {
            user_id: user.user_id,
            password_hash: state.passwords.get(&user.user_id).cloned(),
            enabled: state.is_enabled(user.user_id),
        }))
    }

    async fn password_hash(&self, user_id: UserId) -> Result<Option<String>, PersistenceError> {
        Ok(self.state.lock().passwords.get(&user_id).cloned())
    }

    async fn start_session(
        &self,
        user_id: UserId,
        session_id: SessionId,
        token: &NewRefreshToken,
        rehashed: Option<&Rehashed>,
    ) -> Result<bool, PersistenceError> {
        let mut state = self.state.lock();
        if !state.is_enabled(user_id) {
            return Ok(false);
        }
        if let Some(user) = state.users.get_mut(&user_id) {
            user.last_login_at = Some(token.issued_at);
        }
        if let Some(change) = rehashed {
            let _changed_since = state.change_hash(user_id, change);
        }
        state.tokens.sessions.insert(session_id, user_id);
        state.tokens.add(session_id, token);
        Ok(true)
    }

    async fn session_user(&self, token: &RefreshTokenHash) -> Result<Option<UserId>, PersistenceError> {
        Ok(self.state.lock().tokens.session_of(token).map(|(_, user_id)| user_id))
    }

    async fn refresh(
        &self,
        old: &RefreshTokenHash,
        new: &NewRefreshToken,
    ) -> Result<Refreshed, PersistenceError> {
        let mut state = self.state.lock();
        let Some((session_id, user_id)) = state.tokens.session_of(old) else { return Ok(Refreshed::Unknown) };
        let sessions_not_before = state.users.get(&user_id).and_then(|user| user.sessions_not_before);
        let tokens = &mut state.tokens;
        let Some(token) = tokens.refresh.get_mut(old) else { return Ok(Refreshed::Unknown) };
        let RefreshToken { issued_at, expires_at, replaced_at, .. } = *token;
        let presented =
            Presented { session_id, user_id, issued_at, expires_at, replaced_at, sessions_not_before };
        let decision = presented.decide(new.issued_at);
        match decision {
            Refreshed::Unknown | Refreshed::JustReplaced => {}
            Refreshed::Reused { .. } => tokens.end_sessions(|session, _| session == session_id),
            Refreshed::Replaced => {
                token.replaced_at = Some(new.issued_at);
                tokens.add(session_id, new);
            }
        }
        Ok(decision)
    }

    async fn end_session(
        &self,
        token: &RefreshTokenHash,
        everywhere: Option<DateTime<Utc>>,
    ) -> Result<Option<UserId>, PersistenceError> {
        let mut state = self.state.lock();
        let Some((session_id, user_id)) = state.tokens.session_of(token) else { return Ok(None) };
        match everywhere {
            None => state.tokens.end_sessions(|session, _| session == session_id),
            Some(not_before) => {
                state.tokens.end_sessions(|_, user| user == user_id);
                state.refuse_older_tokens(user_id, not_before);
            }
        }
        Ok(Some(user_id))
    }

    async fn change_password(
        &self,
        user_id: UserId,
        change: &Rehashed,
        keep: Option<&RefreshTokenHash>,
        not_before: DateTime<Utc>,
        audit: &AuditEntry,
    ) -> Result<bool, PersistenceError> {
        let mut state = self.state.lock();
        if !state.change_hash(user_id, change) {
            return Ok(false);
        }
        let kept = keep.and_then(|hash| state.tokens.refresh.get(hash));
        let kept = kept.filter(|token| token.replaced_at.is_none()).map(|token| token.session_id);
        state.tokens.end_sessions(|session, user| user == user_id && Some(session) != kept);
        state.refuse_older_tokens(user_id, not_before);
        state.audit.push(audit.clone());
        Ok(true)
    }

    async fn sweep_sessions(&self, now: DateTime<Utc>) -> Result<u64, PersistenceError> {
        let tokens = &mut self.state.lock().tokens;
        let before = tokens.refresh.len();
        tokens.refresh.retain(|_, token| token.expires_at > now);
        let swept = before - tokens.refresh.len();
        let alive: Vec<_> = tokens.refresh.values().filter(|token| token.replaced_at.is_none()).collect();
        let alive: std::collections::BTreeSet<_> = alive.iter().map(|token| token.session_id).collect();
        tokens.end_sessions(|session, _| !alive.contains(&session));
        Ok(swept as u64)
    }
}

#[async_trait]
impl Attempts for InMemory {
    async fn locked_until(
        &self,
        counter: &Counter,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, PersistenceError> {
        let state = self.state.lock();
        let failures = state.tokens.failures.get(counter);
        Ok(failures.filter(|failures| failures.is_locked(now)).and_then(|failures| failures.locked_until))
    }

    async fn count_failure(
        &self,
        counter: &Counter,
        rule: &Rule,
        now: DateTime<Utc>,
    ) -> Result<Failures, PersistenceError> {
        let failures = &mut self.state.lock().tokens.failures;
        let after = rule.after_failure(failures.get(counter).copied(), now);
        failures.insert(counter.clone(), after);
        Ok(after)
    }

    async fn forget_failures(&self, counter: &Counter) -> Result<(), PersistenceError> {
        self.state.lock().tokens.failures.remove(counter);
        Ok(())
    }

    async fn sweep_attempts(&self, now: DateTime<Utc>) -> Result<u64, PersistenceError> {
        let failures = &mut self.state.lock().tokens.failures;
        let before = failures.len();
        failures.retain(|_, failures| now < failures.forgotten_at);
        Ok((before - failures.len()) as u64)
    }
}

#[async_trait]
impl SigningKeys for InMemory {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, PersistenceError> {
        Ok(self.state.lock().tokens.signing_keys.values().cloned().collect())
    }

    async fn add_signing_key(
        &self,
        key: &StoredKey,
        alone: bool,
        audit: &AuditEntry,
    ) -> Result<bool, PersistenceError> {
        let mut state = self.state.lock();
        let keys = &mut state.tokens.signing_keys;
        if keys.contains_key(&key.generation) {
            return Ok(false);
        }
        if alone {
            keys.clear();
        }
        keys.insert(key.generation, key.clone());
        state.audit.push(audit.clone());
        Ok(true)
    }

    async fn forget_signing_keys(&self, below_generation: i64) -> Result<(), PersistenceError> {
        self.state.lock().tokens.signing_keys.retain(|generation, _| *generation >= below_generation);
        Ok(())
    }
}
