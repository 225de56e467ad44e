//! What the description of the API promises.

use std::collections::BTreeSet;

use crate::openapi;

#[test]
fn every_operation_says_its_name_who_may_and_its_examples() {
    let document = openapi();
    let mut names = BTreeSet::new();
    for (path, method, operation) in document.operations() {
        let at = format!("{method} {path}");
        let name = operation["operationId"].as_str().expect("a name").to_owned();
        assert!(names.insert(name), "{at}: its name is another's");
        assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{at}");
        let security = operation["security"].as_array().expect("security");
        // Some operations take any token, and some none.
        assert!(security.iter().any(|way| way["bearer"].is_array()), "{at}");
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
    assert!(names.len() >= 5, "{names:?}");
}
