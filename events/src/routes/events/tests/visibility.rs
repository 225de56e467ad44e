use common::{access::testing::TestToken, ids::UserId};
use serde_json::{Value, json};

use crate::testing::{Answer, TestService};

/// An event and whoever may look at it.
struct Scene {
    service: TestService,
    id: i64,
    speaker: UserId,
    listener: UserId,
}

impl Scene {
    async fn new(listen_access: &str, states: &[&str]) -> Self {
        let service = TestService::new();
        let id = service.event_with(json!({ "listen_access": listen_access })).await;
        service.move_through(id, states).await;
        let (speaker, listener) = (UserId::generate(), UserId::generate());
        for (people, body) in [
            ("speakers", json!({ "user_id": speaker, "channel_id": 1 })),
            ("speakers", json!({ "user_id": UserId::generate(), "channel_id": 1 })),
            ("listeners", json!({ "user_id": listener })),
            ("listeners", json!({ "user_id": UserId::generate() })),
        ] {
            let call = service.call(&format!("POST /events/{id}/{people}")).by(&service.manager());
            call.json(&body).await.expect(201);
        }
        Self { service, id, speaker, listener }
    }

    async fn read(&self, token: Option<&TestToken>) -> Answer {
        let call = self.service.call(&format!("GET /events/{}", self.id));
        token
            .map_or_else(|| self.service.call(&format!("GET /events/{}", self.id)), |token| call.by(token))
            .await
    }

    async fn lists(&self, token: &TestToken) -> bool {
        let list = self.service.call("GET /events").by(token).await.expect(200);
        list.body["items"].as_array().expect("items").iter().any(|event| event["event_id"] == self.id)
    }
}

/// How much of an event somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// With all people.
    Whole,
    /// Without people, besides themselves.
    Reduced,
    /// Not at all.
    Not,
}

fn seen(answer: &Answer) -> Seen {
    match (answer.status.as_u16(), answer.body["speakers"].as_array().map(Vec::len)) {
        (200, Some(2)) => Seen::Whole,
        (200, None | Some(1)) => Seen::Reduced,
        (401 | 404, _) => Seen::Not,
        other => panic!("{other:?} {}", answer.body),
    }
}

#[tokio::test]
async fn who_sees_what_follows_from_role_assignment_access_and_state() {
    use Seen::{Not, Reduced, Whole};
    // Staff, assigned speaker, assigned listener, another listener, another customer's manager, nobody.
    for (access, states, expected) in [
        ("assigned", &[][..], [Whole, Not, Not, Not, Not, Not]),
        ("public", &[], [Whole, Not, Not, Not, Not, Not]),
        ("assigned", &["scheduled"], [Whole, Reduced, Reduced, Not, Not, Not]),
        ("authenticated", &["scheduled"], [Whole, Reduced, Reduced, Reduced, Reduced, Not]),
        ("public", &["scheduled"], [Whole, Reduced, Reduced, Reduced, Reduced, Reduced]),
        ("assigned", &["scheduled", "live", "ended"], [Whole, Reduced, Reduced, Not, Not, Not]),
        ("public", &["cancelled"], [Whole, Reduced, Reduced, Reduced, Reduced, Reduced]),
    ] {
        let scene = Scene::new(access, states).await;
        let service = &scene.service;
        let stranger = service.stranger();
        let people = [
            Some(service.manager()),
            Some(service.speaker(scene.speaker)),
            Some(service.listener(scene.listener)),
            Some(service.listener(UserId::generate())),
            Some(stranger.clone()),
            None,
        ];
        for (number, (person, expected)) in people.iter().zip(expected).enumerate() {
            let what = format!("{access} {states:?}, person {number}");
            assert_eq!(seen(&scene.read(person.as_ref()).await), expected, "{what}");
            if let Some(token) = person {
                // Staff do not find what other customers offer to everybody among their own events.
                let listed = expected != Not && number != 4;
                assert_eq!(scene.lists(token).await, listed, "{what}");
                for part in ["channels", "channels/1", "speakers", "listeners"] {
                    let answer = service.call(&format!("GET /events/{}/{part}", scene.id)).by(token).await;
                    assert_eq!(answer.status.is_success(), expected != Not, "{what} {part}");
                }
            }
        }
        for token in [service.live_service(), service.platform_admin()] {
            assert_eq!(seen(&scene.read(Some(&token)).await), Whole);
            assert!(scene.lists(&token).await);
        }
    }
}

#[tokio::test]
async fn people_find_themselves_and_nobody_else() {
    let scene = Scene::new("assigned", &["scheduled"]).await;
    let speaker = scene.service.speaker(scene.speaker);
    let read = scene.read(Some(&speaker)).await;
    assert_eq!(read.body["speakers"], json!([{ "channel_id": 1, "user_id": scene.speaker }]));
    assert_eq!(read.body["listeners"], Value::Null);
    let items = scene.service.call(&format!("GET /events/{}/listeners", scene.id)).by(&speaker).await;
    assert_eq!(items.body["items"], json!([]));
    let list = scene.service.call("GET /events").by(&scene.service.listener(scene.listener)).await;
    assert_eq!(list.body["items"][0]["listeners"], json!([{ "user_id": scene.listener }]));
    assert_eq!(list.body["items"][0]["speakers"], Value::Null);
    let all =
        scene.service.call(&format!("GET /events/{}/speakers", scene.id)).by(&scene.service.manager()).await;
    assert_eq!(all.body["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn who_has_no_account_is_asked_to_sign_in_whether_there_is_an_event_or_not() {
    let scene = Scene::new("assigned", &["scheduled"]).await;
    let there = scene.read(None).await;
    let nowhere = scene.service.call("GET /events/999999999").await;
    assert_eq!(there.problem(), nowhere.problem());
    assert_eq!(there.status.as_u16(), 401);
    assert_eq!(scene.service.call("GET /events").await.status.as_u16(), 401);
    // A bad token is not the same as none, not even for what is public.
    let public = Scene::new("public", &["scheduled"]).await;
    let expired = public.service.manager().expired();
    assert_eq!(public.read(Some(&expired)).await.status.as_u16(), 401);
    // Nor is one without the permission: it sees what is public, and no more.
    let without = public.service.user(&[]);
    assert_eq!(seen(&public.read(Some(&without)).await), Seen::Reduced);
    assert_eq!(scene.read(Some(&scene.service.user(&[]))).await.status.as_u16(), 403);
}

#[tokio::test]
async fn anothers_event_cannot_be_changed_and_does_not_exist() {
    let scene = Scene::new("public", &["scheduled"]).await;
    let (id, user) = (scene.id, scene.speaker);
    let channel = json!({ "name": "B", "source_language": "ca" });
    for (line, body) in [
        (format!("PATCH /events/{id}"), json!({ "title": "Mine" })),
        (format!("DELETE /events/{id}"), Value::Null),
        (format!("POST /events/{id}/state"), json!({ "state": "cancelled" })),
        (format!("POST /events/{id}/channels"), channel),
        (format!("PATCH /events/{id}/channels/1"), json!({ "record": true })),
        (format!("DELETE /events/{id}/channels/1"), Value::Null),
        (format!("POST /events/{id}/speakers"), json!({ "user_id": user, "channel_id": 1 })),
        (format!("DELETE /events/{id}/speakers/{user}/1"), Value::Null),
        (format!("POST /events/{id}/listeners"), json!({ "user_id": user })),
        (format!("DELETE /events/{id}/listeners/{user}"), Value::Null),
    ] {
        let call = |token: &TestToken| scene.service.call(&line).by(token).json(&body);
        let stranger = call(&scene.service.stranger()).await;
        assert_eq!(stranger.problem(), (404, "not_found"), "{line}");
        for token in [scene.service.speaker(user), scene.service.listener(scene.listener)] {
            assert_eq!(call(&token).await.problem(), (403, "forbidden"), "{line}");
        }
        // Who may not is told so before the body is looked at.
        let unreadable =
            scene.service.call(&line).by(&scene.service.listener(user)).text("{".to_owned()).await;
        assert_eq!(unreadable.status.as_u16(), 403, "{line}");
        assert_eq!(scene.service.call(&line).json(&body).await.status.as_u16(), 401, "{line}");
    }
    let read = scene.read(Some(&scene.service.manager())).await;
    assert_eq!(read.body["version"], 6, "made, scheduled, four people");
}
