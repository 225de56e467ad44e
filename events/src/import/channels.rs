//! Channels in the forms that old files have.

use common::ids::ChannelId;
use serde_json::Value;

use super::{
    field::{Fields, Refusal, id_text},
    glossary::glossary,
    language,
};
use crate::domain::{Channel, Language, MAX_CHANNELS, MAX_TARGET_LANGUAGES, Name};

/// What an event says for all its channels.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    source: Option<Language>,
    targets: Option<Vec<Language>>,
    record: Option<bool>,
    speech: Option<bool>,
    glossary: Option<Value>,
}

const SOURCE: &[&str] = &["sourcelanguage", "sourcelang", "source", "language", "lang"];
const TARGETS: &[&str] =
    &["targetlanguages", "targetlangs", "targetlanguage", "targetlang", "targets", "target", "translations"];

impl Shared {
    /// Takes the fields out that an event or a channel has.
    pub(super) fn take(fields: &mut Fields, notes: &mut Vec<String>) -> Result<Self, Refusal> {
        let mut source = fields.take(SOURCE).map(|value| language::one(&value)).transpose()?;
        let mut targets = fields.take(TARGETS).map(|value| language::many(&value)).transpose()?;
        let all = fields.take(&["languages", "langs"]).map(|value| language::many(&value)).transpose()?;
        if let Some(all) = all {
            if source.is_none() {
                source = all.first().cloned();
                let first = source.as_ref().map_or("none", |language| language.as_str());
                notes.push(format!("has no source language: the first of its languages is taken, {first}"));
            }
            targets = targets.or(Some(all));
        }
        Ok(Self {
            source,
            targets,
            record: fields.flag(&["record", "recording", "recorded", "isrecorded", "dorecord"], notes),
            speech: fields.flag(&["speech", "tts", "spoken", "synthesis", "voice"], notes),
            glossary: fields.take(&["glossary", "terms", "dictionary"]),
        })
    }

    fn or(self, event: &Self) -> Self {
        Self {
            source: self.source.or_else(|| event.source.clone()),
            targets: self.targets.or_else(|| event.targets.clone()),
            record: self.record.or(event.record),
            speech: self.speech.or(event.speech),
            glossary: self.glossary.or_else(|| event.glossary.clone()),
        }
    }
}

/// The channels: a list, a map from id to channel, a number of equal ones; without any, one with the event's languages.
pub(super) fn channels(
    value: Option<Value>,
    shared: &Shared,
    notes: &mut Vec<String>,
) -> Result<Vec<Channel>, Refusal> {
    let found: Vec<(Option<String>, Value)> = match value {
        Some(Value::Array(list)) => list.into_iter().map(|channel| (None, channel)).collect(),
        Some(Value::Object(map)) if map.values().all(|value| value.is_object() || value.is_string()) => {
            map.into_iter().map(|(key, channel)| (Some(key), channel)).collect()
        }
        Some(one @ Value::Object(_)) => vec![(None, one)],
        Some(Value::Number(count)) => {
            let count = count.as_u64().and_then(|count| usize::try_from(count).ok());
            let count = count.filter(|count| *count <= MAX_CHANNELS);
            let count =
                count.ok_or_else(|| Refusal("the number of its channels is no such number".to_owned()))?;
            vec![(None, Value::Null); count]
        }
        Some(_) => return Err(Refusal("its channels are neither a list nor a map".to_owned())),
        None if shared.source.is_some() => vec![(None, Value::Null)],
        None => Vec::new(),
    };
    if found.is_empty() {
        notes.push("has no channels".to_owned());
    }
    if found.len() > MAX_CHANNELS {
        return Err(Refusal(format!("has {} channels; {MAX_CHANNELS} is the most", found.len())));
    }
    let parts =
        found.into_iter().map(|(key, value)| Part::read(key, value, notes)).collect::<Result<_, _>>()?;
    let mut channels = number(parts, notes)
        .into_iter()
        .map(|(id, part)| part.channel(id, shared, notes))
        .collect::<Result<Vec<_>, _>>()?;
    channels.sort_by_key(|channel| channel.channel_id);
    Ok(channels)
}

/// A channel before it is numbered.
struct Part {
    /// As the file has it.
    id: Option<String>,
    fields: Fields,
}

impl Part {
    fn read(key: Option<String>, value: Value, notes: &mut Vec<String>) -> Result<Self, Refusal> {
        let mut fields: Fields = match value {
            Value::Object(map) => map.into(),
            Value::Null => Fields::default(),
            // A language alone stands for the channel in which it is spoken.
            language @ Value::String(_) => Fields::of("source_language", language),
            _ => return Err(Refusal("a channel is neither an object nor a language".to_owned())),
        };
        let inner = fields.take(&["channelid", "id", "number", "channel"]);
        let inner = inner.map(|id| id_text(&id)).transpose()?;
        if let (Some(key), Some(inner)) = (&key, &inner)
            && key != inner
        {
            notes.push(format!("channel {key:?} calls itself {inner:?}: the key holds"));
        }
        Ok(Self { id: key.or(inner), fields })
    }

    fn wanted(&self) -> Option<ChannelId> {
        self.id.as_ref()?.parse().ok()
    }

    fn channel(
        mut self,
        id: ChannelId,
        shared: &Shared,
        notes: &mut Vec<String>,
    ) -> Result<Channel, Refusal> {
        let at = |Refusal(reason): Refusal| Refusal(format!("channel {id}: {reason}"));
        let name = self.fields.text(&["name", "title", "label"], Name::MAX, notes);
        // A key that is no number is what people called the channel.
        let name = name.or_else(|| self.id.take().filter(|id| id.parse::<i64>().is_err()));
        let own = Shared::take(&mut self.fields, notes).map_err(at)?.or(shared);
        let left = self.fields.left();
        if !left.is_empty() {
            notes.push(format!("channel {id}: not taken over: {}", left.join(", ")));
        }
        let source = own.source.ok_or_else(|| at(Refusal("has no source language".to_owned())))?;
        let mut targets = own.targets.unwrap_or_default();
        targets.retain(|target| *target != source);
        if targets.len() > MAX_TARGET_LANGUAGES {
            return Err(at(Refusal(format!(
                "is translated into more than {MAX_TARGET_LANGUAGES} languages"
            ))));
        }
        let glossary = own.glossary.map(|value| glossary(&value, &targets, notes)).unwrap_or_default();
        Ok(Channel {
            channel_id: id,
            name: super::name(name.as_deref())
                .unwrap_or_else(|| super::name_instead(&format!("Channel {id}"))),
            source_language: source,
            target_languages: targets,
            record: own.record.unwrap_or(false),
            speech: own.speech.unwrap_or(false),
            glossary,
        })
    }
}

/// Numbers that can stay stay; the others get those that are free, from 1.
fn number(parts: Vec<Part>, notes: &mut Vec<String>) -> Vec<(ChannelId, Part)> {
    let mut taken: Vec<ChannelId> = Vec::with_capacity(parts.len());
    let kept: Vec<_> = parts
        .into_iter()
        .map(|part| {
            let own = part.wanted().filter(|id| !taken.contains(id));
            taken.extend(own);
            (own, part)
        })
        .collect();
    let mut free = (1..=i64::from(ChannelId::MAX)).filter_map(|number| ChannelId::new(number).ok());
    let mut numbered = Vec::with_capacity(kept.len());
    for (own, part) in kept {
        // There are more numbers than an event may have channels.
        let Some(id) = own.or_else(|| free.find(|id| !taken.contains(id))) else { continue };
        if let (None, Some(old)) = (own, &part.id) {
            notes.push(format!("channel {old:?} became channel {id}"));
        }
        numbered.push((id, part));
    }
    numbered
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(event: Value) -> (Result<Vec<Channel>, Refusal>, Vec<String>) {
        let Value::Object(map) = event else { panic!("an object") };
        let (mut fields, mut notes) = (Fields::from(map), Vec::new());
        let found = fields.take(&["channels"]);
        let shared = Shared::take(&mut fields, &mut notes).expect("languages");
        (channels(found, &shared, &mut notes), notes)
    }

    fn summary(event: Value) -> Vec<String> {
        let channels = read(event).0.expect("channels");
        let line = |channel: &Channel| {
            let targets: Vec<_> = channel.target_languages.iter().map(Language::as_str).collect();
            let Channel { channel_id, name, source_language, .. } = channel;
            format!("{channel_id} {} {source_language}>{}", name.as_str(), targets.join("+"))
        };
        channels.iter().map(line).collect()
    }

    #[test]
    fn lists_maps_and_nothing_give_channels() {
        let one = ["1 Channel 1 en>es+ca"];
        for event in [
            json!({"source_lang": "en", "target_langs": ["es", "ca"]}),
            json!({"channels": [{"channel_id": 1, "source_language": "en", "target_languages": "es,ca"}]}),
            json!({"channels": {"1": {"sourceLang": "en", "languages": ["es", "ca", "en"]}}}),
            json!({"channels": ["en"], "target_langs": "es ca"}),
            json!({"channels": 1, "source_lang": "en", "target_langs": "es ca"}),
            json!({"channels": {"id": 1, "source": "en", "targets": {"es": true, "ca": true}}}),
        ] {
            let mut found = summary(event.clone());
            for line in &mut found {
                *line = line.replace(">ca+es", ">es+ca");
            }
            assert_eq!(found, one, "{event}");
        }
    }

    #[test]
    fn of_languages_without_a_source_the_first_is_spoken() {
        let event = json!({"languages": ["en", "es", "ca"]});
        assert_eq!(summary(event.clone()), ["1 Channel 1 en>es+ca"]);
        assert_eq!(read(event).1, ["has no source language: the first of its languages is taken, en"]);
        assert!(read(json!({"channels": [{"target_langs": ["es"]}]})).0.is_err());
        assert!(summary(json!({"languages": []})).is_empty());
    }

    #[test]
    fn numbers_stay_where_they_can() {
        let event = json!({"source_lang": "en", "channels": [
            {"id": 0}, {"id": "2"}, {"id": 2}, {"id": "main"}, {"id": 1000}, {}
        ]});
        assert_eq!(
            summary(event.clone()),
            [
                "1 Channel 1 en>",
                "2 Channel 2 en>",
                "3 Channel 3 en>",
                "4 main en>",
                "5 Channel 5 en>",
                "6 Channel 6 en>"
            ]
        );
        assert_eq!(read(event).1.len(), 4);
    }

    #[test]
    fn a_map_keeps_its_keys_as_names_or_numbers() {
        let event =
            json!({"source_lang": "en", "channels": {"7": {}, "Sala gran": {"id": 3, "record": "yes"}}});
        assert_eq!(summary(event.clone()), ["1 Sala gran en>", "7 Channel 7 en>"]);
        assert!(read(event).0.expect("channels")[0].record);
    }

    #[test]
    fn what_cannot_be_a_channel_is_refused_with_the_reason() {
        for (event, reason) in [
            (json!({"channels": [{"name": "A"}]}), "channel 1: has no source language"),
            (json!({"channels": [{"source_lang": "auto"}]}), "channel 1: \"auto\" is no language tag"),
            (json!({"channels": [7]}), "neither an object nor a language"),
            (json!({"channels": 1e9, "source_lang": "en"}), "number of its channels"),
            (json!({"channels": vec!["en"; 51]}), "has 51 channels"),
            (json!({"channels": "en"}), "neither a list nor a map"),
        ] {
            let Refusal(found) = read(event).0.expect_err(reason);
            assert!(found.contains(reason), "{found}");
        }
    }
}
