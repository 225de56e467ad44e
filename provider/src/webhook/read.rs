//! What LiveKit says (`livekit.WebhookEvent` in JSON), as far as it is needed. Whatever else it says is passed over.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::{
    clock,
    problem::{FieldError, Problem},
};
use serde::{Deserialize, Deserializer, de};

use crate::domain::{RoomName, WebhookEvent};

/// Somebody came.
pub(crate) const PARTICIPANT_JOINED: &str = "participant_joined";

/// The longest id of an event.
const MAX_ID_CHARS: usize = 200;
/// The longest name of what happened.
const MAX_EVENT_CHARS: usize = 100;

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    id: String,
    #[serde(default)]
    event: String,
    #[serde(default, rename = "createdAt", alias = "created_at", deserialize_with = "seconds")]
    created_at: Option<i64>,
    room: Option<Room>,
    participant: Option<Participant>,
}

#[derive(Deserialize)]
struct Room {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Participant {
    #[serde(default)]
    identity: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// A 64-bit number, which JSON of protobuf writes as text.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Text(String),
        Number(i64),
    }
    match Option::deserialize(deserializer)? {
        None => Ok(None),
        Some(Number::Number(number)) => Ok(Some(number)),
        Some(Number::Text(text)) => text.parse().map(Some).map_err(de::Error::custom),
    }
}

/// What happened in one of our rooms; `None`: it was none of ours.
pub(crate) fn read(body: &str) -> Result<Option<WebhookEvent>, Problem> {
    let told: Told = serde_json::from_str(body).map_err(|error| {
        Problem::bad_request("invalid_json", format!("this is no webhook of LiveKit: {error}"))
    })?;
    let Some(room) = told.room.and_then(|room| room.name.parse::<RoomName>().ok()) else { return Ok(None) };
    let mut mistakes = Vec::new();
    for (field, text, most) in [("id", &told.id, MAX_ID_CHARS), ("event", &told.event, MAX_EVENT_CHARS)] {
        if !(1..=most).contains(&text.chars().count()) || !is_storable(text) {
            mistakes.push(FieldError::new(field, format!("has 1 to {most} characters")));
        }
    }
    if !mistakes.is_empty() {
        return Err(Problem::invalid(mistakes));
    }
    let created_at = told.created_at.and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    let (identity, attributes) = told.participant.map_or((None, None), |participant| {
        // People choose their own attributes.
        let mut attributes = participant.attributes;
        attributes.retain(|name, value| is_storable(name) && is_storable(value));
        (Some(participant.identity).filter(|identity| is_storable(identity)), Some(attributes))
    });
    Ok(Some(WebhookEvent {
        id: told.id,
        event: told.event,
        created_at: created_at.unwrap_or_else(clock::now),
        room_name: room.to_string(),
        event_id: room.event_id,
        channel_id: room.channel_id,
        identity,
        attributes,
    }))
}

/// PostgreSQL keeps no NUL.
fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_participant_does_is_read_and_the_rest_passed_over() {
        let body = json!({
            "event": "participant_attributes_of_the_future", "id": "EV_1", "createdAt": "1777887000", "numDropped": 0,
            "room": { "sid": "RM_1", "name": "event-123457-channel-2", "enabledCodecs": [{ "mime": "audio/opus" }] },
            "participant": {
                "sid": "PA_1", "identity": "speaker-x", "state": "OF_THE_FUTURE", "joinedAt": "1",
                "attributes": { "language": "es-ES", "bad": "\0" }
            },
        });
        let event = read(&body.to_string()).expect("readable").expect("ours");
        assert_eq!((event.id.as_str(), event.room_name.as_str()), ("EV_1", "event-123457-channel-2"));
        assert_eq!(event.created_at.to_rfc3339(), "2026-05-04T09:30:00+00:00");
        assert_eq!(event.identity.as_deref(), Some("speaker-x"));
        assert_eq!(event.attributes, Some(BTreeMap::from([("language".to_owned(), "es-ES".to_owned())])));
    }

    #[test]
    fn rooms_of_others_are_not_ours() {
        for body in [json!({ "event": "egress_started" }), json!({ "room": { "name": "demo" } }), json!({})] {
            assert_eq!(read(&body.to_string()).expect("readable"), None);
        }
    }

    #[test]
    fn an_event_of_ours_needs_an_id() {
        let body = json!({ "event": "room_started", "room": { "name": "event-123457-channel-1" } });
        assert_eq!(read(&body.to_string()).expect_err("no id").status(), 422);
    }

    proptest! {
        #[test]
        fn no_body_makes_it_fall_over(body in any::<String>(), id in any::<String>(), at in any::<i64>()) {
            let _ = read(&body);
            let body = json!({ "id": id, "event": "x", "createdAt": at, "room": { "name": "event-123457-channel-1" } });
            if let Ok(event) = read(&body.to_string()) {
                prop_assert!(event.is_some());
            }
        }
    }
}
