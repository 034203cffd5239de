//! The wait that a server orders in a header.

use super::clock::Clock;
use super::grammar::members::members;
use super::grammar::number::{Decimal, MILLI_NANOS, SECOND_NANOS};
use super::reset::Unit;
use crate::time::{Duration, WallTime};

/// The longest wait that is believed. A server that means more is asked again after a day.
pub const MAX_RETRY_AFTER: Duration = Duration::DAY;

/// Reads `Retry-After` (RFC 9110 §10.2.3), and what servers write there beside the standard.
///
/// Seconds, perhaps with decimals; an HTTP-date; an RFC 3339 timestamp. Of several members the longest wait counts,
/// and a member that is malformed says nothing. A date in the past is no wait.
pub(crate) fn retry_after(value: &[u8], clock: &Clock) -> Option<Duration> {
    longest(value, &|member| match Decimal::parse(member) {
        Some(seconds) => Some(epoch(seconds, clock).unwrap_or_else(|| seconds.millis_of(SECOND_NANOS))),
        None => [Unit::HttpDate, Unit::Rfc3339].into_iter().find_map(|unit| unit.millis_ahead(member, clock)),
    })
}

/// Reads a wait in milliseconds, as in `retry-after-ms` and `x-amz-retry-after`.
pub(crate) fn retry_after_millis(value: &[u8]) -> Option<Duration> {
    longest(value, &|member| Decimal::parse(member).map(|millis| millis.millis_of(MILLI_NANOS)))
}

/// Reads a wait in `unit`, for a server whose own field a user has described.
pub(crate) fn retry_after_in(unit: Unit, value: &[u8], clock: &Clock) -> Option<Duration> {
    longest(value, &|member| unit.millis_ahead(member, clock))
}

/// A wait of `millis` milliseconds, or the longest that is believed.
pub(crate) fn capped(millis: u64) -> Duration {
    Duration::from_millis(millis).min(MAX_RETRY_AFTER)
}

fn longest(value: &[u8], millis: &dyn Fn(&[u8]) -> Option<u64>) -> Option<Duration> {
    members(value).filter_map(millis).max().map(capped)
}

/// A few servers write seconds since 1970. As a delta that is more than thirty years, so within a day of now it is
/// taken for the instant that it names.
fn epoch(seconds: Decimal, clock: &Clock) -> Option<u64> {
    let date = WallTime::from_unix_millis(seconds.millis_of(SECOND_NANOS));
    let apart = date.since(clock.now()).max(clock.now().since(date));
    (seconds.floor() >= 1_000_000_000 && apart <= MAX_RETRY_AFTER).then(|| clock.millis_until(date))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(value: &str) -> Option<u64> {
        // 2026-11-23T12:00:00Z
        let clock = Clock::new(WallTime::from_unix_millis(1_795_435_200_000));
        retry_after(value.as_bytes(), &clock).map(Duration::as_millis_ceil)
    }

    #[test]
    fn seconds_and_dates_are_waits() {
        assert_eq!(millis("0"), Some(0));
        assert_eq!(millis("1.5"), Some(1_500));
        assert_eq!(millis("Mon, 23 Nov 2026 12:02:00 GMT"), Some(120_000));
        assert_eq!(millis("2026-11-23T12:02:00.5Z"), Some(120_500));
        assert_eq!(millis("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
    }

    #[test]
    fn no_wait_is_longer_than_a_day() {
        for value in ["86401", "315360000", "9223372036854775807", "Fri, 23 Nov 2046 12:02:00 GMT", "1000000000"] {
            assert_eq!(millis(value), Some(86_400_000), "{value}");
        }
    }

    #[test]
    fn a_malformed_value_is_no_wait_at_all() {
        for value in ["", "-1", "+5", "30s", "1e3", "0x10", "[30]", "\"30\"", "2026-11-23T12:02:00", "in a minute"] {
            assert_eq!(millis(value), None, "{value}");
        }
    }

    #[test]
    fn of_several_waits_the_longest_counts() {
        assert_eq!(millis("Fri, 31 Dec 1999 23:59:59 GMT, 120"), Some(120_000));
        assert_eq!(millis("-5, 10,abc"), Some(10_000));
    }

    #[test]
    fn seconds_since_1970_near_now_are_an_instant() {
        assert_eq!(millis("1795435230"), Some(30_000));
        assert_eq!(millis("1795435100"), Some(0));
    }
}
