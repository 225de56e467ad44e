//! What the commands read from variables: the LiveKit server, its key, and how to log.

use std::net::IpAddr;

use agents::{ConnectOptions, token::Permissions};
use common::{
    config::{Secret, Variables},
    telemetry::{self, LogFormat},
};

use crate::failure::{Failure, Kind};

/// The address of the development server; `livekit.yaml` says the same.
pub(crate) const DEV_URL: &str = "ws://127.0.0.1:7880";
/// The development key. It opens nothing but a server on this machine.
pub(crate) const DEV_API_KEY: &str = "devkey";
/// The development key's secret.
pub(crate) const DEV_API_SECRET: &str = "ilenia-development-secret-for-loopback-only";

/// How to reach the LiveKit server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveKitSettings {
    /// `LIVEKIT_URL`.
    pub(crate) url: String,
    /// `LIVEKIT_API_KEY`.
    pub(crate) api_key: String,
    /// `LIVEKIT_API_SECRET`.
    pub(crate) api_secret: Secret,
}

impl LiveKitSettings {
    /// Reads `LIVEKIT_URL`, `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET`. Only on this machine there are defaults.
    pub(crate) fn read(variables: &Variables) -> Self {
        let url = variables.or::<String>("LIVEKIT_URL", DEV_URL.to_owned()).trim().to_owned();
        let host = match host_of(&url) {
            Ok(host) => Some(host),
            Err(mistake) => {
                variables.mistake(format!("LIVEKIT_URL: {mistake}"));
                None
            }
        };
        let key: Option<String> = variables.optional("LIVEKIT_API_KEY");
        let secret = variables.secret("LIVEKIT_API_SECRET");
        let defaults = host.as_deref().is_some_and(is_loopback) && key.is_none() && secret.is_none();
        if !defaults && host.is_some() {
            let missing = [("LIVEKIT_API_KEY", key.is_none()), ("LIVEKIT_API_SECRET", secret.is_none())];
            for (name, _) in missing.iter().filter(|(_, missing)| *missing) {
                variables.mistake(format!("{name}: required for the server at {url}"));
            }
        }
        Self {
            url,
            api_key: key.unwrap_or_else(|| DEV_API_KEY.to_owned()),
            api_secret: secret.unwrap_or_else(|| Secret::new(DEV_API_SECRET)),
        }
    }

    /// The options of a person who joins `room`.
    pub(crate) fn person(&self, room: &str, identity: &str, permissions: Permissions) -> ConnectOptions {
        self.agent(room, identity).as_person(permissions)
    }

    /// The options of an agent that joins `room`.
    pub(crate) fn agent(&self, room: &str, identity: &str) -> ConnectOptions {
        ConnectOptions::agent(&self.url, &self.api_key, self.api_secret.clone(), room, identity)
    }
}

/// The host of a LiveKit address, or what is wrong with the address.
pub(crate) fn host_of(url: &str) -> Result<String, String> {
    let (scheme, rest) =
        url.split_once("://").ok_or_else(|| format!("{url:?} is not an address such as {DEV_URL}"))?;
    if !["ws", "wss", "http", "https"].contains(&scheme) {
        return Err(format!("the scheme must be ws or wss, not {scheme}"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("no user or password in the address".to_owned());
    }
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    if host.is_empty() { Err(format!("{url:?} names no host")) } else { Ok(host.to_owned()) }
}

/// The port of an unencrypted LiveKit address on this machine.
pub(crate) fn loopback_port(url: &str) -> Option<u16> {
    let host = host_of(url).ok().filter(|host| is_loopback(host))?;
    let rest = url.strip_prefix("ws://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let port = authority.trim_start_matches('[').strip_prefix(&host)?.trim_start_matches(']');
    match port.strip_prefix(':') {
        Some(port) => port.parse().ok(),
        None => Some(80),
    }
}

/// Whether a host is this machine and cannot be anything else.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What to log, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogSettings {
    filter: String,
    format: LogFormat,
}

impl LogSettings {
    /// For services: what happens.
    pub(crate) const SERVICE: &str = "info";
    /// For `ilenia dev`, which tells what happens itself: what goes wrong. The media engine's remarks on leaving a room
    /// are not that.
    pub(crate) const DEV: &str = "warn,livekit::rtc_engine=error";
    /// For commands that talk to a person themselves: nothing, for they report what matters.
    pub(crate) const QUIET: &str = "off";

    /// Reads `ILENIA_LOG` and `ILENIA_LOG_FORMAT`.
    pub(crate) fn read(variables: &Variables, default_filter: &str) -> Self {
        Self {
            filter: variables.or("ILENIA_LOG", default_filter.to_owned()),
            format: variables.or("ILENIA_LOG_FORMAT", LogFormat::default()),
        }
    }

    /// From now on the process logs.
    pub(crate) fn start(&self) -> Result<(), Failure> {
        telemetry::init(&self.filter, self.format)
            .map_err(|error| Failure::new(Kind::Usage, format!("ILENIA_LOG: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes<const N: usize>(pairs: [(&str, &str); N]) -> Vec<String> {
        let variables = Variables::from(pairs);
        let settings = LiveKitSettings::read(&variables);
        variables.finish(settings).map_or_else(|error| error.mistakes, |_| Vec::new())
    }

    #[test]
    fn the_development_key_is_the_one_of_the_development_server() {
        let yaml = include_str!("../../livekit.yaml");
        assert!(yaml.contains(&format!("{DEV_API_KEY}: {DEV_API_SECRET}\n")));
        assert!(yaml.contains("\nport: 7880\n") && DEV_URL.ends_with(":7880"));
    }

    #[test]
    fn defaults_hold_on_this_machine_only() {
        for url in ["", "ws://127.0.0.1:17920", "ws://localhost:7880", "http://[::1]:7880/"] {
            assert!(mistakes([("LIVEKIT_URL", url)]).is_empty(), "{url}");
        }
        for url in ["wss://livekit.example.org", "ws://127.0.0.1.example.org", "ws://10.0.0.1:7880"] {
            let mistakes = mistakes([("LIVEKIT_URL", url)]);
            assert_eq!(mistakes.len(), 2, "{mistakes:?}");
            assert!(mistakes[0].starts_with("LIVEKIT_API_KEY: required"), "{mistakes:?}");
        }
    }

    #[test]
    fn a_key_without_its_secret_is_a_mistake_also_on_this_machine() {
        assert_eq!(mistakes([("LIVEKIT_API_KEY", "mine")]).len(), 1);
        assert!(mistakes([("LIVEKIT_API_KEY", "mine"), ("LIVEKIT_API_SECRET", "hush")]).is_empty());
    }

    #[test]
    fn the_port_is_known_for_this_machine_only() {
        assert_eq!(loopback_port(DEV_URL), Some(7880));
        assert_eq!(loopback_port("http://[::1]:17920/"), Some(17_920));
        assert_eq!(loopback_port("ws://localhost"), Some(80));
        for url in ["wss://127.0.0.1:1", "ws://10.0.0.1:7880", "ws://127.0.0.1:x"] {
            assert_eq!(loopback_port(url), None, "{url}");
        }
    }

    #[test]
    fn an_unusable_address_is_named() {
        for url in ["livekit.example.org", "ftp://h", "ws://", "ws://a:b@127.0.0.1"] {
            let mistakes = mistakes([("LIVEKIT_URL", url)]);
            assert_eq!(mistakes.len(), 1, "{url}: {mistakes:?}");
            assert!(mistakes[0].starts_with("LIVEKIT_URL: "), "{mistakes:?}");
        }
    }
}
