//! What requests come to in the end of what was reserved for them, as the last ones that ended show.

use super::Tally;
use crate::cost::Dimension;

/// What was reserved for all that has ended, and what of it was charged.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ended {
    pub(super) reserved: Tally,
    pub(super) settled: Tally,
}

/// What had ended when so many had, some time ago.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lately {
    newer: Ended,
    older: Ended,
}

impl Lately {
    /// What has ended of the last 32 to 64, or more where nobody asked, when `ended` has in all.
    pub(super) const fn of(&mut self, ended: Ended) -> Ended {
        let requests = ended.reserved.since(&self.newer.reserved, Dimension::Requests);
        if requests >= ENOUGH {
            (self.older, self.newer) = (self.newer, ended);
        }
        Ended { reserved: ended.reserved.less(&self.older.reserved), settled: ended.settled.less(&self.older.settled) }
    }
}

impl Ended {
    /// Whether so few have ended that they say nothing of others: the first to end are the shortest.
    pub(super) const fn are_few(&self) -> bool {
        self.reserved.of(Dimension::Requests) < FEW
    }

    /// What is charged in the end of `reserved` in `dimension`, by what was of those that have ended.
    pub(super) fn likely(&self, reserved: i64, dimension: Dimension) -> u64 {
        let reserved = u64::try_from(reserved).unwrap_or(0);
        let (ended, settled) = (self.reserved.of(dimension), self.settled.of(dimension));
        if ended <= 0 || settled == ended {
            return reserved;
        }
        let (ended, settled) = (ended.unsigned_abs(), u64::try_from(settled).unwrap_or(0));
        u64::try_from(u128::from(reserved) * u128::from(settled) / u128::from(ended)).unwrap_or(u64::MAX)
    }
}

const ENOUGH: i64 = 32;

const FEW: i64 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Cost;

    fn ended(requests: u32, used: u32) -> Ended {
        let mut ended = Ended::default();
        ended.reserved.add(Cost { input_tokens: requests * 100, requests, ..Cost::default() });
        ended.settled.add(Cost { input_tokens: used, requests, ..Cost::default() });
        ended
    }

    #[test]
    fn what_ended_long_ago_no_longer_counts() {
        let mut lately = Lately::default();
        let likely = |ended: Ended| ended.likely(1_000, Dimension::InputTokens);
        assert_eq!(likely(lately.of(ended(0, 0))), 1_000, "nothing is known");
        assert_eq!(likely(lately.of(ended(40, 400))), 100);
        assert_eq!(likely(lately.of(ended(60, 2_400))), 400, "all of them still count");
        assert_eq!(likely(lately.of(ended(80, 4_400))), 1_000, "those after the first forty");
        assert!(ended(3, 9).are_few() && !ended(4, 9).are_few());
    }
}
