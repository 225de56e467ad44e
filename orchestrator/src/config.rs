//! What the live-service reads from its variables.

use common::{
    access::{AccessConfig, auth_service_url},
    config::{Secret, Variables},
    http,
    peer::service_url,
    persistence::postgres::DatabaseConfig,
};
use inference::InferenceConfig;
use url::Url;

/// The audience that tokens for this service must name.
pub const AUDIENCE: &str = "live-service";

/// The configuration of the live-service.
#[derive(Clone, Debug)]
pub struct LiveConfig {
    /// How access tokens are verified.
    pub access: AccessConfig,
    /// `EVENTS_SERVICE_URL`
    pub events_service: Url,
    /// `LIVEKIT_PROVIDER_URL`
    pub livekit_provider: Url,
    /// Where we get tokens of our own: under `AUTH_SERVICE_URL`.
    pub token_url: Url,
    /// `OAUTH_LIVE_SERVICE_CLIENT_ID`
    pub client_id: String,
    /// `OAUTH_LIVE_SERVICE_CLIENT_SECRET`
    pub client_secret: Secret,
    /// `HF_…`: the models that agents ask.
    pub inference: InferenceConfig,
    /// Where the data is kept; `None`: in memory.
    pub database: Option<DatabaseConfig>,
    /// `USE_LIVE_MOCK`: nothing but canned answers, so nothing has to be set and nobody is asked.
    pub mock: bool,
}

impl LiveConfig {
    /// Reads the variables; mistakes are noted in them.
    pub fn from_variables(variables: &Variables) -> Self {
        let mock = variables.flag("USE_LIVE_MOCK", false);
        let spawner: String = variables.or("AGENT_SPAWNER", "local".to_owned());
        if spawner != "local" {
            variables
                .mistake("AGENT_SPAWNER: has to be local: dispatch needs workers, which are not there yet");
        }
        let secret = variables.secret("OAUTH_LIVE_SERVICE_CLIENT_SECRET");
        if secret.is_none() && !mock {
            variables.mistake(
                "OAUTH_LIVE_SERVICE_CLIENT_SECRET: needed; the auth-service has to know the same one",
            );
        }
        Self {
            access: AccessConfig::from_variables(variables, Some(AUDIENCE)),
            events_service: service_url(variables, "EVENTS_SERVICE_URL", "http://127.0.0.1:8083"),
            livekit_provider: service_url(variables, "LIVEKIT_PROVIDER_URL", "http://127.0.0.1:8086"),
            token_url: http::under(&auth_service_url(variables), "v2/oauth/token"),
            client_id: variables.or("OAUTH_LIVE_SERVICE_CLIENT_ID", "live-service".to_owned()),
            client_secret: secret.unwrap_or_else(|| Secret::new("")),
            inference: InferenceConfig::from_variables(variables),
            database: DatabaseConfig::from_variables(variables),
            mock,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: (&str, &str) = ("OAUTH_LIVE_SERVICE_CLIENT_SECRET", "hush");

    #[test]
    fn our_own_secret_is_all_that_is_needed() {
        let variables = Variables::from([SECRET, ("AUTH_SERVICE_URL", "https://example.org/api/auth/")]);
        let config = LiveConfig::from_variables(&variables);
        let config = variables.finish(config).expect("no mistakes");
        assert_eq!(config.token_url.as_str(), "https://example.org/api/auth/v2/oauth/token");
        assert_eq!((config.client_id.as_str(), config.mock), ("live-service", false));
        assert_eq!(config.access.audience.as_deref(), Some("live-service"));
        assert!(config.database.is_none());
    }

    #[test]
    fn mock_mode_needs_nothing() {
        let variables = Variables::from([("USE_LIVE_MOCK", "true")]);
        assert!(LiveConfig::from_variables(&variables).mock);
        assert!(variables.finish(()).is_ok());
    }

    #[test]
    fn workers_are_not_there_yet() {
        let variables = Variables::from([SECRET, ("AGENT_SPAWNER", "dispatch")]);
        LiveConfig::from_variables(&variables);
        let error = variables.finish(()).expect_err("a mistake");
        assert!(error.mistakes[0].starts_with("AGENT_SPAWNER: "), "{error}");
    }
}
