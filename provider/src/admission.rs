//! How somebody is let into a room: it is made, they get a token, and that is kept.

use agents::token::TokenRequest;
use chrono::{DateTime, SubsecRound as _, Utc};
use common::{
    LanguageTag,
    access::Subject,
    clock,
    event::{EventConfig, EventState},
    ids::{ChannelId, new_uuid},
    problem::Problem,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    domain::{Identity, IssuedToken, RoomName, TokenRole},
};

/// What lets somebody into a room.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "room_name": "event-123457-channel-1", "livekit_token": "eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e319.c2lnbmF0dXJl",
    "livekit_url": "wss://livekit.example.org", "identity": "speaker-0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f",
    "channel_id": 1, "expires_at": "2026-05-04T09:40:00Z"
}))]
pub(crate) struct RoomToken {
    /// The one room that the token opens.
    pub(crate) room_name: String,
    /// For `LiveKit`'s clients. Whoever is in the room gets it renewed there.
    pub(crate) livekit_token: String,
    /// Where to connect to.
    pub(crate) livekit_url: String,
    /// Whom the token names.
    pub(crate) identity: String,
    /// Of which channel the room is.
    pub(crate) channel_id: ChannelId,
    /// Until when the room has to be entered.
    pub(crate) expires_at: DateTime<Utc>,
}

/// Somebody who may come in.
pub(crate) struct Admission<'a> {
    pub(crate) event: &'a EventConfig,
    pub(crate) channel_id: ChannelId,
    pub(crate) identity: Identity,
    pub(crate) role: TokenRole,
    pub(crate) language: Option<LanguageTag>,
    /// Who asked; `None`: a guest.
    pub(crate) by: Option<&'a Subject>,
    /// Whether they may because they run the event.
    pub(crate) as_staff: bool,
}

/// 409 unless the event's rooms are open: announced, and neither over nor called off.
pub(crate) fn must_be_open(event: &EventConfig) -> Result<(), Problem> {
    match event.state {
        EventState::Scheduled | EventState::Ready | EventState::Live => Ok(()),
        state @ (EventState::Draft | EventState::Ended | EventState::Completed | EventState::Cancelled) => {
            let detail =
                format!("the event is {state}: its rooms are open while it is scheduled, ready or live");
            Err(Problem::conflict("event_not_open", detail).with("state", state.as_str()))
        }
    }
}

impl AppState {
    /// Makes the room if it is not there, and gives the token out once that is kept.
    pub(crate) async fn admit(&self, admission: Admission<'_>) -> Result<RoomToken, Problem> {
        let Admission { event, channel_id, identity, role, language, by, as_staff } = admission;
        let room = RoomName { event_id: event.event_id, channel_id };
        self.livekit.make_room(room, event.customer_id).await?;

        // The database keeps microseconds.
        let issued_at = clock::now().trunc_subsecs(6);
        let attributes = language.iter().map(|tag| ("language".to_owned(), tag.to_string())).collect();
        let identity = identity.to_string();
        let request = TokenRequest {
            kind: role.kind(),
            attributes,
            ..TokenRequest::new(room.to_string(), identity.clone(), role.permissions())
        };
        let token = request.sign(&self.access.api_key, &self.access.api_secret);
        let livekit_token = token.map_err(|error| Problem::internal(&error))?;
        let issued = IssuedToken {
            token_id: new_uuid(),
            event_id: event.event_id,
            channel_id,
            customer_id: event.customer_id,
            identity,
            role,
            language,
            issued_to: by.map(Subject::to_string),
            as_staff,
            issued_at,
            expires_at: issued_at + request.ttl,
        };
        self.persistence.keep_token(&issued).await?;
        self.figures.issued(role);
        tracing::info!(room.name = %room, role = role.as_str(), "somebody is let in");
        let livekit_url = match role {
            TokenRole::Speaker | TokenRole::Listener => &self.access.url,
            TokenRole::Asr | TokenRole::Mt | TokenRole::Recorder | TokenRole::Bridge => {
                &self.access.agent_url
            }
        };
        Ok(RoomToken {
            room_name: request.room,
            livekit_token,
            livekit_url: livekit_url.clone(),
            identity: issued.identity,
            channel_id,
            expires_at: issued.expires_at,
        })
    }
}
