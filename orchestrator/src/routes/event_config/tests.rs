//! Who reads an event's configuration, and how much of it.

use common::{
    event::{EventState, ListenAccess, ListenerConfig},
    ids::UserId,
};

use crate::testing::TestService;

const CONFIG: &str = "GET /events/123457/config";

#[tokio::test]
async fn those_who_run_the_event_see_its_people_and_others_do_not() {
    let service = TestService::new();
    let (speaker, listener) = (UserId::generate(), UserId::generate());
    service.assign_speaker(speaker, 2);
    service.change_event(|event| event.listeners.push(ListenerConfig { user_id: listener }));
    let whole = service.call(CONFIG).by(&service.manager()).await.expect(200).body;
    assert_eq!(whole["speakers"][0]["channel_id"], 2);
    assert_eq!(whole["listeners"][0]["user_id"], listener.to_string());
    for token in [service.speaker(speaker), service.listener(listener)] {
        let body = service.call(CONFIG).by(&token).await.expect(200).body;
        assert!(body.get("speakers").is_none() && body.get("listeners").is_none(), "{body}");
        assert_eq!(body["channels"], whole["channels"]);
        assert_eq!(body["channels"][0]["target_languages"][0], "es-ES");
    }
    service.call(CONFIG).await.expect(401);
    service.call(CONFIG).by(&service.user(&["users:read"]).id(listener)).await.expect(403);
    service.call(CONFIG).by(&service.listener(UserId::generate())).await.expect(404);
    service.call(CONFIG).by(&service.stranger()).await.expect(404);
    service.call("GET /events/123458/config").by(&service.manager()).await.expect(404);
}

#[tokio::test]
async fn a_public_event_needs_no_account_once_it_is_no_draft() {
    let service = TestService::new();
    service.change_event(|event| event.listen_access = ListenAccess::Public);
    let body = service.call(CONFIG).await.expect(200).body;
    assert_eq!((&body["state"], body.get("speakers")), (&"ready".into(), None));
    service.change_event(|event| event.state = EventState::Draft);
    service.call(CONFIG).await.expect(401);
    service.call(CONFIG).by(&service.manager()).await.expect(200);
}
