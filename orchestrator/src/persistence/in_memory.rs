//! In memory: for development and tests. All of it is behind one lock, so that every method is atomic.

use std::{cmp::Reverse, collections::BTreeMap};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    access::Tenants,
    ids::{EventId, SessionId},
};
use parking_lot::Mutex;

use super::{Created, Move, PersistenceError, SessionFilter, SessionKey, Sessions};
use crate::domain::{AgentStatus, Session, SessionAgent, SessionState};

/// Keeps sessions until the process ends.
#[derive(Debug, Default)]
pub struct InMemory {
    sessions: Mutex<BTreeMap<SessionId, Session>>,
}

impl InMemory {
    /// By start.
    fn those(&self, wanted: impl Fn(&Session) -> bool) -> Vec<Session> {
        let sessions = self.sessions.lock();
        let mut those: Vec<_> = sessions.values().filter(|session| wanted(session)).cloned().collect();
        those.sort_by_key(SessionKey::of);
        those
    }

    fn change(&self, session_id: SessionId, change: impl FnOnce(&mut Session)) {
        if let Some(session) = self.sessions.lock().get_mut(&session_id) {
            change(session);
        }
    }
}

#[async_trait]
impl Sessions for InMemory {
    async fn create_session(&self, session: &Session) -> Result<Created, PersistenceError> {
        let mut sessions = self.sessions.lock();
        let channel = (session.event_id, session.channel_id);
        let running = sessions
            .values()
            .find(|other| other.state.is_running() && (other.event_id, other.channel_id) == channel);
        if let Some(running) = running {
            return Ok(Created::Running(Box::new(running.clone())));
        }
        sessions.insert(session.session_id, session.clone());
        Ok(Created::New)
    }

    async fn session(&self, session_id: SessionId) -> Result<Option<Session>, PersistenceError> {
        Ok(self.sessions.lock().get(&session_id).cloned())
    }

    async fn sessions(
        &self,
        tenants: Tenants,
        filter: &SessionFilter,
        after: Option<SessionKey>,
        rows: usize,
    ) -> Result<Vec<Session>, PersistenceError> {
        let mut wanted = self.those(|session| {
            tenants.include(session.customer_id)
                && filter.event_id.is_none_or(|event| event == session.event_id)
                && (filter.states.is_empty() || filter.states.contains(&session.state))
                && after.is_none_or(|after| SessionKey::of(session) < after)
        });
        wanted.sort_by_key(|session| Reverse(SessionKey::of(session)));
        wanted.truncate(rows);
        Ok(wanted)
    }

    async fn running_sessions(&self, event_id: Option<EventId>) -> Result<Vec<Session>, PersistenceError> {
        Ok(self.those(|session| {
            session.state.is_running() && event_id.is_none_or(|event| event == session.event_id)
        }))
    }

    async fn unfinished_sessions(&self) -> Result<Vec<Session>, PersistenceError> {
        Ok(self.those(|session| {
            let stopped = session.state == SessionState::Stopped && session.finished_at.is_none();
            session.state.is_running() || stopped
        }))
    }

    async fn move_session(
        &self,
        session_id: SessionId,
        to: &Move,
    ) -> Result<Option<Session>, PersistenceError> {
        let mut sessions = self.sessions.lock();
        let session = sessions.get_mut(&session_id).filter(|session| to.from.contains(&session.state));
        let Some(session) = session else { return Ok(None) };
        session.state = to.to;
        match to.to {
            SessionState::Stopping => session.stopping_at = Some(to.at),
            SessionState::Failed => session.ended_at = Some(to.at),
            SessionState::Starting | SessionState::Active | SessionState::Stopped => {}
        }
        session.failure.clone_from(&to.failure);
        Ok(Some(session.clone()))
    }

    async fn end_session(
        &self,
        session_id: SessionId,
        at: DateTime<Utc>,
    ) -> Result<Option<Session>, PersistenceError> {
        let mut sessions = self.sessions.lock();
        let session = sessions.get_mut(&session_id).filter(|one| one.state == SessionState::Stopping);
        let Some(session) = session else { return Ok(None) };
        let at = *session.ended_at.get_or_insert(at);
        for agent in session.agents.iter_mut().filter(|agent| agent.ended_at.is_none()) {
            agent.ended_at = Some(at);
            agent.status = AgentStatus::Ended;
        }
        Ok(Some(session.clone()))
    }

    async fn finish(&self, session_id: SessionId, at: DateTime<Utc>) -> Result<(), PersistenceError> {
        self.change(session_id, |session| {
            if session.state == SessionState::Stopped {
                session.finished_at.get_or_insert(at);
            }
        });
        Ok(())
    }

    async fn set_languages(
        &self,
        session_id: SessionId,
        source: &LanguageTag,
        targets: &[LanguageTag],
    ) -> Result<(), PersistenceError> {
        self.change(session_id, |session| {
            session.source_language = source.clone();
            session.target_languages = targets.to_vec();
        });
        Ok(())
    }

    async fn save_agent(&self, session_id: SessionId, agent: &SessionAgent) -> Result<(), PersistenceError> {
        self.change(session_id, |session| {
            session.agents.retain(|other| other.agent_id != agent.agent_id);
            session.agents.push(agent.clone());
            session.agents.sort_by(|one, other| one.agent_id.cmp(&other.agent_id));
        });
        Ok(())
    }

    async fn seen_alive(
        &self,
        session_id: SessionId,
        agent_ids: &[String],
        at: DateTime<Utc>,
    ) -> Result<(), PersistenceError> {
        self.change(session_id, |session| {
            for agent in session.agents.iter_mut().filter(|agent| agent_ids.contains(&agent.agent_id)) {
                agent.seen_alive_at = agent.seen_alive_at.max(Some(at));
            }
        });
        Ok(())
    }

    async fn raise_peaks(
        &self,
        session_id: SessionId,
        counts: &BTreeMap<LanguageTag, u64>,
    ) -> Result<(), PersistenceError> {
        self.change(session_id, |session| {
            for (language, count) in counts {
                let peak = session.peak_listeners.entry(language.clone()).or_default();
                *peak = (*peak).max(*count);
            }
        });
        Ok(())
    }

    async fn check(&self) -> Result<(), PersistenceError> {
        Ok(())
    }
}
