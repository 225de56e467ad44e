//! `ilenia engines`: the offline engines on a port of their own.

use std::net::{IpAddr, SocketAddr};

use common::config::Variables;
use inference::engines::{self, EnginesConfig};

use crate::{
    dev::{missing, ports},
    failure::{Failure, Kind},
    settings::LogSettings,
    shutdown, terminal,
};

#[derive(Debug, clap::Args)]
pub(crate) struct EnginesArguments {
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port to listen on; 0: any that is free
    #[arg(long, default_value_t = ENGINES_PORT)]
    port: u16,
    /// Serve what is installed, although something is missing
    #[arg(long)]
    incomplete: bool,
}

/// Where the engines are looked for.
pub(crate) const ENGINES_PORT: u16 = 8095;

impl EnginesArguments {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let variables = Variables::from_env();
        let log = LogSettings::read(&variables, LogSettings::SERVICE);
        variables.finish(log)?.start()?;

        let config = EnginesConfig::default();
        let lacking = engines::check(&config);
        if !lacking.is_empty() {
            let failure = missing::failure(&lacking);
            if !self.incomplete {
                return Err(failure);
            }
            terminal::note(failure.to_string());
        }
        let listener = ports::listen("engines", SocketAddr::new(self.host, self.port), "--port")?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure::new(Kind::Other, format!("the engines' port: {error}")))?;
        let shutdown = shutdown::on_signals()?;
        terminal::line(format!(
            "offline engines at http://{address} (demonstration models): /asr, /v1/chat/completions, /tts"
        ));
        engines::serve(listener, config, shutdown)
            .await
            .map_err(|error| Failure::new(Kind::Other, format!("engines: {error}")))
    }
}
