//! What is due when, or whose turn comes before whose: a heap in which every key stands at most once and can be moved or
//! removed.

use alloc::vec::Vec;

use crate::time::Instant;

/// Instants by key, the soonest first, or whatever else has an order. Setting, moving and removing a key is O(log n); keys are small integers.
#[derive(Clone, Debug)]
pub struct Schedule<At = Instant> {
    heap: Vec<Item<At>>,
    /// Where each key stands in the heap, or `ABSENT`.
    places: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Item<At> {
    at: At,
    key: u32,
}

impl<At> Default for Schedule<At> {
    fn default() -> Self {
        Self { heap: Vec::new(), places: Vec::new() }
    }
}

impl<At: Copy + Ord> Schedule<At> {
    /// How many keys stand in it.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing does.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// When `key` stands in it.
    pub fn at(&self, key: u32) -> Option<At> {
        let place = self.places.get(key as usize).filter(|place| **place != ABSENT)?;
        self.heap.get(*place as usize).map(|item| item.at)
    }

    /// The soonest instant and its key.
    pub fn soonest(&self) -> Option<(At, u32)> {
        self.heap.first().map(|item| (item.at, item.key))
    }

    /// Puts `key` at `at`, wherever it stood before.
    pub fn set(&mut self, key: u32, at: At) {
        let slot = key as usize;
        if slot >= self.places.len() {
            self.places.resize(slot + 1, ABSENT);
        }
        let place = match self.places[slot] {
            ABSENT => {
                self.heap.push(Item { at, key });
                self.heap.len() - 1
            }
            place => {
                self.heap[place as usize].at = at;
                place as usize
            }
        };
        self.settle(place);
    }

    /// Takes `key` out.
    pub fn remove(&mut self, key: u32) {
        let Some(place) = self.places.get(key as usize).copied().filter(|place| *place != ABSENT) else { return };
        self.places[key as usize] = ABSENT;
        let place = place as usize;
        self.heap.swap_remove(place);
        if place < self.heap.len() {
            self.settle(place);
        }
    }

    /// Takes out the soonest key that is due at `now`.
    pub fn pop_due(&mut self, now: At) -> Option<u32> {
        let (_, key) = self.soonest().filter(|(at, _)| *at <= now)?;
        self.remove(key);
        Some(key)
    }

    /// Moves the item at `place` to where it belongs, up or down.
    fn settle(&mut self, mut place: usize) {
        let item = self.heap[place];
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent].at <= item.at {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        loop {
            let left = 2 * place + 1;
            let Some(mut child) = (left < self.heap.len()).then_some(left) else { break };
            if left + 1 < self.heap.len() && self.heap[left + 1].at < self.heap[left].at {
                child = left + 1;
            }
            if item.at <= self.heap[child].at {
                break;
            }
            self.put(place, self.heap[child]);
            place = child;
        }
        self.put(place, item);
    }

    fn put(&mut self, place: usize, item: Item<At>) {
        self.heap[place] = item;
        self.places[item.key as usize] = u32::try_from(place).unwrap_or(ABSENT);
    }
}

const ABSENT: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::random::Random;

    #[test]
    fn it_does_what_a_sorted_map_does() {
        let mut random = Random::new(11);
        let mut schedule = Schedule::default();
        let mut model: BTreeMap<u32, Instant> = BTreeMap::new();
        for _ in 0..20_000 {
            let key = u32::try_from(random.up_to(40)).expect("small");
            let at = Instant::from_nanos(random.up_to(1_000));
            match random.up_to(3) {
                0 | 1 => {
                    schedule.set(key, at);
                    model.insert(key, at);
                }
                2 => {
                    schedule.remove(key);
                    model.remove(&key);
                }
                _ => {
                    let popped = schedule.pop_due(at);
                    let soonest = model.values().min().copied().filter(|soonest| *soonest <= at);
                    assert_eq!(popped.and_then(|key| model.remove(&key)), soonest);
                }
            }
            assert_eq!(schedule.soonest().map(|(at, _)| at), model.values().min().copied());
            assert_eq!(schedule.at(key), model.get(&key).copied());
        }
    }
}
