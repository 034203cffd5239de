//! Which lane a tenant has in a line: a table with a place for each number, found by multiplication.
//!
//! Tenants are numbered as they come, so whoever chooses their names does not choose where they stand here.

use alloc::vec;
use alloc::vec::Vec;

use super::places::NOWHERE;
use super::tenants::TenantId;

/// Lanes by tenant. Everything is O(1) on average.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    /// None, or a power of two of them, of which a quarter at least is vacant.
    slots: Vec<Slot>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    tenant: TenantId,
    /// [`NOWHERE`] if the slot is vacant.
    lane: u32,
}

impl Lanes {
    pub(super) fn get(&self, tenant: TenantId) -> Option<u32> {
        self.slots.get(self.find(tenant)).map(|slot| slot.lane).filter(|lane| *lane != NOWHERE)
    }

    /// `tenant`, which has none, has `lane`.
    pub(super) fn insert(&mut self, tenant: TenantId, lane: u32) {
        self.len += 1;
        if self.len * 4 > self.slots.len() * 3 {
            self.resize((self.slots.len() * 2).max(FEWEST));
        }
        let place = self.find(tenant);
        self.slots[place] = Slot { tenant, lane };
    }

    /// `tenant`, which has a lane, has none any more.
    pub(super) fn remove(&mut self, tenant: TenantId) {
        let mut vacant = self.find(tenant);
        if self.get(tenant).is_none() {
            return;
        }
        self.len -= 1;
        let mask = self.slots.len() - 1;
        let mut place = vacant;
        loop {
            place = (place + 1) & mask;
            let slot = self.slots[place];
            if slot.lane == NOWHERE {
                break;
            }
            // Whoever stands behind would not be found if there were a gap on the way from its home.
            let from_home = place.wrapping_sub(self.home(slot.tenant)) & mask;
            if from_home >= place.wrapping_sub(vacant) & mask {
                self.slots[vacant] = slot;
                vacant = place;
            }
        }
        self.slots[vacant] = VACANT;
        if self.slots.len() > FEWEST && self.len * 8 < self.slots.len() {
            self.resize(self.slots.len() / 2);
        }
    }

    fn resize(&mut self, len: usize) {
        let old = core::mem::replace(&mut self.slots, vec![VACANT; len]);
        for slot in old.into_iter().filter(|slot| slot.lane != NOWHERE) {
            let place = self.find(slot.tenant);
            self.slots[place] = slot;
        }
    }

    /// Where `tenant` stands, or would stand.
    fn find(&self, tenant: TenantId) -> usize {
        let mut place = self.home(tenant);
        while self.slots.get(place).is_some_and(|slot| slot.lane != NOWHERE && slot.tenant != tenant) {
            place = (place + 1) & (self.slots.len() - 1);
        }
        place
    }

    /// Where `tenant` stands if nobody else does.
    const fn home(&self, tenant: TenantId) -> usize {
        // By the golden ratio, numbers that follow each other are spread evenly.
        ((tenant.number().wrapping_mul(0x9e37_79b9) as u64 * self.slots.len() as u64) >> 32) as usize
    }
}

const VACANT: Slot = Slot { tenant: TenantId::NAMELESS, lane: NOWHERE };

const FEWEST: usize = 8;

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::random::Random;

    #[test]
    fn it_does_what_a_sorted_map_does() {
        let (mut random, mut lanes, mut model) = (Random::new(3), Lanes::default(), BTreeMap::new());
        for most in [5, 3_000, 40, 3_000, 2] {
            for round in 0..20_000 {
                let tenant = TenantId::numbered(u32::try_from(random.up_to(most)).expect("small"));
                assert_eq!(lanes.get(tenant), model.get(&tenant).copied());
                if model.remove(&tenant).is_some() {
                    lanes.remove(tenant);
                } else {
                    lanes.insert(tenant, round);
                    model.insert(tenant, round);
                }
                assert_eq!((lanes.get(tenant), lanes.len), (model.get(&tenant).copied(), model.len()));
            }
            for (tenant, lane) in core::mem::take(&mut model) {
                assert_eq!(lanes.get(tenant), Some(lane));
                lanes.remove(tenant);
                assert_eq!(lanes.get(tenant), None);
            }
            assert_eq!(lanes.slots.len(), FEWEST, "what is not needed is given back");
        }
    }
}
