//! How requests move on: out of the queue, back into it, into refusal.

use super::ticket::{Call, NewCall, NewTicket, Phase, Ticket};
use super::{END_OF_TIME, Limiter};
use super::{Event, Outlook, Output, Reason, Refusal, WakeUp};
use crate::cost::Cost;
use crate::ledger::{Earliest, Wish};
use crate::prompt_cache::Found;
use crate::queue::{Priority, Standing};
use crate::scope::Place;
use crate::time::{Duration, Instant};

impl Limiter {
    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.note_holds(now);
        self.give_up_missing(now);
        // Pauses end first, so that a retry stands in its queue when the queue is looked after.
        while let Some(slot) = self.alarms.pop_due(now) {
            let Some(ticket) = self.tickets.in_slot(slot) else { continue };
            match self.tickets.get(ticket).map(|entry| entry.phase) {
                Some(Phase::Pausing) => self.return_to_queue(now, ticket),
                Some(Phase::Waiting) => self.meet_deadline(now, ticket),
                Some(Phase::InFlight(_)) | None => {}
            }
        }
        self.open_scopes(now);
    }

    /// What to do next; `None` when there is nothing until the next call.
    #[inline]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front().or_else(|| {
            self.is_drained_untold().then(|| {
                self.running.told();
                Output::Event(Event::Drained)
            })
        })
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), and why. `None` if nothing waits.
    pub fn poll_timeout(&self) -> Option<WakeUp> {
        if !self.outputs.is_empty() || self.is_drained_untold() {
            return Some(WakeUp { at: Instant::ZERO, reason: Reason::Output });
        }
        let opening = self.openings.soonest().filter(|_| !self.running.is_paused()).map(|(at, scope)| {
            let is_held = self.scopes.is_held_until(scope, at);
            WakeUp { at, reason: if is_held { Reason::Cooldown } else { Reason::Quota } }
        });
        let alarm = self.alarms.soonest().map(|(at, slot)| {
            let phase = self.tickets.in_slot(slot).and_then(|ticket| self.tickets.get(ticket)).map(|entry| entry.phase);
            let reason = match phase {
                Some(Phase::Pausing)
                    if self.tickets.in_slot(slot).is_some_and(|ticket| self.tickets.follows(ticket)) =>
                {
                    Reason::PromptCache
                }
                Some(Phase::Pausing) => Reason::Backoff,
                Some(Phase::Waiting | Phase::InFlight(_)) | None => Reason::Deadline,
            };
            WakeUp { at, reason }
        });
        match (opening, alarm) {
            (Some(opening), Some(alarm)) => Some(if opening.at <= alarm.at { opening } else { alarm }),
            (one, other) => one.or(other),
        }
    }

    /// Enters a request, of whose cost `certain` is sure. It starts at once if nothing is before it.
    pub(super) fn enqueue(
        &mut self,
        now: Instant,
        new: &NewTicket<'_>,
        certain: Cost,
        call: Option<NewCall<'_>>,
    ) -> Result<Ticket, Refusal> {
        if !self.running.accepts() || self.tickets.are_exhausted() {
            return Err(self.no_admission(new.scope));
        }
        if new.deadline != END_OF_TIME
            && let Some(refusal) = self.misses_deadline(now, new, certain, call.is_some())
        {
            return Err(refusal);
        }
        let ticket = self.tickets.insert(new, call);
        self.waiting += 1;
        let of = self.tickets.get(ticket).map(|entry| self.tickets.tenants.tenancy(entry.tenant)).unwrap_or_default();
        let scope = self.scopes.get_mut(new.scope);
        let standing = Standing { priority: new.priority, of, work: scope.ledger.work(new.cost) };
        let arrived = |slot| self.tickets.submitted_at(slot);
        let must_queue = scope.queue.is_ahead_of(new.priority, now, self.queue.ageing, &self.places, arrived);
        scope.load.add(new.cost);
        scope.arrivals.note(new.priority, standing.work, now);
        scope.queue.join(ticket.slot(), standing, &mut self.places);
        // Where few wait, a small one may find room beside the first; and one of another tenant may be the first.
        let may_start = !must_queue
            || scope.queue.len() <= Self::MOST_TRIED
            || scope.queue.is_first(ticket.slot(), new.priority, &self.places);
        if may_start {
            self.advance(now, new.scope);
        }
        let phase = self.tickets.get(ticket).map(|entry| entry.phase);
        let still_waits = matches!(phase, Some(Phase::Waiting | Phase::Pausing));
        if still_waits && self.waiting > self.queue.max_depth {
            // Depth counts who really has to wait: with a depth of zero, what can start at once still does.
            self.cancel(now, ticket);
            return Err(self.no_room(now, new, self.queue.max_depth));
        }
        // Whoever follows another has an alarm already.
        if phase == Some(Phase::Waiting) && new.deadline != END_OF_TIME {
            self.alarms.set(ticket.slot(), new.deadline);
        }
        Ok(ticket)
    }

    /// Starts whoever may start in scope `index`, and notes when to look again.
    pub(super) fn advance(&mut self, now: Instant, index: u32) {
        if self.is_held_over_all() {
            self.advance_in_turn(now, index);
        } else {
            self.start_from(now, index, u32::MAX);
        }
    }

    /// Starts whoever may start in scope `index`, `most` at most. Says whether there may be more, or else notes when to look
    /// again.
    pub(super) fn start_from(&mut self, now: Instant, index: u32, mut most: u32) -> bool {
        while most > 0 {
            let scope = self.scopes.get_mut(index);
            let arrived = |slot| self.tickets.submitted_at(slot);
            let turn = scope.queue.turn(now, self.queue.ageing, &self.places, arrived);
            let Some((turn, ticket)) = turn.and_then(|turn| Some((turn, self.tickets.in_slot(turn.member)?))) else {
                self.openings.remove(index);
                return false;
            };
            let opens_at = scope.opens_at(now);
            if opens_at > now {
                self.openings.set(index, opens_at);
                return false;
            }
            let Some(entry) = self.tickets.get(ticket).copied() else { return false };
            if entry.deadline < now {
                // The driver came late; the alarm would say the same.
                self.miss_deadline(now, ticket);
                continue;
            }
            let found = self.found_by(now, ticket);
            if found.writer.is_some_and(|writer| self.follow(now, ticket, writer)) {
                continue;
            }
            let scope = self.scopes.get_mut(index);
            if let Some(at) = self.tickets.call(&entry).and_then(|_| scope.may_learn(now)) {
                // The first answer, or the end of one of those under way, opens the scope before.
                self.openings.set(index, at);
                return false;
            }
            let (wish, until) = self.wish(now, ticket, turn.priority, found.readable);
            match self.try_start(now, ticket, turn.priority, &wish) {
                Ok(()) => most -= 1,
                Err(Earliest::At(at)) => {
                    // What is to be left may be less before.
                    self.openings.set(index, at.min(until));
                    self.backfill(now, ticket, &wish, at.min(until));
                    return false;
                }
                Err(Earliest::AfterRelease) => {
                    self.openings.remove(index);
                    return false;
                }
                Err(Earliest::Never) => {
                    // The limit was lowered while it waited.
                    let refusal = self.impossible(index, wish.cost).unwrap_or(Refusal::Closed);
                    self.leave_queue(ticket);
                    self.tickets.remove(ticket);
                    self.outputs.push_back(Output::Refuse(ticket, refusal));
                }
            }
        }
        true
    }

    /// Whether the ticket, which waits, may be the one for whom its scope waits. Since the last look, time may have made
    /// somebody overdue whose turn it is now; so that is no more than to stand first among its equals.
    pub(super) fn may_be_waited_for(&mut self, ticket: Ticket) -> bool {
        let Some(entry) = self.tickets.get(ticket) else { return false };
        let queue = &self.scopes.get_mut(entry.scope).queue;
        queue.is_first(ticket.slot(), entry.priority, &self.places)
    }

    /// What the ticket's prompt finds at its server.
    pub(super) fn found_by(&self, now: Instant, ticket: Ticket) -> Found {
        let call = self.tickets.get(ticket).and_then(|entry| self.tickets.call(entry));
        let has_prompt = call.is_some_and(|call| call.prompt != Call::NO_PROMPT);
        if has_prompt { self.find_prompt(now, ticket) } else { Found::default() }
    }

    /// What the ticket takes and leaves if it goes as one of `priority`, and until when at the longest it leaves that. Of its
    /// prompt, `readable` model tokens are in its server's cache.
    pub(super) fn wish(&mut self, now: Instant, ticket: Ticket, priority: Priority, readable: u32) -> (Wish, Instant) {
        let Some(entry) = self.tickets.get(ticket) else { return (Wish::NOTHING, END_OF_TIME) };
        let call = self.tickets.call(entry);
        let scope = self.scopes.get_mut(entry.scope);
        // What was learned while it waited counts for it too.
        let cost = call.map_or(entry.cost, |call| {
            super::charge::cost_of(call, entry.cost, readable, &self.forecasts, &scope.ledger)
        });
        let left = scope.headroom.left_by(priority, self.queue.headroom, now);
        let sent = call.map(super::charge::is_charged_late);
        (Wish { cost, leave: left.map(|(leave, _)| leave), sent }, left.map_or(END_OF_TIME, |(_, until)| until))
    }

    /// Starts the ticket, which waits and goes as one of priority `turn`, or says when that will be possible.
    pub(super) fn try_start(
        &mut self,
        now: Instant,
        ticket: Ticket,
        turn: Priority,
        wish: &Wish,
    ) -> Result<(), Earliest> {
        let Some(entry) = self.tickets.get(ticket).copied() else { return Ok(()) };
        let scope = self.scopes.get_mut(entry.scope);
        let reservation = scope.ledger.grant(wish, now)?.instead_of(entry.cost);
        scope.began(now);
        scope.traffic.note(now);
        if let Some(budget) = self.retry.budget.as_ref().filter(|_| wish.sent.is_some() && entry.attempt == 1) {
            scope.retries.deposit(budget);
        }
        scope.headroom.note(entry.priority, wish.cost, now);
        // Whoever is alone has nobody to share with.
        let work = if scope.queue.len() > 1 { scope.ledger.work(wish.cost) } else { 0 };
        let of = self.tickets.tenants.tenancy(entry.tenant);
        let standing = Standing { priority: entry.priority, of, work };
        scope.queue.serve(ticket.slot(), standing, turn, &mut self.places);
        self.no_longer_waits(ticket);
        self.holds.begin(now);
        self.tickets.start(ticket, reservation);
        let has_prompt = self.tickets.call(&entry).is_some_and(|call| call.prompt != Call::NO_PROMPT);
        if has_prompt {
            self.begin_writing(now, ticket);
        }
        self.outputs.push_back(Output::Start(ticket));
        Ok(())
    }

    /// How the ticket stands in a queue.
    fn standing(&mut self, ticket: Ticket) -> Standing {
        let Some(entry) = self.tickets.get(ticket) else { return Standing::default() };
        let work = self.scopes.get_mut(entry.scope).ledger.work(entry.cost);
        Standing { priority: entry.priority, of: self.tickets.tenants.tenancy(entry.tenant), work }
    }

    pub(super) fn advance_scope_of(&mut self, now: Instant, ticket: Ticket) {
        if let Some(scope) = self.tickets.get(ticket).map(|entry| entry.scope) {
            self.advance(now, scope);
        }
    }

    /// Settles what the ticket's attempt reserved by what `actual` says of it. The ticket pauses.
    pub(super) fn end_flight(&mut self, now: Instant, ticket: Ticket, actual: impl FnOnce(Cost) -> Cost) {
        let Some(scope) = self.tickets.get(ticket).map(|entry| entry.scope) else { return };
        if let Some(flight) = self.tickets.land(ticket, Phase::Pausing) {
            let actual = actual(flight.reservation.cost());
            self.note_hold(now, flight.reservation.sent_at());
            self.stop_writing(ticket);
            self.scopes.get_mut(scope).ledger.settle(flight.reservation, actual, now);
        }
    }

    /// The ticket's next attempt comes after `delay`. It must have landed.
    pub(super) fn set_aside(&mut self, now: Instant, ticket: Ticket, delay: Duration) {
        let Some(entry) = self.tickets.get(ticket) else { return };
        self.scopes.get_mut(entry.scope).pausing += 1;
        self.waiting += 1;
        self.alarms.set(ticket.slot(), now + delay);
    }

    /// Takes a pausing ticket out of its pause.
    pub(super) fn end_pause(&mut self, ticket: Ticket) {
        let Some(entry) = self.tickets.get(ticket) else { return };
        let scope = self.scopes.get_mut(entry.scope);
        scope.pausing = scope.pausing.saturating_sub(1);
        self.waiting = self.waiting.saturating_sub(1);
        self.alarms.remove(ticket.slot());
    }

    fn return_to_queue(&mut self, now: Instant, ticket: Ticket) {
        if !self.lose_patience(now, ticket) {
            self.end_pause(ticket);
            self.rejoin(ticket);
        }
        self.advance_scope_of(now, ticket);
    }

    /// A ticket that has landed stands first among its equals: it has waited before.
    pub(super) fn rejoin(&mut self, ticket: Ticket) {
        let standing = self.standing(ticket);
        let Some(entry) = self.tickets.get_mut(ticket) else { return };
        entry.phase = Phase::Waiting;
        let (scope, cost, deadline) = (entry.scope, entry.cost, entry.deadline);
        let scope = self.scopes.get_mut(scope);
        scope.load.add(cost);
        scope.queue.come_back(ticket.slot(), standing, &mut self.places);
        self.waiting += 1;
        if deadline != END_OF_TIME {
            self.alarms.set(ticket.slot(), deadline);
        }
    }

    /// Takes a waiting ticket out of its queue.
    pub(super) fn leave_queue(&mut self, ticket: Ticket) {
        let Some(entry) = self.tickets.get(ticket) else { return };
        let queue = &mut self.scopes.get_mut(entry.scope).queue;
        queue.leave(ticket.slot(), entry.priority, &mut self.places);
        self.no_longer_waits(ticket);
    }

    /// Takes a waiting ticket, whose turn it is, out of its queue, to come back before its equals.
    pub(super) fn stand_aside(&mut self, ticket: Ticket) {
        let standing = self.standing(ticket);
        let Some(entry) = self.tickets.get(ticket) else { return };
        self.scopes.get_mut(entry.scope).queue.stand_aside(ticket.slot(), standing, &mut self.places);
        self.no_longer_waits(ticket);
    }

    fn no_longer_waits(&mut self, ticket: Ticket) {
        let Some(entry) = self.tickets.get(ticket) else { return };
        self.scopes.get_mut(entry.scope).load.subtract(entry.cost);
        self.waiting = self.waiting.saturating_sub(1);
        self.alarms.remove(ticket.slot());
    }

    /// The ticket's deadline is now: if it cannot start at this very instant, it never will.
    fn meet_deadline(&mut self, now: Instant, ticket: Ticket) {
        self.advance_scope_of(now, ticket);
        if self.tickets.get(ticket).is_some_and(|entry| entry.phase == Phase::Waiting) {
            let scope = self.tickets.get(ticket).map(|entry| entry.scope);
            self.miss_deadline(now, ticket);
            if let Some(scope) = scope {
                self.advance(now, scope);
            }
        }
    }

    /// Refuses a waiting ticket. Whoever stands behind it is looked after by the caller.
    fn miss_deadline(&mut self, now: Instant, ticket: Ticket) {
        let Some(entry) = self.tickets.get(ticket).copied() else { return };
        let Some(Outlook { position, expected }) = self.outlook(now, ticket) else { return };
        let (scope, waited) = (self.scopes.name(entry.scope), now.since(entry.submitted_at));
        self.leave_queue(ticket);
        self.tickets.remove(ticket);
        // That it could start at once has just been disproved.
        let expected = expected.filter(|wait| !wait.is_zero());
        let refusal = Refusal::DeadlineExceeded { scope, waited, position, expected };
        self.outputs.push_back(Output::Refuse(ticket, refusal));
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn tell_of_news(&mut self, place: &Place, model: &str) {
        if place.is_news {
            let scope = self.scopes.name(place.scope);
            self.tell(Event::UnknownModel { model: model.into(), scope });
        }
    }
}
