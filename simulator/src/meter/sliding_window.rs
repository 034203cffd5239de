//! A log of everything charged within the last period.

use std::collections::VecDeque;
use std::time::Duration;

/// Admits `amount` within any span of `period`.
#[derive(Clone, Debug)]
pub struct SlidingWindow {
    amount: i64,
    period: Duration,
    /// Charges of the last period, oldest first.
    log: VecDeque<(Duration, i64)>,
    /// Their sum.
    held: i64,
}

impl SlidingWindow {
    /// An unused window.
    pub fn new(amount: u64, period: Duration) -> Self {
        Self { amount: amount as i64, period, log: VecDeque::new(), held: 0 }
    }

    pub(super) fn charge(&mut self, now: Duration, amount: i64) {
        while let Some(&(at, passed)) = self.log.front() {
            if at + self.period > now {
                break;
            }
            self.held -= passed;
            self.log.pop_front();
        }
        let at = self.log.back().map_or(now, |&(last, _)| last.max(now));
        self.log.push_back((at, amount));
        self.held += amount;
    }

    /// Another amount and period from now on; what is in the log counts for the new period.
    pub(super) fn change(&mut self, amount: u64, period: Duration) {
        self.amount = amount as i64;
        self.period = period;
    }

    pub(super) fn capacity(&self) -> i64 {
        self.amount
    }

    pub(super) fn remaining(&self, now: Duration) -> i64 {
        let passed: i64 =
            self.log.iter().take_while(|&&(at, _)| at + self.period <= now).map(|(_, amount)| amount).sum();
        self.amount - (self.held - passed)
    }

    pub(super) fn fits_at(&self, now: Duration, amount: u64) -> Option<Duration> {
        let amount = i64::try_from(amount).ok().filter(|&amount| amount <= self.amount)?;
        let mut remaining = self.remaining(now);
        let mut at = now;
        for &(charged_at, charged) in self.counted(now) {
            if remaining >= amount {
                break;
            }
            remaining += charged;
            at = charged_at + self.period;
        }
        Some(at)
    }

    pub(super) fn full_at(&self, now: Duration) -> Duration {
        self.counted(now).last().map_or(now, |&(at, _)| at + self.period)
    }

    fn counted(&self, now: Duration) -> impl Iterator<Item = &(Duration, i64)> {
        self.log.iter().skip_while(move |&&(at, _)| at + self.period <= now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_charge_counts_for_exactly_one_period() {
        let mut window = SlidingWindow::new(3, Duration::from_secs(10));
        window.charge(Duration::from_secs(1), 2);
        window.charge(Duration::from_secs(4), 1);
        assert_eq!(window.remaining(Duration::from_millis(10_999)), 0);
        assert_eq!(window.remaining(Duration::from_secs(11)), 2);
        assert_eq!(window.fits_at(Duration::from_secs(4), 2), Some(Duration::from_secs(11)));
        assert_eq!(window.fits_at(Duration::from_secs(4), 3), Some(Duration::from_secs(14)));
        assert_eq!(window.full_at(Duration::from_secs(4)), Duration::from_secs(14));
        assert_eq!(window.fits_at(Duration::ZERO, 4), None);
    }

    proptest! {
        #[test]
        fn no_span_of_one_period_holds_more_than_the_amount(
            amount in 1_u64..50,
            asks in prop::collection::vec((0_u64..8_000, 1_u64..20), 1..80),
        ) {
            let period = Duration::from_secs(10);
            let mut window = SlidingWindow::new(amount, period);
            let mut now = Duration::ZERO;
            let mut admitted: Vec<(Duration, u64)> = Vec::new();
            for (gap, ask) in asks {
                now += Duration::from_millis(gap);
                if window.fits_at(now, ask) == Some(now) {
                    window.charge(now, ask as i64);
                    admitted.push((now, ask));
                }
                let held: u64 = admitted.iter().filter(|(at, _)| *at + period > now).map(|(_, ask)| ask).sum();
                prop_assert!(held <= amount);
                prop_assert_eq!(window.remaining(now), amount as i64 - held as i64);
            }
        }
    }
}
