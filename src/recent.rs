//! Which of many things was used the longest ago.

use alloc::vec::Vec;

/// Small numbers in the order of their latest use. Everything is O(1).
#[derive(Debug, Default)]
pub(crate) struct Recent {
    links: Vec<Link>,
    oldest: Option<u32>,
    newest: Option<u32>,
    len: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Link {
    is_in: bool,
    older: Option<u32>,
    newer: Option<u32>,
}

impl Recent {
    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The one that was used the longest ago.
    pub(crate) const fn oldest(&self) -> Option<u32> {
        self.oldest
    }

    /// All, beginning with the one that was used the longest ago.
    pub(crate) fn oldest_first(&self) -> impl Iterator<Item = u32> {
        core::iter::successors(self.oldest, |key| self.links.get(*key as usize).and_then(|link| link.newer))
    }

    /// `key` is used now. If it was not there, it is from now on.
    pub(crate) fn touch(&mut self, key: u32) {
        if self.newest == Some(key) {
            return;
        }
        self.remove(key);
        let slot = key as usize;
        if slot >= self.links.len() {
            self.links.resize(slot + 1, Link::default());
        }
        self.links[slot] = Link { is_in: true, older: self.newest, newer: None };
        match self.newest {
            None => self.oldest = Some(key),
            Some(newest) => self.links[newest as usize].newer = Some(key),
        }
        self.newest = Some(key);
        self.len += 1;
    }

    /// Takes `key` out, if it is there.
    pub(crate) fn remove(&mut self, key: u32) {
        let Some(Link { is_in: true, older, newer }) = self.links.get(key as usize).copied() else { return };
        match older {
            None => self.oldest = newer,
            Some(older) => self.links[older as usize].newer = newer,
        }
        match newer {
            None => self.newest = older,
            Some(newer) => self.links[newer as usize].older = older,
        }
        self.links[key as usize] = Link::default();
        self.len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn it_does_what_a_list_does() {
        let (mut random, mut recent, mut model) = (Random::new(5), Recent::default(), Vec::new());
        for _ in 0..20_000 {
            let key = u32::try_from(random.up_to(30)).expect("small");
            model.retain(|other| *other != key);
            if random.up_to(2) == 0 {
                recent.remove(key);
            } else {
                recent.touch(key);
                model.push(key);
            }
            assert_eq!((recent.oldest(), recent.len()), (model.first().copied(), model.len()));
            assert!(recent.oldest_first().eq(model.iter().copied()));
        }
        while let Some(oldest) = recent.oldest() {
            assert_eq!(oldest, model.remove(0));
            recent.remove(oldest);
        }
    }
}
