//! What agents do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "mt")]
pub enum AgentType {
    /// Writes down what is said.
    Asr,
    /// Translates into one language.
    Mt,
    /// Records.
    Recorder,
    /// Carries between `LiveKit` and WebSocket clients.
    Bridge,
}

impl AgentType {
    /// As it travels and is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asr => "asr",
            Self::Mt => "mt",
            Self::Recorder => "recorder",
            Self::Bridge => "bridge",
        }
    }
}

impl fmt::Display for AgentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AgentType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Asr, Self::Mt, Self::Recorder, Self::Bridge];
        all.into_iter().find(|one| one.as_str() == text).ok_or_else(|| format!("there is no agent {text:?}"))
    }
}
