//! Renewing a session: a refresh token for the next one and a fresh access token.

use common::{access::Tenants, clock, ids::UserId};
use serde_json::json;

use crate::{
    AppState,
    domain::{Action, Actor, AuditEntry, Target},
    keys::KeyError,
    persistence::PersistenceError,
    sessions::{NewRefreshToken, RefreshToken, Refreshed, SessionId},
    sign_in::SignedIn,
};

/// Why a session was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewalError {
    /// The token is unknown, expired or of a session that ended, or its user may not sign in any more.
    #[error("the session has ended")]
    Ended,
    /// The token was replaced a moment ago: another tab was faster. Asking again with the new cookie helps.
    #[error("the session was renewed a moment ago")]
    JustRenewed,
    /// No token could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The data cannot be read or written.
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
}

impl AppState {
    /// Puts a new refresh token in the place of `old`, and makes an access token with the rights of now.
    ///
    /// The replacement comes last: when anything before it fails, the old token is still good.
    pub async fn renew(&self, old: &RefreshToken) -> Result<SignedIn, RenewalError> {
        let hash = old.hash();
        let user_id = self.persistence.session_user(&hash).await?.ok_or(RenewalError::Ended)?;
        let now = clock::now();
        let account = self.persistence.account(user_id, Tenants::All).await?;
        let Some(account) = account.filter(crate::domain::Account::is_enabled) else {
            self.persistence.end_session(&hash, None).await?;
            return Err(RenewalError::Ended);
        };
        let access_token = self.user_token(&account, now).await?;
        let refresh_token = RefreshToken::generate();
        let new = NewRefreshToken::new(&refresh_token, clock::now(), self.config.refresh_ttl);
        match self.persistence.refresh(&hash, &new).await? {
            Refreshed::Replaced => Ok(SignedIn { account, access_token, refresh_token }),
            Refreshed::JustReplaced => Err(RenewalError::JustRenewed),
            Refreshed::Unknown => Err(RenewalError::Ended),
            Refreshed::Reused { session_id, user_id } => {
                tracing::warn!(session.id = %session_id, "a refresh token was used again: its session is ended");
                self.persistence.note(&reuse(session_id, user_id, &account)).await?;
                Err(RenewalError::Ended)
            }
        }
    }
}

fn reuse(session_id: SessionId, user_id: UserId, account: &crate::domain::Account) -> AuditEntry {
    let mut entry = AuditEntry::by_system(
        Action::RefreshTokenReused,
        Some(account.user.customer_id),
        Target::new("user", user_id),
        json!({"session_id": session_id.to_string()}),
        clock::now(),
    );
    // Whoever it was, it was in this user's name.
    entry.actor = Actor::User(user_id);
    entry
}
