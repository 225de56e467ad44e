//! OAuth2 clients and their secrets.

use std::time::Duration;

use chrono::TimeDelta;
use common::{
    access::{PermissionSet, Subject},
    config::Secret,
    ids::CustomerId,
    service::etag::IfMatch,
};
use serde_json::{Value, json};

use super::{ATTEMPTS, Caller, DirectoryError, difference};
use crate::{
    AppState,
    domain::{
        Action, ClientId, OAuthClient, SecretHash, Target,
        client::{ClientName, new_secret},
        stored, tokens_good_from,
    },
    persistence::Refusal,
};

/// A client to be.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(crate) struct NewClient {
    /// Generated when it is not given.
    pub(crate) client_id: Option<ClientId>,
    pub(crate) name: ClientName,
    /// `None`: the caller's own; `Some(None)`: the platform itself.
    pub(crate) customer_id: Option<Option<CustomerId>>,
    pub(crate) scopes: PermissionSet,
}

/// What changes; `None` stays.
pub(crate) struct ClientChange {
    pub(crate) name: Option<ClientName>,
    pub(crate) scopes: Option<PermissionSet>,
    pub(crate) disabled: Option<bool>,
}

/// As the audit log tells of it.
fn describe(client: &OAuthClient) -> Value {
    json!({ "name": client.name, "scopes": client.scopes, "disabled": client.disabled })
}

fn target(client_id: &ClientId) -> Target {
    Target::new("client", client_id)
}

fn subject(client_id: &ClientId) -> Subject {
    Subject::Service(client_id.as_str().to_owned())
}

pub(crate) async fn get(
    state: &AppState,
    caller: &Caller,
    client_id: &ClientId,
) -> Result<OAuthClient, DirectoryError> {
    let found = state.persistence.client(client_id, caller.tenants()).await?;
    found.ok_or(DirectoryError::NotFound("client"))
}

/// The client within reach, of a version that the caller knows, with no more than the caller has.
async fn to_change(
    state: &AppState,
    caller: &Caller,
    client_id: &ClientId,
    if_match: &IfMatch,
) -> Result<OAuthClient, DirectoryError> {
    let client = get(state, caller, client_id).await?;
    if !if_match.allows(client.version) {
        return Err(DirectoryError::Stale);
    }
    caller.may_give(&client.scopes)?;
    Ok(client)
}

/// The client and its secret, which nobody can read again.
pub(crate) async fn create(
    state: &AppState,
    caller: &Caller,
    new: NewClient,
) -> Result<(OAuthClient, Secret), DirectoryError> {
    let customer_id = match new.customer_id {
        Some(None) if !caller.runs_platform() => return Err(DirectoryError::PlatformOnly),
        Some(None) => None,
        given => Some(caller.customer(given.flatten())?),
    };
    caller.may_give(&new.scopes)?;
    let now = stored(caller.now);
    let client = OAuthClient {
        client_id: new.client_id.unwrap_or_else(|| ClientId::generate(&mut rand::rng())),
        name: new.name,
        customer_id,
        scopes: new.scopes,
        disabled: false,
        created_at: now,
        updated_at: now,
        not_before: None,
        version: 1,
    };
    let secret = new_secret(&mut rand::rng());
    let entry =
        caller.entry(Action::ClientCreated, customer_id, target(&client.client_id), describe(&client));
    match state.persistence.add_client(&client, &SecretHash::of(&secret), &entry).await? {
        Ok(()) => Ok((client, secret)),
        Err(refusal) => Err(DirectoryError::refused(refusal, "client")),
    }
}

pub(crate) async fn update(
    state: &AppState,
    caller: &Caller,
    client_id: &ClientId,
    if_match: &IfMatch,
    change: ClientChange,
) -> Result<OAuthClient, DirectoryError> {
    for _ in 0..ATTEMPTS {
        let before = to_change(state, caller, client_id, if_match).await?;
        let mut after = before.clone();
        after.name = change.name.clone().unwrap_or(after.name);
        after.scopes = change.scopes.clone().unwrap_or(after.scopes);
        after.disabled = change.disabled.unwrap_or(after.disabled);
        if after == before {
            return Ok(before);
        }
        caller.may_give(&after.scopes)?;
        let takes = (after.disabled && !before.disabled) || !after.scopes.has_all(&before.scopes);
        let own = caller.principal.subject == subject(client_id);
        if takes && own {
            return Err(DirectoryError::OwnAccount("a client cannot take anything from itself"));
        }
        let moment = takes.then(|| tokens_good_from(caller.now));
        after.not_before = after.not_before.max(moment);
        after.updated_at = stored(caller.now);
        let details = json!({ "changes": difference(&describe(&before), &describe(&after)) });
        let entry = caller.entry(Action::ClientUpdated, before.customer_id, target(client_id), details);
        match state.persistence.update_client(&after, &entry).await? {
            Ok(version) => {
                if let Some(moment) = moment {
                    state.withdraw_tokens([subject(client_id)], moment).await;
                }
                return Ok(OAuthClient { version, ..after });
            }
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "client")),
        }
    }
    Err(DirectoryError::Busy)
}

/// A new secret. The old one is good for `overlap` longer; without any, tokens that it got are worthless too.
pub(crate) async fn rotate_secret(
    state: &AppState,
    caller: &Caller,
    client_id: &ClientId,
    if_match: &IfMatch,
    overlap: Duration,
) -> Result<(OAuthClient, Secret), DirectoryError> {
    let secret = new_secret(&mut rand::rng());
    let overlap = TimeDelta::from_std(overlap).unwrap_or_default();
    let now = stored(caller.now);
    for _ in 0..ATTEMPTS {
        let client = to_change(state, caller, client_id, if_match).await?;
        let moment = overlap.is_zero().then(|| tokens_good_from(caller.now));
        let details = json!({ "overlap_seconds": overlap.num_seconds() });
        let entry = caller.entry(Action::ClientSecretRotated, client.customer_id, target(client_id), details);
        let hash = SecretHash::of(&secret);
        let rotated = state
            .persistence
            .rotate_client_secret(client_id, client.version, &hash, now + overlap, moment, &entry)
            .await?;
        match rotated {
            Ok(version) => {
                if let Some(moment) = moment {
                    state.withdraw_tokens([subject(client_id)], moment).await;
                }
                return Ok((OAuthClient { version, updated_at: now, ..client }, secret));
            }
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "client")),
        }
    }
    Err(DirectoryError::Busy)
}

pub(crate) async fn delete(
    state: &AppState,
    caller: &Caller,
    client_id: &ClientId,
    if_match: &IfMatch,
) -> Result<(), DirectoryError> {
    if caller.principal.subject == subject(client_id) {
        return Err(DirectoryError::OwnAccount("a client cannot delete itself"));
    }
    for _ in 0..ATTEMPTS {
        let client = to_change(state, caller, client_id, if_match).await?;
        let entry =
            caller.entry(Action::ClientDeleted, client.customer_id, target(client_id), describe(&client));
        match state.persistence.delete_client(client_id, client.version, &entry).await? {
            Ok(()) => {
                state.withdraw_tokens([subject(client_id)], tokens_good_from(caller.now)).await;
                return Ok(());
            }
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "client")),
        }
    }
    Err(DirectoryError::Busy)
}
