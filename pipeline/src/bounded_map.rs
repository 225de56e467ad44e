//! A map that forgets what came first.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// Remembers the latest `capacity` keys that were inserted.
#[derive(Clone, Debug)]
pub struct BoundedMap<K, V> {
    values: HashMap<K, V>,
    order: VecDeque<K>,
    capacity: usize,
}

impl<K: Clone + Eq + Hash, V> BoundedMap<K, V> {
    /// An empty map; a capacity of 0 counts as 1.
    pub fn new(capacity: usize) -> Self {
        Self { values: HashMap::new(), order: VecDeque::new(), capacity: capacity.max(1) }
    }

    /// The value of `key`, if it is still remembered.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key)
    }

    /// Sets the value of `key`; a key that is known keeps its age.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let before = self.values.insert(key.clone(), value);
        if before.is_none() {
            self.order.push_back(key);
            if self.order.len() > self.capacity
                && let Some(oldest) = self.order.pop_front()
            {
                self.values.remove(&oldest);
            }
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_key_is_forgotten_first() {
        let mut map = BoundedMap::new(2);
        map.insert("a", 1);
        map.insert("b", 2);
        assert_eq!(map.insert("a", 3), Some(1));
        map.insert("c", 4);
        assert_eq!((map.get(&"a"), map.get(&"b"), map.get(&"c")), (None, Some(&2), Some(&4)));
    }
}
