//! Permissions: `resource:action`, the closed list of what can be allowed.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::openapi::{
    RefOr, Schema,
    schema::{Object, Type},
};

macro_rules! permissions {
    ($(#[doc = $doc:literal] $name:ident = $text:literal),+ $(,)?) => {
        /// One thing that a principal may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Permission {
            $(#[doc = $doc] $name,)+
        }

        impl Permission {
            /// All there are, by resource.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// `resource:action`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// What it allows, one sentence.
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => $doc),+ }.trim_start()
            }
        }

        /// A type for each permission, for [`May`](super::May).
        pub mod may {
            use super::{Permission, super::Needs};

            $(
                #[doc = concat!("Needs `", $text, "`.")]
                #[derive(Clone, Copy, Debug)]
                pub struct $name;

                impl Needs for $name {
                    const PERMISSION: Permission = Permission::$name;
                }
            )+
        }
    };
}

permissions! {
    /// Make customers.
    CustomersCreate = "customers:create",
    /// See other customers than one's own.
    CustomersRead = "customers:read",
    /// Change customers and their limits.
    CustomersUpdate = "customers:update",
    /// Delete customers.
    CustomersDelete = "customers:delete",
    /// Make users.
    UsersCreate = "users:create",
    /// See users.
    UsersRead = "users:read",
    /// Change users: names, roles, disabling.
    UsersUpdate = "users:update",
    /// Delete users.
    UsersDelete = "users:delete",
    /// Make roles.
    RolesCreate = "roles:create",
    /// See roles.
    RolesRead = "roles:read",
    /// Change roles.
    RolesUpdate = "roles:update",
    /// Delete roles.
    RolesDelete = "roles:delete",
    /// Add permissions to a user, or take them away.
    PermissionsGrant = "permissions:grant",
    /// Register OAuth2 clients.
    ClientsCreate = "clients:create",
    /// See OAuth2 clients.
    ClientsRead = "clients:read",
    /// Change OAuth2 clients and renew their secrets.
    ClientsUpdate = "clients:update",
    /// Delete OAuth2 clients.
    ClientsDelete = "clients:delete",
    /// Read the audit log.
    AuditRead = "audit:read",
    /// Make events.
    EventsCreate = "events:create",
    /// See events.
    EventsRead = "events:read",
    /// Change events: texts, times, channels, state.
    EventsUpdate = "events:update",
    /// Delete events.
    EventsDelete = "events:delete",
    /// Say who speaks and who listens.
    EventsAssign = "events:assign",
    /// Make templates.
    TemplatesCreate = "templates:create",
    /// See templates.
    TemplatesRead = "templates:read",
    /// Change templates.
    TemplatesUpdate = "templates:update",
    /// Delete templates.
    TemplatesDelete = "templates:delete",
    /// Start sessions.
    SessionsStart = "sessions:start",
    /// Stop sessions.
    SessionsStop = "sessions:stop",
    /// See sessions and their records.
    SessionsRead = "sessions:read",
    /// Write session records (services).
    SessionsRecord = "sessions:record",
    /// Read transcripts.
    TranscriptsRead = "transcripts:read",
    /// Correct transcripts.
    TranscriptsCorrect = "transcripts:correct",
    /// Fetch recordings.
    RecordingsRead = "recordings:read",
    /// Speak in rooms.
    RoomsSpeak = "rooms:speak",
    /// Listen in rooms.
    RoomsListen = "rooms:listen",
    /// Close rooms.
    RoomsClose = "rooms:close",
    /// See rooms.
    RoomsRead = "rooms:read",
    /// Manage rooms (services).
    RoomsManage = "rooms:manage",
    /// See figures: listeners, delays.
    AnalyticsRead = "analytics:read",
    /// Get agents' tokens (services).
    AgentsToken = "agents:token",
    /// Write segments (services).
    SegmentsWrite = "segments:write",
}

impl Permission {
    /// What the permission is about, the part before the colon.
    pub fn resource(self) -> &'static str {
        self.as_str().split_once(':').map_or("", |(resource, _)| resource)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Permission> for &'static str {
    fn from(permission: Permission) -> Self {
        permission.as_str()
    }
}

/// The text names no permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no permission {0:?}")]
pub struct UnknownPermission(String);

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|permission| permission.as_str() == text);
        found.copied().ok_or_else(|| UnknownPermission(text.chars().take(60).collect()))
    }
}

impl TryFrom<String> for Permission {
    type Error = UnknownPermission;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl utoipa::PartialSchema for Permission {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.iter().map(|permission| permission.as_str());
        let object = Object::builder().schema_type(Type::String).enum_values(Some(names));
        object.description(Some("resource:action")).examples(["events:read"]).into()
    }
}

impl utoipa::ToSchema for Permission {}

/// What a role or a grant names: one permission, all of a resource (`users:*`), or all (`*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub enum PermissionPattern {
    /// `*`
    Everything,
    /// `resource:*`
    Resource(&'static str),
    /// `resource:action`
    One(Permission),
}

impl PermissionPattern {
    /// Whether it covers `permission`.
    pub fn covers(self, permission: Permission) -> bool {
        match self {
            Self::Everything => true,
            Self::Resource(resource) => permission.resource() == resource,
            Self::One(one) => one == permission,
        }
    }

    /// The permissions it stands for today.
    pub fn expand(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.covers(*permission))
    }
}

impl fmt::Display for PermissionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("*"),
            Self::Resource(resource) => write!(f, "{resource}:*"),
            Self::One(permission) => permission.fmt(f),
        }
    }
}

impl From<PermissionPattern> for String {
    fn from(pattern: PermissionPattern) -> Self {
        pattern.to_string()
    }
}

impl From<Permission> for PermissionPattern {
    fn from(permission: Permission) -> Self {
        Self::One(permission)
    }
}

impl FromStr for PermissionPattern {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" {
            return Ok(Self::Everything);
        }
        let Some(resource) = text.strip_suffix(":*") else {
            return text.parse().map(Self::One);
        };
        let known =
            Permission::ALL.iter().map(|permission| permission.resource()).find(|known| *known == resource);
        known.map(Self::Resource).ok_or_else(|| UnknownPermission(text.chars().take(60).collect()))
    }
}

// Not derived: `Resource` borrows from the program, not from what is read.
impl<'de> Deserialize<'de> for PermissionPattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl TryFrom<String> for PermissionPattern {
    type Error = UnknownPermission;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl utoipa::PartialSchema for PermissionPattern {
    fn schema() -> RefOr<Schema> {
        let resources: BTreeSet<_> = Permission::ALL.iter().map(|permission| permission.resource()).collect();
        let all = Permission::ALL.iter().map(|permission| permission.as_str().to_owned());
        let names =
            all.chain(resources.iter().map(|resource| format!("{resource}:*"))).chain(["*".to_owned()]);
        let object = Object::builder().schema_type(Type::String).enum_values(Some(names));
        object.description(Some("resource:action, resource:* or *")).examples(["templates:*"]).into()
    }
}

impl utoipa::ToSchema for PermissionPattern {}

/// A set of permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct PermissionSet(BTreeSet<Permission>);

impl PermissionSet {
    /// Everything.
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// Whether it has `permission`.
    pub fn has(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// Whether it has every one of `others`.
    pub fn has_all(&self, others: &Self) -> bool {
        others.0.is_subset(&self.0)
    }

    /// Adds what `pattern` stands for.
    pub fn add(&mut self, pattern: PermissionPattern) {
        self.0.extend(pattern.expand());
    }

    /// Takes away what `pattern` stands for.
    pub fn remove(&mut self, pattern: PermissionPattern) {
        self.0.retain(|permission| !pattern.covers(*permission));
    }

    /// Those it has, in the order of [`Permission::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Permission> + '_ {
        self.0.iter().copied()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().collect())
    }
}

impl FromIterator<PermissionPattern> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = PermissionPattern>>(patterns: I) -> Self {
        patterns.into_iter().flat_map(PermissionPattern::expand).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_expand_within_their_resource() {
        let users: PermissionPattern = "users:*".parse().expect("a pattern");
        let set: PermissionSet = [users].into_iter().collect();
        assert!(set.has(Permission::UsersDelete) && !set.has(Permission::RolesRead));
        assert_eq!(set.iter().count(), 4);
        assert!("nobody:*".parse::<PermissionPattern>().is_err());
        assert!("users:fly".parse::<PermissionPattern>().is_err());
    }

    #[test]
    fn what_is_removed_is_gone() {
        let mut set = PermissionSet::all();
        set.remove(Permission::EventsRead.into());
        assert!(!set.has(Permission::EventsRead) && set.has(Permission::EventsCreate));
        assert!(PermissionSet::all().has_all(&set) && !set.has_all(&PermissionSet::all()));
    }
}
