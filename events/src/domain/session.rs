//! Session records: what is kept of a session, as services tell it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use chrono::{DateTime, Utc};
use common::{event::AgentType, ids::ChannelId, problem::FieldError};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{Object, Type},
    },
};

use super::{Instant, Language, Name, Refusal, Title};

/// As many agents a record names at most.
const MAX_AGENTS: usize = 500;
/// As many artefacts a record names at most.
const MAX_ARTEFACTS: usize = 1_000;

macro_rules! pattern_newtype {
    ($(#[$doc:meta])* $name:ident, $length:literal, $pattern:literal, $is:expr, $expected:literal, $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, &'static str> {
                let is: fn(&str) -> bool = $is;
                let fits = (1..=$length).contains(&text.len()) && text.is_ascii() && is(text);
                if fits { Ok(Self(text.to_owned())) } else { Err($expected) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, &'static str> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let object = Object::builder().schema_type(Type::String).pattern(Some($pattern));
                let object = object.min_length(Some(1)).max_length(Some($length));
                object.description(Some($expected)).examples([$example]).into()
            }
        }

        impl ToSchema for $name {}
    };
}

pattern_newtype! {
    /// Names a session, as the service calls it that runs it.
    SessionId, 100, "^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$",
    |text| text.as_bytes()[0].is_ascii_alphanumeric()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte)),
    "letters, digits, points, colons and hyphens, the first a letter or digit",
    "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11"
}
pattern_newtype! {
    /// The format of an artefact: `flac`, `srt`, `json`.
    Format, 20, "^[a-z0-9.+-]{1,20}$",
    |text| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".+-".contains(&byte)),
    "a file format, in small letters", "flac"
}
pattern_newtype! {
    /// SHA-256 in hexadecimal.
    Sha256, 64, "^[0-9a-f]{64}$",
    |text| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
    "64 hexadecimal digits, in small letters",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}
pattern_newtype! {
    /// Where an artefact can be fetched: an address, or a path at the service that keeps it.
    Location, 1_000, "^[!-~]{1,1000}$", |text| text.bytes().all(|byte| byte.is_ascii_graphic()),
    "an address or a path, printable ASCII without spaces",
    "/sessions/0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11/recordings/channel-1.flac"
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "ended")]
pub enum SessionStatus {
    /// It runs.
    Active,
    /// It was stopped.
    Ended,
    /// It came to an end that nobody wanted.
    Failed,
}

impl SessionStatus {
    /// As it travels and is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for SessionStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Active, Self::Ended, Self::Failed];
        all.into_iter().find(|one| one.as_str() == text).ok_or_else(|| format!("there is no status {text:?}"))
    }
}

/// An agent of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentRecord {
    /// What it was called.
    pub agent_id: Name,
    /// What it did.
    pub agent_type: AgentType,
    /// In which language.
    #[serde(default)]
    pub language: Option<Language>,
    /// When it began.
    pub started_at: Instant,
    /// When it ended; `null` while it runs.
    #[serde(default)]
    pub ended_at: Option<Instant>,
    /// How often it was started again.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub restarts: u32,
}

/// What an artefact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "recording")]
pub enum ArtefactKind {
    /// What was said, or its translation, as text.
    Transcript,
    /// The same with times, for players.
    Subtitles,
    /// Sound.
    Recording,
    /// Anything else.
    Other,
}

/// Something that is left of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Artefact {
    /// What it is called, once in its session.
    pub name: Title,
    /// What it is.
    pub kind: ArtefactKind,
    /// In which language.
    #[serde(default)]
    pub language: Option<Language>,
    /// In which format.
    pub format: Format,
    /// How large it is.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub bytes: u64,
    /// Its hash.
    #[serde(default)]
    pub sha256: Option<Sha256>,
    /// Where it can be fetched.
    pub url: Location,
}

/// How many listened at most at the same time, by language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, u32>")]
pub struct PeakListeners(BTreeMap<Language, u32>);

impl PeakListeners {
    /// As many languages at most.
    pub const MAX_LANGUAGES: usize = 100;
    /// As many listeners at most.
    pub const MAX: u32 = 100_000_000;

    fn holds(&self, earlier: &Self) -> bool {
        earlier.0.iter().all(|(language, count)| self.0.get(language).is_some_and(|now| now >= count))
    }
}

impl TryFrom<BTreeMap<String, u32>> for PeakListeners {
    type Error = String;

    fn try_from(raw: BTreeMap<String, u32>) -> Result<Self, String> {
        if raw.len() > Self::MAX_LANGUAGES {
            return Err(format!("must have at most {} languages", Self::MAX_LANGUAGES));
        }
        let mut counts = BTreeMap::new();
        for (text, count) in raw {
            let language: Language = text.parse().map_err(|error| format!("{error}"))?;
            if count > Self::MAX {
                return Err(format!("{language}: must be at most {}", Self::MAX));
            }
            if counts.contains_key(&language) {
                return Err(format!("{language} is named twice"));
            }
            counts.insert(language, count);
        }
        Ok(Self(counts))
    }
}

impl utoipa::PartialSchema for PeakListeners {
    fn schema() -> RefOr<Schema> {
        let name = match Language::schema() {
            RefOr::T(schema) => Some(schema),
            RefOr::Ref(_) => None,
        };
        let count = Object::builder().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(Self::MAX));
        let object = Object::builder().schema_type(Type::Object).property_names(name);
        let object = object.additional_properties(Some(count)).max_properties(Some(Self::MAX_LANGUAGES));
        object.description(Some("language → count")).examples([serde_json::json!({ "ca-ES": 41 })]).into()
    }
}

impl ToSchema for PeakListeners {}

/// What a service tells of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "session_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11", "channel_id": 1, "status": "ended",
    "started_at": "2026-05-04T09:30:00Z", "ended_at": "2026-05-04T10:12:30Z",
    "agents": [{
        "agent_id": "agent-mt-ca-ES", "agent_type": "mt", "language": "ca-ES", "started_at": "2026-05-04T09:30:01Z",
        "ended_at": "2026-05-04T10:12:30Z", "restarts": 0
    }],
    "peak_listeners": { "ca-ES": 41 },
    "artefacts": [{
        "name": "channel-1.flac", "kind": "recording", "language": null, "format": "flac", "bytes": 48_112_640,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "url": "/sessions/0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11/recordings/channel-1.flac"
    }]
}))]
pub struct SessionRecord {
    /// Which session.
    pub session_id: SessionId,
    /// On which channel.
    pub channel_id: ChannelId,
    /// How far it has come.
    pub status: SessionStatus,
    /// When it began.
    pub started_at: Instant,
    /// When it ended; `null` while it is active.
    #[serde(default)]
    pub ended_at: Option<Instant>,
    /// Who worked in it.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub agents: Vec<AgentRecord>,
    /// How many listened at most at the same time, by language.
    #[serde(default)]
    pub peak_listeners: PeakListeners,
    /// What is left of it.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    pub artefacts: Vec<Artefact>,
}

/// A record and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// What was told.
    pub record: SessionRecord,
    /// Who told it: a service's `client_id`, or a user's id.
    pub recorded_by: String,
    /// When it was told first.
    pub recorded_at: DateTime<Utc>,
    /// When something new was told last.
    pub updated_at: DateTime<Utc>,
}

/// What a record is to one that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Nothing new: the same, or an earlier stage of it.
    Known,
    /// A later stage of it.
    Completes,
    /// Something else.
    Contradicts,
}

impl SessionRecord {
    /// What the parts do not tell each alone.
    pub fn check(&self) -> Result<(), Refusal> {
        let mut mistakes = Vec::new();
        let mut mistake = |field: String, text: &str| mistakes.push(FieldError::new(field, text));
        match (self.status, self.ended_at) {
            (SessionStatus::Active, Some(_)) => {
                mistake("ended_at".to_owned(), "an active session has not ended");
            }
            (SessionStatus::Ended | SessionStatus::Failed, None) => {
                mistake("ended_at".to_owned(), "is needed of a session that is not active");
            }
            (_, Some(ended_at)) if ended_at < self.started_at => {
                mistake("ended_at".to_owned(), "must not be before started_at");
            }
            _ => {}
        }
        let mut agents = BTreeSet::new();
        for (index, agent) in self.agents.iter().enumerate() {
            if !agents.insert(&agent.agent_id) {
                mistake(format!("agents[{index}].agent_id"), "is there twice");
            }
            if agent.ended_at.is_some_and(|ended_at| ended_at < agent.started_at) {
                mistake(format!("agents[{index}].ended_at"), "must not be before started_at");
            }
            if agent.restarts > 1_000_000 {
                mistake(format!("agents[{index}].restarts"), "must be at most 1000000");
            }
        }
        let mut artefacts = BTreeSet::new();
        for (index, artefact) in self.artefacts.iter().enumerate() {
            if !artefacts.insert(&artefact.name) {
                mistake(format!("artefacts[{index}].name"), "is there twice");
            }
            // What JavaScript can still count.
            if artefact.bytes > (1 << 53) - 1 {
                mistake(format!("artefacts[{index}].bytes"), "must be at most 9007199254740991");
            }
        }
        if self.agents.len() > MAX_AGENTS {
            mistake("agents".to_owned(), &format!("must be at most {MAX_AGENTS}"));
        }
        if self.artefacts.len() > MAX_ARTEFACTS {
            mistake("artefacts".to_owned(), &format!("must be at most {MAX_ARTEFACTS}"));
        }
        if mistakes.is_empty() { Ok(()) } else { Err(Refusal::Invalid(mistakes)) }
    }

    /// What this record, which comes now, is to `stored`.
    pub fn relation_to(&self, stored: &Self) -> Relation {
        if stored.is_later_stage_of(self) {
            Relation::Known
        } else if self.is_later_stage_of(stored) {
            Relation::Completes
        } else {
            Relation::Contradicts
        }
    }

    /// Whether nothing of `earlier` is taken back: what was open may be closed, counts may rise, lists may grow.
    fn is_later_stage_of(&self, earlier: &Self) -> bool {
        let same_session = (&self.session_id, self.channel_id, self.started_at)
            == (&earlier.session_id, earlier.channel_id, earlier.started_at);
        let status = self.status == earlier.status || earlier.status == SessionStatus::Active;
        let agent = |earlier: &AgentRecord| {
            self.agents.iter().any(|now| {
                (&now.agent_id, now.agent_type, &now.language, now.started_at)
                    == (&earlier.agent_id, earlier.agent_type, &earlier.language, earlier.started_at)
                    && closes(now.ended_at, earlier.ended_at)
                    && now.restarts >= earlier.restarts
            })
        };
        same_session
            && status
            && closes(self.ended_at, earlier.ended_at)
            && earlier.agents.iter().all(agent)
            && self.peak_listeners.holds(&earlier.peak_listeners)
            && earlier.artefacts.iter().all(|artefact| self.artefacts.contains(artefact))
    }
}

fn closes(now: Option<Instant>, earlier: Option<Instant>) -> bool {
    earlier.is_none() || now == earlier
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "what it is given is written where it is called")]
    fn record(changes: Value) -> SessionRecord {
        let mut body = json!({
            "session_id": "s-1", "channel_id": 1, "status": "active", "started_at": "2026-05-04T09:30:00Z",
            "agents": [{"agent_id": "asr", "agent_type": "asr", "started_at": "2026-05-04T09:30:00Z"}]
        });
        for (name, value) in changes.as_object().expect("an object") {
            body[name] = value.clone();
        }
        serde_json::from_value(body).expect("a record")
    }

    fn recording(bytes: u64) -> Value {
        json!({"name": "a", "kind": "recording", "format": "flac", "bytes": bytes, "url": "/a"})
    }

    #[test]
    fn a_record_may_grow_and_nothing_is_taken_back() {
        let open = record(json!({"peak_listeners": {"ca": 3}}));
        let ended = record(json!({
            "status": "ended", "ended_at": "2026-05-04T10:00:00Z", "peak_listeners": {"CA": 5, "es": 1},
            "artefacts": [recording(1)]
        }));
        assert_eq!(open.relation_to(&open), Relation::Known);
        assert_eq!(ended.relation_to(&open), Relation::Completes);
        assert_eq!(open.relation_to(&ended), Relation::Known, "an earlier stage that was sent again");
        for other in [
            json!({"channel_id": 2}),
            json!({"started_at": "2026-05-04T09:31:00Z"}),
            json!({"peak_listeners": {"ca": 2}, "artefacts": [recording(1)]}),
            json!({"agents": [], "artefacts": [recording(1)]}),
        ] {
            assert_eq!(record(other.clone()).relation_to(&open), Relation::Contradicts, "{other}");
        }
        let otherwise = record(json!({
            "status": "ended", "ended_at": "2026-05-04T10:00:00Z", "peak_listeners": {"ca": 5, "es": 1},
            "artefacts": [recording(2)]
        }));
        assert_eq!(otherwise.relation_to(&ended), Relation::Contradicts);
    }

    #[test]
    fn a_record_must_make_sense() {
        assert_eq!(record(json!({})).check(), Ok(()));
        for (changes, field) in [
            (json!({"status": "ended"}), "ended_at"),
            (json!({"ended_at": "2026-05-04T10:00:00Z"}), "ended_at"),
            (json!({"status": "failed", "ended_at": "2026-05-04T09:00:00Z"}), "ended_at"),
            (json!({"artefacts": [recording(1), recording(1)]}), "artefacts[1].name"),
            (json!({"artefacts": [recording(1 << 53)]}), "artefacts[0].bytes"),
        ] {
            let Err(Refusal::Invalid(mistakes)) = record(changes).check() else { panic!("{field}") };
            assert_eq!(mistakes[0].field, field);
        }
    }

    #[test]
    fn texts_have_their_forms() {
        for text in ["s", "0192f0c1-2a6b", "a.b:c_d"] {
            assert!(text.parse::<SessionId>().is_ok(), "{text}");
        }
        for text in ["", "-s", "a b", "é", "a/b", &"s".repeat(101)] {
            assert!(text.parse::<SessionId>().is_err(), "{text}");
        }
        assert!("A".repeat(64).parse::<Sha256>().is_err() && "a".repeat(64).parse::<Sha256>().is_ok());
        assert!("/a b".parse::<Location>().is_err() && "FLAC".parse::<Format>().is_err());
    }
}
