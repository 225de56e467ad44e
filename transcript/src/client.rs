//! The log of one session, over HTTP: for agents, wherever they run.

mod spool;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, SecondsFormat, Utc};
use common::{
    LanguageTag, Segment,
    ids::SessionId,
    peer::{Peer, PeerError},
};
use serde::{Deserialize, Serialize};
use tokio::{task::AbortHandle, time::sleep};

use self::spool::{Batch, Spool};
pub use self::spool::{SPOOLED_SEGMENTS, Stats};

/// As many segments are sent at once.
const MAX_BATCH: usize = 200;
/// The first wait before sending again; it doubles up to …
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// … this.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Writes what was said in a session, in order, and waits for as long as the live-service is away. Clones share it.
///
/// What waits is lost with the last clone: [`LogClient::flush`] before. Segments may arrive twice, which the log takes
/// for once.
#[derive(Clone)]
pub struct LogClient(Arc<Inner>);

struct Inner {
    peer: Peer,
    session_id: SessionId,
    spool: Arc<Spool>,
    sending: AbortHandle,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.sending.abort();
        let waiting = self.spool.stats().waiting;
        if waiting > 0 {
            tracing::error!(session.id = %self.session_id, waiting, "segments were not written when the agent ended");
        }
    }
}

/// What is sent.
#[derive(Serialize)]
struct Segments<'a> {
    segments: &'a [Segment],
}

/// What the live-service says to that.
#[derive(Deserialize)]
struct Taken {
    accepted: u64,
    known: u64,
}

#[derive(Deserialize)]
struct Items {
    items: Vec<Segment>,
}

impl LogClient {
    /// Nothing is sent yet. Has to be called within a tokio runtime.
    pub fn new(peer: Peer, session_id: SessionId) -> Self {
        let spool = Arc::<Spool>::default();
        let sending = tokio::spawn(send(peer.clone(), session_id, Arc::clone(&spool))).abort_handle();
        Self(Arc::new(Inner { peer, session_id, spool, sending }))
    }

    /// Takes a settled segment, to be sent soon; interims are left out. Never waits: when [`SPOOLED_SEGMENTS`] wait
    /// already, the oldest is given up.
    pub fn write(&self, segment: Segment) {
        if segment.state.is_settled() && !self.0.spool.push(segment) {
            tracing::error!(session.id = %self.0.session_id, "too many segments wait: the oldest is given up");
        }
    }

    /// Waits until all that was written before is sent, or was refused. Takes as long as the live-service is away.
    /// Cancel-safe.
    pub async fn flush(&self) {
        self.0.spool.flushed().await;
    }

    /// What was said at `since` or later and has no translation into `language`. Nothing is tried twice: whoever asks
    /// does. Cancel-safe.
    pub async fn untranslated(
        &self,
        language: &LanguageTag,
        since: DateTime<Utc>,
    ) -> Result<Vec<Segment>, PeerError> {
        // Neither has characters that need to be escaped in a query.
        let since = since.to_rfc3339_opts(SecondsFormat::Micros, true);
        let path = format!("sessions/{}/untranslated?language={language}&since={since}", self.0.session_id);
        let found: Option<Items> = self.0.peer.get(&path).await?;
        Ok(found.map(|found| found.items).unwrap_or_default())
    }

    /// What became of the segments so far.
    pub fn stats(&self) -> Stats {
        self.0.spool.stats()
    }
}

async fn send(peer: Peer, session_id: SessionId, spool: Arc<Spool>) {
    let path = format!("sessions/{session_id}/segments");
    let (mut wait, mut failing) = (FIRST_WAIT, false);
    // As many of the next are sent one by one: one of them was refused.
    let mut alone = 0_usize;
    loop {
        let batch = spool.next(if alone > 0 { 1 } else { MAX_BATCH }).await;
        match peer.post::<Taken>(&path, &Segments { segments: &batch.segments }).await {
            Ok(Taken { accepted, known }) => {
                tracing::trace!(session.id = %session_id, accepted, known, "segments were written");
                spool.sent(&batch);
                alone = alone.saturating_sub(batch.segments.len());
                if failing {
                    tracing::info!(session.id = %session_id, "segments are written again");
                }
                (wait, failing) = (FIRST_WAIT, false);
            }
            Err(error) if error.retry_helps() => {
                if !failing {
                    tracing::warn!(session.id = %session_id, %error, "segments wait");
                }
                failing = true;
                sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
            Err(error) if is_about_content(&error) && batch.segments.len() > 1 => {
                alone = batch.segments.len();
            }
            Err(error) => {
                refused(session_id, &error, &batch);
                spool.refused(&batch);
                alone = alone.saturating_sub(batch.segments.len());
            }
        }
    }
}

/// Whether a part of what was sent may be taken.
fn is_about_content(error: &PeerError) -> bool {
    matches!(error, PeerError::Refused { status, .. } if matches!(status.as_u16(), 400 | 413 | 422))
}

fn refused(session_id: SessionId, error: &PeerError, batch: &Batch) {
    let (segments, first) = (batch.segments.len(), batch.segments.first().map(|segment| &segment.id));
    let first = first.map(tracing::field::display);
    tracing::error!(session.id = %session_id, segment.id = first, segments, %error, "segments were refused");
}
