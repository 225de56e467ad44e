//! Custom permissions: single ones added to a user, or taken away.

use chrono::{DateTime, Utc};
use common::access::Permission;
use serde::{Deserialize, Serialize};

use super::{
    audit::Actor,
    text::{LINE, line, text_newtype},
};

text_newtype! {
    /// Why, in the words of whoever did it.
    Reason, |text| line(text, 500), length: 1..=500, pattern: LINE, example: "Stands in for Grace in May."
}

/// What a custom permission does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The user has it, whatever the roles say.
    Add,
    /// The user does not have it, whatever the roles say.
    Remove,
}

impl Effect {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
        }
    }
}

/// One permission added to one user, or taken away. A user has at most one for each permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which.
    pub permission: Permission,
    /// Added or taken away.
    pub effect: Effect,
    /// By whom.
    pub granted_by: Actor,
    /// When.
    pub granted_at: DateTime<Utc>,
    /// Why.
    pub reason: Option<Reason>,
}
