//! Tokens of our own for other services: the OAuth2 client-credentials grant (RFC 6749, section 4.4).

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use parking_lot::RwLock;
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};
use url::{Url, form_urlencoded};

use crate::{
    access::Permission,
    config::Secret,
    http::{self, ClientError},
    problem::Problem,
};

/// How long the auth-service may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A longer answer is not a token.
const MAX_BYTES: usize = 64 << 10;
/// The life of a token whose answer does not tell.
const UNTOLD_LIFE: Duration = Duration::from_secs(60);
/// No token is kept for longer.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);
/// After the first failure the auth-service is left alone for this long; it doubles with each further one up to …
const FIRST_REST: Duration = Duration::from_millis(250);
/// … this.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// However long an auth-service asks to be left alone, it is asked again after this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// A token that other services accept. Not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(Arc<str>);

impl AccessToken {
    /// The token itself, for the place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The value of the header `Authorization`.
    pub fn bearer(&self) -> HeaderValue {
        sensitive(format!("Bearer {}", self.0))
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The auth-service does not accept the client, its secret or its scopes. A retry does not help: the
    /// configuration has to change.
    #[error("the auth-service refuses a token: {error}: {description}")]
    Refused {
        /// The code of RFC 6749, section 5.2.
        error: String,
        /// In words.
        description: String,
    },
    /// What answers there is not a token endpoint. A retry does not help.
    #[error("the auth-service does not answer as a token endpoint: {0}")]
    Unexpected(String),
    /// The auth-service is away or busy. A retry after `retry_after` helps.
    #[error("the auth-service is not available: {why}")]
    Unavailable {
        /// For the log.
        why: String,
        /// When a retry may help.
        retry_after: Duration,
    },
}

impl OAuthError {
    /// Whether a retry helps.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Refused { .. } | Self::Unexpected(_) => false,
        }
    }
}

impl From<OAuthError> for Problem {
    fn from(error: OAuthError) -> Self {
        match error {
            OAuthError::Refused { .. } | OAuthError::Unexpected(_) => Self::internal(&error),
            OAuthError::Unavailable { retry_after, .. } => Self::unavailable(
                "auth_unavailable",
                "the auth-service is not available at the moment",
                retry_after,
                &error,
            ),
        }
    }
}

/// A client of the auth-service, with its current token. Clones share it.
///
/// A token is fetched when first needed, used until 95 % of its life, and renewed beside requests from 80 % on; of any
/// number of requests one fetches. After a failure the auth-service is left alone for a while that grows with each.
#[derive(Clone)]
pub struct ClientCredentials(Arc<Shared>);

struct Shared {
    http: reqwest::Client,
    token_url: Url,
    authorization: HeaderValue,
    body: String,
    held: RwLock<Held>,
    /// Held while fetching.
    turn: Mutex<()>,
    renewing: AtomicBool,
}

#[derive(Default)]
struct Held {
    token: Option<Issued>,
    failure: Option<Failure>,
}

#[derive(Clone)]
struct Issued {
    token: AccessToken,
    renew_at: Instant,
    usable_until: Instant,
}

#[derive(Clone)]
struct Failure {
    at: Instant,
    rest: Duration,
    error: OAuthError,
}

impl ClientCredentials {
    /// A client that asks at `token_url` (`{AUTH_SERVICE_URL}/v2/oauth/token`) for `scopes`; without any it gets all
    /// that it may have. Nothing is fetched yet.
    pub fn new(
        token_url: Url,
        client_id: &str,
        secret: &Secret,
        scopes: &[Permission],
    ) -> Result<Self, ClientError> {
        let http = http::client(&token_url, TIMEOUT)?;
        // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
        let [id, secret] = [client_id, secret.expose()]
            .map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
        let authorization = sensitive(format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if !scopes.is_empty() {
            form.append_pair(
                "scope",
                &scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "),
            );
        }
        Ok(Self(Arc::new(Shared {
            http,
            token_url,
            authorization,
            body: form.finish(),
            held: RwLock::default(),
            turn: Mutex::default(),
            renewing: AtomicBool::new(false),
        })))
    }

    /// A token that is good for a while yet. Cancel-safe: when whoever fetches goes away, the next one in line fetches.
    pub async fn token(&self) -> Result<AccessToken, OAuthError> {
        let arrived = Instant::now();
        if let Some(issued) = self.0.usable(arrived) {
            if arrived >= issued.renew_at {
                self.0.renew();
            }
            return Ok(issued.token);
        }
        let _turn = self.0.turn.lock().await;
        if let Some(issued) = self.0.usable(Instant::now()) {
            return Ok(issued.token);
        }
        if let Some(error) = self.0.rests(arrived) {
            return Err(error);
        }
        self.0.fetch_and_hold().await
    }

    /// Forgets `token`, after a service answered it with 401; the next [`Self::token`] fetches another.
    pub fn invalidate(&self, token: &AccessToken) {
        let mut held = self.0.held.write();
        // Not the one that another request has fetched since.
        if held.token.as_ref().is_some_and(|issued| issued.token == *token) {
            held.token = None;
        }
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("token_url", &self.0.token_url.as_str())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn usable(&self, now: Instant) -> Option<Issued> {
        self.held.read().token.clone().filter(|issued| now < issued.usable_until)
    }

    /// The last failure, if it is newer than who asks or its rest is not over.
    fn rests(&self, arrived: Instant) -> Option<OAuthError> {
        let held = self.held.read();
        let failure = held.failure.as_ref()?;
        (failure.at >= arrived || Instant::now() < failure.at + failure.rest).then(|| failure.error.clone())
    }

    /// Fetches beside the request that noticed the token's age.
    fn renew(self: &Arc<Self>) {
        if self.rests(Instant::now()).is_some() || self.renewing.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let _turn = shared.turn.lock().await;
            let due = shared.usable(Instant::now()).is_none_or(|issued| Instant::now() >= issued.renew_at);
            if due && let Err(error) = shared.fetch_and_hold().await {
                tracing::warn!(%error, "cannot renew the token for other services yet");
            }
            shared.renewing.store(false, Ordering::Release);
        });
    }

    async fn fetch_and_hold(&self) -> Result<AccessToken, OAuthError> {
        let began_at = Instant::now();
        let fetched = self.fetch().await;
        let mut held = self.held.write();
        match fetched {
            Ok((token, life)) => {
                let issued = Issued {
                    token: token.clone(),
                    renew_at: began_at + life.mul_f64(0.8),
                    usable_until: began_at + life.mul_f64(0.95),
                };
                *held = Held { token: Some(issued), failure: None };
                Ok(token)
            }
            Err(error) => {
                let last = held.failure.as_ref().map(|failure| failure.rest);
                let mut rest = last.map_or(FIRST_REST, |last| (last * 2).min(LONGEST_REST));
                if let OAuthError::Unavailable { retry_after, .. } = &error {
                    rest = rest.max(*retry_after);
                }
                held.failure = Some(Failure { at: Instant::now(), rest, error: error.clone() });
                Err(error)
            }
        }
    }

    async fn fetch(&self) -> Result<(AccessToken, Duration), OAuthError> {
        let request = self.http.post(self.token_url.clone());
        let request = request
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(self.body.clone());
        let unavailable = |error: &dyn std::error::Error| OAuthError::Unavailable {
            why: http::describe(error),
            retry_after: FIRST_REST,
        };
        let response = request.send().await.map_err(|error| unavailable(&error))?;
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let body = http::read_at_most(response, MAX_BYTES).await.map_err(|error| unavailable(&error))?;
        if status == StatusCode::OK {
            return read_token(&body);
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(OAuthError::Unavailable { why: format!("the answer is {status}"), retry_after });
        }
        match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) => {
                Err(OAuthError::Refused { error: refusal.error, description: refusal.error_description })
            }
            Err(_) => Err(OAuthError::Unexpected(format!("the answer is {status}"))),
        }
    }
}

/// RFC 6749, section 5.2.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// RFC 6749, section 5.1.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

fn read_token(body: &[u8]) -> Result<(AccessToken, Duration), OAuthError> {
    // The error's text would repeat a part of the body, which may hold a token.
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| OAuthError::Unexpected("the body is not that of a token".to_owned()))?;
    let printable = answer.access_token.bytes().all(|byte| byte.is_ascii_graphic());
    if !answer.token_type.eq_ignore_ascii_case("bearer") || answer.access_token.is_empty() || !printable {
        return Err(OAuthError::Unexpected("the token is not a bearer token".to_owned()));
    }
    let life = answer.expires_in.map_or(UNTOLD_LIFE, Duration::from_secs).min(LONGEST_LIFE);
    Ok((AccessToken(answer.access_token.into()), life))
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    seconds.map_or(FIRST_REST, Duration::from_secs).min(LONGEST_RETRY_AFTER)
}

fn sensitive(text: String) -> HeaderValue {
    let mut value = HeaderValue::try_from(text).expect("base64 and printable ASCII");
    value.set_sensitive(true);
    value
}
