//! English speech to text by PocketSphinx, on threads of its own.

mod caption;
mod library;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{EngineError, EnginesConfig, Missing};
use library::{Decoder, PocketSphinx};

/// Shorter audio has no words, and the library no frames to work on. Samples at 16 000 Hz.
const MIN_SAMPLES: usize = 1_600;
/// What loading takes on a small machine, told to those who come before.
const LOADING: Duration = Duration::from_secs(1);

/// How far the recognisers are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No recogniser is ready yet.
    Loading,
    /// At least one recogniser works.
    Ready,
    /// None will ever be.
    Failed(EngineError),
}

struct Job {
    samples: Vec<i16>,
    reply: oneshot::Sender<Result<String, String>>,
}

/// A pool of recognisers behind a bounded queue. Its threads end when the last clone is dropped.
#[derive(Clone, Debug)]
pub(super) struct Recognizer {
    queue: mpsc::Sender<Job>,
    state: watch::Receiver<State>,
}

impl Recognizer {
    /// Starts loading `config.decoders` recognisers, each on its own thread.
    pub(super) fn start(config: &EnginesConfig) -> Self {
        let (queue, jobs) = mpsc::channel(config.decoder_queue.max(1));
        let (state, watched) = watch::channel(State::Loading);
        let jobs = Arc::new(Mutex::new(jobs));
        let arguments = arguments(&config.pocketsphinx_model);
        if let Some(missing) = missing(config).into_iter().next() {
            state.send_replace(State::Failed(EngineError::Missing(missing)));
            return Self { queue, state: watched };
        }
        for n in 0..config.decoders.max(1) {
            let (jobs, state, arguments) = (Arc::clone(&jobs), state.clone(), arguments.clone());
            let name = format!("pocketsphinx-{n}");
            let spawned = thread::Builder::new().name(name).spawn(move || work(&jobs, &state, &arguments));
            if let Err(error) = spawned {
                tracing::error!(%error, "no thread for a recogniser");
            }
        }
        Self { queue, state: watched }
    }

    pub(super) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// The caption of one utterance (mono, 16 000 Hz); empty when there was no speech.
    ///
    /// Cancel-safe: an utterance whose future is dropped before its turn is not recognised.
    pub(super) async fn recognize(&self, samples: Vec<i16>) -> Result<String, EngineError> {
        match self.state() {
            State::Loading => return Err(EngineError::Loading { estimate: LOADING }),
            State::Failed(error) => return Err(error),
            State::Ready => {}
        }
        if samples.len() < MIN_SAMPLES {
            return Ok(String::new());
        }
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Job { samples, reply }).map_err(|_| EngineError::Busy)?;
        let text = answer.await.map_err(|_| EngineError::Failed("the recogniser ended".to_owned()))?;
        text.map(|text| caption::from_words(&text)).map_err(EngineError::Failed)
    }
}

/// One thread: loads its recogniser, then takes utterances until nobody can send any more.
fn work(jobs: &Mutex<mpsc::Receiver<Job>>, state: &watch::Sender<State>, arguments: &[String]) {
    let mut decoder = match load(arguments) {
        Ok(decoder) => decoder,
        Err(error) => {
            tracing::error!(error, "no recogniser");
            state.send_if_modified(|state| {
                let first = *state == State::Loading;
                if first {
                    *state = State::Failed(EngineError::Failed(error));
                }
                first
            });
            return;
        }
    };
    state.send_replace(State::Ready);
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(job) = job else { return };
        if job.reply.is_closed() {
            continue;
        }
        let _nobody_waits_any_more = job.reply.send(decoder.recognize(&job.samples));
    }
}

fn load(arguments: &[String]) -> Result<Decoder, String> {
    PocketSphinx::load()?.decoder(arguments)
}

/// The defaults of `pocketsphinx_batch`, but for fewer active states a frame: the same words in less time.
fn arguments(model: &Path) -> Vec<String> {
    let path = |name: &str| model.join(name).to_string_lossy().into_owned();
    let options = [
        ("-hmm", path("en-us")),
        ("-lm", path("en-us.lm.bin")),
        ("-dict", path("cmudict-en-us.dict")),
        ("-maxhmmpf", "10000".to_owned()),
    ];
    options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
}

/// What is not installed of library and model.
pub(super) fn missing(config: &EnginesConfig) -> Vec<Missing> {
    let mut missing = Vec::new();
    if let Err(what) = PocketSphinx::load() {
        missing.push(Missing { package: "libpocketsphinx3", what });
    }
    for name in [
        "en-us/means",
        "en-us/variances",
        "en-us/mdef",
        "en-us/feat.params",
        "en-us.lm.bin",
        "cmudict-en-us.dict",
    ] {
        let path = config.pocketsphinx_model.join(name);
        if !path.is_file() {
            missing.push(Missing { package: "pocketsphinx-en-us", what: path.display().to_string() });
        }
    }
    missing
}
