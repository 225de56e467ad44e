//! `/live/{event_id}/…`: who follows an event outside `LiveKit`.

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use common::{
    LanguageTag,
    access::{Permission, Principal},
    event::ChannelConfig,
    ids::{self, EventId},
    problem::{Json, Path, Problem},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reader::Reader;
use crate::{
    AppState,
    presence::{RENEW_AFTER, TTL},
};

/// Whoever may hear an event may know how many do.
const NEEDS_FOR_STATS: &[Permission] =
    &[Permission::EventsRead, Permission::RoomsListen, Permission::AnalyticsRead];

/// Names a connection of a client.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "0192f0c12a6b7c3d8e4f5a6b7c8d9e0f", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
struct ConnectionId(String);

impl TryFrom<String> for ConnectionId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.is_empty() || text.len() > 64 || !text.bytes().all(fits) {
            return Err("a connection id has 1 to 64 letters, digits, - and _");
        }
        Ok(Self(text))
    }
}

impl From<ConnectionId> for String {
    fn from(id: ConnectionId) -> Self {
        id.0
    }
}

impl ConnectionId {
    /// As it is counted: nobody ends the connections of somebody else.
    fn of(&self, principal: &Principal) -> String {
        format!("{}/{}", principal.subject, self.0)
    }
}

/// Which connection to go on with.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "connection_id": "0192f0c12a6b7c3d8e4f5a6b7c8d9e0f" }))]
pub(super) struct Join {
    /// What the first call gave; a new one is made when there is none.
    connection_id: Option<ConnectionId>,
}

/// A connection that counts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "connection_id": "0192f0c12a6b7c3d8e4f5a6b7c8d9e0f", "ttl_seconds": 12, "renew_after_seconds": 5
}))]
pub(super) struct Joined {
    /// For renewing it and for leaving.
    connection_id: ConnectionId,
    /// It counts for so long.
    ttl_seconds: u64,
    /// Call again after so long.
    renew_after_seconds: u64,
}

/// Which connection ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "connection_id": "0192f0c12a6b7c3d8e4f5a6b7c8d9e0f" }))]
pub(super) struct Leave {
    /// What joining gave.
    connection_id: ConnectionId,
}

/// Follow a language
///
/// For clients outside LiveKit: they count as listeners of the language for as long as they repeat the call with their
/// `connection_id`. Any account that sees the event may.
#[utoipa::path(
    post, path = "/live/{event_id}/{language}/join", tag = "presence", request_body = Option<Join>,
    security(("bearer" = [])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("language" = LanguageTag, Path, description = "One of the languages of its channels"),
    ),
    responses((status = 200, description = "It counts", body = Joined))
)]
pub(super) async fn join_live(
    principal: Principal,
    State(state): State<AppState>,
    Path((event_id, language)): Path<(EventId, LanguageTag)>,
    body: Option<Json<Join>>,
) -> Result<Json<Joined>, Problem> {
    let event = state.events.event(event_id).await?.filter(|event| event.is_seen_by(Some(&principal)));
    let event = event.ok_or_else(|| Problem::not_found("event"))?;
    if !event.channels.iter().any(|channel| channel.languages().any(|one| *one == language)) {
        return Err(Problem::not_found("language of that event"));
    }
    let given = body.and_then(|Json(join)| join.connection_id);
    let connection_id = given.unwrap_or_else(|| ConnectionId(ids::new_uuid().simple().to_string()));
    state.presence.join(event_id, &language, &connection_id.of(&principal)).await;
    Ok(Json(Joined { connection_id, ttl_seconds: TTL.as_secs(), renew_after_seconds: RENEW_AFTER.as_secs() }))
}

/// Follow a language no longer
///
/// Does nothing when the connection is gone already.
#[utoipa::path(
    post, path = "/live/{event_id}/{language}/leave", tag = "presence", request_body = Leave,
    security(("bearer" = [])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("language" = LanguageTag, Path, description = "What was followed"),
    ),
    responses((status = 204, description = "It does not count any more"))
)]
pub(super) async fn leave_live(
    principal: Principal,
    State(state): State<AppState>,
    Path((event_id, language)): Path<(EventId, LanguageTag)>,
    Json(leave): Json<Leave>,
) -> StatusCode {
    state.presence.leave(event_id, &language, &leave.connection_id.of(&principal)).await;
    StatusCode::NO_CONTENT
}

/// How many listen, by language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = BTreeMap<String, u64>, example = json!({ "ca-ES": 0, "en-US": 1, "es-ES": 3 }))]
pub(super) struct Stats(BTreeMap<LanguageTag, u64>);

/// Count listeners
///
/// In LiveKit and outside, now: every language of the event's channels, 0 where nobody listens. Public events need no
/// account.
#[utoipa::path(
    get, path = "/live/{event_id}/stats", tag = "presence",
    security((), ("bearer" = ["events:read"]), ("bearer" = ["rooms:listen"]), ("bearer" = ["analytics:read"])),
    params(("event_id" = EventId, Path, description = "Which event")),
    responses((status = 200, description = "Listeners by language", body = Stats))
)]
pub(super) async fn live_stats(
    reader: Reader,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
) -> Result<Json<Stats>, Problem> {
    let event = reader.event(&state, event_id, NEEDS_FOR_STATS).await?;
    let counts = state.presence.counts(event_id).await;
    let languages = event.channels.iter().flat_map(ChannelConfig::languages);
    let count = |language: &LanguageTag| counts.total.get(language).copied().unwrap_or(0);
    Ok(Json(Stats(languages.map(|language| (language.clone(), count(language))).collect())))
}

#[cfg(test)]
mod tests;
