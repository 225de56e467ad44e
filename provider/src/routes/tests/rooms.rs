//! `POST /rooms/close` and `GET /rooms`

use common::ids::CustomerId;
use serde_json::{Value, json};

use crate::{
    domain::RoomName,
    rooms::LiveKit as _,
    testing::{TestService, channel_id, event, event_id, participant, room},
};

/// Both channels' rooms, with people in them, and one of another customer.
async fn with_rooms() -> (TestService, RoomName) {
    let service = TestService::new();
    for channel in [1, 2] {
        service.livekit.make_room(room(channel), service.customer).await.expect("a room");
    }
    let mut listener = participant("listener-guest-01", false);
    listener.attributes.insert("language".to_owned(), "es-ES".to_owned());
    let mut no_language = participant("listener-guest-04", false);
    no_language.attributes.insert("language".to_owned(), "nonsense!".repeat(1000));
    let people = [
        participant(format!("speaker-{}", service.speaker), true),
        listener.clone(),
        crate::rooms::Participant { identity: "listener-guest-02".to_owned(), ..listener },
        participant(format!("listener-{}-03", service.listener), false),
        no_language,
        participant("agent-mt-es-ES", true),
        participant("agent-asr", false),
        participant("somebody", false),
    ];
    service.livekit.enter(room(1), people);
    let mut other = event(CustomerId::generate());
    other.event_id = event_id(222_222);
    let others = RoomName { event_id: other.event_id, channel_id: channel_id(1) };
    service.livekit.make_room(others, other.customer_id).await.expect("a room");
    service.events.put(other);
    (service, others)
}

fn names(body: &Value) -> Vec<&str> {
    let items = body["items"].as_array().expect("items");
    items.iter().map(|item| item["room_name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn a_list_says_who_is_there_and_what_they_follow() {
    let (service, _) = with_rooms().await;
    let list = service.call("GET /rooms?event_id=123457").by(&service.manager()).await.expect(200).body;
    assert_eq!(names(&list), ["event-123457-channel-1", "event-123457-channel-2"]);
    assert_eq!(
        list["items"][0],
        json!({
            "room_name": "event-123457-channel-1", "event_id": 123_457, "channel_id": 1,
            "customer_id": service.customer, "created_at": "1970-01-01T00:00:00Z",
            "speakers": [format!("speaker-{}", service.speaker)], "listeners": { "": 2, "es-ES": 2 },
            "agents": ["agent-asr", "agent-mt-es-ES"]
        })
    );
}

#[tokio::test]
async fn people_see_their_customers_rooms_and_services_all() {
    let (service, others) = with_rooms().await;
    let list = service.call("GET /rooms").by(&service.manager()).await.expect(200).body;
    assert_eq!(names(&list).len(), 2);
    let hidden = service.call("GET /rooms?event_id=222222").by(&service.manager()).await.expect(200).body;
    assert!(names(&hidden).is_empty());
    let list = service.call("GET /rooms").by(&service.live_service()).await.expect(200).body;
    assert_eq!(names(&list)[2], others.to_string());
    // A room that somebody's client made by coming back says nothing of its customer: the event does.
    service.livekit.delete_room(room(2)).await.expect("deleted");
    service.livekit.enter(room(2), []);
    let list = service.call("GET /rooms").by(&service.manager()).await.expect(200).body;
    assert_eq!(names(&list).len(), 2);

    service.call("GET /rooms").await.expect(401);
    service.call("GET /rooms").by(&service.the_listener()).await.expect(403);
    let reader = service.issuer.service("another", &[common::access::Permission::RoomsRead]);
    service.call("GET /rooms").by(&reader).await.expect(403);
    let manager = service.user(&["rooms:manage"]);
    service.call("GET /rooms").by(&manager).await.expect(403);
    service.call("GET /rooms?event_id=7").by(&service.manager()).await.expect(400);
}

#[tokio::test]
async fn rooms_are_closed_by_those_of_their_customer_and_by_services() {
    let (service, others) = with_rooms().await;
    let close = |body: Value| service.call("POST /rooms/close").json(&body);
    for (who, status) in [
        (service.the_listener(), 403),
        (service.the_speaker(), 403),
        (service.stranger(), 404),
        (service.user(&["rooms:manage"]), 403),
        (service.issuer.service("another", &[common::access::Permission::RoomsClose]), 403),
    ] {
        close(json!({ "event_id": 123_457 })).by(&who).await.expect(status);
    }
    close(json!({ "event_id": 123_457 })).await.expect(401);
    close(json!({ "event_id": 123_457, "channel_id": 9 })).by(&service.manager()).await.expect(404);
    close(json!({ "event_id": 222_222 })).by(&service.manager()).await.expect(404);
    assert_eq!(service.livekit.rooms(None).await.expect("rooms").len(), 3, "nothing was closed");

    let one = close(json!({ "event_id": 123_457, "channel_id": 2 })).by(&service.manager()).await.expect(200);
    assert_eq!(one.body, json!({ "closed": ["event-123457-channel-2"] }));
    let rest = close(json!({ "event_id": 123_457 })).by(&service.manager()).await.expect(200);
    assert_eq!(rest.body, json!({ "closed": ["event-123457-channel-1"] }));
    let again =
        close(json!({ "event_id": 123_457, "channel_id": 1 })).by(&service.manager()).await.expect(200);
    assert_eq!(again.body, json!({ "closed": [] }));
    // Services tidy up after events that are gone.
    service.events.delete(others.event_id);
    let gone = close(json!({ "event_id": 222_222 })).by(&service.live_service()).await.expect(200);
    assert_eq!(gone.body, json!({ "closed": [others.to_string()] }));
}
