//! Where the data is kept: in PostgreSQL, or in memory.
//!
//! Each method is one atomic operation, with its line of the audit log. What may be expected (a name is taken, somebody
//! was faster) is a [`Refusal`] in the `Ok` value; a [`PersistenceError`] is a failure.

mod attempts;
mod audit;
mod clients;
mod customers;
mod directory;
pub mod in_memory;
pub mod postgres;
mod roles;
mod sessions;
mod signing_keys;
#[cfg(test)]
pub(crate) mod suite;
mod users;

pub use attempts::Attempts;
pub use audit::{Audit, AuditFilter};
pub use clients::Clients;
pub use common::persistence::PersistenceError;
pub use customers::{Affected, Customers};
pub use directory::Directory;
pub use roles::Roles;
pub use sessions::{Credentials, Rehashed, Sessions};
pub use signing_keys::{SigningKeys, StoredKey};
pub use users::{UserFilter, Users};

/// All that auth-service keeps.
pub trait Persistence: Directory + Audit + Sessions + Attempts + SigningKeys {}

impl<T: Directory + Audit + Sessions + Attempts + SigningKeys> Persistence for T {}

/// What a change comes to.
pub type Outcome<T> = Result<Result<T, Refusal>, PersistenceError>;

/// Why a change was not made. Nothing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing.
    #[error("there is no such thing")]
    NotFound,
    /// It was changed since it was read.
    #[error("it was changed since it was read")]
    Stale,
    /// Its name, address or id belongs to another.
    #[error("the {0} is taken")]
    Taken(&'static str),
    /// Other things need it.
    #[error("it still has {0}")]
    InUse(&'static str),
    /// Nobody would be left to run the platform.
    #[error("this is the last platform administrator who can sign in")]
    LastPlatformAdmin,
    /// There is no customer with the given id.
    #[error("there is no such customer")]
    UnknownCustomer,
    /// One of the given roles does not exist in this customer.
    #[error("there is no such role in this customer")]
    UnknownRole,
}

/// A part of an ordered list.
#[derive(Clone, Debug)]
pub struct Slice<K> {
    /// Only what comes after this one.
    pub after: Option<K>,
    /// At most so many.
    pub limit: u32,
}
