//! The first administrator: made at start, or by `ilenia admin create`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{access::Tenants, clock, config::Secret, ids::CustomerId, ids::UserId};
use rand::RngCore as _;
use serde_json::json;

use crate::{
    domain::{Action, AuditEntry, BuiltinRole, Customer, CustomerName, DisplayName, Email, Target, User},
    passwords::{NewPassword, PasswordError, Passwords},
    persistence::{Persistence, PersistenceError, Refusal, Slice, UserFilter},
};

/// A platform administrator to be.
#[derive(Clone, Debug)]
pub struct NewAdmin {
    /// The address to sign in with.
    pub email: Email,
    /// The password; `None`: one is made.
    pub password: Option<NewPassword>,
    /// What the person is called.
    pub display_name: DisplayName,
    /// Whose the administrator is; the customer is made if there is none of that name.
    pub customer_name: CustomerName,
}

/// The administrator is there.
#[derive(Debug)]
pub struct CreatedAdmin {
    /// Who.
    pub user_id: UserId,
    /// Whose.
    pub customer_id: CustomerId,
    /// The password, if it was made here: nobody else knows it.
    pub generated_password: Option<Secret>,
}

/// Why there is no new administrator.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// A user has this address already.
    #[error("there is a user with this e-mail address already")]
    EmailTaken,
    /// The data did not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The data cannot be read or written. If the database is away, asking again later helps.
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
}

/// Makes a platform administrator.
pub async fn create(
    persistence: &dyn Persistence,
    passwords: &Passwords,
    admin: NewAdmin,
) -> Result<CreatedAdmin, AdminError> {
    let (password, generated_password) = match admin.password {
        Some(password) => (password, None),
        None => generate_password(),
    };
    let hash = passwords.hash(&password).await?;
    let customer_id = customer(persistence, admin.customer_name).await?;
    let now = clock::now();
    let user =
        User::new(customer_id, admin.email, admin.display_name, [BuiltinRole::PlatformAdmin.into()], now);
    let target = Target::new("user", user.user_id);
    let details = json!({"roles": [BuiltinRole::PlatformAdmin.as_str()]});
    let audit = AuditEntry::by_system(Action::UserCreated, Some(customer_id), target, details, now);
    match persistence.add_user(&user, Some(&hash), &audit).await? {
        Ok(()) => Ok(CreatedAdmin { user_id: user.user_id, customer_id, generated_password }),
        Err(Refusal::Taken(_)) => Err(AdminError::EmailTaken),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Whether anybody is platform administrator.
pub(crate) async fn exists(persistence: &dyn Persistence) -> Result<bool, PersistenceError> {
    let filter = UserFilter { role: Some(BuiltinRole::PlatformAdmin.into()), ..UserFilter::default() };
    let found = persistence.users(Tenants::All, &filter, Slice { after: None, limit: 1 }).await?;
    Ok(!found.is_empty())
}

/// The customer of this name, made if need be.
async fn customer(persistence: &dyn Persistence, name: CustomerName) -> Result<CustomerId, AdminError> {
    if let Some(customer_id) = find_customer(persistence, &name).await? {
        return Ok(customer_id);
    }
    let now = clock::now();
    let customer = Customer::new(name.clone(), now);
    let target = Target::new("customer", customer.customer_id);
    let details = json!({"name": name.as_str()});
    let audit =
        AuditEntry::by_system(Action::CustomerCreated, Some(customer.customer_id), target, details, now);
    match persistence.add_customer(&customer, &audit).await? {
        Ok(()) => Ok(customer.customer_id),
        // Another instance was faster.
        Err(refusal) => find_customer(persistence, &name).await?.ok_or(AdminError::Refused(refusal)),
    }
}

async fn find_customer(
    persistence: &dyn Persistence,
    name: &CustomerName,
) -> Result<Option<CustomerId>, PersistenceError> {
    let mut after = None;
    loop {
        let page = persistence.customers(Tenants::All, Slice { after, limit: 500 }).await?;
        if let Some(found) = page.iter().find(|customer| customer.name.key() == name.key()) {
            return Ok(Some(found.customer_id));
        }
        match page.last() {
            Some(last) => after = Some(last.customer_id),
            None => return Ok(None),
        }
    }
}

/// 144 random bits, in 24 characters.
fn generate_password() -> (NewPassword, Option<Secret>) {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 18]);
    rand::rng().fill_bytes(bytes.as_mut());
    let text = URL_SAFE_NO_PAD.encode(bytes.as_ref());
    let password = text.parse().expect("24 plain characters can be chosen as a password");
    (password, Some(Secret::new(text)))
}
