//! The fields of an entry, by any of the names that they have had.

use serde_json::{Map, Value};

/// Why an entry is not taken; for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) String);

/// A name without case, underscores and hyphens: `source_lang`, `sourceLang` and `Source-Lang` are one.
pub(super) fn plain_name(name: &str) -> String {
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

/// Fields that are taken out one by one; what is left at the end nobody knows.
#[derive(Debug, Default)]
pub(super) struct Fields {
    fields: Vec<(String, String, Value)>,
}

impl From<Map<String, Value>> for Fields {
    fn from(map: Map<String, Value>) -> Self {
        Self { fields: map.into_iter().map(|(name, value)| (plain_name(&name), name, value)).collect() }
    }
}

impl Fields {
    /// One alone.
    pub(super) fn of(name: &str, value: Value) -> Self {
        Self { fields: vec![(plain_name(name), name.to_owned(), value)] }
    }

    /// The value under the first of `names` that has one; the others are taken out too. Null and empty text are none.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<Value> {
        let mut found = None;
        for name in names {
            while let Some(at) = self.fields.iter().position(|(plain, _, _)| plain == name) {
                let (_, _, value) = self.fields.remove(at);
                let empty = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
                found = found.or(Some(value).filter(|_| !empty));
            }
        }
        found
    }

    /// A text, cleaned: no control characters but line breaks and tabs, no white space around, at most `longest`
    /// characters.
    pub(super) fn text(&mut self, names: &[&str], longest: usize, notes: &mut Vec<String>) -> Option<String> {
        let value = self.take(names)?;
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null => {
                notes.push(format!("{} is no text: left out", names[0]));
                return None;
            }
        };
        Some(clean(&text, longest, names[0], notes)).filter(|text| !text.is_empty())
    }

    /// A text that has a certain form; of another form it stays where it is.
    pub(super) fn text_of_form(&mut self, names: &[&str], is: impl Fn(&str) -> bool) -> Option<String> {
        let has_form = |value: &Value| value.as_str().is_some_and(|text| is(text.trim()));
        let at = names.iter().find_map(|name| {
            self.fields.iter().position(|(plain, _, value)| plain == name && has_form(value))
        })?;
        let (_, _, value) = self.fields.remove(at);
        value.as_str().map(|text| text.trim().to_owned())
    }

    /// Whether something holds: `true`, `1`, `"yes"`.
    pub(super) fn flag(&mut self, names: &[&str], notes: &mut Vec<String>) -> Option<bool> {
        let value = self.take(names)?;
        let flag = match &value {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => number.as_f64().map(|number| number != 0.0),
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(true),
                "false" | "no" | "off" | "0" | "none" => Some(false),
                _ => None,
            },
            // Settings of the thing: it is wanted unless they say otherwise.
            Value::Object(settings) => Some(settings.get("enabled").and_then(Value::as_bool).unwrap_or(true)),
            Value::Array(_) | Value::Null => None,
        };
        if flag.is_none() {
            notes.push(format!("{} is neither true nor false: left out", names[0]));
        }
        flag
    }

    /// The names of what is left, as the file writes them.
    pub(super) fn left(self) -> Vec<String> {
        self.fields.into_iter().map(|(_, name, _)| printable(&name, 60)).collect()
    }
}

/// An id as text: ids are texts or whole numbers.
pub(super) fn id_text(value: &Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        // Some programs write whole numbers so.
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => Ok((float as i64).to_string()),
            _ => Err(Refusal(format!("its id {number} is no whole number"))),
        },
        _ => Err(Refusal("its id is neither a text nor a number".to_owned())),
    }
}

/// A text without what databases and terminals do not take.
pub(super) fn clean(text: &str, longest: usize, what: &str, notes: &mut Vec<String>) -> String {
    let kept: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        notes.push(format!("{what}: control characters were left out"));
    }
    let kept = kept.trim();
    if kept.chars().count() > longest {
        notes.push(format!("{what}: cut to {longest} characters"));
        return kept.chars().take(longest).collect::<String>().trim_end().to_owned();
    }
    kept.to_owned()
}

/// Text of the file for a report: one line, not too long.
pub(super) fn printable(text: &str, longest: usize) -> String {
    let mut shown: String =
        text.chars().take(longest).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        let Value::Object(map) = value else { panic!("an object") };
        map.into()
    }

    #[test]
    fn a_field_goes_by_all_its_names() {
        for name in ["source_lang", "sourceLang", "Source-Lang", "source_language"] {
            let mut fields = fields(json!({ name: "es" }));
            assert_eq!(fields.take(&["sourcelanguage", "sourcelang"]), Some(json!("es")), "{name}");
            assert!(fields.left().is_empty());
        }
        let mut both = fields(json!({"title": null, "name": "N", "colour": 1}));
        assert_eq!(both.take(&["title", "name"]), Some(json!("N")));
        assert_eq!(both.left(), ["colour"]);
    }

    #[test]
    fn flags_are_written_in_many_ways() {
        for yes in [json!(true), json!(1), json!("Yes"), json!({"enabled": true}), json!({"format": "flac"})]
        {
            assert_eq!(fields(json!({"record": yes})).flag(&["record"], &mut Vec::new()), Some(true));
        }
        for no in [json!(false), json!(0), json!("off"), json!({"enabled": false})] {
            assert_eq!(fields(json!({"record": no})).flag(&["record"], &mut Vec::new()), Some(false));
        }
        let mut notes = Vec::new();
        assert_eq!(fields(json!({"record": "maybe"})).flag(&["record"], &mut notes), None);
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn texts_are_cleaned_and_cut() {
        let mut notes = Vec::new();
        assert_eq!(clean(" a\u{0}b\r\nc ", 10, "title", &mut notes), "ab\nc");
        assert_eq!(clean("àbcdef", 3, "title", &mut notes), "àbc");
        assert_eq!(notes, ["title: control characters were left out", "title: cut to 3 characters"]);
    }

    #[test]
    fn ids_are_texts_or_whole_numbers() {
        assert_eq!(id_text(&json!(123_457)), Ok("123457".to_owned()));
        assert_eq!(id_text(&json!(" abc ")), Ok("abc".to_owned()));
        assert_eq!(id_text(&json!(7.0)), Ok("7".to_owned()));
        assert!(id_text(&json!(7.5)).is_err() && id_text(&json!([7])).is_err());
    }
}
