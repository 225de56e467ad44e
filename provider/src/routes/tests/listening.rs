//! `POST /rooms/join`

use common::event::{EventState, ListenAccess};
use serde_json::{Value, json};

use crate::testing::{Answer, Call, TestService, claims, event_id, participant, room};

fn join(service: &TestService, changes: &Value) -> Call {
    let mut body = json!({ "event_id": 123_457, "role": "listener" });
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    service.call("POST /rooms/join").json(&body)
}

fn plain(service: &TestService) -> Call {
    join(service, &json!({}))
}

#[tokio::test]
async fn a_listener_may_hear_and_change_their_attributes_and_nothing_else() {
    let service = TestService::new();
    let call = join(&service, &json!({ "channel_id": 1, "language": "ES-es" })).by(&service.the_listener());
    let answer = call.await.expect(200).body;
    assert_eq!((&answer["channel_id"], &answer["livekit_url"]), (&json!(1), &json!("wss://livekit.test")));
    assert_eq!(service.livekit.customer_of(room(1)), Some(service.customer), "the room is made");
    let claims = claims(&answer);
    assert!(claims.sub.starts_with(&format!("listener-{}-", service.listener)), "{}", claims.sub);
    assert_eq!(answer["identity"], claims.sub);
    assert_eq!(claims.attributes["language"], "es-ES");
    assert_eq!(claims.kind, "");
    let video = claims.video;
    assert!(video.room_join && video.room == "event-123457-channel-1");
    assert_eq!((video.can_subscribe, video.can_update_own_metadata), (Some(true), Some(true)));
    assert_eq!((video.can_publish, video.can_publish_data), (Some(false), Some(false)));
    assert!(video.can_publish_sources.is_empty());
    assert!(!video.room_admin && !video.room_create && !video.room_list && !video.hidden && !video.agent);
}

#[tokio::test]
async fn a_public_event_needs_no_account_and_each_guest_is_somebody_else() {
    let service = TestService::new();
    service.change(|event| event.listen_access = ListenAccess::Public);
    let identity = |answer: &Answer| answer.body["identity"].as_str().expect("an identity").to_owned();
    let (one, other) = (plain(&service).await.expect(200), plain(&service).await.expect(200));
    assert!(identity(&one).starts_with("listener-guest-"));
    assert_ne!(identity(&one), identity(&other));
    // Whoever is signed in is known by name, also without the permission to listen.
    let who = service.user(&[]);
    let user = who.principal.user().expect("a user");
    let signed_in = plain(&service).by(&who).await.expect(200);
    assert!(identity(&signed_in).starts_with(&format!("listener-{user}-")));
    // A token that is no longer good is not taken for none.
    assert_eq!(plain(&service).by(&who.expired()).await.problem(), (401, "invalid_token"));
}

#[tokio::test]
async fn who_may_not_listen_is_kept_out_and_does_not_learn_of_the_event() {
    let service = TestService::new();
    for (who, expected) in [
        (service.a_listener(), (404, "not_found")),
        (service.stranger(), (404, "not_found")),
        (service.user(&[]).id(service.listener), (403, "forbidden")),
        (service.live_service(), (403, "forbidden")),
        (service.live_service().pattern("rooms:listen"), (403, "forbidden")),
        (service.the_listener().expired(), (401, "invalid_token")),
    ] {
        assert_eq!(plain(&service).by(&who).await.problem(), expected, "{:?}", who.principal);
        // The same as for an event that is not there.
        let nowhere = join(&service, &json!({ "event_id": 999_999 })).by(&who).await;
        assert_eq!(nowhere.problem(), expected, "{:?}", who.principal);
    }
    plain(&service).await.expect(401);
    join(&service, &json!({ "event_id": 999_999 })).await.expect(401);
    assert_eq!(service.livekit.customer_of(room(1)), None, "no room was made");
}

#[tokio::test]
async fn an_event_for_the_signed_in_is_for_them_alone() {
    let service = TestService::new();
    service.change(|event| event.listen_access = ListenAccess::Authenticated);
    plain(&service).by(&service.a_listener()).await.expect(200);
    plain(&service).by(&service.user(&[])).await.expect(403);
    plain(&service).await.expect(401);
}

#[tokio::test]
async fn those_who_run_the_event_and_those_who_speak_there_may_listen() {
    let service = TestService::new();
    for (who, as_staff) in [(service.manager(), true), (service.the_speaker(), false)] {
        let answer = plain(&service).by(&who).await.expect(200);
        let identity = answer.body["identity"].as_str().expect("an identity").to_owned();
        let kept = service.persistence.newest_tokens(room(1), &[identity]).await.expect("tokens");
        assert_eq!(kept.iter().map(|token| token.as_staff).collect::<Vec<_>>(), [as_staff]);
    }
}

#[tokio::test]
async fn rooms_are_open_from_the_announcement_to_the_end() {
    let service = TestService::new();
    for state in EventState::ALL {
        service.change(|event| event.state = state);
        let listener = plain(&service).by(&service.the_listener()).await;
        let staff = plain(&service).by(&service.manager()).await;
        if matches!(state, EventState::Scheduled | EventState::Ready | EventState::Live) {
            listener.expect(200);
            staff.expect(200);
            continue;
        }
        let draft = state == EventState::Draft;
        assert_eq!(listener.problem(), if draft { (404, "not_found") } else { (409, "event_not_open") });
        assert_eq!(staff.problem(), (409, "event_not_open"));
        assert_eq!(staff.body["state"], state.as_str());
    }
}

#[tokio::test]
async fn without_a_channel_it_is_the_first_on_which_somebody_speaks() {
    let service = TestService::new();
    let chosen =
        async || plain(&service).by(&service.the_listener()).await.expect(200).body["channel_id"].clone();
    assert_eq!(chosen().await, 1, "the first, while nobody speaks");
    let speaker = format!("speaker-{}", service.speaker);
    service.livekit.enter(room(1), [participant(&speaker, false), participant("agent-mt-es-ES", true)]);
    service.livekit.enter(room(2), [participant(&speaker, true)]);
    assert_eq!(chosen().await, 2);
    service.livekit.enter(room(1), [participant("speaker-0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", true)]);
    assert_eq!(chosen().await, 1);
}

#[tokio::test]
async fn a_language_is_one_of_the_channels() {
    let service = TestService::new();
    let listener = service.the_listener();
    for (changes, expected) in [
        (json!({ "channel_id": 1, "language": "en-US" }), 1),
        (json!({ "channel_id": 2, "language": "ca-ES" }), 2),
        // Without a channel: one that has the language.
        (json!({ "language": "es-ES" }), 1),
    ] {
        let answer = join(&service, &changes).by(&listener).await.expect(200);
        assert_eq!(answer.body["channel_id"], expected);
    }
    for changes in [
        json!({ "channel_id": 2, "language": "es-ES" }),
        json!({ "language": "fr-FR" }),
        json!({ "channel_id": 1, "language": "es" }),
    ] {
        let refused = join(&service, &changes).by(&listener).await.expect(422);
        assert_eq!(refused.fields(), ["language"]);
    }
    join(&service, &json!({ "language": "klingon!" })).by(&listener).await.expect(422);
    join(&service, &json!({ "role": "speaker" })).by(&listener).await.expect(422);
    join(&service, &json!({ "channel_id": 3 })).by(&listener).await.expect(404);
    service.events.change(event_id(123_457), |event| event.channels.clear());
    plain(&service).by(&listener).await.expect(404);
}
