//! Languages in the forms that old files have.

use serde_json::Value;

use super::field::{Refusal, printable};
use crate::domain::Language;

/// A tag, also with underscores (`es_ES`).
pub(super) fn language(text: &str) -> Result<Language, Refusal> {
    let text = text.trim();
    text.replace('_', "-").parse().map_err(|_| {
        let shown = printable(text, 40);
        Refusal(format!("{shown:?} is no language tag such as es or es-ES"))
    })
}

/// One language: a text, or an object with one in it.
pub(super) fn one(value: &Value) -> Result<Language, Refusal> {
    match value {
        Value::String(text) => language(text),
        Value::Object(fields) => ["language", "lang", "code", "tag", "id"]
            .iter()
            .find_map(|name| fields.get(*name)?.as_str())
            .map_or_else(|| Err(Refusal("a language is an object without a code".to_owned())), language),
        // A list of one is how some files write it.
        Value::Array(values) if values.len() == 1 && values[0].is_string() => one(&values[0]),
        _ => Err(Refusal("a language is not a text".to_owned())),
    }
}

/// Several: a list, a text with separators (`es, ca`), or a map with languages as keys. Each once.
pub(super) fn many(value: &Value) -> Result<Vec<Language>, Refusal> {
    let found: Vec<Language> = match value {
        Value::String(text) => text
            .split([',', ';', '|', ' ', '\t', '\n'])
            .filter(|part| !part.trim().is_empty())
            .map(language)
            .collect::<Result<_, _>>()?,
        Value::Array(values) => values.iter().map(one).collect::<Result<_, _>>()?,
        Value::Object(map) => map
            .iter()
            .filter(|(_, wanted)| !matches!(wanted, Value::Bool(false) | Value::Null))
            .map(|(tag, _)| language(tag))
            .collect::<Result<_, _>>()?,
        _ => return Err(Refusal("languages are neither a list nor a text".to_owned())),
    };
    let mut each_once = Vec::with_capacity(found.len());
    for tag in found {
        if !each_once.contains(&tag) {
            each_once.push(tag);
        }
    }
    Ok(each_once)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tags(value: &Value) -> Result<Vec<String>, Refusal> {
        Ok(many(value)?.into_iter().map(String::from).collect())
    }

    #[test]
    fn languages_come_as_list_text_or_map() {
        for value in [
            json!(["es", "ca_ES"]),
            json!("es,ca-ES"),
            json!(" es ; ca-es "),
            json!("es ca-ES es"),
            json!([{"code": "es"}, {"language": "ca-ES"}]),
        ] {
            assert_eq!(tags(&value), Ok(vec!["es".to_owned(), "ca-ES".to_owned()]), "{value}");
        }
        assert_eq!(tags(&json!({"es": true, "ca": false})), Ok(vec!["es".to_owned()]));
        assert_eq!(tags(&json!([])), Ok(vec![]));
    }

    #[test]
    fn what_is_no_language_is_named() {
        for value in
            [json!("english"), json!(["auto"]), json!(["es", 5]), json!("e"), json!(7), json!({"x": 1})]
        {
            assert!(many(&value).is_err(), "{value}");
        }
        assert!(language("English (US)").expect_err("no tag").0.contains("English (US)"));
    }
}
