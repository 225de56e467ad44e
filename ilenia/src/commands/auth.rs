//! `ilenia auth`: auth-service, and its keys.

use auth::{AuthConfig, Rotation};
use common::config::Variables;

use crate::{commands::services, failure::Failure, settings::LogSettings, terminal};

#[derive(Debug, clap::Args)]
pub(crate) struct AuthArguments {
    #[command(subcommand)]
    command: Option<AuthCommand>,
}

#[derive(Debug, clap::Subcommand)]
enum AuthCommand {
    /// Serve (as without a command)
    Serve,
    /// Make a new signing key; the old one stays published as long as tokens signed by it live
    RotateKeys(RotateArguments),
}

#[derive(Debug, clap::Args)]
struct RotateArguments {
    /// Sign with the new key at once instead of when every verifier has it
    #[arg(long)]
    at_once: bool,
    /// The old key is known to others: sign with the new one at once and forget all others, which ends every token
    #[arg(long, conflicts_with = "at_once")]
    compromised: bool,
}

impl AuthArguments {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.command {
            None | Some(AuthCommand::Serve) => services::auth().await,
            Some(AuthCommand::RotateKeys(arguments)) => arguments.run().await,
        }
    }
}

impl RotateArguments {
    async fn run(self) -> Result<(), Failure> {
        let variables = Variables::from_env();
        let log = LogSettings::read(&variables, LogSettings::QUIET);
        let config = AuthConfig::from_variables(&variables)?;
        log.start()?;
        let rotation = match (self.at_once, self.compromised) {
            (_, true) => Rotation::Compromised,
            (true, _) => Rotation::AtOnce,
            _ => Rotation::Ahead,
        };
        let (key, signs_from) = auth::rotate_keys(&config, rotation).await?;
        terminal::line(format!("key {key} signs from {}", signs_from.to_rfc3339()));
        Ok(())
    }
}
