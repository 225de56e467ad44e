//! Ending in good order: the first Ctrl-C or SIGTERM asks, the second forces.

use agents::CancellationToken;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    failure::{Failure, Kind},
    terminal,
};

/// The exit code after a forced end: that of a program ended by SIGINT.
const EXIT_FORCED: i32 = 130;

/// A token that is cancelled by the first Ctrl-C or SIGTERM. A second one ends the process on the spot; its children
/// go with it (see `commands::exec_child`).
pub(crate) fn on_signals() -> Result<CancellationToken, Failure> {
    let listen = |kind: SignalKind| {
        signal(kind).map_err(|error| Failure::new(Kind::Other, format!("cannot wait for signals: {error}")))
    };
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let shutdown = CancellationToken::new();
    let asked = shutdown.clone();
    tokio::spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        asked.cancel();
        either(&mut interrupt, &mut terminate).await;
        terminal::note("ended by force");
        std::process::exit(EXIT_FORCED);
    });
    Ok(shutdown)
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
