//! One job's connection to its room, through all interruptions.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use common::{clock, config::Secret};
use livekit::{
    ConnectionState, Room, RoomError, RoomEvent, RoomOptions, TextStreamReader, participant::ParticipantKind,
    prelude::RemoteParticipant, rtc_engine::EngineError,
};
use livekit_api::services::{
    ServerError, ServerErrorCode, ServiceError,
    room::{CreateRoomOptions, RoomClient},
};
use livekit_signaling::SignalError;
use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Access, AgentError, ConnectOptions, RoomToken, TokenSourceError,
    audio::{AudioTrackWriter, Incoming},
    backoff::Backoff,
    captions::{Captions, TOPIC},
    connect::is_address,
    followers::Followers,
    rejoin::{JoinError, Verdict, persist, verdict},
    token::TokenRequest,
};

const LEAVE: Duration = Duration::from_secs(3);
/// Text streams that wait to be read.
const STREAMS: usize = 1024;
/// The longest caption that is read.
const CAPTION_BYTES: usize = 64 << 10;
/// A room outlives its people, so that a speaker who leaves finds it again.
const EMPTY_TIMEOUT_S: u32 = 3_600;

pub(crate) type RoomEvents = mpsc::UnboundedReceiver<RoomEvent>;
pub(crate) type Streams = mpsc::Receiver<(TextStreamReader, String)>;

/// What all parts of a job share.
pub(crate) struct Session {
    pub(crate) options: ConnectOptions,
    /// The job is to end: nothing more comes in.
    pub(crate) shutdown: CancellationToken,
    /// The job has ended: nothing more goes out.
    pub(crate) ended: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) captions: Captions,
    pub(crate) incoming: Incoming,
    pub(crate) followers: Followers,
    pub(crate) room: watch::Sender<Option<Arc<Room>>>,
    started_at_ms: OnceLock<i64>,
    /// Tracks of our own, and the connection in which each is published.
    own_tracks: tokio::sync::Mutex<Vec<(AudioTrackWriter, Weak<Room>)>>,
    /// The latest connection, also after it was lost.
    latest: Mutex<Option<Arc<Room>>>,
    /// The server that was tried last.
    server: Mutex<String>,
    attributes: Mutex<BTreeMap<String, String>>,
    streams: mpsc::Sender<(TextStreamReader, String)>,
}

impl Session {
    pub(crate) fn new(options: ConnectOptions, shutdown: CancellationToken) -> (Arc<Self>, Streams) {
        let (streams, incoming_streams) = mpsc::channel(STREAMS);
        let server = match &options.access {
            Access::Key { url, .. } => url.clone(),
            Access::Tokens(_) => "the source of tokens".to_owned(),
        };
        let session = Self {
            captions: Captions::new(options.segments.clone(), shutdown.clone()),
            attributes: Mutex::new(options.attributes.clone()),
            server: Mutex::new(server),
            options,
            shutdown,
            ended: CancellationToken::new(),
            tasks: TaskTracker::new(),
            incoming: Incoming::default(),
            followers: Followers::default(),
            room: watch::channel(None).0,
            started_at_ms: OnceLock::new(),
            own_tracks: tokio::sync::Mutex::default(),
            latest: Mutex::default(),
            streams,
        };
        (Arc::new(session), incoming_streams)
    }

    /// Joins the room, over and over until it succeeds, for `within` at the longest where there is a limit.
    ///
    /// Errors: see [`AgentError`]. Cancel-safe: a connection that is half made is given up.
    pub(crate) async fn join(&self, within: Option<Duration>) -> Result<(Arc<Room>, RoomEvents), AgentError> {
        let backoff = Backoff::new(rand::random());
        let server = || self.server.lock().clone();
        let (room, events) = persist(server, within, backoff, || Box::pin(self.try_join())).await?;
        tracing::info!(room.name = %self.options.room, identity = %self.options.identity, "joined");
        Ok((Arc::new(room), events))
    }

    async fn try_join(&self) -> Result<(Room, RoomEvents), JoinError> {
        let RoomToken { url, token } = match &self.options.access {
            Access::Key { url, api_key, api_secret } => self.own_token(url, api_key, api_secret).await?,
            Access::Tokens(source) => source.token().await.map_err(no_token)?,
        };
        if !is_address(&url) {
            let mistake = format!("{url:?} is no ws://, wss://, http:// or https:// address");
            return Err(JoinError::Fatal(AgentError::InvalidOptions(mistake)));
        }
        self.server.lock().clone_from(&url);
        let mut options = RoomOptions::default();
        options.auto_subscribe = false;
        options.join_retries = 0;
        options.data_stream = options.data_stream.with_max_payload_byte_length(CAPTION_BYTES);
        Room::connect(&ws_url(&url), token.expose(), options).await.map_err(|error| not_joined(url, error))
    }

    /// Makes the room, and a token for it.
    async fn own_token(&self, url: &str, api_key: &str, api_secret: &Secret) -> Result<RoomToken, JoinError> {
        let ConnectOptions { room, identity, .. } = &self.options;
        let client = RoomClient::with_api_key(&http_url(url), api_key, api_secret.expose());
        let options = CreateRoomOptions { empty_timeout: EMPTY_TIMEOUT_S, ..CreateRoomOptions::default() };
        match client.create_room(room, options).await {
            Ok(_) => {}
            // The server's refusal is no JSON, so it looks as if the answer were garbled: joining tells what it is.
            Err(ServiceError::Twirp(ServerError::Request(error))) if error.is_decode() => {}
            Err(error) => return Err(no_room(url, error)),
        }
        let token = TokenRequest {
            name: self.options.name.clone(),
            kind: self.options.kind,
            attributes: self.attributes.lock().clone(),
            ..TokenRequest::new(room, identity, self.options.permissions)
        }
        .sign(api_key, api_secret)
        .map_err(|error| JoinError::Fatal(AgentError::InvalidOptions(error.to_string())))?;
        Ok(RoomToken { url: url.to_owned(), token: Secret::new(token) })
    }

    /// Keeps the job in its room, where it is, until it ends: passes on what happens there, and joins again when the
    /// connection is lost.
    ///
    /// Errors: the job cannot go on, see [`AgentError`].
    pub(crate) async fn keep(&self, first: (Arc<Room>, RoomEvents)) -> Result<(), AgentError> {
        let (mut room, mut events) = first;
        loop {
            let reason = self.watch(&room, &mut events).await;
            tracing::warn!(room.name = %self.options.room, ?reason, "connection lost");
            self.room.send_replace(None);
            self.tell(false);
            self.captions.connected(false);
            self.followers.lost();
            self.incoming.end_all();
            if let Verdict::Leave(error) = verdict(reason, &self.options.identity) {
                return Err(error);
            }
            drop(room);
            (room, events) = self.join(None).await?;
            self.moved_in(&room).await;
        }
    }

    /// Whether we are in the room, for whoever wants to know.
    fn tell(&self, in_room: bool) {
        if let Some(told) = &self.options.in_room {
            told.send_replace(in_room);
        }
    }

    /// Leaves the room, if we are in it.
    pub(crate) async fn leave(&self) {
        self.tell(false);
        let room = self.room.send_replace(None);
        if let Some(room) = room
            && !matches!(timeout(LEAVE, room.close()).await, Ok(Ok(())))
        {
            tracing::debug!(room.name = %self.options.room, "the room was not left in good order");
        }
    }

    /// When the session began, Unix milliseconds.
    pub(crate) fn started_at_ms(&self) -> i64 {
        self.started_at_ms.get().copied().unwrap_or_else(clock::unix_ms)
    }

    /// The latest connection; `None` before the first.
    pub(crate) fn latest_room(&self) -> Option<Arc<Room>> {
        self.latest.lock().clone()
    }

    /// Publishes a track in this connection and all that follow.
    ///
    /// Errors: the room refuses it; it is forgotten then.
    pub(crate) async fn add_track(&self, track: AudioTrackWriter) -> Result<(), AgentError> {
        self.own_tracks.lock().await.push((track, Weak::new()));
        let Some(room) = self.room.borrow().clone() else { return Ok(()) };
        let result = self.publish_tracks(&room).await;
        if result.is_err() && room.connection_state() == ConnectionState::Connected {
            self.own_tracks.lock().await.retain(|(_, published)| published.strong_count() > 0);
            return result;
        }
        Ok(()) // If it was not published, it will be with the next connection.
    }

    /// Publishes the tracks of our own that are not yet in this room.
    async fn publish_tracks(&self, room: &Arc<Room>) -> Result<(), AgentError> {
        let here = Arc::downgrade(room);
        let mut result = Ok(());
        for (track, published) in self.own_tracks.lock().await.iter_mut() {
            if !published.ptr_eq(&here) {
                match track.publish(room).await {
                    Ok(()) => *published = here.clone(),
                    Err(error) => result = Err(error),
                }
            }
        }
        result
    }

    pub(crate) async fn set_attributes(&self, attributes: BTreeMap<String, String>) {
        self.attributes.lock().extend(attributes);
        let room = self.room.borrow().clone();
        if let Some(room) = room {
            self.send_attributes(&room).await;
        }
    }

    async fn send_attributes(&self, room: &Room) {
        let attributes: HashMap<_, _> = self.attributes.lock().clone().into_iter().collect();
        if attributes.is_empty() {
            return;
        }
        if let Err(error) = room.local_participant().set_attributes(attributes).await {
            tracing::warn!(%error, "attributes not set");
        }
    }

    /// A new connection: nobody there knows anything of us yet, but what is in the token.
    pub(crate) async fn moved_in(&self, room: &Arc<Room>) {
        self.started_at_ms.get_or_init(|| started_at_ms(&self.options.metadata, room.creation_time()));
        *self.latest.lock() = Some(Arc::clone(room));
        self.room.send_replace(Some(Arc::clone(room)));
        self.captions.connected(true);
        self.followers.found(room);
        self.welcome_all(room);
        self.incoming.subscribe_all(room);
        self.tell(true);
        if matches!(self.options.access, Access::Tokens(_)) {
            self.send_attributes(room).await; // They are not in the token.
        }
        if let Err(error) = self.publish_tracks(room).await {
            tracing::warn!(%error, "a track is missing");
        }
    }

    /// Passes on what happens in the room until the connection is lost; returns why.
    async fn watch(&self, room: &Arc<Room>, events: &mut RoomEvents) -> livekit::DisconnectReason {
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                () = self.followers.given_up() => {
                    self.followers.recount(room);
                    continue;
                }
            };
            let Some(event) = event else { return livekit::DisconnectReason::UnknownReason };
            if Followers::may_change(&event) {
                self.followers.recount(room);
            }
            match &event {
                RoomEvent::Reconnecting => {
                    tracing::info!("reconnecting");
                    self.captions.connected(false);
                    self.followers.lost();
                }
                RoomEvent::Reconnected => {
                    tracing::info!("reconnected");
                    self.captions.connected(true);
                    self.followers.found(room);
                    self.welcome_all(room);
                    self.incoming.subscribe_all(room);
                    self.send_attributes(room).await;
                }
                RoomEvent::ParticipantActive(participant) => self.welcome(participant),
                RoomEvent::TextStreamOpened { reader, topic, participant_identity } if topic == TOPIC => {
                    if let Some(reader) = reader.take()
                        && self.streams.try_send((reader, participant_identity.0.clone())).is_err()
                    {
                        tracing::warn!("too many captions at once: one is not read");
                    }
                }
                RoomEvent::Disconnected { reason } => return *reason,
                event => self.incoming.on_event(event, &self.shutdown),
            }
        }
    }

    fn welcome_all(&self, room: &Room) {
        for participant in room.remote_participants().values() {
            self.welcome(participant);
        }
    }

    fn welcome(&self, participant: &RemoteParticipant) {
        let is_agent = participant.kind() == ParticipantKind::Agent;
        self.captions.welcome(&participant.identity().0, is_agent);
    }
}

fn no_token(error: TokenSourceError) -> JoinError {
    match error {
        TokenSourceError::Unavailable(why) => JoinError::Later(why),
        TokenSourceError::Refused(why) => JoinError::Fatal(AgentError::NoToken(why)),
    }
}

fn not_joined(url: String, error: RoomError) -> JoinError {
    match error {
        RoomError::Engine(EngineError::Signal(SignalError::Client(status, detail)))
            if matches!(status.as_u16(), 401 | 403) =>
        {
            JoinError::Fatal(AgentError::Unauthorized { url, detail })
        }
        error => JoinError::Later(error.to_string()),
    }
}

fn no_room(url: &str, error: ServiceError) -> JoinError {
    let url = url.to_owned();
    match error {
        ServiceError::Twirp(ServerError::Twirp(answer))
            if [ServerErrorCode::UNAUTHENTICATED, ServerErrorCode::PERMISSION_DENIED]
                .contains(&answer.code.as_str()) =>
        {
            JoinError::Fatal(AgentError::Unauthorized { url, detail: answer.msg })
        }
        ServiceError::Twirp(ServerError::Url(error)) => {
            JoinError::Fatal(AgentError::InvalidOptions(format!("{url:?} is no address: {error}")))
        }
        ServiceError::AccessToken(error) => JoinError::Fatal(AgentError::InvalidOptions(error.to_string())),
        ServiceError::Twirp(ServerError::Request(error)) => JoinError::Later(sources(&error)),
        error => JoinError::Later(error.to_string()),
    }
}

/// The job's `started_at` (RFC 3339, in metadata that is a JSON object), else the room's birth, else now.
fn started_at_ms(metadata: &str, room_created_ms: i64) -> i64 {
    let said = serde_json::from_str::<serde_json::Value>(metadata)
        .ok()
        .and_then(|metadata| chrono::DateTime::parse_from_rfc3339(metadata.get("started_at")?.as_str()?).ok())
        .map(|at| at.timestamp_millis());
    said.or(Some(room_created_ms).filter(|ms| *ms > 0)).unwrap_or_else(clock::unix_ms)
}

/// LiveKit answers HTTP and WebSocket at one address.
fn http_url(url: &str) -> String {
    url.strip_prefix("ws").map_or_else(|| url.to_owned(), |rest| format!("http{rest}"))
}

fn ws_url(url: &str) -> String {
    url.strip_prefix("http").map_or_else(|| url.to_owned(), |rest| format!("ws{rest}"))
}

/// An error with its causes: reqwest keeps "connection refused" in the last of them.
fn sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_begins_when_its_job_says_else_with_its_room() {
        let metadata = r#"{"session_id":"s","started_at":"2026-01-01T00:00:01.500Z"}"#;
        assert_eq!(started_at_ms(metadata, 5), 1_767_225_601_500);
        assert_eq!(started_at_ms("", 5), 5);
        assert_eq!(started_at_ms(r#"{"started_at":"soon"}"#, 5), 5);
        assert!(started_at_ms("", 0) > 1_700_000_000_000);
    }

    #[test]
    fn both_forms_of_the_address_are_understood() {
        assert_eq!(http_url("ws://127.0.0.1:7880"), "http://127.0.0.1:7880");
        assert_eq!(http_url("wss://live.example.org"), "https://live.example.org");
        assert_eq!(ws_url("https://live.example.org"), "wss://live.example.org");
        assert_eq!(ws_url("ws://127.0.0.1:7880"), "ws://127.0.0.1:7880");
    }
}
