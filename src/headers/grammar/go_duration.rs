//! Durations as Go prints them: `6m0s`, `120ms`, `1h2m3.5s`.

use super::number::{Decimal, SECOND_NANOS};

/// Reads a duration in milliseconds, rounded up. Saturates.
///
/// One or more numbers with units, in any order, without sign or blanks; a number without a unit is seconds. Days are
/// not Go's, but some servers write them.
pub(crate) fn parse_millis(text: &[u8]) -> Option<u64> {
    if let Some(seconds) = Decimal::parse(text) {
        return Some(seconds.millis_of(SECOND_NANOS));
    }
    let mut nanos = 0u128;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = Decimal::prefix(rest)?;
        let (_, unit, unit_nanos) = UNITS
            .iter()
            .map(|(unit, nanos)| (after.strip_prefix(*unit), unit, nanos))
            .find(|(found, ..)| found.is_some())?;
        nanos = nanos.saturating_add(number.nanos_of(*unit_nanos));
        rest = &after[unit.len()..];
    }
    (!text.is_empty()).then(|| u64::try_from(nanos.div_ceil(1_000_000)).unwrap_or(u64::MAX))
}

/// Units and their nanoseconds; a unit that begins like another stands before it.
///
/// Go writes micro as U+00B5 and also reads U+03BC. A server sends them as Latin-1 or as UTF-8, and `fetch` decodes
/// either as Latin-1, so that UTF-8 arrives here encoded twice.
const UNITS: [(&[u8], u64); 12] = [
    (b"ns", 1),
    (b"us", 1_000),
    (b"\xb5s", 1_000),
    (b"\xc2\xb5s", 1_000),
    (b"\xce\xbcs", 1_000),
    (b"\xc3\x82\xc2\xb5s", 1_000),
    (b"\xc3\x8e\xc2\xbcs", 1_000),
    (b"ms", 1_000_000),
    (b"s", SECOND_NANOS),
    (b"m", 60 * SECOND_NANOS),
    (b"h", 3_600 * SECOND_NANOS),
    (b"d", 86_400 * SECOND_NANOS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_every_unit_are_read() {
        for (text, millis) in [
            ("0s", 0),
            ("1s", 1_000),
            ("6m0s", 360_000),
            ("120ms", 120),
            ("8.64s", 8_640),
            ("1h2m3.5s", 3_723_500),
            ("1d", 86_400_000),
            ("30s1m", 90_000),
            ("500us", 1),
            ("500µs", 1),
            ("500μs", 1),
            ("1500ns", 1),
            ("1ms1ns", 2),
            (".5s", 500),
            ("60", 60_000),
            ("0.5", 500),
        ] {
            assert_eq!(parse_millis(text.as_bytes()), Some(millis), "{text}");
        }
    }

    #[test]
    fn what_is_nearly_a_duration_is_none() {
        for text in ["", "s", "-1s", "+1s", "1S", "1 s", "1s ", "1m 1s", "1e3s", "PT30S", "1w", "1s30", "1..5s", "."] {
            assert_eq!(parse_millis(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn too_long_a_duration_saturates() {
        assert_eq!(parse_millis(&[&[b'9'; 400][..], b"h"].concat()), Some(u64::MAX));
    }
}
