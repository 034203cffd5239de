//! Dates as servers write them.

use std::time::Duration;

/// RFC 3339 with whole seconds, rounded up: `2026-11-23T12:00:00Z`. `unix` is the time since 1970.
pub(crate) fn rfc3339(unix: Duration) -> String {
    let seconds = unix.as_secs() + u64::from(unix.subsec_nanos() > 0);
    let (year, month, day) = civil(seconds / DAY);
    let (hour, minute, second) = clock(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// An IMF-fixdate of RFC 9110: `Mon, 23 Nov 2026 12:00:00 GMT`. `unix` is the time since 1970.
pub(crate) fn http_date(unix: Duration) -> String {
    let seconds = unix.as_secs();
    let days = seconds / DAY;
    let (year, month, day) = civil(days);
    let (hour, minute, second) = clock(seconds);
    let weekday = WEEKDAYS[(days % 7) as usize];
    let month = MONTHS[(month - 1) as usize];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

fn clock(seconds: u64) -> (u64, u64, u64) {
    (seconds % DAY / 3_600, seconds % 3_600 / 60, seconds % 60)
}

/// Year, month and day of a day counted from 1970-01-01, by walking years of the proleptic Gregorian calendar from
/// March, in which the leap day comes last (H. Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

const DAY: u64 = 86_400;
/// 1970-01-01 was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants_are_written_as_known_dates() {
        // RFC 9110 §5.6.7 prints the first one.
        assert_eq!(http_date(Duration::from_secs(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(rfc3339(Duration::from_secs(951_782_400)), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(Duration::from_millis(1_795_435_199_001)), "2026-11-23T12:00:00Z");
    }
}
