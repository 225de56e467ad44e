//! From `active` to `stopping`, and waiting for the rest.

use std::{sync::Arc, time::Duration};

use common::{clock, ids::SessionId, persistence::PersistenceError};
use tokio::time::timeout;

use super::{Lifecycle, Pauses, Running, Shared};
use crate::{
    domain::{Session, SessionState},
    persistence::Move,
};

/// Who asks for a stop has an answer within this time, finished or not.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);

impl Lifecycle {
    /// Stops a session, and waits a while until everything that is left of it is stored. Returns it as it is then.
    /// May be repeated, also at the same time. Goes on when the future is dropped.
    pub(crate) async fn stop(&self, session: Session) -> Result<Session, PersistenceError> {
        let session_id = session.session_id;
        let shared = Arc::clone(&self.0);
        // In a task: what was begun is not cut off with the request.
        let begun = self.0.parts.tasks.spawn(async move { shared.stop_now(session_id).await }).await;
        let running = match begun {
            Ok(running) => running?,
            Err(error) => return Err(PersistenceError::Failed(Box::new(error))),
        };
        if let Some(running) = running {
            let mut done = running.done.subscribe();
            // The sender is held here: it is done, or time is up.
            let _done = timeout(ANSWER_WITHIN, done.wait_for(|done| *done)).await;
        }
        Ok(self.0.parts.sessions.session(session_id).await?.unwrap_or(session))
    }
}

impl Shared {
    /// Moves the session to `stopping`, and has it run to its end here; `None`: it is over.
    pub(super) async fn stop_now(
        self: &Arc<Self>,
        session_id: SessionId,
    ) -> Result<Option<Arc<Running>>, PersistenceError> {
        let stopping = Move {
            from: vec![SessionState::Starting, SessionState::Active],
            to: SessionState::Stopping,
            at: clock::now(),
            failure: None,
        };
        let session = match self.parts.sessions.move_session(session_id, &stopping).await? {
            Some(session) => {
                tracing::info!(session.id = %session_id, "a session stops");
                self.notices.changed(session.event_id).await;
                Some(session)
            }
            None => self.parts.sessions.session(session_id).await?,
        };
        let Some(session) = session.filter(|session| session.state == SessionState::Stopping) else {
            return Ok(self.running.lock().get(&session_id).cloned());
        };
        self.run(session);
        let running = self.running.lock().get(&session_id).cloned();
        if let Some(running) = &running {
            running.stop.cancel();
        }
        Ok(running)
    }

    /// The same beside what goes on, until it is done.
    pub(super) async fn begin_stopping(self: &Arc<Self>, session_id: SessionId) {
        let Err(error) = self.stop_now(session_id).await else { return };
        tracing::warn!(%error, session.id = %session_id, "a session is not stopped yet");
        let shared = Arc::clone(self);
        let later = async move {
            let mut pauses = Pauses::new();
            loop {
                pauses.wait().await;
                let Err(error) = shared.stop_now(session_id).await else { return };
                tracing::warn!(%error, session.id = %session_id, "a session is not stopped yet");
            }
        };
        self.parts.tasks.spawn(self.parts.shutdown.clone().run_until_cancelled_owned(later));
    }
}
