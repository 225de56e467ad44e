//! The demonstration's customer and its four accounts ([`common::demo`]), for `ilenia dev`.

use common::{clock, demo};
use serde_json::json;

use crate::{
    admin::AdminError,
    domain::{Action, AuditEntry, Customer, InvalidText, Target, User},
    passwords::Passwords,
    persistence::{Persistence, PersistenceError, Refusal},
};

/// The demonstration could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// One of its texts is not acceptable any more.
    #[error(transparent)]
    Text(#[from] InvalidText),
    /// An account could not be made.
    #[error(transparent)]
    Account(#[from] AdminError),
    /// The data cannot be read or written.
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
}

/// Makes the customer and the accounts, unless they are there. Their password is known to everybody.
pub async fn seed(persistence: &dyn Persistence, passwords: &Passwords) -> Result<(), DemoError> {
    let now = clock::now();
    let customer = Customer { customer_id: demo::CUSTOMER, ..Customer::new("Demonstration".parse()?, now) };
    let target = Target::new("customer", customer.customer_id);
    let audit = AuditEntry::by_system(Action::CustomerCreated, Some(demo::CUSTOMER), target, json!({}), now);
    unless_there(persistence.add_customer(&customer, &audit).await?)?;
    let password = demo::PASSWORD.parse().expect("the demonstration's password can be chosen");
    for (user_id, email, name, role) in demo::ACCOUNTS {
        let hash = passwords.hash(&password).await.map_err(AdminError::from)?;
        let user = User::new(demo::CUSTOMER, email.parse()?, name.parse()?, [role.parse()?], now);
        let user = User { user_id, ..user };
        let target = Target::new("user", user_id);
        let details = json!({"roles": [role]});
        let audit = AuditEntry::by_system(Action::UserCreated, Some(demo::CUSTOMER), target, details, now);
        unless_there(persistence.add_user(&user, Some(&hash), &audit).await?)?;
    }
    Ok(())
}

fn unless_there(outcome: Result<(), Refusal>) -> Result<(), DemoError> {
    match outcome {
        Ok(()) | Err(Refusal::Taken(_)) => Ok(()),
        Err(refusal) => Err(AdminError::from(refusal).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestService;

    #[tokio::test]
    async fn the_four_accounts_can_sign_in() {
        let service = TestService::start(&[]).await;
        for _ in 0..2 {
            seed(&*service.state.persistence, &service.state.passwords).await.expect("seeded");
        }
        for (user_id, email, _, role) in demo::ACCOUNTS {
            let answer = service.login(email, demo::PASSWORD).await;
            assert_eq!(answer.body["user"]["user_id"], user_id.to_string(), "{answer:?}");
            assert_eq!(answer.body["user"]["roles"], json!([role]));
            assert_eq!(answer.body["user"]["customer_id"], demo::CUSTOMER.to_string());
        }
    }
}
