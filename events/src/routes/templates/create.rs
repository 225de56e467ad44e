//! `POST /templates`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{
    access::{May, may},
    clock,
    problem::{Json, Problem},
    service::etag::ETag,
};

use super::TemplateBody;
use crate::{AppState, domain::NewTemplate, routes::events::create::owner};

/// Create a template
#[utoipa::path(
    post, path = "/templates", tag = "templates", request_body = NewTemplate,
    security(("bearer" = ["templates:create"])),
    responses((
        status = 201, description = "The template", body = TemplateBody,
        headers(("etag" = String, description = "Its version"), ("location" = String, description = "Where it is"))
    ))
)]
pub(crate) async fn create_template(
    who: May<may::TemplatesCreate>,
    State(state): State<AppState>,
    Json(new): Json<NewTemplate>,
) -> Result<impl IntoResponse, Problem> {
    let customer = owner(&who.principal, new.customer_id)?;
    let template = new.build(customer, &who.principal.subject, clock::now())?;
    state.persistence.create_template(&template).await?;
    // Relative, so that it holds behind every prefix.
    let location = [(header::LOCATION, format!("templates/{}", template.template_id))];
    Ok((StatusCode::CREATED, ETag(template.version), location, Json(TemplateBody::from(template))))
}
