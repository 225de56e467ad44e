//! `/customers/{customer_id}/limits`: what a customer may have at once.

use axum::extract::State;
use common::{
    access::{May, Permission, Tenants, may},
    clock,
    ids::CustomerId,
    problem::{Json, Path, Problem},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::must;
use crate::{AppState, persistence::CustomerLimits};

/// As many live events at once can be allowed.
const MOST_LIVE_EVENTS: u32 = 10_000;

/// How many live events a customer may have at once.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "live_events": 10 }))]
pub(crate) struct NewLimits {
    /// As many at most; 0: none.
    #[schema(minimum = 0, maximum = 10_000)]
    live_events: Limit,
}

/// A number up to [`MOST_LIVE_EVENTS`].
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "u32")]
#[schema(value_type = u32)]
pub(crate) struct Limit(u32);

impl TryFrom<u32> for Limit {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        if number <= MOST_LIVE_EVENTS {
            Ok(Self(number))
        } else {
            Err(format!("must be at most {MOST_LIVE_EVENTS}"))
        }
    }
}

/// A customer's limits.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "customer_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", "live_events": 10, "live_events_now": 2, "default": false
}))]
pub(crate) struct LimitsBody {
    /// Whose.
    customer_id: CustomerId,
    /// How many live events they may have at once.
    #[schema(minimum = 0)]
    live_events: u32,
    /// How many they have.
    #[schema(minimum = 0)]
    live_events_now: u32,
    /// Whether the limit is the one of every customer without one of its own.
    default: bool,
}

impl LimitsBody {
    fn new(customer_id: CustomerId, limits: CustomerLimits, default: u32) -> Self {
        Self {
            customer_id,
            live_events: limits.max_live_events.unwrap_or(default),
            live_events_now: limits.live_events,
            default: limits.max_live_events.is_none(),
        }
    }
}

/// Read a customer's limits
///
/// For the customer's staff, and for who acts in every customer. Customers are kept by the auth-service: one that is not
/// known here has the default.
#[utoipa::path(
    get, path = "/customers/{customer_id}/limits", tag = "limits",
    security(("bearer" = ["events:read", "events:update"])),
    params(("customer_id" = CustomerId, Path, description = "Whose")),
    responses((status = 200, description = "The limits, and what is used of them", body = LimitsBody))
)]
pub(crate) async fn get_limits(
    who: May<may::EventsRead>,
    State(state): State<AppState>,
    Path(customer_id): Path<CustomerId>,
) -> Result<Json<LimitsBody>, Problem> {
    must(&who.principal, Permission::EventsUpdate)?;
    if !who.principal.tenants().include(customer_id) {
        return Err(Problem::not_found("customer"));
    }
    let limits = state.persistence.customer_limits(customer_id).await?;
    Ok(Json(LimitsBody::new(customer_id, limits, state.max_live_events)))
}

/// Set a customer's limits
///
/// Only for who acts in every customer. Events that are live stay so when the limit is lowered.
#[utoipa::path(
    put, path = "/customers/{customer_id}/limits", tag = "limits", request_body = NewLimits,
    security(("bearer" = ["customers:update"])),
    params(("customer_id" = CustomerId, Path, description = "Whose")),
    responses((status = 200, description = "The limits, and what is used of them", body = LimitsBody))
)]
pub(crate) async fn set_limits(
    who: May<may::CustomersUpdate>,
    State(state): State<AppState>,
    Path(customer_id): Path<CustomerId>,
    Json(new): Json<NewLimits>,
) -> Result<Json<LimitsBody>, Problem> {
    // Nobody sets their own limits.
    if who.principal.tenants() != Tenants::All {
        return Err(Problem::forbidden("limits are set by those who act in every customer"));
    }
    let limits = state.persistence.set_customer_limits(customer_id, new.live_events.0, clock::now()).await?;
    Ok(Json(LimitsBody::new(customer_id, limits, state.max_live_events)))
}
