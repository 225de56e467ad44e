//! Who asks, as their access token says.

use chrono::{DateTime, Utc};

use super::{Permission, PermissionSet};
use crate::ids::{CustomerId, UserId};

/// The bearer of a verified access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Who it is.
    pub subject: Subject,
    /// Whose data it may touch; a service without one acts for every customer.
    pub customer: Option<CustomerId>,
    /// The user's roles, by name.
    pub roles: Vec<String>,
    /// What it may do: the user's effective permissions, or the service token's scopes.
    pub permissions: PermissionSet,
    /// `jti`.
    pub token_id: String,
    /// `exp`.
    pub expires_at: DateTime<Utc>,
}

/// A person or a program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A person.
    User(UserId),
    /// An OAuth2 client, by its `client_id`.
    Service(String),
}

/// The role that acts in every customer.
pub const PLATFORM_ADMIN: &str = "platform_admin";

impl Principal {
    /// Whether it may, within its customer.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// The user, if it is one.
    pub fn user(&self) -> Option<UserId> {
        match self.subject {
            Subject::User(user) => Some(user),
            Subject::Service(_) => None,
        }
    }

    /// Whose data it may see and change. Belongs into every query.
    pub fn tenants(&self) -> Tenants {
        match (&self.subject, self.customer) {
            (Subject::User(_), _) if self.roles.iter().any(|role| role == PLATFORM_ADMIN) => Tenants::All,
            (Subject::Service(_), None) => Tenants::All,
            (_, Some(customer)) => Tenants::One(customer),
            (Subject::User(_), None) => Tenants::None,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::Service(client) => f.write_str(client),
        }
    }
}

/// The customers within reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenants {
    /// Every one.
    All,
    /// Their own.
    One(CustomerId),
    /// None at all.
    None,
}

impl Tenants {
    /// Whether `customer` is within reach.
    pub fn include(self, customer: CustomerId) -> bool {
        match self {
            Self::All => true,
            Self::One(own) => own == customer,
            Self::None => false,
        }
    }

    /// For SQL: `($1::uuid IS NULL OR customer_id = $1)`. `None` means all, so [`Tenants::None`] is a nil id.
    pub fn as_filter(self) -> Option<uuid::Uuid> {
        match self {
            Self::All => None,
            Self::One(customer) => Some(customer.0),
            Self::None => Some(uuid::Uuid::nil()),
        }
    }
}
