//! Custom permissions of users.

use chrono::{DateTime, Utc};
use common::{
    access::{Permission, Subject},
    ids::UserId,
    service::etag::IfMatch,
};
use serde_json::json;

use super::{
    ATTEMPTS, Caller, DirectoryError,
    users::{find, target},
};
use crate::{
    AppState,
    domain::{Account, Action, Actor, Effect, Grant, Reason, stored, tokens_good_from},
    persistence::Refusal,
};

/// The user with all that gives and takes permissions. One's own, or with `users:read` any within reach.
pub(crate) async fn explain(
    state: &AppState,
    caller: &Caller,
    user_id: UserId,
) -> Result<Account, DirectoryError> {
    if !caller.is(user_id) && !caller.principal.may(Permission::UsersRead) {
        return Err(DirectoryError::NotFound("user"));
    }
    find(state, caller, user_id, None).await
}

/// Adds a permission to a user, or takes it away, whatever the roles say.
pub(crate) async fn put(
    state: &AppState,
    caller: &Caller,
    user_id: UserId,
    permission: Permission,
    if_match: &IfMatch,
    (effect, reason): (Effect, Option<Reason>),
) -> Result<(Grant, i64), DirectoryError> {
    for _ in 0..ATTEMPTS {
        let before = find(state, caller, user_id, Some(if_match)).await?;
        caller.may_change(&before)?;
        if effect == Effect::Add {
            caller.may_give(&[permission].into_iter().collect())?;
        }
        let stored_grant = before.grants.iter().find(|grant| grant.permission == permission);
        if let Some(same) = stored_grant.filter(|grant| grant.effect == effect && grant.reason == reason) {
            return Ok((same.clone(), before.user.version));
        }
        let grant = Grant {
            permission,
            effect,
            granted_by: Actor::from(&caller.principal.subject),
            granted_at: stored(caller.now),
            reason: reason.clone(),
        };
        let mut after = before.clone();
        after.grants.retain(|grant| grant.permission != permission);
        after.grants.push(grant.clone());
        let moment = withdrawal(caller, &before, &after)?;
        let details = json!({ "permission": permission, "effect": effect, "reason": reason });
        let customer = Some(before.user.customer_id);
        let entry = caller.entry(Action::PermissionSet, customer, target(user_id), details);
        let version = before.user.version;
        match state.persistence.put_grant(user_id, version, &grant, moment, &entry).await? {
            Ok(version) => {
                publish(state, user_id, moment).await;
                return Ok((grant, version));
            }
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "user")),
        }
    }
    Err(DirectoryError::Busy)
}

/// Leaves it to the roles again.
pub(crate) async fn delete(
    state: &AppState,
    caller: &Caller,
    user_id: UserId,
    permission: Permission,
    if_match: &IfMatch,
) -> Result<(), DirectoryError> {
    for _ in 0..ATTEMPTS {
        let before = find(state, caller, user_id, Some(if_match)).await?;
        caller.may_change(&before)?;
        let mut after = before.clone();
        after.grants.retain(|grant| grant.permission != permission);
        let dropped = before.grants.iter().find(|grant| grant.permission == permission);
        let dropped = dropped.ok_or(DirectoryError::NotFound("custom permission"))?;
        if dropped.effect == Effect::Remove {
            // What was taken away comes back through a role, today's or one to come.
            caller.may_give(&[permission].into_iter().collect())?;
        }
        let moment = withdrawal(caller, &before, &after)?;
        let details = json!({ "permission": permission, "effect": dropped.effect, "reason": dropped.reason });
        let customer = Some(before.user.customer_id);
        let entry = caller.entry(Action::PermissionUnset, customer, target(user_id), details);
        let version = before.user.version;
        match state.persistence.delete_grant(user_id, version, permission, moment, &entry).await? {
            Ok(_) => {
                publish(state, user_id, moment).await;
                return Ok(());
            }
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "custom permission")),
        }
    }
    Err(DirectoryError::Busy)
}

/// From when tokens are good again, if the user loses something.
fn withdrawal(
    caller: &Caller,
    before: &Account,
    after: &Account,
) -> Result<Option<DateTime<Utc>>, DirectoryError> {
    if after.effective().has_all(&before.effective()) {
        return Ok(None);
    }
    if caller.is(before.user.user_id) {
        return Err(DirectoryError::OwnAccount("you cannot take a permission from yourself"));
    }
    Ok(Some(tokens_good_from(caller.now)))
}

async fn publish(state: &AppState, user_id: UserId, moment: Option<DateTime<Utc>>) {
    if let Some(moment) = moment {
        state.withdraw_tokens([Subject::User(user_id)], moment).await;
    }
}
