//! What livekit-provider reads from its variables.

use common::{
    access::{AccessConfig, auth_service_url},
    config::{Secret, Variables},
    peer::service_url,
    persistence::postgres::DatabaseConfig,
};
use url::Url;

/// The audience that tokens for this service must name.
pub const AUDIENCE: &str = "livekit-service";

/// The configuration of livekit-provider.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// How access tokens are verified.
    pub access: AccessConfig,
    /// The `LiveKit` server.
    pub livekit: LiveKitConfig,
    /// `EVENTS_SERVICE_URL`
    pub events_service: Url,
    /// `LIVE_SERVICE_URL`
    pub live_service: Url,
    /// Where we get tokens of our own: under `AUTH_SERVICE_URL`.
    pub token_url: Url,
    /// `OAUTH_LIVEKIT_PROVIDER_CLIENT_ID`
    pub client_id: String,
    /// `OAUTH_LIVEKIT_PROVIDER_CLIENT_SECRET`
    pub client_secret: Secret,
    /// Where the data is kept; `None`: in memory.
    pub database: Option<DatabaseConfig>,
    /// `USE_LIVEKIT_MOCK`: nothing but canned answers, so nothing has to be set and nobody is asked.
    pub mock: bool,
}

/// How the `LiveKit` server is reached, by us and by whoever gets a token.
#[derive(Clone, Debug)]
pub struct LiveKitConfig {
    /// `LIVEKIT_URL`: for us and for people.
    pub url: String,
    /// `LIVEKIT_AGENT_URL`: for agents; `LIVEKIT_URL` when not set.
    pub agent_url: String,
    /// `LIVEKIT_API_KEY`
    pub api_key: String,
    /// `LIVEKIT_API_SECRET`
    pub api_secret: Secret,
}

impl ProviderConfig {
    /// Reads the variables; mistakes are noted in them.
    pub fn from_variables(variables: &Variables) -> Self {
        let mock = variables.flag("USE_LIVEKIT_MOCK", false);
        let id: String = variables.or("OAUTH_LIVEKIT_PROVIDER_CLIENT_ID", "livekit-provider".to_owned());
        Self {
            access: AccessConfig::from_variables(variables, Some(AUDIENCE)),
            livekit: LiveKitConfig::from_variables(variables, mock),
            events_service: service_url(variables, "EVENTS_SERVICE_URL", "http://127.0.0.1:8083"),
            live_service: service_url(variables, "LIVE_SERVICE_URL", "http://127.0.0.1:8092"),
            token_url: token_url(variables),
            client_id: id,
            client_secret: required_secret(variables, "OAUTH_LIVEKIT_PROVIDER_CLIENT_SECRET", mock),
            database: DatabaseConfig::from_variables(variables),
            mock,
        }
    }
}

impl LiveKitConfig {
    fn from_variables(variables: &Variables, mock: bool) -> Self {
        let url = livekit_url(variables, "LIVEKIT_URL").unwrap_or_else(|| {
            if !mock {
                variables.mistake("LIVEKIT_URL: needed, as ws://127.0.0.1:7880");
            }
            String::new()
        });
        let api_key = variables.optional("LIVEKIT_API_KEY").unwrap_or_else(|| {
            if !mock {
                variables.mistake("LIVEKIT_API_KEY: needed; the LiveKit server has it in its configuration");
            }
            String::new()
        });
        Self {
            agent_url: livekit_url(variables, "LIVEKIT_AGENT_URL").unwrap_or_else(|| url.clone()),
            url,
            api_key,
            api_secret: required_secret(variables, "LIVEKIT_API_SECRET", mock),
        }
    }
}

/// The address in `name`, as it stands there; one that is none is a mistake.
fn livekit_url(variables: &Variables, name: &str) -> Option<String> {
    let text: String = variables.optional(name)?;
    let known = Url::parse(&text)
        .is_ok_and(|url| matches!(url.scheme(), "ws" | "wss" | "http" | "https") && url.has_host());
    if !known {
        variables.mistake(format!("{name}: has to begin with ws://, wss://, http:// or https://"));
    }
    Some(text)
}

fn required_secret(variables: &Variables, name: &str, mock: bool) -> Secret {
    variables.secret(name).unwrap_or_else(|| {
        if !mock {
            variables.mistake(format!("{name}: needed"));
        }
        Secret::new("")
    })
}

/// Where clients get tokens.
fn token_url(variables: &Variables) -> Url {
    let mut url = auth_service_url(variables);
    let path = format!("{}/v2/oauth/token", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [(&str, &str); 4] = [
        ("LIVEKIT_URL", "ws://livekit:7880"),
        ("LIVEKIT_API_KEY", "key"),
        ("LIVEKIT_API_SECRET", "secret"),
        ("OAUTH_LIVEKIT_PROVIDER_CLIENT_SECRET", "hush"),
    ];

    #[test]
    fn a_server_its_key_and_our_own_secret_are_all_that_is_needed() {
        let variables = Variables::from(NEEDED).with([("AUTH_SERVICE_URL", "https://example.org/api/auth/")]);
        let config = ProviderConfig::from_variables(&variables);
        let config = variables.finish(config).expect("no mistakes");
        assert_eq!(config.livekit.agent_url, "ws://livekit:7880");
        assert_eq!(config.token_url.as_str(), "https://example.org/api/auth/v2/oauth/token");
        assert_eq!(config.client_id, "livekit-provider");
        assert_eq!(config.access.audience.as_deref(), Some("livekit-service"));
        assert_eq!(config.live_service.as_str(), "http://127.0.0.1:8092/");
        assert!(config.database.is_none() && !config.mock);
    }

    #[test]
    fn everything_that_is_missing_or_wrong_is_said_at_once() {
        let variables = Variables::from([
            ("LIVEKIT_AGENT_URL", "livekit:7880"),
            ("EVENTS_SERVICE_URL", "events"),
            ("LIVE_SERVICE_URL", "ftp://live"),
        ]);
        ProviderConfig::from_variables(&variables);
        let mistakes = variables.finish(()).expect_err("mistakes").mistakes;
        let names: Vec<_> = mistakes.iter().filter_map(|mistake| mistake.split(':').next()).collect();
        for name in NEEDED.map(|(name, _)| name) {
            assert!(names.contains(&name), "{name}: {mistakes:?}");
        }
        assert_eq!(names.len(), 7, "{mistakes:?}");
    }

    #[test]
    fn agents_may_have_an_address_of_their_own() {
        let variables = Variables::from(NEEDED).with([("LIVEKIT_AGENT_URL", "ws://10.0.0.2:7880")]);
        let config = ProviderConfig::from_variables(&variables);
        assert_eq!(config.livekit.url, "ws://livekit:7880");
        assert_eq!(config.livekit.agent_url, "ws://10.0.0.2:7880");
    }

    #[test]
    fn canned_answers_need_nothing() {
        let variables = Variables::from([("USE_LIVEKIT_MOCK", "true")]);
        assert!(ProviderConfig::from_variables(&variables).mock);
        assert!(variables.finish(()).is_ok());
    }
}
