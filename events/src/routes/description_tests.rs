//! What the description of the API promises.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{openapi, testing::TestService};

#[test]
fn every_operation_says_its_name_its_permission_and_its_examples() {
    let document = openapi();
    let mut names = BTreeSet::new();
    for (path, method, operation) in document.operations() {
        let at = format!("{method} {path}");
        let name = operation["operationId"].as_str().expect("a name").to_owned();
        assert!(names.insert(name), "{at}: its name is another's");
        assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{at}");
        let security = operation["security"].as_array().expect("security");
        assert!(
            security.iter().any(|way| way["bearer"].as_array().is_some_and(|scopes| !scopes.is_empty())),
            "{at}"
        );
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let in_path: Vec<_> = parameters.filter(|parameter| parameter["in"] == "path").collect();
        assert_eq!(in_path.len(), path.matches('{').count(), "{at}");
        let body = &operation["requestBody"]["content"]["application/json"];
        assert!(body.is_null() || document.example_of(body).is_some(), "{at}: its body has no example");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let body = &response["content"]["application/json"];
            let is_described = body.is_null() || document.example_of(body).is_some();
            assert!(is_described, "{at} {status}: has no example");
        }
    }
    assert!(names.len() >= 16, "{names:?}");
}

#[tokio::test]
async fn the_examples_of_bodies_are_taken() {
    let document = openapi();
    let example = |path: &str, method: &str| -> Value {
        let mut operations = document.operations();
        let found = operations.find(|operation| operation.0 == path && operation.1 == method);
        let (.., operation) = found.expect("an operation");
        document.example_of(&operation["requestBody"]["content"]["application/json"]).expect("an example")
    };
    let service = TestService::new();
    let manager = service.manager();
    let made = service.call("POST /events").by(&manager).json(&example("/events", "POST")).await.expect(201);
    let id = made.body["event_id"].as_i64().expect("an id");
    service.move_through(id, &["scheduled"]).await;
    for (path, method, status) in [
        ("/events/{event_id}", "PATCH", 200),
        ("/events/{event_id}/channels", "POST", 201),
        ("/events/{event_id}/channels/{channel_id}", "PATCH", 200),
        ("/events/{event_id}/speakers", "POST", 201),
        ("/events/{event_id}/listeners", "POST", 201),
        ("/events/{event_id}/state", "POST", 200),
    ] {
        let line =
            format!("{method} {}", path.replace("{event_id}", &id.to_string()).replace("{channel_id}", "1"));
        service.call(&line).by(&manager).json(&example(path, method)).await.expect(status);
    }
}
