//! `ilenia token`: a token for any LiveKit client.

use std::time::Duration;

use agents::token::{Permissions, TokenRequest};
use common::{LanguageTag, config::Variables};

use crate::{
    failure::{Failure, Kind},
    settings::LiveKitSettings,
    terminal,
};

#[derive(Debug, clap::Args)]
pub(crate) struct TokenArguments {
    /// The room it opens
    #[arg(long)]
    room: String,
    /// Whom it names: speaker-…, listener-…
    #[arg(long)]
    identity: String,
    /// The name that is shown
    #[arg(long)]
    name: Option<String>,
    /// Allow hearing and reading only
    #[arg(long)]
    listen_only: bool,
    /// The language a listener follows
    #[arg(long)]
    language: Option<LanguageTag>,
    /// How long one can join with it: 90s, 10m, 6h
    #[arg(long, default_value = "10m", value_parser = duration)]
    ttl: Duration,
    /// Print the server's address in a line before it
    #[arg(long)]
    url: bool,
}

impl TokenArguments {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let variables = Variables::from_env();
        let livekit = LiveKitSettings::read(&variables);
        let livekit = variables.finish(livekit)?;
        let token = self
            .request()
            .sign(&livekit.api_key, &livekit.api_secret)
            .map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
        if self.url {
            terminal::line(&livekit.url);
        }
        terminal::line(token);
        Ok(())
    }

    fn request(&self) -> TokenRequest {
        let permissions = if self.listen_only { Permissions::LISTENER } else { Permissions::SPEAKER };
        let language = self.language.as_ref().map(|language| ("language".to_owned(), language.to_string()));
        TokenRequest {
            name: self.name.clone(),
            attributes: language.into_iter().collect(),
            ttl: self.ttl,
            ..TokenRequest::new(&self.room, &self.identity, permissions)
        }
    }
}

/// `90s`, `10m`, `6h`; a number alone is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit_seconds) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let number: u64 = number.parse().map_err(|_| format!("{text:?} is not a time such as 90s, 10m or 6h"))?;
    match number.checked_mul(unit_seconds) {
        Some(seconds @ 1..=31_536_000) => Ok(Duration::from_secs(seconds)),
        _ => Err("from a second to a year".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(listen_only: bool) -> TokenArguments {
        TokenArguments {
            room: "r".into(),
            identity: "listener-1".into(),
            name: None,
            listen_only,
            language: "ca-ES".parse().ok(),
            ttl: Duration::from_secs(60),
            url: false,
        }
    }

    #[test]
    fn a_listener_may_neither_speak_nor_send_captions() {
        let request = arguments(true).request();
        assert!(!request.permissions.publish && !request.permissions.publish_data);
        assert!(request.permissions.subscribe);
        assert_eq!(request.attributes["language"], "ca-ES");
        let speaker = arguments(false).request();
        assert!(speaker.permissions.publish && !speaker.permissions.publish_data);
    }

    #[test]
    fn times_to_live_have_units_and_bounds() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("6h"), Ok(Duration::from_secs(21_600)));
        for text in ["", "m", "0s", "-1", "9999999h", "99999999999999999999h", "soon", "5µ"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
