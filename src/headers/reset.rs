//! Instants at which a limit is replenished: one header name, many units.

use super::clock::Clock;
use super::grammar::members::members;
use super::grammar::number::{Decimal, MILLI_NANOS, SECOND_NANOS};
use super::grammar::{go_duration, http_date, rfc3339};
use crate::time::WallTime;

/// How a server writes an instant.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Unit {
    /// Whichever of the others the text fits. A bare number below 366 days is seconds from now, one of ten or eleven
    /// digits is [`Unit::EpochSeconds`], one of thirteen or fourteen is [`Unit::EpochMillis`].
    #[default]
    Any,
    /// Seconds from now, perhaps with decimals: `1`, `33011.38`.
    Seconds,
    /// Milliseconds from now.
    Millis,
    /// Seconds since 1970, perhaps with decimals.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// A Go duration from now: `6m0s`. A bare number is seconds.
    Duration,
    /// An RFC 3339 timestamp with its offset: `2026-11-23T12:00:30Z`.
    Rfc3339,
    /// An HTTP-date: `Mon, 23 Nov 2026 12:00:30 GMT`.
    HttpDate,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 8] = [
        Self::Any,
        Self::Seconds,
        Self::Millis,
        Self::EpochSeconds,
        Self::EpochMillis,
        Self::Duration,
        Self::Rfc3339,
        Self::HttpDate,
    ];

    /// The name in options and in the table of providers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Seconds => "seconds",
            Self::Millis => "milliseconds",
            Self::EpochSeconds => "epoch_seconds",
            Self::EpochMillis => "epoch_milliseconds",
            Self::Duration => "duration",
            Self::Rfc3339 => "rfc3339",
            Self::HttpDate => "http_date",
        }
    }

    /// The unit called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.name() == name)
    }

    /// The latest of the instants in `value`: past ones are now, ones that are not plausible are nothing.
    pub(crate) fn read(self, value: &[u8], clock: &Clock) -> Option<WallTime> {
        members(value).filter_map(|member| clock.instant(self.millis_ahead(member, clock)?)).max()
    }

    /// Milliseconds from now; 0 for what is past.
    pub(crate) fn millis_ahead(self, text: &[u8], clock: &Clock) -> Option<u64> {
        match self {
            Self::Any => any(text, clock),
            Self::Seconds => Decimal::parse(text).map(|number| number.millis_of(SECOND_NANOS)),
            Self::Millis => Decimal::parse(text).map(|number| number.millis_of(MILLI_NANOS)),
            Self::EpochSeconds => epoch_seconds(Decimal::parse(text)?, clock),
            Self::EpochMillis => epoch_millis(Decimal::parse(text)?, clock),
            Self::Duration => go_duration::parse_millis(text),
            Self::Rfc3339 => rfc3339::parse(text).map(|date| clock.millis_until(date)),
            Self::HttpDate => http_date::parse(text, clock.now()).map(|date| clock.millis_until(date)),
        }
    }
}

fn any(text: &[u8], clock: &Clock) -> Option<u64> {
    if let Some(number) = Decimal::parse(text) {
        return match number.floor() {
            ..MAX_DELTA_SECONDS => Some(number.millis_of(SECOND_NANOS)),
            _ => epoch_seconds(number, clock).or_else(|| epoch_millis(number, clock)),
        };
    }
    [Unit::Rfc3339, Unit::Duration, Unit::HttpDate].into_iter().find_map(|unit| unit.millis_ahead(text, clock))
}

fn epoch_seconds(number: Decimal, clock: &Clock) -> Option<u64> {
    let plausible = (1_000_000_000..100_000_000_000).contains(&number.floor());
    plausible.then(|| clock.millis_until(WallTime::from_unix_millis(number.millis_of(SECOND_NANOS))))
}

fn epoch_millis(number: Decimal, clock: &Clock) -> Option<u64> {
    let plausible = (1_000_000_000_000..100_000_000_000_000).contains(&number.floor());
    plausible.then(|| clock.millis_until(WallTime::from_unix_millis(number.millis_of(MILLI_NANOS))))
}

/// 366 days, the longest wait that a bare number can mean.
const MAX_DELTA_SECONDS: u64 = 31_622_400;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_435_200_000;

    fn ahead(unit: Unit, text: &str) -> Option<u64> {
        let clock = Clock::new(WallTime::from_unix_millis(NOW));
        unit.read(text.as_bytes(), &clock).map(|instant| instant.as_unix_millis() - NOW)
    }

    #[test]
    fn one_instant_is_read_in_every_unit() {
        for (unit, text) in [
            (Unit::Seconds, "9"),
            (Unit::Millis, "9000"),
            (Unit::EpochSeconds, "1795435209"),
            (Unit::EpochMillis, "1795435209000"),
            (Unit::Duration, "9s"),
            (Unit::Rfc3339, "2026-11-23T12:00:09Z"),
            (Unit::HttpDate, "Mon, 23 Nov 2026 12:00:09 GMT"),
        ] {
            assert_eq!(ahead(unit, text), Some(9_000), "{text}");
            if unit != Unit::Millis {
                assert_eq!(ahead(Unit::Any, text), Some(9_000), "{text}");
            }
            assert_eq!(Unit::from_name(unit.name()), Some(unit));
        }
    }

    #[test]
    fn a_number_that_could_be_anything_is_nothing() {
        for text in ["31622400", "500000000", "100000000000", "999999999999", "1795435240000000"] {
            assert_eq!(ahead(Unit::Any, text), None, "{text}");
        }
    }

    #[test]
    fn instants_more_than_366_days_ahead_are_not_believed() {
        assert_eq!(ahead(Unit::Seconds, "31622400"), Some(31_622_400_000));
        assert_eq!(ahead(Unit::Seconds, "31622400.001"), None);
        assert_eq!(ahead(Unit::Seconds, "99999999999999999999999"), None);
    }

    #[test]
    fn the_past_is_now_and_of_several_the_latest_counts() {
        assert_eq!(ahead(Unit::EpochSeconds, "1795435000"), Some(0));
        assert_eq!(ahead(Unit::Any, "5, x, 2026-11-23T12:00:07Z, Mon, 23 Nov 2026 12:00:09 GMT"), Some(9_000));
    }
}
