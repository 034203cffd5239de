//! The ground truth of one limit: what was charged, and the most that any window held.

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::Limit;
use crate::meter::Enforcement;

/// Counts charges apart from the meter that decides, so that the meter can be judged too.
#[derive(Clone, Debug)]
pub struct Tally {
    window: Duration,
    aligned: bool,
    /// Charges of the current window, oldest first, and their sum.
    recent: VecDeque<(Duration, i64)>,
    held: i64,
    charged: i64,
    peak: i64,
    allowed: u64,
}

impl Tally {
    /// An empty tally over the windows of `limit`: aligned to the clock where the limit's are, else every window.
    pub fn new(limit: &Limit) -> Self {
        Self {
            window: limit.window,
            aligned: is_aligned(limit),
            recent: VecDeque::new(),
            held: 0,
            charged: 0,
            peak: 0,
            allowed: allowed(limit),
        }
    }

    /// Counts windows of another limit from now on. What was charged before is in none of them.
    pub fn change(&mut self, limit: &Limit) {
        self.window = limit.window;
        self.aligned = is_aligned(limit);
        self.recent.clear();
        self.held = 0;
        self.allowed = self.allowed.max(allowed(limit));
    }

    /// Counts a charge, or with a negative amount what was given back.
    pub fn record(&mut self, now: Duration, amount: i64) {
        while let Some(&(at, passed)) = self.recent.front() {
            if self.same_window(at, now) {
                break;
            }
            self.held -= passed;
            self.recent.pop_front();
        }
        self.recent.push_back((now, amount));
        self.held += amount;
        self.charged += amount;
        self.peak = self.peak.max(self.held);
    }

    /// Everything that was charged.
    pub fn charged(&self) -> i64 {
        self.charged
    }

    /// The most that was charged within one window.
    pub fn peak(&self) -> i64 {
        self.peak
    }

    /// The most that a window could hold without the limit being broken; of several limits, that of the largest.
    pub fn allowed(&self) -> u64 {
        self.allowed
    }

    fn same_window(&self, earlier: Duration, now: Duration) -> bool {
        if self.aligned {
            earlier.as_nanos() / self.window.as_nanos() == now.as_nanos() / self.window.as_nanos()
        } else {
            earlier + self.window > now
        }
    }
}

fn is_aligned(limit: &Limit) -> bool {
    match limit.enforcement {
        Enforcement::FixedWindow => true,
        Enforcement::TokenBucket | Enforcement::SlidingWindow => false,
    }
}

/// The most that a window of the limit can hold without the limit being broken.
///
/// A bucket that was full gives its capacity and what comes back within the window: twice the limit, for a bucket that
/// holds a whole window's worth.
pub fn allowed(limit: &Limit) -> u64 {
    match limit.enforcement {
        Enforcement::TokenBucket => {
            let replenished = u128::from(limit.per_minute) * limit.window.as_millis() / 60_000;
            limit.at_once.saturating_add(replenished as u64)
        }
        Enforcement::FixedWindow | Enforcement::SlidingWindow => limit.at_once,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(enforcement: Enforcement) -> Limit {
        Limit { per_minute: 60, at_once: 10, window: Duration::from_secs(10), hide_burst: false, enforcement }
    }

    #[test]
    fn the_peak_is_the_fullest_window() {
        let mut tally = Tally::new(&limit(Enforcement::SlidingWindow));
        for (second, amount) in [(0, 4), (9, 5), (10, 3), (30, 1)] {
            tally.record(Duration::from_secs(second), amount);
        }
        assert_eq!((tally.charged(), tally.peak()), (13, 9));
    }

    #[test]
    fn fixed_windows_do_not_see_across_their_edge() {
        let mut tally = Tally::new(&limit(Enforcement::FixedWindow));
        tally.record(Duration::from_secs(9), 10);
        tally.record(Duration::from_secs(10), 10);
        assert_eq!(tally.peak(), 10);
    }

    #[test]
    fn a_full_bucket_allows_its_capacity_and_what_comes_back() {
        assert_eq!(allowed(&limit(Enforcement::TokenBucket)), 20);
        assert_eq!(allowed(&limit(Enforcement::FixedWindow)), 10);
    }
}
