//! How access tokens are verified, out of variables.

use std::time::Duration;

use url::Url;

use super::LEEWAY;
use crate::{config::Variables, http::under, peer::service_url};

/// Where the auth-service is, and its issuer's name, unless configured: the port of the contract on this machine.
pub const DEFAULT_AUTH_SERVICE_URL: &str = "http://127.0.0.1:8081";

/// How a service verifies access tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessConfig {
    /// `AUTH_ISSUER`: the `iss` of every token.
    pub issuer: String,
    /// What `aud` has to contain.
    pub audience: Option<String>,
    /// Where the keys are published: under `AUTH_SERVICE_URL`.
    pub jwks_url: Url,
    /// By how much clocks may differ.
    pub leeway: Duration,
}

impl AccessConfig {
    /// From `AUTH_ISSUER` and `AUTH_SERVICE_URL`; both are [`DEFAULT_AUTH_SERVICE_URL`] when not set.
    pub fn from_variables(variables: &Variables, required_audience: Option<&str>) -> Self {
        Self {
            issuer: issuer(variables),
            audience: required_audience.map(str::to_owned),
            jwks_url: under(&auth_service_url(variables), "v2/.well-known/jwks.json"),
            leeway: LEEWAY,
        }
    }
}

/// `AUTH_ISSUER`, for who issues as for who verifies.
pub fn issuer(variables: &Variables) -> String {
    variables.or("AUTH_ISSUER", DEFAULT_AUTH_SERVICE_URL.to_owned())
}

/// `AUTH_SERVICE_URL`.
pub fn auth_service_url(variables: &Variables) -> Url {
    service_url(variables, "AUTH_SERVICE_URL", DEFAULT_AUTH_SERVICE_URL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_published_under_the_auth_service() {
        for (base, jwks) in [
            ("http://auth:8081", "http://auth:8081/v2/.well-known/jwks.json"),
            ("https://example.org/api/auth/", "https://example.org/api/auth/v2/.well-known/jwks.json"),
        ] {
            let variables =
                Variables::from([("AUTH_SERVICE_URL", base), ("AUTH_ISSUER", "https://example.org")]);
            let config = AccessConfig::from_variables(&variables, Some("event-service"));
            assert_eq!(config.jwks_url.as_str(), jwks);
            assert_eq!(config.issuer, "https://example.org");
            assert!(variables.finish(()).is_ok());
        }
    }

    #[test]
    fn an_auth_service_without_http_is_a_mistake() {
        let variables = Variables::from([("AUTH_SERVICE_URL", "auth:8081")]);
        AccessConfig::from_variables(&variables, None);
        let error = variables.finish(()).expect_err("a mistake");
        assert!(error.mistakes[0].starts_with("AUTH_SERVICE_URL"), "{error}");
    }
}
