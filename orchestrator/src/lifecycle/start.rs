//! From `starting` to `active`.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use common::{
    clock,
    event::{AgentType, ChannelConfig, EventConfig, EventState},
    ids::{ChannelId, EventId, SessionId},
    peer::PeerError,
};
use tokio::time::{Instant, sleep, timeout};

use super::{Lifecycle, Pauses, Shared, StartRefusal};
use crate::{
    agents::AgentSpec,
    domain::{Session, SessionState},
    persistence::{Created, Move},
    records::SessionRecord,
};

/// Who asks for a start has an answer within five seconds.
const ANSWER_WITHIN: Duration = Duration::from_millis(4_800);
/// So long a start waits for another start or stop on the same channel.
const OTHERS_WITHIN: Duration = Duration::from_secs(4);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often a start is tried again that the last process left.
const RESUMED_WITHIN: Duration = Duration::from_secs(60);
/// As often is told that a session began. When it ends it is told anyway.
const TOLD_TIMES: usize = 8;

impl Lifecycle {
    /// Starts a session on a channel of `event`, or returns the one that runs there. Goes on when the future is dropped.
    pub(crate) async fn start(
        &self,
        event: Arc<EventConfig>,
        channel_id: ChannelId,
        started_by: &str,
    ) -> Result<Session, StartRefusal> {
        let (shared, started_by) = (Arc::clone(&self.0), started_by.to_owned());
        let begin = async move { shared.begin(event, channel_id, &started_by).await };
        let begun = timeout(ANSWER_WITHIN, self.0.parts.tasks.spawn(begin)).await;
        // A task that panicked or was aborted has not answered either; what it left is found at the next start.
        begun.map_or(Err(StartRefusal::Slow), |begun| begun.unwrap_or(Err(StartRefusal::Slow)))
    }
}

impl Shared {
    async fn begin(
        self: Arc<Self>,
        mut event: Arc<EventConfig>,
        channel_id: ChannelId,
        started_by: &str,
    ) -> Result<Session, StartRefusal> {
        let deadline = Instant::now() + OTHERS_WITHIN;
        loop {
            if let Some(running) = self.running_on(event.event_id, channel_id).await? {
                if running.state == SessionState::Active {
                    return Ok(running);
                }
                if !self.moves_on(&running, deadline).await? {
                    return Err(StartRefusal::Busy(running.state));
                }
                let now = self.parts.events.event_now(event.event_id).await?;
                event = now.ok_or(StartRefusal::NoEvent)?;
                continue;
            }
            if !is_startable(event.state) {
                return Err(StartRefusal::NotStartable(event.state));
            }
            let channel = event.channel(channel_id).ok_or(StartRefusal::NoChannel)?;
            let session = new_session(&event, channel, started_by);
            match self.parts.sessions.create_session(&session).await? {
                Created::New => return self.bring_up_or_fail(session).await,
                Created::Running(_) => {}
            }
        }
    }

    async fn running_on(
        &self,
        event_id: EventId,
        channel_id: ChannelId,
    ) -> Result<Option<Session>, StartRefusal> {
        let running = self.parts.sessions.running_sessions(Some(event_id)).await?;
        Ok(running.into_iter().find(|session| session.channel_id == channel_id))
    }

    /// Whether the session leaves its state before `deadline`.
    async fn moves_on(&self, session: &Session, deadline: Instant) -> Result<bool, StartRefusal> {
        while Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
            let now = self.parts.sessions.session(session.session_id).await?;
            if now.is_none_or(|now| now.state != session.state) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn bring_up_or_fail(self: Arc<Self>, session: Session) -> Result<Session, StartRefusal> {
        match self.bring_up(&session).await {
            Ok(session) => Ok(session),
            Err(refusal) => {
                let failure = refusal.to_string();
                tracing::warn!(session.id = %session.session_id, error = %failure, "a session was not started");
                Arc::clone(&self).fail(session.session_id, failure).await;
                Err(refusal)
            }
        }
    }

    /// Makes sure that rooms can be had, takes the event live, and has the session run.
    pub(super) async fn bring_up(self: &Arc<Self>, session: &Session) -> Result<Session, StartRefusal> {
        let (event_id, channel_id) = (session.event_id, session.channel_id);
        // Whoever gives a token has made the room: livekit-provider and LiveKit are there.
        self.parts.provider.agent_token(event_id, channel_id, AgentType::Asr, None).await?;
        let active = {
            let _turn = self.turn(event_id).await;
            self.take_live(event_id).await?;
            let active = Move {
                from: vec![SessionState::Starting],
                to: SessionState::Active,
                at: clock::now(),
                failure: None,
            };
            self.parts.sessions.move_session(session.session_id, &active).await?
        };
        let active = active.ok_or(StartRefusal::Busy(SessionState::Stopping))?;
        tracing::info!(session.id = %active.session_id, event.id = %event_id, "a session started");
        self.notices.live(event_id).await;
        self.notices.changed(event_id).await;
        self.run(active.clone());
        let told = Arc::clone(self).tell_of(active.clone());
        self.parts.tasks.spawn(self.parts.shutdown.clone().run_until_cancelled_owned(told));
        Ok(active)
    }

    /// The event is live, or becomes so.
    async fn take_live(&self, event_id: EventId) -> Result<(), StartRefusal> {
        let state = self.state_of(event_id).await?;
        match state {
            EventState::Live => return Ok(()),
            state if !is_startable(state) => return Err(StartRefusal::NotStartable(state)),
            _ => {}
        }
        match self.parts.records.move_event(event_id, EventState::Live).await {
            Ok(()) => Ok(()),
            Err(PeerError::Refused { status: StatusCode::CONFLICT, code, detail, .. }) => {
                if code == "too_many_live_events" {
                    return Err(StartRefusal::TooManyLive(detail));
                }
                // Somebody else was faster.
                match self.state_of(event_id).await? {
                    EventState::Live => Ok(()),
                    state => Err(StartRefusal::NotStartable(state)),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn state_of(&self, event_id: EventId) -> Result<EventState, StartRefusal> {
        let event = self.parts.events.event_now(event_id).await?;
        event.map(|event| event.state).ok_or(StartRefusal::NoEvent)
    }

    /// Marks a session as failed; later, when the store is away.
    async fn fail(self: Arc<Self>, session_id: SessionId, failure: String) {
        let failed = Move {
            from: vec![SessionState::Starting],
            to: SessionState::Failed,
            at: clock::now(),
            failure: Some(failure),
        };
        if self.parts.sessions.move_session(session_id, &failed).await.is_ok() {
            return;
        }
        let (shared, shutdown) = (Arc::clone(&self), self.parts.shutdown.clone());
        let later = async move {
            let mut pauses = Pauses::new();
            while let Err(error) = shared.parts.sessions.move_session(session_id, &failed).await {
                tracing::warn!(%error, session.id = %session_id, "not marked as failed yet");
                pauses.wait().await;
            }
        };
        self.parts.tasks.spawn(shutdown.run_until_cancelled_owned(later));
    }

    /// Tells events-service that the session runs.
    async fn tell_of(self: Arc<Self>, session: Session) {
        let (record, mut pauses) = (SessionRecord::active(&session), Pauses::new());
        for _ in 0..TOLD_TIMES {
            match self.parts.records.record_session(session.event_id, &record).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, session.id = %session.session_id, "not recorded yet"),
            }
            pauses.wait().await;
        }
    }

    /// Goes on with a start that the last process left.
    pub(super) async fn start_again(self: Arc<Self>, session: Session) {
        let (deadline, mut pauses) = (Instant::now() + RESUMED_WITHIN, Pauses::new());
        loop {
            match self.bring_up(&session).await {
                Ok(_) => return,
                Err(refusal) if refusal.retry_helps() && Instant::now() < deadline => {
                    tracing::warn!(session.id = %session.session_id, error = %refusal, "not started yet");
                    pauses.wait().await;
                }
                Err(refusal) => return self.fail(session.session_id, refusal.to_string()).await,
            }
        }
    }
}

fn is_startable(state: EventState) -> bool {
    matches!(state, EventState::Scheduled | EventState::Ready | EventState::Live)
}

fn new_session(event: &EventConfig, channel: &ChannelConfig, started_by: &str) -> Session {
    let now = to_the_millisecond(clock::now());
    let mut agents: Vec<_> = AgentSpec::wanted(channel).iter().map(|spec| spec.agent(now)).collect();
    agents.sort_by(|one, other| one.agent_id.cmp(&other.agent_id));
    Session {
        session_id: SessionId::generate(),
        event_id: event.event_id,
        channel_id: channel.channel_id,
        customer_id: event.customer_id,
        state: SessionState::Starting,
        source_language: channel.source_language.clone(),
        target_languages: channel.target_languages.clone(),
        started_by: started_by.to_owned(),
        started_at: now,
        stopping_at: None,
        ended_at: None,
        finished_at: None,
        failure: None,
        peak_listeners: BTreeMap::new(),
        agents,
    }
}

/// Agents are told the start as milliseconds.
fn to_the_millisecond(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}
