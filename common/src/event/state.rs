//! The life of an event.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an event is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "scheduled")]
pub enum EventState {
    /// Being written; only the customer's staff sees it.
    Draft,
    /// Announced.
    Scheduled,
    /// Set up; sessions may start.
    Ready,
    /// Sessions run.
    Live,
    /// Stopped; artefacts are being stored.
    Ended,
    /// All artefacts are stored.
    Completed,
    /// Will not take place.
    Cancelled,
}

impl EventState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Scheduled,
        Self::Ready,
        Self::Live,
        Self::Ended,
        Self::Completed,
        Self::Cancelled,
    ];

    /// As it travels and is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Ready => "ready",
            Self::Live => "live",
            Self::Ended => "ended",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The states it may go to from here.
    pub const fn legal_moves(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Scheduled, Self::Cancelled],
            // Starting a session takes an event live from either.
            Self::Scheduled => &[Self::Ready, Self::Live, Self::Cancelled],
            Self::Ready => &[Self::Live, Self::Cancelled],
            Self::Live => &[Self::Ended, Self::Cancelled],
            Self::Ended => &[Self::Completed, Self::Ready],
            Self::Completed => &[Self::Ready],
            Self::Cancelled => &[],
        }
    }

    /// Whether it may go to `to` from here.
    pub fn may_become(self, to: Self) -> bool {
        self.legal_moves().contains(&to)
    }
}

impl fmt::Display for EventState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no state {0:?}; states are draft, scheduled, ready, live, ended, completed and cancelled")]
pub struct UnknownState(String);

impl FromStr for EventState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| UnknownState(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_may_be_cancelled_from_every_state_before_ended_and_from_no_other() {
        for state in EventState::ALL {
            assert_eq!(state.may_become(EventState::Cancelled), state < EventState::Ended, "{state}");
        }
    }

    #[test]
    fn what_has_ended_may_be_reopened() {
        let to_ready: Vec<_> =
            EventState::ALL.into_iter().filter(|s| s.may_become(EventState::Ready)).collect();
        assert_eq!(to_ready, [EventState::Scheduled, EventState::Ended, EventState::Completed]);
    }

    #[test]
    fn no_state_leads_to_itself_and_names_read_back() {
        for state in EventState::ALL {
            assert!(!state.may_become(state));
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(serde_json::to_value(state).expect("json"), state.as_str());
        }
    }
}
