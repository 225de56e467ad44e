//! Why an agent is not in its room.

use std::time::Duration;

/// Why a job could not begin, or ended before its time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The options cannot be used: an address that is no URL, an empty room or identity. A retry does not help.
    #[error("cannot connect: {0}")]
    InvalidOptions(String),
    /// The server does not know the key, or the secret or the token is wrong or expired. A retry does not help.
    #[error("{url} refuses the API key or token: {detail}")]
    Unauthorized {
        /// The server's address.
        url: String,
        /// What it said.
        detail: String,
    },
    /// The source of our tokens will not make one. A retry does not help.
    #[error("no token for the room: {0}")]
    NoToken(String),
    /// The server was not reached for the whole of the waiting time. A retry helps once it is there.
    #[error("{url} not reached within {:.0} s: {last}", waited.as_secs_f64())]
    Unreachable {
        /// The server's address.
        url: String,
        /// How long we tried.
        waited: Duration,
        /// How the last attempt ended.
        last: String,
    },
    /// Another participant took this identity: it has the job now. A retry would only take it back.
    #[error("another participant joined as {identity}")]
    DuplicateIdentity {
        /// The identity.
        identity: String,
    },
    /// Somebody removed this agent from the room. A retry is against their will.
    #[error("removed from the room")]
    Removed,
    /// A track could not be published. A retry may help after a reconnect.
    #[error("track {name} not published: {detail}")]
    Publish {
        /// The track's name.
        name: String,
        /// What the room said.
        detail: String,
    },
    /// The agent itself gave up. Whether a retry helps is told by the source.
    #[error("the agent gave up: {0}")]
    Agent(#[source] Box<dyn std::error::Error + Send + Sync>),
}
