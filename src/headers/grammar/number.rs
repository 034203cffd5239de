//! Plain decimal numbers: digits, and perhaps a point and more digits. No sign, exponent, grouping or blank.

use crate::headers::block::trim;

/// A non-negative decimal number, exact to nine places.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Decimal {
    /// The digits before the point; saturates.
    whole: u64,
    /// The first nine digits after the point, in billionths.
    billionths: u32,
    /// Whether a digit further right is not zero.
    inexact: bool,
}

impl Decimal {
    /// Reads `^[0-9]+(\.[0-9]+)?$`.
    #[inline(never)]
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let (number, rest) = Self::prefix(text)?;
        let written_in_full = text.first() != Some(&b'.') && text.last() != Some(&b'.');
        (rest.is_empty() && written_in_full).then_some(number)
    }

    /// Reads a number at the start of `text` and returns what follows. As in Go, digits may be missing on one side of
    /// the point.
    #[inline(never)]
    pub(crate) fn prefix(text: &[u8]) -> Option<(Self, &[u8])> {
        let (whole, rest) = digits(text);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => digits(rest),
            _ => (&[][..], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut number = Self { whole: saturating(whole), billionths: 0, inexact: false };
        let mut place = 100_000_000;
        for digit in fraction {
            let digit = u32::from(digit - b'0');
            number.billionths += digit * place;
            number.inexact |= place == 0 && digit != 0;
            place /= 10;
        }
        Some((number, rest))
    }

    /// The number before the first comma that a blank follows, and what stands after them.
    fn first_of(text: &[u8]) -> (Option<Self>, Option<&[u8]>) {
        // Alone, as nearly always.
        if let Some(number) = Self::parse(text) {
            return (Some(number), None);
        }
        match text.windows(2).position(|pair| matches!(pair, b", " | b",\t")) {
            Some(end) => (Self::parse(trim(&text[..end])), Some(trim(&text[end + 1..]))),
            None => (None, None),
        }
    }

    /// The digits before the point; `u64::MAX` if there are too many.
    pub(crate) const fn floor(self) -> u64 {
        self.whole
    }

    /// This many times `unit_nanos` nanoseconds, rounded up to whole nanoseconds.
    pub(crate) const fn nanos_of(self, unit_nanos: u64) -> u128 {
        let whole = self.whole as u128 * unit_nanos as u128;
        let fraction = self.billionths as u128 * unit_nanos as u128;
        whole + fraction.div_ceil(1_000_000_000) + (self.inexact && fraction.is_multiple_of(1_000_000_000)) as u128
    }

    /// This many times `unit_nanos` nanoseconds in milliseconds, rounded up: a wait never ends early. Saturates.
    #[inline(never)]
    pub(crate) const fn millis_of(self, unit_nanos: u64) -> u64 {
        let millis = self.nanos_of(unit_nanos).div_ceil(1_000_000);
        if millis > u64::MAX as u128 { u64::MAX } else { millis as u64 }
    }
}

/// One second, the unit of most waits.
pub(crate) const SECOND_NANOS: u64 = 1_000_000_000;
/// One millisecond.
pub(crate) const MILLI_NANOS: u64 = 1_000_000;

/// A count, as in `limit` and `remaining`: rounded down, and nothing above what JavaScript holds exactly.
///
/// Fetch joins the values of repeated fields with a comma and a blank. The smallest of several is the safe one to
/// believe. A comma without a blank groups thousands in somebody's locale and makes the value unreadable.
#[inline(never)]
pub(crate) fn count(text: &[u8]) -> Option<u64> {
    let mut smallest = None;
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (number, after) = Decimal::first_of(text);
        rest = after;
        let number = number.map(Decimal::floor).filter(|&number| number <= MAX_SAFE_INTEGER);
        smallest = [smallest, number].into_iter().flatten().min();
    }
    smallest
}

/// The ASCII digits at the start of `text`, and what follows them.
pub(crate) fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}

/// The value of ASCII digits; `u64::MAX` if there are too many.
pub(crate) fn saturating(digits: &[u8]) -> u64 {
    digits.iter().fold(0u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

/// 2⁵³ − 1: a larger count would change on its way to JavaScript.
const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimals_are_numbers() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "0x10", "NaN", "1 2", "1.2.3", "\"1\"", "٣"] {
            assert_eq!(Decimal::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Decimal::parse(b"007.250").map(|n| n.millis_of(SECOND_NANOS)), Some(7_250));
    }

    #[test]
    fn waits_round_up_however_small_the_rest() {
        assert_eq!(Decimal::parse(b"0.0001").map(|n| n.millis_of(SECOND_NANOS)), Some(1));
        assert_eq!(Decimal::parse(b"1.00000000000000000001").map(|n| n.millis_of(SECOND_NANOS)), Some(1_001));
        assert_eq!(Decimal::parse(b"1.000").map(|n| n.millis_of(SECOND_NANOS)), Some(1_000));
        assert_eq!(Decimal::parse(&[b'9'; 400]).map(|n| n.millis_of(SECOND_NANOS)), Some(u64::MAX));
    }

    #[test]
    fn of_several_counts_the_smallest_is_believed() {
        assert_eq!(count(b"60, 50"), Some(50));
        assert_eq!(count(b"x, 50"), Some(50));
        assert_eq!(count(b"5.9"), Some(5));
        assert_eq!(count(b"30,000"), None);
        assert_eq!(count(b"30,000, 20"), Some(20));
        assert_eq!(count(b"9007199254740991"), Some(MAX_SAFE_INTEGER));
        assert_eq!(count(b"9007199254740992"), None);
    }
}
