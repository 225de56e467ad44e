//! The description of the API.

use serde_json::Value;

#[test]
fn every_operation_is_named_described_and_exemplified() {
    let document = crate::openapi();
    let mut names = std::collections::BTreeSet::new();
    for (path, method, operation) in document.operations() {
        let what = format!("{method} {path}");
        let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{what} has no name"));
        assert!(names.insert(name.to_owned()), "{what}: {name} is the name of another");
        assert!(operation["tags"][0].is_string(), "{what} has no tag");
        assert!(operation["summary"].is_string(), "{what} has no summary");
        let bodies = operation["responses"].as_object().into_iter().flatten();
        let good = bodies.filter(|(status, _)| status.starts_with('2')).map(|(_, response)| response);
        let contents = good.chain([&operation["requestBody"]]).filter_map(|body| body["content"].as_object());
        for (media_type, content) in contents.flatten() {
            assert!(document.example_of(content).is_some(), "{what} has no example of its {media_type}");
        }
    }
    assert!(names.len() >= 24, "{names:?}");
}

fn reads<T: serde::de::DeserializeOwned>(example: &Value) {
    assert!(example.is_object(), "there is no example");
    if let Err(error) = T::deserialize(example) {
        panic!("{error}: {example}");
    }
}

#[test]
fn examples_of_requests_are_requests() {
    use crate::routes::{clients, customers, roles, users};
    let document = crate::openapi();
    let example = |name: &str| &document.json()["components"]["schemas"][name]["example"];
    reads::<customers::NewCustomer>(example("NewCustomer"));
    reads::<customers::CustomerPatch>(example("CustomerPatch"));
    reads::<users::NewUserBody>(example("NewUser"));
    reads::<users::UserPatch>(example("UserPatch"));
    reads::<users::SetPermission>(example("SetPermission"));
    reads::<roles::NewRoleBody>(example("NewRole"));
    reads::<roles::RolePatch>(example("RolePatch"));
    reads::<clients::NewClientBody>(example("NewClient"));
    reads::<clients::ClientPatch>(example("ClientPatch"));
    reads::<clients::SecretRotation>(example("SecretRotation"));
}
