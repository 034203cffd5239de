//! Values without quotes: numbers, `true`, `false`, `null`.

/// A value without quotes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Plain {
    /// A number without sign and exponent; digits after a point are dropped. Saturates at 2^64 − 1.
    Integer(u64),
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
    /// Anything else: negative numbers, exponents, `NaN`, words of no meaning.
    Other,
}

/// A [`Plain`] on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gatherer {
    shape: Shape,
    number: u64,
    /// The last eight bytes, the newest in the lowest bits.
    tail: u64,
    length: u32,
}

impl Gatherer {
    pub(super) const EMPTY: Self = Self { shape: Shape::Integer, number: 0, tail: 0, length: 0 };

    /// Whether `byte` can be part of a value without quotes.
    pub(super) fn accepts(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.shape = match (self.shape, byte) {
            (Shape::Integer, b'0'..=b'9') => {
                self.number = self.number.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
                Shape::Integer
            }
            (Shape::Integer, b'.') if self.length > 0 => Shape::Fraction,
            (Shape::Fraction, b'0'..=b'9') => Shape::Fraction,
            _ => Shape::Word,
        };
        self.tail = self.tail << 8 | u64::from(byte);
        self.length = self.length.saturating_add(1);
    }

    pub(super) fn value(&self) -> Plain {
        match self.shape {
            Shape::Integer | Shape::Fraction => Plain::Integer(self.number),
            Shape::Word => match (self.length, self.tail) {
                (4, TRUE) => Plain::True,
                (5, FALSE) => Plain::False,
                (4, NULL) => Plain::Null,
                _ => Plain::Other,
            },
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Integer,
    Fraction,
    Word,
}

const TRUE: u64 = u32::from_be_bytes(*b"true") as u64;
const NULL: u64 = u32::from_be_bytes(*b"null") as u64;
const FALSE: u64 = u64::from_be_bytes(*b"\0\0\0false");

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Plain {
        let mut gatherer = Gatherer::EMPTY;
        text.bytes().for_each(|byte| gatherer.push(byte));
        gatherer.value()
    }

    #[test]
    fn numbers_lose_their_fraction_and_saturate() {
        assert_eq!(read("0"), Plain::Integer(0));
        assert_eq!(read("1024.75"), Plain::Integer(1_024));
        assert_eq!(read("99999999999999999999999"), Plain::Integer(u64::MAX));
    }

    #[test]
    fn what_is_no_count_is_not_read_as_one() {
        for text in ["-1", "1e3", "1.5.2", ".5", "+1", "NaN", "0x10", "1E+21"] {
            assert_eq!(read(text), Plain::Other, "{text}");
        }
    }

    #[test]
    fn words_are_read_whole() {
        assert_eq!(read("true"), Plain::True);
        assert_eq!(read("false"), Plain::False);
        assert_eq!(read("null"), Plain::Null);
        for text in ["tru", "truee", "untrue", "xxxxxxxxxtrue", "False"] {
            assert_eq!(read(text), Plain::Other, "{text}");
        }
    }
}
