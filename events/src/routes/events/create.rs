//! `POST /events`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use chrono::{DateTime, Utc};
use common::{
    access::{May, Principal, Tenants, may},
    clock,
    ids::{CustomerId, EventId},
    problem::{FieldError, Json, Problem},
    service::etag::ETag,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    domain::{
        Description, Event, EventState, Instant, ListenAccess, NewChannel, Refusal, Timezone, Title,
        check_times, draw_event_id, number_channels, present,
    },
    notices::Happened,
    routes::EventBody,
};

/// So many ids are drawn before it is taken as a fault: with a million events every draw but one in 900 is free.
const DRAWS: usize = 20;

/// An event to be made; it begins as a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "The spring assembly",
    "description": "Budget, elections, open questions.",
    "starts_at": "2026-05-01T18:00:00+02:00",
    "ends_at": "2026-05-01T21:00:00+02:00",
    "timezone": "Europe/Madrid",
    "listen_access": "assigned",
    "channels": [{ "name": "Main stage", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"] }]
}))]
pub(crate) struct NewEvent {
    /// What it is called.
    title: Title,
    /// What it is about.
    description: Option<Description>,
    /// When it begins.
    starts_at: Instant,
    /// When it ends, after it begins.
    ends_at: Instant,
    /// In which time zone people think of it; `UTC` when it is absent.
    #[serde(default = "utc")]
    #[schema(required = false)]
    timezone: Timezone,
    /// Who may listen; `assigned` when it is absent.
    #[serde(default)]
    #[schema(required = false)]
    listen_access: ListenAccess,
    /// Its channels; those without a number get the next.
    #[serde(default)]
    #[schema(max_items = 50, required = false)]
    channels: Vec<NewChannel>,
    /// Whose it is: the caller's own customer, unless a platform administrator says otherwise.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    customer_id: Option<CustomerId>,
}

fn utc() -> Timezone {
    Timezone::UTC
}

impl NewEvent {
    fn into_event(
        self,
        event_id: EventId,
        customer_id: CustomerId,
        now: DateTime<Utc>,
    ) -> Result<Event, Refusal> {
        let (starts_at, ends_at) = (self.starts_at.utc(), self.ends_at.utc());
        let mut mistakes: Vec<FieldError> = check_times(starts_at, ends_at).err().into_iter().collect();
        let channels = match number_channels(self.channels) {
            Ok(channels) => channels,
            Err(Refusal::Invalid(more)) => {
                mistakes.extend(more);
                Vec::new()
            }
            Err(refusal) => return Err(refusal),
        };
        if !mistakes.is_empty() {
            return Err(Refusal::Invalid(mistakes));
        }
        let now = Instant::truncate(now);
        Ok(Event {
            event_id,
            customer_id,
            title: self.title,
            description: self.description,
            starts_at,
            ends_at,
            timezone: self.timezone,
            state: EventState::Draft,
            listen_access: self.listen_access,
            last_channel_id: channels.last().map_or(0, |channel| channel.channel_id.get()),
            channels,
            speakers: Vec::new(),
            listeners: Vec::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }
}

/// Whose the new thing is.
///
/// Errors: another's customer (403), or none at all (422).
pub(crate) fn owner(principal: &Principal, named: Option<CustomerId>) -> Result<CustomerId, Problem> {
    match (named, principal.customer, principal.tenants()) {
        (Some(named), _, tenants) if tenants.include(named) => Ok(named),
        (Some(_), ..) => Err(Problem::forbidden("customer_id names another customer than your own")),
        (None, Some(own), _) => Ok(own),
        (None, None, Tenants::All) => {
            let mistake = FieldError::new("customer_id", "is needed: your token is of no customer");
            Err(Problem::invalid(vec![mistake]))
        }
        (None, None, _) => Err(Problem::forbidden("your account belongs to no customer")),
    }
}

impl AppState {
    /// Keeps a new event under a random id, and tells the others.
    pub(crate) async fn keep_new(&self, mut event: Event) -> Result<Event, Problem> {
        for _ in 0..DRAWS {
            if self.persistence.create_event(&event).await? {
                self.notices.tell(event.event_id, Happened::Updated).await;
                return Ok(event);
            }
            event.event_id = draw_event_id(&mut rand::rng());
        }
        Err(Problem::internal(&format_args!("no event id was free in {DRAWS} draws")))
    }
}

/// Create an event
#[utoipa::path(
    post, path = "/events", tag = "events", request_body = NewEvent, security(("bearer" = ["events:create"])),
    responses((
        status = 201, description = "The event", body = EventBody,
        headers(("etag" = String, description = "Its version"), ("location" = String, description = "Where it is"))
    ))
)]
pub(crate) async fn create_event(
    who: May<may::EventsCreate>,
    State(state): State<AppState>,
    Json(new): Json<NewEvent>,
) -> Result<impl IntoResponse, Problem> {
    let customer_id = owner(&who.principal, new.customer_id)?;
    let event_id = draw_event_id(&mut rand::rng());
    let event = state.keep_new(new.into_event(event_id, customer_id, clock::now())?).await?;
    // Relative, so that it holds behind every prefix.
    let location = [(header::LOCATION, format!("events/{}", event.event_id))];
    Ok((StatusCode::CREATED, ETag(event.version), location, Json(EventBody::whole(event))))
}
