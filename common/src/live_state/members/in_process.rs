//! Members and counts of one process.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Members;
use crate::live_state::{InProcess, LiveState as _, LiveStateError};

/// When there are more members, all sets together, those that would leave first go.
const MAX_MEMBERS: usize = 200_000;
/// The longest time to live; longer ones are cut.
const MAX_TTL: Duration = Duration::from_secs(366 * 24 * 3600);

/// All sets of a process.
#[derive(Default)]
pub(in crate::live_state) struct Sets(Mutex<State>);

#[derive(Default)]
struct State {
    sets: HashMap<Arc<str>, HashMap<Arc<str>, Instant>>,
    /// When, from which set, who: the same members by the end of their time.
    by_end: BTreeSet<(Instant, Arc<str>, Arc<str>)>,
}

impl State {
    fn remove(&mut self, key: &str, member: &str) -> bool {
        let Some(set) = self.sets.get_mut(key) else { return false };
        let Some((member, end)) = set.remove_entry(member) else { return false };
        if set.is_empty() {
            self.sets.remove(key);
        }
        self.by_end.remove(&(end, key.into(), member))
    }

    fn remove_first(&mut self) {
        if let Some((_, key, member)) = self.by_end.first().cloned() {
            self.remove(&key, &member);
        }
    }

    fn remove_ended(&mut self, now: Instant) {
        while self.by_end.first().is_some_and(|(end, ..)| *end <= now) {
            self.remove_first();
        }
    }
}

impl Sets {
    fn enter(&self, key: &str, member: &str, ttl: Duration) -> bool {
        let now = Instant::now();
        let mut state = self.0.lock();
        state.remove_ended(now);
        let was_there = state.remove(key, member);
        if ttl.is_zero() {
            return !was_there;
        }
        if state.by_end.len() >= MAX_MEMBERS {
            state.remove_first();
        }
        let (end, member): (_, Arc<str>) = (now + ttl.min(MAX_TTL), member.into());
        let key = state.sets.get_key_value(key).map_or_else(|| key.into(), |(key, _)| Arc::clone(key));
        state.by_end.insert((end, Arc::clone(&key), Arc::clone(&member)));
        state.sets.entry(key).or_default().insert(member, end);
        !was_there
    }

    fn leave(&self, key: &str, member: &str) -> bool {
        let mut state = self.0.lock();
        state.remove_ended(Instant::now());
        state.remove(key, member)
    }

    fn count(&self, key: &str) -> u64 {
        let mut state = self.0.lock();
        state.remove_ended(Instant::now());
        state.sets.get(key).map_or(0, |set| set.len() as u64)
    }

    /// Forgets the set at `key`.
    pub(in crate::live_state) fn delete(&self, key: &str) {
        let mut state = self.0.lock();
        let Some((key, members)) = state.sets.remove_entry(key) else { return };
        for (member, end) in members {
            state.by_end.remove(&(end, Arc::clone(&key), member));
        }
    }
}

#[async_trait]
impl Members for InProcess {
    async fn enter(&self, key: &str, member: &str, ttl: Duration) -> Result<bool, LiveStateError> {
        Ok(self.sets.enter(key, member, ttl))
    }

    async fn leave(&self, key: &str, member: &str) -> Result<bool, LiveStateError> {
        Ok(self.sets.leave(key, member))
    }

    async fn count(&self, key: &str) -> Result<u64, LiveStateError> {
        Ok(self.sets.count(key))
    }

    async fn set_counts(
        &self,
        key: &str,
        counts: &BTreeMap<String, u64>,
        ttl: Duration,
    ) -> Result<(), LiveStateError> {
        // A hash without fields is not there, as in Redis.
        if counts.is_empty() {
            return self.delete(key).await;
        }
        let text = serde_json::to_string(counts).map_err(|error| LiveStateError(error.into()))?;
        self.set(key, &text, ttl).await
    }

    async fn counts(&self, key: &str) -> Result<BTreeMap<String, u64>, LiveStateError> {
        let Some(text) = self.get(key).await? else { return Ok(BTreeMap::new()) };
        serde_json::from_str(&text).map_err(|error| LiveStateError(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const TTL: Duration = Duration::from_secs(15);

    #[tokio::test(start_paused = true)]
    async fn members_stay_while_they_renew_and_leave_by_themselves() {
        let state = InProcess::new();
        assert!(state.enter("set", "a", TTL).await.unwrap());
        assert!(state.enter("set", "b", TTL).await.unwrap());
        assert!(state.enter("other", "a", TTL).await.unwrap());
        advance(Duration::from_secs(10)).await;
        assert!(!state.enter("set", "a", TTL).await.unwrap(), "it renews");
        assert_eq!(state.count("set").await.unwrap(), 2);
        advance(Duration::from_secs(5)).await;
        assert_eq!(state.count("set").await.unwrap(), 1);
        assert!(!state.leave("set", "b").await.unwrap(), "it is gone already");
        assert!(state.leave("set", "a").await.unwrap());
        assert!(!state.leave("set", "a").await.unwrap());
        assert_eq!(state.count("set").await.unwrap(), 0);
        assert!(state.enter("set", "a", TTL).await.unwrap(), "it is new again");
        state.delete("set").await.unwrap();
        assert_eq!(state.count("set").await.unwrap(), 0);
        assert!(state.enter("set", "nobody", Duration::ZERO).await.unwrap());
        assert_eq!(state.count("set").await.unwrap(), 0);
        assert!(state.sets.0.lock().by_end.is_empty() && state.sets.0.lock().sets.is_empty());
    }

    #[tokio::test]
    async fn with_too_many_members_those_that_leave_first_go() {
        let state = InProcess::new();
        state.enter("early", "x", TTL).await.unwrap();
        for number in 0..MAX_MEMBERS {
            state.enter("late", &number.to_string(), TTL * 2).await.unwrap();
        }
        assert_eq!(state.count("early").await.unwrap(), 0);
        assert_eq!(state.count("late").await.unwrap(), MAX_MEMBERS as u64);
    }

    #[tokio::test(start_paused = true)]
    async fn counts_are_replaced_as_a_whole_and_end() {
        let state = InProcess::new();
        assert!(state.counts("counts").await.unwrap().is_empty());
        let first = BTreeMap::from([("es-ES".to_owned(), 2), ("ca-ES".to_owned(), 0)]);
        state.set_counts("counts", &first, TTL).await.unwrap();
        assert_eq!(state.counts("counts").await.unwrap(), first);
        let second = BTreeMap::from([("fr-FR".to_owned(), 1)]);
        state.set_counts("counts", &second, TTL).await.unwrap();
        assert_eq!(state.counts("counts").await.unwrap(), second);
        advance(TTL).await;
        assert!(state.counts("counts").await.unwrap().is_empty());
    }
}
