//! Why a session was not started.

use std::time::Duration;

use axum::http::StatusCode;
use common::{event::EventState, peer::PeerError, persistence::PersistenceError, problem::Problem};

use crate::domain::SessionState;

/// Why a session was not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartRefusal {
    /// There is no such event any more.
    #[error("there is no such event")]
    NoEvent,
    /// There is no such channel.
    #[error("there is no such channel")]
    NoChannel,
    /// Not in this state.
    #[error("the event is {0}")]
    NotStartable(EventState),
    /// The customer has as many live events as it may; in words.
    #[error("{0}")]
    TooManyLive(String),
    /// The channel has a session that is being started or stopped, and this takes its time. A retry helps.
    #[error("the channel's session is {0}")]
    Busy(SessionState),
    /// It takes longer than an answer may; it goes on. A retry helps.
    #[error("starting takes longer than usual")]
    Slow,
    /// Another service did not do what is needed. Whether a retry helps, it tells itself.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The store did not.
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
}

impl StartRefusal {
    /// Whether a retry helps.
    pub(super) fn retry_helps(&self) -> bool {
        match self {
            Self::NoEvent | Self::NoChannel | Self::NotStartable(_) | Self::TooManyLive(_) => false,
            Self::Busy(_) | Self::Slow => true,
            Self::Peer(error) => error.retry_helps(),
            Self::Persistence(error) => matches!(error, PersistenceError::Unavailable(_)),
        }
    }
}

impl From<StartRefusal> for Problem {
    fn from(refusal: StartRefusal) -> Self {
        match refusal {
            StartRefusal::NoEvent => Self::not_found("event"),
            StartRefusal::NoChannel => Self::not_found("channel"),
            StartRefusal::NotStartable(state) => {
                let detail =
                    format!("sessions start while the event is scheduled, ready or live; it is {state}");
                Self::conflict("event_not_startable", detail).with("state", state.as_str())
            }
            StartRefusal::TooManyLive(detail) => Self::conflict("too_many_live_events", detail),
            StartRefusal::Busy(state) => Self::conflict(
                "session_busy",
                format!("the channel's session is {state}; ask again in a moment"),
            )
            .with("status", state.as_str())
            .retry_after(Duration::from_secs(1)),
            StartRefusal::Slow => Self::unavailable(
                "start_takes_long",
                "starting takes longer than usual and goes on; ask again in a moment",
                Duration::from_secs(1),
                &StartRefusal::Slow,
            ),
            // It changed meanwhile: what was read of it let it start.
            StartRefusal::Peer(PeerError::Refused { status: StatusCode::CONFLICT, detail, .. }) => {
                Self::conflict("event_not_startable", detail)
            }
            StartRefusal::Peer(error) => error.into(),
            StartRefusal::Persistence(error) => error.into(),
        }
    }
}
