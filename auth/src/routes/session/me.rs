use axum::extract::State;
use common::{
    access::{PermissionSet, Principal, Subject, Tenants},
    ids::CustomerId,
    problem::{Json, Problem},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::reply::SessionUser;
use crate::{
    AppState,
    domain::{ClientId, Customer, CustomerName, RoleName},
};

/// Whoever asks.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "subject": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f",
    "user": {
        "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", "customer_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e10",
        "email": "ada@example.org", "display_name": "Ada Lovelace", "roles": ["listener"],
        "permissions": ["events:read", "transcripts:read", "rooms:listen"]
    },
    "client_id": null,
    "customer": {"customer_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e10", "name": "Assembly of Catalonia"},
    "roles": ["listener"],
    "permissions": ["events:read", "transcripts:read", "rooms:listen"]
}))]
pub(crate) struct Me {
    /// `sub` of the token: the user's id, or the client's.
    subject: String,
    /// The user, if it is a person.
    user: Option<SessionUser>,
    /// The client, if it is a program.
    client_id: Option<ClientId>,
    /// Whose data it works on; a service of the platform works on everybody's.
    customer: Option<MyCustomer>,
    /// The user's roles.
    roles: Vec<RoleName>,
    /// What it may do now: the user's effective permissions, the scope of the program's token.
    permissions: PermissionSet,
}

/// A customer, in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct MyCustomer {
    /// Its id.
    customer_id: CustomerId,
    /// Its name.
    name: CustomerName,
}

impl From<Customer> for MyCustomer {
    fn from(customer: Customer) -> Self {
        Self { customer_id: customer.customer_id, name: customer.name }
    }
}

/// Who am I?
///
/// The user as stored, not as the token says; a program's token as it is.
#[utoipa::path(
    get, path = "/me", operation_id = "me", tag = "sessions",
    security(("bearer" = [])),
    responses((status = 200, description = "Whoever asks", body = Me))
)]
pub(crate) async fn me(principal: Principal, State(state): State<AppState>) -> Result<Json<Me>, Problem> {
    let subject = principal.subject.to_string();
    let me = match &principal.subject {
        Subject::User(user_id) => {
            let account = state.persistence.account(*user_id, Tenants::All).await?;
            let account = account.ok_or_else(|| Problem::not_found("user"))?;
            Me {
                subject,
                user: Some((&account).into()),
                client_id: None,
                roles: account.user.roles.iter().cloned().collect(),
                permissions: account.effective(),
                customer: Some(account.customer.into()),
            }
        }
        Subject::Service(client_id) => {
            let customer = match principal.customer {
                Some(customer) => state.persistence.customer(customer, Tenants::All).await?,
                None => None,
            };
            Me {
                subject,
                user: None,
                client_id: client_id.parse().ok(),
                customer: customer.map(Into::into),
                roles: Vec::new(),
                permissions: principal.permissions,
            }
        }
    };
    Ok(Json(me))
}
