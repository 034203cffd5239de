//! Whether anything may start at all: the program's own pause, a drain, the end.

use super::{Limiter, Output, Refusal, Ticket};
use crate::time::Instant;

/// What the program wants of the whole limiter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Running {
    is_paused: bool,
    is_closed: bool,
    drain: Drain,
}

/// How far a drain is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Drain {
    /// Nobody asked for one.
    #[default]
    Unwanted,
    /// What was accepted is being finished.
    Begun,
    /// It is over, and was told.
    Told,
}

impl Running {
    /// Whether requests are accepted.
    #[inline]
    pub(super) fn accepts(self) -> bool {
        !self.is_closed && self.drain == Drain::Unwanted
    }

    /// Whether what is accepted may start.
    #[inline]
    pub(super) const fn is_paused(self) -> bool {
        self.is_paused
    }

    pub(super) const fn is_closed(self) -> bool {
        self.is_closed
    }

    pub(super) fn is_draining(self) -> bool {
        self.drain != Drain::Unwanted
    }

    /// Whether a drain has begun whose end is to be told.
    #[inline]
    pub(super) fn has_to_tell(self) -> bool {
        self.drain == Drain::Begun
    }

    /// The end of the drain is told now.
    pub(super) const fn told(&mut self) {
        self.drain = Drain::Told;
    }
}

impl Limiter {
    /// From now on nothing starts. What is in flight goes on, requests are accepted and wait, and deadlines are met. What
    /// was to start but has not been told of is still told: its reservation is held.
    pub const fn pause(&mut self) {
        self.running.is_paused = true;
    }

    /// What waits may start again.
    pub fn resume(&mut self, now: Instant) {
        if self.running.is_paused {
            self.running.is_paused = false;
            self.open_scopes(now);
        }
    }

    /// Whether the program's own pause holds everything back.
    pub const fn is_paused(&self) -> bool {
        self.running.is_paused()
    }

    /// From now on nothing is accepted. What waits, pauses between two attempts or is in flight is finished, with all its
    /// attempts; when the last of it has ended, [`Event::Drained`](super::Event::Drained) is told, once.
    ///
    /// A limiter that is paused stays so, and what waits in it waits until it is resumed or closed.
    pub fn drain(&mut self) {
        if self.running.drain == Drain::Unwanted {
            self.running.drain = Drain::Begun;
        }
    }

    /// Whether nothing is accepted because of a drain, be it over or not.
    pub fn is_draining(&self) -> bool {
        self.running.is_draining()
    }

    /// Refuses everything that has not started, and everything from now on. What is in flight goes on to its end.
    pub fn close(&mut self, now: Instant) {
        self.running.is_closed = true;
        // Nobody starts because somebody before it is refused.
        let was_paused = core::mem::replace(&mut self.running.is_paused, true);
        let not_started: alloc::vec::Vec<Ticket> = self.tickets.not_started().collect();
        for ticket in not_started {
            self.cancel(now, ticket);
            self.outputs.push_back(Output::Refuse(ticket, Refusal::Closed));
        }
        self.running.is_paused = was_paused;
        // What was to start but has not been told of is still told: its reservation is held.
    }

    /// Why nothing is accepted, if nothing is.
    pub(super) fn shut(&self) -> Option<Refusal> {
        if self.running.is_closed {
            Some(Refusal::Closed)
        } else if self.running.is_draining() {
            Some(Refusal::Draining)
        } else {
            None
        }
    }

    /// Whether a drain is over that nobody was told of.
    #[inline]
    pub(super) fn is_drained_untold(&self) -> bool {
        self.running.has_to_tell() && self.tickets.are_over()
    }
}
