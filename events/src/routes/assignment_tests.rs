//! What the operations on speakers and listeners promise.

use common::ids::UserId;
use serde_json::json;

use crate::testing::TestService;

#[tokio::test]
async fn a_speaker_is_assigned_once_and_taken_back() {
    let service = TestService::new();
    let manager = service.manager();
    let (id, user) = (service.event().await, UserId::generate());
    let body = json!({ "user_id": user, "channel_id": 1 });
    let assign = || service.call(&format!("POST /events/{id}/speakers")).by(&manager).json(&body);
    let made = assign().await.expect(201);
    assert_eq!((made.header("location"), made.header("etag")), (&*format!("speakers/{user}/1"), "\"2\""));
    assert_eq!(made.body, body);
    let again = assign().await.expect(200);
    assert_eq!((again.header("etag"), &again.body), ("\"2\"", &body), "no new version");
    let remove = || service.call(&format!("DELETE /events/{id}/{}", made.header("location"))).by(&manager);
    remove().await.expect(204);
    assert_eq!(remove().await.problem(), (404, "not_found"));
    let list = service.call(&format!("GET /events/{id}/speakers")).by(&manager).await.expect(200);
    assert_eq!(list.body, json!({ "items": [] }));
}

#[tokio::test]
async fn a_listener_is_assigned_once_and_taken_back() {
    let service = TestService::new();
    let manager = service.manager();
    let (id, user) = (service.event().await, UserId::generate());
    let body = json!({ "user_id": user });
    let assign = || service.call(&format!("POST /events/{id}/listeners")).by(&manager).json(&body);
    let made = assign().await.expect(201);
    assign().await.expect(200);
    let list = service.call(&format!("GET /events/{id}/listeners")).by(&manager).await.expect(200);
    assert_eq!(list.body, json!({ "items": [body] }));
    let remove = || service.call(&format!("DELETE /events/{id}/{}", made.header("location"))).by(&manager);
    remove().await.expect(204);
    assert_eq!(remove().await.problem(), (404, "not_found"));
}

#[tokio::test]
async fn nobody_speaks_on_a_channel_that_is_not_there() {
    let service = TestService::new();
    let id = service.event().await;
    for (body, field) in [
        (json!({ "user_id": UserId::generate(), "channel_id": 2 }), "channel_id"),
        (json!({ "user_id": UserId::generate(), "channel_id": 0 }), "channel_id"),
        (json!({ "user_id": "somebody", "channel_id": 1 }), "user_id"),
        (json!({ "user_id": UserId::generate(), "channel_id": 1, "name": "A" }), "name"),
    ] {
        let call = service.call(&format!("POST /events/{id}/speakers")).by(&service.manager());
        assert_eq!(call.json(&body).await.expect(422).fields(), [field]);
    }
}

#[tokio::test]
async fn assigning_needs_its_own_permission() {
    let service = TestService::new();
    let id = service.event().await;
    let editor = service.user(&["events:read", "events:update"]);
    let body = json!({ "user_id": UserId::generate() });
    let call = service.call(&format!("POST /events/{id}/listeners")).by(&editor).json(&body);
    assert_eq!(call.await.problem(), (403, "forbidden"));
    let assigner = service.user(&["events:read", "events:assign"]);
    service.call(&format!("POST /events/{id}/listeners")).by(&assigner).json(&body).await.expect(201);
    let list = service.call(&format!("GET /events/{id}/listeners")).by(&assigner).await.expect(200);
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(1), "who assigns sees whom");
}
