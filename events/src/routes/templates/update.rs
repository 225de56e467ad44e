//! `PATCH /templates/{template_id}`

use axum::{extract::State, response::IntoResponse};
use common::{
    access::{May, may},
    clock,
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};

use super::TemplateBody;
use crate::{
    AppState,
    domain::{TemplateId, TemplatePatch},
    persistence::Expected,
};

/// Change a template
///
/// What is absent stays. Events that were made from it stay as they are.
#[utoipa::path(
    patch, path = "/templates/{template_id}", tag = "templates", request_body = TemplatePatch,
    security(("bearer" = ["templates:update"])),
    params(
        ("template_id" = TemplateId, Path, description = "Which template"),
        ("if-match" = Option<String>, Header, description = "The versions that may be changed"),
    ),
    responses(
        (status = 200, description = "The template as it is now", body = TemplateBody, headers(("etag" = String, description = "Its version"))),
        (status = 412, description = "It was changed meanwhile"),
    )
)]
pub(crate) async fn update_template(
    who: May<may::TemplatesUpdate>,
    State(state): State<AppState>,
    Path(template_id): Path<TemplateId>,
    if_match: IfMatch,
    Json(patch): Json<TemplatePatch>,
) -> Result<impl IntoResponse, Problem> {
    let (tenants, expected) = (who.principal.tenants(), Expected(if_match.versions()));
    let changed =
        state.persistence.change_template(template_id, tenants, &expected, &patch, clock::now()).await?;
    let template = changed?;
    Ok((ETag(template.version), Json(TemplateBody::from(template))))
}
