//! Who is in a room, as their identity says.

use std::{fmt, str::FromStr as _};

use common::{LanguageTag, event::AgentType, ids::UserId};

/// The characters of a user's id.
const USER_ID_CHARS: usize = 36;

/// Who a participant is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// `speaker-{user_id}`
    Speaker(UserId),
    /// `listener-{user_id}-{random}`: the same person may listen in several tabs.
    Listener(UserId, u64),
    /// `listener-guest-{random}`
    Guest(u64),
    /// `agent-asr`, `agent-recorder`, `agent-bridge`; `agent-mt-{language}`.
    Agent(AgentType, Option<LanguageTag>),
}

/// What participants are to us, whatever their identity says besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Speaker(UserId),
    Listener(UserId),
    Guest,
    Agent,
    /// Not let in by us: somebody who has the key of the LiveKit server.
    Unknown,
}

impl Identity {
    /// A listener with an account.
    pub fn listener(user: UserId) -> Self {
        Self::Listener(user, rand::random())
    }

    /// A listener without.
    pub fn guest() -> Self {
        Self::Guest(rand::random())
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Speaker(user) => write!(f, "speaker-{user}"),
            Self::Listener(user, random) => write!(f, "listener-{user}-{random:016x}"),
            Self::Guest(random) => write!(f, "listener-guest-{random:016x}"),
            Self::Agent(kind, None) => write!(f, "agent-{kind}"),
            Self::Agent(kind, Some(language)) => write!(f, "agent-{kind}-{language}"),
        }
    }
}

impl Standing {
    pub(crate) fn of(identity: &str) -> Self {
        let user = |text: &str| UserId::from_str(text).ok();
        let (kind, rest) = identity.split_once('-').unwrap_or((identity, ""));
        match kind {
            "agent" => Self::Agent,
            "speaker" => user(rest).map_or(Self::Unknown, Self::Speaker),
            "listener" if rest.starts_with("guest-") => Self::Guest,
            "listener" => rest.get(..USER_ID_CHARS).and_then(user).map_or(Self::Unknown, Self::Listener),
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_those_of_the_contract_and_read_back() {
        let user = UserId::generate();
        let language = Some("ca-ES".parse().expect("a language"));
        for (identity, text, standing) in [
            (Identity::Speaker(user), format!("speaker-{user}"), Standing::Speaker(user)),
            (
                Identity::Listener(user, 10),
                format!("listener-{user}-000000000000000a"),
                Standing::Listener(user),
            ),
            (Identity::Guest(11), "listener-guest-000000000000000b".to_owned(), Standing::Guest),
            (Identity::Agent(AgentType::Asr, None), "agent-asr".to_owned(), Standing::Agent),
            (Identity::Agent(AgentType::Mt, language), "agent-mt-ca-ES".to_owned(), Standing::Agent),
        ] {
            assert_eq!(identity.to_string(), text);
            assert_eq!(Standing::of(&text), standing);
        }
    }

    #[test]
    fn who_was_not_let_in_by_us_is_unknown() {
        for identity in ["", "demo", "speaker-eva", "speaker", "listener-", "listener-é", "observer-1"] {
            assert_eq!(Standing::of(identity), Standing::Unknown, "{identity}");
        }
    }

    #[test]
    fn each_listener_has_an_identity_of_its_own() {
        let user = UserId::generate();
        assert_ne!(Identity::listener(user), Identity::listener(user));
        assert_ne!(Identity::guest(), Identity::guest());
    }
}
