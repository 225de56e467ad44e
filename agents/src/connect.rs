//! Runs an agent in a room, and brings it back.

use std::{collections::BTreeMap, time::Duration};

use common::config::Secret;
use tokio_util::sync::CancellationToken;

use crate::{
    Agent, AgentError,
    token::{ParticipantKind, Permissions},
};

/// Which room, as whom, and how patiently.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// The server: `ws://`, `wss://`, `http://` or `https://`.
    pub url: String,
    /// Its API key.
    pub api_key: String,
    /// The key's secret.
    pub api_secret: Secret,
    /// The room; made if it does not exist.
    pub room: String,
    /// Who we are in the room.
    pub identity: String,
    /// The name that is shown; the identity where `None`.
    pub name: Option<String>,
    /// Person or agent.
    pub kind: ParticipantKind,
    /// What we may do.
    pub permissions: Permissions,
    /// Participant attributes, set on every joining.
    pub attributes: BTreeMap<String, String>,
    /// What the job is about: [`crate::JobContext::metadata`]. Not shown in the room.
    pub metadata: String,
    /// How long the server may take to appear at the start. Later interruptions may last as long as they want.
    pub join_within: Duration,
    /// How long the agent may take to finish what it has in hand.
    pub drain: Duration,
}

impl ConnectOptions {
    /// An agent's options.
    pub fn agent(
        url: impl Into<String>,
        api_key: impl Into<String>,
        api_secret: Secret,
        room: impl Into<String>,
        identity: impl Into<String>,
    ) -> Self {
        Self {
            url: url.into(),
            api_key: api_key.into(),
            api_secret,
            room: room.into(),
            identity: identity.into(),
            name: None,
            kind: ParticipantKind::Agent,
            permissions: Permissions::AGENT,
            attributes: BTreeMap::new(),
            metadata: String::new(),
            join_within: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }

    /// The same for a person: `permissions` is usually [`Permissions::SPEAKER`] or [`Permissions::LISTENER`].
    #[must_use]
    pub fn as_person(mut self, permissions: Permissions) -> Self {
        self.kind = ParticipantKind::Standard;
        self.permissions = permissions;
        self
    }
}

/// Joins the room, runs `agent` there until it is done or `shutdown` is cancelled, and leaves in good order.
///
/// A lost connection is made again underneath the agent, with a new token, for as long as it takes.
///
/// Errors: see [`AgentError`]. A cancelled `shutdown` is no error.
///
/// Cancel-safe: dropping the future leaves the room at once, without finishing what is in hand.
pub async fn connect(
    options: ConnectOptions,
    agent: impl Agent,
    shutdown: CancellationToken,
) -> Result<(), AgentError> {
    let _ = (options, agent, shutdown);
    unimplemented!()
}
