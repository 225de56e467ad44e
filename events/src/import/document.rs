//! A file as its entries, whatever holds them. An entry is not looked into here, so that what is wrong in one costs
//! no other.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{field::plain_name, text::UnreadableFile};

/// An entry that is larger is refused: no event is.
const MAX_ENTRY_BYTES: usize = 1 << 20;

/// One event as the file has it.
#[derive(Debug)]
pub(super) struct Entry<'f> {
    /// The key under which it stands, if a map holds it.
    pub(super) key: Option<Cow<'f, str>>,
    raw: &'f RawValue,
}

/// What the file holds.
#[derive(Debug, Default)]
pub(super) struct Document<'f> {
    pub(super) entries: Vec<Entry<'f>>,
    /// What stands beside the events.
    pub(super) beside: Vec<String>,
}

impl<'f> Document<'f> {
    /// Finds the events: a list, a map from id to event, `{"events": …}` with either, or one event alone.
    pub(super) fn read(text: &'f str) -> Result<Self, UnreadableFile> {
        let whole: &RawValue = serde_json::from_str(text).map_err(|error| {
            if error.is_eof() {
                UnreadableFile::Truncated { line: error.line() }
            } else {
                UnreadableFile::NotJson(error.to_string())
            }
        })?;
        match Held::of(whole)? {
            Held::List(entries) => Ok(Self { entries: unnamed(entries), beside: Vec::new() }),
            Held::Map(pairs) => Self::of_map(whole, pairs),
            Held::Other(what) => Err(UnreadableFile::NoEvents(what)),
        }
    }

    fn of_map(whole: &'f RawValue, mut pairs: Vec<Pair<'f>>) -> Result<Self, UnreadableFile> {
        let holder = pairs.iter().position(|(name, value)| {
            plain_name(name) == "events" && matches!(value.get().as_bytes().first(), Some(b'[' | b'{' | b'n'))
        });
        if let Some(at) = holder {
            let (_, events) = pairs.swap_remove(at);
            let beside = pairs.into_iter().map(|(name, _)| name.into_owned()).collect();
            let entries = match Held::of(events)? {
                Held::List(entries) => unnamed(entries),
                Held::Map(pairs) => named(pairs),
                Held::Other(_) => Vec::new(),
            };
            return Ok(Self { entries, beside });
        }
        // In a map of events every value is an event; in an event at least the id or the title is none.
        let names = ["id", "eventid", "title", "name"];
        let is_event = pairs.iter().any(|(name, value)| {
            names.contains(&plain_name(name).as_str()) && !value.get().starts_with(['{', '['])
        });
        let entries = if is_event { unnamed(vec![whole]) } else { named(pairs) };
        Ok(Self { entries, beside: Vec::new() })
    }
}

fn unnamed(values: Vec<&RawValue>) -> Vec<Entry<'_>> {
    values.into_iter().map(|raw| Entry { key: None, raw }).collect()
}

fn named(pairs: Vec<Pair<'_>>) -> Vec<Entry<'_>> {
    pairs.into_iter().map(|(key, raw)| Entry { key: Some(key), raw }).collect()
}

impl Entry<'_> {
    /// Looks into it.
    pub(super) fn fields(&self) -> Result<serde_json::Map<String, Value>, String> {
        let text = self.raw.get();
        if text.len() > MAX_ENTRY_BYTES {
            return Err(format!("it is larger than {} KiB", MAX_ENTRY_BYTES >> 10));
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) => Err(format!("it is {}, not an event", kind(text))),
            Err(error) => Err(format!("it cannot be read: {error}")),
        }
    }
}

type Pair<'f> = (Cow<'f, str>, &'f RawValue);

/// A value one level deep. Unlike `serde_json::Map` it keeps each of several equal keys.
enum Held<'f> {
    List(Vec<&'f RawValue>),
    Map(Vec<Pair<'f>>),
    Other(&'static str),
}

impl<'f> Held<'f> {
    fn of(raw: &'f RawValue) -> Result<Self, UnreadableFile> {
        let text = raw.get();
        let mut reader = serde_json::Deserializer::from_str(text);
        let held = match text.as_bytes().first() {
            Some(b'[' | b'{') => reader.deserialize_any(Shallow),
            _ => return Ok(Self::Other(kind(text))),
        };
        held.map_err(|error| UnreadableFile::NotJson(error.to_string()))
    }
}

/// A name for the kind of a JSON value, by its first letter.
fn kind(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

struct Shallow;

impl<'de> Visitor<'de> for Shallow {
    type Value = Held<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or a map")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Held::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        struct Key<'k>(#[serde(borrow)] Cow<'k, str>);

        let mut pairs = Vec::new();
        while let Some((Key(key), value)) = map.next_entry()? {
            pairs.push((key, value));
        }
        Ok(Held::Map(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let document = Document::read(text).expect("readable");
        let key = |entry: &Entry<'_>| entry.key.as_deref().unwrap_or("-").to_owned();
        document.entries.iter().map(key).collect()
    }

    #[test]
    fn lists_maps_and_wrapped_events_are_the_same() {
        for text in ["[{},{}]", r#"{"events":[{},{}]}"#, r#"{"version":2,"Events":[{},{}]}"#] {
            assert_eq!(keys(text), ["-", "-"], "{text}");
        }
        for text in [r#"{"7":{},"8":{}}"#, r#"{"events":{"7":{},"8":{}}}"#] {
            assert_eq!(keys(text), ["7", "8"], "{text}");
        }
        assert_eq!(keys(r#"{"id":7,"title":"alone"}"#), ["-"]);
        assert_eq!(keys(r#"{"events":null}"#), [""; 0]);
        assert_eq!(keys("[]"), [""; 0]);
    }

    #[test]
    fn equal_keys_are_all_kept() {
        assert_eq!(keys(r#"{"7":{},"7":{},"\u0037":{}}"#), ["7", "7", "7"]);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let error = |text: &str| Document::read(text).expect_err("unreadable").to_string();
        assert!(error("[{\"id\": 1},\n{\"id\"").contains("breaks off before its end (line 2)"));
        assert!(error("id,title\n").contains("not JSON"));
        assert!(error("[]\n[]").contains("trailing characters at line 2"));
        assert!(error("\"events\"").contains("a text"));
    }

    #[test]
    fn one_bad_entry_costs_no_other() {
        let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
        let text =
            format!(r#"[{{"id":1}},{{"id":{deep}}},7,{{"id":1e999}},{{"title":"\ud800"}},{{"id":2}}]"#);
        let document = Document::read(&text).expect("readable");
        let taken: Vec<_> = document.entries.iter().map(|entry| entry.fields().is_ok()).collect();
        assert_eq!(taken, [true, false, false, false, false, true]);
        let reason = document.entries[1].fields().expect_err("too deep");
        assert!(reason.contains("recursion limit"), "{reason}");
        assert_eq!(document.entries[2].fields().expect_err("no event"), "it is a number, not an event");
    }

    #[test]
    fn a_huge_entry_is_refused_unread() {
        let text = format!(r#"[{{"title":"{}"}},{{}}]"#, "x".repeat(MAX_ENTRY_BYTES));
        let document = Document::read(&text).expect("readable");
        assert!(document.entries[0].fields().expect_err("huge").contains("larger"));
        assert!(document.entries[1].fields().is_ok());
    }
}
