//! `POST /rooms/create-or-join`

use common::{
    event::{EventState, ListenAccess},
    ids::UserId,
};
use serde_json::{Value, json};

use crate::testing::{Call, TestService, claims, room};

const LINE: &str = "POST /rooms/create-or-join";

fn body(channel: i64) -> Value {
    json!({ "event_id": 123_457, "channel_id": channel, "role": "speaker" })
}

fn enter(service: &TestService) -> Call {
    service.call(LINE).json(&body(1))
}

#[tokio::test]
async fn a_speaker_may_publish_a_microphone_and_hear_and_nothing_else() {
    let service = TestService::new();
    let answer = enter(&service).by(&service.the_speaker()).await.expect(200).body;
    let identity = format!("speaker-{}", service.speaker);
    assert_eq!(answer["room_name"], "event-123457-channel-1");
    assert_eq!(answer["livekit_url"], "wss://livekit.test");
    assert_eq!(answer["identity"], identity);
    assert_eq!(service.livekit.customer_of(room(1)), Some(service.customer), "the room is made");

    let claims = claims(&answer);
    assert_eq!((claims.sub, claims.kind.as_str()), (identity, ""));
    let video = claims.video;
    assert!(video.room_join && video.room == "event-123457-channel-1");
    assert_eq!((video.can_publish, video.can_subscribe), (Some(true), Some(true)));
    assert_eq!(video.can_publish_sources, ["microphone"]);
    assert_eq!(video.can_publish_data, Some(false));
    assert!(!video.room_admin && !video.room_create && !video.room_list && !video.hidden && !video.agent);
    let expires_at: chrono::DateTime<chrono::Utc> =
        answer["expires_at"].as_str().expect("a time").parse().expect("a time");
    let lives = expires_at - common::clock::now();
    assert!((580..=600).contains(&lives.num_seconds()), "{lives}");
    let exp = i64::try_from(claims.exp).expect("a time");
    assert!((exp - expires_at.timestamp()).abs() <= 2);
}

#[tokio::test]
async fn whoever_is_no_speaker_of_that_channel_is_kept_out() {
    let service = TestService::new();
    for (who, expected) in [
        (service.a_speaker(), (404, "not_found")),
        (service.stranger(), (404, "not_found")),
        // An assigned listener who may speak elsewhere, and those who run the event.
        (service.a_speaker().id(service.listener), (403, "not_a_speaker")),
        (service.manager(), (403, "not_a_speaker")),
        (service.issuer.platform_admin(service.customer), (403, "not_a_speaker")),
        (service.the_listener(), (403, "forbidden")),
        (service.live_service(), (403, "forbidden")),
        (service.live_service().pattern("rooms:speak"), (403, "forbidden")),
        (service.the_speaker().expired(), (401, "invalid_token")),
        (service.the_speaker().claim("aud", json!(["event-service"])), (401, "invalid_token")),
    ] {
        assert_eq!(enter(&service).by(&who).await.problem(), expected, "{:?}", who.principal);
    }
    enter(&service).await.expect(401);
    let other = service.call(LINE).json(&body(2)).by(&service.the_speaker()).await;
    assert_eq!(other.problem(), (403, "not_a_speaker"));
    // An event that everybody sees is one at which they do not speak all the same.
    service.change(|event| event.listen_access = ListenAccess::Public);
    assert_eq!(enter(&service).by(&service.a_speaker()).await.problem(), (403, "not_a_speaker"));
    assert!(service.livekit.identities(room(1)).is_empty());
    assert_eq!(service.livekit.customer_of(room(1)), None, "no room was made");
}

#[tokio::test]
async fn there_is_no_room_of_what_is_not_there() {
    let service = TestService::new();
    let speaker = service.the_speaker();
    service.call(LINE).json(&body(3)).by(&speaker).await.expect(404);
    let nowhere = json!({ "event_id": 999_999, "channel_id": 1, "role": "speaker" });
    service.call(LINE).json(&nowhere).by(&speaker).await.expect(404);
}

#[tokio::test]
async fn rooms_are_open_from_the_announcement_to_the_end() {
    let service = TestService::new();
    for state in EventState::ALL {
        service.change(|event| event.state = state);
        let answer = enter(&service).by(&service.the_speaker()).await;
        match state {
            EventState::Scheduled | EventState::Ready | EventState::Live => {
                answer.expect(200);
            }
            // Only those who run it know of a draft.
            EventState::Draft => {
                answer.expect(404);
            }
            EventState::Ended | EventState::Completed | EventState::Cancelled => {
                assert_eq!(answer.problem(), (409, "event_not_open"));
                assert_eq!(answer.body["state"], state.as_str());
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_asks_for_something_else_is_refused_after_whoever_sends_it() {
    let service = TestService::new();
    for wrong in [
        json!({ "event_id": 123_457, "channel_id": 1, "role": "listener" }),
        json!({ "event_id": 123_457, "channel_id": 1 }),
        json!({ "event_id": 7, "channel_id": 1, "role": "speaker" }),
        json!({ "event_id": 123_457, "channel_id": 0, "role": "speaker" }),
        json!({ "event_id": 123_457, "channel_id": 1, "role": "speaker", "room_admin": true }),
    ] {
        service.call(LINE).json(&wrong).by(&service.the_speaker()).await.expect(422);
        service.call(LINE).json(&wrong).by(&service.the_listener()).await.expect(403);
        service.call(LINE).json(&wrong).await.expect(401);
    }
}

#[tokio::test]
async fn a_speaker_has_one_identity_in_each_room() {
    let service = TestService::new();
    let twice = UserId::generate();
    service.change(|event| {
        for channel in [1, 2] {
            let channel_id = crate::testing::channel_id(channel);
            event.speakers.push(common::event::SpeakerConfig { user_id: twice, channel_id });
        }
    });
    for channel in [1, 2, 1] {
        let call = service.call(LINE).json(&body(channel)).by(&service.a_speaker().id(twice));
        assert_eq!(call.await.expect(200).body["identity"], format!("speaker-{twice}"));
    }
}
