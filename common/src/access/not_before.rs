//! When a subject's older tokens were withdrawn.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{LEEWAY, Subject, recent::Recent};
use crate::live_state::{LiveState, LiveStateError};

/// Knows whose older tokens are no longer good: somebody was disabled, changed the password or has other rights since.
#[async_trait]
pub trait NotBefore: Send + Sync {
    /// Tokens of `subject` that were made before this moment are not good; `None`: all are.
    ///
    /// Called for every request.
    async fn not_before(&self, subject: &Subject) -> Result<Option<DateTime<Utc>>, NotBeforeError>;
}

/// Nobody can tell. Asking again helps; requests are answered 503 meanwhile.
#[derive(Debug, thiserror::Error)]
#[error("withdrawn tokens cannot be looked up: {0}")]
pub struct NotBeforeError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// What was found is used for this long.
const KEPT: Duration = Duration::from_secs(5);
/// After a failure the live state is left alone for this long.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// So many subjects are remembered at least, twice as many at most.
const SUBJECTS: usize = 2048;

/// Looks at `auth:not_before:{sub}` in the live state, once in 5 s per subject.
///
/// Never fails: while the live state is away, what was last known counts, and tokens of others are good until they
/// expire; a line in the log says when that begins and ends.
pub struct LiveNotBefore {
    live_state: Arc<dyn LiveState>,
    seen: Mutex<Seen>,
}

struct Seen {
    moments: Recent<Subject, (Instant, Option<DateTime<Utc>>)>,
    failed_at: Option<Instant>,
}

impl LiveNotBefore {
    /// Looks in `live_state`.
    pub fn new(live_state: Arc<dyn LiveState>) -> Self {
        Self { live_state, seen: Mutex::new(Seen { moments: Recent::new(SUBJECTS), failed_at: None }) }
    }

    /// What is known without asking: `Ok` if that will do, else `Err` with the best there is.
    fn known(&self, subject: &Subject, now: Instant) -> Result<Option<DateTime<Utc>>, Option<DateTime<Utc>>> {
        let mut seen = self.seen.lock();
        let rests = seen.failed_at.is_some_and(|at| now.saturating_duration_since(at) < AFTER_FAILURE);
        match seen.moments.get(subject) {
            Some((seen_at, moment)) if rests || now.saturating_duration_since(*seen_at) < KEPT => Ok(*moment),
            Some((_, moment)) => Err(*moment),
            None if rests => Ok(None),
            None => Err(None),
        }
    }
}

#[async_trait]
impl NotBefore for LiveNotBefore {
    async fn not_before(&self, subject: &Subject) -> Result<Option<DateTime<Utc>>, NotBeforeError> {
        let last_known = match self.known(subject, Instant::now()) {
            Ok(moment) => return Ok(moment),
            Err(last_known) => last_known,
        };
        let found = self
            .live_state
            .get(&key(subject))
            .await
            .and_then(|text| text.map(|text| read(&text)).transpose());
        let now = Instant::now();
        let mut seen = self.seen.lock();
        match found {
            Ok(moment) => {
                if seen.failed_at.take().is_some() {
                    tracing::info!("withdrawn tokens can be looked up again");
                }
                seen.moments.insert(subject.clone(), (now, moment));
                Ok(moment)
            }
            Err(error) => {
                if seen.failed_at.replace(now).is_none() {
                    tracing::warn!(
                        %error,
                        "cannot look up withdrawn tokens; those that are not known yet are good until they expire"
                    );
                }
                Ok(last_known)
            }
        }
    }
}

/// Withdraws the tokens of `subject` that were made before `moment`, for every [`LiveNotBefore`] to see.
///
/// `token_life`: how long access tokens live; the note is kept a little longer than any of them.
pub async fn withdraw(
    live_state: &dyn LiveState,
    subject: &Subject,
    moment: DateTime<Utc>,
    token_life: Duration,
) -> Result<(), LiveStateError> {
    let text = moment.to_rfc3339_opts(SecondsFormat::Millis, true);
    live_state.set(&key(subject), &text, token_life + 2 * LEEWAY).await
}

fn key(subject: &Subject) -> String {
    format!("auth:not_before:{subject}")
}

/// RFC 3339; also whole seconds since 1970, as an operator may write by hand.
fn read(text: &str) -> Result<DateTime<Utc>, LiveStateError> {
    let seconds = text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let moment = seconds.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc()));
    moment.ok_or_else(|| LiveStateError(format!("{text:?} is not a moment").into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock, live_state::testing::Cuttable};

    fn somebody(name: &str) -> Subject {
        Subject::Service(name.to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn a_withdrawal_is_seen_within_five_seconds_and_asked_for_once_in_five() {
        let state = Arc::new(Cuttable::default());
        let not_before = LiveNotBefore::new(state.clone());
        let who = somebody("a");
        for _ in 0..100 {
            assert_eq!(not_before.not_before(&who).await.unwrap(), None);
        }
        assert_eq!(state.asked(), 1);
        let moment = clock::now();
        withdraw(&*state, &who, moment, Duration::from_secs(3600)).await.unwrap();
        tokio::time::advance(KEPT).await;
        let seen = not_before.not_before(&who).await.unwrap().expect("a moment");
        assert_eq!(seen.timestamp_millis(), moment.timestamp_millis());
        assert_eq!(not_before.not_before(&somebody("b")).await.unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn without_live_state_the_last_known_counts_and_it_is_not_asked_for_every_request() {
        let state = Arc::new(Cuttable::default());
        let not_before = LiveNotBefore::new(state.clone());
        withdraw(&*state, &somebody("a"), clock::now(), Duration::from_secs(3600)).await.unwrap();
        assert!(not_before.not_before(&somebody("a")).await.unwrap().is_some());
        state.cut(true);
        tokio::time::advance(KEPT).await;
        for _ in 0..100 {
            assert!(not_before.not_before(&somebody("a")).await.unwrap().is_some());
            assert!(not_before.not_before(&somebody("b")).await.unwrap().is_none());
        }
        assert_eq!(state.asked(), 2);
        state.cut(false);
        withdraw(&*state, &somebody("b"), clock::now(), Duration::from_secs(3600)).await.unwrap();
        tokio::time::advance(AFTER_FAILURE).await;
        assert!(not_before.not_before(&somebody("b")).await.unwrap().is_some());
    }

    #[test]
    fn moments_are_read_as_services_and_as_people_write_them() {
        assert_eq!(read("1767225600").unwrap(), read("2026-01-01T00:00:00.000Z").unwrap());
        assert!(read("yesterday").is_err());
    }
}
