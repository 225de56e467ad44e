//! The service, put together.

use std::sync::Arc;

use common::{
    access::{JwksUrl, KeySource as _, LiveNotBefore, Verifier},
    live_state::LiveState,
    service::{About, Document, Metrics, Readiness, Service, StartError},
};
use tokio_util::sync::CancellationToken;

use crate::{
    AppState, EventsConfig,
    persistence::{
        Persistence,
        in_memory::InMemory,
        postgres::{MIGRATOR, Postgres},
    },
    router,
};

/// What this service is.
pub const ABOUT: About = About {
    name: "events-service",
    description: "The source of truth for events: channels, languages, who speaks and who listens.",
    version: "v1",
    collection: Some("/events"),
};

/// The description of the API.
pub fn openapi() -> Document {
    Document::new(router().get_openapi(), ABOUT)
}

/// Where the data is kept, as configured; the database has been reached.
pub async fn persistence(config: &EventsConfig) -> Result<Arc<dyn Persistence>, StartError> {
    let Some(database) = &config.database else { return Ok(Arc::new(InMemory::default())) };
    let pool = database.connect(&MIGRATOR).await?;
    Ok(Arc::new(Postgres::new(pool)))
}

/// The service over its persistence. Tokens are verified by the keys that the auth-service publishes.
///
/// `/ready` names the database, the live state and the auth-service.
pub fn assemble(
    config: &EventsConfig,
    persistence: Arc<dyn Persistence>,
    live_state: Arc<dyn LiveState>,
) -> Result<Service, StartError> {
    let keys =
        JwksUrl::new(config.access.jwks_url.clone()).map_err(|error| StartError::Failed(error.into()))?;
    let verifier =
        Verifier::new(Arc::new(keys.clone()), &config.access.issuer, config.access.audience.as_deref())
            .with_not_before(Arc::new(LiveNotBefore::new(Arc::clone(&live_state))));
    let readiness = readiness(keys, Arc::clone(&persistence), Arc::clone(&live_state));
    let state = AppState::new(persistence, Arc::new(verifier), live_state, config.max_live_events);
    Ok(Service::new(ABOUT, router().with_state(state), readiness, Metrics::new(ABOUT.name)))
}

/// The service as configured.
///
/// Errors: the database cannot be reached in time, or its schema cannot be brought up to date.
pub async fn start(
    config: EventsConfig,
    live_state: Arc<dyn LiveState>,
    _shutdown: CancellationToken,
) -> Result<Service, StartError> {
    let persistence = persistence(&config).await?;
    assemble(&config, persistence, live_state)
}

fn readiness(keys: JwksUrl, persistence: Arc<dyn Persistence>, live_state: Arc<dyn LiveState>) -> Readiness {
    Readiness::default()
        .needs("database", move || {
            let persistence = Arc::clone(&persistence);
            async move { persistence.check().await.is_ok() }
        })
        .needs("live_state", move || {
            let live_state = Arc::clone(&live_state);
            async move { live_state.check().await.is_ok() }
        })
        .needs("auth-service", move || {
            let keys = keys.clone();
            async move { keys.check().await.is_ok() }
        })
}
