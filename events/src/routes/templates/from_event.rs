//! `POST /events/{event_id}/template`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{
    access::{May, Permission, may},
    clock,
    ids::EventId,
    problem::{Json, Path, Problem},
    service::etag::ETag,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::TemplateBody;
use crate::{
    AppState,
    domain::{Description, Name, Template, Viewer},
    routes::must,
};

/// What the template is to be called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Weekly briefing" }))]
pub(crate) struct SaveAsTemplate {
    /// What it is called.
    name: Name,
    /// What its events are about; absent: what the event is about.
    description: Option<Description>,
}

/// Save an event as a template
///
/// The template has the event's channels and settings, its length, and its title; nothing of its people, dates and state.
#[utoipa::path(
    post, path = "/events/{event_id}/template", tag = "templates", request_body = SaveAsTemplate,
    security(("bearer" = ["templates:create", "events:read"])),
    params(("event_id" = EventId, Path, description = "Which event")),
    responses((
        status = 201, description = "The template", body = TemplateBody,
        headers(("etag" = String, description = "Its version"), ("location" = String, description = "Where it is"))
    ))
)]
pub(crate) async fn save_event_as_template(
    who: May<may::TemplatesCreate>,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    Json(wanted): Json<SaveAsTemplate>,
) -> Result<impl IntoResponse, Problem> {
    must(&who.principal, Permission::EventsRead)?;
    let viewer = Viewer::of(&who.principal);
    let event = state.persistence.event(event_id, viewer).await?;
    // The template is the customer's: who only listens to the event of another has no use for it.
    let event = event.filter(|event| who.principal.tenants().include(event.customer_id));
    let event = event.ok_or_else(|| Problem::not_found("event"))?;
    let SaveAsTemplate { name, description } = wanted;
    let template = Template::of_event(&event, name, description, &who.principal.subject, clock::now());
    state.persistence.create_template(&template).await?;
    // Relative, so that it holds behind every prefix.
    let location = [(header::LOCATION, format!("../../templates/{}", template.template_id))];
    Ok((StatusCode::CREATED, ETag(template.version), location, Json(TemplateBody::from(template))))
}
