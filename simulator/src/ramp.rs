//! An acceleration limit: how many requests are admitted may only grow so fast.

use std::collections::VecDeque;
use std::time::Duration;

use crate::options::Ramp;

/// The requests that were admitted in the last two spans of a [`Ramp`].
#[derive(Clone, Debug)]
pub struct Acceleration {
    every: Duration,
    /// What is admitted in a span whatever came before.
    base: u128,
    growth_percent: u128,
    /// When each was admitted, oldest first.
    admitted: VecDeque<Duration>,
}

impl Acceleration {
    /// Nothing admitted yet.
    pub fn new(ramp: &Ramp) -> Self {
        let base = u128::from(ramp.per_minute) * u128::from(ramp.every_ms) / 60_000;
        Self {
            every: Duration::from_millis(ramp.every_ms),
            base: base.max(1),
            growth_percent: ramp.growth_percent.into(),
            admitted: VecDeque::new(),
        }
    }

    /// The first instant, now or later, at which one more request would be admitted if none came before.
    pub fn fits_at(&self, now: Duration) -> Duration {
        // Room comes when a request leaves the span; it then counts in the span before, which allows more.
        let leaving = self.admitted.iter().map(|&at| at + self.every).filter(|&at| at > now);
        let mut instants = std::iter::once(now).chain(leaving);
        instants.find(|&at| self.has_room(at)).unwrap_or(now)
    }

    /// A request was admitted.
    pub fn admit(&mut self, now: Duration) {
        while self.admitted.front().is_some_and(|&at| at + 2 * self.every <= now) {
            self.admitted.pop_front();
        }
        let now = self.admitted.back().map_or(now, |&last| last.max(now));
        self.admitted.push_back(now);
    }

    fn has_room(&self, now: Duration) -> bool {
        let gone = self.admitted.partition_point(|&at| at + 2 * self.every <= now);
        let earlier = self.admitted.partition_point(|&at| at + self.every <= now);
        let (before, within) = ((earlier - gone) as u128, (self.admitted.len() - earlier) as u128);
        let grown = before * (100 + self.growth_percent) / 100;
        within < self.base.max(grown)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Ten in ten seconds whatever came before, and half as many more from one span to the next.
    const RAMP: Ramp = Ramp { per_minute: 60, growth_percent: 50, every_ms: 10_000 };

    #[test]
    fn a_span_holds_half_as_many_again_as_the_one_before() {
        let mut acceleration = Acceleration::new(&RAMP);
        let mut now = Duration::ZERO;
        let mut admitted = Vec::new();
        // As much as is admitted, for a minute.
        while now < Duration::from_secs(60) {
            acceleration.admit(now);
            admitted.push(now);
            now = acceleration.fits_at(now);
        }
        let in_span = |span: u64| admitted.iter().filter(|at| at.as_secs() / 10 == span).count();
        assert_eq!([0, 1, 2, 3, 4].map(in_span), [10, 15, 22, 33, 49]);
    }

    #[test]
    fn what_was_admitted_before_the_span_before_is_forgotten() {
        let mut acceleration = Acceleration::new(&RAMP);
        for second in 0..10 {
            acceleration.admit(Duration::from_secs(second));
        }
        for _ in 0..10 {
            assert_eq!(acceleration.fits_at(Duration::from_secs(40)), Duration::from_secs(40));
            acceleration.admit(Duration::from_secs(40));
        }
        assert_eq!(acceleration.fits_at(Duration::from_secs(40)), Duration::from_secs(50));
    }

    proptest! {
        #[test]
        fn fits_at_is_the_first_instant_with_room(gaps in prop::collection::vec(0_u64..3_000, 1..80)) {
            let mut acceleration = Acceleration::new(&RAMP);
            let mut now = Duration::ZERO;
            for gap in gaps {
                now += Duration::from_millis(gap);
                let at = acceleration.fits_at(now);
                prop_assert!(acceleration.has_room(at));
                // Times are whole milliseconds here.
                let mut earlier = now;
                while earlier < at {
                    prop_assert!(!acceleration.has_room(earlier));
                    earlier += Duration::from_millis(1);
                }
                if at == now {
                    acceleration.admit(now);
                }
            }
        }
    }
}
