//! Base64, decoded as it passes.

/// Decodes what it is fed in pieces of any size. Both alphabets are read; what belongs to neither is passed over, as
/// lenient decoders do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base64 {
    bits: u32,
    /// How many of `bits` have come and were not given out.
    length: u32,
}

impl Base64 {
    pub(crate) const NEW: Self = Self { bits: 0, length: 0 };

    /// The byte that `digit` completes.
    pub(crate) fn push(&mut self, digit: u8) -> Option<u8> {
        let value = VALUES.get(usize::from(digit)).copied().filter(|&value| value != NONE)?;
        self.bits = self.bits << 6 | u32::from(value);
        self.length += 6;
        if self.length < 8 {
            return None;
        }
        self.length -= 8;
        Some((self.bits >> self.length) as u8)
    }

    /// The three bytes that four digits are, where nothing is left of those before them.
    pub(crate) fn group(digits: [u8; 4]) -> Option<[u8; 3]> {
        let [a, b, c, d] = digits.map(|digit| VALUES.get(usize::from(digit)).copied().unwrap_or(NONE));
        // Of all values that alone has the highest bit.
        if (a | b | c | d) & 0x80 != 0 {
            return None;
        }
        let [_, bytes @ ..] =
            (u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d)).to_be_bytes();
        Some(bytes)
    }

    /// Whether the next four digits are three bytes by themselves.
    pub(crate) const fn is_aligned(&self) -> bool {
        self.length == 0
    }
}

const fn value_of(digit: u8) -> u8 {
    match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => NONE,
    }
}

/// What each byte is as a digit. Documents have millions.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut digit = 0;
    while digit < values.len() {
        values[digit] = value_of(digit as u8);
        digit += 1;
    }
    values
};

const NONE: u8 = u8::MAX;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn decoded(text: &str) -> Vec<u8> {
        let mut base64 = Base64::NEW;
        text.bytes().filter_map(|digit| base64.push(digit)).collect()
    }

    #[test]
    fn digits_are_bytes_with_and_without_padding() {
        // RFC 4648 §10.
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm8", "fo"), ("Zm9vYmFy", "foobar")] {
            assert_eq!(decoded(text), bytes.as_bytes(), "{text}");
        }
        assert_eq!(decoded("-_-_"), decoded("+/+/"));
        assert_eq!(Base64::group(*b"Zm9v"), Some(*b"foo"));
        for digits in [*b"Zm8=", *b"Zm\n8", *b"\x80AAA"] {
            assert_eq!(Base64::group(digits), None);
        }
        assert_eq!(decoded("Zm9v\r\nYmFy"), b"foobar");
    }
}
