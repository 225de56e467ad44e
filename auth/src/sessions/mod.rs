//! Sessions: one for each sign-in, held by a refresh token that is replaced with every use.

use std::{fmt, time::Duration};

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use common::{config::Secret, ids::UserId};
use rand::RngCore as _;
use uuid::Uuid;
use zeroize::Zeroizing;

/// For so long after its replacement an old refresh token is an accident (two tabs, a lost answer), not a theft.
pub const GRACE: Duration = Duration::from_secs(10);

/// Names a session: a sign-in and the refresh tokens that descend from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub Uuid);

impl SessionId {
    /// A new one.
    pub fn generate() -> Self {
        Self(common::ids::new_uuid())
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A refresh token: 256 random bits. Never printed, never stored.
#[derive(Clone, Debug)]
pub struct RefreshToken(Secret);

impl RefreshToken {
    /// A new one.
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        rand::rng().fill_bytes(bytes.as_mut());
        Self(Secret::new(URL_SAFE_NO_PAD.encode(bytes.as_ref())))
    }

    /// One that came with a request; whatever it looks like, its hash decides.
    pub fn received(text: &str) -> Self {
        Self(Secret::new(text))
    }

    /// The token, for the cookie.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored of it.
    pub fn hash(&self) -> RefreshTokenHash {
        let digest = digest::digest(&digest::SHA256, self.0.expose().as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(digest.as_ref());
        RefreshTokenHash(hash)
    }
}

/// SHA-256 of a refresh token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefreshTokenHash(pub [u8; 32]);

impl fmt::Debug for RefreshTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshTokenHash(…)")
    }
}

/// A refresh token to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewRefreshToken {
    /// Its hash.
    pub hash: RefreshTokenHash,
    /// When it was made.
    pub issued_at: DateTime<Utc>,
    /// When it ends, if nobody uses it.
    pub expires_at: DateTime<Utc>,
}

impl NewRefreshToken {
    /// `token`, made `now`, living for `ttl`.
    pub fn new(token: &RefreshToken, now: DateTime<Utc>, ttl: Duration) -> Self {
        let now = crate::domain::stored(now);
        Self { hash: token.hash(), issued_at: now, expires_at: now + ttl }
    }
}

/// What the use of a refresh token comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The old token is replaced by the new one.
    Replaced,
    /// It was replaced less than [`GRACE`] ago. Nothing was changed.
    JustReplaced,
    /// It was replaced longer ago: somebody else has it. The session is ended.
    Reused {
        /// Which.
        session_id: SessionId,
        /// Whose.
        user_id: UserId,
    },
    /// Unknown, expired, or of a session that ended.
    Unknown,
}

/// What is known of a stored refresh token when it is used. Both persistences decide by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presented {
    pub(crate) session_id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) replaced_at: Option<DateTime<Utc>>,
    /// Tokens of the user issued earlier are refused.
    pub(crate) sessions_not_before: Option<DateTime<Utc>>,
}

impl Presented {
    /// What its use at `now` comes to.
    pub(crate) fn decide(&self, now: DateTime<Utc>) -> Refreshed {
        let withdrawn = self.sessions_not_before.is_some_and(|moment| self.issued_at < moment);
        if withdrawn || self.expires_at <= now {
            return Refreshed::Unknown;
        }
        match self.replaced_at {
            None => Refreshed::Replaced,
            Some(replaced_at) if now < replaced_at + GRACE => Refreshed::JustReplaced,
            Some(_) => Refreshed::Reused { session_id: self.session_id, user_id: self.user_id },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_has_256_bits_and_is_not_printed() {
        let token = RefreshToken::generate();
        assert_eq!(URL_SAFE_NO_PAD.decode(token.expose()).map(|bytes| bytes.len()), Ok(32));
        assert_ne!(token.hash(), RefreshToken::generate().hash());
        assert_eq!(token.hash(), RefreshToken::received(token.expose()).hash());
        assert!(!format!("{token:?}{:?}", token.hash()).contains(token.expose()));
    }
}
