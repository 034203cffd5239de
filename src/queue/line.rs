//! The line of one priority, in which tenants take turns by what they take.
//!
//! It has a time of its own, which goes on as work is done: that of whoever is served fastest. A tenant's first request
//! *begins* when the tenant's one before it ended, or now, if none waited; it *ends* later by its work, divided by the
//! tenant's share. Whoever ends first goes first, and then it is that late (Golestani's self-clocked fair queueing).
//!
//! * Of two tenants that both wait, neither gets more than the other, by share, but for one request of each.
//! * A new tenant begins now, as does one that comes back. So there is nothing to remember of who has left.
//! * Time is told in nanoseconds of an ordinary share's work. It begins anew when nobody waits, and lasts for centuries of that;
//!   beyond its end, lanes would take turns one by one.
//! * What comes later, from however many new tenants, ends later: nobody is passed without end.

use alloc::vec::Vec;

use super::lanes::Lanes;
use super::places::{Ends, Exit, Member, NOBODY, NOWHERE, Places};
use super::priority::Priority;
use super::tenants::{Tenancy, TenantId};

/// Everybody who waits in one scope at one priority.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) priority: Priority,
    len: u32,
    work: u128,
    /// When the latest to be served in its turn ended.
    time: u64,
    /// Those that have waited before and come back. They go before all others.
    returned: Ends,
    /// All lanes, each of which has somebody, the one to go first at the root of a binary heap.
    heap: Vec<u32>,
    /// The lane of those that name no tenant, if they have one.
    nameless: Option<u32>,
    named: Lanes,
    /// How often higher ones started since the latest start from this line, and the highest of those.
    pub(super) passed: u32,
    pub(super) passed_by: Priority,
}

impl Line {
    pub(super) fn new(priority: Priority) -> Self {
        Self { priority, passed_by: priority, ..Self::default() }
    }

    pub(super) const fn len(&self) -> u32 {
        self.len
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The work of everybody.
    pub(super) const fn work(&self) -> u128 {
        self.work
    }

    pub(super) const fn returned(&self) -> Ends {
        self.returned
    }

    /// The lanes, as a binary heap.
    pub(super) fn heap(&self) -> &[u32] {
        &self.heap
    }

    /// Where a lane would begin that is not there yet.
    pub(super) const fn time(&self) -> u64 {
        self.time
    }

    /// Who goes next.
    pub(super) fn first(&self, places: &Places) -> Option<u32> {
        if self.returned.first != NOBODY {
            return Some(self.returned.first);
        }
        self.heap.first().and_then(|lane| places.lane(*lane)).map(|lane| lane.ends.first)
    }

    pub(super) fn lane_of(&self, tenant: TenantId) -> Option<u32> {
        if tenant == TenantId::NAMELESS { self.nameless } else { self.named.get(tenant) }
    }

    /// `member` joins behind all others of its tenant.
    pub(super) fn join(&mut self, member: u32, of: Tenancy, work: u64, places: &mut Places) {
        self.len += 1;
        self.work += u128::from(work);
        let lane = self.lane_of(of.tenant).unwrap_or_else(|| {
            let lane = places.open(of, self.time);
            if of.tenant == TenantId::NAMELESS {
                self.nameless = Some(lane);
            } else {
                self.named.insert(of.tenant, lane);
            }
            lane
        });
        if places.enter(lane, member, work) {
            self.heap.push(lane);
            self.place(lane, self.heap.len() - 1, places);
        }
    }

    /// `member`, which has waited before, joins before all others.
    pub(super) fn come_back(&mut self, member: u32, work: u64, places: &mut Places) {
        self.len += 1;
        self.work += u128::from(work);
        places.link_first(member, work, &mut self.returned);
    }

    /// `member` leaves from wherever it stands.
    pub(super) fn leave(&mut self, member: u32, places: &mut Places) {
        let stood = places.member(member);
        self.len -= 1;
        self.work -= u128::from(stood.work);
        if stood.lane == NOWHERE {
            places.unlink(&stood, &mut self.returned);
        } else {
            self.leave_lane(member, &stood, places);
        }
        if self.len == 0 {
            // Where nobody waits, nobody has an advantage to lose.
            (self.time, self.passed, self.passed_by) = (0, 0, self.priority);
        }
    }

    fn leave_lane(&mut self, member: u32, stood: &Member, places: &mut Places) {
        let (place, tenant) = match places.exit(member, stood) {
            Some(Exit::Empty { place, tenant }) => (place as usize, tenant),
            Some(Exit::First { place }) => return self.place(stood.lane, place as usize, places),
            Some(Exit::Other) | None => return,
        };
        places.shut(stood.lane);
        if tenant == TenantId::NAMELESS {
            self.nameless = None;
        } else {
            self.named.remove(tenant);
        }
        self.heap.swap_remove(place);
        if place < self.heap.len() {
            self.sift(place, places);
        }
    }

    /// `member` starts, and takes `work`. Of who has come back, that was counted before.
    pub(super) fn serve(&mut self, member: u32, work: u64, places: &mut Places) {
        let number = places.member(member).lane;
        if let Some(lane) = places.lane_mut(number) {
            if lane.place == 0 && lane.ends.first == member {
                self.time = self.time.max(lane.ends_at);
            }
            lane.begins = lane.begins.saturating_add(lane.of.share.stretch(work));
            // Its first one leaves now, and then the lane gets a new place; else it gets it here.
            if lane.ends.first != member {
                let place = lane.place as usize;
                self.place(number, place, places);
            }
        }
        self.leave(member, places);
    }

    /// Puts `lane`, which stands at `place` in the heap and whose first one or beginning has changed, where it belongs.
    fn place(&mut self, lane: u32, place: usize, places: &mut Places) {
        let turn = places.next_turn();
        let Some(first) = places.lane(lane).map(|lane| places.member(lane.ends.first)) else { return };
        if let Some(lane) = places.lane_mut(lane) {
            lane.ends_at = lane.begins.saturating_add(lane.of.share.stretch(first.work));
            lane.turn = turn;
        }
        self.sift(place, places);
    }

    /// Moves the lane at `place` up or down to where it belongs.
    fn sift(&mut self, mut place: usize, places: &mut Places) {
        let lane = self.heap[place];
        let key = key(lane, places);
        while place > 0 {
            let parent = (place - 1) / 2;
            if self::key(self.heap[parent], places) <= key {
                break;
            }
            self.put(place, self.heap[parent], places);
            place = parent;
        }
        loop {
            let left = 2 * place + 1;
            let Some(mut child) = (left < self.heap.len()).then_some(left) else { break };
            if left + 1 < self.heap.len() && self::key(self.heap[left + 1], places) < self::key(self.heap[left], places)
            {
                child = left + 1;
            }
            if key <= self::key(self.heap[child], places) {
                break;
            }
            self.put(place, self.heap[child], places);
            place = child;
        }
        self.put(place, lane, places);
    }

    fn put(&mut self, place: usize, lane: u32, places: &mut Places) {
        self.heap[place] = lane;
        if let Some(lane) = places.lane_mut(lane) {
            lane.place = u32::try_from(place).unwrap_or(NOBODY);
        }
    }
}

fn key(lane: u32, places: &Places) -> (u64, u64) {
    places.lane(lane).map_or((0, 0), |lane| (lane.ends_at, lane.turn))
}
