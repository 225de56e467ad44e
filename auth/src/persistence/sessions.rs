use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Subject, ids::UserId};

use super::PersistenceError;
use crate::{
    domain::{AuditEntry, Email},
    sessions::{NewRefreshToken, RefreshTokenHash, Refreshed, SessionId},
};

/// Passwords' hashes, and the sessions of those who signed in.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// From when tokens of `subject` are good (`iat`): `None`, all are. For nobody that exists, it is the end of time.
    async fn tokens_good_from(&self, subject: &Subject) -> Result<Option<DateTime<Utc>>, PersistenceError>;

    /// What decides whether somebody may sign in with this address.
    async fn credentials(&self, email: &Email) -> Result<Option<Credentials>, PersistenceError>;

    /// The hash of the user's password, if there is one.
    async fn password_hash(&self, user_id: UserId) -> Result<Option<String>, PersistenceError>;

    /// Begins a session and notes the sign-in. With `rehashed`, that takes the place of the password's hash, unless the
    /// password was changed since. `false`: the user is gone or locked out since.
    async fn start_session(
        &self,
        user_id: UserId,
        session_id: SessionId,
        token: &NewRefreshToken,
        rehashed: Option<&Rehashed>,
    ) -> Result<bool, PersistenceError>;

    /// Whose session it is that the token belongs to, whatever the token's state.
    async fn session_user(&self, token: &RefreshTokenHash) -> Result<Option<UserId>, PersistenceError>;

    /// Puts `new` in the place of `old`. Of several at once one succeeds.
    async fn refresh(
        &self,
        old: &RefreshTokenHash,
        new: &NewRefreshToken,
    ) -> Result<Refreshed, PersistenceError>;

    /// Ends the session that the token belongs to; with `everywhere`, all of its user, whose access tokens issued
    /// before that moment are refused from then on. Tells whose it was; nothing happens for an unknown token.
    async fn end_session(
        &self,
        token: &RefreshTokenHash,
        everywhere: Option<DateTime<Utc>>,
    ) -> Result<Option<UserId>, PersistenceError>;

    /// Changes the password of the user: ends all sessions but `keep`'s and refuses access tokens issued before
    /// `not_before`. `false`: the password is not `old_hash` any more. Nothing was changed then.
    async fn change_password(
        &self,
        user_id: UserId,
        change: &Rehashed,
        keep: Option<&RefreshTokenHash>,
        not_before: DateTime<Utc>,
        audit: &AuditEntry,
    ) -> Result<bool, PersistenceError>;

    /// Forgets refresh tokens that expired, and sessions without one. Tells how many tokens.
    async fn sweep_sessions(&self, now: DateTime<Utc>) -> Result<u64, PersistenceError>;
}

/// What decides whether somebody may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Who.
    pub user_id: UserId,
    /// The hash of the password, if there is one.
    pub password_hash: Option<String>,
    /// Whether neither the user nor the customer is locked out.
    pub enabled: bool,
}

/// A new hash in the place of an old one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehashed {
    /// The hash that was verified.
    pub old_hash: String,
    /// What takes its place.
    pub new_hash: String,
}
