//! The service, put together.

use std::{sync::Arc, time::Duration};

use common::{
    access::{JwksUrl, KeySource as _, LiveNotBefore, Permission, Verifier},
    event::EventsService,
    live_state::LiveState,
    oauth::ClientCredentials,
    service::{Metrics, Readiness, Service, StartError},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use transcript::{Live, SegmentLog};

use crate::{
    ABOUT, AppState, Lifecycle, LiveConfig, LiveKitProvider, LiveNotices,
    agents::{Listeners, LocalSpawner},
    figures::Figures,
    lifecycle::Parts,
    persistence::{
        Sessions,
        in_memory::InMemory,
        postgres::{MIGRATOR, Postgres},
    },
    presence::Presence,
    router,
    watch::Watch,
};

/// How long the service goes on after it is told to end, at most: its agents finish what they have in hand.
pub const DRAIN: Duration = Duration::from_secs(15);

/// What the service asks tokens of its own for.
const SCOPES: [Permission; 5] = [
    Permission::EventsRead,
    Permission::SessionsRecord,
    Permission::AgentsToken,
    Permission::RoomsManage,
    Permission::SegmentsWrite,
];

/// Where sessions and their segments are kept.
struct Kept {
    sessions: Arc<dyn Sessions>,
    log: Arc<dyn SegmentLog>,
}

/// As configured; the database has been reached.
async fn kept(config: &LiveConfig) -> Result<Kept, StartError> {
    let Some(database) = &config.database else {
        return Ok(Kept {
            sessions: Arc::new(InMemory::default()),
            log: Arc::new(transcript::InMemory::new()),
        });
    };
    let pool = database.connect(&MIGRATOR).await?;
    Ok(Kept {
        sessions: Arc::new(Postgres::new(pool.clone())),
        log: Arc::new(transcript::Postgres::new(pool)),
    })
}

/// The service as configured. It goes on with the sessions that the last process left, until `shutdown`: then its
/// agents end in good order, which takes up to [`DRAIN`]. Wait for [`Service::tasks`] before the process ends.
///
/// `/ready` names the database, the live state and the services that are asked.
///
/// Errors: the database cannot be reached in time, or its schema cannot be brought up to date.
pub async fn start(
    config: LiveConfig,
    live_state: Arc<dyn LiveState>,
    shutdown: CancellationToken,
) -> Result<Service, StartError> {
    let kept = kept(&config).await?;
    let failed = |error: &dyn std::fmt::Display| StartError::Failed(error.to_string().into());
    let keys = JwksUrl::new(config.access.jwks_url.clone()).map_err(|error| failed(&error))?;
    let verifier =
        Verifier::new(Arc::new(keys.clone()), &config.access.issuer, config.access.audience.as_deref())
            .with_not_before(Arc::new(LiveNotBefore::new(Arc::clone(&live_state))));
    let credentials =
        ClientCredentials::new(config.token_url, &config.client_id, &config.client_secret, &SCOPES)
            .map_err(|error| failed(&error))?;
    let events = EventsService::new(config.events_service, credentials.clone(), Arc::clone(&live_state))
        .map_err(|error| failed(&error))?;
    let provider = LiveKitProvider::new(config.livekit_provider.clone(), credentials.clone())
        .map_err(|error| failed(&error))?;
    let models = config.inference.models().map_err(|error| failed(&error))?;
    let readiness = readiness(
        Arc::clone(&kept.sessions),
        Arc::clone(&live_state),
        keys,
        events.clone(),
        provider.clone(),
    );

    let (metrics, figures, tasks) = (Metrics::new(ABOUT.name), Figures::default(), TaskTracker::new());
    figures.register(&metrics);
    let live = Live::new(kept.log, Arc::clone(&live_state));
    let events = Arc::new(events);
    let provider = Arc::new(provider);
    let presence = Presence::start(
        Arc::clone(&kept.sessions),
        Arc::clone(&events) as _,
        Arc::clone(&provider) as _,
        Arc::clone(&live_state),
        shutdown.clone(),
    );
    let watch = Watch::new(
        Arc::clone(&kept.sessions),
        Arc::clone(&events) as _,
        Arc::clone(&live_state),
        live.clone(),
    );
    let listeners: Arc<dyn Listeners> = Arc::new(presence.clone());
    let lifecycle = Lifecycle::new(Parts {
        sessions: Arc::clone(&kept.sessions),
        live: live.clone(),
        live_state: Arc::clone(&live_state),
        events: Arc::clone(&events) as _,
        records: Arc::clone(&events) as _,
        provider: Arc::clone(&provider) as _,
        spawner: Arc::new(LocalSpawner::new(models, provider, Arc::clone(&listeners), live.clone())),
        figures,
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
    });
    if !config.mock {
        lifecycle.resume();
    }
    let state = AppState {
        sessions: kept.sessions,
        live,
        notices: LiveNotices::new(Arc::clone(&live_state)),
        live_state,
        events,
        lifecycle,
        listeners,
        presence,
        watch,
        verifier: Arc::new(verifier),
        shutdown,
    };
    Ok(Service::new(ABOUT, router().with_state(state), readiness, metrics).with_tasks(tasks))
}

fn readiness(
    sessions: Arc<dyn Sessions>,
    live_state: Arc<dyn LiveState>,
    keys: JwksUrl,
    events: EventsService,
    provider: LiveKitProvider,
) -> Readiness {
    Readiness::default()
        .needs("database", move || {
            let sessions = Arc::clone(&sessions);
            async move { sessions.check().await.is_ok() }
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
            async move { events.peer().check().await }
        })
        .needs("livekit-provider", move || {
            let provider = provider.clone();
            async move { provider.check().await }
        })
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use common::{config::Variables, live_state::InProcess, service::ServiceConfig};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn it_starts_without_the_others_says_who_is_missing_and_ends() {
        let nowhere = "http://127.0.0.1:1";
        let variables = Variables::from([
            ("OAUTH_LIVE_SERVICE_CLIENT_SECRET", "hush"),
            ("AUTH_SERVICE_URL", nowhere),
            ("EVENTS_SERVICE_URL", nowhere),
            ("LIVEKIT_PROVIDER_URL", nowhere),
        ]);
        let config = LiveConfig::from_variables(&variables);
        let shutdown = CancellationToken::new();
        let service = start(config, Arc::new(InProcess::new()), shutdown.clone()).await.expect("it starts");
        let background = service.tasks();
        let shell = ServiceConfig::from_variables(&variables, "LIVE_SERVICE_PORT", 8092, "USE_LIVE_MOCK");
        let router = service.router(&shell);
        let asked = |path: &str| {
            let request = Request::get(path).body(Body::empty()).expect("a request");
            let router = router.clone();
            async move {
                let answer = router.oneshot(request).await.expect("an answer");
                let status = answer.status().as_u16();
                let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
                (status, String::from_utf8(body.to_vec()).expect("text"))
            }
        };
        let (status, ready) = asked("/ready").await;
        assert_eq!(status, 503);
        let ready: serde_json::Value = serde_json::from_str(&ready).expect("JSON");
        for (name, state) in [
            ("database", "ready"),
            ("live_state", "ready"),
            ("auth-service", "not ready"),
            ("events-service", "not ready"),
            ("livekit-provider", "not ready"),
        ] {
            assert_eq!(ready["dependencies"][name], state, "{name}");
        }
        let (_, metrics) = asked("/metrics").await;
        for name in ["ilenia_running_sessions", "ilenia_running_agents", "ilenia_agent_restarts"] {
            assert!(metrics.contains(name), "{name}");
        }
        shutdown.cancel();
        background.close();
        background.wait().await;
    }
}
