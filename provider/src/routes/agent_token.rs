//! `POST /agents/token`

use axum::extract::State;
use common::{
    LanguageTag,
    event::{AgentType, ChannelConfig},
    ids::{ChannelId, EventId},
    problem::{FieldError, Json, Problem},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::who::AgentClient;
use crate::{
    AppState,
    admission::{Admission, RoomToken, must_be_open},
    domain::{Identity, TokenRole},
};

/// Which agent goes where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "event_id": 123_457, "channel_id": 1, "agent_type": "mt", "language": "es-ES" }))]
pub(crate) struct AgentTokenRequest {
    /// To which event.
    event_id: EventId,
    /// On which channel.
    channel_id: ChannelId,
    /// What it does there.
    agent_type: AgentType,
    /// What it translates into, one of the channel's target languages; for `mt` alone, and needed there.
    language: Option<LanguageTag>,
}

/// Get an agent's token
///
/// For services. The room is made if it is not there. The token is for 10 minutes and this room, is of kind `agent`,
/// and allows the least that the agent needs: `asr` hears and sends captions, `mt` also publishes a voice, `recorder`
/// hears unseen, `bridge` hears and sends captions unseen.
#[utoipa::path(
    post, path = "/agents/token", tag = "agents", request_body = AgentTokenRequest,
    security(("bearer" = ["agents:token"])),
    responses(
        (status = 200, description = "What lets the agent in", body = RoomToken),
        (status = 404, description = "There is no such event or channel"),
        (status = 409, description = "The event is not open; `state` says what it is"),
    )
)]
pub(crate) async fn create_agent_token(
    who: AgentClient,
    State(state): State<AppState>,
    Json(wanted): Json<AgentTokenRequest>,
) -> Result<Json<RoomToken>, Problem> {
    let event = state.events.event(wanted.event_id).await?;
    let event = event.filter(|event| who.principal.tenants().include(event.customer_id));
    let event = event.ok_or_else(|| Problem::not_found("event"))?;
    let channel = event.channel(wanted.channel_id).ok_or_else(|| Problem::not_found("channel"))?;
    let language = check_language(channel, wanted.agent_type, wanted.language)?;
    must_be_open(&event)?;
    let admission = Admission {
        event: &event,
        channel_id: channel.channel_id,
        identity: Identity::Agent(wanted.agent_type, language.clone()),
        role: TokenRole::from(wanted.agent_type),
        language,
        by: Some(&who.principal.subject),
        as_staff: false,
    };
    Ok(Json(state.admit(admission).await?))
}

/// The language that the agent works for, if it works for one.
fn check_language(
    channel: &ChannelConfig,
    agent: AgentType,
    language: Option<LanguageTag>,
) -> Result<Option<LanguageTag>, Problem> {
    let mistake = |detail: &str| Problem::invalid(vec![FieldError::new("language", detail)]);
    match (agent, language) {
        (AgentType::Mt, None) => {
            Err(mistake("an mt agent translates into one of the channel's target languages"))
        }
        (AgentType::Mt, Some(language)) if channel.target_languages.contains(&language) => Ok(Some(language)),
        (AgentType::Mt, Some(_)) => Err(mistake("this is none of the channel's target languages")),
        (AgentType::Asr | AgentType::Recorder | AgentType::Bridge, None) => Ok(None),
        (AgentType::Asr | AgentType::Recorder | AgentType::Bridge, Some(_)) => {
            Err(mistake("only mt agents have a language"))
        }
    }
}
