//! `POST /agents/token`

use common::{event::EventState, ids::CustomerId};
use serde_json::{Value, json};

use crate::testing::{Call, TestService, claims, room};

fn ask(service: &TestService, changes: &Value) -> Call {
    let mut body = json!({ "event_id": 123_457, "channel_id": 1, "agent_type": "asr" });
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    service.call("POST /agents/token").json(&body)
}

#[tokio::test]
async fn each_agent_gets_the_least_that_it_needs() {
    // What it does, its identity, and whether it publishes, sends data, is hidden.
    for (changes, identity, [publishes, data, hidden]) in [
        (json!({ "agent_type": "asr" }), "agent-asr", [false, true, false]),
        (json!({ "agent_type": "mt", "language": "ca-ES" }), "agent-mt-ca-ES", [true, true, false]),
        (json!({ "agent_type": "recorder" }), "agent-recorder", [false, false, true]),
        (json!({ "agent_type": "bridge" }), "agent-bridge", [false, true, true]),
    ] {
        let service = TestService::new();
        let answer = ask(&service, &changes).by(&service.live_service()).await.expect(200).body;
        assert_eq!(answer["identity"], identity);
        assert_eq!(answer["room_name"], "event-123457-channel-1");
        assert_eq!(answer["livekit_url"], "ws://10.0.0.2:7880", "agents have an address of their own");
        assert_eq!(service.livekit.customer_of(room(1)), Some(service.customer), "the room is made");
        let claims = claims(&answer);
        assert_eq!((claims.sub.as_str(), claims.kind.as_str()), (identity, "agent"));
        let video = claims.video;
        assert!(video.room_join && video.room == "event-123457-channel-1");
        assert!(!video.agent, "with LiveKit's grant `agent` it could register as a worker");
        assert_eq!(video.can_subscribe, Some(true));
        assert_eq!((video.can_publish, video.can_publish_data), (Some(publishes), Some(data)), "{identity}");
        assert_eq!(video.hidden, hidden, "{identity}");
        assert!(!video.room_admin && !video.room_create && !video.room_list && !video.room_record);
    }
}

#[tokio::test]
async fn no_person_gets_an_agents_token_whatever_they_may() {
    let service = TestService::new();
    for who in [
        service.manager(),
        service.the_speaker(),
        service.user(&["agents:token"]),
        service.issuer.platform_admin(service.customer),
        service.issuer.service("another", &[common::access::Permission::EventsRead]),
    ] {
        assert_eq!(
            ask(&service, &json!({})).by(&who).await.problem(),
            (403, "forbidden"),
            "{:?}",
            who.principal
        );
    }
    ask(&service, &json!({})).await.expect(401);
    ask(&service, &json!({})).by(&service.live_service().expired()).await.expect(401);
    assert_eq!(service.livekit.customer_of(room(1)), None, "no room was made");
}

#[tokio::test]
async fn only_translators_have_a_language_and_it_is_one_that_is_translated_into() {
    let service = TestService::new();
    for changes in [
        json!({ "agent_type": "mt" }),
        json!({ "agent_type": "mt", "language": "en-US" }),
        json!({ "agent_type": "mt", "language": "fr-FR" }),
        json!({ "agent_type": "asr", "language": "es-ES" }),
    ] {
        let refused = ask(&service, &changes).by(&service.live_service()).await.expect(422);
        assert_eq!(refused.fields(), ["language"]);
    }
    ask(&service, &json!({ "agent_type": "manager" })).by(&service.live_service()).await.expect(422);
}

#[tokio::test]
async fn agents_go_where_there_is_something_to_do() {
    let service = TestService::new();
    let live_service = service.live_service();
    ask(&service, &json!({ "event_id": 999_999 })).by(&live_service).await.expect(404);
    ask(&service, &json!({ "channel_id": 3 })).by(&live_service).await.expect(404);
    let of_another = service.live_service().customer(CustomerId::generate());
    ask(&service, &json!({})).by(&of_another).await.expect(404);
    for state in EventState::ALL {
        service.change(|event| event.state = state);
        let answer = ask(&service, &json!({})).by(&live_service).await;
        if matches!(state, EventState::Scheduled | EventState::Ready | EventState::Live) {
            answer.expect(200);
        } else {
            assert_eq!(answer.problem(), (409, "event_not_open"));
            assert_eq!(answer.body["state"], state.as_str());
        }
    }
}
