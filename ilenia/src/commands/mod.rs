//! The commands, one file each.

mod admin;
pub(crate) mod agent;
mod auth;
mod dev;
pub(crate) mod engines;
pub(crate) mod exec_child;
mod import;
mod listen;
mod migrate;
mod say;
pub(crate) mod services;
mod token;

use clap::{Parser, Subcommand};

use crate::{failure::Failure, variables};

/// Live multilingual events: speech in a LiveKit room becomes captions and speech in other languages.
#[derive(Debug, Parser)]
#[command(name = "ilenia", version, propagate_version = true, after_long_help = variables::help(), after_help = "--help also lists the variables that are read.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything on this machine: LiveKit server, offline engines, services; with --demo also a demonstration
    Dev(dev::DevArguments),
    /// Run one agent in one room
    Agent(agent::AgentArguments),
    /// Serve auth-service: sign-in, users, roles, clients, tokens
    Auth(auth::AuthArguments),
    /// Serve events-service: events, channels, who speaks and who listens
    Events,
    /// Serve livekit-provider: rooms, and tokens for whoever may be in them
    Provider,
    /// Serve live-service: sessions and their agents, captions, transcripts
    Orchestrator,
    /// Make the first administrator
    Admin(admin::AdminArguments),
    /// Take over the events of the old system: its events.json
    Import(import::ImportArguments),
    /// Serve the offline engines: recognition, translation and speech for demonstrations
    Engines(engines::EnginesArguments),
    /// Speak a sound file into a room
    Say(say::SayArguments),
    /// Follow a room in one language: print its captions, save its speech
    Listen(listen::ListenArguments),
    /// Print a token with which any LiveKit client can join a room
    Token(token::TokenArguments),
    /// Bring the database of a service up to date
    Migrate(migrate::MigrateArguments),
    #[command(hide = true)]
    ExecChild(exec_child::ExecChildArguments),
}

impl Command {
    /// Runs a command that needs the runtime.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Dev(arguments) => arguments.run().await,
            Self::Agent(arguments) => arguments.run().await,
            Self::Auth(arguments) => arguments.run().await,
            Self::Events => services::events().await,
            Self::Provider => services::provider().await,
            Self::Orchestrator => services::orchestrator().await,
            Self::Admin(arguments) => arguments.run().await,
            Self::Import(arguments) => arguments.run().await,
            Self::Engines(arguments) => arguments.run().await,
            Self::Say(arguments) => arguments.run().await,
            Self::Listen(arguments) => arguments.run().await,
            Self::Token(arguments) => arguments.run(),
            Self::Migrate(arguments) => arguments.run().await,
            Self::ExecChild(arguments) => Err(arguments.run()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn languages_are_checked_where_they_are_given() {
        let error = Cli::try_parse_from(["ilenia", "listen", "--room", "r", "--language", "es_ES"])
            .expect_err("no tag");
        assert!(error.to_string().contains("es_ES"), "{error}");
    }
}
