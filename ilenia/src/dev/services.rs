//! The services of `ilenia dev`: in memory, with the demonstration's accounts and event.

use std::{net::SocketAddr, sync::Arc};

use auth::{Auth, AuthConfig};
use axum::Router;
use common::{
    clock,
    config::Variables,
    live_state::{InProcess, LiveState},
};
use events::EventsConfig;
use tokio::net::TcpListener;

use crate::{
    commands::services::{AUTH, EVENTS, Place},
    dev::{http::PublicRoutes, parts::Parts},
    failure::{Failure, Kind},
};

/// The services' ports, taken before anything is started.
pub(crate) struct Listeners {
    pub(crate) auth: TcpListener,
    pub(crate) events: TcpListener,
}

/// Starts all services and tells the public routes to them.
///
/// `site` is the one address under which people see all of it.
pub(crate) async fn start(
    parts: &mut Parts,
    variables: &Variables,
    site: SocketAddr,
    listeners: Listeners,
) -> Result<PublicRoutes, Failure> {
    let site = format!("http://{site}");
    let auth_url = format!("http://{}", super::address_of(&listeners.auth)?);
    // What holds in `ilenia dev` whatever is set; the rest (time-outs, mock modes) is as elsewhere.
    let variables = variables.with([
        ("USE_DATABASE", "false"),
        ("AUTH_ISSUER", &site),
        ("AUTH_PUBLIC_URL", &format!("{site}/api/auth")),
        ("AUTH_SERVICE_URL", &auth_url),
        ("FRONTEND_URL", &site),
        ("TRUSTED_PROXIES", ""),
        // The site has no TLS.
        ("REFRESH_COOKIE_SECURE", "false"),
    ]);
    let (auth_shell, events_shell) = (AUTH.config(&variables), EVENTS.config(&variables));
    let events_config = EventsConfig::from_variables(&variables);
    let auth_config = AuthConfig::from_variables(&variables)?;

    let live: Arc<dyn LiveState> = Arc::new(InProcess::new());
    let auth = Auth::open(auth_config, Arc::clone(&live)).await?;
    auth::demo::seed(&*auth.state.persistence, &auth.state.passwords).await.map_err(unprepared)?;
    let auth = auth.service(parts.services_end());
    let kept = events::persistence(&events_config).await?;
    events::demo::seed(&*kept, clock::now()).await.map_err(unprepared)?;
    let events = events::assemble(&events_config, kept, live)?;
    let (auth, events) = (auth.router(&auth_shell), events.router(&events_shell));
    let mut add = |place: &Place, listener, router: &Router| {
        parts.start_service(place.command, listener, router.clone());
    };
    add(&AUTH, listeners.auth, &auth);
    add(&EVENTS, listeners.events, &events);
    Ok(PublicRoutes::default().well_known(auth.clone()).at("/api/auth", auth).at("/api/events", events))
}

fn unprepared(error: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::Other, format!("the demonstration's accounts and event: {error}"))
}
