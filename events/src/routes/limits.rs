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
#[schema(value_type = u32, minimum = 0, maximum = 10_000)]
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

#[cfg(test)]
mod tests {
    use common::ids::CustomerId;
    use serde_json::json;

    use crate::testing::{MAX_LIVE_EVENTS, TestService};

    #[tokio::test]
    async fn a_customer_sees_its_limit_and_what_is_live() {
        let service = TestService::new();
        let path = format!("GET /customers/{}/limits", service.customer);
        let customer = service.customer;
        for live in 0..2 {
            let answer = service.call(&path).by(&service.manager()).await.expect(200);
            let expected = json!({
                "customer_id": customer, "live_events": MAX_LIVE_EVENTS, "live_events_now": live, "default": true
            });
            assert_eq!(answer.body, expected);
            let event = service.event().await;
            service.move_through(event, &["scheduled", "live"]).await;
        }
        service.call(&path).await.expect(401);
        service.call(&path).by(&service.speaker(common::ids::UserId::generate())).await.expect(403);
        service.call(&path).by(&service.stranger()).await.expect(404);
        service.call(&path).by(&service.platform_admin()).await.expect(200);
        service.call("GET /customers/7/limits").by(&service.manager()).await.expect(400);
    }

    #[tokio::test]
    async fn only_the_platform_sets_limits_and_they_hold_at_once() {
        let service = TestService::new();
        let path = format!("PUT /customers/{}/limits", service.customer);
        let one = json!({ "live_events": 1 });
        service.call(&path).by(&service.manager()).json(&one).await.expect(403);
        service.call(&path).by(&service.user(&["customers:update"])).json(&one).await.expect(403);
        let set = service.call(&path).by(&service.platform_admin()).json(&one).await.expect(200);
        assert_eq!((&set.body["live_events"], &set.body["default"]), (&json!(1), &json!(false)));
        let events = [service.event().await, service.event().await];
        service.move_through(events[0], &["scheduled", "live"]).await;
        service.move_through(events[1], &["scheduled"]).await;
        let live = json!({ "state": "live" });
        let call =
            || service.call(&format!("POST /events/{}/state", events[1])).by(&service.manager()).json(&live);
        let refused = call().await;
        assert_eq!(refused.problem(), (409, "too_many_live_events"));
        let set = service.call(&path).by(&service.platform_admin()).json(&json!({ "live_events": 2 })).await;
        assert_eq!(set.expect(200).body["live_events_now"], 1);
        call().await.expect(200);
    }

    #[tokio::test]
    async fn a_limit_is_a_number_that_makes_sense() {
        let service = TestService::new();
        let path = format!("PUT /customers/{}/limits", CustomerId::generate());
        let call = |body| service.call(&path).by(&service.platform_admin()).json(&body);
        for odd in [
            json!({}),
            json!({ "live_events": -1 }),
            json!({ "live_events": 10_001 }),
            json!({ "live_events": 1.5 }),
        ] {
            call(odd).await.expect(422);
        }
        call(json!({ "live_events": 1, "rooms": 1 })).await.expect(422);
        assert_eq!(call(json!({ "live_events": 0 })).await.expect(200).body["live_events"], 0);
    }
}
