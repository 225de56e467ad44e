//! What a persistence promises, asked of both: in memory, and PostgreSQL.

mod races;
mod sessions;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    LanguageTag,
    event::AgentType,
    ids::{ChannelId, CustomerId, EventId, SessionId},
};
use orchestrator::{
    domain::{AgentStatus, Session, SessionAgent, SessionState},
    persistence::{Move, Sessions},
};

/// A store under test.
type Store = Arc<dyn Sessions>;

/// Runs each of these functions, which take a [`Store`], on both persistences.
macro_rules! on_both {
    ($($promise:ident),+ $(,)?) => {
        mod in_memory {
            $(
                #[tokio::test]
                async fn $promise() {
                    super::$promise(std::sync::Arc::new(orchestrator::persistence::in_memory::InMemory::default())).await;
                }
            )+
        }

        mod postgres {
            use orchestrator::persistence::postgres::{MIGRATOR, Postgres};

            $(
                #[tokio::test]
                async fn $promise() {
                    let database = testkit::postgres::Database::create(&MIGRATOR).await;
                    super::$promise(std::sync::Arc::new(Postgres::new(database.pool().clone()))).await;
                }
            )+
        }
    };
}
use on_both;

/// A whole second, so that it is the same in every store.
fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

fn event_id(number: i64) -> EventId {
    EventId::new(number).expect("an event id")
}

fn language(tag: &str) -> LanguageTag {
    tag.parse().expect("a language")
}

fn agent(agent_id: &str) -> SessionAgent {
    SessionAgent {
        agent_id: agent_id.to_owned(),
        agent_type: AgentType::Asr,
        language: Some(language("en-US")),
        status: AgentStatus::Joining,
        started_at: moment(1),
        ended_at: None,
        restarts: 0,
        error: None,
        seen_alive_at: None,
    }
}

/// A session of the event, starting, with an agent.
fn session(event: i64, channel: i64) -> Session {
    Session {
        session_id: SessionId::generate(),
        event_id: event_id(event),
        channel_id: ChannelId::new(channel).expect("a channel id"),
        customer_id: CustomerId::generate(),
        state: SessionState::Starting,
        source_language: language("en-US"),
        target_languages: vec![language("es-ES"), language("ca-ES")],
        started_by: "somebody".to_owned(),
        started_at: moment(0),
        stopping_at: None,
        ended_at: None,
        finished_at: None,
        failure: None,
        peak_listeners: std::collections::BTreeMap::new(),
        agents: vec![agent("agent-asr")],
    }
}

/// From `from` to `to` at `moment(seconds)`.
fn to(from: &[SessionState], to: SessionState, seconds: i64) -> Move {
    Move { from: from.to_vec(), to, at: moment(seconds), failure: None }
}
