//! `GET /tokens`

use axum::extract::State;
use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    access::{May, may},
    ids::{ChannelId, EventId},
    problem::{Json, Problem, Query},
    service::page::{self, Page},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    AppState,
    domain::{IssuedToken, TokenRole},
    persistence::TokenKey,
};

/// Which tokens are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenQuery {
    /// For rooms of this event.
    event_id: EventId,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the last page ended: its `next_cursor`.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// What is kept of a token that was given out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedToken, example = json!({
    "token_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e12", "event_id": 123_457, "channel_id": 1,
    "room_name": "event-123457-channel-1",
    "identity": "listener-0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f-9c1185a5c5e9fc54", "role": "listener",
    "language": "es-ES", "issued_to": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", "as_staff": false,
    "issued_at": "2026-05-04T09:30:00Z", "expires_at": "2026-05-04T09:40:00Z"
}))]
pub(crate) struct IssuedTokenBody {
    /// Names it.
    token_id: Uuid,
    /// For a room of which event.
    event_id: EventId,
    /// For the room of which channel.
    channel_id: ChannelId,
    /// Which room that is.
    room_name: String,
    /// Whom it names in the room.
    identity: String,
    /// As what.
    role: TokenRole,
    /// What a listener wanted to follow, or an agent translates into.
    #[schema(required = true)]
    language: Option<LanguageTag>,
    /// Who asked for it: a user's id, or a service's `client_id`; `null`: a guest.
    #[schema(required = true)]
    issued_to: Option<String>,
    /// Whether they were let in because they run the event.
    as_staff: bool,
    /// From when.
    issued_at: DateTime<Utc>,
    /// Until when the room is entered with it.
    expires_at: DateTime<Utc>,
}

impl From<IssuedToken> for IssuedTokenBody {
    fn from(token: IssuedToken) -> Self {
        Self {
            room_name: token.room().to_string(),
            token_id: token.token_id,
            event_id: token.event_id,
            channel_id: token.channel_id,
            identity: token.identity,
            role: token.role,
            language: token.language,
            issued_to: token.issued_to,
            as_staff: token.as_staff,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
        }
    }
}

/// List the tokens given out for an event's rooms
///
/// Newest first, within the caller's customer; also of events that are gone. The tokens themselves are not kept.
#[utoipa::path(
    get, path = "/tokens", tag = "audit", params(TokenQuery), security(("bearer" = ["audit:read"])),
    responses((status = 200, description = "One page of what was given out", body = Page<IssuedTokenBody>))
)]
pub(crate) async fn list_tokens(
    who: May<may::AuditRead>,
    State(state): State<AppState>,
    Query(query): Query<TokenQuery>,
) -> Result<Json<Page<IssuedTokenBody>>, Problem> {
    let wanted = page::read::<TokenKey>(query.limit, query.cursor.as_deref())?;
    let tenants = who.principal.tenants();
    let tokens = state.persistence.tokens(query.event_id, tenants, wanted.after, wanted.rows()).await?;
    Ok(Json(wanted.page(tokens, TokenKey::of).map(IssuedTokenBody::from)))
}
