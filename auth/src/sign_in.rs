//! Signing in with e-mail address and password.
//!
//! Unknown user, wrong password, locked account, disabled user: one answer, and the same work for each, so that neither
//! the text nor the time tells which it was.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use common::{access::Tenants, clock};

use crate::{
    AppState,
    domain::{Account, Email},
    keys::KeyError,
    passwords::{PasswordError, Turn, Verdict},
    persistence::{Credentials, PersistenceError, Rehashed},
    sessions::{NewRefreshToken, RefreshToken, SessionId},
    throttle::{Counter, Rule},
    tokens::AccessToken,
};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The address and the password do not open an account now. Nobody is told why.
    #[error("the e-mail address or the password is not right")]
    Refused,
    /// Too many failures from this network address. Later it helps to ask again.
    #[error("too many failed attempts from this address")]
    TooMany {
        /// When.
        until: DateTime<Utc>,
    },
    /// Too many sign in at the moment, or hashing failed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// No token could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The data cannot be read or written.
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
}

/// Somebody who signed in, or renewed a session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who, as of now.
    pub account: Account,
    /// For the services.
    pub access_token: AccessToken,
    /// For the next one.
    pub refresh_token: RefreshToken,
}

impl AppState {
    /// Signs somebody in.
    pub async fn sign_in(
        &self,
        email: &Email,
        password: &str,
        from: IpAddr,
    ) -> Result<SignedIn, SignInError> {
        let (account_counter, address_counter) = (Counter::account(email), Counter::address(from));
        self.check_address(&address_counter).await?;
        let turn = self.passwords.turn().await?;
        // What is issued bears the time from before the password was read: if it is changed while it is being verified,
        // the tokens are older than the change and worthless.
        let now = clock::now();
        let credentials = self.persistence.credentials(email).await?;
        // Within the turn: a lock that another attempt has just brought about is seen.
        let locked = self.persistence.locked_until(&account_counter, now).await?.is_some();
        let hash = credentials.as_ref().and_then(|credentials| credentials.password_hash.as_deref());
        let verdict = turn.verify(password, hash).await?;
        let outdated = match (verdict, &credentials) {
            (Verdict::Right { outdated }, Some(credentials)) if credentials.enabled && !locked => outdated,
            _ => {
                self.count_failure(&account_counter, &self.config.limits.account()).await?;
                self.count_failure(&address_counter, &self.config.limits.address()).await?;
                return Err(SignInError::Refused);
            }
        };
        let Some(Credentials { user_id, password_hash: Some(old_hash), .. }) = credentials else {
            return Err(SignInError::Refused);
        };
        let rehashed = rehash(&turn, password, old_hash, outdated).await?;
        drop(turn);
        let refresh_token = RefreshToken::generate();
        let new = NewRefreshToken::new(&refresh_token, now, self.config.refresh_ttl);
        if !self.persistence.start_session(user_id, SessionId::generate(), &new, rehashed.as_ref()).await? {
            return Err(SignInError::Refused);
        }
        self.persistence.forget_failures(&account_counter).await?;
        let account = self.persistence.account(user_id, Tenants::All).await?.ok_or(SignInError::Refused)?;
        let access_token = self.user_token(&account, now).await?;
        Ok(SignedIn { account, access_token, refresh_token })
    }

    /// Whether this network address is let through now.
    pub(crate) async fn check_address(&self, counter: &Counter) -> Result<(), SignInError> {
        match self.persistence.locked_until(counter, clock::now()).await? {
            Some(until) => Err(SignInError::TooMany { until }),
            None => Ok(()),
        }
    }

    pub(crate) async fn count_failure(&self, counter: &Counter, rule: &Rule) -> Result<(), PersistenceError> {
        let now = crate::domain::stored(clock::now());
        let failures = self.persistence.count_failure(counter, rule, now).await?;
        if failures.locked_until.is_some_and(|until| until > now) {
            // Not whose: the log is not for addresses.
            tracing::info!(failures = failures.count, "too many failed attempts: locked for a while");
        }
        Ok(())
    }
}

/// A hash at today's cost in the place of an outdated one.
async fn rehash(
    turn: &Turn,
    password: &str,
    old_hash: String,
    outdated: bool,
) -> Result<Option<Rehashed>, PasswordError> {
    if !outdated {
        return Ok(None);
    }
    let new_hash = turn.hash(password).await?;
    Ok(Some(Rehashed { old_hash, new_hash }))
}
