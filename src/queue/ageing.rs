//! Who is not to be passed over any longer.
//!
//! A request gains a step in each [`AgeingPolicy`] it waits, a step being the distance of two named priorities. So one of
//! priority *p* that stands first among its equals is overdue against priority *q* once it has waited for (*q* − *p*) ÷ 50
//! of that time. Then [`MOST_PASSES`] more may start before it, counted since the last start from its line, and it is its
//! turn.
//!
//! That is the bound: an eighth of the starts at least for those that have waited so long, however much of higher priority
//! there is, and no more than an eighth where higher ones want all. If whole lines grew so old that they went before what is
//! urgent, a long batch would bring everything to a halt.

use super::priority::Priority;
use crate::time::{Duration, Instant};

/// How long something of one priority may be passed over by what is a step above.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AgeingPolicy(Duration);

impl AgeingPolicy {
    /// Half a minute a step: what is low gives way to what is high for a minute.
    pub const DEFAULT: Self = Self(Duration::from_secs(30));

    /// A step in each `duration`, which is a nanosecond at least.
    pub fn new(duration: Duration) -> Self {
        Self(duration.max(Duration::from_nanos(1)))
    }

    /// For how long what has priority `below` may be passed over by what has `above`.
    pub fn most(self, below: Priority, above: Priority) -> Duration {
        let nanos = u128::from(self.0.as_nanos()) * u128::from(above.above(below)) / u128::from(Priority::STEP);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// By how much what has priority `below`, and arrived at `arrived`, is overdue against `above`; `None` if it is not.
    pub(super) fn overdue(self, below: Priority, above: Priority, arrived: Instant, now: Instant) -> Option<Duration> {
        let (waited, most) = (now.since(arrived), self.most(below, above));
        (waited >= most).then(|| Duration::from_nanos(waited.as_nanos() - most.as_nanos()))
    }
}

impl Default for AgeingPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// So many of higher priority start before one that is overdue.
pub const MOST_PASSES: u8 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_gained_in_each_duration() {
        let ageing = AgeingPolicy::default();
        for (below, above, secs) in [
            (Priority::LOW, Priority::CRITICAL, 90),
            (Priority::NORMAL, Priority::HIGH, 30),
            (Priority::HIGH, Priority::HIGH, 0),
            (Priority::HIGH, Priority::LOW, 0),
            (Priority::clamped(-100), Priority::clamped(100), 120),
            (Priority::clamped(0), Priority::clamped(5), 3),
        ] {
            assert_eq!(ageing.most(below, above), Duration::from_secs(secs), "{below:?} below {above:?}");
        }
        assert_eq!(AgeingPolicy::new(Duration::ZERO).most(Priority::LOW, Priority::NORMAL), Duration::from_nanos(1));
    }
}
