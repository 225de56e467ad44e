//! `ilenia dev`: everything on one machine, loopback only, without a key or an account.

use std::net::{Ipv4Addr, SocketAddr};

use common::{config::Variables, demo as demo_data};
use inference::{
    InferenceConfig,
    engines::{self, EnginesConfig},
};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    commands::{
        agent::ENDPOINTS,
        engines::ENGINES_PORT,
        services::{AUTH, EVENTS, ORCHESTRATOR, PROVIDER},
    },
    dev::{
        address_of, demo,
        livekit_server::{self, LiveKitPorts},
        missing,
        parts::Parts,
        ports,
        services::{self, Listeners},
    },
    failure::{Failure, Kind},
    joining,
    settings::{DEV_URL, LiveKitSettings, LogSettings, loopback_port},
    shutdown, terminal,
};

/// Where the site is.
const SITE_PORT: u16 = 8080;

#[derive(Debug, clap::Args)]
pub(crate) struct DevArguments {
    /// Also send agents into the room `demo`, speak a sample there and print its captions
    #[arg(long)]
    demo: bool,
    /// The same, and end after it; fails when a caption is missing
    #[arg(long, alias = "exit-after-demo")]
    demo_once: bool,
    /// Start a LiveKit server on this port and, for UDP, the second after it; 0: any that are free [default: 7880, or that of `LIVEKIT_URL`]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(..=65_533))]
    livekit_port: Option<u16>,
    /// Every port that is not given: any that is free
    #[arg(long)]
    any_ports: bool,
    /// The offline engines' port; 0: any that is free [default: 8095]
    #[arg(long, value_name = "PORT")]
    engines_port: Option<u16>,
    /// The port of the site; 0: any that is free [default: 8080]
    #[arg(long, value_name = "PORT")]
    http_port: Option<u16>,
    /// auth-service's own port; 0: any that is free [default: 8081]
    #[arg(long, value_name = "PORT")]
    auth_port: Option<u16>,
    /// events-service's own port; 0: any that is free [default: 8083]
    #[arg(long, value_name = "PORT")]
    events_port: Option<u16>,
    /// livekit-provider's own port; 0: any that is free [default: 8086]
    #[arg(long, value_name = "PORT")]
    provider_port: Option<u16>,
    /// live-service's own port; 0: any that is free [default: 8092]
    #[arg(long, value_name = "PORT")]
    orchestrator_port: Option<u16>,
}

impl DevArguments {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let variables = Variables::from_env();
        let log = LogSettings::read(&variables, LogSettings::DEV);
        let livekit = LiveKitSettings::read(&variables);
        let inference = InferenceConfig::from_variables(&variables);
        let (log, livekit, inference) = variables.finish((log, livekit, inference))?;
        log.start()?;
        let shutdown = shutdown::on_signals()?;

        let mut parts = Parts::default();
        let result = tokio::select! {
            result = self.start_and_stay(&mut parts, &variables, livekit, inference) => result,
            () = shutdown.cancelled() => {
                terminal::note("\nending (again Ctrl-C: at once)");
                Ok(())
            }
        };
        parts.end().await;
        result
    }

    /// Returns when the demonstration is over and nothing more is wanted, or something failed.
    async fn start_and_stay(
        &self,
        parts: &mut Parts,
        variables: &Variables,
        mut livekit: LiveKitSettings,
        inference: InferenceConfig,
    ) -> Result<(), Failure> {
        let show = self.demo || self.demo_once;
        terminal::line("Ilenia on this machine: everything stays here, no key and no account needed.\n");
        // Every port first: whoever finds one taken should not have to wait for it.
        let http = self.listen("HTTP", self.http_port, SITE_PORT, "--http-port")?;
        let http_address = address_of(&http)?;
        let engines = self.engines_listener(variables, show)?;
        let listeners = Listeners {
            auth: self.listen("auth-service", self.auth_port, AUTH.default_port, "--auth-port")?,
            events: self.listen("events-service", self.events_port, EVENTS.default_port, "--events-port")?,
            provider: self.listen(
                "livekit-provider",
                self.provider_port,
                PROVIDER.default_port,
                "--provider-port",
            )?,
            orchestrator: self.listen(
                "live-service",
                self.orchestrator_port,
                ORCHESTRATOR.default_port,
                "--orchestrator-port",
            )?,
        };

        let started = Instant::now();
        if let Some(ports) = self.own_livekit(variables, &livekit).await? {
            livekit.url = format!("ws://{}", ports.address());
            let program = livekit_server::locate(variables)?;
            parts.start_livekit(program, ports, &livekit, &listeners.webhook()?).await?;
            tell("LiveKit server", &livekit.url, &took(started));
        } else {
            parts.use_livekit(&livekit);
            tell("LiveKit server", &livekit.url, "(runs already)");
        }
        let mut models = inference;
        let mut engines_address = None;
        if let Some(listener) = engines {
            let (started, address) = (Instant::now(), address_of(&listener)?);
            engines_address = Some(address);
            parts.start_engines(listener, address).await?;
            models = models.or_engines(address);
            tell("Offline engines", &format!("http://{address}"), &took(started));
        }
        let began = Instant::now();
        let (routes, site) =
            services::start(parts, variables, http_address, listeners, &livekit, models.clone()).await?;
        parts.start_http(http, routes, site);
        tell("Services", &format!("http://{http_address}"), &took(began));
        for (route, service) in services::PUBLIC_ROUTES {
            terminal::line(format!("  {:<16} {route:<24} {service}", ""));
        }
        Self::tell_accounts();
        tell_models(variables);

        if show {
            let models = models.models().map_err(|error| Failure::new(Kind::Other, error.to_string()))?;
            terminal::line(format!(
                "\nDemonstration: a voice speaks English into room {:?}. Each caption with its time since the end of the words:",
                demo::ROOM
            ));
            let demo = parts.start_demo(&livekit, &models);
            let result = demo.show().await;
            if self.demo_once {
                return result;
            }
            if let Err(failure) = result {
                terminal::note(failure.to_string());
            }
            Self::tell_what_next(&livekit, engines_address, demo::ROOM);
            terminal::note(demo.failed().await.to_string());
        } else {
            Self::tell_what_next(&livekit, engines_address, "my-room");
        }
        std::future::pending().await
    }

    /// Takes the port of one part; `option` chooses another.
    fn listen(
        &self,
        part: &str,
        port: Option<u16>,
        default: u16,
        option: &str,
    ) -> Result<TcpListener, Failure> {
        let port = port.unwrap_or(if self.any_ports { 0 } else { default });
        ports::listen(part, loopback(port), option)
    }

    /// The ports of a LiveKit server to start; `None` when the one at `LIVEKIT_URL` is to be used.
    async fn own_livekit(
        &self,
        variables: &Variables,
        livekit: &LiveKitSettings,
    ) -> Result<Option<LiveKitPorts>, Failure> {
        if let Some(port) = self.livekit_port {
            return LiveKitPorts::choose(port).map(Some);
        }
        if variables.optional::<String>("LIVEKIT_URL").is_none() {
            let usual = loopback_port(DEV_URL).filter(|_| !self.any_ports);
            return LiveKitPorts::choose(usual.unwrap_or_default()).map(Some);
        }
        match joining::room_exists(livekit, demo::ROOM).await {
            Ok(_) => Ok(None),
            Err(away) => match loopback_port(&livekit.url) {
                // Nothing is there, so it is for us to start it.
                Some(port) if away.is(Kind::Unavailable) => LiveKitPorts::choose(port).map(Some),
                _ => Err(away),
            },
        }
    }

    /// The engines' port, when an endpoint is left to them.
    fn engines_listener(&self, variables: &Variables, needed: bool) -> Result<Option<TcpListener>, Failure> {
        if unset_endpoints(variables).is_empty() {
            return Ok(None);
        }
        let lacking = engines::check(&EnginesConfig::default());
        if !lacking.is_empty() {
            let failure = missing::failure(&lacking);
            if needed {
                return Err(failure);
            }
            terminal::note(failure.to_string());
        }
        self.listen("Offline engines", self.engines_port, ENGINES_PORT, "--engines-port").map(Some)
    }

    fn tell_accounts() {
        terminal::line(format!("  {:<16} password {}", "Accounts", demo_data::PASSWORD));
        for (_, email, _, role) in demo_data::ACCOUNTS {
            terminal::line(format!("  {:<16} {email:<24} {role}", ""));
        }
        terminal::line(format!("  {:<16} {}", "Event", demo_data::EVENT_ID));
    }

    fn tell_what_next(livekit: &LiveKitSettings, engines: Option<SocketAddr>, room: &str) {
        let ilenia = std::env::args().next().unwrap_or_else(|| "ilenia".to_owned());
        let ilenia =
            if livekit.url == DEV_URL { ilenia } else { format!("LIVEKIT_URL={} {ilenia}", livekit.url) };
        // Agents look for the engines at their usual port by themselves.
        let elsewhere = engines.filter(|address| address.port() != ENGINES_PORT);
        let engines = elsewhere.map_or_else(String::new, |at| {
            format!("HF_ASR_URL=http://{at}/asr HF_MT_URL=http://{at}/v1 HF_TTS_URL=http://{at}/tts ")
        });
        terminal::line("\nTry it, in another terminal:");
        if room != demo::ROOM {
            terminal::line(format!(
                "  caption     {engines}{ilenia} agent connect --room {room} --agent asr --language en-US"
            ));
            terminal::line(format!(
                "  translate   {engines}{ilenia} agent connect --room {room} --agent mt --language es-ES --speech"
            ));
        }
        terminal::line(format!(
            "  listen      {ilenia} listen --room {room} --language {} --save speech.wav",
            demo::SPOKEN
        ));
        terminal::line(format!("  speak       {ilenia} say --room {room} --file talk.wav"));
        terminal::line(format!(
            "  join        any LiveKit client at {}, with the token of: {ilenia} token --room {room} --identity speaker-me",
            livekit.url
        ));
        terminal::line("\nReady. Ctrl-C ends everything.");
    }
}

/// The models that no variable names.
fn unset_endpoints(variables: &Variables) -> Vec<&'static str> {
    ENDPOINTS.into_iter().filter(|name| variables.optional::<String>(name).is_none()).collect()
}

fn tell_models(variables: &Variables) {
    let unset = unset_endpoints(variables);
    if unset.is_empty() {
        terminal::line("  Models: those of HF_ASR_URL, HF_MT_URL and HF_TTS_URL.");
    } else {
        terminal::line(format!(
            "  The offline engines show how it works; they are no match for real models, which {} may name.",
            unset.join(", ")
        ));
    }
}

fn tell(part: &str, place: &str, remark: &str) {
    terminal::line(format!("  {part:<16} {place:<24} {remark}"));
}

fn took(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f64())
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_stand_in_for_the_endpoints_that_are_not_named() {
        assert_eq!(unset_endpoints(&Variables::from([])).len(), 3);
        let one = Variables::from([("HF_MT_URL", "http://127.0.0.1:1/v1")]);
        assert_eq!(unset_endpoints(&one), ["HF_ASR_URL", "HF_TTS_URL"]);
    }
}
