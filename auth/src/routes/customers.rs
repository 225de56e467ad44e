//! Customers: the tenants.

use axum::{extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use common::{
    access::may,
    ids::CustomerId,
    problem::{Json, Path, Problem, Query},
    service::{
        etag::{ETag, IfMatch, IfNoneMatch},
        page::{Page, PageQuery},
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    by::{By, ByAnybody},
    reply::{created, present},
};
use crate::{
    AppState,
    directory::customers::{self, CustomerChange},
    domain::{Customer, CustomerName},
    persistence::Slice,
};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_customers, create_customer)).routes(routes!(
        get_customer,
        update_customer,
        delete_customer
    ))
}

/// A customer.
#[derive(Serialize, ToSchema)]
#[schema(as = Customer, example = json!({
    "customer_id": "0192f0c1-0000-7000-8000-000000000001", "name": "Assembly of Catalonia", "disabled": false,
    "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z"
}))]
pub(crate) struct CustomerView {
    customer_id: CustomerId,
    name: CustomerName,
    /// Whether its users and clients are locked out.
    disabled: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Customer> for CustomerView {
    fn from(customer: Customer) -> Self {
        let Customer { customer_id, name, disabled, created_at, updated_at, version: _ } = customer;
        Self { customer_id, name, disabled, created_at, updated_at }
    }
}

/// A customer to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Assembly of Catalonia" }))]
pub(crate) struct NewCustomer {
    name: CustomerName,
}

/// What changes about a customer; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Parliament of Catalonia" }))]
pub(crate) struct CustomerPatch {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<CustomerName>,
    /// Whether its users and clients are locked out: at once, with those who are signed in.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    disabled: Option<bool>,
}

/// List customers
#[utoipa::path(
    get, path = "/customers", operation_id = "list_customers", tag = "customers",
    params(PageQuery),
    security(("bearer" = ["customers:read"])),
    responses((status = 200, description = "Those within reach", body = Page<CustomerView>)),
)]
async fn list_customers(
    By { caller, .. }: By<may::CustomersRead>,
    State(state): State<AppState>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<CustomerView>>, Problem> {
    let request = query.read::<CustomerId>()?;
    let slice = Slice { after: request.after, limit: request.limit + 1 };
    let found = state.persistence.customers(caller.principal.tenants(), slice).await?;
    Ok(Json(request.page(found, |customer| customer.customer_id).map(Into::into)))
}

/// Make a customer
///
/// Platform administrators only.
#[utoipa::path(
    post, path = "/customers", operation_id = "create_customer", tag = "customers",
    request_body = NewCustomer,
    security(("bearer" = ["customers:create"])),
    responses(
        (status = 201, description = "Made", body = CustomerView, headers(("Location" = String), ("ETag" = String))),
        (status = 409, description = "Another customer has this name (`name_taken`)"),
    ),
)]
async fn create_customer(
    By { caller, .. }: By<may::CustomersCreate>,
    State(state): State<AppState>,
    Json(body): Json<NewCustomer>,
) -> Result<Response, Problem> {
    let customer = customers::create(&state, &caller, body.name).await?;
    let (id, version) = (customer.customer_id.to_string(), customer.version);
    Ok(created("customers", &id, version, CustomerView::from(customer)))
}

/// Show a customer
///
/// Everybody sees their own.
#[utoipa::path(
    get, path = "/customers/{customer_id}", operation_id = "get_customer", tag = "customers",
    params(("customer_id" = CustomerId, Path)),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The customer", body = CustomerView, headers(("ETag" = String))),
        (status = 304, description = "Still the version of `If-None-Match`"),
    ),
)]
async fn get_customer(
    ByAnybody(caller): ByAnybody,
    State(state): State<AppState>,
    Path(customer_id): Path<CustomerId>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let customer = customers::get(&state, &caller, customer_id).await?;
    let tag = ETag(customer.version);
    Ok(if_none_match.or(tag, Json(CustomerView::from(customer))))
}

/// Change a customer
#[utoipa::path(
    patch, path = "/customers/{customer_id}", operation_id = "update_customer", tag = "customers",
    params(("customer_id" = CustomerId, Path), ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#)),
    request_body = CustomerPatch,
    security(("bearer" = ["customers:update"])),
    responses(
        (status = 200, description = "Changed", body = CustomerView, headers(("ETag" = String))),
        (status = 409, description = "The name is taken (`name_taken`), it is your own (`own_account`), or the platform would lose its last administrator (`last_platform_admin`)"),
        (status = 412, description = "Another version than that of `If-Match`"),
    ),
)]
async fn update_customer(
    By { caller, .. }: By<may::CustomersUpdate>,
    State(state): State<AppState>,
    Path(customer_id): Path<CustomerId>,
    if_match: IfMatch,
    Json(body): Json<CustomerPatch>,
) -> Result<(ETag, Json<CustomerView>), Problem> {
    let change = CustomerChange { name: body.name, disabled: body.disabled };
    let customer = customers::update(&state, &caller, customer_id, &if_match, change).await?;
    Ok((ETag(customer.version), Json(customer.into())))
}

/// Delete a customer
///
/// Only once it has neither users nor clients.
#[utoipa::path(
    delete, path = "/customers/{customer_id}", operation_id = "delete_customer", tag = "customers",
    params(("customer_id" = CustomerId, Path), ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#)),
    security(("bearer" = ["customers:delete"])),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "It still has users or clients (`in_use`)"),
        (status = 412, description = "Another version than that of `If-Match`"),
    ),
)]
async fn delete_customer(
    By { caller, .. }: By<may::CustomersDelete>,
    State(state): State<AppState>,
    Path(customer_id): Path<CustomerId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    customers::delete(&state, &caller, customer_id, &if_match).await?;
    Ok(StatusCode::NO_CONTENT)
}
