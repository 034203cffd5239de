//! What holds a scope back beside its quota: after refusals, under overload, and while it grows too fast.
//!
//! A scope has one only while there is trouble and for a minute after it.

mod breaker;
mod congestion;
mod pace;
mod ramp;
mod shut;
mod traffic;

#[cfg(test)]
mod tests;

pub(crate) use self::traffic::Traffic;

use self::breaker::Breaker;
use self::congestion::Congestion;
use self::pace::Pace;
use self::ramp::Ramp;
use self::shut::Shut;
use crate::archive::Archive;
use crate::backoff::Backoff;
use crate::random::Random;
use crate::time::{Duration, Instant};

/// The brakes of one scope.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Throttle {
    shut: Shut,
    ramp: Option<Ramp>,
    pace: Option<Pace>,
    congestion: Congestion,
    breaker: Breaker,
}

/// An attempt that was not served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    /// When it was sent.
    pub(crate) sent_at: Instant,
    /// The wait that the server ordered.
    pub(crate) ordered: Option<Duration>,
    /// How many requests are in flight besides.
    pub(crate) others: u64,
}

/// What a refusal for the rate comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused {
    /// Nothing starts before.
    pub(crate) until: Instant,
    /// Whether it says nothing against the request itself, so that it may be tried as if it had not been.
    pub(crate) is_excused: bool,
    /// Whether the number of requests in flight was limited.
    pub(crate) is_lowered: bool,
}

/// What an overload comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overloaded {
    /// The breaker opened until then.
    pub(crate) opened_until: Option<Instant>,
    /// As in [`Refused`].
    pub(crate) is_excused: bool,
    /// Whether the number of requests in flight was limited, or limited further.
    pub(crate) is_lowered: bool,
}

/// What an answer ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Served {
    /// The breaker closed.
    pub(crate) has_closed: bool,
    /// The number of requests in flight is limited no longer.
    pub(crate) is_lifted: bool,
}

/// Why a server refused a request for its rate, as far as it can be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    /// Its quota was used up.
    Quota,
    /// It states no quota. Perhaps too many were in flight.
    Unstated,
    /// The use grew too fast; so many of the starts of the last ten seconds were admitted.
    Growth(u32),
}

impl Throttle {
    /// The throttle of a scope whose server was asked for the first time, and of which nobody said what it allows.
    pub(crate) fn at_first() -> Self {
        Self { ramp: Some(Ramp::new(FIRST)), ..Self::default() }
    }

    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.shut.keep(archive);
        if archive.flag(self.ramp.is_some()) {
            self.ramp.get_or_insert(Ramp::new(0)).keep(archive);
        }
        if archive.flag(self.pace.is_some()) {
            self.pace.get_or_insert(Pace::new(archive.now(), 0)).keep(archive);
        }
        self.congestion.keep(archive);
        self.breaker.keep(archive);
    }

    /// The server refused `attempt` for its rate. `shut_until` is how long the scope is shut already.
    pub(crate) fn refused(
        &mut self,
        now: Instant,
        attempt: &Attempt,
        cause: Cause,
        shut_until: Instant,
        backoff: &Backoff,
        random: &mut Random,
    ) -> Refused {
        let &Attempt { sent_at, ordered, others } = attempt;
        match cause {
            Cause::Growth(served) => match &mut self.pace {
                Some(pace) => pace.refused(now, sent_at, served),
                none => *none = Some(Pace::new(now, served)),
            },
            Cause::Quota | Cause::Unstated => {}
        }
        // Its one neighbour in flight proves nothing; every server takes one at a time.
        let is_lowered = cause == Cause::Unstated && others >= 2 && self.congestion.crowded(now, sent_at, others);
        let wait = if self.shut.explains(sent_at) {
            // It was under way when the scope was shut, and says nothing that is new but its own wait.
            ordered.unwrap_or(Duration::ZERO)
        } else {
            self.ramp = Some(Ramp::new(1));
            self.shut.begin(now, ordered, backoff, random)
        };
        if self.breaker.was_tried_by(sent_at) {
            // A server that counts is a server that works.
            self.breaker.close();
        }
        let is_excused = ordered.is_some() || self.shut.in_a_row() <= 1;
        Refused { until: shut_until.max(now + wait), is_excused, is_lowered }
    }

    /// The server said to `attempt` that it is overloaded.
    pub(crate) fn overloaded(&mut self, now: Instant, attempt: &Attempt, random: &mut Random) -> Overloaded {
        let &Attempt { sent_at, ordered, others } = attempt;
        let was_tried = self.breaker.was_tried_by(sent_at);
        let mut told = Overloaded { opened_until: None, is_excused: true, is_lowered: false };
        if !was_tried && !self.breaker.is_closed() {
            // It was under way when the breaker opened.
            return told;
        }
        if !was_tried {
            told.is_lowered = self.congestion.overloaded(now, sent_at, others.saturating_add(1));
        }
        if was_tried || self.congestion.is_storm() {
            told.opened_until = Some(self.breaker.open(now, ordered, random));
            if !was_tried {
                self.congestion.collapse(now);
            }
        }
        told.is_excused = self.congestion.is_known();
        told
    }

    /// The server served a request that was sent at `sent_at`, or found fault with it, and not with the load.
    pub(crate) fn served(&mut self, now: Instant, sent_at: Instant) -> Served {
        self.shut.served(sent_at);
        self.end_what_is_over(now);
        if let Some(ramp) = &mut self.ramp {
            ramp.served(sent_at);
        }
        let has_closed = self.breaker.was_tried_by(sent_at);
        if has_closed {
            self.breaker.close();
        }
        let is_lifted = self.breaker.is_closed() && self.congestion.served(now, sent_at);
        if is_lifted {
            self.breaker.forget();
        }
        Served { has_closed, is_lifted }
    }

    /// When the next request may start, with `in_flight` under way. It changes when an answer comes.
    pub(crate) fn earliest(&mut self, now: Instant, in_flight: u64) -> Instant {
        self.end_what_is_over(now);
        let ramp = self.ramp.as_mut().map_or(Instant::ZERO, |ramp| ramp.earliest(now));
        let pace = self.pace.as_mut().map_or(Instant::ZERO, |pace| pace.earliest(now));
        let congestion =
            if self.breaker.is_closed() { self.congestion.earliest(now, in_flight) } else { self.breaker.earliest() };
        ramp.max(pace).max(congestion)
    }

    /// A request starts, with `in_flight` under way besides.
    pub(crate) fn began(&mut self, now: Instant, in_flight: u64) {
        if let Some(ramp) = &mut self.ramp {
            ramp.began(now);
        }
        if let Some(pace) = &mut self.pace {
            pace.began(now);
        }
        self.congestion.began(now, in_flight);
        self.breaker.began(now);
    }

    /// Whether nothing is left of the trouble.
    pub(crate) fn is_at_rest(&self, now: Instant) -> bool {
        self.ramp.is_none()
            && self.pace.is_none()
            && self.congestion.is_over()
            && self.breaker.is_closed()
            && self.shut.is_over(now)
    }

    fn end_what_is_over(&mut self, now: Instant) {
        self.ramp = self.ramp.filter(|ramp| !ramp.is_over(now));
        self.pace = self.pace.filter(|pace| !pace.is_over(now));
    }

    /// The most in flight, where that is limited.
    pub(crate) fn most_in_flight(&self) -> Option<u32> {
        self.congestion.limit()
    }

    /// The most starts a minute, where growth is limited.
    pub(crate) fn starts_per_minute(&self) -> Option<u64> {
        self.pace.map(|pace| pace.per_minute())
    }

    /// The state of the breaker.
    pub(crate) fn breaker(&self, now: Instant) -> &'static str {
        self.breaker.name(now)
    }
}

/// As many again as were sent before the first answer.
const FIRST: u32 = 4;
