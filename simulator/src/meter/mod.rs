//! How a server counts: three enforcement algorithms behind one face.
//!
//! None of them shares code with Tidegate's core, which they judge.

mod fixed_window;
mod sliding_window;
mod token_bucket;

use std::time::Duration;

use serde::Deserialize;

use crate::limits::Limit;

pub use fixed_window::FixedWindow;
pub use sliding_window::SlidingWindow;
pub use token_bucket::TokenBucket;

/// The algorithm by which a server enforces a limit.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// Replenished continuously up to its capacity, as the Claude API documents.
    #[default]
    TokenBucket,
    /// A count that starts again at every multiple of the period.
    FixedWindow,
    /// A log of the last period.
    SlidingWindow,
}

/// What has been used of one amount, under one algorithm.
///
/// Charges may exceed what is left: a bucket goes into debt, a window is overfull. `now` never goes back.
#[derive(Clone, Debug)]
pub enum Meter {
    /// See [`TokenBucket`].
    TokenBucket(TokenBucket),
    /// See [`FixedWindow`].
    FixedWindow(FixedWindow),
    /// See [`SlidingWindow`].
    SlidingWindow(SlidingWindow),
}

impl Meter {
    /// Whole units that may be taken now; negative in debt.
    pub fn remaining(&self, now: Duration) -> i64 {
        match self {
            Self::TokenBucket(meter) => meter.remaining(now),
            Self::FixedWindow(meter) => meter.remaining(now),
            Self::SlidingWindow(meter) => meter.remaining(now),
        }
    }

    /// Whole units that are missing now.
    pub fn used(&self, now: Duration) -> i64 {
        let capacity = match self {
            Self::TokenBucket(meter) => meter.capacity(),
            Self::FixedWindow(meter) => meter.capacity(),
            Self::SlidingWindow(meter) => meter.capacity(),
        };
        capacity - self.remaining(now)
    }

    /// The first instant, now or later, at which `amount` would fit if nothing else were charged. `None`: never.
    pub fn fits_at(&self, now: Duration, amount: u64) -> Option<Duration> {
        match self {
            Self::TokenBucket(meter) => meter.fits_at(now, amount),
            Self::FixedWindow(meter) => meter.fits_at(now, amount),
            Self::SlidingWindow(meter) => meter.fits_at(now, amount),
        }
    }

    /// The first instant, now or later, at which nothing counts as used any more.
    pub fn full_at(&self, now: Duration) -> Duration {
        match self {
            Self::TokenBucket(meter) => meter.full_at(now),
            Self::FixedWindow(meter) => meter.full_at(now),
            Self::SlidingWindow(meter) => meter.full_at(now),
        }
    }

    /// Counts toward `limit` from now on. What was used stays used.
    pub fn change(&mut self, now: Duration, limit: &Limit) {
        let used = self.used(now);
        match (self, limit.enforcement) {
            (Self::TokenBucket(meter), Enforcement::TokenBucket) => meter.change(now, limit.per_minute, limit.at_once),
            (Self::FixedWindow(meter), Enforcement::FixedWindow) => meter.change(now, limit.at_once, limit.window),
            (Self::SlidingWindow(meter), Enforcement::SlidingWindow) => meter.change(limit.at_once, limit.window),
            (meter, _) => {
                *meter = limit.meter();
                meter.charge(now, used);
            }
        }
    }

    /// Takes `amount`, whether it fits or not. A negative amount gives back.
    pub fn charge(&mut self, now: Duration, amount: i64) {
        match self {
            Self::TokenBucket(meter) => meter.charge(now, amount),
            Self::FixedWindow(meter) => meter.charge(now, amount),
            Self::SlidingWindow(meter) => meter.charge(now, amount),
        }
    }
}
