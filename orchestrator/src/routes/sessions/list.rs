//! `GET /sessions`

use std::collections::{HashMap, hash_map::Entry};

use axum::extract::State;
use common::{
    access::{May, Permission, Principal, Subject, may},
    ids::EventId,
    problem::{Json, Problem, Query},
    service::page::{self, Page},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::SessionBody;
use crate::{
    AppState,
    domain::{Session, SessionState},
    persistence::{SessionFilter, SessionKey},
};

/// For people who see some sessions of their customer only, so many are looked through for a page.
const LOOKED_THROUGH: usize = 5_000;
/// As many at once.
const AT_ONCE: usize = 500;

/// Which sessions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionQuery {
    /// Of this event.
    event_id: Option<EventId>,
    /// In one of these states, separated by commas.
    #[param(value_type = Option<Vec<SessionState>>, style = Form, explode = false, min_items = 1)]
    state: Option<States>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the last page ended: its `next_cursor`.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// `active,stopping`
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct States(Vec<SessionState>);

impl TryFrom<String> for States {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// Whether they see all sessions of their customer: staff, as events-service has it, and services.
pub(super) fn is_staff(principal: &Principal) -> bool {
    match principal.subject {
        Subject::Service(_) => true,
        Subject::User(_) => {
            principal.may(Permission::EventsUpdate) || principal.may(Permission::EventsAssign)
        }
    }
}

/// List sessions
///
/// The newest first. Staff see those of their customer, speakers those of their channels.
#[utoipa::path(
    get, path = "/sessions", tag = "sessions", params(SessionQuery), security(("bearer" = ["sessions:read"])),
    responses((status = 200, description = "One page of sessions", body = Page<SessionBody>))
)]
pub(crate) async fn list_sessions(
    who: May<may::SessionsRead>,
    State(state): State<AppState>,
    Query(query): Query<SessionQuery>,
) -> Result<Json<Page<SessionBody>>, Problem> {
    let wanted = page::read::<SessionKey>(query.limit, query.cursor.as_deref())?;
    let states = query.state.map(|states| states.0).unwrap_or_default();
    let filter = SessionFilter { event_id: query.event_id, states };
    let sessions = if is_staff(&who.principal) {
        let tenants = who.principal.tenants();
        state.sessions.sessions(tenants, &filter, wanted.after, wanted.rows()).await?
    } else {
        spoken_in(&state, &who.principal, &filter, wanted.after, wanted.rows()).await?
    };
    Ok(Json(wanted.page(sessions, SessionKey::of).map(SessionBody::from)))
}

/// The first `rows` sessions after `after` on channels where `principal` is to speak.
async fn spoken_in(
    state: &AppState,
    principal: &Principal,
    filter: &SessionFilter,
    mut after: Option<SessionKey>,
    rows: usize,
) -> Result<Vec<Session>, Problem> {
    let Some(user) = principal.user() else { return Ok(Vec::new()) };
    let (mut events, mut seen) = (HashMap::new(), Vec::new());
    for _ in 0..LOOKED_THROUGH / AT_ONCE {
        let some = state.sessions.sessions(principal.tenants(), filter, after, AT_ONCE).await?;
        let last = some.len() < AT_ONCE;
        after = some.last().map(SessionKey::of);
        for session in some {
            let event = match events.entry(session.event_id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(state.events.event(session.event_id).await?),
            };
            if event.as_ref().is_some_and(|event| event.has_speaker(user, session.channel_id)) {
                seen.push(session);
            }
        }
        if last || seen.len() >= rows {
            break;
        }
    }
    seen.truncate(rows);
    Ok(seen)
}
