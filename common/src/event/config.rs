//! What the other services know of an event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EventState, ListenAccess};
use crate::{
    LanguageTag,
    access::{Permission, Principal, Subject},
    ids::{ChannelId, CustomerId, EventId, UserId},
};

/// An event with its people, as events-service tells it to services. What they do not need is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventConfig {
    /// Names it everywhere.
    pub event_id: EventId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// What it is called.
    pub title: String,
    /// Where it is in its life.
    pub state: EventState,
    /// Who may listen.
    pub listen_access: ListenAccess,
    /// By number.
    pub channels: Vec<ChannelConfig>,
    /// Who speaks where.
    #[serde(default)]
    pub speakers: Vec<SpeakerConfig>,
    /// Who was assigned to listen.
    #[serde(default)]
    pub listeners: Vec<ListenerConfig>,
}

/// A channel: one floor and the languages it is carried into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "channel_id": 1, "name": "Main stage", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"],
    "record": false, "speech": true, "glossary": { "ca-ES": { "assembly": "assemblea" } }
}))]
pub struct ChannelConfig {
    /// Its number within the event.
    pub channel_id: ChannelId,
    /// What it is called.
    pub name: String,
    /// What is spoken.
    pub source_language: LanguageTag,
    /// What it is translated into.
    pub target_languages: Vec<LanguageTag>,
    /// Whether it is recorded.
    #[serde(default)]
    pub record: bool,
    /// Whether translations are also spoken.
    #[serde(default)]
    pub speech: bool,
    /// Language → term of the source → its fixed translation.
    #[serde(default)]
    pub glossary: BTreeMap<LanguageTag, BTreeMap<String, String>>,
}

/// A person who speaks on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeakerConfig {
    /// Who.
    pub user_id: UserId,
    /// On which channel.
    pub channel_id: ChannelId,
}

/// A person who was assigned to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerConfig {
    /// Who.
    pub user_id: UserId,
}

impl EventConfig {
    /// The channel with this number.
    pub fn channel(&self, channel_id: ChannelId) -> Option<&ChannelConfig> {
        self.channels.iter().find(|channel| channel.channel_id == channel_id)
    }

    /// Whether `principal` runs it: staff of its customer, as events-service has it, or a service.
    pub fn is_run_by(&self, principal: &Principal) -> bool {
        let staff = match principal.subject {
            Subject::Service(_) => true,
            Subject::User(_) => {
                principal.may(Permission::EventsUpdate) || principal.may(Permission::EventsAssign)
            }
        };
        staff && principal.tenants().include(self.customer_id)
    }

    /// Whether `user` was assigned to speak on that channel.
    pub fn has_speaker(&self, user: UserId, channel_id: ChannelId) -> bool {
        self.speakers.iter().any(|speaker| speaker.user_id == user && speaker.channel_id == channel_id)
    }

    /// Whether `user` was assigned to it at all, to speak or to listen.
    pub fn has(&self, user: UserId) -> bool {
        self.speakers.iter().any(|speaker| speaker.user_id == user)
            || self.listeners.iter().any(|listener| listener.user_id == user)
    }

    /// Whether they may know of it: `None` is somebody without an account. A draft is seen by those who run it alone.
    pub fn is_seen_by(&self, principal: Option<&Principal>) -> bool {
        if principal.is_some_and(|principal| self.is_run_by(principal)) {
            return true;
        }
        let user = principal.and_then(Principal::user);
        self.state != EventState::Draft
            && match self.listen_access {
                ListenAccess::Public => true,
                ListenAccess::Authenticated => principal.is_some(),
                ListenAccess::Assigned => user.is_some_and(|user| self.has(user)),
            }
    }
}

impl ChannelConfig {
    /// Everything one can follow there: what is spoken, then the translations.
    pub fn languages(&self) -> impl Iterator<Item = &LanguageTag> {
        std::iter::once(&self.source_language).chain(&self.target_languages)
    }
}
