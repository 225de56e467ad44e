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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::{DateTime, Utc};
    use common::access::PermissionPattern;
    use proptest::{collection, prelude::*, sample::select};

    use super::*;
    use crate::domain::Actor;

    const MOMENT: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn permission() -> impl Strategy<Value = Permission> {
        select(Permission::ALL)
    }

    fn pattern() -> impl Strategy<Value = PermissionPattern> {
        prop_oneof![
            8 => permission().prop_map(PermissionPattern::One),
            2 => permission().prop_map(|one| PermissionPattern::Resource(one.resource())),
            1 => Just(PermissionPattern::Everything),
        ]
    }

    /// What a user may have: built-in roles, roles of the customer's own, permissions added and removed.
    fn account() -> impl Strategy<Value = Account> {
        let builtin = collection::btree_set(select(&BuiltinRole::ALL[..]), 0..3);
        let custom = collection::vec(collection::btree_set(pattern(), 0..4), 0..3);
        let grants = collection::btree_map(permission(), any::<bool>(), 0..8);
        (builtin, custom, grants).prop_map(|(builtin, custom, grants)| {
            let customer = Customer::new("Ours".parse().expect("a name"), MOMENT);
            let customer_id = customer.customer_id;
            let role = |(number, permissions): (usize, BTreeSet<PermissionPattern>)| CustomRole {
                customer_id,
                name: format!("role-{number}").parse().expect("a name"),
                description: None,
                permissions,
                created_at: MOMENT,
                updated_at: MOMENT,
                version: 1,
            };
            let custom_roles: Vec<_> = custom.into_iter().enumerate().map(role).collect();
            let names = builtin.into_iter().map(RoleName::from);
            let names = names.chain(custom_roles.iter().map(|role| role.name.clone()));
            let (email, name) = ("a@b".parse().expect("an address"), "A".parse().expect("a name"));
            let user = User::new(customer_id, email, name, names, MOMENT);
            let grant = |(permission, adds)| Grant {
                permission,
                effect: if adds { Effect::Add } else { Effect::Remove },
                granted_by: Actor::System,
                granted_at: MOMENT,
                reason: None,
            };
            Account { user, customer, custom_roles, grants: grants.into_iter().map(grant).collect() }
        })
    }

    fn union_of_roles(account: &Account) -> BTreeSet<Permission> {
        account.user.roles.iter().flat_map(|role| account.of_role(role).iter().collect::<Vec<_>>()).collect()
    }

    fn granted(account: &Account, effect: Effect) -> BTreeSet<Permission> {
        let of_effect = account.grants.iter().filter(|grant| grant.effect == effect);
        of_effect.map(|grant| grant.permission).collect()
    }

    proptest! {
        #[test]
        fn effective_is_the_union_of_roles_with_the_added_without_the_removed(account in account()) {
            let mut expected = union_of_roles(&account);
            expected.extend(granted(&account, Effect::Add));
            expected.retain(|permission| !granted(&account, Effect::Remove).contains(permission));
            let effective: BTreeSet<_> = account.effective().iter().collect();
            prop_assert_eq!(effective, expected);
        }

        #[test]
        fn the_order_of_grants_and_roles_means_nothing(account in account()) {
            let mut turned = account.clone();
            turned.grants.reverse();
            turned.custom_roles.reverse();
            prop_assert_eq!(turned.effective(), account.effective());
        }

        #[test]
        fn another_role_takes_nothing_away(account in account(), role in select(&BuiltinRole::ALL[..])) {
            let mut more = account.clone();
            more.user.roles.insert(role.into());
            prop_assert!(more.effective().has_all(&account.effective()));
        }

        #[test]
        fn a_removed_permission_stays_removed_whatever_the_roles(account in account(), permission in permission()) {
            let mut without = account;
            without.grants.retain(|grant| grant.permission != permission);
            without.grants.push(Grant {
                permission,
                effect: Effect::Remove,
                granted_by: Actor::System,
                granted_at: MOMENT,
                reason: None,
            });
            without.user.roles.insert(BuiltinRole::PlatformAdmin.into());
            prop_assert!(!without.effective().has(permission));
        }

        #[test]
        fn the_explanation_says_the_same_with_a_reason_for_each(account in account()) {
            let explained = account.explain();
            let effective: PermissionSet =
                explained.iter().filter(|one| one.effective).map(|one| one.permission).collect();
            prop_assert_eq!(effective, account.effective());
            for one in explained {
                let gives = one.sources.iter().any(|source| match source {
                    Source::Role(name) => account.of_role(name).has(one.permission),
                    Source::Grant(grant) => grant.effect == Effect::Add,
                });
                let takes = one.sources.iter().any(
                    |source| matches!(source, Source::Grant(grant) if grant.effect == Effect::Remove),
                );
                prop_assert_eq!(one.effective, gives && !takes);
            }
        }
    }
}
