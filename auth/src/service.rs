//! The service put together: data, keys, what is there from the start, and what is done beside requests.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use common::{
    access::Verifier,
    clock,
    live_state::LiveState,
    persistence::postgres,
    service::{About, Document, Metrics, Readiness, Service, StartError},
};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{
    AppState, AuthConfig,
    bootstrap::{BootstrapError, bootstrap},
    domain::Actor,
    keys::{KeyError, Keys, READ_INTERVAL, Rotation},
    passwords::Passwords,
    persistence::{
        Persistence, PersistenceError, Sessions, SigningKeys,
        in_memory::InMemory,
        postgres::{MIGRATOR, Postgres},
    },
    withdrawal::StoredNotBefore,
};

/// What this service is.
pub const ABOUT: About = About {
    name: "auth-service",
    description: "Who is who and who may do what: sign-in, users, roles, permissions, customers, OAuth2 clients.",
    version: "v2",
    collection: None,
};

/// The description of the API.
pub fn openapi() -> Document {
    Document::new(crate::router().get_openapi(), ABOUT)
}

/// How often what has expired is forgotten.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);

/// The service, with its data and keys, before it serves.
pub struct Auth {
    /// What its handlers get.
    pub state: AppState,
    readiness: Readiness,
}

/// Opens the data, makes what is missing, and begins what is done beside requests, until `shutdown`.
pub async fn start(
    config: AuthConfig,
    live: Arc<dyn LiveState>,
    shutdown: CancellationToken,
) -> Result<Service, StartError> {
    Ok(Auth::open(config, live).await?.service(shutdown))
}

impl Auth {
    /// Opens the data, and makes the first keys, the first administrator and the built-in clients if they are missing.
    pub async fn open(config: AuthConfig, live: Arc<dyn LiveState>) -> Result<Self, StartError> {
        let opened = live.clone();
        let readiness = Readiness::default().needs("live_state", move || {
            let live = Arc::clone(&opened);
            async move { live.check().await.is_ok() }
        });
        let (persistence, readiness): (Arc<dyn Persistence>, _) = match &config.database {
            None => (Arc::new(InMemory::default()), readiness),
            Some(database) => {
                let pool = database.connect(&MIGRATOR).await?;
                let checked = pool.clone();
                let readiness = readiness.needs("database", move || {
                    let pool = checked.clone();
                    async move { postgres::check(&pool).await.is_ok() }
                });
                (Arc::new(Postgres::new(pool)), readiness)
            }
        };
        let state = AppState::open(persistence, live, config).await?;
        Ok(Self { state, readiness })
    }

    /// The service, to be served; what it does beside requests ends with `shutdown`.
    pub fn service(self, shutdown: CancellationToken) -> Service {
        let Self { state, readiness } = self;
        tokio::spawn(maintain_keys(state.keys.clone(), shutdown.clone()));
        tokio::spawn(sweep(Arc::clone(&state.persistence), shutdown));
        let operations = crate::router().with_state(state);
        Service::new(ABOUT, operations, readiness, Metrics::new(ABOUT.name))
    }
}

impl AppState {
    /// Everything that handlers need, on this data.
    pub async fn open(
        persistence: Arc<dyn Persistence>,
        live: Arc<dyn LiveState>,
        config: AuthConfig,
    ) -> Result<Self, StartError> {
        let passwords = passwords(&config)?;
        let signing_keys: Arc<dyn SigningKeys> = persistence.clone();
        let keys = Keys::open(signing_keys, &config.keys, clock::now()).await?;
        bootstrap(&*persistence, &passwords, &config.bootstrap).await?;
        let sessions: Arc<dyn Sessions> = persistence.clone();
        let verifier = Verifier::new(Arc::new(keys.clone()), &config.issuer, None)
            .with_not_before(Arc::new(StoredNotBefore(sessions)));
        Ok(Self {
            persistence,
            live,
            verifier: Arc::new(verifier),
            keys,
            passwords,
            config: Arc::new(config),
        })
    }
}

/// The data and the passwords alone, for commands such as `ilenia admin create`. They need a database.
pub async fn connect(config: &AuthConfig) -> Result<(Arc<dyn Persistence>, Passwords), StartError> {
    let database = config.database.as_ref().ok_or_else(|| {
        StartError::Settings(
            "DATABASE_URL: needed, as what is kept in memory belongs to a running service".to_owned(),
        )
    })?;
    let pool = database.connect(&MIGRATOR).await?;
    Ok((Arc::new(Postgres::new(pool)), passwords(config)?))
}

/// Makes a new signing key, for `ilenia auth rotate-keys`. Running instances take it up within 30 s.
///
/// Returns its name and when it begins to sign.
pub async fn rotate_keys(
    config: &AuthConfig,
    rotation: Rotation,
) -> Result<(String, DateTime<Utc>), StartError> {
    let (persistence, _) = connect(config).await?;
    let keys = Keys::open(persistence, &config.keys, clock::now()).await?;
    Ok(keys.rotate(rotation, &Actor::System, clock::now()).await?)
}

fn passwords(config: &AuthConfig) -> Result<Passwords, StartError> {
    Passwords::new(config.passwords).map_err(|error| StartError::Settings(error.to_string()))
}

impl From<KeyError> for StartError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::WrongSecret => Self::Settings(error.to_string()),
            KeyError::Persistence(error) => error.into(),
            KeyError::NoKey | KeyError::Failed(_) => Self::Failed(Box::new(error)),
        }
    }
}

impl From<BootstrapError> for StartError {
    fn from(error: BootstrapError) -> Self {
        match error {
            BootstrapError::Persistence(error) => error.into(),
            BootstrapError::Text(_) | BootstrapError::Password(_) => Self::Settings(error.to_string()),
            BootstrapError::Admin(_) | BootstrapError::Client(..) => Self::Failed(Box::new(error)),
        }
    }
}

/// Takes up keys that other instances made, and makes new ones when it is time.
async fn maintain_keys(keys: Keys, shutdown: CancellationToken) {
    let mut ticks = Ticks::new(READ_INTERVAL, shutdown);
    while ticks.next().await {
        if let Err(error) = keys.maintain(clock::now()).await {
            tracing::warn!(%error, "the signing keys could not be looked after");
        }
    }
}

/// Forgets what has expired.
async fn sweep(persistence: Arc<dyn Persistence>, shutdown: CancellationToken) {
    let mut ticks = Ticks::new(SWEEP_INTERVAL, shutdown);
    while ticks.next().await {
        match sweep_once(&*persistence).await {
            Ok((tokens, attempts)) => tracing::debug!(tokens, attempts, "forgot what has expired"),
            Err(error) => tracing::warn!(%error, "what has expired could not be forgotten"),
        }
    }
}

async fn sweep_once(persistence: &dyn Persistence) -> Result<(u64, u64), PersistenceError> {
    let now = clock::now();
    Ok((persistence.sweep_sessions(now).await?, persistence.sweep_attempts(now).await?))
}

/// Now and then, until the end.
struct Ticks {
    interval: Interval,
    shutdown: CancellationToken,
}

impl Ticks {
    fn new(every: Duration, shutdown: CancellationToken) -> Self {
        let mut interval = tokio::time::interval(every);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { interval, shutdown }
    }

    /// `true` when it is time again, `false` at the end.
    async fn next(&mut self) -> bool {
        tokio::select! {
            () = self.shutdown.cancelled() => false,
            _ = self.interval.tick() => true,
        }
    }
}
