use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use common::{
    access::{Permission, PermissionSet},
    clock,
    service::ClientAddress,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    credentials::ClientCredentials,
    error::{TokenError, TokenErrorReply},
    form::TokenForm,
};
use crate::{
    AppState,
    domain::{ClientId, ClientRecord},
    throttle::Counter,
};

/// A token request (RFC 6749, section 4.4.2).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read by hand: parameters may not stand twice")]
#[schema(example = json!({
    "grant_type": "client_credentials", "client_id": "live-service", "client_secret": "kJ3hV0oXq1r5T7w9y2A4c6E8g0I1k3M5",
    "scope": "events:read rooms:manage"
}))]
pub(super) struct TokenRequest {
    /// `client_credentials`.
    grant_type: GrantType,
    /// What the token is for, separated by spaces; all that the client may, if left out.
    #[schema(nullable = false)]
    scope: Option<String>,
    /// The client, unless it is named by Basic.
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// The client's secret, unless it is given by Basic.
    #[schema(nullable = false)]
    client_secret: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form")]
#[schema(rename_all = "snake_case")]
pub(super) enum GrantType {
    ClientCredentials,
}

/// A token for a program.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJzdWIiOiJsaXZlLXNlcnZpY2UifQ.c2lnbmF0dXJl",
    "token_type": "Bearer", "expires_in": 3600, "scope": "events:read rooms:manage"
}))]
pub(super) struct TokenReply {
    /// A JWT, for the header `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    #[schema(pattern = "^Bearer$")]
    token_type: &'static str,
    /// How long it lives, in seconds.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// What it is for, separated by spaces.
    scope: String,
}

/// Get a token for a program
///
/// Client credentials alone. The client identifies itself by Basic or in the body, not both.
#[utoipa::path(
    post, path = "/oauth/token", operation_id = "token", tag = "oauth2",
    security(("client" = []), ()),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token", body = TokenReply),
        (status = 400, description = "The request is not acceptable", body = TokenErrorReply),
        (status = 401, description = "The client is not known, is locked out, or the secret is another", body = TokenErrorReply),
        (status = 413, description = "The body is too large", body = TokenErrorReply),
        (status = 429, description = "Too many failed attempts from this address; see `Retry-After`", body = TokenErrorReply),
        (status = 503, description = "The service cannot answer at the moment; see `Retry-After`", body = TokenErrorReply),
    )
)]
pub(super) async fn token(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, TokenError> {
    let body = body.map_err(|_| TokenError::TooLarge)?;
    let mut form = TokenForm::read(&headers, &body)?;
    match form.grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Err(TokenError::UnsupportedGrantType),
        None => return Err(TokenError::InvalidRequest("grant_type is missing")),
    }
    let credentials = ClientCredentials::find(&headers, &mut form)?;
    let now = clock::now();
    let record = authenticate(&state, &credentials, &Counter::address(from)).await?;
    let granted = granted(&record.client.scopes, form.scope.as_deref())?;
    let scope = granted.iter().map(Permission::as_str).collect::<Vec<_>>().join(" ");
    let token = state.service_token(&record.client, granted, now).await?;
    let reply = TokenReply {
        access_token: token.token,
        token_type: "Bearer",
        expires_in: token.expires_in.as_secs(),
        scope,
    };
    Ok(([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(reply)).into_response())
}

/// The client, if it is who it says it is and may come in. Failures are counted by address alone: nobody can lock a
/// service of the platform out.
async fn authenticate(
    state: &AppState,
    credentials: &ClientCredentials,
    address: &Counter,
) -> Result<ClientRecord, TokenError> {
    let now = clock::now();
    if let Some(until) = state.persistence.locked_until(address, now).await? {
        return Err(TokenError::TooMany { until });
    }
    let record = match credentials.client_id.parse::<ClientId>() {
        Ok(client_id) => state.persistence.client_record(&client_id, now).await?,
        Err(_) => None,
    };
    if let Some(record) = record.filter(|record| record.accepts(&credentials.secret)) {
        return Ok(record);
    }
    state.count_failure(address, &state.config.limits.address()).await?;
    Err(TokenError::InvalidClient("the client is not known, is locked out, or the secret is another"))
}

/// What of `allowed` is asked for; all of it, if nothing is.
fn granted(allowed: &PermissionSet, asked: Option<&str>) -> Result<PermissionSet, TokenError> {
    let refused = TokenError::InvalidScope("the client may not ask for this scope");
    let granted = match asked {
        None => allowed.clone(),
        Some(asked) => {
            let wanted = asked.split(' ').filter(|name| !name.is_empty()).map(str::parse::<Permission>);
            let wanted: Result<PermissionSet, _> = wanted.collect();
            match wanted {
                Ok(wanted) if allowed.has_all(&wanted) => wanted,
                _ => return Err(refused),
            }
        }
    };
    if granted.is_empty() { Err(refused) } else { Ok(granted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_part_of_what_the_client_may() {
        let allowed: PermissionSet = [Permission::EventsRead, Permission::RoomsManage].into_iter().collect();
        let ask = |asked| granted(&allowed, asked).map(|granted| granted.iter().count());
        assert_eq!(ask(None).expect("all"), 2);
        assert_eq!(ask(Some("events:read")).expect("one"), 1);
        assert_eq!(ask(Some("rooms:manage events:read")).expect("both"), 2);
        for refused in ["events:write", "events:read users:read", "events:*", " ", "events:read,rooms:manage"]
        {
            assert!(matches!(ask(Some(refused)), Err(TokenError::InvalidScope(_))), "{refused:?}");
        }
        assert!(granted(&PermissionSet::default(), None).is_err());
    }
}
