//! Who is not to be passed over any longer.
//!
//! A request gains a step in each [`AgeingPolicy`] it waits, a step being the distance of two named priorities. So one of
//! priority *p* that stands first among its equals is overdue against priority *q* once it has waited for (*q* − *p*) ÷ 50
//! of that time. Then [`MOST_PASSES`] more may start before it, counted since the last start from its line, and it is its
//! turn.
//!
//! So of one priority that is overdue at least each eighth start is, however much there is of higher ones, and of several
//! together each eighth, in turns. It is no more than that where higher ones want all: if whole lines grew so old that they
//! went before what is urgent, a long batch would bring that to a halt.

use super::priority::Priority;
use crate::time::Duration;

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
