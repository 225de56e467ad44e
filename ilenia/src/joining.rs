//! What all commands that join a room have in common.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    time::Duration,
};

use agents::{Agent, AgentError, AudioTrackWriter, CancellationToken, ConnectOptions};
use livekit_api::access_token::{AccessToken, VideoGrants};
use reqwest::StatusCode;
use serde::Deserialize;

use crate::{
    failure::{Failure, Kind},
    recording::playback::PLAYBACK_HZ,
    settings::{LiveKitSettings, host_of, is_loopback},
};

/// The name of a speaker's own track.
pub(crate) const MICROPHONE: &str = "microphone";

/// Plays samples of any length: handed over in pieces, so that it can be interrupted at each.
pub(crate) async fn play(track: &AudioTrackWriter, samples: &[i16]) {
    for piece in samples.chunks(PLAYBACK_HZ as usize / 20) {
        track.write(piece).await;
    }
}

/// How long a tool waits for the server; an agent waits longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// `prefix` and six characters by chance, so that two of a kind do not push each other out of the room.
pub(crate) fn random_identity(prefix: &str) -> String {
    // The standard library seeds each of these hashers anew.
    let chance = RandomState::new().build_hasher().finish();
    format!("{prefix}{:06x}", chance & 0x00ff_ffff)
}

/// [`agents::connect`], with failures for people.
///
/// A wrong key is told at once, also by a server that comes up later than we: the LiveKit client underneath takes its
/// refusal for a server that is away.
pub(crate) async fn connect(
    livekit: &LiveKitSettings,
    options: ConnectOptions,
    agent: impl Agent,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let room = options.room.clone();
    if let Err(refused) = room_exists(livekit, &room).await
        && refused.is(Kind::Refused)
    {
        return Err(refused);
    }
    // Boxed: a job is a large future.
    match Box::pin(agents::connect(options, agent, shutdown)).await {
        Ok(()) => Ok(()),
        Err(error @ AgentError::Unreachable { .. }) => {
            room_exists(livekit, &room).await?;
            Err(failure(error, livekit))
        }
        Err(error) => Err(failure(error, livekit)),
    }
}

/// What a failed job means to whoever typed the command.
fn failure(error: AgentError, livekit: &LiveKitSettings) -> Failure {
    let message = error.to_string();
    match error {
        AgentError::InvalidOptions(_) => Failure::new(Kind::Usage, message),
        AgentError::Unauthorized { .. } => unauthorized(livekit),
        AgentError::Unreachable { .. } => away(livekit),
        AgentError::DuplicateIdentity { .. } => {
            Failure::new(Kind::Refused, message).hint("each identity can be in a room once; choose another")
        }
        AgentError::Removed => Failure::new(Kind::Refused, message),
        AgentError::Agent(source) => match source.downcast::<Failure>() {
            Ok(failure) => *failure,
            Err(source) => Failure::new(Kind::Other, source.to_string()),
        },
        _ => Failure::new(Kind::Other, message),
    }
}

fn unauthorized(livekit: &LiveKitSettings) -> Failure {
    Failure::new(
        Kind::Refused,
        format!("the LiveKit server at {} refuses the API key or its secret", livekit.url),
    )
    .hint("LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be a pair of that server's `keys`")
}

fn away(livekit: &LiveKitSettings) -> Failure {
    let hint = match host_of(&livekit.url) {
        Ok(host) if is_loopback(&host) => "`ilenia dev` starts one; LIVEKIT_URL names another",
        _ => "is LIVEKIT_URL right, and the server up?",
    };
    Failure::new(Kind::Unavailable, format!("no LiveKit server answers at {}", livekit.url)).hint(hint)
}

/// Asks the server for a room: whether it exists. Shows at once whether server and key are right.
///
/// By Twirp's JSON form: LiveKit's own client for it does not tell a wrong key from a server of another kind.
pub(crate) async fn room_exists(livekit: &LiveKitSettings, room: &str) -> Result<bool, Failure> {
    let other = |detail: String| {
        Failure::new(
            Kind::Unavailable,
            format!("what answers at {} is no LiveKit server: {detail}", livekit.url),
        )
        .hint("is LIVEKIT_URL right?")
    };
    let grants = VideoGrants { room_list: true, ..VideoGrants::default() };
    let token = AccessToken::with_api_key(&livekit.api_key, livekit.api_secret.expose())
        .with_ttl(PATIENCE * 2)
        .with_grants(grants)
        .to_jwt()
        .map_err(|error| {
            Failure::new(Kind::Usage, format!("no token can be made with LIVEKIT_API_KEY: {error}"))
        })?;
    let mut client = reqwest::Client::builder().connect_timeout(PATIENCE).timeout(PATIENCE);
    if host_of(&livekit.url).is_ok_and(|host| is_loopback(&host)) {
        // A proxy's loopback is another machine's.
        client = client.no_proxy();
    }
    let client =
        client.build().map_err(|error| Failure::new(Kind::Other, format!("no HTTP client: {error}")))?;
    let answer = client
        .post(format!("{}/twirp/livekit.RoomService/ListRooms", http_url(&livekit.url).trim_end_matches('/')))
        .bearer_auth(token)
        .json(&serde_json::json!({ "names": [room] }))
        .send()
        .await
        .map_err(|_| away(livekit))?;
    match answer.status() {
        StatusCode::OK => {
            let rooms: Rooms = answer.json().await.map_err(|error| other(error.to_string()))?;
            Ok(!rooms.rooms.is_empty())
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(unauthorized(livekit)),
        status => Err(other(format!("it answers {status}"))),
    }
}

/// The part of Twirp's answer that matters here.
#[derive(Deserialize)]
struct Rooms {
    #[serde(default)]
    rooms: Vec<serde_json::Value>,
}

/// The address of the server's API: that of its WebSocket with the scheme of HTTP.
pub(crate) fn http_url(url: &str) -> String {
    match url.strip_prefix("ws") {
        Some(rest) => format!("http{rest}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use common::config::Variables;

    use super::*;

    fn livekit(url: &str) -> LiveKitSettings {
        let pairs = [("LIVEKIT_URL", url), ("LIVEKIT_API_KEY", "k"), ("LIVEKIT_API_SECRET", "s")];
        LiveKitSettings::read(&Variables::from(pairs))
    }

    #[test]
    fn identities_by_chance_differ() {
        let (a, b) = (random_identity("listener-"), random_identity("listener-"));
        assert!(a != b && a.starts_with("listener-") && a.len() == 15, "{a} {b}");
    }

    #[test]
    fn the_failure_an_agent_gave_up_with_is_kept() {
        let inner = Failure::new(Kind::NoInput, "no sound").hint("another file");
        let outer = failure(AgentError::Agent(Box::new(inner.clone())), &livekit("ws://127.0.0.1:1"));
        assert_eq!(outer, inner);
    }

    #[test]
    fn the_hint_fits_the_place_of_the_server() {
        let hint = |url| away(&livekit(url)).hint.unwrap_or_default();
        assert!(hint("ws://127.0.0.1:7880").contains("ilenia dev"));
        assert!(!hint("wss://livekit.example.org").contains("ilenia dev"));
    }

    #[test]
    fn the_api_is_at_the_same_place_over_http() {
        assert_eq!(http_url("ws://h:1"), "http://h:1");
        assert_eq!(http_url("wss://h"), "https://h");
        assert_eq!(http_url("http://h"), "http://h");
    }
}
