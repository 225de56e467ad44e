use axum::http::StatusCode;
use common::{
    access::Permission,
    persistence::PersistenceError,
    problem::{FieldError, Problem},
    service::etag::IfMatch,
};

use crate::{domain::RoleName, passwords::PasswordError, persistence::Refusal};

/// Why something was not done to the directory.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// There is no such thing within reach.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It is not the version that the caller knows. Reading it again helps.
    #[error("it was changed meanwhile")]
    Stale,
    /// Others changed it again and again meanwhile. Asking again helps.
    #[error("it is being changed by others")]
    Busy,
    /// A name, address or id that belongs to another.
    #[error("this {0} is taken")]
    Taken(&'static str),
    /// Others need it.
    #[error("it still has {0}")]
    InUse(&'static str),
    /// Nobody would be left to run the platform.
    #[error("this is the last platform administrator who can sign in")]
    LastPlatformAdmin,
    /// Nobody locks themselves out.
    #[error("{0}")]
    OwnAccount(&'static str),
    /// Nobody gives or touches what they do not have.
    #[error("beyond one's own rights")]
    BeyondOwnRights(Vec<Permission>),
    /// Only who acts in every customer may.
    #[error("only a platform administrator may do this")]
    PlatformOnly,
    /// Built-in roles are the same for everybody.
    #[error("a built-in role cannot be changed")]
    BuiltInRole,
    /// A role that the customer does not have.
    #[error("there is no role {0} in this customer")]
    UnknownRole(RoleName),
    /// A role that was just deleted.
    #[error("one of the roles does not exist in this customer")]
    UnknownRoles,
    /// A service that belongs to no customer must say for which it acts.
    #[error("say for which customer")]
    CustomerNeeded,
    /// Easy to guess.
    #[error("this password is easy to guess")]
    GuessablePassword,
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The data could not be read or written.
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
}

impl DirectoryError {
    /// What the persistence says about a `what`.
    pub(super) fn refused(refusal: Refusal, what: &'static str) -> Self {
        match refusal {
            Refusal::NotFound => Self::NotFound(what),
            Refusal::Stale => Self::Stale,
            Refusal::Taken(field) => Self::Taken(field),
            Refusal::InUse(things) => Self::InUse(things),
            Refusal::LastPlatformAdmin => Self::LastPlatformAdmin,
            Refusal::UnknownCustomer => Self::NotFound("customer"),
            Refusal::UnknownRole => Self::UnknownRoles,
        }
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        use DirectoryError as E;
        let text = error.to_string();
        let field = |name: &str, text| Self::invalid(vec![FieldError::new(name, text)]);
        match error {
            E::NotFound(what) => Self::not_found(what),
            E::Stale => IfMatch::failed(),
            E::Busy => Self::conflict("concurrent_change", "others are changing it: try again"),
            E::Taken("email") => Self::conflict("email_taken", text),
            E::Taken("client_id") => Self::conflict("client_id_taken", text),
            E::Taken(_) => Self::conflict("name_taken", text),
            E::InUse(_) => Self::conflict("in_use", text),
            E::LastPlatformAdmin => Self::conflict("last_platform_admin", text),
            E::OwnAccount(_) => Self::conflict("own_account", text),
            E::BuiltInRole => Self::conflict("built_in_role", text),
            E::BeyondOwnRights(missing) => {
                let names: Vec<_> = missing.iter().take(5).map(|permission| permission.as_str()).collect();
                let more = if missing.len() > names.len() { ", …" } else { "" };
                Self::new(
                    StatusCode::FORBIDDEN,
                    "beyond_own_rights",
                    format!(
                        "this takes permissions that you do not have yourself: {}{more}",
                        names.join(", ")
                    ),
                )
            }
            E::PlatformOnly => Self::new(StatusCode::FORBIDDEN, "platform_only", text),
            E::UnknownRole(_) | E::UnknownRoles => field("roles", text),
            E::CustomerNeeded => field("customer_id", text),
            E::GuessablePassword => field("password", text),
            E::Password(error) => error.into(),
            E::Persistence(error) => error.into(),
        }
    }
}
