//! LiveKit access tokens.

use std::{collections::BTreeMap, time::Duration};

use common::config::Secret;
use livekit_api::access_token::{AccessToken, VideoGrants};

/// Who a token is for, as the room sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParticipantKind {
    /// A person.
    #[default]
    Standard,
    /// An agent: only then does LiveKit honour the `sender_identity` of text streams.
    Agent,
}

/// What the bearer may do in the room. Joining is always allowed.
#[expect(clippy::struct_excessive_bools, reason = "the grants of a LiveKit token are that many switches")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Publish tracks.
    pub publish: bool,
    /// Only tracks of these sources (`microphone`, `camera`, …); empty: of any.
    pub sources: &'static [&'static str],
    /// Subscribe to tracks.
    pub subscribe: bool,
    /// Send data: captions.
    pub publish_data: bool,
    /// Change its own metadata and attributes.
    pub update_own_metadata: bool,
    /// Not seen by the others.
    pub hidden: bool,
}

impl Permissions {
    /// Hears and captions: the ASR agent.
    pub const CAPTIONER: Self = Self {
        publish: false,
        sources: &[],
        subscribe: true,
        publish_data: true,
        update_own_metadata: true,
        hidden: false,
    };
    /// Captions and speaks: the MT agent, and the default of an agent.
    pub const AGENT: Self = Self { publish: true, ..Self::CAPTIONER };
    /// Hears, unseen: who records.
    pub const RECORDER: Self = Self { publish_data: false, hidden: true, ..Self::CAPTIONER };
    /// Hears and captions, unseen: who carries between the room and clients outside it.
    pub const BRIDGE: Self = Self { hidden: true, ..Self::CAPTIONER };
    /// Speaks into a microphone, and hears.
    pub const SPEAKER: Self = Self {
        publish: true,
        sources: &["microphone"],
        subscribe: true,
        publish_data: false,
        update_own_metadata: true,
        hidden: false,
    };
    /// Hears.
    pub const LISTENER: Self = Self { publish: false, sources: &[], ..Self::SPEAKER };
}

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// The one room it opens.
    pub room: String,
    /// Whom it names.
    pub identity: String,
    /// The name that is shown; the identity where `None`.
    pub name: Option<String>,
    /// Person or agent.
    pub kind: ParticipantKind,
    /// What it allows.
    pub permissions: Permissions,
    /// Participant metadata.
    pub metadata: String,
    /// Participant attributes.
    pub attributes: BTreeMap<String, String>,
    /// How long it is valid. LiveKit renews the token of whoever is in the room.
    pub ttl: Duration,
}

impl TokenRequest {
    /// How long tokens live: 10 minutes.
    pub const TTL: Duration = Duration::from_secs(600);

    /// A token for a person.
    pub fn new(room: impl Into<String>, identity: impl Into<String>, permissions: Permissions) -> Self {
        Self {
            room: room.into(),
            identity: identity.into(),
            name: None,
            kind: ParticipantKind::Standard,
            permissions,
            metadata: String::new(),
            attributes: BTreeMap::new(),
            ttl: Self::TTL,
        }
    }

    /// The signed token.
    ///
    /// Errors: an empty key, secret, room or identity.
    pub fn sign(&self, api_key: &str, api_secret: &Secret) -> Result<String, TokenError> {
        let Permissions { publish, sources, subscribe, publish_data, update_own_metadata, hidden } =
            self.permissions;
        let grants = VideoGrants {
            room_join: true,
            room: self.room.clone(),
            can_publish: Some(publish),
            can_publish_sources: sources.iter().map(|source| (*source).to_owned()).collect(),
            can_subscribe: Some(subscribe),
            can_publish_data: Some(publish_data),
            can_update_own_metadata: Some(update_own_metadata),
            hidden,
            ..VideoGrants::default()
        };
        let mut token = AccessToken::with_api_key(api_key, api_secret.expose())
            .with_identity(&self.identity)
            .with_name(self.name.as_deref().unwrap_or(&self.identity))
            .with_grants(grants)
            .with_metadata(&self.metadata)
            .with_attributes(self.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str())))
            .with_ttl(self.ttl);
        if self.kind == ParticipantKind::Agent {
            token = token.with_kind("agent");
        }
        token.to_jwt().map_err(|error| TokenError(error.to_string()))
    }
}

/// The token cannot be made: a key, secret, room or identity is empty. A retry does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no token: {0}")]
pub struct TokenError(String);

#[cfg(test)]
mod tests {
    use livekit_api::access_token::TokenVerifier;

    use super::*;

    #[test]
    fn an_agents_token_names_its_kind_and_no_more_than_it_needs() {
        let secret = Secret::new("a secret that is long enough for HS256");
        let request = TokenRequest {
            kind: ParticipantKind::Agent,
            attributes: BTreeMap::from([("language".into(), "es-ES".into())]),
            ..TokenRequest::new("room", "agent-asr", Permissions::CAPTIONER)
        };
        let token = request.sign("key", &secret).expect("a token");
        let claims = TokenVerifier::with_api_key("key", secret.expose()).verify(&token).expect("valid");
        assert_eq!((claims.sub.as_str(), claims.kind.as_str()), ("agent-asr", "agent"));
        assert_eq!(claims.attributes["language"], "es-ES");
        assert!(claims.video.room_join && claims.video.room == "room");
        assert_eq!(claims.video.can_publish, Some(false));
        assert_eq!(claims.video.can_publish_data, Some(true));
        assert!(!claims.video.room_admin && !claims.video.room_create && !claims.video.hidden);
        assert!(!claims.video.agent, "it cannot register as a worker");
    }

    #[test]
    fn a_speaker_publishes_a_microphone_and_who_is_hidden_publishes_nothing() {
        let secret = Secret::new("a secret that is long enough for HS256");
        let grants = |permissions| {
            let token =
                TokenRequest::new("room", "somebody", permissions).sign("key", &secret).expect("a token");
            TokenVerifier::with_api_key("key", secret.expose()).verify(&token).expect("valid").video
        };
        let speaker = grants(Permissions::SPEAKER);
        assert_eq!((speaker.can_publish, speaker.can_publish_data), (Some(true), Some(false)));
        assert_eq!(speaker.can_publish_sources, ["microphone"]);
        assert!(grants(Permissions::AGENT).can_publish_sources.is_empty());
        for (permissions, data) in [(Permissions::RECORDER, false), (Permissions::BRIDGE, true)] {
            let hidden = grants(permissions);
            assert!(hidden.hidden);
            assert_eq!((hidden.can_publish, hidden.can_publish_data), (Some(false), Some(data)));
        }
    }

    #[test]
    fn without_room_or_identity_there_is_no_token() {
        let secret = Secret::new("secret");
        assert!(TokenRequest::new("", "a", Permissions::LISTENER).sign("key", &secret).is_err());
        assert!(TokenRequest::new("r", "", Permissions::LISTENER).sign("key", &secret).is_err());
        assert!(TokenRequest::new("r", "a", Permissions::LISTENER).sign("", &secret).is_err());
    }
}
