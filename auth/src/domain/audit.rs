//! The audit log: who changed what, and when.

use std::{convert::Infallible, fmt, str::FromStr};

use chrono::{DateTime, Utc};
use common::{
    access::Subject,
    ids::{CustomerId, UserId},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::text::{LINE, line, text_newtype};

text_newtype! {
    /// The id of somebody or something, of whatever kind.
    Reference, |text| line(text, 100), length: 1..=100, pattern: LINE, example: "live-service"
}

/// Who did it. Its text is the user's id, the `client_id`, or `system`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Actor {
    /// A person.
    User(UserId),
    /// An OAuth2 client.
    Service(String),
    /// The program itself: at start, or by its command line.
    System,
}

impl Actor {
    /// The text of [`Self::System`], which no client can have as its id.
    pub const SYSTEM: &str = "system";
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::Service(client) => f.write_str(client),
            Self::System => f.write_str(Self::SYSTEM),
        }
    }
}

impl From<String> for Actor {
    fn from(text: String) -> Self {
        // No `client_id` looks like a UUID: see `ClientId`.
        match text.parse::<UserId>() {
            Ok(user) => Self::User(user),
            Err(_) if text == Self::SYSTEM => Self::System,
            Err(_) => Self::Service(text),
        }
    }
}

impl FromStr for Actor {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.to_owned().into())
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}

impl From<&Subject> for Actor {
    fn from(subject: &Subject) -> Self {
        match subject {
            Subject::User(user) => Self::User(*user),
            Subject::Service(client) => Self::Service(client.clone()),
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Action {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl Action {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// `thing.done`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

actions! {
    /// A customer was made.
    CustomerCreated = "customer.created",
    /// A customer was changed.
    CustomerUpdated = "customer.updated",
    /// A customer was deleted.
    CustomerDeleted = "customer.deleted",
    /// A user was made.
    UserCreated = "user.created",
    /// A user was changed.
    UserUpdated = "user.updated",
    /// A user was deleted.
    UserDeleted = "user.deleted",
    /// A user changed their password, or an administrator set it.
    PasswordChanged = "password.changed",
    /// A custom permission was set.
    PermissionSet = "permission.set",
    /// A custom permission was dropped.
    PermissionUnset = "permission.unset",
    /// A role was made.
    RoleCreated = "role.created",
    /// A role was changed.
    RoleUpdated = "role.updated",
    /// A role was deleted.
    RoleDeleted = "role.deleted",
    /// A client was registered.
    ClientCreated = "client.created",
    /// A client was changed.
    ClientUpdated = "client.updated",
    /// A client was deleted.
    ClientDeleted = "client.deleted",
    /// A client got a new secret.
    ClientSecretRotated = "client.secret_rotated",
    /// A refresh token was used again after it had been replaced: the session was ended.
    RefreshTokenReused = "refresh_token.reused",
    /// A new signing key came into use.
    KeyRotated = "key.rotated",
}

// The derived schema does not see names that a macro gives.
impl utoipa::PartialSchema for Action {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let names = Self::ALL.iter().map(|action| action.as_str());
        let object = utoipa::openapi::schema::Object::builder()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(names));
        object.description(Some("What was done.")).examples(["user.created"]).into()
    }
}

impl utoipa::ToSchema for Action {}

impl FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|action| action.as_str() == text);
        found.ok_or_else(|| format!("there is no action {:?}", text.chars().take(60).collect::<String>()))
    }
}

/// What it was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `customer`, `user`, `role`, `client` or `key`.
    pub kind: String,
    /// Its id; a role's name.
    pub id: String,
}

impl Target {
    /// The thing of `kind` with this id.
    pub fn new(kind: &str, id: impl fmt::Display) -> Self {
        Self { kind: kind.to_owned(), id: id.to_string() }
    }
}

/// One line of the log. Written with the change, in one transaction, and never changed or deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Its id; sorts by time.
    pub audit_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// In whose data; `None`: the platform's own.
    pub customer_id: Option<CustomerId>,
    /// What.
    pub action: Action,
    /// To what.
    pub target: Target,
    /// How: a JSON object, without secrets.
    pub details: serde_json::Value,
    /// In which request, if it was one.
    pub request_id: Option<String>,
}

impl AuditEntry {
    /// What the program itself did.
    pub fn by_system(
        action: Action,
        customer_id: Option<CustomerId>,
        target: Target,
        details: serde_json::Value,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            audit_id: common::ids::new_uuid(),
            at: super::stored(now),
            actor: Actor::System,
            customer_id,
            action,
            target,
            details,
            request_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_read_back_as_it_was_written() {
        for actor in [Actor::User(UserId::generate()), Actor::Service("live-service".into()), Actor::System] {
            assert_eq!(Actor::from(actor.to_string()), actor);
        }
    }
}
