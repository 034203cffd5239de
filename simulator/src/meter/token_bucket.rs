//! A continuously replenished bucket that may go into debt.

use std::time::Duration;

/// Holds up to its capacity, gains `amount` per `period`, and may be drawn below zero.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    amount: i128,
    period_ns: i128,
    capacity: i128,
    /// In units of one token divided by `period_ns`: one nanosecond then replenishes exactly `amount`, with no rounding.
    level: i128,
    at: Duration,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(amount: u64, period: Duration, capacity: u64) -> Self {
        let period_ns = period.as_nanos() as i128;
        let capacity = i128::from(capacity) * period_ns;
        Self { amount: i128::from(amount), period_ns, capacity, level: capacity, at: Duration::ZERO }
    }

    pub(super) fn charge(&mut self, now: Duration, amount: i64) {
        // What is given back above the capacity is cut off when the level is read.
        self.level = self.level(now) - i128::from(amount) * self.period_ns;
        self.at = self.at.max(now);
    }

    /// Another amount and capacity from now on; what is missing from a full bucket stays missing.
    pub(super) fn change(&mut self, now: Duration, amount: u64, capacity: u64) {
        let missing = self.capacity - self.level(now);
        self.at = self.at.max(now);
        self.amount = i128::from(amount);
        self.capacity = i128::from(capacity) * self.period_ns;
        self.level = self.capacity - missing;
    }

    pub(super) fn capacity(&self) -> i64 {
        (self.capacity / self.period_ns) as i64
    }

    pub(super) fn remaining(&self, now: Duration) -> i64 {
        self.level(now).div_euclid(self.period_ns) as i64
    }

    pub(super) fn fits_at(&self, now: Duration, amount: u64) -> Option<Duration> {
        let needed = i128::from(amount) * self.period_ns;
        (needed <= self.capacity).then(|| self.reaches_at(now, needed))
    }

    pub(super) fn full_at(&self, now: Duration) -> Duration {
        self.reaches_at(now, self.capacity)
    }

    fn reaches_at(&self, now: Duration, level: i128) -> Duration {
        let missing = (level - self.level(now)).max(0);
        let nanos = (missing + self.amount - 1) / self.amount;
        now.max(self.at).saturating_add(Duration::from_nanos(nanos.min(u64::MAX.into()) as u64))
    }

    fn level(&self, now: Duration) -> i128 {
        let elapsed = now.saturating_sub(self.at).as_nanos().min(u64::MAX.into()) as i128;
        (self.level + elapsed * self.amount).min(self.capacity)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn one_unit_comes_back_after_one_share_of_the_period() {
        let mut bucket = TokenBucket::new(60, MINUTE, 60);
        bucket.charge(Duration::ZERO, 60);
        assert_eq!(bucket.remaining(Duration::from_nanos(999_999_999)), 0);
        assert_eq!(bucket.remaining(Duration::from_secs(1)), 1);
        assert_eq!(bucket.fits_at(Duration::ZERO, 3), Some(Duration::from_secs(3)));
        assert_eq!(bucket.full_at(Duration::ZERO), MINUTE);
    }

    #[test]
    fn debt_is_paid_before_anything_fits() {
        let mut bucket = TokenBucket::new(30_000, MINUTE, 30_000);
        bucket.charge(Duration::ZERO, 282_500);
        assert_eq!(bucket.remaining(Duration::ZERO), -252_500);
        // The wait that was seen on a real account: 505 s at 30,000 a minute.
        assert_eq!(bucket.fits_at(Duration::ZERO, 0), Some(Duration::from_secs(505)));
    }

    #[test]
    fn more_than_the_capacity_never_fits() {
        let bucket = TokenBucket::new(60, MINUTE, 5);
        assert_eq!(bucket.fits_at(Duration::ZERO, 6), None);
        assert_eq!(bucket.fits_at(Duration::ZERO, 5), Some(Duration::ZERO));
    }

    #[test]
    fn what_was_used_stays_used_when_the_capacity_changes() {
        let mut bucket = TokenBucket::new(60, MINUTE, 60);
        bucket.charge(Duration::ZERO, 50);
        bucket.change(Duration::from_secs(10), 120, 120);
        assert_eq!(bucket.remaining(Duration::from_secs(10)), 80);
        bucket.change(Duration::from_secs(15), 30, 20);
        assert_eq!(bucket.remaining(Duration::from_secs(15)), -10);
        assert_eq!(bucket.remaining(Duration::from_secs(17)), -9);
    }

    proptest! {
        #[test]
        fn the_level_never_exceeds_the_capacity_and_fits_at_is_the_first_such_instant(
            amount in 1_u64..100_000,
            period_ms in 1_u64..120_000,
            capacity in 1_u64..100_000,
            steps in prop::collection::vec((0_u64..5_000_000_000, -1_000_i64..20_000), 1..60),
            ask in 1_u64..100_000,
        ) {
            let mut bucket = TokenBucket::new(amount, Duration::from_millis(period_ms), capacity);
            let mut now = Duration::ZERO;
            for (gap, charge) in steps {
                now += Duration::from_nanos(gap);
                bucket.charge(now, charge);
                prop_assert!(bucket.remaining(now) <= capacity as i64);
                match bucket.fits_at(now, ask) {
                    None => prop_assert!(ask > capacity),
                    Some(at) => {
                        prop_assert!(bucket.remaining(at) >= ask as i64);
                        if at > now {
                            prop_assert!(bucket.remaining(at - Duration::from_nanos(1)) < ask as i64);
                        }
                    }
                }
            }
        }
    }
}
