//! Who stands where: one table for all queues, because nobody stands in two.

use alloc::vec::Vec;

use super::tenants::{Tenancy, TenantId};
use crate::slab::Slab;

/// The places of all members of all queues. A member is a small integer; it costs 24 bytes here.
#[derive(Debug, Default)]
pub struct Places {
    members: Vec<Member>,
    lanes: Slab<Lane>,
    /// Counts whenever a lane gets a new place in its line.
    turns: u64,
}

/// One member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) before: u32,
    pub(super) behind: u32,
    /// The lane it stands in; [`NOWHERE`] for one that has come back.
    pub(super) lane: u32,
    /// How many had joined the lane before it.
    pub(super) number: u32,
    /// What it takes of the limit that its scope waits for, as the time in which so much is replenished.
    pub(super) work: u64,
}

/// The first and the last of a list of members.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) first: u32,
    pub(super) last: u32,
}

/// What waits of one tenant at one priority of one scope, in order of arrival.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    pub(super) of: Tenancy,
    pub(super) ends: Ends,
    pub(super) len: u32,
    /// The number of the next to join.
    pub(super) next_number: u32,
    /// The work of all its members.
    pub(super) work: u128,
    /// When its first one begins, in its line's time.
    pub(super) begins: u64,
    /// When its first one ends, in its line's time: whoever ends first goes first.
    pub(super) ends_at: u64,
    /// Of equals, the one that got its place first goes first.
    pub(super) turn: u64,
    /// Where it stands in the heap of its line.
    pub(super) place: u32,
}

/// What a lane is when somebody has left it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Exit {
    /// Nobody is left in the lane, which stands at `place` in the heap of its line.
    Empty { place: u32, tenant: TenantId },
    /// Another one is first.
    First { place: u32 },
    /// The first is who it was.
    Other,
}

impl Default for Ends {
    fn default() -> Self {
        Self { first: NOBODY, last: NOBODY }
    }
}

impl Places {
    pub(super) fn member(&self, member: u32) -> Member {
        self.members.get(member as usize).copied().unwrap_or(ABSENT)
    }

    /// `member`, which takes `work`, stands last in `lane` from now on. Says whether it is the first there, too.
    #[inline]
    pub(super) fn enter(&mut self, lane: u32, member: u32, work: u64) -> bool {
        let Some(Lane { ends, len, next_number, work: sum, .. }) = self.lanes.get_mut(lane) else { return false };
        let slot = member as usize;
        if slot >= self.members.len() {
            self.members.resize(slot + 1, ABSENT);
        }
        self.members[slot] = Member { before: ends.last, behind: NOBODY, lane, number: *next_number, work };
        let is_first = ends.last == NOBODY;
        if is_first {
            ends.first = member;
        } else {
            self.members[ends.last as usize].behind = member;
        }
        ends.last = member;
        *len += 1;
        *next_number = next_number.wrapping_add(1);
        *sum += u128::from(work);
        is_first
    }

    /// `member`, which stood like `stood`, leaves its lane.
    #[inline]
    pub(super) fn exit(&mut self, member: u32, stood: &Member) -> Option<Exit> {
        let lane = self.lanes.get_mut(stood.lane)?;
        let was_first = lane.ends.first == member;
        unlink(&mut self.members, stood, &mut lane.ends);
        lane.len -= 1;
        lane.work -= u128::from(stood.work);
        Some(if lane.len == 0 {
            Exit::Empty { place: lane.place, tenant: lane.of.tenant }
        } else if was_first {
            Exit::First { place: lane.place }
        } else {
            Exit::Other
        })
    }

    /// `member`, which takes `work`, stands first among those between `ends` from now on, and in no lane.
    pub(super) fn link_first(&mut self, member: u32, work: u64, ends: &mut Ends) {
        let slot = member as usize;
        if slot >= self.members.len() {
            self.members.resize(slot + 1, ABSENT);
        }
        self.members[slot] = Member { behind: ends.first, work, ..ABSENT };
        match ends.first {
            NOBODY => ends.last = member,
            first => self.members[first as usize].before = member,
        }
        ends.first = member;
    }

    /// Who stood like `stood` no longer stands between `ends`.
    pub(super) fn unlink(&mut self, stood: &Member, ends: &mut Ends) {
        unlink(&mut self.members, stood, ends);
    }

    pub(super) fn lane(&self, lane: u32) -> Option<&Lane> {
        self.lanes.get(lane)
    }

    pub(super) fn lane_mut(&mut self, lane: u32) -> Option<&mut Lane> {
        self.lanes.get_mut(lane)
    }

    /// An empty lane that begins at `begins`.
    pub(super) fn open(&mut self, of: Tenancy, begins: u64) -> u32 {
        self.lanes.insert(Lane {
            of,
            ends: Ends::default(),
            len: 0,
            next_number: 0,
            work: 0,
            begins,
            ends_at: begins,
            turn: 0,
            place: NOBODY,
        })
    }

    pub(super) fn shut(&mut self, lane: u32) {
        self.lanes.remove(lane);
    }

    pub(super) const fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    pub(super) const fn turns(&self) -> u64 {
        self.turns
    }
}

#[inline]
fn unlink(members: &mut [Member], stood: &Member, ends: &mut Ends) {
    let Member { before, behind, .. } = *stood;
    match before {
        NOBODY => ends.first = behind,
        before => members[before as usize].behind = behind,
    }
    match behind {
        NOBODY => ends.last = before,
        behind => members[behind as usize].before = before,
    }
}

pub(super) const NOBODY: u32 = u32::MAX;

/// In no lane.
pub(super) const NOWHERE: u32 = u32::MAX;

const ABSENT: Member = Member { before: NOBODY, behind: NOBODY, lane: NOWHERE, number: 0, work: 0 };
