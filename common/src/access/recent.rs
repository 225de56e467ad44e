//! A bounded map that keeps what was used recently.

use std::{collections::HashMap, hash::Hash};

/// Two generations: what is used moves to the young one; when that is full, the old one is forgotten. So the `half`
/// used last are always there, and never more than twice as many.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    pub(super) fn new(half: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half }
    }

    pub(super) fn get(&mut self, key: &K) -> Option<&V> {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.insert(key, value);
        }
        self.young.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_there_are_never_more_than_twice_half() {
        let mut recent = Recent::new(10);
        recent.insert(0, "kept");
        for key in 1..1000 {
            recent.insert(key, "");
            assert_eq!(recent.get(&0), Some(&"kept"));
            assert!(recent.young.len() + recent.old.len() <= 20);
        }
        assert_eq!(recent.get(&500), None);
        recent.remove(&0);
        assert_eq!(recent.get(&0), None);
    }

    #[test]
    fn a_newer_value_replaces_an_older_one_in_either_generation() {
        let mut recent = Recent::new(1);
        recent.insert(1, "old");
        recent.insert(2, "");
        recent.insert(1, "new");
        assert_eq!(recent.get(&1), Some(&"new"));
        recent.remove(&1);
        assert_eq!(recent.get(&1), None);
    }
}
