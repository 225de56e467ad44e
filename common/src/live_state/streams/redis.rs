//! Streams in Redis. Each tail has a connection of its own, because it blocks while it waits for entries.

use std::{collections::VecDeque, fmt, str::FromStr, time::Duration};

use ::redis::{
    AsyncConnectionConfig, Client, RedisError, RedisResult, aio::MultiplexedConnection, cmd, pipe,
};
use async_trait::async_trait;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::time::{sleep, timeout};

use super::{StreamNotice, Streams};
use crate::live_state::{
    LiveStateError, Redis,
    redis::{COMMAND_TIMEOUT, CONNECT_TIMEOUT, RESPONSE_TIMEOUT},
};

/// How long Redis waits for entries before it says that there are none. A silent peer is given up soon after.
const BLOCK: Duration = Duration::from_secs(1);
/// As many entries of each stream are read at once.
const PAGE: usize = 256;
/// The first wait before connecting again; it doubles up to …
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// … this.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Appends and prolongs in one step: a stream never stays without an end.
const APPEND: &str = "redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'entry', ARGV[2]) \
                      redis.call('PEXPIRE', KEYS[1], ARGV[3])";

#[async_trait]
impl Streams for Redis {
    async fn append(&self, key: &str, entry: &str, keep: usize, ttl: Duration) -> Result<(), LiveStateError> {
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).min(1 << 50);
        self.run(cmd("EVAL").arg(APPEND).arg(1).arg(key).arg(keep).arg(entry).arg(ttl_ms)).await
    }

    /// While Redis is away it waits a second at most and yields the stream nevertheless; once connected, that begins
    /// with a gap.
    async fn tail(&self, keys: &[String]) -> Result<BoxStream<'static, StreamNotice>, LiveStateError> {
        if keys.is_empty() {
            return Ok(stream::pending().boxed());
        }
        let mut tail = Tail::new(self.client.clone(), keys);
        if let Ok(Ok(connected)) = timeout(COMMAND_TIMEOUT, tail.connect()).await {
            tail.connection = Some(connected);
        }
        Ok(stream::unfold(tail, async |mut tail| Some((tail.next().await, tail))).boxed())
    }
}

/// The id of an entry, which grows with each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct EntryId {
    ms: u64,
    sequence: u64,
}

impl FromStr for EntryId {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let parse = || {
            let (ms, sequence) = text.split_once('-')?;
            Some(Self { ms: ms.parse().ok()?, sequence: sequence.parse().ok()? })
        };
        parse().ok_or_else(|| Failure::Unexpected(text.chars().take(40).collect()))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.sequence)
    }
}

/// As `XREVRANGE` and `XRANGE` answer: the id, then names and values.
type Entries = Vec<(String, Vec<String>)>;

/// Reads streams for as long as it is asked for more.
struct Tail {
    client: Client,
    keys: Vec<String>,
    /// The last entry that was seen of each stream; zero before the first.
    last: Vec<EntryId>,
    connection: Option<MultiplexedConnection>,
    ready: VecDeque<StreamNotice>,
    wait: Duration,
}

impl Tail {
    fn new(client: Client, keys: &[String]) -> Self {
        Self {
            client,
            keys: keys.to_vec(),
            last: vec![EntryId::default(); keys.len()],
            connection: None,
            ready: VecDeque::new(),
            wait: FIRST_WAIT,
        }
    }

    async fn next(&mut self) -> StreamNotice {
        loop {
            if let Some(notice) = self.ready.pop_front() {
                return notice;
            }
            if let Err(failure) = self.step().await {
                // Each tail would say it again every second.
                if self.wait == FIRST_WAIT {
                    tracing::warn!(error = %failure, "no entries of streams from Redis for the moment");
                }
                self.connection = None;
                sleep(self.wait).await;
                self.wait = (self.wait * 2).min(LONGEST_WAIT);
            }
        }
    }

    /// Connects if need be, and waits for the next entries.
    async fn step(&mut self) -> Result<(), Failure> {
        let Some(mut connection) = self.connection.clone() else {
            self.connection =
                Some(timeout(COMMAND_TIMEOUT, self.connect()).await.map_err(|_| Failure::Silent)??);
            self.ready.push_back(StreamNotice::Gap);
            return Ok(());
        };
        let read: Option<Vec<(String, Entries)>> = cmd("XREAD")
            .arg("COUNT")
            .arg(PAGE)
            .arg("BLOCK")
            .arg(BLOCK.as_millis() as u64)
            .arg("STREAMS")
            .arg(&self.keys)
            .arg(self.last.iter().map(EntryId::to_string).collect::<Vec<_>>())
            .query_async(&mut connection)
            .await?;
        match read {
            Some(streams) => self.take(streams, &mut connection).await?,
            None => self.look_for_loss(&mut connection).await?,
        }
        self.wait = FIRST_WAIT;
        Ok(())
    }

    /// A connection, with `last` at the present end of each stream.
    async fn connect(&mut self) -> Result<MultiplexedConnection, Failure> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(BLOCK + RESPONSE_TIMEOUT));
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        for (last, end) in self.last.iter_mut().zip(ends(&self.keys, &mut connection).await?) {
            *last = end.unwrap_or_default();
        }
        Ok(connection)
    }

    /// Takes what was read, in the order in which it was appended. Where the last entry before it is gone, others
    /// between them may be gone as well.
    async fn take(
        &mut self,
        streams: Vec<(String, Entries)>,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), Failure> {
        let mut before = pipe();
        let mut checked = 0;
        let mut taken = Vec::new();
        for (key, entries) in streams {
            let place = self.keys.iter().position(|wanted| *wanted == key);
            let place = place.ok_or_else(|| Failure::Unexpected("an unknown stream".to_owned()))?;
            if self.last[place] != EntryId::default() {
                let last = self.last[place].to_string();
                before.cmd("XRANGE").arg(&key).arg(&last).arg(&last);
                checked += 1;
            }
            for (id, fields) in entries {
                let id: EntryId = id.parse()?;
                self.last[place] = id;
                let entry = fields.chunks_exact(2).find(|field| field[0] == "entry");
                if let Some(entry) = entry.map(|field| field[1].clone()) {
                    taken.push((id, StreamNotice::Entry { key: key.clone(), entry }));
                }
            }
        }
        if checked > 0 {
            let found: Vec<Entries> = before.query_async(connection).await?;
            if found.iter().any(Vec::is_empty) {
                self.ready.push_back(StreamNotice::Gap);
            }
        }
        // Stable: within a stream ids grow anyway.
        taken.sort_by_key(|(id, _)| *id);
        self.ready.extend(taken.into_iter().map(|(_, notice)| notice));
        Ok(())
    }

    /// A stream that was forgotten or begun anew may count from below what we have seen. One that was emptied and begun
    /// anew within the millisecond of its last entry looks like before: its readers find that entry where it is kept.
    async fn look_for_loss(&mut self, connection: &mut MultiplexedConnection) -> Result<(), Failure> {
        let mut lost = false;
        for (last, end) in self.last.iter_mut().zip(ends(&self.keys, connection).await?) {
            if end.unwrap_or_default() < *last {
                *last = EntryId::default();
                lost = true;
            }
        }
        if lost {
            self.ready.push_back(StreamNotice::Gap);
        }
        Ok(())
    }
}

/// The last entry of each stream.
async fn ends(
    keys: &[String],
    connection: &mut MultiplexedConnection,
) -> Result<Vec<Option<EntryId>>, Failure> {
    let mut asked = pipe();
    for key in keys {
        asked.cmd("XREVRANGE").arg(key).arg("+").arg("-").arg("COUNT").arg(1);
    }
    let found: RedisResult<Vec<Entries>> = asked.query_async(connection).await;
    found?.into_iter().map(|entries| entries.first().map(|(id, _)| id.parse()).transpose()).collect()
}

/// Why a connection was given up. Another one is made.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no answer in time")]
    Silent,
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("Redis answers what it should not: {0}")]
    Unexpected(String),
}
