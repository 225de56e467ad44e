//! The offline engines: PocketSphinx, Apertium, Flite and eSpeak NG behind the same HTTP APIs that the clients speak.
//!
//! `/asr`, `/v1/chat/completions`, `/v1/models`, `/tts`, `/v1/audio/speech`; `/health` says that the server lives,
//! `/ready` (503 until then) that speech is recognised. Errors are `application/problem+json` and carry, as the models'
//! own servers do, `error` and, where waiting helps, `estimated_time`.

mod apertium;
mod pocketsphinx;
mod problem;
mod programs;
mod routes;
mod speech;

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use tokio::{net::TcpListener, time::timeout};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use apertium::Apertium;
use pocketsphinx::Recognizer;
pub(crate) use problem::EngineError;
use speech::Speaker;

/// How long answers that are being made may take once the engines are asked to end.
const GRACE: Duration = Duration::from_secs(5);

/// What the engines may use.
#[derive(Clone, Debug)]
pub struct EnginesConfig {
    /// Recognisers, and so utterances recognised at once. Each takes some 100 MB.
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
    [pocketsphinx::missing(config), apertium::missing(config), speech::missing()].concat()
}

/// The engines, starting in the background.
#[derive(Clone, Debug)]
pub struct Engines {
    recognizer: Recognizer,
    translator: Apertium,
    speaker: Speaker,
    tasks: TaskTracker,
    ended: CancellationToken,
    _end_with_last_clone: Arc<DropGuard>,
}

impl Engines {
    /// Starts loading models and programs; must be called within a tokio runtime. Dropping the last clone ends them.
    pub fn start(config: &EnginesConfig) -> Self {
        let (tasks, ended) = (TaskTracker::new(), CancellationToken::new());
        Self {
            recognizer: Recognizer::start(config),
            translator: Apertium::start(config, &tasks, &ended),
            speaker: Speaker::start(),
            tasks,
            ended: ended.clone(),
            _end_with_last_clone: Arc::new(ended.drop_guard()),
        }
    }

    /// Ends the programs and waits for them.
    async fn end(self) {
        self.ended.cancel();
        self.tasks.close();
        if timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("the engines' programs do not end");
        }
    }
}

/// The engines' HTTP API.
pub fn router(engines: Engines) -> axum::Router {
    routes::router(engines)
}

/// Serves the engines until `shutdown`, then ends their processes.
///
/// Errors: the listener fails.
pub async fn serve(
    listener: TcpListener,
    config: EnginesConfig,
    shutdown: CancellationToken,
) -> io::Result<()> {
    for missing in check(&config) {
        tracing::warn!(package = missing.package, what = missing.what, "an offline engine is not installed");
    }
    let engines = Engines::start(&config);
    let server = axum::serve(listener, router(engines.clone()))
        .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    let result = tokio::select! {
        result = server => result,
        () = overdue => Ok(()),
    };
    engines.end().await;
    result
}
