//! Changes to an event: pure, so that every persistence makes them alike.

use chrono::{DateTime, Utc};
use common::{
    ids::{ChannelId, UserId},
    problem::FieldError,
};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{
    Channel, Description, Event, EventState, Glossary, Instant, Language, ListenAccess, Listener,
    MAX_CHANNELS, MAX_LISTENERS, MAX_SPEAKERS, Name, Speaker, Timezone, Title,
};

/// One change to an event.
#[derive(Clone, Debug)]
pub enum Change {
    /// Of its own fields.
    Patch(EventPatch),
    /// A new channel; without a number it gets the next.
    AddChannel(NewChannel),
    /// Of a channel's fields.
    PatchChannel(ChannelId, ChannelPatch),
    /// A channel goes, with its speakers.
    RemoveChannel(ChannelId),
    /// Somebody speaks.
    AddSpeaker(Speaker),
    /// Somebody does not speak any more.
    RemoveSpeaker(Speaker),
    /// Somebody may listen.
    AddListener(UserId),
    /// Somebody may not listen any more.
    RemoveListener(UserId),
}

/// Why an event was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such event within reach.
    NoEvent,
    /// It has no such channel.
    NoChannel,
    /// There is no such assignment.
    NoAssignment,
    /// It was changed meanwhile: `If-Match` does not hold.
    Stale,
    /// It would not make sense.
    Invalid(Vec<FieldError>),
    /// There are as many of these as there can be.
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there can be.
        limit: usize,
    },
    /// There is a channel with that number.
    ChannelExists(ChannelId),
    /// Not while it is live.
    Live,
    /// It cannot go from one state to the other.
    IllegalMove {
        /// Where it is.
        from: EventState,
        /// Where it cannot go.
        to: EventState,
    },
    /// The customer has as many live events as it may.
    TooManyLive {
        /// How many it may have.
        limit: u32,
    },
}

/// What a change came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The event as it is now.
    pub event: Event,
    /// Whether anything is different.
    pub changed: bool,
}

/// A change of an event's fields: what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "The autumn assembly", "ends_at": "2026-05-01T21:00:00+02:00" }))]
pub struct EventPatch {
    /// What it is called.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub title: Option<Title>,
    /// What it is about; `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Description>)]
    pub description: Option<Option<Description>>,
    /// When it begins.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub starts_at: Option<Instant>,
    /// When it ends, after it begins.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub ends_at: Option<Instant>,
    /// In which time zone people think of it.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub timezone: Option<Timezone>,
    /// Who may listen.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub listen_access: Option<ListenAccess>,
}

/// A channel to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Main stage", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"], "record": true,
    "speech": true, "glossary": { "ca-ES": { "assembly": "assemblea" } }
}))]
pub struct NewChannel {
    /// Its number; the next one when it is absent.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub channel_id: Option<ChannelId>,
    /// What it is called.
    pub name: Name,
    /// What is spoken.
    pub source_language: Language,
    /// What it is translated into: no language twice, and not the source.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub target_languages: Vec<Language>,
    /// Whether it is recorded.
    #[serde(default)]
    pub record: bool,
    /// Whether translations are also spoken.
    #[serde(default)]
    pub speech: bool,
    /// Fixed translations.
    #[serde(default)]
    pub glossary: Glossary,
}

impl NewChannel {
    /// The channel, under this number.
    pub fn numbered(self, channel_id: ChannelId) -> Channel {
        let Self { channel_id: _, name, source_language, target_languages, record, speech, glossary } = self;
        Channel { channel_id, name, source_language, target_languages, record, speech, glossary }
    }
}

/// A change of a channel's fields: what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "target_languages": ["es-ES", "ca-ES", "fr-FR"] }))]
pub struct ChannelPatch {
    /// What it is called.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub name: Option<Name>,
    /// What is spoken.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub source_language: Option<Language>,
    /// What it is translated into: no language twice, and not the source.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_items = 30)]
    pub target_languages: Option<Vec<Language>>,
    /// Whether it is recorded.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub record: Option<bool>,
    /// Whether translations are also spoken.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub speech: Option<bool>,
    /// Fixed translations, all of them.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub glossary: Option<Glossary>,
}

/// A field that is there, whatever its value: tells `null` from absent.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// That an event ends after it begins.
pub fn check_times(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> Result<(), FieldError> {
    if starts_at < ends_at { Ok(()) } else { Err(FieldError::new("ends_at", "must be later than starts_at")) }
}

/// Numbers channels: the given numbers stay, the others get the next.
pub fn number_channels(new: Vec<NewChannel>) -> Result<Vec<Channel>, Refusal> {
    if new.len() > MAX_CHANNELS {
        let mistake = FieldError::new("channels", format!("must have at most {MAX_CHANNELS} channels"));
        return Err(Refusal::Invalid(vec![mistake]));
    }
    let (mut channels, mut last, mut mistakes) = (Vec::<Channel>::new(), 0, Vec::new());
    for (index, channel) in new.into_iter().enumerate() {
        let at = format!("channels[{index}].");
        let number = match channel.channel_id {
            Some(given) => given,
            None => next_number(last)?,
        };
        if channels.iter().any(|other| other.channel_id == number) {
            mistakes
                .push(FieldError::new(format!("{at}channel_id"), format!("there are two channels {number}")));
        }
        last = last.max(number.get());
        let channel = channel.numbered(number);
        mistakes.extend(channel.mistakes(&at));
        channels.push(channel);
    }
    channels.sort_by_key(|channel| channel.channel_id);
    if mistakes.is_empty() { Ok(channels) } else { Err(Refusal::Invalid(mistakes)) }
}

fn next_number(last: i32) -> Result<ChannelId, Refusal> {
    let limit = ChannelId::MAX as usize;
    ChannelId::new(i64::from(last) + 1).map_err(|_| Refusal::TooMany { what: "channels ever made", limit })
}

impl Event {
    /// Makes the change; says whether anything is different, which counts as a new version.
    pub fn apply(&mut self, change: &Change, now: DateTime<Utc>) -> Result<bool, Refusal> {
        let before = self.clone();
        match change {
            Change::Patch(patch) => self.patch(patch)?,
            Change::AddChannel(channel) => self.add_channel(channel)?,
            Change::PatchChannel(id, patch) => self.patch_channel(*id, patch)?,
            Change::RemoveChannel(id) => self.remove_channel(*id)?,
            Change::AddSpeaker(speaker) => self.add_speaker(*speaker)?,
            Change::RemoveSpeaker(speaker) => remove(&mut self.speakers, speaker)?,
            Change::AddListener(user_id) => self.add_listener(*user_id)?,
            Change::RemoveListener(user_id) => remove(&mut self.listeners, &Listener { user_id: *user_id })?,
        }
        Ok(self.touch(&before, now))
    }

    /// Moves it to another state, if that is legal; whether the customer may have one more live event is asked elsewhere.
    pub fn move_to(&mut self, to: EventState, now: DateTime<Utc>) -> Result<(), Refusal> {
        if !self.state.may_become(to) {
            return Err(Refusal::IllegalMove { from: self.state, to });
        }
        let before = self.clone();
        self.state = to;
        self.touch(&before, now);
        Ok(())
    }

    fn touch(&mut self, before: &Self, now: DateTime<Utc>) -> bool {
        let changed = self != before;
        if changed {
            self.version += 1;
            self.updated_at = Instant::truncate(now);
        }
        changed
    }

    fn patch(&mut self, patch: &EventPatch) -> Result<(), Refusal> {
        let EventPatch { title, description, starts_at, ends_at, timezone, listen_access } = patch.clone();
        set(&mut self.title, title);
        set(&mut self.description, description);
        set(&mut self.starts_at, starts_at.map(Instant::utc));
        set(&mut self.ends_at, ends_at.map(Instant::utc));
        set(&mut self.timezone, timezone);
        set(&mut self.listen_access, listen_access);
        check_times(self.starts_at, self.ends_at).map_err(|mistake| Refusal::Invalid(vec![mistake]))
    }

    fn add_channel(&mut self, new: &NewChannel) -> Result<(), Refusal> {
        if self.channels.len() >= MAX_CHANNELS {
            return Err(Refusal::TooMany { what: "channels", limit: MAX_CHANNELS });
        }
        let number = match new.channel_id {
            Some(given) => given,
            None => next_number(self.last_channel_id)?,
        };
        if self.channels.iter().any(|channel| channel.channel_id == number) {
            return Err(Refusal::ChannelExists(number));
        }
        let channel = new.clone().numbered(number);
        refuse(channel.mistakes(""))?;
        self.last_channel_id = self.last_channel_id.max(number.get());
        self.channels.push(channel);
        self.channels.sort_by_key(|channel| channel.channel_id);
        Ok(())
    }

    fn patch_channel(&mut self, id: ChannelId, patch: &ChannelPatch) -> Result<(), Refusal> {
        let channel =
            self.channels.iter_mut().find(|channel| channel.channel_id == id).ok_or(Refusal::NoChannel)?;
        let ChannelPatch { name, source_language, target_languages, record, speech, glossary } =
            patch.clone();
        set(&mut channel.name, name);
        set(&mut channel.source_language, source_language);
        set(&mut channel.target_languages, target_languages);
        set(&mut channel.record, record);
        set(&mut channel.speech, speech);
        set(&mut channel.glossary, glossary);
        refuse(channel.mistakes(""))
    }

    fn remove_channel(&mut self, id: ChannelId) -> Result<(), Refusal> {
        let index =
            self.channels.iter().position(|channel| channel.channel_id == id).ok_or(Refusal::NoChannel)?;
        if self.state == EventState::Live {
            return Err(Refusal::Live);
        }
        self.channels.remove(index);
        self.speakers.retain(|speaker| speaker.channel_id != id);
        Ok(())
    }

    fn add_speaker(&mut self, speaker: Speaker) -> Result<(), Refusal> {
        if !self.channels.iter().any(|channel| channel.channel_id == speaker.channel_id) {
            let mistake = FieldError::new("channel_id", "there is no such channel in this event");
            return Err(Refusal::Invalid(vec![mistake]));
        }
        insert(&mut self.speakers, speaker, "speakers", MAX_SPEAKERS)
    }

    fn add_listener(&mut self, user_id: UserId) -> Result<(), Refusal> {
        insert(&mut self.listeners, Listener { user_id }, "listeners", MAX_LISTENERS)
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn refuse(mistakes: Vec<FieldError>) -> Result<(), Refusal> {
    if mistakes.is_empty() { Ok(()) } else { Err(Refusal::Invalid(mistakes)) }
}

/// Keeps the list sorted; somebody who is there already stays.
fn insert<T: Ord>(sorted: &mut Vec<T>, item: T, what: &'static str, limit: usize) -> Result<(), Refusal> {
    let Err(index) = sorted.binary_search(&item) else { return Ok(()) };
    if sorted.len() >= limit {
        return Err(Refusal::TooMany { what, limit });
    }
    sorted.insert(index, item);
    Ok(())
}

fn remove<T: Ord>(sorted: &mut Vec<T>, item: &T) -> Result<(), Refusal> {
    let index = sorted.binary_search(item).map_err(|_| Refusal::NoAssignment)?;
    sorted.remove(index);
    Ok(())
}
