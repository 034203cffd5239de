//! How a scope that was shut opens again: one request, then more with each sign that the server serves.

use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// How many requests may start since a scope has opened again.
///
/// One may; with each that is served, two more; and each quarter of a second without a refusal doubles what may, because a
/// refusal comes back sooner than that while an answer may take a minute. So about as many are refused as were sent in one
/// round trip, and whoever is alone and in the right has everything under way after a second or two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ramp {
    /// When the first request started.
    first_at: Option<Instant>,
    stepped_at: Instant,
    steps: u8,
    allowed: u32,
    started: u32,
}

impl Ramp {
    /// One that lets `allowed` go at first.
    pub(crate) const fn new(allowed: u32) -> Self {
        Self { first_at: None, stepped_at: Instant::ZERO, steps: 0, allowed, started: 0 }
    }

    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.first_at = archive.maybe_instant(self.first_at);
        self.stepped_at = archive.past(self.stepped_at);
        self.steps = archive.byte(self.steps);
        self.allowed = archive.small(self.allowed);
        self.started = archive.small(self.started);
    }

    /// When the next request may start.
    pub(crate) fn earliest(&mut self, now: Instant) -> Instant {
        if self.first_at.is_none() {
            return Instant::ZERO;
        }
        while self.steps < MOST_STEPS && self.stepped_at + STEP <= now {
            self.steps += 1;
            self.stepped_at += STEP;
            self.allowed = self.allowed.saturating_mul(2).saturating_add(1);
        }
        if self.started < self.allowed { Instant::ZERO } else { self.stepped_at + STEP }
    }

    /// A request starts.
    pub(crate) fn began(&mut self, now: Instant) {
        if self.first_at.is_none() {
            self.first_at = Some(now);
            self.stepped_at = now;
        }
        self.started = self.started.saturating_add(1);
    }

    /// A request that was sent at `sent_at` was served.
    pub(crate) fn served(&mut self, sent_at: Instant) {
        if self.first_at.is_some_and(|first_at| sent_at >= first_at) {
            self.allowed = self.allowed.saturating_add(2);
        }
    }

    /// Whether it holds nobody back any longer.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.first_at.is_some_and(|first_at| now.since(first_at) >= STEP.times(MOST_STEPS as u64))
    }
}

/// The way there and back and a server's no, from another continent.
const STEP: Duration = Duration::from_millis(250);

/// After two seconds without a refusal, 511 may have started, and the ledger alone decides.
const MOST_STEPS: u8 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// How many start when as many as may do, until `now`, without an answer.
    fn started(ramp: &mut Ramp, now: Instant) -> u32 {
        let mut count = 0;
        while !ramp.is_over(now) && ramp.earliest(now) <= now {
            ramp.began(now);
            count += 1;
        }
        count
    }

    #[test]
    fn without_answers_it_doubles_with_each_quarter_second_and_is_over_after_two_seconds() {
        let mut ramp = Ramp::new(1);
        let at = |step: u64| Instant::from_nanos(7) + STEP.times(step);
        let counts: alloc::vec::Vec<u32> = (0..8).map(|step| started(&mut ramp, at(step))).collect();
        assert_eq!(counts, [1, 2, 4, 8, 16, 32, 64, 128]);
        assert!(!ramp.is_over(at(7)) && ramp.is_over(at(8)));
        assert!(!Ramp::new(1).is_over(at(100)));
    }

    #[test]
    fn each_answer_lets_two_more_go_and_answers_to_earlier_requests_none() {
        let now = Instant::from_nanos(1_000);
        let mut ramp = Ramp::new(1);
        assert_eq!(started(&mut ramp, now), 1);
        ramp.served(Instant::from_nanos(999));
        assert_eq!(started(&mut ramp, now), 0);
        ramp.served(now);
        assert_eq!(started(&mut ramp, now), 2);
    }

    #[test]
    fn what_it_names_as_the_next_instant_is_later_and_lets_somebody_go() {
        let mut now = Instant::ZERO;
        let mut ramp = Ramp::new(1);
        for _ in 0..8 {
            started(&mut ramp, now);
            let next = ramp.earliest(now);
            assert!(next > now);
            assert!(ramp.is_over(next) || started(&mut ramp.clone(), next) > 0);
            now = next;
        }
    }
}
