//! The running parts of `ilenia dev`, and their end in the reverse order of their start.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use agents::CancellationToken;
use axum::Router;
use common::service::{Service, ServiceConfig};
use inference::{
    Models,
    engines::{self, EnginesConfig},
};
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use crate::{
    commands::services,
    dev::{
        demo::Demo,
        http::{self, Dependencies, Dependency, PublicRoutes},
        livekit_server::{self, LiveKitPorts},
        probe,
        supervisor::Supervised,
    },
    failure::{Failure, Kind},
    settings::LiveKitSettings,
    terminal,
};

/// How long the engines may take to load their models.
const ENGINES_WITHIN: Duration = Duration::from_secs(60);
/// How long a service's requests in hand may take when all ends.
const DRAIN: Duration = Duration::from_secs(5);
/// How long a part may take to end.
const END_WITHIN: Duration = Duration::from_secs(12);

/// What runs. Each part has a token of its own, so that those who use another end before it.
#[derive(Default)]
pub(crate) struct Parts {
    dependencies: Dependencies,
    livekit: Option<Supervised>,
    livekit_end: CancellationToken,
    engines: Option<JoinHandle<io::Result<()>>>,
    engines_end: CancellationToken,
    services: Vec<(&'static str, TaskTracker, JoinHandle<()>)>,
    /// What services do besides requests.
    services_end: CancellationToken,
    /// Their requests: until the end of the former they may ask each other.
    listeners_end: CancellationToken,
    http: Option<JoinHandle<()>>,
    http_end: CancellationToken,
    demo: Option<Demo>,
    demo_end: CancellationToken,
}

impl Parts {
    /// Notes a LiveKit server that somebody else runs.
    pub(crate) fn use_livekit(&mut self, livekit: &LiveKitSettings) {
        self.dependencies.insert("livekit", Dependency::LiveKit(livekit.clone()));
    }

    /// Starts a LiveKit server and waits until it answers.
    pub(crate) async fn start_livekit(
        &mut self,
        program: PathBuf,
        ports: LiveKitPorts,
        livekit: &LiveKitSettings,
        webhook: &str,
    ) -> Result<(), Failure> {
        self.dependencies.insert("livekit", Dependency::Local { address: ports.address(), path: "/" });
        let child = livekit_server::start(program, ports, livekit, webhook, self.livekit_end.clone())?;
        self.livekit.insert(child).ready().await
    }

    /// Starts the offline engines and waits until their models are loaded.
    pub(crate) async fn start_engines(
        &mut self,
        listener: TcpListener,
        address: SocketAddr,
    ) -> Result<(), Failure> {
        self.dependencies.insert("engines", Dependency::Local { address, path: "/health" });
        let serving = engines::serve(listener, EnginesConfig::default(), self.engines_end.clone());
        let task = self.engines.insert(tokio::spawn(serving));
        let ready = async {
            while !task.is_finished() && !probe::is_ok(address, "/health").await {
                sleep(Duration::from_millis(50)).await;
            }
        };
        let in_time = timeout(ENGINES_WITHIN, ready).await.is_ok();
        if in_time && !task.is_finished() {
            return Ok(());
        }
        Err(Failure::new(Kind::Unavailable, "the offline engines did not start")
            .hint("ILENIA_LOG=info tells more"))
    }

    /// What services that are started here end with.
    pub(crate) fn services_end(&self) -> CancellationToken {
        self.services_end.clone()
    }

    /// Serves one service on a port of its own; returns what answers there.
    pub(crate) fn start_service(
        &mut self,
        name: &'static str,
        listener: TcpListener,
        service: Service,
        config: &ServiceConfig,
    ) -> Router {
        if let Ok(address) = listener.local_addr() {
            self.dependencies.insert(name, Dependency::Local { address, path: "/ready" });
        }
        let (tasks, router) = (service.tasks(), service.router(config));
        let serving = common::service::serve(listener, router.clone(), self.listeners_end.clone(), DRAIN);
        self.services.push((name, tasks, tokio::spawn(serving)));
        router
    }

    /// Serves `/health`, `/ready` and the public routes: what was started or noted before is what has to be ready.
    pub(crate) fn start_http(&mut self, listener: TcpListener, routes: PublicRoutes, config: ServiceConfig) {
        let serving = http::serve(listener, self.dependencies.clone(), routes, config, self.http_end.clone());
        self.http = Some(tokio::spawn(serving));
    }

    /// Sends the demonstration's agents into their room.
    pub(crate) fn start_demo(&mut self, livekit: &LiveKitSettings, models: &Models) -> &mut Demo {
        self.demo.insert(Demo::start(livekit, models, self.demo_end.clone()))
    }

    /// Ends everything; what does not end in time is left to the end of the process.
    pub(crate) async fn end(mut self) {
        self.demo_end.cancel();
        if let Some(demo) = self.demo.take() {
            in_time("the demonstration", demo.ended()).await;
        }
        self.services_end.cancel();
        let tasks = self.services.iter().map(|(_, tasks, _)| services::ended(tasks.clone()));
        futures_util::future::join_all(tasks).await;
        self.http_end.cancel();
        self.listeners_end.cancel();
        if let Some(http) = self.http.take() {
            in_time("HTTP", async { drop(http.await) }).await;
        }
        for (name, _, service) in self.services {
            in_time(name, async { drop(service.await) }).await;
        }
        self.engines_end.cancel();
        if let Some(engines) = self.engines.take() {
            in_time("the engines", async { drop(engines.await) }).await;
        }
        self.livekit_end.cancel();
        if let Some(mut livekit) = self.livekit.take() {
            in_time("the LiveKit server", livekit.ended()).await;
        }
    }
}

async fn in_time(what: &str, end: impl Future<Output = ()>) {
    if timeout(END_WITHIN, end).await.is_err() {
        terminal::note(format!("{what} did not end within {} s", END_WITHIN.as_secs()));
    }
}
