//! Why a transaction ends early.

use crate::persistence::{Outcome, PersistenceError, Refusal};

/// Ends a transaction, which is rolled back.
#[derive(Debug)]
pub(super) enum Stop {
    /// An expected end.
    Refused(Refusal),
    /// A failure.
    Failed(PersistenceError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<PersistenceError> for Stop {
    fn from(error: PersistenceError) -> Self {
        Self::Failed(error)
    }
}

impl From<sqlx::Error> for Stop {
    /// What a constraint says of rows that are written.
    fn from(error: sqlx::Error) -> Self {
        let refusal = match constraint(&error) {
            Some("customers_name_taken" | "roles_name_taken" | "roles_not_built_in") => {
                Refusal::Taken("name")
            }
            Some("users_email_taken") => Refusal::Taken("email"),
            Some("clients_id_taken") => Refusal::Taken("client_id"),
            Some("users_customer" | "roles_customer" | "clients_customer") => Refusal::UnknownCustomer,
            Some("user_roles_role") => Refusal::UnknownRole,
            _ => return Self::Failed(error.into()),
        };
        Self::Refused(refusal)
    }
}

/// What a constraint says of rows that are deleted.
pub(super) fn on_delete(error: sqlx::Error) -> Stop {
    match constraint(&error) {
        Some("users_customer" | "user_roles_role") => Refusal::InUse("users").into(),
        Some("clients_customer") => Refusal::InUse("clients").into(),
        _ => Stop::Failed(error.into()),
    }
}

fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint)
}

/// What the trait's methods give.
pub(super) fn outcome<T>(result: Result<T, Stop>) -> Outcome<T> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// The version of a row that was locked to be changed.
pub(super) fn expect_version(stored: Option<i64>, expected: i64) -> Result<(), Refusal> {
    match stored {
        None => Err(Refusal::NotFound),
        Some(version) if version == expected => Ok(()),
        Some(_) => Err(Refusal::Stale),
    }
}
