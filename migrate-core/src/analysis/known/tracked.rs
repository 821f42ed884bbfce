//! A map that can go back: a down script changes what is known for its own statements alone, and a copy of
//! everything for each of them would cost the square of the number of migrations.

use std::collections::{BTreeMap, btree_map};

/// A map, and while it is marked, what was there before the first change of each key.
#[derive(Clone, Debug)]
pub(crate) struct Tracked<K, V> {
    map: BTreeMap<K, V>,
    log: Option<BTreeMap<K, Option<V>>>,
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Self {
        Tracked { map: BTreeMap::new(), log: None }
    }
}

impl<K: Ord + Clone, V: Clone> Tracked<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.map.contains_key(key)
    }

    pub(crate) fn iter(&self) -> btree_map::Iter<'_, K, V> {
        self.map.iter()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.note(&key);
        self.map.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.note(key);
        self.map.remove(key)
    }

    /// Calls what is there by another name.
    pub(crate) fn rename(&mut self, from: &K, to: K) {
        if let Some(value) = self.remove(from) {
            self.insert(to, value);
        }
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.note(key);
        self.map.get_mut(key)
    }

    pub(crate) fn or_default(&mut self, key: &K) -> &mut V
    where
        V: Default,
    {
        self.note(key);
        self.map.entry(key.clone()).or_default()
    }

    /// Removes what fits.
    pub(crate) fn remove_where(&mut self, fits: impl Fn(&K, &V) -> bool) {
        for key in self.keys_where(fits) {
            self.remove(&key);
        }
    }

    /// Changes what fits.
    pub(crate) fn change_where(&mut self, fits: impl Fn(&K, &V) -> bool, change: impl Fn(&mut V)) {
        for key in self.keys_where(fits) {
            self.get_mut(&key).into_iter().for_each(&change);
        }
    }

    /// From now on, changes can be taken back.
    pub(crate) fn mark(&mut self) {
        self.log = Some(BTreeMap::new());
    }

    /// Takes back what was changed since the mark.
    pub(crate) fn rewind(&mut self) {
        for (key, before) in self.log.take().unwrap_or_default() {
            match before {
                Some(value) => _ = self.map.insert(key, value),
                None => _ = self.map.remove(&key),
            }
        }
    }

    fn keys_where(&self, fits: impl Fn(&K, &V) -> bool) -> Vec<K> {
        self.map
            .iter()
            .filter(|(key, value)| fits(key, value))
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn note(&mut self, key: &K) {
        if let Some(log) = &mut self.log
            && !log.contains_key(key)
        {
            log.insert(key.clone(), self.map.get(key).cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_since_the_mark_is_taken_back() {
        let mut map = Tracked::default();
        map.insert(1, "a");
        map.insert(2, "b");
        map.mark();
        map.insert(1, "x");
        map.insert(3, "c");
        map.remove(&2);
        map.change_where(|key, _| *key == 3, |it| *it = "y");
        map.remove_where(|key, _| *key == 1);
        map.rewind();
        assert_eq!(map.iter().collect::<Vec<_>>(), [(&1, &"a"), (&2, &"b")]);
        map.insert(4, "d");
        map.rewind();
        assert!(map.contains_key(&4), "nothing is taken back without a mark");
    }
}
