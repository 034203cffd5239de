//! What stops a scope whose server is down with load, and tries it again.

use crate::archive::Archive;
use crate::backoff::{Backoff, Jitter};
use crate::random::Random;
use crate::time::{Duration, Instant};

/// Nothing starts while it is open. Then one request goes to try the server; what comes of it closes the breaker, or opens
/// it for longer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Breaker {
    state: State,
    opened_at: Instant,
    /// How often it opened since the overload was last over.
    times: u8,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    #[default]
    Closed,
    /// Until then.
    Open(Instant),
    /// A request was sent at this instant to try.
    HalfOpen(Instant),
}

impl Breaker {
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        let (open_until, tried_at) = match self.state {
            State::Closed => (None, None),
            State::Open(until) => (Some(until), None),
            State::HalfOpen(at) => (None, Some(at)),
        };
        let open_until = archive.maybe_instant(open_until);
        let tried_at = archive.maybe_instant(tried_at);
        self.state = match (open_until, tried_at) {
            (Some(until), _) => State::Open(until),
            (None, Some(at)) => State::HalfOpen(at),
            (None, None) => State::Closed,
        };
        self.opened_at = archive.past(self.opened_at);
        self.times = archive.byte(self.times);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// The name of its state at `now`.
    pub(crate) fn name(&self, now: Instant) -> &'static str {
        match self.state {
            State::Closed => "closed",
            State::Open(until) if until > now => "open",
            State::Open(_) | State::HalfOpen(_) => "half-open",
        }
    }

    /// Opens. Says until when: a random part of a backoff, and what the server ordered if that is more.
    pub(crate) fn open(&mut self, now: Instant, ordered: Option<Duration>, random: &mut Random) -> Instant {
        self.times = self.times.saturating_add(1);
        self.opened_at = now;
        let wait = BACKOFF.delay(u32::from(self.times), Duration::ZERO, random);
        let until = now + ordered.map_or(wait, |ordered| ordered.max(wait));
        self.state = State::Open(until);
        until
    }

    /// Whether the answer to a request that was sent at `sent_at` says how the trial went.
    pub(crate) fn was_tried_by(&self, sent_at: Instant) -> bool {
        matches!(self.state, State::HalfOpen(_)) && sent_at > self.opened_at
    }

    /// The server serves again.
    pub(crate) fn close(&mut self) {
        self.state = State::Closed;
    }

    /// The overload is over.
    pub(crate) fn forget(&mut self) {
        self.times = 0;
    }

    /// When the next request may start.
    pub(crate) fn earliest(&self) -> Instant {
        match self.state {
            State::Closed => Instant::ZERO,
            State::Open(until) => until,
            // One that hangs does not hang the others.
            State::HalfOpen(since) => since + TRIAL,
        }
    }

    /// A request starts.
    pub(crate) fn began(&mut self, now: Instant) {
        if !self.is_closed() {
            self.state = State::HalfOpen(now);
        }
    }
}

/// From half a second to half a minute. Never at once: then it would not be a pause.
const BACKOFF: Backoff = Backoff::new(Duration::SECOND, 200, Duration::from_secs(30), Jitter::Equal);

/// An overloaded server says so within this time; one that does not may be at work, and another request may try.
const TRIAL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    const T: Instant = Instant::from_nanos(1_000_000_000);

    #[test]
    fn it_opens_for_longer_each_time_and_never_for_more_than_half_a_minute_of_its_own() {
        let (mut breaker, mut random) = (Breaker::default(), Random::new(3));
        let lengths: alloc::vec::Vec<Duration> = (0..50).map(|_| breaker.open(T, None, &mut random).since(T)).collect();
        assert!(lengths[0] >= Duration::from_millis(500) && lengths[0] <= Duration::SECOND);
        assert!(lengths[6..].iter().all(|wait| *wait >= Duration::from_secs(15) && *wait <= Duration::from_secs(30)));
        breaker.forget();
        assert!(breaker.open(T, None, &mut random).since(T) <= Duration::SECOND);
    }

    #[test]
    fn what_the_server_orders_is_a_floor() {
        let mut breaker = Breaker::default();
        let until = breaker.open(T, Some(Duration::MINUTE), &mut Random::new(3));
        assert_eq!(until, T + Duration::MINUTE);
    }

    #[test]
    fn one_request_tries_and_another_only_if_it_hangs() {
        let mut breaker = Breaker::default();
        let until = breaker.open(T, None, &mut Random::new(3));
        assert_eq!((breaker.earliest(), breaker.name(T)), (until, "open"));
        breaker.began(until);
        assert_eq!((breaker.earliest(), breaker.name(until)), (until + TRIAL, "half-open"));
        assert!(breaker.was_tried_by(until) && !breaker.was_tried_by(T));
        breaker.close();
        assert_eq!(breaker.earliest(), Instant::ZERO);
    }
}
