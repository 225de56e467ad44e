//! What a persistence promises, asked of both: in memory, and PostgreSQL.

mod events;
mod imports;
mod limits;
mod races;
mod sessions;
mod templates;
mod views;

use std::sync::Arc;

use ::events::{
    domain::{Channel, Event, EventState, Glossary, ListenAccess, Timezone, Viewer},
    persistence::Persistence,
};
use chrono::{DateTime, TimeDelta, Utc};
use common::{
    access::Tenants,
    ids::{ChannelId, CustomerId, EventId},
};

/// A store under test.
type Store = Arc<dyn Persistence>;

/// Runs each of these functions, which take a [`Store`], on both persistences.
macro_rules! on_both {
    ($($promise:ident),+ $(,)?) => {
        mod in_memory {
            $(
                #[tokio::test]
                async fn $promise() {
                    super::$promise(std::sync::Arc::new(::events::persistence::in_memory::InMemory::default())).await;
                }
            )+
        }

        mod postgres {
            use ::events::persistence::postgres::{MIGRATOR, Postgres};

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

fn id(number: i64) -> EventId {
    EventId::new(number).expect("an event id")
}

fn channel(number: i64) -> Channel {
    Channel {
        channel_id: ChannelId::new(number).expect("a channel id"),
        name: "Main".parse().expect("a name"),
        source_language: "en-US".parse().expect("a language"),
        target_languages: vec!["ca-ES".parse().expect("a language")],
        record: true,
        speech: false,
        glossary: Glossary::default(),
    }
}

fn event(number: i64, customer: CustomerId) -> Event {
    Event {
        event_id: id(number),
        customer_id: customer,
        title: "Assembly".parse().expect("a title"),
        description: None,
        starts_at: moment(0),
        ends_at: moment(3_600),
        timezone: Timezone::UTC,
        state: EventState::Ready,
        listen_access: ListenAccess::Assigned,
        channels: vec![channel(1), channel(2)],
        last_channel_id: 2,
        speakers: Vec::new(),
        listeners: Vec::new(),
        created_at: moment(0),
        updated_at: moment(0),
        version: 1,
    }
}

/// The event as its own staff sees it.
async fn whole(store: &Store, event_id: EventId) -> Option<Event> {
    let everything = Viewer { staff_of: Tenants::All, ..Viewer::GUEST };
    store.event(event_id, everything).await.expect("a store")
}
