use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::testing::TestService;

#[tokio::test]
async fn of_changes_to_one_version_one_is_made() {
    let service = TestService::new();
    let id = service.event().await;
    let calls = (0..8).map(|n| {
        let call =
            service.call(&format!("PATCH /events/{id}")).by(&service.manager()).header("if-match", "\"1\"");
        tokio::spawn(call.json(&json!({ "title": format!("Title {n}") })).into_future())
    });
    let answers: Vec<_> =
        join_all(calls).await.into_iter().map(|answer| answer.expect("an answer")).collect();
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    let stale = answers.iter().find(|answer| answer.status.as_u16() == 412).expect("one");
    assert_eq!(stale.body["code"], "version_mismatch");
}

#[tokio::test]
async fn every_change_asks_for_the_version_and_makes_a_new_one() {
    let service = TestService::new();
    let manager = service.manager();
    let id = service.event().await;
    let user = common::ids::UserId::generate();
    let channel = json!({ "name": "B", "source_language": "ca" });
    let calls: [(String, Option<Value>); 8] = [
        (format!("PATCH /events/{id}"), Some(json!({ "title": "New" }))),
        (format!("POST /events/{id}/state"), Some(json!({ "state": "scheduled" }))),
        (format!("POST /events/{id}/channels"), Some(channel)),
        (format!("PATCH /events/{id}/channels/1"), Some(json!({ "record": true }))),
        (format!("POST /events/{id}/speakers"), Some(json!({ "user_id": user, "channel_id": 1 }))),
        (format!("POST /events/{id}/listeners"), Some(json!({ "user_id": user }))),
        (format!("DELETE /events/{id}/listeners/{user}"), None),
        (format!("DELETE /events/{id}/speakers/{user}/1"), None),
    ];
    for (version, (line, body)) in (1..).zip(calls) {
        let call = |tag: String| {
            let call = service.call(&line).by(&manager).header("if-match", &tag);
            body.as_ref().map_or_else(
                || service.call(&line).by(&manager).header("if-match", &tag),
                |body| call.json(body),
            )
        };
        for stale in [format!("\"{}\"", version + 1), format!("W/\"{version}\""), "\"other\"".to_owned()] {
            assert_eq!(call(stale).await.problem(), (412, "version_mismatch"), "{line}");
        }
        assert_eq!(call("not quoted".to_owned()).await.problem(), (400, "invalid_etag"), "{line}");
        let done = call(format!("\"{version}\", \"77\"")).await;
        assert!(done.status.is_success(), "{line} {}", done.body);
        assert_eq!(done.header("etag"), format!("\"{}\"", version + 1), "{line}");
    }
    let deleted = |tag| service.call(&format!("DELETE /events/{id}")).by(&manager).header("if-match", tag);
    assert_eq!(deleted("\"1\"").await.problem(), (412, "version_mismatch"));
    deleted("*").await.expect(204);
}

#[tokio::test]
async fn what_the_caller_knows_is_not_sent_again() {
    let service = TestService::new();
    let id = service.event().await;
    for path in
        [format!("/events/{id}"), format!("/events/{id}/channels"), format!("/events/{id}/channels/1")]
    {
        let get = |tag: &str| {
            service.call(&format!("GET {path}")).by(&service.manager()).header("if-none-match", tag)
        };
        for known in ["\"1\"", "W/\"1\"", "*", "\"0\", \"1\""] {
            let answer = get(known).await.expect(304);
            assert_eq!((answer.header("etag"), &answer.body), ("\"1\"", &Value::Null));
        }
        get("\"2\"").await.expect(200);
    }
}
