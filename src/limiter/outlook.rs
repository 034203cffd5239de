//! Where somebody stands who waits, and when it is likely to start.
//!
//! The expected start is the latest of what each reason to wait says: the limits' quota, replenished while all that goes
//! before takes its part; permits, that come back as calls end, which take as long as earlier ones did; what the server
//! ordered; the places that all scopes share. It supposes that nobody leaves, that of higher priorities as much comes as
//! lately, and of its own nobody who goes before it. Where nothing is known, as of permits none of which has come back yet,
//! nobody can tell.

use super::ticket::{Entry, NewTicket, Phase, Ticket};
use super::{Limiter, Refusal, ScopeId};
use crate::cost::Cost;
use crate::ledger::{Asker, Before, Wish};
use crate::queue::{Priority, Queue};
use crate::time::{Duration, Instant};

/// How somebody stands who waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Outlook {
    /// How many start before it in its scope if nobody joins or leaves, counted up to 1,000. Small ones that start beside
    /// a large one are not foreseen.
    pub position: u32,
    /// How long it is likely to wait from now; `None` where nobody can tell.
    pub expected: Option<Duration>,
}

impl Limiter {
    /// How long a request would be likely to wait that was submitted now: nothing if it could start at once, and `None` where
    /// nobody can tell.
    ///
    /// # Errors
    ///
    /// The reason why it could never start.
    pub fn estimate(
        &mut self,
        now: Instant,
        scope: ScopeId,
        cost: Cost,
        priority: Priority,
        tenant: &str,
    ) -> Result<Option<Duration>, Refusal> {
        if let Some(refusal) = self.never(scope.0, cost) {
            return Err(refusal);
        }
        let (_, before) = self.before_newcomer(scope.0, cost, priority, tenant);
        let asker = self.newcomer(now, scope.0, cost, priority);
        Ok(self.expected(now, scope.0, &asker, priority, &before))
    }

    /// How the ticket's request stands, if it waits.
    pub fn outlook(&mut self, now: Instant, ticket: Ticket) -> Option<Outlook> {
        let entry = self.tickets.get(ticket).copied()?;
        match entry.phase {
            Phase::Waiting => {
                let asker = self.asker(now, ticket, &entry);
                let (position, before) = self.before(ticket, &entry);
                let expected = self.expected(now, entry.scope, &asker, entry.priority, &before);
                Some(Outlook { position, expected })
            }
            Phase::Pausing => {
                // When it comes back, it stands first among its equals.
                let back = self.alarms.at(ticket.slot()).unwrap_or(now);
                let asker = self.asker(now, ticket, &entry);
                let expected = self.expected(now, entry.scope, &asker, entry.priority, &Before::default());
                Some(Outlook { position: 0, expected: expected.map(|wait| wait.max(back.since(now))) })
            }
            Phase::InFlight(_) => None,
        }
    }

    /// A request that started at `sent_at` has ended.
    pub(super) fn note_hold(&mut self, now: Instant, sent_at: Instant) {
        self.holds.end(sent_at);
        if self.queue.concurrency.is_some() {
            self.holds.note(now.since(sent_at));
        }
    }

    /// A request of scope `index` has ended that started at `sent_at`; when, is told next. Somebody waits, so that this is soon.
    #[cold]
    pub(super) fn note_untimed(&mut self, index: u32, sent_at: Instant) {
        if self.untimed.len() < MOST_UNTIMED {
            self.untimed.push((index, sent_at));
        }
    }

    /// Those that ended at an unknown instant ended at `now`.
    pub(super) fn note_holds(&mut self, now: Instant) {
        while let Some((index, sent_at)) = self.untimed.pop() {
            let held = now.since(sent_at);
            self.holds.note(held);
            self.scopes.get_mut(index).ledger.note_hold(held);
        }
    }

    /// How long something is likely to wait that others go before.
    fn expected(
        &mut self,
        now: Instant,
        index: u32,
        asker: &Asker,
        priority: Priority,
        before: &Before,
    ) -> Option<Duration> {
        if self.running.is_paused() {
            return None;
        }
        let scope = self.scopes.get_mut(index);
        let sight = scope.ledger.outlook(asker, before, now)??;
        let in_order = sight.replenished_at.max(sight.permitted_at).since(now);
        let mut at =
            (now + scope.with_newcomers(in_order, priority, now)).max(scope.outlook_of_server(now, before.members)?);
        if before.members > 0 {
            // Nobody behind the first starts before it.
            at = at.max(self.openings.at(index).unwrap_or(now));
        }
        Some(at.max(self.place_at(now, before.members)?).since(now))
    }

    /// A ticket that waits, with what is known of its cost by now.
    fn asker(&mut self, now: Instant, ticket: Ticket, entry: &Entry) -> Asker {
        let readable = self.found_by(now, ticket).readable;
        let (wish, _) = self.wish(now, ticket, entry.priority, readable);
        let is_guessed =
            wish.sent == Some(true) && self.tickets.call(entry).is_some_and(|call| call.known.output.is_none());
        Asker { wish, is_guessed }
    }

    /// One who would come now, to a server if others did.
    fn newcomer(&mut self, now: Instant, index: u32, cost: Cost, priority: Priority) -> Asker {
        let scope = self.scopes.get_mut(index);
        let leave = scope.headroom.left_by(priority, self.queue.headroom, now).map(|(leave, _)| leave);
        Asker { wish: Wish { cost, leave, sent: scope.has_answered.then_some(false) }, is_guessed: false }
    }

    /// When a place is likely to be free of those that all scopes share, after `members` others had theirs in the same scope.
    fn place_at(&self, now: Instant, members: u64) -> Option<Instant> {
        let Some(most) = self.queue.concurrency else { return Some(now) };
        let (most, taken) = (u64::from(most.get()), u64::from(self.tickets.in_flight()));
        // Scopes take turns.
        let ahead = members.saturating_mul(self.turns.len().max(1)).min(u64::from(self.waiting));
        let missing = (taken + ahead + 1).saturating_sub(most);
        self.holds.until_released(missing, taken, now).map(|wait| now + wait)
    }

    /// How many go before a ticket that waits, and what they take.
    fn before(&mut self, ticket: Ticket, entry: &Entry) -> (u32, Before) {
        let scope = self.scopes.get_mut(entry.scope);
        let ahead = scope.queue.ahead_of(ticket.slot(), entry.priority, &self.places);
        (ahead.members.min(Queue::MOST_COUNTED), scope.before(ahead))
    }

    /// How many would go before a newcomer, and what they take.
    fn before_newcomer(&mut self, index: u32, cost: Cost, priority: Priority, tenant: &str) -> (u32, Before) {
        let of = self.tickets.tenants.find(tenant);
        let scope = self.scopes.get_mut(index);
        let ahead = scope.queue.ahead_of_newcomer(priority, of, scope.ledger.work(cost), &self.places);
        (ahead.members.min(Queue::MOST_COUNTED), scope.before(ahead))
    }

    /// Why a newcomer whose wait ends at its deadline need not begin to wait, if it surely cannot start by then. Of its
    /// cost, `certain` is sure.
    ///
    /// That it surely cannot is said of a bound, which supposes the best: of those who wait only such go before it as surely
    /// do, no limit is raised, permits come back at once, and so does what is in flight and will not be used. Who is before it
    /// stays there. The last few of those do not count where they are larger: it may go beside them.
    pub(super) fn misses_deadline(
        &mut self,
        now: Instant,
        new: &NewTicket<'_>,
        certain: Cost,
        is_sent: bool,
    ) -> Option<Refusal> {
        if self.running.is_paused() {
            return None;
        }
        let (of, wait) = (self.tickets.tenants.find(new.tenant), new.deadline.since(now));
        let scope = self.scopes.get_mut(new.scope);
        let ahead = scope.queue.surely_ahead_of_newcomer(new.priority, of, wait, self.queue.ageing, &self.places);
        let before = scope.before(ahead);
        let may_pass = before.are_larger_than(certain);
        let sure = if may_pass { before.without(u64::from(Self::MOST_TRIED) + 1) } else { before };
        let soonest = scope.ledger.soonest(certain, is_sent, &sure, now).max(scope.shut_until);
        if soonest <= new.deadline {
            return None;
        }
        let (position, before) = self.before_newcomer(new.scope, new.cost, new.priority, new.tenant);
        let asker = self.newcomer(now, new.scope, new.cost, new.priority);
        let expected = self.expected(now, new.scope, &asker, new.priority, &before);
        let expected = expected.map(|wait| wait.max(soonest.since(now)));
        let waited = now.since(new.submitted_at);
        Some(Refusal::DeadlineExceeded { scope: self.scopes.name(new.scope), waited, position, expected })
    }

    /// The refusal of a newcomer that would be one too many of those that wait.
    pub(super) fn no_room(&mut self, now: Instant, new: &NewTicket<'_>, limit: u32) -> Refusal {
        let (_, before) = self.before_newcomer(new.scope, new.cost, new.priority, new.tenant);
        let asker = self.newcomer(now, new.scope, new.cost, new.priority);
        let expected = self.expected(now, new.scope, &asker, new.priority, &before);
        // What was refused could not start at once, whatever the reason.
        let expected = expected.filter(|wait| !wait.is_zero());
        Refusal::QueueFull { scope: self.scopes.name(new.scope), limit, expected }
    }
}

/// More than means need.
const MOST_UNTIMED: usize = 16;
