//! Roles: templates of default permissions. Five are built in; customers add their own.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use common::{
    access::{PLATFORM_ADMIN, Permission, PermissionPattern, PermissionSet},
    ids::CustomerId,
};

use super::text::{InvalidText, LINE, line, text_newtype};

text_newtype! {
    /// The name of a role.
    RoleName, role_name, length: 2..=49, pattern: "^[a-z][a-z0-9_-]{1,48}$", example: "interpreter"
}

text_newtype! {
    /// What a role is for.
    RoleDescription, |text| line(text, 500), length: 1..=500, pattern: LINE, example: "Corrects transcripts after the event."
}

fn role_name(text: &str) -> Result<String, InvalidText> {
    let rest = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    let good = (2..=49).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(rest);
    if good {
        Ok(text.to_owned())
    } else {
        Err(InvalidText::new("is a lower-case letter, then 1 to 48 lower-case letters, digits, `_` or `-`"))
    }
}

/// A role that every customer has and nobody can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BuiltinRole {
    /// Everything, in every customer.
    PlatformAdmin,
    /// Everything within the customer.
    Admin,
    /// Events and what belongs to them.
    Manager,
    /// Speaks at the events it is assigned to.
    Speaker,
    /// Follows the events it may hear.
    Listener,
}

impl BuiltinRole {
    /// All of them, from the most powerful.
    pub const ALL: [Self; 5] =
        [Self::PlatformAdmin, Self::Admin, Self::Manager, Self::Speaker, Self::Listener];

    /// Its name in tokens and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlatformAdmin => PLATFORM_ADMIN,
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Speaker => "speaker",
            Self::Listener => "listener",
        }
    }

    /// The role of this name, if it is built in.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// What it is for.
    pub const fn description(self) -> &'static str {
        match self {
            Self::PlatformAdmin => "Runs the platform: everything, in every customer.",
            Self::Admin => "Runs a customer: its users, roles and clients, and all that a manager does.",
            Self::Manager => "Prepares and runs events.",
            Self::Speaker => "Speaks at the events it is assigned to.",
            Self::Listener => "Follows the events it may hear.",
        }
    }

    /// What it allows, as it is written down.
    pub fn patterns(self) -> Vec<PermissionPattern> {
        use Permission as P;
        use PermissionPattern::{Everything, Resource};
        let one =
            |permissions: &[Permission]| permissions.iter().copied().map(PermissionPattern::One).collect();
        match self {
            Self::PlatformAdmin => vec![Everything],
            Self::Admin => {
                let mut patterns = vec![
                    Resource("users"),
                    Resource("roles"),
                    P::PermissionsGrant.into(),
                    Resource("clients"),
                    P::AuditRead.into(),
                ];
                // `users:*` has the manager's `users:read` already.
                patterns.extend(
                    Self::Manager.patterns().into_iter().filter(|pattern| *pattern != P::UsersRead.into()),
                );
                patterns
            }
            Self::Manager => one(&[
                P::EventsCreate,
                P::EventsRead,
                P::EventsUpdate,
                P::EventsDelete,
                P::EventsAssign,
                P::TemplatesCreate,
                P::TemplatesRead,
                P::TemplatesUpdate,
                P::TemplatesDelete,
                P::SessionsStart,
                P::SessionsStop,
                P::SessionsRead,
                P::TranscriptsRead,
                P::TranscriptsCorrect,
                P::RecordingsRead,
                P::RoomsSpeak,
                P::RoomsListen,
                P::RoomsClose,
                P::RoomsRead,
                P::AnalyticsRead,
                P::UsersRead,
            ]),
            Self::Speaker => one(&[
                P::EventsRead,
                P::RoomsSpeak,
                P::RoomsListen,
                P::SessionsStart,
                P::SessionsRead,
                P::TranscriptsRead,
            ]),
            Self::Listener => one(&[P::EventsRead, P::RoomsListen, P::TranscriptsRead]),
        }
    }

    /// The permissions it stands for.
    pub fn permissions(self) -> PermissionSet {
        self.patterns().into_iter().collect()
    }
}

impl From<BuiltinRole> for RoleName {
    fn from(role: BuiltinRole) -> Self {
        Self(role.as_str().to_owned())
    }
}

impl RoleName {
    /// The built-in role of this name, if there is one.
    pub fn builtin(&self) -> Option<BuiltinRole> {
        BuiltinRole::named(self.as_str())
    }
}

/// A customer's own role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Its name; never that of a built-in role.
    pub name: RoleName,
    /// What it is for.
    pub description: Option<RoleDescription>,
    /// What it allows.
    pub permissions: BTreeSet<PermissionPattern>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts the changes, from 1.
    pub version: i64,
}

impl CustomRole {
    /// The permissions it stands for.
    pub fn expand(&self) -> PermissionSet {
        self.permissions.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_built_in_role_has_what_the_lesser_ones_have() {
        for pair in BuiltinRole::ALL.windows(2) {
            assert!(pair[0].permissions().has_all(&pair[1].permissions()), "{pair:?}");
        }
        assert_eq!(BuiltinRole::PlatformAdmin.permissions(), PermissionSet::all());
    }

    #[test]
    fn service_scopes_and_customers_are_beyond_an_admin() {
        let admin = BuiltinRole::Admin.permissions();
        for permission in [
            Permission::CustomersRead,
            Permission::SessionsRecord,
            Permission::AgentsToken,
            Permission::RoomsManage,
            Permission::SegmentsWrite,
        ] {
            assert!(!admin.has(permission), "{permission}");
        }
        assert!(admin.has(Permission::ClientsDelete) && admin.has(Permission::EventsAssign));
    }

    #[test]
    fn a_role_name_is_short_and_plain() {
        for good in ["ab", "interpreter", "night-shift_2", &format!("a{}", "b".repeat(48))] {
            assert!(good.parse::<RoleName>().is_ok(), "{good}");
        }
        for bad in ["", "a", "A1", "1a", "_a", "a b", "añ", &format!("a{}", "b".repeat(49))] {
            assert!(bad.parse::<RoleName>().is_err(), "{bad}");
        }
    }
}
