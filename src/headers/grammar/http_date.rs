//! HTTP-dates (RFC 9110 §5.6.7) in their three forms, all of which a recipient must read.

use super::calendar::{Civil, fixed_digits, is_weekday, month_named, year_of};
use crate::time::WallTime;

/// Reads an HTTP-date. Names are case-sensitive and the zone is GMT, as the grammar says.
///
/// The name of the day must be one, but need not be the right one: servers that compute it badly still mean the date.
/// `now` decides the century of the two digits in the second form.
pub(crate) fn parse(text: &[u8], now: WallTime) -> Option<WallTime> {
    imf_fixdate(text).or_else(|| rfc850(text, now)).or_else(|| asctime(text))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &[u8]) -> Option<WallTime> {
    let (weekday, rest) = text.split_at_checked(3)?;
    let [b',', b' ', d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' ', time @ .., b' ', b'G', b'M', b'T'] = rest
    else {
        return None;
    };
    let year = fixed_digits(&[*y1, *y2, *y3, *y4])?;
    at(weekday, false, year, month_named(&[*m1, *m2, *m3])?, fixed_digits(&[*d1, *d2])?, time)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(text: &[u8], now: WallTime) -> Option<WallTime> {
    let comma = text.iter().position(|&byte| byte == b',')?;
    let (weekday, rest) = text.split_at(comma);
    let [b',', b' ', d1, d2, b'-', m1, m2, m3, b'-', y1, y2, b' ', time @ .., b' ', b'G', b'M', b'T'] = rest else {
        return None;
    };
    let this_year = year_of(now);
    let this_century = this_year - this_year % 100 + fixed_digits(&[*y1, *y2])?;
    let (month, day) = (month_named(&[*m1, *m2, *m3])?, fixed_digits(&[*d1, *d2])?);
    let date = |year| at(weekday, true, year, month, day, time);
    // More than fifty years ahead means the last century, and as far behind means the next one.
    let horizon = now.as_unix_millis().saturating_add(FIFTY_YEARS_MILLIS);
    match date(this_century) {
        Some(instant) if instant.as_unix_millis() > horizon => date(this_century.checked_sub(100)?),
        _ if this_century + 50 < this_year => date(this_century + 100),
        read => read,
    }
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(text: &[u8]) -> Option<WallTime> {
    let (weekday, rest) = text.split_at_checked(3)?;
    let [b' ', m1, m2, m3, b' ', d1, d2, b' ', time @ .., b' ', y1, y2, y3, y4] = rest else { return None };
    let day = if *d1 == b' ' { fixed_digits(&[*d2])? } else { fixed_digits(&[*d1, *d2])? };
    at(weekday, false, fixed_digits(&[*y1, *y2, *y3, *y4])?, month_named(&[*m1, *m2, *m3])?, day, time)
}

fn at(weekday: &[u8], in_full: bool, year: u32, month: u32, day: u32, time: &[u8]) -> Option<WallTime> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *time else { return None };
    let civil = Civil {
        year,
        month,
        day,
        hour: fixed_digits(&[h1, h2])?,
        minute: fixed_digits(&[m1, m2])?,
        second: fixed_digits(&[s1, s2])?,
    };
    if is_weekday(weekday, in_full) { civil.wall_time() } else { None }
}

/// Fifty years of 365.2425 days.
const FIFTY_YEARS_MILLIS: u64 = 1_577_847_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T12:00:00Z
    const NOW: WallTime = WallTime::from_unix_millis(1_795_435_200_000);

    fn seconds(text: &str) -> Option<u64> {
        parse(text.as_bytes(), NOW).map(|time| time.as_unix_millis() / 1000)
    }

    #[test]
    fn the_three_forms_of_the_rfc_are_one_instant() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(seconds(text), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn two_digits_of_a_year_lie_within_fifty_years() {
        assert_eq!(seconds("Monday, 23-Nov-26 12:02:00 GMT"), Some(1_795_435_320));
        assert_eq!(seconds("Friday, 06-Nov-76 08:49:37 GMT"), Some(3_371_878_177));
        assert_eq!(seconds("Sunday, 06-Nov-77 08:49:37 GMT"), Some(247_654_177));
        let new_year_2100 = WallTime::from_unix_millis(4_102_444_790_000);
        let read = parse(b"Friday, 01-Jan-00 00:00:00 GMT", new_year_2100);
        assert_eq!(read.map(WallTime::as_unix_millis), Some(4_102_444_800_000));
    }

    #[test]
    fn what_is_nearly_a_date_is_none() {
        for text in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "sun, 06 nov 1994 08:49:37 gmt",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 10000 08:49:37 GMT",
            "Foo, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
