//! Joining until it succeeds, and what the end of a connection means for the job.

use std::time::Duration;

use livekit::DisconnectReason;
use tokio::time::{Instant, sleep, timeout};

use crate::{AgentError, backoff::Backoff};

/// Each attempt to join.
const ATTEMPT: Duration = Duration::from_secs(10);

/// Why an attempt to join failed.
#[derive(Debug)]
pub(crate) enum JoinError {
    /// Another attempt would fail as well.
    Fatal(AgentError),
    /// Another attempt may succeed; why this one did not.
    Later(String),
}

/// Repeats `attempt` with growing pauses until it succeeds, for `within` at the longest where there is a limit.
///
/// Errors: a fatal one at once, [`AgentError::Unreachable`] at the end of the limit. Cancel-safe if the attempts are.
pub(crate) async fn persist<T, F>(
    server: impl Fn() -> String,
    within: Option<Duration>,
    mut backoff: Backoff,
    mut attempt: impl FnMut() -> F,
) -> Result<T, AgentError>
where
    F: Future<Output = Result<T, JoinError>>,
{
    let begun = Instant::now();
    loop {
        let last = match timeout(ATTEMPT, attempt()).await {
            Ok(Ok(joined)) => return Ok(joined),
            Ok(Err(JoinError::Fatal(error))) => return Err(error),
            Ok(Err(JoinError::Later(reason))) => reason,
            Err(_) => "no answer".to_owned(),
        };
        let pause = backoff.next_pause();
        let left = within.map(|within| within.saturating_sub(begun.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(AgentError::Unreachable { url: server(), waited: begun.elapsed(), last });
        }
        tracing::info!(reason = %last, pause_ms = pause.as_millis(), "not joined yet");
        sleep(left.map_or(pause, |left| left.min(pause))).await;
    }
}

/// What to do when the room's connection is lost for good.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Join again, with a new token.
    Rejoin,
    /// The job is over.
    Leave(AgentError),
}

/// The server, the network or the room may come back, a wish of somebody is final:
///
/// - another participant with our identity has the job now: leave;
/// - somebody removed us: leave;
/// - the room was deleted or timed out: make it again, for the job lasts as long as its owner says, not the room;
/// - everything else is an accident: join again.
pub(crate) fn verdict(reason: DisconnectReason, identity: &str) -> Verdict {
    match reason {
        DisconnectReason::DuplicateIdentity => {
            Verdict::Leave(AgentError::DuplicateIdentity { identity: identity.to_owned() })
        }
        DisconnectReason::ParticipantRemoved => Verdict::Leave(AgentError::Removed),
        _ => Verdict::Rejoin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later() -> Result<u32, JoinError> {
        Err(JoinError::Later("connection refused".into()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_is_waited_for_as_long_as_the_limit_and_no_longer() {
        let begun = Instant::now();
        let within = Some(Duration::from_secs(30));
        let result = persist(|| "ws://x".to_owned(), within, Backoff::new(1), || async { later() }).await;
        let Err(AgentError::Unreachable { last, .. }) = result else { panic!("{result:?}") };
        assert_eq!(last, "connection refused");
        assert!((30..32).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_comes_within_the_limit_is_joined_soon() {
        let begun = Instant::now();
        let up = begun + Duration::from_secs(29);
        let attempt = || async { if Instant::now() >= up { Ok(7) } else { later() } };
        let joined =
            persist(|| "ws://x".to_owned(), Some(Duration::from_secs(30)), Backoff::new(2), attempt).await;
        assert_eq!(joined.expect("joined"), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_an_outage_of_hours_is_waited_for_with_an_attempt_every_few_seconds() {
        let up = Instant::now() + Duration::from_secs(2 * 3600);
        let mut attempts = 0;
        let attempt = || {
            attempts += 1;
            async move { if Instant::now() >= up { Ok(()) } else { Err(JoinError::Later(String::new())) } }
        };
        persist(|| "ws://x".to_owned(), None, Backoff::new(3), attempt).await.expect("joined in the end");
        assert!(up.elapsed() <= Duration::from_secs(8), "{:?} late", up.elapsed());
        assert!((900..1900).contains(&attempts), "{attempts}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_told_at_once_and_an_attempt_that_hangs_is_given_up() {
        let begun = Instant::now();
        let refused = || async { Err::<(), _>(JoinError::Fatal(AgentError::Removed)) };
        let result = persist(|| "ws://x".to_owned(), None, Backoff::new(4), refused).await;
        assert!(matches!(result, Err(AgentError::Removed)) && begun.elapsed().is_zero());

        let hangs = || std::future::pending::<Result<(), JoinError>>();
        let result =
            persist(|| "ws://x".to_owned(), Some(Duration::from_secs(30)), Backoff::new(5), hangs).await;
        assert!(matches!(result, Err(AgentError::Unreachable { last, .. }) if last == "no answer"));
    }

    #[test]
    fn a_duplicate_and_a_removed_agent_leave_for_good() {
        let duplicate = verdict(DisconnectReason::DuplicateIdentity, "agent-asr");
        assert!(
            matches!(duplicate, Verdict::Leave(AgentError::DuplicateIdentity { identity }) if identity == "agent-asr")
        );
        assert!(matches!(
            verdict(DisconnectReason::ParticipantRemoved, "a"),
            Verdict::Leave(AgentError::Removed)
        ));
    }

    #[test]
    fn accidents_and_deleted_rooms_are_overcome() {
        for reason in [
            DisconnectReason::ServerShutdown,
            DisconnectReason::SignalClose,
            DisconnectReason::StateMismatch,
            DisconnectReason::JoinFailure,
            DisconnectReason::ConnectionTimeout,
            DisconnectReason::MediaFailure,
            DisconnectReason::UnknownReason,
            DisconnectReason::RoomDeleted,
            DisconnectReason::RoomClosed,
        ] {
            assert!(matches!(verdict(reason, "a"), Verdict::Rejoin), "{reason:?}");
        }
    }
}
