//! What the macros say of an operation, said as requests really are.

use serde_json::{Value, json};

use super::openapi::{Document, operations_mut};

/// A list of entity tags, or `*` (RFC 9110, section 13.1).
const ENTITY_TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"( ?, ?(W/)?"[!#-~]*")*)$"#;

/// Makes parameters, sets and examples true and whole.
pub(super) fn refine(document: &mut Value) {
    for operation in operations_mut(document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        parameters.into_iter().flatten().for_each(refine_parameter);
    }
    take_repeats(document);
    give_examples(document);
}

/// An optional parameter is absent, never null.
fn refine_parameter(parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_ascii_lowercase();
    let Some(schema) = parameter.get_mut("schema") else { return };
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
        if let [one] = &types[..] {
            schema["type"] = one.clone();
        }
    }
    for kind in ["oneOf", "anyOf"] {
        let Some(choices) = schema.get_mut(kind).and_then(Value::as_array_mut) else { continue };
        choices.retain(|choice| choice["type"] != "null");
        if let [one] = &choices[..] {
            *schema = one.clone();
        }
    }
    if parameter["in"] == "header" && matches!(name.as_str(), "if-match" | "if-none-match") {
        parameter["schema"]["pattern"] = json!(ENTITY_TAGS);
        parameter["example"] = json!("\"7\"");
    }
}

/// Sets take a member twice and keep it once: that is no mistake of the client's.
fn take_repeats(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("uniqueItems").is_some_and(Value::is_boolean) {
                members.remove("uniqueItems");
            }
            members.values_mut().for_each(take_repeats);
        }
        Value::Array(items) => items.iter_mut().for_each(take_repeats),
        _ => {}
    }
}

/// Writes out the example of every body whose schema has none of its own, as those of pages.
fn give_examples(document: &mut Value) {
    let read = Document::of(document.clone());
    for operation in operations_mut(document) {
        let Some(operation) = operation.as_object_mut() else { continue };
        let mut bodies = Vec::new();
        for (name, part) in operation {
            match name.as_str() {
                "requestBody" => bodies.push(part),
                "responses" => {
                    bodies.extend(part.as_object_mut().into_iter().flat_map(|all| all.values_mut()));
                }
                _ => {}
            }
        }
        for body in bodies {
            let contents = body.get_mut("content").and_then(Value::as_object_mut);
            for media_type in contents.into_iter().flat_map(|contents| contents.values_mut()) {
                if !read.says_example(media_type)
                    && let Some(example) = read.example_of(media_type)
                {
                    media_type["example"] = example;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refined(operation: &Value) -> Value {
        let mut document = json!({
            "paths": { "/things": { "get": operation } },
            "components": { "schemas": { "Thing": { "type": "object", "example": { "name": "one" } } } },
        });
        refine(&mut document);
        document["paths"]["/things"]["get"].clone()
    }

    #[test]
    fn parameters_are_never_null() {
        let operation = refined(&json!({ "parameters": [
            { "name": "q", "in": "query", "schema": { "type": ["string", "null"], "maxLength": 5 } },
            { "name": "one", "in": "query", "schema": { "$ref": "#/y" } },
            { "name": "id", "in": "query", "schema": { "oneOf": [{ "type": "null" }, { "$ref": "#/x" }] } },
            { "name": "If-Match", "in": "header", "schema": { "type": ["string", "null"] } },
        ] }));
        let schema = |index: usize| operation["parameters"][index]["schema"].clone();
        assert_eq!(schema(0), json!({ "type": "string", "maxLength": 5 }));
        assert_eq!(schema(1), json!({ "$ref": "#/y" }));
        assert_eq!(schema(2), json!({ "$ref": "#/x" }));
        assert_eq!(schema(3), json!({ "type": "string", "pattern": ENTITY_TAGS }));
    }

    #[test]
    fn bodies_without_an_example_get_that_of_their_parts() {
        let thing = json!({ "$ref": "#/components/schemas/Thing" });
        let page = json!({ "type": "object", "properties": {
            "items": { "type": "array", "uniqueItems": true, "items": thing },
            "next": { "type": ["string", "null"] },
        } });
        let operation = refined(&json!({ "responses": {
            "200": { "content": { "application/json": { "schema": page } } },
            "201": { "content": { "application/json": { "schema": thing } } },
        } }));
        let content = |status: &str| operation["responses"][status]["content"]["application/json"].clone();
        assert_eq!(content("200")["example"], json!({ "items": [{ "name": "one" }], "next": null }));
        assert!(content("200")["schema"]["properties"]["items"].get("uniqueItems").is_none());
        assert!(content("201").get("example").is_none(), "it is at the schema");
        assert!(operation.get("parameters").is_none(), "nothing is added");
    }
}
