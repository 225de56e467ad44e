//! `DELETE /templates/{template_id}`

use axum::{extract::State, http::StatusCode};
use common::{
    access::{May, may},
    problem::{Path, Problem},
    service::etag::IfMatch,
};

use crate::{AppState, domain::TemplateId, persistence::Expected};

/// Delete a template
///
/// Events that were made from it stay as they are.
#[utoipa::path(
    delete, path = "/templates/{template_id}", tag = "templates", security(("bearer" = ["templates:delete"])),
    params(
        ("template_id" = TemplateId, Path, description = "Which template"),
        ("if-match" = Option<String>, Header, description = "The versions that may be deleted"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 412, description = "It was changed meanwhile"),
    )
)]
pub(crate) async fn delete_template(
    who: May<may::TemplatesDelete>,
    State(state): State<AppState>,
    Path(template_id): Path<TemplateId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let expected = Expected(if_match.versions());
    state.persistence.delete_template(template_id, who.principal.tenants(), &expected).await??;
    Ok(StatusCode::NO_CONTENT)
}
