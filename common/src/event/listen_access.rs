//! Who may listen.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who may listen to an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "assigned")]
pub enum ListenAccess {
    /// Those who are assigned to it.
    #[default]
    Assigned,
    /// Whoever is signed in.
    Authenticated,
    /// Everybody, without an account.
    Public,
}

impl ListenAccess {
    /// As it travels and is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Authenticated => "authenticated",
            Self::Public => "public",
        }
    }
}

impl std::str::FromStr for ListenAccess {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "assigned" => Ok(Self::Assigned),
            "authenticated" => Ok(Self::Authenticated),
            "public" => Ok(Self::Public),
            other => Err(format!("there is no access {other:?}")),
        }
    }
}
