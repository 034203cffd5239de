//! Whose clock a date in a header is read by.

use super::grammar::http_date;
use crate::time::{Duration, WallTime};

/// The caller's wall clock beside the server's.
///
/// A date that a server writes is true by the server's clock. Where its `Date` field shows that the two clocks
/// disagree, dates are read against `Date`; otherwise against the caller's clock, which is finer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    now: WallTime,
    server_now: WallTime,
}

impl Clock {
    /// Both clocks alike.
    #[cfg(test)]
    pub(crate) const fn new(now: WallTime) -> Self {
        Self { now, server_now: now }
    }

    /// The server's clock as its `Date` field tells, where that can be told from latency.
    pub(crate) fn with_date(now: WallTime, date: Option<&[u8]>) -> Self {
        let server_now = date.and_then(|date| http_date::parse(date, now)).unwrap_or(now);
        let skewed = now.since(server_now).max(server_now.since(now)) > NOT_SKEW;
        Self { now, server_now: if skewed { server_now } else { now } }
    }

    /// The caller's now.
    pub(crate) const fn now(&self) -> WallTime {
        self.now
    }

    /// Milliseconds from now until the server's clock shows `date`; 0 if it is past.
    pub(crate) const fn millis_until(&self, date: WallTime) -> u64 {
        date.as_unix_millis().saturating_sub(self.server_now.as_unix_millis())
    }

    /// The instant `millis` milliseconds ahead by the caller's clock, unless that is too far to be meant.
    pub(crate) fn instant(&self, millis: u64) -> Option<WallTime> {
        (millis <= MAX_AHEAD_MILLIS)
            .then(|| WallTime::from_unix_millis(self.now.as_unix_millis().saturating_add(millis)))
    }
}

/// `Date` has whole seconds and is written before the response travels.
const NOT_SKEW: Duration = Duration::from_secs(2);
/// 366 days. No limit is replenished more rarely than once a year.
const MAX_AHEAD_MILLIS: u64 = 31_622_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T12:00:00Z
    const NOW: WallTime = WallTime::from_unix_millis(1_795_435_200_000);
    const IN_TEN_SECONDS: WallTime = WallTime::from_unix_millis(1_795_435_210_000);

    #[test]
    fn a_date_that_differs_by_latency_changes_nothing() {
        let clock = Clock::with_date(NOW, Some(b"Mon, 23 Nov 2026 11:59:58 GMT"));
        assert_eq!(clock.millis_until(IN_TEN_SECONDS), 10_000);
    }

    #[test]
    fn a_date_that_differs_by_more_is_the_servers_now() {
        let clock = Clock::with_date(NOW, Some(b"Mon, 23 Nov 2026 11:59:57 GMT"));
        assert_eq!(clock.millis_until(IN_TEN_SECONDS), 13_000);
        let clock = Clock::with_date(NOW, Some(b"Mon, 23 Nov 2026 13:00:00 GMT"));
        assert_eq!(clock.millis_until(IN_TEN_SECONDS), 0);
    }

    #[test]
    fn a_date_that_is_none_changes_nothing() {
        for date in [None, Some(&b"yesterday"[..])] {
            assert_eq!(Clock::with_date(NOW, date).millis_until(IN_TEN_SECONDS), 10_000);
        }
    }
}
