//! What a persistence promises, asked of both: in memory, and PostgreSQL.

mod inbox;
mod tokens;

use std::sync::Arc;

use ::provider::{domain::RoomName, persistence::Persistence};
use chrono::{DateTime, TimeDelta, Utc};
use common::ids::{ChannelId, EventId};

/// A store under test.
type Store = Arc<dyn Persistence>;

/// Runs each of these functions, which take a [`Store`], on both persistences.
macro_rules! on_both {
    ($($promise:ident),+ $(,)?) => {
        mod in_memory {
            $(
                #[tokio::test]
                async fn $promise() {
                    super::$promise(std::sync::Arc::new(::provider::persistence::in_memory::InMemory::default())).await;
                }
            )+
        }

        mod postgres {
            use ::provider::persistence::postgres::{MIGRATOR, Postgres};

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

fn room(event: i64, channel: i64) -> RoomName {
    RoomName {
        event_id: EventId::new(event).expect("an event id"),
        channel_id: ChannelId::new(channel).expect("a channel id"),
    }
}
