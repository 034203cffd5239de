//! Dates of the Gregorian calendar as wall time.

use crate::time::WallTime;

/// A date and a time of day in UTC, as its digits say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Civil {
    /// The year, 0 to 9999.
    pub(crate) year: u32,
    /// The month, 1 to 12.
    pub(crate) month: u32,
    /// The day of the month, from 1.
    pub(crate) day: u32,
    /// The hour, 0 to 23.
    pub(crate) hour: u32,
    /// The minute, 0 to 59.
    pub(crate) minute: u32,
    /// The second, 0 to 60: a leap second is the second after it.
    pub(crate) second: u32,
}

impl Civil {
    /// Reads the whole of `text` by `picture`, where `Y`, `M`, `D`, `h`, `m` and `s` stand for a digit of the year, the
    /// month and so on, `_` for a digit of the day or a blank, and `NNN` for the name of a month. Everything else
    /// stands for itself, letters in either case.
    #[inline(never)]
    pub(crate) fn read(text: &[u8], picture: &[u8]) -> Option<Self> {
        let mut civil = Self { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
        if let Some(name) = picture.iter().position(|&letter| letter == b'N') {
            civil.month = month_named(text.get(name..name + 3)?)?;
        }
        for (byte, letter) in text.iter().zip(picture) {
            let figure = match letter {
                b'Y' => &mut civil.year,
                b'M' => &mut civil.month,
                b'_' if *byte == b' ' => continue,
                b'D' | b'_' => &mut civil.day,
                b'h' => &mut civil.hour,
                b'm' => &mut civil.minute,
                b's' => &mut civil.second,
                b'N' => continue,
                other if byte.eq_ignore_ascii_case(other) => continue,
                _ => return None,
            };
            *figure = *figure * 10 + char::from(*byte).to_digit(10)?;
        }
        (text.len() == picture.len()).then_some(civil)
    }

    /// Seconds since 1970, or nothing if there is no such date or time.
    pub(crate) fn unix_seconds(self) -> Option<i64> {
        let Self { year, month, day, hour, minute, second } = self;
        let exists = (1..=12).contains(&month)
            && (1..=days_in(month, year)).contains(&day)
            && hour < 24
            && minute < 60
            && second <= 60;
        let time = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        exists.then(|| days_since_1970(year, month, day) * 86_400 + time)
    }

    /// As wall time. Dates before 1970 are all equally past.
    pub(crate) fn wall_time(self) -> Option<WallTime> {
        self.unix_seconds().map(|seconds| WallTime::from_unix_millis(u64::try_from(seconds * 1000).unwrap_or(0)))
    }
}

/// The year, 1970 to 9999, in which `time` lies.
pub(crate) fn year_of(time: WallTime) -> u32 {
    let days = i64::try_from(time.as_unix_millis() / 86_400_000).unwrap_or(i64::MAX).min(MAX_DAYS);
    // Counted in average years, a day near new year may fall into the next year or into the last.
    let estimate = u32::try_from(1970 + days * 400 / DAYS_IN_400_YEARS).unwrap_or(MAX_YEAR).min(MAX_YEAR);
    match () {
        () if days_since_1970(estimate, 1, 1) > days => estimate - 1,
        () if days_since_1970(estimate + 1, 1, 1) <= days => (estimate + 1).min(MAX_YEAR),
        () => estimate,
    }
}

/// The month, 1 to 12, whose first three letters are `name`.
pub(crate) fn month_named(name: &[u8]) -> Option<u32> {
    (1..).zip(MONTHS).find(|(_, month)| month.as_bytes() == name).map(|(number, _)| number)
}

/// Whether `name` is the name of a weekday, cut to three letters or in full.
pub(crate) fn is_weekday(name: &[u8], in_full: bool) -> bool {
    WEEKDAYS.iter().any(|day| if in_full { day.as_bytes() == name } else { &day.as_bytes()[..3] == name })
}

/// A few bytes, all of them decimal digits, as a number.
pub(crate) fn fixed_digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |value: u32, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

/// Days from 1970-01-01 to the date, by counting years from March so that the leap day comes last.
fn days_since_1970(year: u32, month: u32, day: u32) -> i64 {
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_IN_400_YEARS + day_of_era - DAYS_TO_1970
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// The calendar repeats after 400 years.
const DAYS_IN_400_YEARS: i64 = 146_097;
/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;
/// What four digits can say.
const MAX_YEAR: u32 = 9999;
/// More than any year with four digits, and small enough to multiply.
const MAX_DAYS: i64 = 3_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: u32, month: u32, day: u32) -> Option<i64> {
        Civil { year, month, day, hour: 0, minute: 0, second: 0 }.unix_seconds().map(|seconds| seconds / 86_400)
    }

    #[test]
    fn known_days_have_their_numbers() {
        assert_eq!(day(1970, 1, 1), Some(0));
        assert_eq!(day(2000, 3, 1), Some(11_017));
        assert_eq!(day(2026, 11, 23), Some(20_780));
        assert_eq!(day(1969, 12, 31), Some(-1));
    }

    #[test]
    fn every_day_follows_the_day_before() {
        let mut last = day(1899, 12, 31).unwrap();
        for year in 1900..=2401 {
            for month in 1..=12 {
                for date in 1..=days_in(month, year) {
                    let next = day(year, month, date).unwrap();
                    assert_eq!(next, last + 1, "{year}-{month}-{date}");
                    last = next;
                }
                assert_eq!(day(year, month, days_in(month, year) + 1), None);
            }
        }
    }

    #[test]
    fn the_year_changes_at_midnight_of_new_year() {
        for year in 1970..9999 {
            let start = Civil { year, month: 1, day: 1, hour: 0, minute: 0, second: 0 }.wall_time().unwrap();
            assert_eq!(year_of(start), year);
            let before = WallTime::from_unix_millis(start.as_unix_millis().saturating_sub(1));
            assert_eq!(year_of(before), if year == 1970 { 1970 } else { year - 1 });
        }
        assert_eq!(year_of(WallTime::from_unix_millis(u64::MAX)), 9999);
    }
}
