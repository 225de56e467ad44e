//! The service, put together.

use std::{sync::Arc, time::Duration};

use common::{
    access::{JwksUrl, KeySource as _, LiveNotBefore, Permission, Verifier},
    event::EventsService,
    http::ClientError,
    live_state::LiveState,
    oauth::ClientCredentials,
    peer::Peer,
    service::{About, Document, Metrics, Readiness, Service, StartError},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    AppState, Figures, ProviderConfig,
    persistence::{
        Persistence,
        in_memory::InMemory,
        postgres::{MIGRATOR, Postgres},
    },
    removal::Removal,
    rooms::{LiveKit, LiveKitServer},
    router,
    webhook::Forwarder,
};

/// How long the live-service may take to hear something.
const TELL_WITHIN: Duration = Duration::from_secs(5);

/// What this service is.
pub const ABOUT: About = About {
    name: "livekit-provider",
    description: "Rooms of events on the LiveKit server, and the tokens that let people and agents in.",
    version: "v2",
    collection: None,
};

/// The description of the API.
pub fn openapi() -> Document {
    Document::new(router().get_openapi(), ABOUT)
}

/// Where the data is kept, as configured; the database has been reached.
pub async fn persistence(config: &ProviderConfig) -> Result<Arc<dyn Persistence>, StartError> {
    let Some(database) = &config.database else { return Ok(Arc::new(InMemory::default())) };
    let pool = database.connect(&MIGRATOR).await?;
    Ok(Arc::new(Postgres::new(pool)))
}

/// The service as configured. Until `shutdown`, what LiveKit tells is passed on to the live-service, and people who may
/// not be in a room any more are put out.
///
/// `/ready` names the database, the live state, the auth-service, the events-service and LiveKit.
///
/// Errors: the database cannot be reached in time, or its schema cannot be brought up to date.
pub async fn start(
    config: ProviderConfig,
    live_state: Arc<dyn LiveState>,
    shutdown: CancellationToken,
) -> Result<Service, StartError> {
    install_tls();
    let persistence = persistence(&config).await?;
    let keys = JwksUrl::new(config.access.jwks_url.clone()).map_err(failed)?;
    let not_before = Arc::new(LiveNotBefore::new(Arc::clone(&live_state)));
    let verifier =
        Verifier::new(Arc::new(keys.clone()), &config.access.issuer, config.access.audience.as_deref())
            .with_not_before(not_before.clone());
    let scopes = [Permission::EventsRead, Permission::RoomsManage];
    let credentials =
        ClientCredentials::new(config.token_url, &config.client_id, &config.client_secret, &scopes)
            .map_err(failed)?;
    let events = EventsService::new(config.events_service, credentials.clone(), Arc::clone(&live_state))
        .map_err(failed)?;
    let live_service =
        Peer::new("live-service", config.live_service, TELL_WITHIN, credentials).map_err(failed)?;
    let server = &config.livekit;
    let livekit: Arc<dyn LiveKit> =
        Arc::new(LiveKitServer::new(&server.url, &server.api_key, &server.api_secret));

    let readiness = readiness(&keys, &persistence, &live_state, events.peer(), &livekit);
    let metrics = Metrics::new(ABOUT.name);
    let figures = Figures::register(&metrics);
    let (state, errands) = AppState::new(
        persistence,
        Arc::new(verifier),
        Arc::new(events),
        livekit,
        config.livekit,
        figures.clone(),
    );
    let tasks = TaskTracker::new();
    if !config.mock {
        let persistence = Arc::clone(&state.persistence);
        let forwarder =
            Forwarder { persistence, live_service: Arc::new(live_service), figures: figures.clone() };
        tasks.spawn(forwarder.run(errands.arrived, shutdown.clone()));
        let removal = Removal {
            events: Arc::clone(&state.events),
            livekit: Arc::clone(&state.livekit),
            persistence: Arc::clone(&state.persistence),
            not_before,
            figures,
        };
        tasks.spawn(removal.run(live_state, errands.doubts, shutdown));
    }
    Ok(Service::new(ABOUT, router().with_state(state), readiness, metrics).with_tasks(tasks))
}

fn failed(error: ClientError) -> StartError {
    StartError::Failed(error.into())
}

/// Two TLS providers are in the graph, so rustls does not choose one by itself. What the program chose stays.
fn install_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

fn readiness(
    keys: &JwksUrl,
    persistence: &Arc<dyn Persistence>,
    live_state: &Arc<dyn LiveState>,
    events: &Peer,
    livekit: &Arc<dyn LiveKit>,
) -> Readiness {
    let (keys, events) = (keys.clone(), events.clone());
    let (persistence, live_state, livekit) =
        (Arc::clone(persistence), Arc::clone(live_state), Arc::clone(livekit));
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
        .needs("events-service", move || {
            let events = events.clone();
            async move { events.check().await }
        })
        .needs("livekit", move || {
            let livekit = Arc::clone(&livekit);
            async move { livekit.check().await.is_ok() }
        })
}
