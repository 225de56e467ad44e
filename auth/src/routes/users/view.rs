use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use common::ids::{CustomerId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{DisplayName, Email, RoleName, User};

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User, example = json!({
    "user_id": "0192f0c1-0000-7000-8000-000000000012", "customer_id": "0192f0c1-0000-7000-8000-000000000001",
    "email": "ada@example.org", "display_name": "Ada Lovelace", "roles": ["manager"], "disabled": false,
    "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z",
    "last_login_at": "2026-03-02T08:30:00Z"
}))]
pub(crate) struct UserView {
    pub(crate) user_id: UserId,
    pub(crate) customer_id: CustomerId,
    pub(crate) email: Email,
    pub(crate) display_name: DisplayName,
    /// By name: built-in ones and the customer's own.
    pub(crate) roles: BTreeSet<RoleName>,
    /// Whether the user is locked out.
    pub(crate) disabled: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    /// `null`: never.
    #[schema(required = true)]
    pub(crate) last_login_at: Option<DateTime<Utc>>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            user_id: user.user_id,
            customer_id: user.customer_id,
            email: user.email,
            display_name: user.display_name,
            roles: user.roles,
            disabled: user.disabled,
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_login_at: user.last_login_at,
        }
    }
}
