//! One task for each session that runs: its agents are kept at work until it stops, then what is left is stored.

use std::{sync::Arc, time::Duration};

use common::event::{EventConfig, EventState};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::{Pauses, Running, Shared};
use crate::{
    agents::{AgentSpec, Crew, Workshop},
    domain::{Session, SessionState},
};

/// How often a session looks whether it was stopped elsewhere, and says that its event is live.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// When an event could not be read it is read again after this.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Why agents are not kept at work any more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Stopped,
    /// The process is to end; the session goes on with the next one.
    Shutdown,
}

impl Shared {
    /// Has the session run, unless it does.
    pub(super) fn run(self: &Arc<Self>, session: Session) {
        let running = {
            let mut all = self.running.lock();
            if all.contains_key(&session.session_id) {
                return;
            }
            let running = Arc::new(Running::of(&session));
            all.insert(session.session_id, Arc::clone(&running));
            running
        };
        let shared = Arc::clone(self);
        self.parts.tasks.spawn(async move {
            let session_id = session.session_id;
            shared.run_to_the_end(session, &running).await;
            shared.running.lock().remove(&session_id);
            running.done.send_replace(true);
        });
    }

    async fn run_to_the_end(self: &Arc<Self>, session: Session, running: &Running) {
        let _running = self.parts.figures.session_runs();
        let session_id = session.session_id;
        if session.state == SessionState::Active && self.keep_at_work(session, running).await == End::Shutdown
        {
            return;
        }
        self.parts.shutdown.run_until_cancelled(self.finish(session_id)).await;
    }

    async fn keep_at_work(self: &Arc<Self>, session: Session, running: &Running) -> End {
        let mut crew = Crew::new(self.workshop(&session), running.checks.clone());
        let mut read_at = Some(Instant::now());
        let mut look = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = loop {
            tokio::select! {
                () = self.parts.shutdown.cancelled() => break End::Shutdown,
                () = running.stop.cancelled() => break End::Stopped,
                () = running.reread.notified() => read_at = Some(Instant::now()),
                () = async { sleep_until(read_at.unwrap_or_else(Instant::now)).await }, if read_at.is_some() => {
                    read_at = match self.parts.events.event_now(session.event_id).await {
                        Ok(Some(event)) if !is_over(event.state) => self.arrange(&mut crew, &session, &event).await,
                        Ok(_) => {
                            tracing::info!(session.id = %session.session_id, "the event is over");
                            self.begin_stopping(session.session_id).await;
                            None
                        }
                        Err(error) => {
                            tracing::warn!(%error, session.id = %session.session_id, "the event cannot be read");
                            Some(Instant::now() + READ_AGAIN_AFTER)
                        }
                    };
                }
                _ = look.tick() => {
                    self.notices.live(session.event_id).await;
                    if self.was_stopped(&session).await {
                        break End::Stopped;
                    }
                }
            }
        };
        crew.end().await;
        end
    }

    /// Has those agents at work that the event wants; says when to try again.
    async fn arrange(&self, crew: &mut Crew, session: &Session, event: &EventConfig) -> Option<Instant> {
        let again = Some(Instant::now() + READ_AGAIN_AFTER);
        // A channel that is gone leaves its agents as they are: it is stopped by whoever took it away.
        let channel = event.channel(session.channel_id)?;
        let stored = match self.parts.sessions.session(session.session_id).await {
            Ok(stored) => stored?,
            Err(error) => {
                tracing::warn!(%error, session.id = %session.session_id, "the session cannot be read");
                return again;
            }
        };
        crew.arrange(AgentSpec::wanted(channel), Some(&stored));
        let (source, targets) = (&channel.source_language, &channel.target_languages);
        if (&stored.source_language, &stored.target_languages) == (source, targets) {
            return None;
        }
        if let Err(error) = self.parts.sessions.set_languages(session.session_id, source, targets).await {
            tracing::warn!(%error, session.id = %session.session_id, "its languages could not be saved");
            return again;
        }
        self.notices.changed(session.event_id).await;
        None
    }

    async fn was_stopped(&self, session: &Session) -> bool {
        match self.parts.sessions.session(session.session_id).await {
            Ok(session) => session.is_none_or(|session| session.state != SessionState::Active),
            // Agents go on without the store.
            Err(_) => false,
        }
    }

    fn workshop(&self, session: &Session) -> Workshop {
        Workshop {
            session_id: session.session_id,
            event_id: session.event_id,
            channel_id: session.channel_id,
            started_at: session.started_at,
            sessions: Arc::clone(&self.parts.sessions),
            spawner: Arc::clone(&self.parts.spawner),
            provider: Arc::clone(&self.parts.provider),
            notices: self.notices.clone(),
            figures: self.parts.figures.clone(),
            shutdown: self.parts.shutdown.clone(),
        }
    }

    /// Goes on with everything that the last process left.
    pub(super) async fn find_unfinished(self: Arc<Self>) {
        let mut pauses = Pauses::new();
        let left = loop {
            match self.parts.sessions.unfinished_sessions().await {
                Ok(left) => break left,
                Err(error) => tracing::warn!(%error, "what the last process left cannot be read"),
            }
            pauses.wait().await;
        };
        for session in left {
            tracing::info!(session.id = %session.session_id, state = %session.state, "going on with a session");
            if session.state == SessionState::Starting {
                let again = Arc::clone(&self).start_again(session);
                self.parts.tasks.spawn(self.parts.shutdown.clone().run_until_cancelled_owned(again));
            } else {
                self.run(session);
            }
        }
    }
}

/// Whether no session goes on in an event of this state.
fn is_over(state: EventState) -> bool {
    matches!(state, EventState::Ended | EventState::Completed | EventState::Cancelled)
}
