//! Roles of customers' own.

use std::collections::BTreeSet;

use common::{
    access::{PermissionPattern, Subject},
    ids::CustomerId,
    service::etag::IfMatch,
};
use serde_json::{Value, json};

use super::{ATTEMPTS, Caller, DirectoryError, difference};
use crate::{
    AppState,
    domain::{Action, CustomRole, RoleName, Target, role::RoleDescription, stored, tokens_good_from},
    persistence::Refusal,
};

/// A role to be.
pub(crate) struct NewRole {
    pub(crate) name: RoleName,
    pub(crate) description: Option<RoleDescription>,
    pub(crate) permissions: BTreeSet<PermissionPattern>,
}

/// What changes; `None` stays.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct RoleChange {
    pub(crate) description: Option<Option<RoleDescription>>,
    pub(crate) permissions: Option<BTreeSet<PermissionPattern>>,
}

/// As the audit log tells of it.
fn describe(role: &CustomRole) -> Value {
    json!({ "description": role.description, "permissions": role.permissions })
}

fn target(name: &RoleName) -> Target {
    Target::new("role", name)
}

/// The customer's own roles; none for a service that does not say for which customer.
pub(crate) async fn list(
    state: &AppState,
    caller: &Caller,
    customer_id: Option<CustomerId>,
) -> Result<Vec<CustomRole>, DirectoryError> {
    match caller.customer(customer_id) {
        Ok(customer_id) => Ok(state.persistence.roles(customer_id).await?),
        Err(DirectoryError::CustomerNeeded) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

pub(crate) async fn get(
    state: &AppState,
    caller: &Caller,
    customer_id: Option<CustomerId>,
    name: &RoleName,
) -> Result<CustomRole, DirectoryError> {
    let customer_id = match caller.customer(customer_id) {
        Err(DirectoryError::CustomerNeeded) => Err(DirectoryError::NotFound("role")),
        other => other,
    }?;
    let found = state.persistence.role(customer_id, name).await?;
    found.ok_or(DirectoryError::NotFound("role"))
}

pub(crate) async fn create(
    state: &AppState,
    caller: &Caller,
    customer_id: Option<CustomerId>,
    new: NewRole,
) -> Result<CustomRole, DirectoryError> {
    let customer_id = caller.customer(customer_id)?;
    if new.name.builtin().is_some() {
        return Err(DirectoryError::Taken("name"));
    }
    let now = stored(caller.now);
    let role = CustomRole {
        customer_id,
        name: new.name,
        description: new.description,
        permissions: new.permissions,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    caller.may_give(&role.expand())?;
    let entry = caller.entry(Action::RoleCreated, Some(customer_id), target(&role.name), describe(&role));
    match state.persistence.add_role(&role, &entry).await? {
        Ok(()) => Ok(role),
        Err(refusal) => Err(DirectoryError::refused(refusal, "role")),
    }
}

pub(crate) async fn update(
    state: &AppState,
    caller: &Caller,
    customer_id: Option<CustomerId>,
    name: &RoleName,
    if_match: &IfMatch,
    change: RoleChange,
) -> Result<CustomRole, DirectoryError> {
    if name.builtin().is_some() {
        return Err(DirectoryError::BuiltInRole);
    }
    for _ in 0..ATTEMPTS {
        let before = get(state, caller, customer_id, name).await?;
        if !if_match.allows(before.version) {
            return Err(DirectoryError::Stale);
        }
        let mut after = before.clone();
        after.description = change.description.clone().unwrap_or(after.description);
        after.permissions = change.permissions.clone().unwrap_or(after.permissions);
        if after == before {
            return Ok(before);
        }
        // Those who have the role get what is added, and lose what is not: both within the caller's own rights.
        caller.may_give(&before.expand())?;
        caller.may_give(&after.expand())?;
        let takes = !after.expand().has_all(&before.expand());
        let own = caller.principal.customer == Some(before.customer_id)
            && caller.principal.roles.iter().any(|own| own == name.as_str());
        if takes && own {
            return Err(DirectoryError::OwnAccount("you cannot take permissions from a role of your own"));
        }
        after.updated_at = stored(caller.now);
        let details = json!({ "changes": difference(&describe(&before), &describe(&after)) });
        let entry = caller.entry(Action::RoleUpdated, Some(before.customer_id), target(name), details);
        let moment = takes.then(|| tokens_good_from(caller.now));
        match state.persistence.update_role(&after, moment, &entry).await? {
            Ok(users) => {
                if let Some(moment) = moment {
                    state.withdraw_tokens(users.into_iter().map(Subject::User), moment).await;
                }
                after.version += 1;
                return Ok(after);
            }
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "role")),
        }
    }
    Err(DirectoryError::Busy)
}

pub(crate) async fn delete(
    state: &AppState,
    caller: &Caller,
    customer_id: Option<CustomerId>,
    name: &RoleName,
    if_match: &IfMatch,
) -> Result<(), DirectoryError> {
    if name.builtin().is_some() {
        return Err(DirectoryError::BuiltInRole);
    }
    for _ in 0..ATTEMPTS {
        let role = get(state, caller, customer_id, name).await?;
        if !if_match.allows(role.version) {
            return Err(DirectoryError::Stale);
        }
        caller.may_give(&role.expand())?;
        let entry = caller.entry(Action::RoleDeleted, Some(role.customer_id), target(name), describe(&role));
        match state.persistence.delete_role(role.customer_id, name, role.version, &entry).await? {
            Ok(()) => return Ok(()),
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "role")),
        }
    }
    Err(DirectoryError::Busy)
}
