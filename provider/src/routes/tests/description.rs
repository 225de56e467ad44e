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
        let permission = |way: &Value| way["bearer"].as_array().is_some_and(|scopes| !scopes.is_empty());
        assert!(path == "/livekit/webhook" || security.iter().any(permission), "{at}");
        for (_, body) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            assert!(document.example_of(body).is_some(), "{at}: its body has no example");
        }
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let body = &response["content"]["application/json"];
            let is_described = body.is_null() || document.example_of(body).is_some();
            assert!(is_described, "{at} {status}: has no example");
        }
    }
    assert_eq!(names.len(), 7, "{names:?}");
}

#[tokio::test]
async fn the_examples_of_bodies_are_taken() {
    let document = openapi();
    let example = |path: &str| -> Value {
        let (.., operation) =
            document.operations().find(|operation| operation.0 == path).expect("an operation");
        document.example_of(&operation["requestBody"]["content"]["application/json"]).expect("an example")
    };
    let service = TestService::new();
    for (path, who) in [
        ("/rooms/create-or-join", service.the_speaker()),
        ("/rooms/join", service.the_listener()),
        ("/agents/token", service.live_service()),
        ("/rooms/close", service.manager()),
    ] {
        let answer =
            service.call(&format!("POST {path}")).json(&example(path)).by(&who).await.expect(200).body;
        let (.., operation) =
            document.operations().find(|operation| operation.0 == path).expect("an operation");
        let told = document.example_of(&operation["responses"]["200"]["content"]["application/json"]);
        let fields =
            |value: &Value| value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
        assert_eq!(told.as_ref().and_then(fields), fields(&answer), "{path}");
    }
}
