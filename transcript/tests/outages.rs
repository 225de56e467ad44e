//! Following a session over a real PostgreSQL and a real Redis, each of which goes away and comes back.

use std::{sync::Arc, time::Duration};

use chrono::DateTime;
use common::{
    LanguageTag, Segment, SegmentState,
    ids::{ChannelId, EventId, SessionId},
    live_state::Redis,
    persistence::{PersistenceError, postgres::DatabaseConfig},
};
use futures_util::{StreamExt as _, stream::BoxStream};
use testkit::{postgres::Database, redis::RedisServer, tcp_proxy::TcpProxy};
use tokio::time::{Instant, sleep, timeout};
use transcript::{Entry, Live, Position, Postgres, SegmentLog as _, Topic};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/live");

const SOON: Duration = Duration::from_secs(20);

struct World {
    redis: RedisServer,
    database: Database,
    /// Between the processes and PostgreSQL.
    wire: TcpProxy,
    topic: Topic,
}

impl World {
    async fn start() -> Self {
        let database = Database::create(&MIGRATOR).await;
        let options = database.options();
        let server = format!("{}:{}", options.get_host(), options.get_port());
        let topic = Topic {
            event_id: EventId::new(123_457).expect("an id"),
            channel_id: ChannelId::new(1).expect("an id"),
            session_id: SessionId::generate(),
        };
        Self {
            redis: RedisServer::start().await.expect("a Redis server"),
            wire: TcpProxy::start(server).await.expect("a wire"),
            database,
            topic,
        }
    }

    fn log(&self) -> Postgres {
        let options = self.database.options();
        let (user, name, wire) = (options.get_username(), self.database.name(), self.wire.address());
        let config =
            DatabaseConfig::from_url(&format!("postgres://{user}@{wire}/{name}")).expect("an address");
        Postgres::new(config.pool())
    }

    /// One more process.
    fn process(&self) -> Live {
        let redis = Redis::new(&self.redis.url().parse().expect("an address"));
        Live::new(Arc::new(self.log()), Arc::new(redis))
    }

    /// Writes, as agents do: again until it is taken.
    async fn write(&self, live: &Live, n: u64) {
        let end = Instant::now() + SOON;
        while let Err(error) = live.append(&self.topic, &[segment(n)], DateTime::UNIX_EPOCH).await {
            assert!(matches!(error, PersistenceError::Unavailable(_)), "{error:?}");
            assert!(Instant::now() < end, "still away");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn language() -> LanguageTag {
    "en-US".parse().expect("a language")
}

fn segment(n: u64) -> Segment {
    Segment {
        id: format!("s{n}").parse().expect("an id"),
        speaker: "speaker-1".to_owned(),
        language: language(),
        source_language: language(),
        text: format!("number {n}"),
        start_ms: n * 1000,
        end_ms: n * 1000 + 900,
        revision: 0,
        state: SegmentState::Final,
    }
}

/// The position of the next entry, and how long it took.
async fn next(follower: &mut BoxStream<'static, Entry>) -> (u64, Duration) {
    let began = Instant::now();
    let entry = timeout(SOON, follower.next()).await.expect("an entry in time").expect("it does not end");
    (entry.position.0, began.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_captions_come_later_and_with_it_at_once() {
    let mut world = World::start().await;
    let (writer, reader) = (world.process(), world.process());
    let mut follower = reader.follow(&world.topic, &[language()], None, Position(0));
    world.write(&writer, 0).await;
    assert_eq!(next(&mut follower).await.0, 1);
    let (mut position, mut quick) = (1, 0);
    for round in 0..2 {
        world.redis.stop().await.expect("stopped");
        for _ in 0..3 {
            world.write(&writer, position).await;
            position += 1;
            let (got, took) = next(&mut follower).await;
            assert_eq!(got, position, "in round {round}");
            assert!(took < Duration::from_secs(4), "{took:?}");
        }
        world.redis.restart().await.expect("started, and empty");
        // Told at once again soon.
        let end = Instant::now() + SOON;
        while quick <= round {
            assert!(Instant::now() < end, "captions stay late");
            world.write(&writer, position).await;
            position += 1;
            let (got, took) = next(&mut follower).await;
            assert_eq!(got, position, "in round {round}");
            if took < Duration::from_millis(100) {
                quick += 1;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgresql_captions_wait_and_none_is_lost() {
    let world = World::start().await;
    let (writer, reader) = (world.process(), world.process());
    let mut follower = reader.follow(&world.topic, &[language()], None, Position(0));
    world.write(&writer, 0).await;
    assert_eq!(next(&mut follower).await.0, 1);
    world.wire.cut();
    let late = reader.follow(&world.topic, &[language()], Some(language()), Position(0));
    let failed = writer.append(&world.topic, &[segment(1)], DateTime::UNIX_EPOCH).await;
    assert!(matches!(failed, Err(PersistenceError::Unavailable(_))), "{failed:?}");
    let read = world.log().segments(world.topic.session_id, &language()).await;
    assert!(matches!(read, Err(PersistenceError::Unavailable(_))), "{read:?}");
    assert!(timeout(Duration::from_secs(3), follower.next()).await.is_err(), "nothing was written");
    world.wire.mend();
    for n in 1..20 {
        world.write(&writer, n).await;
    }
    let mut late = late.take(20).map(|entry| entry.position.0).collect::<Vec<_>>();
    for position in 2..=20 {
        assert_eq!(next(&mut follower).await.0, position);
    }
    let late = timeout(SOON, &mut late).await.expect("the whole history");
    assert_eq!(late, (1..=20).collect::<Vec<_>>());
}
