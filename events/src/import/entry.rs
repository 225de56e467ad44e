//! An entry of an old file as an event of today.

use chrono::{DateTime, TimeDelta, Utc};
use common::ids::EventId;
use serde::Serialize;
use serde_json::Value;

use super::{
    channels::{Shared, channels},
    document::Entry,
    field::{Fields, Refusal, id_text, printable},
    moment::moment,
};
use crate::domain::{Channel, Description, Event, EventState, ListenAccess, Timezone, Title};

/// As many characters of an old id are understood.
const LONGEST_ID: usize = 200;
/// How long an event lasts when the file does not say.
const DURATION: TimeDelta = TimeDelta::hours(1);

/// An event of the old system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedEvent {
    /// Names it whenever it is imported: the old id, else title and date.
    pub key: String,
    /// The old id, where it can be one of ours.
    pub old_id: Option<EventId>,
    /// What it is.
    pub content: Content,
}

/// What is taken over of an event. When it is the same again, nothing has to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Content {
    /// What it is called.
    pub title: Title,
    /// What it is about.
    pub description: Option<Description>,
    /// When it begins, if the file says so.
    pub starts_at: Option<DateTime<Utc>>,
    /// When it ends, after that.
    pub ends_at: Option<DateTime<Utc>>,
    /// In which time zone people think of it.
    pub timezone: Timezone,
    /// Where it is in its life; nothing is imported as live.
    pub state: EventState,
    /// Who may listen.
    pub listen_access: ListenAccess,
    /// By number.
    pub channels: Vec<Channel>,
}

impl Content {
    /// Puts it into an event. Without a date of its own it keeps that of the event.
    pub fn put_into(&self, event: &mut Event) {
        let Self { title, description, starts_at, ends_at, timezone, state, listen_access, channels } =
            self.clone();
        if let Some(starts_at) = starts_at {
            event.starts_at = starts_at;
            event.ends_at = ends_at.unwrap_or(starts_at + DURATION);
        }
        let last = channels.iter().map(|channel| channel.channel_id.get()).max().unwrap_or(0);
        event.last_channel_id = event.last_channel_id.max(last);
        event
            .speakers
            .retain(|speaker| channels.iter().any(|channel| channel.channel_id == speaker.channel_id));
        event.title = title;
        event.description = description;
        event.timezone = timezone;
        event.state = state;
        event.listen_access = listen_access;
        event.channels = channels;
    }

    /// The text by which it is compared with what was imported before.
    pub(crate) fn canonical(&self) -> String {
        // Its maps are ordered, and nothing in it cannot be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl ImportedEvent {
    /// A new event of `customer`.
    pub fn to_event(
        &self,
        event_id: EventId,
        customer: common::ids::CustomerId,
        now: DateTime<Utc>,
    ) -> Event {
        let mut event = Event {
            event_id,
            customer_id: customer,
            title: self.content.title.clone(),
            description: None,
            starts_at: now,
            ends_at: now + DURATION,
            timezone: self.content.timezone,
            state: EventState::Draft,
            listen_access: ListenAccess::default(),
            channels: Vec::new(),
            last_channel_id: 0,
            speakers: Vec::new(),
            listeners: Vec::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.content.put_into(&mut event);
        event
    }
}

/// What became of an entry while it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// How a report calls it: its id or its title.
    pub(super) called: Option<String>,
    pub(super) event: Result<ImportedEvent, Refusal>,
    pub(super) notes: Vec<String>,
}

/// Reads one entry.
pub(super) fn read(entry: &Entry<'_>) -> Read {
    let (mut called, mut notes) = (entry.key.as_deref().map(|key| printable(key, 60)), Vec::new());
    let event = entry.fields().map_err(Refusal).and_then(|map| {
        let mut fields = Fields::from(map);
        let id = old_id(entry.key.as_deref(), &mut fields, &mut notes)?;
        called = called.take().or_else(|| id.as_deref().map(|id| printable(id, 60)));
        let event = event(id.as_deref(), &mut fields, &mut called, &mut notes)?;
        let left = fields.left();
        if !left.is_empty() {
            notes.push(format!("not taken over: {}", left.join(", ")));
        }
        Ok(event)
    });
    Read { called, event, notes }
}

/// The key of a map holds: an id inside may have been copied with the event.
fn old_id(
    key: Option<&str>,
    fields: &mut Fields,
    notes: &mut Vec<String>,
) -> Result<Option<String>, Refusal> {
    let inner = fields.take(&["eventid", "id", "uuid", "_id"]).map(|id| id_text(&id)).transpose()?;
    let key = key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    if let (Some(key), Some(inner)) = (&key, &inner)
        && key != inner
    {
        notes.push(format!("calls itself {:?}: the key of the map holds", printable(inner, 60)));
    }
    let id = key.or(inner).filter(|id| !id.is_empty());
    match &id {
        Some(id) if id.chars().count() > LONGEST_ID || id.chars().any(char::is_control) => {
            Err(Refusal(format!("its id {:?} is no id", printable(id, 40))))
        }
        _ => Ok(id),
    }
}

fn event(
    id: Option<&str>,
    fields: &mut Fields,
    called: &mut Option<String>,
    notes: &mut Vec<String>,
) -> Result<ImportedEvent, Refusal> {
    let named = fields.text(&["title", "name", "eventname", "eventtitle", "subject"], Title::MAX, notes);
    *called = called.take().or_else(|| named.clone());
    let instead = id.map_or_else(|| "Untitled event".to_owned(), |id| format!("Event {id}"));
    let title: Title = super::name(named.as_deref()).unwrap_or_else(|| {
        notes.push(format!("has no title: called {:?}", printable(&instead, 60)));
        super::name_instead(&instead)
    });
    let description = fields.text(&["description", "summary", "about", "details"], Description::MAX, notes);
    let (timezone, zone) = timezone(fields, notes);
    let (starts_at, ends_at) = times(fields, zone, notes)?;
    let state = state(fields, notes);
    let listen_access = listen_access(fields, notes);
    people(fields, notes);
    let found = fields.take(&["channels", "rooms", "tracks"]);
    let shared = Shared::take(fields, notes)?;
    let channels = channels(found, &shared, notes)?;
    let key = match id {
        Some(id) => format!("id {id}"),
        None if named.is_none() => return Err(Refusal("has neither an id nor a title".to_owned())),
        None => {
            let date = starts_at.map_or_else(|| "no date".to_owned(), |date| date.to_rfc3339());
            format!("title {} {date}", title.as_str())
        }
    };
    let old_id = id.and_then(|id| id.parse().ok());
    if let (Some(id), None) = (id, old_id) {
        notes.push(format!("its id {:?} is none of 6 to 9 digits: it gets one", printable(id, 60)));
    }
    // A text that was cleaned is a description.
    let description = description.and_then(|text| text.parse().ok());
    let content =
        Content { title, description, starts_at, ends_at, timezone, state, listen_access, channels };
    Ok(ImportedEvent { key, old_id, content })
}

/// The zone in which people think of the event, and in which times without a zone are read: `None` if there is none.
fn timezone(fields: &mut Fields, notes: &mut Vec<String>) -> (Timezone, Option<chrono_tz::Tz>) {
    let Some(text) = fields.text(&["timezone", "tz", "timezonename"], 64, notes) else {
        return (Timezone::UTC, None);
    };
    let zone = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(&text));
    if let Some(zone) = zone {
        return (Timezone::from(*zone), Some(*zone));
    }
    notes.push(format!("timezone {:?} is none that we know: taken as UTC", printable(&text, 40)));
    (Timezone::UTC, None)
}

type Times = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

fn times(
    fields: &mut Fields,
    zone: Option<chrono_tz::Tz>,
    notes: &mut Vec<String>,
) -> Result<Times, Refusal> {
    let starts = [
        "startsat",
        "startat",
        "start",
        "starttime",
        "startdate",
        "startdatetime",
        "scheduledat",
        "scheduledstart",
        "datetime",
        "date",
        "eventdate",
        "begin",
    ];
    // A date beside a time of day is one moment in two fields.
    let date = fields.text_of_form(&["date", "eventdate", "startdate"], |text| text.len() == 10);
    let of_day = |text: &str| (5..=8).contains(&text.len()) && text.contains(':');
    let time = fields.text_of_form(&["time", "starttime", "start"], of_day);
    let end_time = fields.text_of_form(&["endtime", "end"], of_day);
    let end_date = fields.text_of_form(&["enddate"], |text| text.len() == 10);
    let first_day = date.clone();
    let starts_at = match (date, time) {
        (Some(date), Some(time)) => Some(Value::String(format!("{date} {time}"))),
        (Some(date), None) => fields.take(&starts).or(Some(Value::String(date))),
        (None, Some(time)) => {
            return Err(Refusal(format!("starts at {time}, and nothing says on which day")));
        }
        (None, None) => fields.take(&starts),
    };
    let ends_at = fields.take(&[
        "endsat",
        "endat",
        "end",
        "endtime",
        "enddate",
        "enddatetime",
        "finish",
        "scheduledend",
    ]);
    let ends_at = match (ends_at, end_date, end_time) {
        (Some(ends_at), ..) => Some(ends_at),
        (None, end_date, Some(time)) => {
            let day = end_date.or(first_day);
            if day.is_none() {
                notes.push(format!("ends at {time}, and nothing says on which day: left out"));
            }
            day.map(|day| Value::String(format!("{day} {time}")))
        }
        (None, end_date, None) => end_date.map(Value::String),
    };
    let minutes = fields.take(&["durationminutes", "duration", "durationmin"]);
    let Some(starts_at) = starts_at else {
        notes.push("has no date: it gets the time of the import".to_owned());
        return Ok((None, None));
    };
    let starts_at = moment("starts_at", &starts_at, zone, notes)?;
    let ends_at = match (ends_at, minutes) {
        (Some(value), _) => Some(moment("ends_at", &value, zone, notes)?),
        (None, Some(minutes)) => {
            let minutes = minutes.as_i64().or_else(|| minutes.as_str()?.trim().parse().ok());
            let duration = minutes.filter(|minutes| (1..=44_640).contains(minutes)).map(TimeDelta::minutes);
            if duration.is_none() {
                notes.push("its duration is no number of minutes: left out".to_owned());
            }
            duration.map(|duration| starts_at + duration)
        }
        (None, None) => None,
    };
    let later = ends_at.filter(|ends_at| *ends_at > starts_at);
    match (ends_at, later) {
        (Some(_), None) => notes.push("ends before it starts: taken as an hour long".to_owned()),
        (None, _) => notes.push("has no end: taken as an hour long".to_owned()),
        (Some(_), Some(_)) => {}
    }
    Ok((Some(starts_at), later))
}

fn state(fields: &mut Fields, notes: &mut Vec<String>) -> EventState {
    let Some(text) = fields.text(&["state", "status", "eventstate", "eventstatus"], 40, notes) else {
        notes.push("has no state: taken as draft".to_owned());
        return EventState::Draft;
    };
    match super::field::plain_name(&text).as_str() {
        "draft" | "new" => EventState::Draft,
        "scheduled" | "created" | "planned" | "pending" | "upcoming" | "published" => EventState::Scheduled,
        "ready" => EventState::Ready,
        "live" | "active" | "started" | "running" | "inprogress" | "paused" | "streaming" => {
            notes.push(format!("was {text}: imported as ready, sessions have to be started here"));
            EventState::Ready
        }
        "ended" | "stopped" | "finished" | "closed" => EventState::Ended,
        "completed" | "done" | "archived" => EventState::Completed,
        "cancelled" | "canceled" => EventState::Cancelled,
        _ => {
            notes.push(format!("state {:?} is none that we know: taken as draft", printable(&text, 40)));
            EventState::Draft
        }
    }
}

fn listen_access(fields: &mut Fields, notes: &mut Vec<String>) -> ListenAccess {
    let named = fields.text(&["listenaccess", "access", "visibility"], 40, notes);
    let public = fields.flag(&["public", "ispublic"], notes);
    match named.map(|text| text.to_lowercase()).as_deref() {
        Some("public" | "open" | "anyone") => ListenAccess::Public,
        Some("authenticated" | "registered" | "users") => ListenAccess::Authenticated,
        Some("assigned" | "private" | "invited" | "restricted") => ListenAccess::Assigned,
        Some(other) => {
            notes.push(format!("access {:?} is none that we know: taken as assigned", printable(other, 40)));
            ListenAccess::Assigned
        }
        None if public == Some(true) => ListenAccess::Public,
        None => ListenAccess::Assigned,
    }
}

/// The accounts of the old system are not ours.
fn people(fields: &mut Fields, notes: &mut Vec<String>) {
    for name in ["speakers", "listeners", "participants", "users", "managers"] {
        let count = match fields.take(&[name]) {
            Some(Value::Array(list)) => list.len(),
            Some(Value::Object(map)) => map.len(),
            Some(_) => 1,
            None => 0,
        };
        if count > 0 {
            notes.push(format!("{count} {name} are not taken over: assign accounts of this system"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::import::document::Document;

    fn entry(value: &Value) -> Read {
        let text = json!([value]).to_string();
        read(&Document::read(&text).expect("readable").entries[0])
    }

    fn taken(value: &Value) -> ImportedEvent {
        entry(value).event.unwrap_or_else(|Refusal(reason)| panic!("{value}: {reason}"))
    }

    #[test]
    fn an_event_of_the_old_system_is_taken_over() {
        let Read { called, event, notes } = entry(&json!({
            "id": 123_457, "name": "Assembly", "state": "SCHEDULED", "source_lang": "en_US", "target_langs": ["es", "ca"],
            "date": "2026-05-04", "time": "11:30", "timezone": "europe/madrid", "duration": 90, "public": true
        }));
        assert_eq!((called.as_deref(), notes.as_slice()), (Some("123457"), &[][..]));
        let ImportedEvent { key, old_id, content } = event.expect("an event");
        assert_eq!((key.as_str(), old_id.map(EventId::get)), ("id 123457", Some(123_457)));
        let content = serde_json::to_value(content).expect("json");
        assert_eq!(
            content,
            json!({
                "title": "Assembly", "description": null, "starts_at": "2026-05-04T09:30:00Z",
                "ends_at": "2026-05-04T11:00:00Z", "timezone": "Europe/Madrid", "state": "scheduled",
                "listen_access": "public", "channels": [{
                    "channel_id": 1, "name": "Channel 1", "source_language": "en-US",
                    "target_languages": ["es", "ca"], "record": false, "speech": false, "glossary": {}
                }]
            })
        );
    }

    #[test]
    fn a_day_may_stand_beside_its_hours() {
        let hours = json!({"id": 1, "date": "2026-05-04", "start_time": "11:30", "end_time": "13:00:00", "tz": "UTC"});
        let content = taken(&hours).content;
        let (Some(starts_at), Some(ends_at)) = (content.starts_at, content.ends_at) else { panic!("times") };
        assert_eq!((ends_at - starts_at).num_minutes(), 90);
        let days = json!({"id": 1, "start_date": "2026-05-04", "start": "22:00", "end_date": "2026-05-05", "end": "01:00"});
        let content = taken(&days).content;
        assert_eq!((content.ends_at.expect("an end") - content.starts_at.expect("a start")).num_hours(), 3);
    }

    #[test]
    fn old_states_have_their_places_and_nothing_is_live() {
        for (old, new) in [
            ("DRAFT", EventState::Draft),
            ("Scheduled", EventState::Scheduled),
            ("READY", EventState::Ready),
            ("LIVE", EventState::Ready),
            ("IN_PROGRESS", EventState::Ready),
            ("ENDED", EventState::Ended),
            ("COMPLETED", EventState::Completed),
            ("CANCELED", EventState::Cancelled),
            ("WHAT", EventState::Draft),
        ] {
            let value = json!({"id": 1, "status": old});
            assert_eq!(taken(&value).content.state, new, "{old}");
            let said = entry(&value).notes.iter().any(|note| note.contains(old));
            assert_eq!(said, ["LIVE", "IN_PROGRESS", "WHAT"].contains(&old), "{old}");
        }
    }

    #[test]
    fn ids_of_six_to_nine_digits_stay_and_every_event_has_a_key() {
        for (value, key, old_id) in [
            (json!({"event_id": "123457"}), "id 123457", Some(123_457)),
            (json!({"id": 7}), "id 7", None),
            (json!({"id": "0123457"}), "id 0123457", None),
            (json!({"_id": "5f0c-ab", "title": "T"}), "id 5f0c-ab", None),
            (json!({"title": "T"}), "title T no date", None),
            (json!({"title": "T", "start": 0}), "title T 1970-01-01T00:00:00+00:00", None),
        ] {
            let event = taken(&value);
            assert_eq!((event.key.as_str(), event.old_id.map(EventId::get)), (key, old_id), "{value}");
        }
    }

    #[test]
    fn what_is_missing_has_a_default_and_is_said() {
        let Read { event, notes, .. } = entry(&json!({"id": 123_457, "flavour": "sour"}));
        let event = event.expect("an event");
        assert_eq!(event.content.title.as_str(), "Event 123457");
        assert_eq!(
            notes,
            [
                "has no title: called \"Event 123457\"",
                "has no date: it gets the time of the import",
                "has no state: taken as draft",
                "has no channels",
                "not taken over: flavour"
            ]
        );
    }

    #[test]
    fn what_would_be_wrong_is_refused() {
        for (value, reason) in [
            (json!({}), "has neither an id nor a title"),
            (json!({"id": [1]}), "neither a text nor a number"),
            (json!({"id": "x".repeat(201)}), "is no id"),
            (json!({"id": 1, "start": "soon"}), "is no date"),
            (json!({"id": 1, "time": "10:00"}), "on which day"),
            (json!({"id": 1, "source_lang": "english"}), "is no language tag"),
            (json!({"id": 1, "channels": [{}]}), "has no source language"),
        ] {
            let Refusal(found) = entry(&value).event.expect_err(reason);
            assert!(found.contains(reason), "{found}");
        }
    }

    #[test]
    fn an_end_before_the_start_is_no_end() {
        let value = json!({"id": 1, "start": 3600, "end": 0, "title": "a\u{0}b\nc", "speakers": [1, 2]});
        let event = taken(&value);
        assert_eq!((event.content.title.as_str(), event.content.ends_at), ("ab c", None));
        let now = DateTime::from_timestamp(0, 0).expect("a time");
        let new =
            event.to_event(EventId::new(123_457).expect("an id"), common::ids::CustomerId::generate(), now);
        assert_eq!(new.ends_at - new.starts_at, TimeDelta::hours(1));
        assert!(entry(&value).notes.iter().any(|note| note.starts_with("2 speakers are not taken over")));
    }
}
