//! HTTP-dates (RFC 9110 §5.6.7) in their three forms, all of which a recipient must read.

use super::calendar::{Civil, is_weekday, year_of};
use crate::time::WallTime;

/// Reads an HTTP-date. Names are case-sensitive and the zone is GMT, as the grammar says.
///
/// The name of the day must be one, but need not be the right one: servers that compute it badly still mean the date.
/// `now` decides the century of the two digits in the second form.
pub(crate) fn parse(text: &[u8], now: WallTime) -> Option<WallTime> {
    let end = text.iter().position(|byte| !byte.is_ascii_alphabetic())?;
    let (weekday, date) = text.split_at(end);
    let in_gmt = date.strip_suffix(b" GMT");
    if is_weekday(weekday, true) {
        return in_the_nearest_century(Civil::read(in_gmt?, RFC_850)?, now);
    }
    let civil = in_gmt.map_or_else(|| Civil::read(date, ASCTIME), |date| Civil::read(date, IMF_FIXDATE))?;
    if is_weekday(weekday, false) { civil.wall_time() } else { None }
}

/// The last date of a year with the two digits that is not more than fifty years ahead.
fn in_the_nearest_century(civil: Civil, now: WallTime) -> Option<WallTime> {
    let this_year = year_of(now);
    let date = |year| Civil { year, ..civil }.wall_time();
    let century = this_year - this_year % 100 + civil.year;
    let near = [century + 100, century, century.saturating_sub(100)].into_iter().find(|year| match *year {
        // In fifty years to the day, or earlier in that year.
        year if year == this_year + 50 => date(this_year).is_none_or(|today| today <= now),
        year => year < this_year + 50,
    });
    date(near?)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
const IMF_FIXDATE: &[u8] = b", DD NNN YYYY hh:mm:ss";
/// `Sunday, 06-Nov-94 08:49:37 GMT`
const RFC_850: &[u8] = b", DD-NNN-YY hh:mm:ss";
/// `Sun Nov  6 08:49:37 1994`
const ASCTIME: &[u8] = b" NNN _D hh:mm:ss YYYY";

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
        assert_eq!(seconds("Monday, 23-Nov-76 12:00:00 GMT"), Some(3_373_358_400));
        assert_eq!(seconds("Monday, 23-Nov-76 12:00:01 GMT"), Some(217_598_401));
        assert_eq!(seconds("Saturday, 29-Feb-76 00:00:00 GMT"), Some(3_350_160_000));
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
