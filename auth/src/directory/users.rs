//! Users and their roles.

use std::collections::BTreeSet;

use common::{
    access::{PermissionSet, Subject},
    ids::{CustomerId, UserId},
    service::etag::IfMatch,
};
use serde_json::{Value, json};

use super::{ATTEMPTS, Caller, DirectoryError, difference};
use crate::{
    AppState,
    domain::{
        Account, Action, BuiltinRole, DisplayName, Email, RoleName, Target, User, stored, tokens_good_from,
    },
    passwords::NewPassword,
    persistence::Refusal,
};

/// A user to be.
pub(crate) struct NewUser {
    pub(crate) customer_id: Option<CustomerId>,
    pub(crate) email: Email,
    pub(crate) display_name: DisplayName,
    pub(crate) password: NewPassword,
    pub(crate) roles: BTreeSet<RoleName>,
    pub(crate) disabled: bool,
}

/// What changes; `None` stays.
pub(crate) struct UserChange {
    pub(crate) email: Option<Email>,
    pub(crate) display_name: Option<DisplayName>,
    pub(crate) password: Option<NewPassword>,
    pub(crate) roles: Option<BTreeSet<RoleName>>,
    pub(crate) disabled: Option<bool>,
}

/// As the audit log tells of it.
fn describe(user: &User) -> Value {
    json!({ "email": user.email, "display_name": user.display_name, "roles": user.roles, "disabled": user.disabled })
}

pub(super) fn target(user_id: UserId) -> Target {
    Target::new("user", user_id)
}

/// The user within reach, of a version that the caller knows.
pub(super) async fn find(
    state: &AppState,
    caller: &Caller,
    user_id: UserId,
    if_match: Option<&IfMatch>,
) -> Result<Account, DirectoryError> {
    let found = state.persistence.account(user_id, caller.tenants()).await?;
    let account = found.ok_or(DirectoryError::NotFound("user"))?;
    if if_match.is_none_or(|if_match| if_match.allows(account.user.version)) {
        Ok(account)
    } else {
        Err(DirectoryError::Stale)
    }
}

/// Roles may be given that stand for no more than the caller has.
async fn may_give_roles(
    state: &AppState,
    caller: &Caller,
    customer_id: CustomerId,
    roles: impl IntoIterator<Item = &RoleName>,
) -> Result<(), DirectoryError> {
    let mut permissions = PermissionSet::default();
    for name in roles {
        let of_role = match name.builtin() {
            Some(BuiltinRole::PlatformAdmin) if !caller.runs_platform() => {
                return Err(DirectoryError::PlatformOnly);
            }
            Some(role) => role.permissions(),
            None => {
                let role = state.persistence.role(customer_id, name).await?;
                role.ok_or_else(|| DirectoryError::UnknownRole(name.clone()))?.expand()
            }
        };
        of_role.iter().for_each(|permission| permissions.add(permission.into()));
    }
    caller.may_give(&permissions)
}

/// The first that anybody would try.
const TRIVIAL: [&str; 8] =
    ["password", "password1", "passw0rd", "12345678", "123456789", "1234567890", "qwertyuiop", "iloveyou"];

fn check_password(password: &NewPassword, email: &Email) -> Result<(), DirectoryError> {
    let password = password.expose().to_lowercase();
    let name = email.as_str().split('@').next().unwrap_or_default();
    if password == email.as_str() || password == name || TRIVIAL.contains(&password.as_str()) {
        return Err(DirectoryError::GuessablePassword);
    }
    Ok(())
}

pub(crate) async fn create(state: &AppState, caller: &Caller, new: NewUser) -> Result<User, DirectoryError> {
    let customer_id = caller.customer(new.customer_id)?;
    if state.persistence.customer(customer_id, caller.tenants()).await?.is_none() {
        return Err(DirectoryError::NotFound("customer"));
    }
    may_give_roles(state, caller, customer_id, &new.roles).await?;
    check_password(&new.password, &new.email)?;
    let mut user = User::new(customer_id, new.email, new.display_name, new.roles, caller.now);
    user.disabled = new.disabled;
    let hash = state.passwords.hash(&new.password).await?;
    let entry = caller.entry(Action::UserCreated, Some(customer_id), target(user.user_id), describe(&user));
    match state.persistence.add_user(&user, Some(&hash), &entry).await? {
        Ok(()) => Ok(user),
        Err(refusal) => Err(DirectoryError::refused(refusal, "user")),
    }
}

pub(crate) async fn update(
    state: &AppState,
    caller: &Caller,
    user_id: UserId,
    if_match: &IfMatch,
    change: UserChange,
) -> Result<User, DirectoryError> {
    let mut hash = None;
    for _ in 0..ATTEMPTS {
        let account = find(state, caller, user_id, Some(if_match)).await?;
        caller.may_change(&account)?;
        let before = account.user;
        let mut after = before.clone();
        after.email = change.email.clone().unwrap_or(after.email);
        after.display_name = change.display_name.clone().unwrap_or(after.display_name);
        after.roles = change.roles.clone().unwrap_or(after.roles);
        after.disabled = change.disabled.unwrap_or(after.disabled);
        if after == before && change.password.is_none() {
            return Ok(before);
        }
        let loses_role = !before.roles.is_subset(&after.roles);
        let locked_out = after.disabled && !before.disabled;
        if caller.is(user_id) {
            let why = match () {
                () if loses_role => "you cannot take a role from yourself",
                () if locked_out => "you cannot lock yourself out",
                () if change.password.is_some() => "change your own password with POST /password",
                () => "",
            };
            if !why.is_empty() {
                return Err(DirectoryError::OwnAccount(why));
            }
        }
        may_give_roles(state, caller, before.customer_id, after.roles.difference(&before.roles)).await?;
        if let Some(password) = &change.password {
            check_password(password, &after.email)?;
            if hash.is_none() {
                hash = Some(state.passwords.hash(password).await?);
            }
        }
        let ends_sessions = locked_out || hash.is_some();
        let moment = (ends_sessions || loses_role).then(|| tokens_good_from(caller.now));
        after.not_before = after.not_before.max(moment);
        if ends_sessions {
            after.sessions_not_before = after.sessions_not_before.max(Some(stored(caller.now)));
        }
        after.updated_at = stored(caller.now);
        let changes = difference(&describe(&before), &describe(&after));
        let action = if changes.is_empty() { Action::PasswordChanged } else { Action::UserUpdated };
        let details = json!({ "changes": changes, "password_set": hash.is_some() });
        let entry = caller.entry(action, Some(before.customer_id), target(user_id), details);
        match state.persistence.update_user(&after, hash.as_deref(), &entry).await? {
            Ok(version) => {
                if let Some(moment) = moment {
                    state.withdraw_tokens([Subject::User(user_id)], moment).await;
                }
                return Ok(User { version, ..after });
            }
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "user")),
        }
    }
    Err(DirectoryError::Busy)
}

pub(crate) async fn delete(
    state: &AppState,
    caller: &Caller,
    user_id: UserId,
    if_match: &IfMatch,
) -> Result<(), DirectoryError> {
    if caller.is(user_id) {
        return Err(DirectoryError::OwnAccount("you cannot delete yourself"));
    }
    for _ in 0..ATTEMPTS {
        let account = find(state, caller, user_id, Some(if_match)).await?;
        caller.may_change(&account)?;
        let user = account.user;
        let entry =
            caller.entry(Action::UserDeleted, Some(user.customer_id), target(user_id), describe(&user));
        match state.persistence.delete_user(user_id, user.version, &entry).await? {
            Ok(()) => {
                state.withdraw_tokens([Subject::User(user_id)], tokens_good_from(caller.now)).await;
                return Ok(());
            }
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "user")),
        }
    }
    Err(DirectoryError::Busy)
}
