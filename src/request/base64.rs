//! Base64, decoded as it passes.

/// Decodes what it is fed in pieces of any size. Both alphabets are read; what belongs to neither is passed over, as
/// lenient decoders do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base64 {
    bits: u32,
    /// How many of `bits` have come and were not given out.
    length: u32,
}

impl Base64 {
    pub(super) const NEW: Self = Self { bits: 0, length: 0 };

    /// The byte that `digit` completes.
    pub(super) fn push(&mut self, digit: u8) -> Option<u8> {
        let value = value_of(digit)?;
        self.bits = self.bits << 6 | u32::from(value);
        self.length += 6;
        if self.length < 8 {
            return None;
        }
        self.length -= 8;
        Some((self.bits >> self.length) as u8)
    }

    /// Whether the next four digits are three bytes by themselves.
    pub(super) const fn is_aligned(&self) -> bool {
        self.length == 0
    }
}

const fn value_of(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

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
        assert_eq!(decoded("Zm9v\r\nYmFy"), b"foobar");
    }
}
