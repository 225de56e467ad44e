//! The keys that the auth-service publishes (JWKS, RFC 7517), read by URL and kept.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::RwLock;
use reqwest::StatusCode;
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::{Jwk, KeySource, KeysUnavailable, VerifyingKey};
use crate::http::{self, ClientError};

/// From this age on the next request has the keys read again, and uses the old ones meanwhile.
const AGEING: Duration = Duration::from_secs(4 * 60);
/// From this age on requests wait for the keys to be read: a withdrawn key is good for this long at most.
const STALE: Duration = Duration::from_secs(5 * 60);
/// While the auth-service is away, old keys are used up to this age.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);
/// After a failure the auth-service is left alone for this long.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Unknown names of keys lead to as many readings …
const UNKNOWN_READINGS: u32 = 3;
/// … within this time: a rotation is seen at once, and invented names do not keep the auth-service busy.
const UNKNOWN_WINDOW: Duration = Duration::from_secs(5);
/// How long one reading may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// A longer answer is not a key set.
const MAX_BYTES: usize = 256 << 10;
/// More keys than this are not kept.
const MAX_KEYS: usize = 64;

/// The keys published at a URL. Read when first needed, when an unknown one is named, and when they get old; of any
/// number of requests one reads and the others wait for it.
#[derive(Clone)]
pub struct JwksUrl(Arc<Shared>);

struct Shared {
    url: Url,
    client: reqwest::Client,
    known: RwLock<Known>,
    /// Held while reading.
    turn: Mutex<Turn>,
    reading_ahead: AtomicBool,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, VerifyingKey>,
    read_at: Option<Instant>,
    /// When and why the last reading failed; `None` once one succeeds.
    failure: Option<(Instant, Arc<str>)>,
}

#[derive(Default)]
struct Turn {
    /// When the last reading that succeeded began.
    began_at: Option<Instant>,
    /// Since when readings for unknown names are counted.
    window: Option<Instant>,
    readings: u32,
}

/// What is known about a key without asking anybody.
enum Look {
    /// Good.
    Fresh(VerifyingKey),
    /// Good, and time to read again.
    Ageing(VerifyingKey),
    /// The set is fresh and does not have it.
    Unknown,
    /// The set is too old, or there is none yet.
    Unread,
}

impl JwksUrl {
    /// Nothing is read yet.
    pub fn new(url: Url) -> Result<Self, ClientError> {
        let client = http::client(&url, TIMEOUT)?;
        Ok(Self(Arc::new(Shared {
            url,
            client,
            known: RwLock::default(),
            turn: Mutex::default(),
            reading_ahead: AtomicBool::new(false),
        })))
    }
}

#[async_trait]
impl KeySource for JwksUrl {
    /// Cancel-safe: when whoever reads goes away, the next one in line reads.
    async fn key(&self, kid: &str) -> Result<Option<VerifyingKey>, KeysUnavailable> {
        let arrived = Instant::now();
        match self.0.look(kid, arrived) {
            Look::Fresh(key) => return Ok(Some(key)),
            Look::Ageing(key) => {
                self.0.read_ahead();
                return Ok(Some(key));
            }
            Look::Unknown | Look::Unread => {}
        }
        let read = self.0.read_in_turn(kid, arrived).await;
        let known = self.0.known.read();
        let usable = known.read_at.is_some_and(|at| Instant::now() - at < MAX_AGE);
        match (known.keys.get(kid), read) {
            (Some(key), _) if usable => Ok(Some(key.clone())),
            (_, Ok(())) => Ok(None),
            (_, Err(unavailable)) => Err(unavailable),
        }
    }

    async fn check(&self) -> Result<(), KeysUnavailable> {
        let now = Instant::now();
        let age = self.0.known.read().read_at.map(|at| now.saturating_duration_since(at));
        if age.is_some_and(|age| age < STALE) {
            return Ok(());
        }
        // No key has an empty name: this reads, unless somebody has just read.
        self.0.read_in_turn("", now).await.or_else(|unavailable| {
            if age.is_some_and(|age| age < MAX_AGE) { Ok(()) } else { Err(unavailable) }
        })
    }
}

impl Shared {
    fn look(&self, kid: &str, now: Instant) -> Look {
        let known = self.known.read();
        let Some(age) = known.read_at.map(|at| now.saturating_duration_since(at)) else {
            return Look::Unread;
        };
        match known.keys.get(kid) {
            Some(key) if age < AGEING => Look::Fresh(key.clone()),
            // Whoever was away a moment ago is not waited for again.
            Some(key) if age < STALE || (known.failure.is_some() && age < MAX_AGE) => {
                Look::Ageing(key.clone())
            }
            None if age < STALE => Look::Unknown,
            _ => Look::Unread,
        }
    }

    /// Reads the keys beside the request that noticed their age.
    fn read_ahead(self: &Arc<Self>) {
        if self.rests(Instant::now()).is_some() || self.reading_ahead.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let began_at = Instant::now();
            let mut turn = shared.turn.lock().await;
            let fresh =
                shared.known.read().read_at.is_some_and(|at| began_at.saturating_duration_since(at) < AGEING);
            if !fresh {
                let _noted = shared.read(&mut turn).await;
            }
            shared.reading_ahead.store(false, Ordering::Release);
        });
    }

    /// Why the auth-service is left alone now, if it is.
    fn rests(&self, now: Instant) -> Option<Arc<str>> {
        let known = self.known.read();
        let (failed_at, cause) = known.failure.as_ref()?;
        (now.saturating_duration_since(*failed_at) < AFTER_FAILURE).then(|| cause.clone())
    }

    /// Sees to it that the keys were read after `arrived`, or that `kid` is there anyhow, or that reading has to wait.
    async fn read_in_turn(&self, kid: &str, arrived: Instant) -> Result<(), KeysUnavailable> {
        let mut turn = self.turn.lock().await;
        // Another request may have done it while this one waited.
        let now = Instant::now();
        let look = self.look(kid, now);
        if matches!(look, Look::Fresh(_) | Look::Ageing(_))
            || turn.began_at.is_some_and(|began| began >= arrived)
        {
            return Ok(());
        }
        let failed = self.known.read().failure.clone();
        if let Some((failed_at, cause)) = failed
            && (failed_at >= arrived || self.rests(now).is_some())
        {
            return Err(unavailable(&cause));
        }
        if matches!(look, Look::Unknown) && !turn.allows_unknown(now) {
            return Ok(());
        }
        self.read(&mut turn).await.map_err(|cause| unavailable(&cause))
    }

    async fn read(&self, turn: &mut Turn) -> Result<(), Arc<str>> {
        let began_at = Instant::now();
        match self.fetch().await {
            Ok(keys) => {
                turn.began_at = Some(began_at);
                let mut known = self.known.write();
                if known.keys.len() != keys.len() || !keys.keys().all(|kid| known.keys.contains_key(kid)) {
                    tracing::info!(keys = keys.len(), "the keys of access tokens are read");
                }
                if known.failure.is_some() {
                    tracing::info!("the keys of access tokens can be read again");
                }
                *known = Known { keys, read_at: Some(began_at), failure: None };
                Ok(())
            }
            Err(cause) => {
                let mut known = self.known.write();
                if known.failure.is_none() {
                    tracing::warn!(error = %cause, url = %self.url, "cannot read the keys of access tokens");
                }
                let cause: Arc<str> = cause.into();
                known.failure = Some((Instant::now(), cause.clone()));
                Err(cause)
            }
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, VerifyingKey>, String> {
        let response =
            self.client.get(self.url.clone()).send().await.map_err(|error| http::describe(&error))?;
        if response.status() != StatusCode::OK {
            return Err(format!("the answer is {}", response.status()));
        }
        let body = http::read_at_most(response, MAX_BYTES).await.map_err(|error| http::describe(&error))?;
        let keys = usable_keys(&body)?;
        // Nobody verifies without keys; more likely the answer is not what it should be.
        if keys.is_empty() { Err("there is no usable key among them".to_owned()) } else { Ok(keys) }
    }
}

impl Turn {
    fn allows_unknown(&mut self, now: Instant) -> bool {
        if self.window.is_none_or(|since| now.saturating_duration_since(since) >= UNKNOWN_WINDOW) {
            self.window = Some(now);
            self.readings = 0;
        }
        self.readings += 1;
        self.readings <= UNKNOWN_READINGS
    }
}

/// Keys of other kinds are passed over: a set may hold them for other purposes.
fn usable_keys(body: &[u8]) -> Result<HashMap<String, VerifyingKey>, String> {
    #[derive(Deserialize)]
    struct Published {
        keys: Vec<serde_json::Value>,
    }
    let published: Published =
        serde_json::from_slice(body).map_err(|error| format!("not a key set: {error}"))?;
    let keys = published.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    let keys = keys.filter_map(|key| VerifyingKey::try_from(key).ok()).take(MAX_KEYS);
    Ok(keys.map(|key| (key.id().to_owned(), key)).collect())
}

fn unavailable(cause: &Arc<str>) -> KeysUnavailable {
    KeysUnavailable { cause: cause.to_string().into(), retry_after: AFTER_FAILURE }
}
