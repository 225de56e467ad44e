//! A user with all that decides what it may do.

use common::access::{Permission, PermissionSet};

use super::{
    customer::Customer,
    grant::{Effect, Grant},
    role::{BuiltinRole, CustomRole, RoleName},
    user::User,
};

/// A user, its customer, what its roles stand for and its custom permissions, as they were at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The user's customer.
    pub customer: Customer,
    /// The definitions of those of the user's roles that are the customer's own.
    pub custom_roles: Vec<CustomRole>,
    /// The user's custom permissions, by permission.
    pub grants: Vec<Grant>,
}

/// Why a user has a permission, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Which.
    pub permission: Permission,
    /// Whether the user has it in the end.
    pub effective: bool,
    /// What gives or takes it: roles first, then the grant.
    pub sources: Vec<Source>,
}

/// What gives a permission or takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A role has it.
    Role(RoleName),
    /// A custom permission adds or removes it.
    Grant(Grant),
}

impl Account {
    /// Whether the user may sign in and renew sessions.
    pub fn is_enabled(&self) -> bool {
        !self.user.disabled && !self.customer.disabled
    }

    /// Whether the user acts in every customer.
    pub fn is_platform_admin(&self) -> bool {
        self.user.roles.iter().any(|role| role.builtin() == Some(BuiltinRole::PlatformAdmin))
    }

    /// What the user may do: union(roles) + added − removed.
    pub fn effective(&self) -> PermissionSet {
        let mut set: PermissionSet =
            self.user.roles.iter().flat_map(|role| self.of_role(role).iter().collect::<Vec<_>>()).collect();
        for grant in &self.grants {
            match grant.effect {
                Effect::Add => set.add(grant.permission.into()),
                Effect::Remove => set.remove(grant.permission.into()),
            }
        }
        set
    }

    /// Every permission that a role or a grant names, with where it comes from.
    pub fn explain(&self) -> Vec<Explained> {
        let effective = self.effective();
        let roles: Vec<_> = self.user.roles.iter().map(|role| (role, self.of_role(role))).collect();
        let explain = |permission: Permission| {
            let by_role = roles.iter().filter(|(_, set)| set.has(permission));
            let by_grant = self.grants.iter().filter(|grant| grant.permission == permission);
            let sources: Vec<_> = by_role
                .map(|(role, _)| Source::Role((*role).clone()))
                .chain(by_grant.cloned().map(Source::Grant))
                .collect();
            (!sources.is_empty()).then(|| Explained {
                permission,
                effective: effective.has(permission),
                sources,
            })
        };
        Permission::ALL.iter().copied().filter_map(explain).collect()
    }

    /// What one of the user's roles stands for.
    fn of_role(&self, name: &RoleName) -> PermissionSet {
        match name.builtin() {
            Some(role) => role.permissions(),
            None => self
                .custom_roles
                .iter()
                .find(|role| role.name == *name)
                .map(CustomRole::expand)
                .unwrap_or_default(),
        }
    }
}
