//! `GET /templates/{template_id}`

use axum::{extract::State, response::Response};
use common::{
    access::{May, may},
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfNoneMatch},
};

use super::TemplateBody;
use crate::{AppState, domain::TemplateId};

/// Read a template
#[utoipa::path(
    get, path = "/templates/{template_id}", tag = "templates", security(("bearer" = ["templates:read"])),
    params(
        ("template_id" = TemplateId, Path, description = "Which template"),
        ("if-none-match" = Option<String>, Header, description = "Answer only when its version is another"),
    ),
    responses(
        (status = 200, description = "The template", body = TemplateBody, headers(("etag" = String, description = "Its version"))),
        (status = 304, description = "It has the version that the caller knows"),
    )
)]
pub(crate) async fn get_template(
    who: May<may::TemplatesRead>,
    State(state): State<AppState>,
    Path(template_id): Path<TemplateId>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let template = state.persistence.template(template_id, who.principal.tenants()).await?;
    let template = template.ok_or_else(|| Problem::not_found("template"))?;
    Ok(known.or(ETag(template.version), Json(TemplateBody::from(template))))
}
