//! What requests come to in the end of what was expected of them, as the last ones that ended show.

use super::Tally;
use crate::archive::Archive;
use crate::cost::Dimension;

/// What was expected of all that has ended, and what it was charged.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ended {
    pub(super) expected: Tally,
    pub(super) settled: Tally,
}

/// What had ended when so many had, some time ago.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lately {
    newer: Ended,
    older: Ended,
}

impl Lately {
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        for ended in [&mut self.newer, &mut self.older] {
            ended.expected.keep(archive);
            ended.settled.keep(archive);
        }
    }

    /// What has ended of the last 128 to 256, or more where nobody asked, when `ended` has in all.
    pub(super) const fn of(&mut self, ended: Ended) -> Ended {
        let requests = ended.expected.since(&self.newer.expected, Dimension::Requests);
        if requests >= ENOUGH {
            (self.older, self.newer) = (self.newer, ended);
        }
        Ended { expected: ended.expected.less(&self.older.expected), settled: ended.settled.less(&self.older.settled) }
    }
}

impl Ended {
    /// Whether so few have ended, while `others` go on, that they say little of those: the first to end are the shortest.
    pub(super) fn are_few(&self, others: u64) -> bool {
        u64::try_from(self.expected.of(Dimension::Requests)).unwrap_or(0) < others.max(FEW)
    }

    /// What is charged in the end where so much is `expected` in `dimension`, by what was of those that have ended.
    pub(super) fn likely(&self, expected: i64, dimension: Dimension) -> u64 {
        let expected = u64::try_from(expected).unwrap_or(0);
        let (ended, settled) = (self.expected.of(dimension), self.settled.of(dimension));
        if ended <= 0 || settled == ended {
            return expected;
        }
        let (ended, settled) = (ended.unsigned_abs(), u64::try_from(settled).unwrap_or(0));
        u64::try_from(u128::from(expected) * u128::from(settled) / u128::from(ended)).unwrap_or(u64::MAX)
    }
}

/// The mean of so many answers, whose lengths differ by a factor of three, is off by a tenth.
const ENOUGH: i64 = 128;

const FEW: u64 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Cost;

    fn ended(requests: u32, used: u32) -> Ended {
        let mut ended = Ended::default();
        ended.expected.add(Cost { input_tokens: requests * 100, requests, ..Cost::default() });
        ended.settled.add(Cost { input_tokens: used, requests, ..Cost::default() });
        ended
    }

    #[test]
    fn what_ended_long_ago_no_longer_counts() {
        let mut lately = Lately::default();
        let likely = |ended: Ended| ended.likely(1_000, Dimension::InputTokens);
        assert_eq!(likely(lately.of(ended(0, 0))), 1_000, "nothing is known");
        assert_eq!(likely(lately.of(ended(160, 1_600))), 100);
        assert_eq!(likely(lately.of(ended(240, 9_600))), 400, "all of them still count");
        assert_eq!(likely(lately.of(ended(320, 17_600))), 1_000, "those after the first 160");
        assert!(ended(7, 9).are_few(0) && !ended(8, 9).are_few(8) && ended(8, 9).are_few(9));
    }
}
