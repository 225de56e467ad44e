//! `POST /templates/{template_id}/events`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{
    access::{May, Permission, may},
    clock,
    problem::{Json, Path, Problem},
    service::etag::ETag,
};

use crate::{
    AppState,
    domain::{EventFromTemplate, TemplateId, draw_event_id},
    routes::{EventBody, must},
};

/// Create an event from a template
///
/// It has the template's channels and settings, is a draft, and belongs to the template's customer.
#[utoipa::path(
    post, path = "/templates/{template_id}/events", tag = "templates", request_body = EventFromTemplate,
    security(("bearer" = ["events:create", "templates:read"])),
    params(("template_id" = TemplateId, Path, description = "Which template")),
    responses((
        status = 201, description = "The event", body = EventBody,
        headers(("etag" = String, description = "Its version"), ("location" = String, description = "Where it is"))
    ))
)]
pub(crate) async fn create_event_from_template(
    who: May<may::EventsCreate>,
    State(state): State<AppState>,
    Path(template_id): Path<TemplateId>,
    Json(wanted): Json<EventFromTemplate>,
) -> Result<impl IntoResponse, Problem> {
    must(&who.principal, Permission::TemplatesRead)?;
    let template = state.persistence.template(template_id, who.principal.tenants()).await?;
    let template = template.ok_or_else(|| Problem::not_found("template"))?;
    let event_id = draw_event_id(&mut rand::rng());
    let event = state.keep_new(template.event(event_id, &wanted, clock::now())?).await?;
    // Relative, so that it holds behind every prefix.
    let location = [(header::LOCATION, format!("../../events/{}", event.event_id))];
    Ok((StatusCode::CREATED, ETag(event.version), location, Json(EventBody::whole(event))))
}
