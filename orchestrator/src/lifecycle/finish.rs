//! From `stopping` to `stopped`: what is left of a session is stored and its event moved on, again and again until it is.

use std::sync::Arc;

use axum::http::StatusCode;
use common::{
    clock,
    event::EventState,
    ids::{EventId, SessionId},
    peer::PeerError,
    persistence::PersistenceError,
};

use super::{Pauses, Shared};
use crate::{
    domain::{Session, SessionState},
    persistence::Move,
    records::SessionRecord,
};

/// Why a session is not finished yet. A retry may help.
#[derive(Debug, thiserror::Error)]
enum NotYet {
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
    #[error(transparent)]
    Peer(#[from] PeerError),
}

impl Shared {
    /// Stores what is left of a session whose agents are done, and moves its event on. Cancel-safe: each step may be
    /// repeated.
    pub(super) async fn finish(self: &Arc<Self>, session_id: SessionId) {
        let mut pauses = Pauses::new();
        while let Err(error) = self.try_finish(session_id).await {
            tracing::warn!(%error, session.id = %session_id, "a session is not finished yet");
            pauses.wait().await;
        }
    }

    async fn try_finish(&self, session_id: SessionId) -> Result<(), NotYet> {
        let Some(session) = self.parts.sessions.end_session(session_id, clock::now()).await? else {
            return match self.parts.sessions.session(session_id).await? {
                Some(session) if session.state == SessionState::Stopped => self.move_on(&session).await,
                _ => Ok(()),
            };
        };
        self.parts.spawner.finish(session_id).await;
        let artefacts = self.artefacts(&session).await?;
        let record = SessionRecord::ended(&session, session.ended_at.unwrap_or_else(clock::now), artefacts);
        match self.parts.records.record_session(session.event_id, &record).await {
            Err(error) if is_final(&error) => {
                // The event is gone, or knows better. What was said stays in the log.
                tracing::error!(%error, session.id = %session_id, "a session's record was refused");
            }
            recorded => recorded?,
        }
        let stopped = Move {
            from: vec![SessionState::Stopping],
            to: SessionState::Stopped,
            at: clock::now(),
            failure: None,
        };
        self.parts.sessions.move_session(session_id, &stopped).await?;
        self.move_on(&session).await
    }

    /// Moves the event on if no session of it runs any more. Of several that stop at once the last one does.
    async fn move_on(&self, session: &Session) -> Result<(), NotYet> {
        let event_id = session.event_id;
        {
            let _turn = self.turn(event_id).await;
            if self.parts.sessions.running_sessions(Some(event_id)).await?.is_empty() {
                self.complete(event_id).await?;
                self.notices.ended(event_id).await;
            }
        }
        self.parts.sessions.finish(session.session_id, clock::now()).await?;
        tracing::info!(session.id = %session.session_id, "a session is finished");
        self.notices.changed(event_id).await;
        Ok(())
    }

    async fn complete(&self, event_id: EventId) -> Result<(), NotYet> {
        let event = self.parts.events.event_now(event_id).await?;
        // One that is gone, cancelled or opened again is left as it is.
        let moves: &[EventState] = match event.map(|event| event.state) {
            Some(EventState::Live) => &[EventState::Ended, EventState::Completed],
            Some(EventState::Ended) => &[EventState::Completed],
            _ => &[],
        };
        for to in moves {
            match self.parts.records.move_event(event_id, *to).await {
                Err(error) if is_final(&error) => {
                    tracing::warn!(%error, event.id = %event_id, "somebody else moved the event");
                    break;
                }
                moved => moved?,
            }
        }
        Ok(())
    }
}

/// Whether the answer stays the same however often it is asked for: gone, or not possible there.
fn is_final(error: &PeerError) -> bool {
    let known = [StatusCode::NOT_FOUND, StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY];
    matches!(error, PeerError::Refused { status, .. } if known.contains(status))
}
