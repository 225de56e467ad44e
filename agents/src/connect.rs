//! Runs an agent in a room, and brings it back.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use common::config::Secret;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Access, Agent, AgentError, JobContext, SegmentLog, TokenSource,
    captions::{read_streams, send_captions},
    session::Session,
    token::{ParticipantKind, Permissions},
};

/// Which room, as whom, and how patiently.
#[derive(Clone)]
pub struct ConnectOptions {
    /// What opens the room.
    pub access: Access,
    /// The room; made if it does not exist.
    pub room: String,
    /// Who we are in the room.
    pub identity: String,
    /// The name that is shown; the identity where `None`. With [`Access::Tokens`] the token says it.
    pub name: Option<String>,
    /// Person or agent. With [`Access::Tokens`] the token says it.
    pub kind: ParticipantKind,
    /// What we may do. With [`Access::Tokens`] the token says it.
    pub permissions: Permissions,
    /// Participant attributes, set on every joining.
    pub attributes: BTreeMap<String, String>,
    /// What the job is about: [`crate::JobContext::metadata`]. Not shown in the room.
    pub metadata: String,
    /// How long the server may take to appear at the start. Later interruptions may last as long as they want.
    pub join_within: Duration,
    /// How long the agent may take to finish what it has in hand.
    pub drain: Duration,
    /// Where settled captions are kept besides being sent; nowhere if `None`.
    pub segments: Option<Arc<dyn SegmentLog>>,
    /// Is told `true` when the job is in its room, and `false` while it is not.
    pub in_room: Option<watch::Sender<bool>>,
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("access", &self.access)
            .field("room", &self.room)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

impl ConnectOptions {
    /// An agent's options, with a key of our own.
    pub fn agent(
        url: impl Into<String>,
        api_key: impl Into<String>,
        api_secret: Secret,
        room: impl Into<String>,
        identity: impl Into<String>,
    ) -> Self {
        let access = Access::Key { url: url.into(), api_key: api_key.into(), api_secret };
        Self::new(access, room, identity)
    }

    /// An agent's options, with tokens that `source` makes for `identity` in `room`.
    pub fn with_tokens(
        source: Arc<dyn TokenSource>,
        room: impl Into<String>,
        identity: impl Into<String>,
    ) -> Self {
        Self::new(Access::Tokens(source), room, identity)
    }

    fn new(access: Access, room: impl Into<String>, identity: impl Into<String>) -> Self {
        Self {
            access,
            room: room.into(),
            identity: identity.into(),
            name: None,
            kind: ParticipantKind::Agent,
            permissions: Permissions::AGENT,
            attributes: BTreeMap::new(),
            metadata: String::new(),
            join_within: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            segments: None,
            in_room: None,
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
/// A lost connection is made again underneath the agent, with a new token, for as long as it takes; see
/// [`AgentError`] for what ends the job instead.
///
/// Errors: see [`AgentError`]. A cancelled `shutdown` is no error, nor is work that it cut off.
///
/// Cancel-safe: dropping the future leaves the room at once, without finishing what is in hand.
pub async fn connect(
    options: ConnectOptions,
    agent: impl Agent,
    shutdown: CancellationToken,
) -> Result<(), AgentError> {
    check(&options)?;
    install_tls();
    let drain = options.drain;
    // A token of its own: the job may also end for reasons that are not the caller's.
    let job = shutdown.child_token();
    let (session, streams) = Session::new(options, job.clone());
    let _leave = LeaveOnDrop(Arc::clone(&session));
    let within = session.options.join_within;
    let Some(first) = shutdown.run_until_cancelled(session.join(Some(within))).await else { return Ok(()) };
    let first = first?;
    session.moved_in(&first.0).await;

    let ended = session.ended.clone();
    let sender = send_captions(session.captions.clone(), session.room.subscribe());
    session.tasks.spawn(ended.clone().run_until_cancelled_owned(sender));
    session
        .tasks
        .spawn(ended.clone().run_until_cancelled_owned(read_streams(session.captions.clone(), streams)));
    let ctx = JobContext::new(Arc::clone(&session));

    let work = async {
        let result = agent.run(ctx).await.map_err(AgentError::Agent);
        // What it said last is still to be sent, and to arrive: leaving cuts off what is under way.
        let sent = async {
            let _ = timeout(FLUSH, session.captions.flush()).await;
            sleep(LINGER).await;
        };
        tokio::join!(sent, keep_segments(&session));
        result
    };
    let deadline = async {
        job.cancelled().await;
        sleep(drain).await;
    };
    let (result, room_lost) = tokio::select! {
        result = work => (result, false),
        lost = session.keep(first) => (lost, true),
        () = deadline => {
            tracing::warn!(drain_ms = drain.as_millis(), "not done in time: leaving");
            (Ok(()), false)
        }
    };
    job.cancel();
    if room_lost {
        keep_segments(&session).await;
    }
    session.leave().await;
    ended.cancel();
    session.tasks.close();
    session.tasks.wait().await;
    result
}

/// How long what was published last may take to be sent.
const FLUSH: Duration = Duration::from_secs(3);

/// How long the last data may be under way.
const LINGER: Duration = Duration::from_millis(250);

/// Waits until what was published is in the log, if there is one, as long as the job may take to end.
async fn keep_segments(session: &Session) {
    if let Some(log) = &session.options.segments
        && timeout(session.options.drain, log.flush()).await.is_err()
    {
        tracing::warn!("the log of segments does not have them all yet");
    }
}

fn check(options: &ConnectOptions) -> Result<(), AgentError> {
    let mistake = if let Access::Key { url, .. } = &options.access
        && !is_address(url)
    {
        format!("{url:?} is no ws://, wss://, http:// or https:// address")
    } else if options.room.is_empty() {
        "the room has no name".to_owned()
    } else if options.identity.is_empty() {
        "the participant has no identity".to_owned()
    } else {
        return Ok(());
    };
    Err(AgentError::InvalidOptions(mistake))
}

/// Whether it looks like the address of a LiveKit server.
pub(crate) fn is_address(url: &str) -> bool {
    ["ws://", "wss://", "http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
}

/// Two TLS providers are in the graph, so rustls does not choose one by itself. What the program chose stays.
fn install_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

/// Leaves the room also when the job's future is dropped half-way.
struct LeaveOnDrop(Arc<Session>);

impl Drop for LeaveOnDrop {
    fn drop(&mut self) {
        let session = Arc::clone(&self.0);
        session.shutdown.cancel();
        session.ended.cancel();
        if session.room.borrow().is_some()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { session.leave().await });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str, room: &str, identity: &str) -> ConnectOptions {
        ConnectOptions::agent(url, "key", Secret::new("secret"), room, identity)
    }

    #[tokio::test]
    async fn options_that_cannot_work_are_refused_at_once() {
        for (options, expected) in [
            (options("localhost", "r", "a"), "no ws://"),
            (options("ws://localhost", "", "a"), "room"),
            (options("ws://localhost", "r", ""), "identity"),
        ] {
            let agent = |_: JobContext| async { Ok(()) };
            let error =
                connect(options, agent, CancellationToken::new()).await.expect_err("unusable").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_waited_for_and_then_told() {
        let mut options = options("ws://127.0.0.1:9", "r", "a");
        options.join_within = Duration::from_secs(1);
        let agent = |_: JobContext| async { Ok(()) };
        let error = connect(options, agent, CancellationToken::new()).await.expect_err("nobody there");
        assert!(
            matches!(&error, AgentError::Unreachable { last, .. } if last.contains("refused")),
            "{error}"
        );
    }

    #[tokio::test]
    async fn waiting_for_a_server_can_be_ended() {
        let shutdown = CancellationToken::new();
        let agent = |_: JobContext| async { Ok(()) };
        let job = tokio::spawn(connect(options("ws://127.0.0.1:9", "r", "a"), agent, shutdown.clone()));
        shutdown.cancel();
        job.await.expect("no panic").expect("no error");
    }
}
