//! Asking a model again, after its client gave up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use inference::InferenceError;
use tokio::time::{Instant, sleep};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// An answer, and how long the request that gave it took.
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    pub(crate) engine: Duration,
}

/// Repeats `request` with growing pauses while the error is retryable, until `patience` has passed since the first
/// call: an outage ends, but one request that always fails must not hold up the others for ever.
///
/// Cancel-safe: dropping the future gives up the request.
pub(crate) async fn retry<T, F>(
    patience: Duration,
    retries: Arc<AtomicU64>,
    mut request: impl FnMut() -> F,
) -> Result<Answer<T>, InferenceError>
where
    F: Future<Output = Result<T, InferenceError>>,
{
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let asked = Instant::now();
        let error = match request().await {
            Ok(value) => return Ok(Answer { value, engine: asked.elapsed() }),
            Err(error) => error,
        };
        if !error.is_retryable() || begun.elapsed() + pause > patience {
            return Err(error);
        }
        retries.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(%error, pause_ms = pause.as_millis(), "the model did not answer; asking again");
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
