//! Templates: what events are made from again and again.

use std::{fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    access::Subject,
    ids::{CustomerId, EventId, new_uuid},
    problem::FieldError,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Channel, Description, Event, EventState, Instant, ListenAccess, Name, NewChannel, Refusal, Timezone,
    Title, check_times, number_channels, present,
};

/// How long an event may last, in minutes: a month.
pub const MAX_DURATION_MINUTES: u32 = 44_640;
/// How long an event of a template lasts when nobody says.
pub const DEFAULT_DURATION_MINUTES: u32 = 60;

/// Names a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(value_type = Uuid, example = "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e10")]
#[serde(transparent)]
pub struct TemplateId(pub Uuid);

impl TemplateId {
    /// A new id; sorts by time of making.
    pub fn generate() -> Self {
        Self(new_uuid())
    }
}

impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TemplateId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A template, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Names it.
    pub template_id: TemplateId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// What it is called.
    pub name: Name,
    /// What its events are about.
    pub description: Option<Description>,
    /// What its events are called: `{date}` and `{time}` stand for their start.
    pub title: Title,
    /// In which time zone people think of its events.
    pub timezone: Timezone,
    /// Who may listen to its events.
    pub listen_access: ListenAccess,
    /// How long its events last.
    pub duration_minutes: u32,
    /// Its events' channels, by number.
    pub channels: Vec<Channel>,
    /// Who made it: a user's id or a service's `client_id`.
    pub created_by: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// Counts its changes, from 1.
    pub version: i64,
}

/// A template to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Weekly briefing", "description": "Figures of the week, questions from the floor.",
    "title": "Briefing of {date}", "timezone": "Europe/Madrid", "listen_access": "authenticated",
    "duration_minutes": 45, "channels": [{
        "name": "Main stage", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"],
        "record": true, "speech": true, "glossary": { "ca-ES": { "assembly": "assemblea" } }
    }]
}))]
pub struct NewTemplate {
    /// Whose it is; needed only by those who act for several customers.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub customer_id: Option<CustomerId>,
    /// What it is called.
    pub name: Name,
    /// What its events are about.
    #[serde(default)]
    pub description: Option<Description>,
    /// What its events are called, `{date}` and `{time}` stand for their start; the template's name when it is absent.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub title: Option<Title>,
    /// In which time zone people think of its events.
    #[serde(default)]
    pub timezone: Timezone,
    /// Who may listen to its events.
    #[serde(default)]
    pub listen_access: ListenAccess,
    /// How long its events last.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 44_640, default = 60)]
    pub duration_minutes: Option<u32>,
    /// Its events' channels.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub channels: Vec<NewChannel>,
}

/// A change of a template: what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "Briefing of {date}, {time}", "duration_minutes": 30 }))]
pub struct TemplatePatch {
    /// What it is called.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub name: Option<Name>,
    /// What its events are about; `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Description>)]
    pub description: Option<Option<Description>>,
    /// What its events are called; `{date}` and `{time}` stand for their start.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub title: Option<Title>,
    /// In which time zone people think of its events.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub timezone: Option<Timezone>,
    /// Who may listen to its events.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub listen_access: Option<ListenAccess>,
    /// How long its events last.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 44_640)]
    pub duration_minutes: Option<u32>,
    /// Its events' channels, all of them.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_items = 50)]
    pub channels: Option<Vec<NewChannel>>,
}

/// What an event differs in from its template.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "starts_at": "2026-05-04T11:30:00+02:00" }))]
pub struct EventFromTemplate {
    /// When it begins.
    pub starts_at: Instant,
    /// When it ends, after it begins; absent: as long as the template says.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub ends_at: Option<Instant>,
    /// What it is called; absent: as the template says.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub title: Option<Title>,
    /// What it is about; absent: as the template says.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Description>)]
    pub description: Option<Option<Description>>,
}

impl NewTemplate {
    /// The template.
    pub fn build(
        self,
        customer_id: CustomerId,
        by: &Subject,
        now: DateTime<Utc>,
    ) -> Result<Template, Refusal> {
        let Self {
            customer_id: _,
            name,
            description,
            title,
            timezone,
            listen_access,
            duration_minutes,
            channels,
        } = self;
        let now = Instant::truncate(now);
        let template = Template {
            template_id: TemplateId::generate(),
            customer_id,
            // Every name is short enough to be a title.
            title: title
                .map_or_else(|| name.as_str().parse(), Ok)
                .map_err(|_| Refusal::Invalid(Vec::new()))?,
            name,
            description,
            timezone,
            listen_access,
            duration_minutes: duration_minutes.unwrap_or(DEFAULT_DURATION_MINUTES),
            channels: number_channels(channels)?,
            created_by: by.to_string(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        template.check()?;
        Ok(template)
    }
}

impl Template {
    /// What is left of an event without its people, dates and state.
    pub fn of_event(
        event: &Event,
        name: Name,
        description: Option<Description>,
        by: &Subject,
        now: DateTime<Utc>,
    ) -> Self {
        let minutes = (event.ends_at - event.starts_at).num_minutes();
        let minutes = u32::try_from(minutes).unwrap_or(MAX_DURATION_MINUTES);
        let now = Instant::truncate(now);
        Self {
            template_id: TemplateId::generate(),
            customer_id: event.customer_id,
            name,
            description: description.or_else(|| event.description.clone()),
            title: event.title.clone(),
            timezone: event.timezone,
            listen_access: event.listen_access,
            duration_minutes: minutes.clamp(1, MAX_DURATION_MINUTES),
            channels: event.channels.clone(),
            created_by: by.to_string(),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Makes the change; says whether anything is different, which counts as a new version.
    pub fn apply(&mut self, patch: &TemplatePatch, now: DateTime<Utc>) -> Result<bool, Refusal> {
        let before = self.clone();
        let TemplatePatch { name, description, title, timezone, listen_access, duration_minutes, channels } =
            patch.clone();
        self.name = name.unwrap_or_else(|| before.name.clone());
        self.description = description.unwrap_or_else(|| before.description.clone());
        self.title = title.unwrap_or_else(|| before.title.clone());
        self.timezone = timezone.unwrap_or(before.timezone);
        self.listen_access = listen_access.unwrap_or(before.listen_access);
        self.duration_minutes = duration_minutes.unwrap_or(before.duration_minutes);
        if let Some(channels) = channels {
            self.channels = number_channels(channels)?;
        }
        self.check()?;
        let changed = *self != before;
        if changed {
            self.version += 1;
            self.updated_at = Instant::truncate(now);
        }
        Ok(changed)
    }

    /// An event of it.
    pub fn event(
        &self,
        event_id: EventId,
        wanted: &EventFromTemplate,
        now: DateTime<Utc>,
    ) -> Result<Event, Refusal> {
        let starts_at = wanted.starts_at.utc();
        let lasting = || starts_at + TimeDelta::minutes(i64::from(self.duration_minutes));
        let ends_at = wanted.ends_at.map_or_else(lasting, Instant::utc);
        check_times(starts_at, ends_at).map_err(invalid)?;
        let title = match &wanted.title {
            Some(title) => title.clone(),
            None => self.title_at(starts_at).map_err(|_| too_long())?,
        };
        let now = Instant::truncate(now);
        Ok(Event {
            event_id,
            customer_id: self.customer_id,
            title,
            description: wanted.description.clone().unwrap_or_else(|| self.description.clone()),
            starts_at,
            ends_at,
            timezone: self.timezone,
            state: EventState::Draft,
            listen_access: self.listen_access,
            channels: self.channels.clone(),
            last_channel_id: self.channels.iter().map(|channel| channel.channel_id.get()).max().unwrap_or(0),
            speakers: Vec::new(),
            listeners: Vec::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }

    fn title_at(&self, starts_at: DateTime<Utc>) -> Result<Title, super::InvalidText> {
        let local = starts_at.with_timezone(&self.timezone.tz());
        let title = self.title.as_str().replace("{date}", &local.format("%Y-%m-%d").to_string());
        title.replace("{time}", &local.format("%H:%M").to_string()).parse()
    }

    fn check(&self) -> Result<(), Refusal> {
        if !(1..=MAX_DURATION_MINUTES).contains(&self.duration_minutes) {
            let range = format!("must be from 1 to {MAX_DURATION_MINUTES}");
            return Err(invalid(FieldError::new("duration_minutes", range)));
        }
        // Every date is as long as this one.
        self.title_at(DateTime::UNIX_EPOCH).map(|_| ()).map_err(|_| too_long())
    }
}

fn invalid(mistake: FieldError) -> Refusal {
    Refusal::Invalid(vec![mistake])
}

fn too_long() -> Refusal {
    invalid(FieldError::new("title", format!("must have at most {} characters with its date", Title::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(title: &str) -> Result<Template, Refusal> {
        let new: NewTemplate = serde_json::from_value(serde_json::json!({
            "name": "Weekly", "title": title, "timezone": "Europe/Madrid", "duration_minutes": 45,
            "channels": [{"name": "Main", "source_language": "en", "target_languages": ["ca"]}]
        }))
        .expect("a template");
        new.build(CustomerId::generate(), &Subject::Service("s".to_owned()), DateTime::UNIX_EPOCH)
    }

    fn wanted(body: serde_json::Value) -> EventFromTemplate {
        serde_json::from_value(body).expect("a request")
    }

    #[test]
    fn an_event_of_a_template_has_its_title_length_and_channels() {
        let template = template("Briefing of {date}, {time}").expect("a template");
        let id = EventId::new(123_457).expect("an id");
        let wanted_event = wanted(serde_json::json!({"starts_at": "2026-05-04T22:30:00Z"}));
        let event = template.event(id, &wanted_event, DateTime::UNIX_EPOCH).expect("an event");
        assert_eq!(event.title.as_str(), "Briefing of 2026-05-05, 00:30");
        assert_eq!((event.ends_at - event.starts_at).num_minutes(), 45);
        assert_eq!((event.state, event.last_channel_id), (EventState::Draft, 1));
        let again = Template::of_event(
            &event,
            "Again".parse().expect("a name"),
            None,
            &Subject::Service("s".to_owned()),
            DateTime::UNIX_EPOCH,
        );
        assert_eq!((again.channels, again.duration_minutes), (template.channels.clone(), 45));
        let ended = wanted(
            serde_json::json!({"starts_at": "2026-05-04T22:30:00Z", "ends_at": "2026-05-04T22:30:00Z"}),
        );
        assert!(template.event(id, &ended, DateTime::UNIX_EPOCH).is_err());
    }

    #[test]
    fn a_title_that_would_be_too_long_is_refused_where_it_is_written() {
        assert!(template(&format!("{}{{date}}", "x".repeat(190))).is_ok());
        assert!(template(&format!("{}{{date}}", "x".repeat(194))).is_err());
    }

    #[test]
    fn a_change_that_changes_nothing_is_no_new_version() {
        let mut template = template("T").expect("a template");
        let same = TemplatePatch { title: Some(template.title.clone()), ..TemplatePatch::default() };
        assert_eq!(template.apply(&same, DateTime::UNIX_EPOCH), Ok(false));
        let shorter = TemplatePatch { duration_minutes: Some(5), ..TemplatePatch::default() };
        assert_eq!(template.apply(&shorter, DateTime::UNIX_EPOCH), Ok(true));
        assert_eq!(template.version, 2);
        let endless = TemplatePatch { duration_minutes: Some(0), ..TemplatePatch::default() };
        assert!(template.apply(&endless, DateTime::UNIX_EPOCH).is_err());
    }
}
