//! The running parts of `ilenia dev`, and their end in the reverse order of their start.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use agents::CancellationToken;
use axum::Router;
use inference::{
    Models,
    engines::{self, EnginesConfig},
};
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
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
    services: Vec<(&'static str, JoinHandle<()>)>,
    services_end: CancellationToken,
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
    ) -> Result<(), Failure> {
        self.dependencies.insert("livekit", Dependency::Local { address: ports.address(), path: "/" });
        let child = livekit_server::start(program, ports, livekit, self.livekit_end.clone())?;
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

    /// Serves one service on a port of its own.
    pub(crate) fn start_service(&mut self, name: &'static str, listener: TcpListener, router: Router) {
        if let Ok(address) = listener.local_addr() {
            self.dependencies.insert(name, Dependency::Local { address, path: "/ready" });
        }
        let serving = common::service::serve(listener, router, self.services_end.clone(), DRAIN);
        self.services.push((name, tokio::spawn(serving)));
    }

    /// Serves `/health`, `/ready` and the public routes: what was started or noted before is what has to be ready.
    pub(crate) fn start_http(&mut self, listener: TcpListener, routes: PublicRoutes) {
        let serving = http::serve(listener, self.dependencies.clone(), routes, self.http_end.clone());
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
        self.http_end.cancel();
        if let Some(http) = self.http.take() {
            in_time("HTTP", async { drop(http.await) }).await;
        }
        self.services_end.cancel();
        for (name, service) in self.services {
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
