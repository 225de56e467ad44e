//! `GET /templates`

use axum::extract::State;
use common::{
    access::{May, may},
    ids::CustomerId,
    problem::{Json, Problem, Query},
    service::page::{self, Page},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::TemplateBody;
use crate::{AppState, domain::TemplateId};

/// Which templates are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateQuery {
    /// Of this customer.
    customer_id: Option<CustomerId>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the last page ended: its `next_cursor`.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// List templates
///
/// Those of one's own customer, in the order in which they were made.
#[utoipa::path(
    get, path = "/templates", tag = "templates", params(TemplateQuery), security(("bearer" = ["templates:read"])),
    responses((status = 200, description = "One page of templates", body = Page<TemplateBody>))
)]
pub(crate) async fn list_templates(
    who: May<may::TemplatesRead>,
    State(state): State<AppState>,
    Query(query): Query<TemplateQuery>,
) -> Result<Json<Page<TemplateBody>>, Problem> {
    let wanted = page::read::<TemplateId>(query.limit, query.cursor.as_deref())?;
    let tenants = who.principal.tenants();
    let templates =
        state.persistence.templates(tenants, query.customer_id, wanted.after, wanted.rows()).await?;
    Ok(Json(wanted.page(templates, |template| template.template_id).map(TemplateBody::from)))
}
