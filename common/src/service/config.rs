//! What an operator can set of every service.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use ipnet::IpNet;
use url::Url;

use super::client_address::TrustedProxies;
use crate::config::{List, Variables};

/// The settings of a service's shell.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Larger bodies are refused (413).
    pub body_limit_bytes: usize,
    /// A request that takes longer is given up (503).
    pub request_timeout: Duration,
    /// How long requests in hand may take once the service is told to end.
    pub drain: Duration,
    /// Whose pages may call this service from a browser.
    pub frontend_origins: Vec<String>,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: TrustedProxies,
    /// Answer from the examples of the API's description instead of doing the work.
    pub mock: bool,
}

impl ServiceConfig {
    /// Reads `LISTEN_HOST`, the port's and the mock mode's variable, and what is alike for all services:
    /// `FRONTEND_URL`, `TRUSTED_PROXIES`, `BODY_LIMIT_BYTES`, `REQUEST_TIMEOUT_SECONDS`, `DRAIN_TIMEOUT_SECONDS`.
    pub fn from_variables(variables: &Variables, port: &str, default_port: u16, mock: &str) -> Self {
        let host: IpAddr = variables.or("LISTEN_HOST", IpAddr::from([0, 0, 0, 0]));
        let listen = SocketAddr::new(host, variables.or(port, default_port));
        let origins: List<Origin> = variables.or("FRONTEND_URL", List::default());
        let proxies: List<Network> = variables.or("TRUSTED_PROXIES", List::default());
        Self {
            listen,
            body_limit_bytes: variables.or("BODY_LIMIT_BYTES", 1024 * 1024),
            request_timeout: Duration::from_secs(variables.or("REQUEST_TIMEOUT_SECONDS", 10)),
            drain: Duration::from_secs(variables.or("DRAIN_TIMEOUT_SECONDS", 10)),
            frontend_origins: origins.0.into_iter().map(|origin| origin.0).collect(),
            trusted_proxies: TrustedProxies::new(proxies.0.into_iter().map(|network| network.0)),
            mock: variables.flag(mock, false),
        }
    }
}

/// `https://events.example.org`, as browsers send it in `Origin`.
#[derive(Clone, Debug)]
struct Origin(String);

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let origin = Url::parse(text).map_err(|error| format!("{text:?}: {error}"))?.origin();
        if origin.is_tuple() {
            Ok(Self(origin.ascii_serialization()))
        } else {
            Err(format!("{text:?} is no web address"))
        }
    }
}

/// `10.0.0.0/8` or a single address.
#[derive(Clone, Debug)]
struct Network(IpNet);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| format!("{text:?} is neither an address nor a network"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &Variables) -> ServiceConfig {
        ServiceConfig::from_variables(variables, "X_PORT", 8083, "USE_X_MOCK")
    }

    #[test]
    fn what_is_not_set_has_a_default() {
        let config = read(&Variables::from([]));
        assert_eq!(config.listen, SocketAddr::from(([0, 0, 0, 0], 8083)));
        assert!(!config.mock && config.frontend_origins.is_empty());
    }

    #[test]
    fn origins_and_networks_are_lists() {
        let variables = Variables::from([
            ("FRONTEND_URL", "https://a.example.org/app, http://127.0.0.1:5173"),
            ("TRUSTED_PROXIES", "10.0.0.0/8 ::1"),
            ("USE_X_MOCK", "true"),
        ]);
        let config = read(&variables);
        assert_eq!(config.frontend_origins, ["https://a.example.org", "http://127.0.0.1:5173"]);
        assert!(config.mock);
        assert!(variables.finish(()).is_ok());
    }

    #[test]
    fn every_mistake_is_named() {
        let variables = Variables::from([
            ("X_PORT", "many"),
            ("FRONTEND_URL", "nonsense"),
            ("TRUSTED_PROXIES", "10.0.0.0/99"),
            ("USE_X_MOCK", "perhaps"),
            ("LISTEN_HOST", "localhost"),
        ]);
        read(&variables);
        assert_eq!(variables.finish(()).expect_err("wrong").mistakes.len(), 5);
    }
}
