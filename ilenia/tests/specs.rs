//! The APIs' descriptions in `specs/openapi/` are what the code says, and each request and answer has an example.

use std::path::PathBuf;

use common::service::Document;
use serde_json::Value;

fn documents() -> [(&'static str, Document); 4] {
    [
        ("auth", auth::openapi()),
        ("events", events::openapi()),
        ("orchestrator", orchestrator::openapi()),
        ("provider", provider::openapi()),
    ]
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../specs/openapi").join(format!("{name}.yaml"))
}

#[test]
fn the_committed_descriptions_are_up_to_date() {
    let renew = std::env::vars().any(|(name, _)| name == "ILENIA_UPDATE");
    for (name, document) in documents() {
        let yaml = document.yaml().expect("it can be written");
        if renew {
            std::fs::write(path(name), &yaml).expect("written");
        }
        let committed = std::fs::read_to_string(path(name)).unwrap_or_default();
        assert!(committed == yaml, "specs/openapi/{name}.yaml is old: `make specs` renews it");
    }
}

#[test]
fn every_request_and_answer_has_an_example() {
    let mut without = Vec::new();
    for (name, document) in documents() {
        for (path, method, operation) in document.operations() {
            let request = operation.get("requestBody").map(|body| ("request".to_owned(), body));
            let answers = operation["responses"].as_object().expect("answers");
            let answers = answers.iter().map(|(status, answer)| (status.clone(), answer));
            for (what, part) in request.into_iter().chain(answers) {
                for (media_type, content) in part["content"].as_object().into_iter().flatten() {
                    if document.example_of(content).is_none() {
                        without.push(format!("{name}: {method} {path}: {what} as {media_type}"));
                    }
                }
            }
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn every_operation_says_what_it_is_for_and_who_may() {
    let mut wrong = Vec::new();
    for (name, document) in documents() {
        let mut ids = std::collections::BTreeSet::new();
        for (path, method, operation) in document.operations() {
            let text = |key: &str| operation[key].as_str().unwrap_or_default();
            if text("summary").is_empty() || !ids.insert(text("operationId").to_owned()) {
                wrong.push(format!("{name}: {method} {path}: no summary, or an id that another has"));
            }
            let permissions = operation["security"].as_array().into_iter().flatten();
            let names =
                permissions.filter_map(|one| one["bearer"].as_array()).flatten().filter_map(Value::as_str);
            for permission in names.filter(|name| name.parse::<common::access::Permission>().is_err()) {
                wrong.push(format!("{name}: {method} {path}: there is no permission {permission}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
