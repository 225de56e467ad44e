//! Keeps one agent at work for as long as it is wanted.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use common::{
    clock,
    ids::{ChannelId, EventId, SessionId},
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{AgentEnd, AgentSpec, Job, Spawner, attempt::Outcome};
use crate::{
    LiveNotices,
    domain::{AgentStatus, Session, SessionAgent},
    figures::Figures,
    persistence::Sessions,
    provider::Provider,
};

/// How long after its end an agent is started again; doubles with each time, up to …
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// … this.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Who was in the room for so long is healthy: the pauses begin anew.
const HEALTHY_AFTER: Duration = Duration::from_secs(30);
/// How often a duplicate looks whether the other one is gone.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// The other one is gone when it was not there so many times in a row.
const GONE_AFTER: u32 = 2;

/// What the keepers of a session's agents share.
#[derive(Clone)]
pub(crate) struct Workshop {
    pub(crate) session_id: SessionId,
    pub(crate) event_id: EventId,
    pub(crate) channel_id: ChannelId,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) spawner: Arc<dyn Spawner>,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) notices: LiveNotices,
    pub(crate) figures: Figures,
    /// Cancelled when the service is to end: agents go, but are not done.
    pub(crate) shutdown: CancellationToken,
}

/// What the keeper of an agent hears.
pub(super) struct Post {
    /// What is wanted of the agent.
    pub(super) spec: watch::Receiver<AgentSpec>,
    /// Cancelled when it is to end.
    pub(super) stop: CancellationToken,
    /// It may have left its room.
    pub(super) check: Arc<Notify>,
}

/// Keeps one agent at work.
pub(super) struct Keeper {
    pub(super) workshop: Workshop,
    pub(super) agent: SessionAgent,
    /// Whether what is stored of the agent is not what is here.
    unsaved: bool,
}

impl Keeper {
    /// For `spec`, going on from what is stored of the same agent in `session`.
    pub(super) fn new(workshop: Workshop, session: Option<&Session>, spec: &AgentSpec) -> Self {
        let known =
            session.and_then(|session| session.agents.iter().find(|one| one.agent_id == spec.agent_id));
        let mut agent = known.cloned().unwrap_or_else(|| spec.agent(clock::now()));
        agent.ended_at = None;
        Self { workshop, agent, unsaved: false }
    }

    /// Runs the agent, again and again, until it is told to end.
    pub(super) async fn keep(mut self, mut post: Post) {
        let _running = self.workshop.figures.agent_runs();
        let mut pause = FIRST_PAUSE;
        while !post.stop.is_cancelled() {
            self.agent.language = Some(post.spec.borrow().language.clone());
            self.set(AgentStatus::Joining).await;
            match self.attempt(&mut post).await {
                Outcome::Told => break,
                Outcome::Changed => {}
                Outcome::Ended(end, healthy) => {
                    if healthy >= HEALTHY_AFTER {
                        pause = FIRST_PAUSE;
                    }
                    tracing::warn!(
                        agent.id = %self.agent.agent_id, session.id = %self.workshop.session_id, error = %end,
                        restarts = self.agent.restarts, "an agent ended before its time"
                    );
                    self.agent.error = Some(end.to_string());
                    self.wait(&end, pause, &mut post).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        if self.workshop.shutdown.is_cancelled() {
            // It will be started again, by the next process.
            self.set(AgentStatus::Restarting).await;
        } else {
            self.agent.ended_at = Some(clock::now());
            self.set(AgentStatus::Ended).await;
        }
    }

    /// Waits until the agent may be started again, or is not wanted any more.
    async fn wait(&mut self, end: &AgentEnd, pause: Duration, post: &mut Post) {
        if *end == AgentEnd::Duplicate {
            self.set(AgentStatus::Failed).await;
            tokio::select! {
                () = self.other_is_gone() => {}
                () = post.stop.cancelled() => return,
            }
        } else {
            self.set(AgentStatus::Restarting).await;
            tokio::select! {
                () = sleep(pause) => {}
                () = post.stop.cancelled() => return,
            }
        }
        self.agent.restarts += 1;
        self.workshop.figures.agent_restarted();
    }

    /// Resolves when nobody holds the agent's identity any more. Cancel-safe.
    async fn other_is_gone(&self) {
        let mut missing = 0;
        while missing < GONE_AFTER {
            sleep(LOOK_EVERY).await;
            missing = if self.is_missing().await { missing + 1 } else { 0 };
        }
    }

    /// Whether it is not in its room. Not when that cannot be asked.
    pub(super) async fn is_missing(&self) -> bool {
        match self.workshop.provider.rooms(self.workshop.event_id).await {
            Ok(rooms) => {
                let room = rooms.iter().find(|room| room.channel_id == self.workshop.channel_id);
                !room.is_some_and(|room| room.agents.contains(&self.agent.agent_id))
            }
            Err(error) => {
                tracing::debug!(%error, "who is in the room cannot be asked");
                false
            }
        }
    }

    /// Says where the agent is.
    pub(super) async fn set(&mut self, status: AgentStatus) {
        self.agent.status = status;
        self.save().await;
        self.workshop.notices.changed(self.workshop.event_id).await;
    }

    /// Notes that the agent is alive; saves what could not be saved before.
    pub(super) async fn heartbeat(&mut self, is_there: bool) {
        if self.unsaved {
            self.save().await;
        } else if is_there {
            let id = [self.agent.agent_id.clone()];
            let now = clock::now();
            if let Err(error) = self.workshop.sessions.seen_alive(self.workshop.session_id, &id, now).await {
                tracing::debug!(%error, agent.id = %self.agent.agent_id, "not noted that an agent is alive");
            }
        }
    }

    async fn save(&mut self) {
        let began = Instant::now();
        let saved = self.workshop.sessions.save_agent(self.workshop.session_id, &self.agent).await;
        self.unsaved = saved.is_err();
        if let Err(error) = saved {
            let took_ms = began.elapsed().as_millis();
            tracing::warn!(%error, agent.id = %self.agent.agent_id, took_ms, "where an agent is could not be saved");
        }
    }

    pub(super) fn job(&self, spec: &AgentSpec, resume_since: Option<DateTime<Utc>>) -> Job {
        let AgentSpec { agent_id, agent_type, language, glossary, speech, always } = spec.clone();
        Job {
            session_id: self.workshop.session_id,
            event_id: self.workshop.event_id,
            channel_id: self.workshop.channel_id,
            agent_id,
            agent_type,
            language,
            glossary,
            speech,
            always,
            started_at: self.workshop.started_at,
            resume_since,
        }
    }
}
