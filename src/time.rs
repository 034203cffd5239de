//! Time as an argument: instants, durations and wall time.
//!
//! The core reads no clock. Whoever calls it says what time it is: [`Instant`] is the caller's monotonic clock and
//! decides everything; [`WallTime`] is unix time and is used only to read dates that servers write in headers.

use core::ops::{Add, AddAssign};

/// An instant of the caller's monotonic clock, in nanoseconds since an origin of the caller's choice.
///
/// Range: 584 years. Arithmetic saturates. A clock that goes back is treated as one that stands still.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Instant(u64);

impl Instant {
    /// The origin of the caller's clock.
    pub const ZERO: Self = Self(0);

    /// The instant `nanos` nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The instant `millis` milliseconds after the origin, as JavaScript's `performance.now()` counts them.
    ///
    /// Negative values and NaN read as the origin; values beyond the range saturate.
    ///
    /// ```
    /// use tidegate::time::Instant;
    /// assert_eq!(Instant::from_millis_f64(1.5).as_nanos(), 1_500_000);
    /// assert_eq!(Instant::from_millis_f64(f64::NAN), Instant::ZERO);
    /// ```
    pub fn from_millis_f64(millis: f64) -> Self {
        // `as` saturates and maps NaN to zero, which is the contract above.
        Self((millis * 1e6) as u64)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Milliseconds since the origin.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Time since `earlier`, or zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }

    /// The instant `duration` before this one, or the origin.
    pub const fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.0))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

/// A span of time in nanoseconds. Range: 584 years. Arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Duration(u64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration there is.
    pub const MAX: Self = Self(u64::MAX);
    /// One second.
    pub const SECOND: Self = Self::from_secs(1);
    /// One minute, the window of most published limits.
    pub const MINUTE: Self = Self::from_secs(60);
    /// Twenty-four hours.
    pub const DAY: Self = Self::from_secs(86_400);

    /// A duration of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A duration of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// A duration of `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// A duration of `millis` milliseconds; negative values and NaN read as zero.
    pub fn from_millis_f64(millis: f64) -> Self {
        Self((millis * 1e6) as u64)
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Milliseconds.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whole milliseconds, rounded up: a timer armed with them never fires before the duration is over.
    ///
    /// ```
    /// use tidegate::time::Duration;
    /// assert_eq!(Duration::from_nanos(1).as_millis_ceil(), 1);
    /// ```
    pub const fn as_millis_ceil(self) -> u64 {
        self.0.div_ceil(1_000_000)
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The duration `factor` times as long.
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// The `parts`-th part of this duration; of nothing, all of it.
    pub const fn divided_by(self, parts: u64) -> Self {
        Self(self.0 / if parts == 0 { 1 } else { parts })
    }

    /// What is left of this duration after `other`, or zero.
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Duration {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// Unix time in milliseconds. Used only to turn dates in headers into waits, never to decide on its own.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WallTime(u64);

impl WallTime {
    /// The wall time `millis` milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_unix_millis(self) -> u64 {
        self.0
    }

    /// Time since `earlier`, or zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_goes_back_stands_still() {
        let later = Instant::from_nanos(10);
        assert_eq!(Instant::ZERO.since(later), Duration::ZERO);
    }

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let end = Instant::from_nanos(u64::MAX);
        assert_eq!(end + Duration::SECOND, end);
        assert_eq!(Instant::ZERO.before(Duration::SECOND), Instant::ZERO);
        assert_eq!(Duration::MAX + Duration::SECOND, Duration::MAX);
    }

    #[test]
    fn odd_floats_become_ordinary_instants() {
        assert_eq!(Instant::from_millis_f64(-1.0), Instant::ZERO);
        assert_eq!(Instant::from_millis_f64(f64::INFINITY).as_nanos(), u64::MAX);
    }
}
