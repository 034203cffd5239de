//! Who goes before whom, as long as nobody joins, leaves or is overdue.

use alloc::collections::BinaryHeap;
use core::cmp::Reverse;

use super::ageing::AgeingPolicy;
use super::line::Line;
use super::places::{Lane, Member, NOBODY, NOWHERE, Places};
use super::priority::Priority;
use super::tenants::Tenancy;
use super::{Queue, duration};
use crate::time::Duration;

/// What goes before somebody.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ahead {
    /// How many.
    pub members: u32,
    /// What they take of the limit that the scope waits for, as the time in which so much is replenished.
    pub work: Duration,
    /// Whether both are counted. Where many stand before, they are estimated from sums.
    pub is_exact: bool,
}

impl Queue {
    /// Whoever stands further back is not counted out: a hundred thousand that leave from behind would each walk the line.
    pub const MOST_COUNTED: u32 = 1_000;

    /// Everybody in the order in which they go. Each step is O(log n) in the tenants passed so far.
    pub fn in_order<'a>(&'a self, places: &'a Places) -> InOrder<'a> {
        InOrder { places, lines: &self.lines, next: NOBODY, lanes: BinaryHeap::new(), heap: &[], turn: places.turns() }
    }

    /// What goes before `member`, which stands here at `priority`. It takes as many steps as are counted.
    pub fn ahead_of(&self, member: u32, priority: Priority, places: &Places) -> Ahead {
        let Some((above, line)) = self.above(priority) else { return Ahead::default() };
        let stood = places.member(member);
        let lane = places.lane(stood.lane).filter(|_| stood.lane != NOWHERE);
        let is_near = lane.is_none_or(|lane| before_in_lane(lane, &stood, places) <= u64::from(Self::MOST_COUNTED));
        above.and(counted(line, member, places).filter(|_| is_near).unwrap_or_else(|| {
            lane.map_or(Sum::default(), |lane| {
                let before = before_in_lane(lane, &stood, places);
                estimated(line, Some(lane), before, stood.work, lane.of)
            })
        }))
    }

    /// What would go before one that joins now.
    pub fn ahead_of_newcomer(&self, priority: Priority, of: Tenancy, work: u64, places: &Places) -> Ahead {
        let Some((above, line)) = self.above(priority) else { return Sum::whole(&self.lines, priority).ahead() };
        let lane = line.lane_of(of.tenant).and_then(|lane| places.lane(lane));
        let before = lane.map_or(0, |lane| u64::from(lane.len));
        above.and(if line.heap().len() == lane.map_or(0, |_| 1) {
            // Nobody else is there whom it could pass.
            Sum { members: u64::from(line.len()), work: line.work(), is_estimated: false }
        } else {
            estimated(line, lane, before, work, of)
        })
    }

    /// What would surely go before one that joins now, within `wait`: those of higher priorities as long as none of its own
    /// becomes overdue against them, and those of its own priority who are of its tenant, or all if there is no other.
    pub fn surely_ahead_of_newcomer(
        &self,
        priority: Priority,
        of: Tenancy,
        wait: Duration,
        ageing: AgeingPolicy,
        places: &Places,
    ) -> Ahead {
        let mut sum = Sum::default();
        for line in self.lines.iter().take_while(|line| line.priority >= priority) {
            let lane = line.lane_of(of.tenant).and_then(|lane| places.lane(lane));
            let is_whole = if line.priority == priority {
                line.heap().len() == lane.map_or(0, |_| 1)
            } else {
                ageing.most(priority, line.priority) > wait
            };
            if is_whole {
                sum.members += u64::from(line.len());
                sum.work += line.work();
            } else if let Some(lane) = lane.filter(|_| line.priority == priority) {
                sum.members += u64::from(lane.len);
                sum.work += lane.work;
            }
        }
        sum.ahead()
    }

    /// The sum over all lines above `priority`, and its own line.
    fn above(&self, priority: Priority) -> Option<(Sum, &Line)> {
        let line = self.lines.iter().find(|line| line.priority == priority)?;
        Some((Sum::whole(&self.lines, priority), line))
    }
}

/// How many stand before a member in its lane: exact, if none of them left from the middle.
fn before_in_lane(lane: &Lane, stood: &Member, places: &Places) -> u64 {
    let first = places.member(lane.ends.first).number;
    let (offset, span) = (stood.number.wrapping_sub(first), lane.next_number.wrapping_sub(first));
    u64::from(offset) * u64::from(lane.len) / u64::from(span.max(1))
}

/// What goes before `member` in its line, if that can be counted.
fn counted(line: &Line, member: u32, places: &Places) -> Option<Sum> {
    let mut sum = Sum::default();
    let lines = core::slice::from_ref(line);
    let order = InOrder { places, lines, next: NOBODY, lanes: BinaryHeap::new(), heap: &[], turn: places.turns() };
    for other in order.take(Queue::MOST_COUNTED as usize + 1) {
        if other == member {
            return Some(sum);
        }
        sum.members += 1;
        sum.work += u128::from(places.member(other).work);
    }
    None
}

/// What goes before one in its line that has `before` others of its tenant before it: those, and of each other tenant what
/// that one gets meanwhile, as if all were alike.
fn estimated(line: &Line, lane: Option<&Lane>, before: u64, work: u64, of: Tenancy) -> Sum {
    let (len, own_work) = lane.map_or((0, 0), |lane| (u64::from(lane.len), lane.work));
    let own = own_work.saturating_mul(u128::from(before)) / u128::from(len.max(1));
    let others = line.work().saturating_sub(own_work);
    let tenants = u128::from(line.heap().len() as u64).saturating_sub(u128::from(lane.is_some()));
    let begins = lane.map_or(0, |lane| lane.begins.saturating_sub(line.time()));
    let until = begins.saturating_add(of.share.stretch(u64::try_from(own).unwrap_or(u64::MAX).saturating_add(work)));
    let served = others.min(u128::from(until) * tenants);
    let other_members = u128::from(u64::from(line.len()).saturating_sub(len));
    let members = (other_members * served).checked_div(others).unwrap_or(other_members);
    Sum { members: before + u64::try_from(members).unwrap_or(u64::MAX), work: own + served, is_estimated: true }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    members: u64,
    work: u128,
    is_estimated: bool,
}

impl Sum {
    /// All lines above `priority`.
    fn whole(lines: &[Line], priority: Priority) -> Self {
        lines.iter().take_while(|line| line.priority > priority).fold(Self::default(), |sum, line| Self {
            members: sum.members + u64::from(line.len()),
            work: sum.work + line.work(),
            is_estimated: false,
        })
    }

    fn and(self, other: Self) -> Ahead {
        let is_estimated = self.is_estimated || other.is_estimated;
        Self { members: self.members + other.members, work: self.work + other.work, is_estimated }.ahead()
    }

    fn ahead(self) -> Ahead {
        Ahead {
            members: u32::try_from(self.members).unwrap_or(u32::MAX),
            work: duration(self.work),
            is_exact: !self.is_estimated,
        }
    }
}

/// The members of a queue in the order in which they go. See [`Queue::in_order`].
#[derive(Debug)]
pub struct InOrder<'a> {
    places: &'a Places,
    /// Those not begun.
    lines: &'a [Line],
    /// Who is next of those that have come back.
    next: u32,
    /// The lanes that may be next, and of those begun the rest.
    lanes: BinaryHeap<Reverse<Rest>>,
    /// All lanes of the line, as a heap.
    heap: &'a [u32],
    turn: u64,
}

/// What is left of a lane.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Rest {
    ends_at: u64,
    turn: u64,
    begins: u64,
    member: u32,
    lane: u32,
    /// Where the lane stands in the heap, if those below it have not been looked at.
    place: Option<usize>,
}

impl InOrder<'_> {
    fn look_at(&mut self, place: usize) {
        let Some(number) = self.heap.get(place) else { return };
        let Some(lane) = self.places.lane(*number) else { return };
        self.lanes.push(Reverse(Rest {
            ends_at: lane.ends_at,
            turn: lane.turn,
            begins: lane.begins,
            member: lane.ends.first,
            lane: *number,
            place: Some(place),
        }));
    }

    /// Puts back what is left of a lane after its first one was served.
    fn put_back(&mut self, rest: Rest) {
        let Member { behind: member, work, .. } = self.places.member(rest.member);
        let Some(lane) = self.places.lane(rest.lane).filter(|_| member != NOBODY) else { return };
        let begins = rest.begins.saturating_add(lane.of.share.stretch(work));
        let ends_at = begins.saturating_add(lane.of.share.stretch(self.places.member(member).work));
        self.turn += 1;
        self.lanes.push(Reverse(Rest { ends_at, turn: self.turn, begins, member, place: None, ..rest }));
    }
}

impl Iterator for InOrder<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            if self.next != NOBODY {
                let member = self.next;
                self.next = self.places.member(member).behind;
                return Some(member);
            }
            if let Some(Reverse(rest)) = self.lanes.pop() {
                if let Some(place) = rest.place {
                    self.look_at(2 * place + 1);
                    self.look_at(2 * place + 2);
                }
                self.put_back(rest);
                return Some(rest.member);
            }
            let (line, others) = self.lines.split_first()?;
            self.lines = others;
            self.next = line.returned().first;
            self.heap = line.heap();
            self.look_at(0);
        }
    }
}
