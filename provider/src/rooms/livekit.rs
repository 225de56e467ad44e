//! A `LiveKit` server over its HTTP API.

use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use common::{
    clock,
    config::Secret,
    ids::{CustomerId, EventId},
};
use livekit_api::services::{
    ServerError, ServerErrorCode, ServiceError, ServiceResult,
    room::{CreateRoomOptions, RoomClient},
};

use super::{LiveKit, LiveKitError, Participant, Room, RoomMetadata};
use crate::domain::RoomName;

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How long a room stays when nobody is in it: a session survives its speaker's absence, and the night before an event.
const EMPTY_FOR_SECONDS: u32 = 24 * 3600;

/// The server at `LIVEKIT_URL`.
#[derive(Debug)]
pub struct LiveKitServer {
    rooms: RoomClient,
}

impl LiveKitServer {
    /// The one at `url` (`ws://`, `wss://`, `http://` or `https://`). Nothing is asked yet.
    pub fn new(url: &str, api_key: &str, api_secret: &Secret) -> Self {
        let rooms = RoomClient::with_api_key(url, api_key, api_secret.expose());
        // There is one server, and no time for others.
        Self { rooms: rooms.with_failover(false).with_request_timeout(TIMEOUT) }
    }
}

/// What `call` gives within the time; `None`: there is no such thing.
async fn ask<T>(call: impl Future<Output = ServiceResult<T>>) -> Result<Option<T>, LiveKitError> {
    match tokio::time::timeout(TIMEOUT, call).await {
        Ok(Ok(answer)) => Ok(Some(answer)),
        Ok(Err(ServiceError::Twirp(ServerError::Twirp(error))))
            if error.code == ServerErrorCode::NOT_FOUND =>
        {
            Ok(None)
        }
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(LiveKitError::Unavailable(format!("no answer within {} s", TIMEOUT.as_secs()))),
    }
}

impl From<ServiceError> for LiveKitError {
    fn from(error: ServiceError) -> Self {
        match &error {
            ServiceError::Twirp(ServerError::Request(_)) => Self::Unavailable(causes(&error)),
            ServiceError::Twirp(ServerError::Twirp(told)) => match told.code.as_str() {
                ServerErrorCode::UNAVAILABLE
                | ServerErrorCode::DEADLINE_EXCEEDED
                | ServerErrorCode::CANCELED
                | ServerErrorCode::RESOURCE_EXHAUSTED
                | ServerErrorCode::ABORTED
                | ServerErrorCode::INTERNAL => Self::Unavailable(told.to_string()),
                _ => Self::Refused(told.to_string()),
            },
            ServiceError::Env(_)
            | ServiceError::AccessToken(_)
            | ServiceError::Twirp(ServerError::Url(_) | ServerError::Prost(_)) => {
                Self::Refused(error.to_string())
            }
        }
    }
}

/// The error with its causes: what is wrong with a connection is told only there.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[async_trait]
impl LiveKit for LiveKitServer {
    async fn make_room(&self, name: RoomName, customer_id: CustomerId) -> Result<(), LiveKitError> {
        let RoomName { event_id, channel_id } = name;
        let metadata = serde_json::to_string(&RoomMetadata { event_id, channel_id, customer_id })
            .expect("numbers and an id are JSON");
        let options = CreateRoomOptions {
            empty_timeout: EMPTY_FOR_SECONDS,
            departure_timeout: EMPTY_FOR_SECONDS,
            metadata,
            ..CreateRoomOptions::default()
        };
        let made = ask(Box::pin(self.rooms.create_room(&name.to_string(), options))).await?;
        made.map(|_| ()).ok_or_else(|| LiveKitError::Refused("it does not know how to make rooms".to_owned()))
    }

    async fn rooms(&self, event: Option<EventId>) -> Result<Vec<Room>, LiveKitError> {
        let rooms = ask(self.rooms.list_rooms(Vec::new())).await?.unwrap_or_default();
        let ours = rooms.into_iter().filter_map(|room| {
            let name: RoomName = room.name.parse().ok()?;
            let metadata = serde_json::from_str::<RoomMetadata>(&room.metadata).ok();
            let created_at = DateTime::from_timestamp(room.creation_time, 0).unwrap_or_else(clock::now);
            Some(Room { name, customer_id: metadata.map(|metadata| metadata.customer_id), created_at })
        });
        let mut ours: Vec<_> =
            ours.filter(|room| event.is_none_or(|event| room.name.event_id == event)).collect();
        ours.sort_by_key(|room| room.name);
        Ok(ours)
    }

    async fn participants(&self, name: RoomName) -> Result<Vec<Participant>, LiveKitError> {
        let found = ask(self.rooms.list_participants(&name.to_string())).await?.unwrap_or_default();
        let participants = found.into_iter().map(|participant| Participant {
            publishes: !participant.tracks.is_empty(),
            joined_at: DateTime::from_timestamp(participant.joined_at, 0).unwrap_or_else(clock::now),
            attributes: participant.attributes.into_iter().collect(),
            identity: participant.identity,
        });
        Ok(participants.collect())
    }

    async fn remove(&self, name: RoomName, identity: &str) -> Result<bool, LiveKitError> {
        Ok(ask(self.rooms.remove_participant(&name.to_string(), identity)).await?.is_some())
    }

    async fn delete_room(&self, name: RoomName) -> Result<bool, LiveKitError> {
        Ok(ask(self.rooms.delete_room(&name.to_string())).await?.is_some())
    }

    async fn check(&self) -> Result<(), LiveKitError> {
        // Asks for a room that nobody has, so that the answer is short.
        ask(self.rooms.list_rooms(vec!["-".to_owned()])).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn told(code: &str) -> ServiceError {
        let error = ServerErrorCode { code: code.to_owned(), msg: String::new(), meta: HashMap::new() };
        ServiceError::Twirp(ServerError::Twirp(error))
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unavailable() {
        let server = LiveKitServer::new("ws://127.0.0.1:9", "key", &Secret::new("secret"));
        let error = server.check().await.expect_err("nobody there");
        assert!(matches!(&error, LiveKitError::Unavailable(why) if why.contains("refused")), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_answer_is_given_up() {
        let error = ask::<()>(std::future::pending()).await.expect_err("too late");
        assert!(matches!(error, LiveKitError::Unavailable(_)), "{error}");
    }

    #[tokio::test]
    async fn what_is_not_there_is_no_error_and_a_wrong_key_is_not_asked_again() {
        assert_eq!(ask::<()>(async { Err(told("not_found")) }).await, Ok(None));
        for (code, helps) in [("unavailable", true), ("unauthenticated", false), ("permission_denied", false)]
        {
            let error = ask::<()>(async { Err(told(code)) }).await.expect_err(code);
            assert_eq!(matches!(error, LiveKitError::Unavailable(_)), helps, "{code}");
        }
    }
}
