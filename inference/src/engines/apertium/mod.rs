//! Translation between English and Spanish or Catalan by Apertium.

mod format;
mod mode;
mod pipeline;

use std::{path::PathBuf, time::Duration};

use common::LanguageTag;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{EngineError, EnginesConfig, Missing, programs};
use pipeline::Pipeline;

/// One text takes milliseconds; a pipeline that takes longer than this is stuck.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Texts that may wait for one direction.
const QUEUE: usize = 32;
/// The longest text, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 16 << 10;

/// The directions: source, target, Apertium's mode, Debian's package.
const DIRECTIONS: [(&str, &str, &str, &str); 4] = [
    ("en", "es", "eng-spa", "apertium-eng-spa"),
    ("en", "ca", "eng-cat", "apertium-eng-cat"),
    ("es", "en", "spa-eng", "apertium-eng-spa"),
    ("ca", "en", "cat-eng", "apertium-eng-cat"),
];

struct Job {
    text: String,
    reply: oneshot::Sender<Result<String, EngineError>>,
}

/// One pipeline a direction, started when it is first used and again when it dies.
#[derive(Clone, Debug)]
pub(super) struct Apertium {
    queues: Vec<mpsc::Sender<Job>>,
}

impl Apertium {
    /// Starts a task for each direction, on `tasks`, until `ended`. Those from English start their programs at once.
    pub(super) fn start(config: &EnginesConfig, tasks: &TaskTracker, ended: &CancellationToken) -> Self {
        let queues = DIRECTIONS.iter().map(|(source, _, mode, package)| {
            let (queue, jobs) = mpsc::channel(QUEUE);
            let direction = Direction {
                mode: config.apertium_modes.join(format!("{mode}.mode")),
                package,
                pipeline: None,
                at_once: *source == "en",
            };
            tasks.spawn(direction.run(jobs, ended.clone()));
            queue
        });
        Self { queues: queues.collect() }
    }

    /// Translates one text; the result is that of `echo text | apertium -u mode`.
    pub(super) async fn translate(
        &self,
        text: &str,
        source: &LanguageTag,
        target: &LanguageTag,
    ) -> Result<String, EngineError> {
        let is_asked_for =
            |(from, to, ..): &(&str, &str, &str, &str)| *from == source.primary() && *to == target.primary();
        let queue = DIRECTIONS.iter().position(is_asked_for).and_then(|index| self.queues.get(index));
        let queue = queue.ok_or_else(|| EngineError::UnsupportedLanguage {
            language: format!("{source} to {target}"),
            supported: "en to es, en to ca, es to en, ca to en",
        })?;
        if text.len() > MAX_TEXT_BYTES {
            return Err(EngineError::TooLarge { what: "the text", limit: MAX_TEXT_BYTES });
        }
        let (reply, answer) = oneshot::channel();
        queue.try_send(Job { text: text.to_owned(), reply }).map_err(|_| EngineError::Busy)?;
        answer.await.map_err(|_| EngineError::Failed("the translator ended".to_owned()))?
    }
}

struct Direction {
    mode: PathBuf,
    package: &'static str,
    pipeline: Option<Pipeline>,
    at_once: bool,
}

impl Direction {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, ended: CancellationToken) {
        let work = async {
            if self.at_once {
                let _warmed_up = self.translate(".").await;
            }
            while let Some(job) = jobs.recv().await {
                if job.reply.is_closed() {
                    continue;
                }
                let result = self.translate(&job.text).await;
                let _nobody_waits_any_more = job.reply.send(result);
            }
        };
        ended.run_until_cancelled(work).await;
        if let Some(pipeline) = self.pipeline {
            pipeline.end().await;
        }
    }

    /// With the running pipeline, or, where that has died, with a new one.
    async fn translate(&mut self, text: &str) -> Result<String, EngineError> {
        if !self.mode.is_file() {
            let what = self.mode.display().to_string();
            return Err(EngineError::Missing(Missing { package: self.package, what }));
        }
        let was_running = self.pipeline.is_some();
        match self.attempt(text).await {
            Err(error) if was_running => {
                tracing::warn!(%error, mode = %self.mode.display(), "Apertium is started again");
                self.attempt(text).await
            }
            result => result,
        }
    }

    async fn attempt(&mut self, text: &str) -> Result<String, EngineError> {
        let failed = |error: std::io::Error| EngineError::Failed(format!("Apertium: {error}"));
        let exchange = async {
            let mut pipeline = match self.pipeline.take() {
                Some(pipeline) => pipeline,
                None => Pipeline::start(&self.mode).await?,
            };
            // A pipeline that fails, or whose time is up, is not put back, and its programs end.
            let translation = pipeline.translate(text).await?;
            self.pipeline = Some(pipeline);
            Ok(translation)
        };
        timeout(TIMEOUT, exchange).await.map_err(|_| EngineError::TimedOut)?.map_err(failed)
    }
}

/// What is not installed of modes and programs.
pub(super) fn missing(config: &EnginesConfig) -> Vec<Missing> {
    let mut missing = Vec::new();
    for (program, package) in [
        ("apertium-wblank-mode", "apertium"),
        ("lt-proc", "lttoolbox"),
        ("lrx-proc", "apertium-lex-tools"),
        ("lsx-proc", "apertium-separable"),
        ("apertium-anaphora", "apertium-anaphora"),
        ("cg-proc", "cg3"),
    ] {
        missing.extend(programs::missing(program, package));
    }
    for (_, _, mode, package) in DIRECTIONS {
        let path = config.apertium_modes.join(format!("{mode}.mode"));
        if !path.is_file() {
            missing.push(Missing { package, what: path.display().to_string() });
        }
    }
    missing
}

#[cfg(test)]
mod tests;
