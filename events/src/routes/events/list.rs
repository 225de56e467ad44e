//! `GET /events`

use axum::extract::State;
use common::{
    access::{May, may},
    ids::CustomerId,
    problem::{Json, Problem, Query},
    service::page::{self, Page},
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    AppState,
    domain::{EventState, Instant, Search, Viewer},
    persistence::{EventFilter, EventKey},
    routes::EventBody,
};

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventQuery {
    /// In one of these states, separated by commas.
    #[param(value_type = Option<Vec<EventState>>, style = Form, explode = false, min_items = 1)]
    state: Option<States>,
    /// Starting at this time or later.
    starts_after: Option<Instant>,
    /// Starting before this time.
    starts_before: Option<Instant>,
    /// With this in the title, whatever the case.
    #[param(inline)]
    q: Option<Search>,
    /// Of this customer.
    customer_id: Option<CustomerId>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the last page ended: its `next_cursor`.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// `ready,live`
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct States(Vec<EventState>);

impl TryFrom<String> for States {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let states = text.split(',').map(|name| name.parse().map_err(|error| format!("{error}")));
        states.collect::<Result<_, _>>().map(Self)
    }
}

/// List events
///
/// Staff see their customer's events and those they are assigned to; others those they may listen to or speak at.
/// The order is by start, then by id. Of people, only the caller's own assignments are in a list.
#[utoipa::path(
    get, path = "/events", tag = "events", params(EventQuery), security(("bearer" = ["events:read"])),
    responses((status = 200, description = "One page of events", body = Page<EventBody>))
)]
pub(crate) async fn list_events(
    who: May<may::EventsRead>,
    State(state): State<AppState>,
    Query(query): Query<EventQuery>,
) -> Result<Json<Page<EventBody>>, Problem> {
    let wanted = page::read::<EventKey>(query.limit, query.cursor.as_deref())?;
    let filter = EventFilter {
        states: query.state.map(|states| states.0).unwrap_or_default(),
        starts_after: query.starts_after.map(Instant::utc),
        starts_before: query.starts_before.map(Instant::utc),
        title: query.q.map(String::from).filter(|part| !part.is_empty()),
        customer: query.customer_id,
    };
    let viewer = Viewer::of(&who.principal);
    let events = state.persistence.events(viewer, &filter, wanted.after, wanted.rows()).await?;
    Ok(Json(wanted.page(events, EventKey::of).map(EventBody::listed)))
}
