//! `POST /events/{event_id}/sessions`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    access::{May, may},
    clock,
    ids::EventId,
    problem::{FieldError, Json, Path, Problem},
};

use super::SessionBody;
use crate::{AppState, domain::SessionRecord, persistence::Recorded};

/// Record a session
///
/// May be repeated: the same record again changes nothing, and so does an earlier stage of it that comes late. A later
/// stage completes it: what was open may be closed, `peak_listeners` and `restarts` may rise, agents and artefacts may
/// come to those that are there. What contradicts the record that is there (another channel or start, anything taken
/// back) is a 409.
#[utoipa::path(
    post, path = "/events/{event_id}/sessions", tag = "sessions", request_body = SessionRecord,
    security(("bearer" = ["sessions:record"])),
    params(("event_id" = EventId, Path, description = "Of which event")),
    responses(
        (
            status = 201, description = "It is recorded", body = SessionBody,
            headers(("location" = String, description = "Where it is"))
        ),
        (status = 200, description = "It was there, and is complete now", body = SessionBody),
        (status = 409, description = "It contradicts the record that is there"),
    )
)]
pub(crate) async fn record_session(
    who: May<may::SessionsRecord>,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    Json(record): Json<SessionRecord>,
) -> Result<Response, Problem> {
    record.check()?;
    let (tenants, by) = (who.principal.tenants(), who.principal.subject.to_string());
    let recorded = state.persistence.record_session(event_id, tenants, &record, &by, clock::now()).await?;
    match recorded {
        Recorded::New(stored) => {
            // Relative, so that it holds behind every prefix.
            let location = [(header::LOCATION, format!("sessions/{}", record.session_id))];
            let body = Json(SessionBody::new(event_id, stored));
            Ok((StatusCode::CREATED, location, body).into_response())
        }
        Recorded::Completed(stored) | Recorded::Known(stored) => {
            Ok(Json(SessionBody::new(event_id, stored)).into_response())
        }
        Recorded::Contradicted => Err(Problem::conflict(
            "session_recorded_otherwise",
            "there is another record of this session, which this one does not complete",
        )),
        Recorded::NoEvent => Err(Problem::not_found("event")),
        Recorded::NoChannel => {
            let mistake = FieldError::new("channel_id", "the event never had such a channel");
            Err(Problem::invalid(vec![mistake]))
        }
    }
}
