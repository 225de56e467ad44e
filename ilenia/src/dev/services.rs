//! The services of `ilenia dev`: in memory, with the demonstration's accounts and event.

use std::{net::SocketAddr, sync::Arc};

use auth::{Auth, AuthConfig};
use common::{
    clock,
    config::{Secret, Variables},
    live_state::{InProcess, LiveState},
    service::ServiceConfig,
};
use events::EventsConfig;
use inference::InferenceConfig;
use orchestrator::LiveConfig;
use provider::ProviderConfig;
use rand::distr::{Alphanumeric, SampleString as _};
use tokio::net::TcpListener;

use crate::{
    commands::services::{AUTH, EVENTS, ORCHESTRATOR, PROVIDER},
    dev::{address_of, http::PublicRoutes, parts::Parts},
    failure::{Failure, Kind},
    settings::LiveKitSettings,
};

/// Under which addresses of the site people find the services, and what these are called.
pub(crate) const PUBLIC_ROUTES: [(&str, &str); 4] = [
    ("/api/auth", "auth-service"),
    ("/api/events", "events-service"),
    ("/api/livekit", "livekit-provider"),
    ("/api/live-service", "live-service"),
];

/// The services' ports, taken before anything is started.
pub(crate) struct Listeners {
    pub(crate) auth: TcpListener,
    pub(crate) events: TcpListener,
    pub(crate) provider: TcpListener,
    pub(crate) orchestrator: TcpListener,
}

impl Listeners {
    /// Where LiveKit tells what happens in its rooms.
    pub(crate) fn webhook(&self) -> Result<String, Failure> {
        Ok(format!("http://{}/v2/livekit/webhook", address_of(&self.provider)?))
    }

    /// What holds in `ilenia dev` whatever is set; the rest (time-outs, mock modes) is as elsewhere.
    fn variables(
        &self,
        variables: &Variables,
        site: SocketAddr,
        livekit: &LiveKitSettings,
    ) -> Result<Variables, Failure> {
        let site = format!("http://{site}");
        let url = |listener| address_of(listener).map(|address| format!("http://{address}"));
        Ok(variables.with([
            ("USE_DATABASE", "false"),
            ("AUTH_ISSUER", &site),
            ("AUTH_PUBLIC_URL", &format!("{site}/api/auth")),
            ("AUTH_AUDIENCE", "event-service,livekit-service,live-service"),
            ("AUTH_SERVICE_URL", &url(&self.auth)?),
            ("EVENTS_SERVICE_URL", &url(&self.events)?),
            ("LIVEKIT_PROVIDER_URL", &url(&self.provider)?),
            ("LIVE_SERVICE_URL", &url(&self.orchestrator)?),
            ("LIVEKIT_URL", &livekit.url),
            ("LIVEKIT_AGENT_URL", &livekit.url),
            ("LIVEKIT_API_KEY", &livekit.api_key),
            ("LIVEKIT_API_SECRET", livekit.api_secret.expose()),
            // auth-service makes the clients of the same variables.
            ("OAUTH_LIVE_SERVICE_CLIENT_SECRET", new_secret().expose()),
            ("OAUTH_LIVEKIT_PROVIDER_CLIENT_SECRET", new_secret().expose()),
            ("FRONTEND_URL", &site),
            ("TRUSTED_PROXIES", ""),
            // The site has no TLS.
            ("REFRESH_COOKIE_SECURE", "false"),
        ]))
    }
}

/// Starts all services; returns the public routes to them, and the settings of the site's own shell.
///
/// `site` is the one address under which people see all of it, `models` are those that sessions' agents ask.
pub(crate) async fn start(
    parts: &mut Parts,
    variables: &Variables,
    site: SocketAddr,
    listeners: Listeners,
    livekit: &LiveKitSettings,
    models: InferenceConfig,
) -> Result<(PublicRoutes, ServiceConfig), Failure> {
    let variables = listeners.variables(variables, site, livekit)?;
    let [auth_shell, events_shell, provider_shell, orchestrator_shell] =
        [AUTH, EVENTS, PROVIDER, ORCHESTRATOR].map(|place| place.config(&variables));
    let events_config = EventsConfig::from_variables(&variables);
    let provider_config = ProviderConfig::from_variables(&variables);
    let live_config = LiveConfig { inference: models, ..LiveConfig::from_variables(&variables) };
    let auth_config = AuthConfig::from_variables(&variables)?;

    let live: Arc<dyn LiveState> = Arc::new(InProcess::new());
    let auth = Auth::open(auth_config, Arc::clone(&live)).await?;
    auth::demo::seed(&*auth.state.persistence, &auth.state.passwords).await.map_err(unprepared)?;
    let auth = auth.service(parts.services_end());
    let kept = events::persistence(&events_config).await?;
    events::demo::seed(&*kept, clock::now()).await.map_err(unprepared)?;
    let events = events::assemble(&events_config, kept, Arc::clone(&live))?;
    let provider = provider::start(provider_config, Arc::clone(&live), parts.services_end()).await?;

    let auth = parts.start_service(AUTH.command, listeners.auth, auth, &auth_shell);
    let events = parts.start_service(EVENTS.command, listeners.events, events, &events_shell);
    let provider = parts.start_service(PROVIDER.command, listeners.provider, provider, &provider_shell);
    // It asks the others from the start.
    let orchestrator = orchestrator::start(live_config, live, parts.services_end()).await?;
    let orchestrator =
        parts.start_service(ORCHESTRATOR.command, listeners.orchestrator, orchestrator, &orchestrator_shell);
    let mut routes = PublicRoutes::default().well_known(auth.clone());
    for ((route, _), service) in PUBLIC_ROUTES.into_iter().zip([auth, events, provider, orchestrator]) {
        routes = routes.at(route, service);
    }
    Ok((routes, ServiceConfig { mock: false, ..auth_shell }))
}

/// A secret for one run.
fn new_secret() -> Secret {
    Secret::new(Alphanumeric.sample_string(&mut rand::rng(), 43))
}

fn unprepared(error: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::Other, format!("the demonstration's accounts and event: {error}"))
}
