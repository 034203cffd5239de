//! A count that starts again at every multiple of the period.

use std::time::Duration;

/// Admits `amount` between two multiples of `period` of the server's clock.
#[derive(Clone, Debug)]
pub struct FixedWindow {
    amount: i64,
    period_ns: u128,
    used: i64,
    window: u128,
}

impl FixedWindow {
    /// An unused window.
    pub fn new(amount: u64, period: Duration) -> Self {
        Self { amount: amount as i64, period_ns: period.as_nanos(), used: 0, window: 0 }
    }

    pub(super) fn charge(&mut self, now: Duration, amount: i64) {
        self.used = self.used(now).saturating_add(amount).max(0);
        self.window = self.window.max(self.window_of(now));
    }

    /// Another amount and period from now on; what was used in this window is used in the one that now is.
    pub(super) fn change(&mut self, now: Duration, amount: u64, period: Duration) {
        let used = self.used(now);
        *self = Self::new(amount, period);
        self.charge(now, used);
    }

    pub(super) fn capacity(&self) -> i64 {
        self.amount
    }

    pub(super) fn remaining(&self, now: Duration) -> i64 {
        self.amount - self.used(now)
    }

    pub(super) fn fits_at(&self, now: Duration, amount: u64) -> Option<Duration> {
        let amount = i64::try_from(amount).ok().filter(|&amount| amount <= self.amount)?;
        Some(if self.remaining(now) >= amount { now } else { self.next_window(now) })
    }

    pub(super) fn full_at(&self, now: Duration) -> Duration {
        if self.used(now) > 0 { self.next_window(now) } else { now }
    }

    fn used(&self, now: Duration) -> i64 {
        if self.window_of(now) > self.window { 0 } else { self.used }
    }

    fn next_window(&self, now: Duration) -> Duration {
        let nanos = (self.window_of(now).max(self.window) + 1) * self.period_ns;
        Duration::from_nanos(nanos.min(u64::MAX.into()) as u64)
    }

    fn window_of(&self, now: Duration) -> u128 {
        now.as_nanos() / self.period_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_starts_again_at_a_multiple_of_the_period() {
        let mut window = FixedWindow::new(3, Duration::from_secs(10));
        window.charge(Duration::from_secs(19), 3);
        assert_eq!(window.remaining(Duration::from_secs(19)), 0);
        assert_eq!(window.fits_at(Duration::from_secs(19), 1), Some(Duration::from_secs(20)));
        assert_eq!(window.full_at(Duration::from_secs(19)), Duration::from_secs(20));
        assert_eq!(window.remaining(Duration::from_secs(20)), 3);
    }

    #[test]
    fn what_was_used_stays_used_until_the_window_is_over() {
        let mut window = FixedWindow::new(3, Duration::from_secs(10));
        window.charge(Duration::from_secs(19), 3);
        window.change(Duration::from_secs(19), 8, Duration::from_secs(10));
        assert_eq!(window.remaining(Duration::from_secs(19)), 5);
        assert_eq!(window.remaining(Duration::from_secs(20)), 8);
    }

    #[test]
    fn more_than_the_window_never_fits() {
        assert_eq!(FixedWindow::new(3, Duration::from_secs(10)).fits_at(Duration::ZERO, 4), None);
    }
}
