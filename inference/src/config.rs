//! Which endpoints to use, read from variables.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use common::config::{Secret, Variables};
use reqwest::Url;

use crate::{InferenceError, Models};

/// One model endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where requests go.
    pub url: EndpointUrl,
    /// Sent as `Authorization: Bearer …` when set; never logged.
    pub token: Option<Secret>,
}

/// How long to wait, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Everything but interim transcription is tried for this long, retries included (`INFERENCE_DEADLINE_SECONDS`, 60).
    pub deadline: Duration,
    /// One attempt of those takes at most this long (`INFERENCE_ATTEMPT_SECONDS`, 30).
    pub attempt: Duration,
    /// Interim transcription, which is tried once, takes at most this long (`INFERENCE_INTERIM_MS`, 2 500).
    pub interim: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            attempt: Duration::from_secs(30),
            interim: Duration::from_millis(2_500),
        }
    }
}

/// Which models there are and how to reach them.
#[derive(Clone, Debug, Default)]
pub struct InferenceConfig {
    /// Speech to text: `HF_ASR_URL`, `HF_ASR_TOKEN`.
    pub asr: Option<Endpoint>,
    /// Translation: `HF_MT_URL` (ends in `/v1`), `HF_MT_TOKEN`.
    pub mt: Option<Endpoint>,
    /// The model named in translation requests: `HF_MT_MODEL`; an endpoint with a single model needs none.
    pub mt_model: Option<String>,
    /// Text to speech: `HF_TTS_URL` (OpenAI's API when it ends in `/audio/speech`), `HF_TTS_TOKEN`.
    pub tts: Option<Endpoint>,
    /// Time-outs and deadlines.
    pub timing: Timing,
}

impl InferenceConfig {
    /// Reads the variables named at the fields; what is wrong with them is noted in `variables`
    /// ([`Variables::finish`] reports it).
    pub fn from_variables(variables: &Variables) -> Self {
        let endpoint = |url: &str, token: &str| {
            let endpoint_url = variables.optional::<EndpointUrl>(url)?;
            Some(Endpoint { url: endpoint_url, token: variables.secret(token) })
        };
        let milliseconds = |name: &str, default: Duration, unit_ms: u64| {
            let default = default.as_millis() as u64 / unit_ms;
            let value = variables.or(name, default);
            if value == 0 {
                variables.mistake(format!("{name}: must be at least 1"));
            }
            Duration::from_millis(value.max(1).saturating_mul(unit_ms))
        };
        let timing = Timing::default();
        Self {
            asr: endpoint("HF_ASR_URL", "HF_ASR_TOKEN"),
            mt: endpoint("HF_MT_URL", "HF_MT_TOKEN"),
            mt_model: variables.optional("HF_MT_MODEL"),
            tts: endpoint("HF_TTS_URL", "HF_TTS_TOKEN"),
            timing: Timing {
                deadline: milliseconds("INFERENCE_DEADLINE_SECONDS", timing.deadline, 1000),
                attempt: milliseconds("INFERENCE_ATTEMPT_SECONDS", timing.attempt, 1000),
                interim: milliseconds("INFERENCE_INTERIM_MS", timing.interim, 1),
            },
        }
    }

    /// The offline engines at `address` in place of every endpoint that is not set.
    #[must_use]
    pub fn or_engines(mut self, address: SocketAddr) -> Self {
        let at = |path: &str| {
            let url = format!("http://{address}{path}").parse().ok()?;
            Some(Endpoint { url, token: None })
        };
        self.asr = self.asr.or_else(|| at("/asr"));
        self.mt = self.mt.or_else(|| at("/v1"));
        self.tts = self.tts.or_else(|| at("/tts"));
        self
    }

    /// The clients of all endpoints that are set, over one shared pool of connections.
    ///
    /// Errors: TLS cannot be set up on this machine.
    pub fn models(&self) -> Result<Models, InferenceError> {
        Models::connect(self)
    }
}

/// An `http` or `https` address of a model, without credentials in it.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointUrl(Url);

impl EndpointUrl {
    /// The address itself.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The address with `path` after its own path: `…/v1` and `chat/completions` → `…/v1/chat/completions`.
    /// An address that ends in `path` already stays as it is.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        if !base.ends_with(path) {
            url.set_path(&format!("{base}/{path}"));
        }
        Self(url)
    }

    /// Whether the address is this machine's own.
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether the path ends in `suffix`, a trailing slash aside.
    pub fn path_ends_with(&self, suffix: &str) -> bool {
        self.0.path().trim_end_matches('/').ends_with(suffix)
    }
}

/// Scheme, host and path: a query may hold a secret and is not shown.
impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.0.clone();
        if url.query().is_some() {
            url.set_query(Some("…"));
        }
        url.fmt(f)
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointUrl({self})")
    }
}

/// The text is not the address of an endpoint. The text itself is not repeated, for it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpointUrl {
    /// Not a URL.
    #[error("not a URL: {0}")]
    NotAUrl(String),
    /// Another scheme than `http` or `https`.
    #[error("the scheme must be http or https, not {0}")]
    Scheme(String),
    /// `user:password@` in it.
    #[error("no user or password in the address: put the token into the _TOKEN variable")]
    Credentials,
}

impl FromStr for EndpointUrl {
    type Err = InvalidEndpointUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut url =
            Url::parse(text.trim()).map_err(|error| InvalidEndpointUrl::NotAUrl(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidEndpointUrl::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidEndpointUrl::Credentials);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_variable_is_reported_and_no_secret_is_repeated() {
        let variables = Variables::from([
            ("HF_ASR_URL", "ftp://models.example.org/asr"),
            ("HF_MT_URL", "https://user:hunter2@models.example.org/v1"),
            ("HF_TTS_URL", "models.example.org"),
            ("INFERENCE_DEADLINE_SECONDS", "0"),
        ]);
        let config = InferenceConfig::from_variables(&variables);
        let error = variables.finish(config).expect_err("four mistakes");
        assert_eq!(error.mistakes.len(), 4, "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(error.mistakes[0].starts_with("HF_ASR_URL: the scheme must be http or https"), "{error}");
    }

    #[test]
    fn tokens_and_model_are_optional_and_never_printed() {
        let variables = Variables::from([
            ("HF_ASR_URL", "https://models.example.org/asr?key=hush"),
            ("HF_ASR_TOKEN", "hf_secret"),
            ("HF_MT_URL", "http://127.0.0.1:8080/v1/"),
        ]);
        let config = InferenceConfig::from_variables(&variables);
        let config = variables.finish(config).expect("usable");
        assert!(config.tts.is_none());
        assert!(config.mt.as_ref().is_some_and(|mt| mt.token.is_none()));
        assert_eq!(config.mt_model, None);
        assert_eq!(config.timing, Timing::default());
        let printed = format!("{config:?}");
        assert!(!printed.contains("hf_secret") && !printed.contains("hush"), "{printed}");
    }

    #[test]
    fn the_chat_address_is_made_from_the_base_address() {
        for base in ["http://h/v1", "http://h/v1/", "http://h/v1/chat/completions"] {
            let url: EndpointUrl = base.parse().expect("a url");
            assert_eq!(url.join("chat/completions").to_string(), "http://h/v1/chat/completions");
        }
    }

    #[test]
    fn engines_stand_in_for_what_is_not_set() {
        let variables = Variables::from([("HF_MT_URL", "https://models.example.org/v1")]);
        let config = InferenceConfig::from_variables(&variables).or_engines(([127, 0, 0, 1], 8095).into());
        let url = |endpoint: Option<Endpoint>| endpoint.map(|endpoint| endpoint.url.to_string());
        assert_eq!(url(config.asr).as_deref(), Some("http://127.0.0.1:8095/asr"));
        assert_eq!(url(config.mt).as_deref(), Some("https://models.example.org/v1"));
        assert_eq!(url(config.tts).as_deref(), Some("http://127.0.0.1:8095/tts"));
    }

    #[test]
    fn https_endpoints_need_no_tls_provider_to_be_installed_first() {
        let variables = Variables::from([("HF_ASR_URL", "https://models.example.org/asr")]);
        let models = InferenceConfig::from_variables(&variables).models();
        // A machine without root certificates says so, at once.
        let is_fine = models.is_ok_and(|models| models.transcriber.is_some() && models.translator.is_none());
        assert!(is_fine, "no usable root certificates?");
    }
}
