//! The API's description: what the operations say of themselves, and what all have in common.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema as _, ToSchema as _, openapi::OpenApi};

use super::refine::refine;
use crate::problem::{self, FieldError, MEDIA_TYPE};

/// What a service is.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// `auth-service`
    pub name: &'static str,
    /// What it is there for, one sentence.
    pub description: &'static str,
    /// The API's version, as in paths: `v2`.
    pub version: &'static str,
    /// The collection that is also served at the root, as `/events`.
    pub collection: Option<&'static str>,
}

/// An `OpenAPI` 3.1 document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document(Value);

impl Document {
    /// Adds to `operations` what the shell does for each: the bearer token, the problems that any request may meet.
    pub fn new(operations: &OpenApi, about: About) -> Self {
        // An OpenApi is a tree of maps with text keys: it can be written as JSON.
        let mut document = serde_json::to_value(operations).unwrap_or_default();
        document["info"] = json!({
            "title": about.name,
            "description": about.description,
            "version": about.version,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        });
        document["servers"] = json!([
            { "url": format!("/{}", about.version), "description": "With its version" },
            { "url": "/", "description": "The same without" },
        ]);
        let components = &mut document["components"];
        components["schemas"]["Problem"] = json!(problem::schema());
        components["schemas"][&*FieldError::name()] = json!(FieldError::schema());
        components["securitySchemes"]["bearer"] = json!({
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of the auth-service. The names under an operation's `security` are the permissions it needs.",
        });
        for operation in operations_mut(&mut document) {
            add_problems(operation);
        }
        refine(&mut document);
        Self(document)
    }

    /// What is written there, as it is.
    pub(super) fn of(document: Value) -> Self {
        Self(document)
    }

    /// As JSON.
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// As YAML, for the file in `specs/openapi/`.
    pub fn yaml(&self) -> Result<String, yaml_serde::Error> {
        yaml_serde::to_string(&self.0)
    }

    /// Every operation: path, method in capitals, description.
    pub fn operations(&self) -> impl Iterator<Item = (&str, String, &Value)> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            let operations = methods.filter(|(method, _)| METHODS.contains(&method.as_str()));
            operations.map(move |(method, operation)| (path.as_str(), method.to_uppercase(), operation))
        })
    }

    /// The example of a media type (the value under `content` / `application/json`): its own, or that of its schema,
    /// or one made of the examples of the schema's parts.
    pub fn example_of(&self, media_type: &Value) -> Option<Value> {
        let named = media_type["examples"].as_object().and_then(|examples| examples.values().next());
        let own = media_type.get("example").or_else(|| named.and_then(|example| example.get("value")));
        own.cloned().or_else(|| self.example_of_schema(&media_type["schema"], 0))
    }

    /// Whether a media type, or its schema, has an example written out.
    pub(super) fn says_example(&self, media_type: &Value) -> bool {
        let has = |value: &Value| value.get("example").is_some() || value.get("examples").is_some();
        let schema = &media_type["schema"];
        let named = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/components/schemas/"));
        has(media_type)
            || has(schema)
            || named.is_some_and(|name| self.0["components"]["schemas"].get(name).is_some_and(has))
    }

    fn example_of_schema(&self, schema: &Value, depth: usize) -> Option<Value> {
        // Types that contain themselves have no end.
        if depth > 12 {
            return None;
        }
        let example =
            schema.get("example").or_else(|| schema.get("examples").and_then(|examples| examples.get(0)));
        if let Some(example) = example {
            return Some(example.clone());
        }
        if let Some(name) =
            schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/components/schemas/"))
        {
            return self.example_of_schema(&self.0["components"]["schemas"][name], depth + 1);
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                whole.extend(self.example_of_schema(part, depth + 1)?.as_object()?.clone());
            }
            return Some(Value::Object(whole));
        }
        for choice in ["oneOf", "anyOf"].iter().filter_map(|kind| schema[kind].as_array()).flatten() {
            if let Some(example) =
                self.example_of_schema(choice, depth + 1).filter(|example| !example.is_null())
            {
                return Some(example);
            }
        }
        if let Some(properties) = schema["properties"].as_object() {
            let parts = properties.iter().map(|(name, property)| {
                self.example_of_schema(property, depth + 1).map(|example| (name.clone(), example))
            });
            return parts.collect::<Option<Map<_, _>>>().map(Value::Object);
        }
        if let Some(items) = schema.get("items") {
            return self.example_of_schema(items, depth + 1).map(|item| json!([item]));
        }
        let is = |name| {
            schema["type"] == name
                || schema["type"].as_array().is_some_and(|types| types.contains(&json!(name)))
        };
        if let Some(value) =
            schema.get("const").or_else(|| schema["enum"].get(0)).or_else(|| schema.get("default"))
        {
            return Some(value.clone());
        }
        if is("null") {
            return Some(Value::Null);
        }
        is("boolean").then_some(Value::Bool(false))
    }
}

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

pub(super) fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    items.flat_map(|item| {
        let operations = item.as_object_mut().into_iter().flatten();
        operations.filter(|(method, _)| METHODS.contains(&method.as_str())).map(|(_, operation)| operation)
    })
}

/// Adds the problems that the shell and the extractors answer with; what the operation says itself stays.
fn add_problems(operation: &mut Value) {
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let (any, in_path) =
        (!parameters.is_empty(), parameters.iter().any(|parameter| parameter["in"] == "path"));
    let body = operation.get("requestBody").is_some_and(Value::is_object);
    let secured = operation["security"].as_array().is_some_and(|security| !security.is_empty());
    let problems = [
        ("400", any || body, "A parameter or the body cannot be read"),
        ("401", secured, "The access token is missing or not valid"),
        ("403", secured, "The principal may not do this"),
        ("404", in_path, "There is no such thing, or not for this principal"),
        ("413", body, "The body is too large"),
        ("415", body, "The body is of another media type"),
        ("422", body, "The body is understood, but some of it is not acceptable"),
        ("503", true, "Something that is needed is not available, or the request took too long"),
    ];
    let responses = &mut operation["responses"];
    for (status, applies, description) in problems {
        if applies && responses.get(status).is_none() {
            responses[status] = json!({ "description": description });
        }
    }
    for (status, response) in responses.as_object_mut().into_iter().flatten() {
        let is_error = status.starts_with('4') || status.starts_with('5');
        if is_error && response.get("content").is_none() {
            response["content"][MEDIA_TYPE] = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
        }
    }
}

pub(super) async fn show(State(document): State<Arc<Document>>) -> Json<Value> {
    Json(document.0.clone())
}
