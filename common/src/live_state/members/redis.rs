//! Members and counts in Redis: a sorted set by the end of each member's time, a hash of counts.
//!
//! Each operation is one script, so that it is atomic, is one round trip, and compares times by the one clock that all
//! processes share: the server's.

use std::{collections::BTreeMap, time::Duration};

use ::redis::cmd;
use async_trait::async_trait;

use super::Members;
use crate::live_state::{LiveState as _, LiveStateError, Redis};

/// The server's time, milliseconds; for the beginning of scripts.
const NOW: &str = "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000); ";

/// Key; member, time to live. The key lives as long as its last member.
const ENTER: &str = "
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local new = redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return new";

/// Key; member.
const LEAVE: &str = "
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return redis.call('ZREM', KEYS[1], ARGV[1])";

/// Key.
const COUNT: &str = "return redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', now), '+inf')";

/// Key; time to live, then names and counts by turns.
const SET_COUNTS: &str = "
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])";

/// Longer times are cut: `PEXPIRE` refuses those that overflow.
fn milliseconds(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).min(1 << 50)
}

#[async_trait]
impl Members for Redis {
    async fn enter(&self, key: &str, member: &str, ttl: Duration) -> Result<bool, LiveStateError> {
        let ttl_ms = milliseconds(ttl);
        if ttl_ms == 0 {
            return self.leave(key, member).await.map(|was_there| !was_there);
        }
        self.run(cmd("EVAL").arg(format!("{NOW}{ENTER}")).arg(1).arg(key).arg(member).arg(ttl_ms)).await
    }

    async fn leave(&self, key: &str, member: &str) -> Result<bool, LiveStateError> {
        self.run(cmd("EVAL").arg(format!("{NOW}{LEAVE}")).arg(1).arg(key).arg(member)).await
    }

    async fn count(&self, key: &str) -> Result<u64, LiveStateError> {
        self.run(cmd("EVAL").arg(format!("{NOW}{COUNT}")).arg(1).arg(key)).await
    }

    async fn set_counts(
        &self,
        key: &str,
        counts: &BTreeMap<String, u64>,
        ttl: Duration,
    ) -> Result<(), LiveStateError> {
        let ttl_ms = milliseconds(ttl);
        if ttl_ms == 0 || counts.is_empty() {
            return self.delete(key).await;
        }
        let mut command = cmd("EVAL");
        command.arg(SET_COUNTS).arg(1).arg(key).arg(ttl_ms);
        for (name, count) in counts {
            command.arg(name).arg(*count);
        }
        self.run(&command).await
    }

    async fn counts(&self, key: &str) -> Result<BTreeMap<String, u64>, LiveStateError> {
        let counts: BTreeMap<String, i64> = self.run(cmd("HGETALL").arg(key)).await?;
        Ok(counts.into_iter().map(|(name, count)| (name, u64::try_from(count).unwrap_or(0))).collect())
    }
}
