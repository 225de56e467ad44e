//! Ilenia's only binary: services, agents and tools, one command each.

mod captions;
mod commands;
mod dev;
mod failure;
mod joining;
mod listening;
mod recording;
mod settings;
mod shutdown;
mod terminal;
mod variables;

use std::process::ExitCode;

use clap::Parser as _;
use common::config::EXIT_CONFIG;

use crate::{
    commands::{Cli, Command},
    failure::{Failure, Kind},
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            // Where the text cannot be written there is nobody to tell.
            let _reader_gone = error.print();
            return if wrong { ExitCode::from(EXIT_CONFIG as u8) } else { ExitCode::SUCCESS };
        }
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::note(failure.to_string());
            ExitCode::from(failure.exit_code)
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    // These need no runtime, and the first must not have threads.
    let command = match command {
        Command::ExecChild(arguments) => return Err(arguments.run()),
        Command::Token(arguments) => return arguments.run(),
        command => command,
    };
    // Both `ring` and `aws-lc-rs` are in the graph: without a choice the first TLS connection would panic.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        return Err(Failure::new(Kind::Other, "the TLS provider was chosen twice"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Kind::Other, format!("cannot start: {error}")))?;
    runtime.block_on(command.run())
}
