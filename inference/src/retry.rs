//! Trying again within a deadline, with back-off and jitter. Knows nothing of HTTP.

use std::time::Duration;

use rand::Rng as _;
use tokio::time::{Instant, sleep, timeout};

use crate::{InferenceError, config::Timing};

/// The first pause between two attempts; each next one is twice as long …
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long to try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    started: Instant,
    deadline: Instant,
    attempt: Duration,
    retries: bool,
}

impl Patience {
    /// For interim results: one attempt, and a short one.
    pub(crate) fn interim(timing: &Timing) -> Self {
        let started = Instant::now();
        Self { started, deadline: started + timing.interim, attempt: timing.interim, retries: false }
    }

    /// For everything that must not be lost.
    pub(crate) fn settled(timing: &Timing) -> Self {
        let started = Instant::now();
        Self { started, deadline: started + timing.deadline, attempt: timing.attempt, retries: true }
    }

    fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn over(&self, last: &str) -> InferenceError {
        InferenceError::Deadline { waited: self.started.elapsed(), last: last.to_owned() }
    }
}

/// Calls `attempt` until it succeeds, ends in an error that no retry helps, or the patience is over.
///
/// Between two attempts passes at least what the endpoint asked for ([`InferenceError::Unavailable`]); an endpoint that
/// asks for more than the patience that is left ends the trying at once, with its own error.
pub(crate) async fn retry<T, F>(
    patience: Patience,
    mut attempt: impl FnMut() -> F,
) -> Result<T, InferenceError>
where
    F: Future<Output = Result<T, InferenceError>>,
{
    let mut pause = FIRST_PAUSE;
    let mut last: Option<InferenceError> = None;
    loop {
        let limit = patience.attempt.min(patience.remaining());
        let error = match timeout(limit, attempt()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            // The deadline, not the endpoint, cut this attempt short: what came before says more.
            Err(_) if last.is_some() && limit < patience.attempt => {
                return Err(patience.over(&last.map(|error| error.to_string()).unwrap_or_default()));
            }
            Err(_) => patience.over("the endpoint did not answer"),
        };
        if !error.is_retryable() || !patience.retries {
            return Err(error);
        }
        let asked = match &error {
            InferenceError::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        };
        let wait = asked.unwrap_or_default().max(jittered(pause));
        if wait >= patience.remaining() {
            let asked_too_much = asked.is_some_and(|asked| asked >= patience.remaining());
            return Err(if asked_too_much { error } else { patience.over(&error.to_string()) });
        }
        tracing::debug!(%error, wait_ms = wait.as_millis() as u64, "model endpoint is tried again");
        sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        last = Some(error);
    }
}

/// Between half and all of `pause`, so that many callers do not come back at the same moment.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(deadline_s: u64) -> Timing {
        Timing { deadline: Duration::from_secs(deadline_s), ..Timing::default() }
    }

    fn busy(status: u16, retry_after: Option<u64>) -> InferenceError {
        let retry_after = retry_after.map(Duration::from_secs);
        InferenceError::Unavailable { status, retry_after, detail: String::new() }
    }

    /// Runs the script, then succeeds; gives the result and the time of each attempt.
    async fn play(
        patience: Patience,
        script: Vec<InferenceError>,
    ) -> (Result<(), InferenceError>, Vec<Instant>) {
        let mut script = script.into_iter();
        let mut times = Vec::new();
        let result = retry(patience, || {
            times.push(Instant::now());
            std::future::ready(script.next().map_or(Ok(()), Err))
        })
        .await;
        (result, times)
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_are_jittered() {
        let script = (0..6).map(|_| InferenceError::Unreachable("refused".into())).collect();
        let (result, times) = play(Patience::settled(&timing(60)), script).await;
        assert!(result.is_ok());
        assert_eq!(times.len(), 7);
        for (n, pair) in times.windows(2).enumerate() {
            let pause = pair[1] - pair[0];
            let full = (FIRST_PAUSE * 2_u32.pow(n as u32)).min(LONGEST_PAUSE);
            let slack = Duration::from_millis(2);
            assert!(pause + slack >= full / 2 && pause <= full + slack, "pause {n}: {pause:?} of {full:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_comes_up_30_seconds_later_is_reached() {
        let patience = Patience::settled(&timing(60));
        let mut attempts = 0;
        let result = retry(patience, || {
            attempts += 1;
            let up = patience.started.elapsed() >= Duration::from_secs(30);
            std::future::ready(if up { Ok(()) } else { Err(InferenceError::Unreachable("refused".into())) })
        })
        .await;
        assert!(result.is_ok());
        assert!(patience.started.elapsed() < Duration::from_secs(36));
        assert!(attempts < 20, "{attempts} attempts");
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_comes_no_sooner_than_the_endpoint_asks() {
        let (result, times) =
            play(Patience::settled(&timing(60)), vec![busy(503, Some(7)), busy(429, Some(3))]).await;
        assert!(result.is_ok());
        assert!(times[1] - times[0] >= Duration::from_secs(7));
        assert!(
            times[2] - times[1] >= Duration::from_secs(3) && times[2] - times[1] < Duration::from_secs(4)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_asks_for_more_than_the_deadline_ends_it_at_once() {
        let patience = Patience::settled(&timing(10));
        let (result, times) = play(patience, vec![busy(429, Some(3600))]).await;
        assert!(matches!(result, Err(InferenceError::Unavailable { status: 429, .. })), "{result:?}");
        assert_eq!(times.len(), 1);
        assert!(patience.started.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_holds_and_names_the_last_error() {
        let patience = Patience::settled(&timing(10));
        let (result, times) = play(patience, (0..100).map(|_| busy(500, None)).collect()).await;
        let error = result.expect_err("over");
        assert!(error.is_retryable() && error.to_string().contains("500"), "{error}");
        assert!(patience.started.elapsed() <= Duration::from_secs(10));
        assert!((4..20).contains(&times.len()), "{times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_hangs_is_given_up_and_repeated() {
        let patience = Patience::settled(&timing(60));
        let mut attempts = 0;
        let result = retry(patience, || {
            attempts += 1;
            let hangs = attempts == 1;
            async move { if hangs { std::future::pending().await } else { Ok(()) } }
        })
        .await;
        assert!(result.is_ok());
        assert_eq!(attempts, 2);
        assert!(patience.started.elapsed() >= Timing::default().attempt);
    }

    #[tokio::test(start_paused = true)]
    async fn an_interim_request_is_tried_once_and_shortly() {
        let (result, times) = play(Patience::interim(&timing(60)), vec![busy(503, Some(1))]).await;
        assert!(result.is_err());
        assert_eq!(times.len(), 1);

        let patience = Patience::interim(&timing(60));
        let result = retry(patience, std::future::pending::<Result<(), _>>).await;
        assert!(matches!(result, Err(InferenceError::Deadline { .. })), "{result:?}");
        assert_eq!(patience.started.elapsed(), Timing::default().interim);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_not_repeated() {
        let refused = InferenceError::Refused { status: 401, detail: "no".into() };
        let (result, times) = play(Patience::settled(&timing(60)), vec![refused]).await;
        assert!(matches!(result, Err(InferenceError::Refused { status: 401, .. })));
        assert_eq!(times.len(), 1);
    }
}
