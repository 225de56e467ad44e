//! Access tokens: who gets one that says what.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    access::{Claims, PermissionSet, Principal, Subject},
    clock,
};

use crate::{
    AppState,
    domain::{Account, OAuthClient},
    keys::KeyError,
};

/// An access token, made now.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The JWT.
    pub token: String,
    /// How long it lives.
    pub expires_in: Duration,
}

impl AppState {
    /// A token for a user: roles and effective permissions as they are in `account`.
    ///
    /// `now` must have been read before `account`: whatever changed since withdraws the token.
    pub async fn user_token(&self, account: &Account, now: DateTime<Utc>) -> Result<AccessToken, KeyError> {
        let principal = Principal {
            subject: Subject::User(account.user.user_id),
            customer: Some(account.user.customer_id),
            roles: account.user.roles.iter().map(ToString::to_string).collect(),
            permissions: account.effective(),
            token_id: common::ids::new_uuid().to_string(),
            expires_at: now,
        };
        self.token(principal, account.user.issued_at(now)).await
    }

    /// A token for a program, with `scope` out of what it may ask for.
    pub async fn service_token(
        &self,
        client: &OAuthClient,
        scope: PermissionSet,
        now: DateTime<Utc>,
    ) -> Result<AccessToken, KeyError> {
        let principal = Principal {
            subject: Subject::Service(client.client_id.to_string()),
            customer: client.customer_id,
            roles: Vec::new(),
            permissions: scope,
            token_id: common::ids::new_uuid().to_string(),
            expires_at: now,
        };
        self.token(principal, client.issued_at(now)).await
    }

    async fn token(
        &self,
        mut principal: Principal,
        issued_at: DateTime<Utc>,
    ) -> Result<AccessToken, KeyError> {
        // Right after a withdrawal tokens are good from the next second on. Programs elsewhere refuse tokens from the
        // future, so it is waited for.
        let wait = (issued_at - clock::now()).min(TimeDelta::seconds(1));
        if let Ok(wait) = wait.to_std() {
            tokio::time::sleep(wait).await;
        }
        let expires_in = self.config.access_ttl;
        principal.expires_at = issued_at + expires_in;
        let claims = Claims::new(&principal, &self.config.issuer, &self.config.audience, issued_at);
        let token = self.keys.sign(&claims, clock::now())?;
        Ok(AccessToken { token, expires_in })
    }
}
