//! What signing in, renewing and changing the password answer.

use std::collections::BTreeSet;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use common::{
    access::PermissionSet,
    clock,
    ids::{CustomerId, UserId},
    problem::{Json, Problem},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    domain::{Account, DisplayName, Email, RoleName},
    keys::KeyError,
    passwords::PasswordError,
    sign_in::{SignInError, SignedIn},
    tokens::AccessToken,
};

/// An access token and whose it is.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJzdWIiOiIwMTkyZjBjMS0yYTZiLTdjM2QtOGU0Zi01YTZiN2M4ZDllMGYifQ.c2lnbmF0dXJl",
    "token_type": "Bearer",
    "expires_in": 3600,
    "user": {
        "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", "customer_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e10",
        "email": "ada@example.org", "display_name": "Ada Lovelace", "roles": ["listener"],
        "permissions": ["events:read", "transcripts:read", "rooms:listen"]
    }
}))]
pub(crate) struct SessionReply {
    /// A JWT, for the header `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    #[schema(pattern = "^Bearer$")]
    token_type: &'static str,
    /// How long it lives, in seconds.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// Whose it is.
    user: SessionUser,
}

/// Whoever is signed in.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", "customer_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e10",
    "email": "ada@example.org", "display_name": "Ada Lovelace", "roles": ["listener"],
    "permissions": ["events:read", "transcripts:read", "rooms:listen"]
}))]
pub(crate) struct SessionUser {
    /// `sub` of the tokens.
    user_id: UserId,
    /// Whose data the user works on.
    customer_id: CustomerId,
    /// What the user signs in with.
    email: Email,
    /// What the person is called.
    display_name: DisplayName,
    /// The user's roles.
    roles: BTreeSet<RoleName>,
    /// What the user may do: what the roles give, with the custom permissions added and removed.
    permissions: PermissionSet,
}

impl From<&Account> for SessionUser {
    fn from(account: &Account) -> Self {
        Self {
            user_id: account.user.user_id,
            customer_id: account.user.customer_id,
            email: account.user.email.clone(),
            display_name: account.user.display_name.clone(),
            roles: account.user.roles.clone(),
            permissions: account.effective(),
        }
    }
}

impl SessionReply {
    pub(super) fn new(account: &Account, token: AccessToken) -> Self {
        Self {
            access_token: token.token,
            token_type: "Bearer",
            expires_in: token.expires_in.as_secs(),
            user: account.into(),
        }
    }
}

/// 200 with the tokens: one in the body, one in the cookie.
pub(super) fn signed_in(state: &AppState, signed_in: SignedIn) -> Response {
    let cookie = state.config.cookie.set(&signed_in.refresh_token, state.config.refresh_ttl);
    let reply = SessionReply::new(&signed_in.account, signed_in.access_token);
    ([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, no_store())], Json(reply)).into_response()
}

/// Tokens are not for caches.
pub(super) fn no_store() -> HeaderValue {
    HeaderValue::from_static("no-store")
}

/// 429: too many failures; later it helps to ask again.
pub(super) fn too_many(until: DateTime<Utc>) -> Problem {
    let wait = (until - clock::now()).max(TimeDelta::seconds(1)).to_std().unwrap_or_default();
    let status = axum::http::StatusCode::TOO_MANY_REQUESTS;
    Problem::new(status, "too_many_attempts", "too many failed attempts; try again later").retry_after(wait)
}

/// Every failure of signing in but [`SignInError::Refused`], which the operations word themselves.
pub(super) fn problem(error: SignInError, refused: impl FnOnce() -> Problem) -> Problem {
    match error {
        SignInError::Refused => refused(),
        SignInError::TooMany { until } => too_many(until),
        SignInError::Password(error) => error.into(),
        SignInError::Key(error) => error.into(),
        SignInError::Persistence(error) => error.into(),
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::unavailable(
                "busy",
                "too many people sign in at the moment",
                std::time::Duration::from_secs(2),
                &error,
            ),
            PasswordError::Failed(_) => Self::internal(&error),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Persistence(error) => error.into(),
            KeyError::WrongSecret | KeyError::NoKey | KeyError::Failed(_) => Self::internal(&error),
        }
    }
}
