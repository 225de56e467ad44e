//! Who is who and who may do what, without HTTP and without a database.

pub mod account;
pub mod audit;
pub mod client;
pub mod customer;
pub mod grant;
pub mod role;
pub(crate) mod text;
pub mod user;

pub use account::{Account, Explained, Source};
pub use audit::{Action, Actor, AuditEntry, Target};
pub use client::{ClientId, ClientRecord, OAuthClient, SecretHash};
pub use customer::{Customer, CustomerName};
pub use grant::{Effect, Grant, Reason};
pub use role::{BuiltinRole, CustomRole, RoleName};
pub use text::InvalidText;
pub use user::{DisplayName, Email, User};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

/// A moment as it is stored: to the microsecond, the precision of PostgreSQL.
pub fn stored(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment.trunc_subsecs(6)
}

/// From when tokens are good again, after a right was withdrawn `now`: the next whole millisecond.
///
/// Tokens tell their age in whole milliseconds: one issued in the same millisecond before the change must not pass. One
/// issued after the change and before this moment says that it was issued at this moment.
pub fn tokens_good_from(now: DateTime<Utc>) -> DateTime<Utc> {
    now.trunc_subsecs(3) + TimeDelta::milliseconds(1)
}
