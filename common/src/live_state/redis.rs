//! Live state in Redis, shared by all processes.

mod listener;

use std::{fmt, str::FromStr, time::Duration};

use ::redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, IntoConnectionInfo as _, RedisError, RedisResult,
    aio::MultiplexedConnection, cmd, io::tcp::TcpSettings,
};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{LiveState, LiveStateError, Notice};
use listener::Listener;

/// How long a connection may take to be made.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long an answer may take.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a command may take, connecting and a second attempt included.
pub(super) const COMMAND_TIMEOUT: Duration = Duration::from_secs(1);
/// After a connection failed, commands fail at once for this long.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// Where Redis is. Not shown: the address may hold a password.
#[derive(Clone)]
pub struct RedisAddress(Client);

impl FromStr for RedisAddress {
    type Err = String;

    /// `redis://[user:password@]host[:port][/database]`, `rediss://…` with TLS.
    fn from_str(text: &str) -> Result<Self, String> {
        let info = text.into_connection_info().map_err(|_| "has to be like redis://host:6379".to_owned())?;
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        Client::open(info).map(Self).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisAddress").field(self.0.get_connection_info().addr()).finish()
    }
}

/// Keys and notices in Redis. Commands fail within a second while it is away, and work again once it is back.
///
/// One connection carries the commands and a second one the notices; both are made when first needed. The crate's own
/// `ConnectionManager` is not used: it keeps a connection whose other end is gone without a word, as after a power
/// cut, until the kernel gives it up, and answers the first command after an outage with the outage.
pub struct Redis {
    pub(super) client: Client,
    connection: Mutex<Slot>,
    listener: Listener,
}

#[derive(Default)]
struct Slot {
    connection: Option<MultiplexedConnection>,
    /// Counts connections, so that a broken one is given up once.
    number: u64,
    failed_at: Option<Instant>,
}

impl Redis {
    /// Nothing is connected yet. Has to be called within a tokio runtime.
    pub fn new(address: &RedisAddress) -> Self {
        Self {
            client: address.0.clone(),
            connection: Mutex::default(),
            listener: Listener::spawn(address.0.clone()),
        }
    }

    /// The answer to `command`, which may be sent twice.
    pub(super) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, LiveStateError> {
        match timeout(COMMAND_TIMEOUT, self.attempt_twice(command)).await {
            Ok(outcome) => outcome.map_err(away),
            Err(elapsed) => Err(away(elapsed)),
        }
    }

    /// All our commands may be sent twice. A connection that was open for a while may be found broken only in use.
    async fn attempt_twice<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let (number, failure) = match self.attempt(command).await? {
            Ok(value) => return Ok(value),
            Err(failed) => failed,
        };
        if !failure.is_io_error() && !failure.is_unrecoverable_error() {
            return Err(failure);
        }
        self.give_up(number).await;
        match self.attempt(command).await? {
            Ok(value) => Ok(value),
            Err((number, failure)) => {
                self.give_up(number).await;
                Err(failure)
            }
        }
    }

    /// Errors outside: no connection. Errors inside: on this connection.
    async fn attempt<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<Result<T, (u64, RedisError)>> {
        let (mut connection, number) = self.connection().await?;
        Ok(command.query_async(&mut connection).await.map_err(|error| (number, error)))
    }

    /// The connection, made if there is none; whoever asks meanwhile waits for the same.
    async fn connection(&self) -> RedisResult<(MultiplexedConnection, u64)> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = &slot.connection {
            return Ok((connection.clone(), slot.number));
        }
        if slot.failed_at.is_some_and(|at| at.elapsed() < AFTER_FAILURE) {
            return Err((::redis::ErrorKind::Io, "Redis was not there a moment ago").into());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        match self.client.get_multiplexed_async_connection_with_config(&config).await {
            Ok(connection) => {
                let number = slot.number + 1;
                *slot = Slot { connection: Some(connection.clone()), number, failed_at: None };
                Ok((connection, number))
            }
            Err(error) => {
                slot.failed_at = Some(Instant::now());
                Err(error)
            }
        }
    }

    async fn give_up(&self, number: u64) {
        let mut slot = self.connection.lock().await;
        if slot.number == number {
            slot.connection = None;
        }
    }
}

fn away(cause: impl std::error::Error + Send + Sync + 'static) -> LiveStateError {
    LiveStateError(Box::new(cause))
}

#[async_trait]
impl LiveState for Redis {
    async fn get(&self, key: &str) -> Result<Option<String>, LiveStateError> {
        self.run(cmd("GET").arg(key)).await
    }

    async fn set(&self, key: &str, value: &str, ttl: Duration) -> Result<(), LiveStateError> {
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).min(1 << 50);
        if ttl_ms == 0 {
            return self.delete(key).await;
        }
        self.run(cmd("SET").arg(key).arg(value).arg("PX").arg(ttl_ms)).await
    }

    async fn delete(&self, key: &str) -> Result<(), LiveStateError> {
        self.run(cmd("DEL").arg(key)).await
    }

    async fn publish(&self, channel: &str, message: &str) -> Result<(), LiveStateError> {
        self.run(cmd("PUBLISH").arg(channel).arg(message)).await
    }

    /// While Redis is away it waits a second at most and yields the stream nevertheless; once connected, that begins
    /// with a gap.
    async fn subscribe(&self, channel: &str) -> Result<BoxStream<'static, Notice>, LiveStateError> {
        Ok(self.listener.subscribe(channel).await)
    }

    async fn check(&self) -> Result<(), LiveStateError> {
        self.run(&cmd("PING")).await
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Redis").field(self.client.get_connection_info().addr()).finish()
    }
}
