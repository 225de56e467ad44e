//! `ilenia auth`, `ilenia events`, `ilenia provider`, `ilenia orchestrator`: one service, on its own.

use std::{sync::Arc, time::Duration};

use agents::CancellationToken;
use auth::AuthConfig;
use common::{
    config::{ConfigError, Variables},
    live_state::{self, LiveState, RedisAddress},
    service::{Service, ServiceConfig, StartError},
};

use events::EventsConfig;
use orchestrator::LiveConfig;
use provider::ProviderConfig;
use tokio_util::task::TaskTracker;

use crate::{
    dev::{address_of, ports},
    failure::{Failure, Kind},
    settings::LogSettings,
    shutdown, terminal,
};

/// The port of each service and the variables that choose it and its mock mode.
pub(crate) struct Place {
    /// As in `ilenia auth`.
    pub(crate) command: &'static str,
    /// The variable with the port.
    pub(crate) port: &'static str,
    /// The port when it is not set.
    pub(crate) default_port: u16,
    /// The variable that turns on canned answers.
    pub(crate) mock: &'static str,
}

/// auth-service.
pub(crate) const AUTH: Place =
    Place { command: "auth", port: "AUTH_SERVICE_PORT", default_port: 8081, mock: "USE_AUTH_MOCK" };
/// events-service.
pub(crate) const EVENTS: Place =
    Place { command: "events", port: "EVENTS_SERVICE_PORT", default_port: 8083, mock: "USE_EVENT_MOCK" };
/// livekit-provider.
pub(crate) const PROVIDER: Place = Place {
    command: "provider",
    port: "LIVEKIT_PROVIDER_PORT",
    default_port: 8086,
    mock: "USE_LIVEKIT_MOCK",
};
/// live-service.
pub(crate) const ORCHESTRATOR: Place =
    Place { command: "orchestrator", port: "LIVE_SERVICE_PORT", default_port: 8092, mock: "USE_LIVE_MOCK" };

/// How long what a service does besides requests may take to end: agents finish what they have in hand.
const TASKS_WITHIN: Duration = Duration::from_secs(16);

impl Place {
    /// The settings of its shell.
    pub(crate) fn config(&self, variables: &Variables) -> ServiceConfig {
        ServiceConfig::from_variables(variables, self.port, self.default_port, self.mock)
    }
}

/// Serves auth-service until it is told to end.
pub(crate) async fn auth() -> Result<(), Failure> {
    let variables = Variables::from_env();
    serve(&AUTH, &variables, AuthConfig::from_variables, auth::start).await
}

/// Serves events-service until it is told to end.
pub(crate) async fn events() -> Result<(), Failure> {
    let variables = Variables::from_env();
    let config = |variables: &Variables| variables.finish(EventsConfig::from_variables(variables));
    serve(&EVENTS, &variables, config, events::start).await
}

/// Serves livekit-provider until it is told to end.
pub(crate) async fn provider() -> Result<(), Failure> {
    let variables = Variables::from_env();
    let config = |variables: &Variables| variables.finish(ProviderConfig::from_variables(variables));
    serve(&PROVIDER, &variables, config, provider::start).await
}

/// Serves live-service until it is told to end; its sessions' agents run in this process.
pub(crate) async fn orchestrator() -> Result<(), Failure> {
    let variables = Variables::from_env();
    let config = |variables: &Variables| variables.finish(LiveConfig::from_variables(variables));
    serve(&ORCHESTRATOR, &variables, config, orchestrator::start).await
}

async fn serve<C, F>(
    place: &Place,
    variables: &Variables,
    config: impl FnOnce(&Variables) -> Result<C, ConfigError>,
    start: impl FnOnce(C, Arc<dyn LiveState>, CancellationToken) -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<Service, StartError>>,
{
    let shell = place.config(variables);
    let redis = live_state::redis_address(variables);
    let log = LogSettings::read(variables, LogSettings::SERVICE);
    // The last one reports every mistake, before a port is taken.
    let config = config(variables)?;
    log.start()?;
    let listener = ports::listen(place.command, shell.listen, place.port)?;
    let address = address_of(&listener)?;
    let shutdown = shutdown::on_signals()?;
    tell_of_redis(redis.as_ref());
    let live = live_state::open(redis.as_ref());
    let service = tokio::select! {
        service = start(config, live, shutdown.clone()) => service?,
        () = shutdown.cancelled() => return Ok(()),
    };
    if shell.mock {
        terminal::note(format!("{}: every answer is an example ({}=true)", place.command, place.mock));
    }
    terminal::line(format!("{} listens on http://{address}", place.command));
    let drain = shell.drain;
    let tasks = service.tasks();
    let router = service.router(&shell);
    // The tasks may ask the service itself to their end.
    let silent = CancellationToken::new();
    let served = common::service::serve(listener, router, silent.clone(), drain);
    tokio::join!(served, async {
        shutdown.cancelled().await;
        ended(tasks).await;
        silent.cancel();
    });
    Ok(())
}

/// Resolves when a service's tasks, which have been told to, have ended, or had their time.
pub(crate) async fn ended(tasks: TaskTracker) {
    tasks.close();
    if tokio::time::timeout(TASKS_WITHIN, tasks.wait()).await.is_err() {
        tracing::warn!(tasks = tasks.len(), "not ended in time");
    }
}

fn tell_of_redis(redis: Option<&RedisAddress>) {
    if redis.is_none() {
        tracing::warn!(
            "neither REDIS_URL nor REDIS_HOST is set: notices and withdrawn tokens do not reach other processes"
        );
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let kind = match &error {
            StartError::Settings(_) => Kind::Usage,
            StartError::Unavailable { .. } => Kind::Unavailable,
            StartError::Failed(_) => Kind::Other,
        };
        Self::new(kind, error.to_string())
    }
}
