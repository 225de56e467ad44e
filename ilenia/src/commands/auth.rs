//! `ilenia auth`: auth-service, and its keys.

use crate::{commands::services, failure::Failure};

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
    RotateKeys,
}

impl AuthArguments {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.command {
            None | Some(AuthCommand::Serve) => services::auth().await,
            Some(AuthCommand::RotateKeys) => rotate_keys().await,
        }
    }
}
