//! Small requests go while a large one waits for its limit, where that delays nothing.
//!
//! The first of a queue waits until an instant at which the last of its limits has room. What stands behind it may go before,
//! if the first could start at that very instant all the same: that is asked of a copy of the ledger, so that windows,
//! buckets and what is learned of both count as they will. A few are tried in their order, and each leaves its own headroom.

use super::Limiter;
use super::ticket::Ticket;
use crate::ledger::Wish;
use crate::time::Instant;

impl Limiter {
    /// Of those behind the first, so many are tried.
    pub(super) const MOST_TRIED: u32 = 8;

    /// Starts what may go while the ticket, the first of its queue, waits until `until` for what `head` says.
    pub(super) fn backfill(&mut self, now: Instant, ticket: Ticket, head: &Wish, until: Instant) {
        let Some(index) = self.tickets.get(ticket).map(|entry| entry.scope) else { return };
        let scope = self.scopes.get_mut(index);
        let Some(dimension) = scope.ledger.waits_for() else { return };
        if scope.queue.len() < 2 || head.cost.of(dimension) < 2 || !scope.queue.may_go_beside(ticket.slot()) {
            return;
        }
        // What takes as much of the limit in question has no more room than the first.
        let is_smaller = |slot: &u32| {
            let entry = self.tickets.in_slot(*slot).and_then(|ticket| self.tickets.get(ticket));
            entry.is_some_and(|entry| entry.cost.of(dimension) < head.cost.of(dimension) && entry.deadline >= now)
        };
        let mut tried = [ticket.slot(); Self::MOST_TRIED as usize];
        let behind = scope.queue.in_order(&self.places).filter(|slot| *slot != ticket.slot());
        let mut count = 0;
        for (place, slot) in tried.iter_mut().zip(behind.take(Self::MOST_TRIED as usize).filter(is_smaller)) {
            *place = slot;
            count += 1;
        }
        for slot in &tried[..count] {
            if let Some(other) = self.tickets.in_slot(*slot) {
                let has_started = self.try_beside(now, index, other, head, until);
                let queue = &mut self.scopes.get_mut(index).queue;
                if has_started {
                    queue.note_beside(ticket.slot());
                }
                if !queue.may_go_beside(ticket.slot()) {
                    return;
                }
            }
        }
    }

    /// Starts `other` if the one whom `head` is for can start at `until` all the same. Says whether it has.
    fn try_beside(&mut self, now: Instant, index: u32, other: Ticket, head: &Wish, until: Instant) -> bool {
        let Some(priority) = self.tickets.get(other).map(|entry| entry.priority) else { return false };
        let found = self.found_by(now, other);
        if found.writer.is_some() || !self.has_place() || !self.scopes.get_mut(index).is_open(now) {
            return false;
        }
        let (wish, _) = self.wish(now, other, priority, found.readable);
        let is_spare = self.scopes.get_mut(index).ledger.spares(&wish, head, until, now);
        is_spare && self.try_start(now, other, priority, &wish).is_ok()
    }
}
