//! Changing one's own password.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use common::{
    access::{Subject, Tenants},
    clock,
    ids::UserId,
};
use serde_json::json;

use crate::{
    AppState,
    domain::{Account, Action, Actor, AuditEntry, Target, tokens_good_from},
    passwords::{NewPassword, Verdict},
    persistence::Rehashed,
    sessions::RefreshToken,
    sign_in::SignInError,
    throttle::Counter,
    tokens::AccessToken,
};

/// Somebody who wants another password.
#[derive(Clone, Copy, Debug)]
pub struct PasswordChange<'a> {
    /// Who.
    pub user_id: UserId,
    /// The password until now.
    pub current: &'a str,
    /// The one from now on.
    pub new: &'a NewPassword,
    /// The session that goes on; the others end.
    pub keep: Option<&'a RefreshToken>,
    /// From where.
    pub from: IpAddr,
}

impl AppState {
    /// Changes a password: the other sessions end, older access tokens are refused at once, here is a new one.
    ///
    /// Errors: [`SignInError::Refused`] the current password is another; [`SignInError::TooMany`].
    pub async fn change_password(
        &self,
        change: PasswordChange<'_>,
    ) -> Result<(Account, AccessToken), SignInError> {
        let (user_counter, address_counter) =
            (Counter::password_change(change.user_id), Counter::address(change.from));
        self.check_address(&address_counter).await?;
        let turn = self.passwords.turn().await?;
        self.check_address(&user_counter).await?;
        let old_hash = self.persistence.password_hash(change.user_id).await?;
        let verdict = turn.verify(change.current, old_hash.as_deref()).await?;
        let (Verdict::Right { .. }, Some(old_hash)) = (verdict, old_hash) else {
            self.count_failure(&user_counter, &self.config.limits.account()).await?;
            self.count_failure(&address_counter, &self.config.limits.address()).await?;
            return Err(SignInError::Refused);
        };
        let new_hash = turn.hash(change.new.expose()).await?;
        drop(turn);
        let account = self.account_of(change.user_id).await?;
        let (rehashed, not_before) = (Rehashed { old_hash, new_hash }, tokens_good_from(clock::now()));
        let keep = change.keep.map(RefreshToken::hash);
        let audit = changed_by_owner(&account, clock::now());
        let changed = self
            .persistence
            .change_password(change.user_id, &rehashed, keep.as_ref(), not_before, &audit)
            .await?;
        if !changed {
            // Somebody else changed it in this moment.
            return Err(SignInError::Refused);
        }
        self.tell_withdrawn(&Subject::User(change.user_id), not_before).await;
        self.persistence.forget_failures(&user_counter).await?;
        let now = clock::now();
        let account = self.account_of(change.user_id).await?;
        let access_token = self.user_token(&account, now).await?;
        Ok((account, access_token))
    }

    async fn account_of(&self, user_id: UserId) -> Result<Account, SignInError> {
        self.persistence.account(user_id, Tenants::All).await?.ok_or(SignInError::Refused)
    }
}

fn changed_by_owner(account: &Account, now: DateTime<Utc>) -> AuditEntry {
    let user_id = account.user.user_id;
    let (customer, target) = (Some(account.user.customer_id), Target::new("user", user_id));
    let mut entry = AuditEntry::by_system(Action::PasswordChanged, customer, target, json!({}), now);
    entry.actor = Actor::User(user_id);
    entry
}
