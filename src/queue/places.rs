//! Who stands where: one table for all queues, because nobody stands in two.

use alloc::vec::Vec;

use super::tenants::Tenancy;
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
    pub(super) begins: u128,
    /// When its first one ends, in its line's time: whoever ends first goes first.
    pub(super) ends_at: u128,
    /// Of equals, the one that got its place first goes first.
    pub(super) turn: u64,
    /// Where it stands in the heap of its line.
    pub(super) place: u32,
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

    /// Notes where `member` will stand. It is to be linked next.
    pub(super) fn put(&mut self, member: u32, lane: u32, number: u32, work: u64) {
        let slot = member as usize;
        if slot >= self.members.len() {
            self.members.resize(slot + 1, ABSENT);
        }
        self.members[slot] = Member { lane, number, work, ..ABSENT };
    }

    pub(super) fn link_last(&mut self, member: u32, ends: &mut Ends) {
        self.members[member as usize].before = ends.last;
        match ends.last {
            NOBODY => ends.first = member,
            last => self.members[last as usize].behind = member,
        }
        ends.last = member;
    }

    pub(super) fn link_first(&mut self, member: u32, ends: &mut Ends) {
        self.members[member as usize].behind = ends.first;
        match ends.first {
            NOBODY => ends.last = member,
            first => self.members[first as usize].before = member,
        }
        ends.first = member;
    }

    pub(super) fn unlink(&mut self, member: u32, ends: &mut Ends) {
        let Member { before, behind, .. } = self.member(member);
        match before {
            NOBODY => ends.first = behind,
            before => self.members[before as usize].behind = behind,
        }
        match behind {
            NOBODY => ends.last = before,
            behind => self.members[behind as usize].before = before,
        }
    }

    pub(super) fn lane(&self, lane: u32) -> Option<&Lane> {
        self.lanes.get(lane)
    }

    pub(super) fn lane_mut(&mut self, lane: u32) -> Option<&mut Lane> {
        self.lanes.get_mut(lane)
    }

    /// An empty lane that begins at `begins`.
    pub(super) fn open(&mut self, of: Tenancy, begins: u128) -> u32 {
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

pub(super) const NOBODY: u32 = u32::MAX;

/// In no lane.
pub(super) const NOWHERE: u32 = u32::MAX;

const ABSENT: Member = Member { before: NOBODY, behind: NOBODY, lane: NOWHERE, number: 0, work: 0 };
