//! Whose turn it is when only so many requests may be in flight over all scopes.
//!
//! A scope that has somebody waiting stands in one line with all others while no place is free, whatever its quota says.
//! When a place becomes free, one request of the first scope starts, or the scope leaves the line because its own limits
//! hold it back, until those let it come again. So every look takes a scope out of the line or fills a place, and costs
//! O(log n).
//!
//! First is the scope whose next request has the highest priority, and among equals the one that has waited longest since
//! it had its turn. As inside a scope, who waits long is not passed over for ever: every eighth place goes to the scope
//! whose next request would be first if its wait counted as priority, as [`AgeingPolicy`] says.

use super::Limiter;
use crate::queue::{AgeingPolicy, MOST_PASSES, Priority};
use crate::schedule::Schedule;
use crate::time::Instant;

/// The scopes that wait for a place.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// By the priority of who is next in them.
    by_priority: Schedule<Rank>,
    /// By when who is next in them would have come if it were of the highest priority.
    by_wait: Schedule,
    lined_up: u64,
    /// How many places in a row went by priority, though somebody else had waited for longer.
    passed: u8,
}

/// Who is before whom: the smaller one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Rank {
    /// The distance from the highest priority.
    below: u8,
    /// Which scope of that priority has waited longest.
    since: u64,
}

impl Turns {
    /// Scope `index`, in which a request of `priority` that arrived at `arrived` is next, waits for a place.
    fn line_up(&mut self, index: u32, priority: Priority, arrived: Instant, ageing: AgeingPolicy) {
        let below = below_highest(priority);
        let since = self.by_priority.at(index).map_or(self.lined_up, |rank| rank.since);
        self.lined_up += 1;
        self.by_priority.set(index, Rank { below, since });
        self.by_wait.set(index, arrived + ageing.most(priority, Priority::CRITICAL));
    }

    fn leave(&mut self, index: u32) {
        self.by_priority.remove(index);
        self.by_wait.remove(index);
    }

    /// The scope whose turn it is.
    fn next(&mut self) -> Option<u32> {
        let (_, first) = self.by_priority.soonest()?;
        let (longest, oldest) = self.by_wait.soonest()?;
        let is_oldest = self.by_wait.at(first).is_none_or(|own| own <= longest);
        let next = if is_oldest || self.passed < MOST_PASSES { first } else { oldest };
        self.passed = if is_oldest || next == oldest { 0 } else { self.passed + 1 };
        self.leave(next);
        Some(next)
    }

    /// Whether a newcomer of `priority` would have to stand behind somebody.
    pub(super) fn are_before(&self, priority: Priority) -> bool {
        self.by_priority.soonest().is_some_and(|(rank, _)| rank.below <= below_highest(priority))
    }

    /// How many scopes wait.
    pub(super) fn len(&self) -> u64 {
        self.by_priority.len() as u64
    }

    /// The scope that stands first.
    pub(super) fn first(&self) -> Option<u32> {
        self.by_priority.soonest().map(|(_, scope)| scope)
    }
}

impl Limiter {
    /// Whether anything but its scope may hold a request back.
    #[inline]
    pub(super) const fn is_held_over_all(&self) -> bool {
        self.running.is_paused() || self.queue.concurrency.is_some()
    }

    /// Whether a newcomer of `priority` cannot start at once, whatever its scope says.
    #[cold]
    pub(super) fn must_wait_for_all(&self, priority: Priority) -> bool {
        self.running.is_paused() || !self.has_place() || self.turns.are_before(priority)
    }

    /// A request has ended that may have held others back, or been the last. Says whether there is something to do.
    #[cold]
    pub(super) fn released(&mut self, index: u32, sent_at: Instant, somebody_waits: bool) -> bool {
        let first = self.turns.first();
        if let Some(scope) = first {
            self.openings.set(scope, Instant::ZERO);
            if !somebody_waits {
                self.note_untimed(index, sent_at);
            }
        }
        let may_start = !self.running.is_paused() && (somebody_waits || first.is_some());
        may_start || self.is_drained_untold()
    }

    /// Whether one more may be in flight.
    pub(super) fn has_place(&self) -> bool {
        self.queue.concurrency.is_none_or(|most| self.tickets.in_flight() < most.get())
    }

    /// Starts whoever may start in the scopes that are due.
    pub(super) fn open_scopes(&mut self, now: Instant) {
        if self.running.is_paused() {
            return;
        }
        let is_limited = self.queue.concurrency.is_some();
        while let Some(scope) = self.openings.pop_due(now) {
            if is_limited {
                self.line_up(now, scope);
            } else {
                self.advance(now, scope);
            }
        }
        if is_limited {
            self.take_turns(now);
        }
    }

    /// What [`advance`](Self::advance) does where a scope's own limits are not all that counts.
    #[cold]
    pub(super) fn advance_in_turn(&mut self, now: Instant, index: u32) {
        if self.running.is_paused() {
            // It is looked after when the pause is over.
            if self.scopes.get_mut(index).queue.is_empty() {
                self.openings.remove(index);
            } else {
                self.openings.set(index, Instant::ZERO);
            }
            return;
        }
        self.line_up(now, index);
        self.take_turns(now);
    }

    /// Gives the places that are free to those whose turn it is.
    fn take_turns(&mut self, now: Instant) {
        while self.has_place() {
            let Some(scope) = self.turns.next() else { return };
            if self.start_from(now, scope, 1) {
                self.line_up(now, scope);
            }
        }
    }

    /// Scope `index` waits for a place, if somebody waits in it.
    fn line_up(&mut self, now: Instant, index: u32) {
        self.openings.remove(index);
        let arrived = |slot| self.tickets.submitted_at(slot);
        match self.scopes.get_mut(index).queue.turn(now, self.queue.ageing, &self.places, arrived) {
            Some(turn) => self.turns.line_up(index, turn.priority, arrived(turn.member), self.queue.ageing),
            None => self.turns.leave(index),
        }
    }
}

/// From the highest priority down, so that the smaller number goes first.
const fn below_highest(priority: Priority) -> u8 {
    Priority::CRITICAL.above(priority)
}
