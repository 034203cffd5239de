//! Callers that may vanish without a word, as the requests of a Worker do when their client has gone: no timer of theirs
//! fires any more, and nobody is told.
//!
//! Such a caller *looks*: it says that it is there, has done whatever is due, and is told after how long to look again at
//! the latest. So no caller depends on the timer of another one. A thousand who wait do not look all at once: the first of
//! a scope looks when it may start, and the others the less often the farther behind they stand, but often enough to see
//! that somebody before them has vanished. Whoever is missed twice is given up. The first time may be the fault of a
//! program that was busy for longer than that: then everybody is late, and the first to look would give up all others.

use alloc::vec::Vec;

use super::ticket::{Phase, Ticket};
use super::{Limiter, Outlook};
use crate::schedule::Schedule;
use crate::time::{Duration, Instant};

/// How the caller of a ticket learns that it starts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Told {
    /// Whoever drains the outputs can tell it.
    AtOnce,
    /// It finds out when it looks.
    WhenItLooks,
}

/// Who was there lately.
#[derive(Debug, Default)]
pub(super) struct Presences {
    /// When to ask after whom.
    due: Schedule,
    /// By slot, who looked last.
    callers: Vec<Caller>,
}

#[derive(Clone, Copy, Debug)]
struct Caller {
    ticket: Ticket,
    /// It did not look when it should have.
    is_missed: bool,
    /// It has looked since it started: it knows, and may have sent something.
    knows_of_start: bool,
}

impl Presences {
    fn expect(&mut self, at: Instant, caller: Caller) {
        let slot = caller.ticket.slot();
        while self.callers.len() <= slot as usize {
            self.callers.push(NOBODY);
        }
        self.callers[slot as usize] = caller;
        self.due.set(slot, at);
    }

    /// Somebody that should have looked by now, and did not.
    fn pop_missing(&mut self, now: Instant) -> Option<Caller> {
        let slot = self.due.pop_due(now)?;
        self.callers.get(slot as usize).copied()
    }

    /// The slot may be another's by now, who is still expected.
    fn forget(&mut self, ticket: Ticket) {
        if self.callers.get(ticket.slot() as usize).is_some_and(|caller| caller.ticket == ticket) {
            self.due.remove(ticket.slot());
        }
    }
}

impl Limiter {
    /// The caller of `ticket`, which may vanish without a word, is there. Does what [`handle_timeout`](Self::handle_timeout)
    /// does, and says after how long it is to look again at the latest; `None` if the ticket is over.
    ///
    /// Whoever has looked once has to go on. A caller that waits and is not heard of any more is given up 20 s later at the
    /// most, at the next look of any other: nothing is charged, even if the ticket has started meanwhile, unless it has
    /// looked since then. One in flight is given up as late as that, and charged for what is known that it used, or else as
    /// reserved.
    pub fn look(&mut self, now: Instant, ticket: Ticket, told: Told) -> Option<Duration> {
        self.presences.forget(ticket);
        let knows_of_start = self.tickets.flight(ticket).is_some();
        self.handle_timeout(now);
        let wait = match self.tickets.get(ticket)?.phase {
            // The driver may be in the middle of telling it.
            Phase::InFlight(_) if !knows_of_start => SHORTEST,
            Phase::InFlight(_) => LONGEST,
            Phase::Waiting | Phase::Pausing => self.until_next_look(now, ticket, told),
        };
        self.presences.expect(now + wait + PATIENCE, Caller { ticket, is_missed: false, knows_of_start });
        Some(wait)
    }

    /// How long one that has not started has until its next look.
    fn until_next_look(&mut self, now: Instant, ticket: Ticket, told: Told) -> Duration {
        let Some(entry) = self.tickets.get(ticket).copied() else { return SHORTEST };
        let outlook = self.outlook(now, ticket);
        let Outlook { position, expected } = outlook.unwrap_or(Outlook { position: 0, expected: None });
        let place = u64::from(position) + 1;
        let most = match told {
            Told::AtOnce => FIRST_PLACE.times(place).min(LONGEST),
            Told::WhenItLooks => {
                let share = now.since(entry.submitted_at).divided_by(PARTS_OF_WAIT);
                share.max(QUICKEST).min(SLOWEST).times(place).min(LONGEST_UNTOLD)
            }
        };
        let is_first = position == 0 && entry.phase == Phase::Waiting && !self.is_paused();
        let opens_at = if is_first { self.openings.at(entry.scope) } else { None };
        let exact = match (opens_at, self.alarms.at(ticket.slot())) {
            (Some(opens_at), Some(alarm)) => Some(opens_at.min(alarm)),
            (one, other) => one.or(other),
        };
        // What is only expected may be now, time and again.
        let guess = expected.filter(|_| opens_at.is_none()).map(|wait| wait.max(QUICKEST.times(place)));
        let soonest = exact.map(|at| at.since(now)).into_iter().chain(guess).min();
        soonest.map_or(most, |wait| wait.min(most)).max(SHORTEST)
    }

    /// Gives up those that should have looked by now, and were missed before.
    pub(super) fn give_up_missing(&mut self, now: Instant) {
        while let Some(caller) = self.presences.pop_missing(now) {
            let Caller { ticket, is_missed, knows_of_start } = caller;
            let Some(entry) = self.tickets.get(ticket).copied() else { continue };
            if !is_missed {
                self.presences.expect(now + PATIENCE, Caller { is_missed: true, ..caller });
                continue;
            }
            match self.tickets.flight(ticket).map(|flight| flight.reservation.cost()) {
                Some(reserved) if knows_of_start => match self.tickets.call(&entry) {
                    Some(_) => self.finish(now, ticket, false),
                    None => self.settle(now, ticket, reserved),
                },
                Some(_) | None => _ = self.cancel_unsent(now, ticket),
            }
        }
    }
}

/// No timer is shorter.
const SHORTEST: Duration = Duration::from_millis(1);

/// Between two looks of the first of a scope who is told at once, which are for the sake of those behind it; and so much
/// more for each place, so that a thousand who wait look a hundred times a second together.
const FIRST_PLACE: Duration = Duration::SECOND;

/// Between two looks of anybody, so that it is known who is there.
const LONGEST: Duration = Duration::from_secs(10);

/// Between two looks of the first of a scope who is not told there is this part of its wait so far, so that it starts late
/// by no more than that, within the bounds below; and for each place so much more.
const PARTS_OF_WAIT: u64 = 16;
const QUICKEST: Duration = Duration::from_millis(5);
const SLOWEST: Duration = Duration::from_millis(50);

/// Between two looks of anybody who is not told.
const LONGEST_UNTOLD: Duration = Duration::from_secs(2);

/// How late somebody may be, twice. Timers are late where a program computes for long.
const PATIENCE: Duration = Duration::from_secs(5);

const NOBODY: Caller = Caller { ticket: Ticket::from_bits(u32::MAX), is_missed: false, knows_of_start: false };
