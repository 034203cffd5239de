//! RFC 3339 timestamps: `2026-11-23T12:00:30.5Z`, `2026-11-23t17:30:30+05:30`.

use super::calendar::{Civil, fixed_digits};
use super::number::digits;
use crate::time::WallTime;

/// Reads a timestamp. The offset is required: a time without one could be anybody's.
///
/// A fraction finer than a millisecond rounds up, so that nobody wakes before the instant.
pub(crate) fn parse(text: &[u8]) -> Option<WallTime> {
    let (date_time, rest) = text.split_at_checked(DATE_TIME.len())?;
    let civil = Civil::read(date_time, DATE_TIME)?;
    let (millis, offset) = fraction(rest)?;
    let seconds = civil.unix_seconds()? - offset_seconds(offset)?;
    Some(WallTime::from_unix_millis(u64::try_from(seconds * 1000 + millis).unwrap_or(0)))
}

/// Milliseconds of a fraction of a second, rounded up, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', text @ ..] = text else { return Some((0, text)) };
    let (fraction, rest) = digits(text);
    let (millis, finer) = fraction.split_at(fraction.len().min(3));
    let scale = [0, 100, 10, 1][millis.len()];
    let round_up = finer.iter().any(|&digit| digit != b'0');
    (!fraction.is_empty()).then_some((i64::from(fixed_digits(millis)? * scale) + i64::from(round_up), rest))
}

fn offset_seconds(text: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, [*h1, *h2], [*m1, *m2]),
        [b'-', h1, h2, b':', m1, m2] => (-1, [*h1, *h2], [*m1, *m2]),
        _ => return None,
    };
    let (hours, minutes) = (fixed_digits(&hours)?, fixed_digits(&minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * i64::from(hours * 3600 + minutes * 60))
}

const DATE_TIME: &[u8] = b"YYYY-MM-DDThh:mm:ss";

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<u64> {
        parse(text.as_bytes()).map(WallTime::as_unix_millis)
    }

    #[test]
    fn every_way_to_write_one_instant_reads_the_same() {
        for text in [
            "2026-11-23T12:00:30Z",
            "2026-11-23t12:00:30z",
            "2026-11-23T12:00:30.000Z",
            "2026-11-23T04:00:30-08:00",
            "2026-11-23T17:30:30+05:30",
            "2026-11-23T12:00:30-00:00",
        ] {
            assert_eq!(millis(text), Some(1_795_435_230_000), "{text}");
        }
    }

    #[test]
    fn fractions_round_up_to_milliseconds() {
        assert_eq!(millis("2026-11-23T12:00:30.5Z"), Some(1_795_435_230_500));
        assert_eq!(millis("2026-11-23T12:00:30.123456789Z"), Some(1_795_435_230_124));
        assert_eq!(millis("2026-11-23T12:00:30.9999Z"), Some(1_795_435_231_000));
        assert_eq!(millis("2026-11-23T12:00:60Z"), Some(1_795_435_260_000));
    }

    #[test]
    fn what_is_nearly_a_timestamp_is_none() {
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T12:00:30",
            "2026-11-23 12:00:30Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T12:60:00Z",
            "2026-11-23T12:00:61Z",
            "2026-02-29T12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-11-23T12:00:30.Z",
            "2026-11-23T12:00:30+0530",
            "2026-11-23T12:00:30+24:00",
            "2026-11-23T12:00:30Zx",
            "26-11-23T12:00:30Z",
            "+026-11-23T12:00:30Z",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_before_1970_is_simply_past() {
        assert_eq!(millis("1969-12-31T23:59:59Z"), Some(0));
        assert_eq!(millis("0000-01-01T00:00:00+23:59"), Some(0));
    }
}
