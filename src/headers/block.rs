//! Headers as one block of text, so that they cross the boundary in one piece and are read without allocation.

/// Header fields as lines of `name: value`, separated by `\n`.
///
/// Names are compared without case. A field that came several times is one line whose values are joined by `", "`,
/// as the Fetch standard joins them. A line without a colon is skipped.
///
/// ```
/// use tidegate::headers::HeaderBlock;
/// let headers = HeaderBlock::new(b"Retry-After: 7\nx-other:  1 ");
/// assert_eq!(headers.value("retry-after"), Some(&b"7"[..]));
/// assert_eq!(headers.value("x-other"), Some(&b"1"[..]));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct HeaderBlock<'a>(&'a [u8]);

impl<'a> HeaderBlock<'a> {
    /// Wraps the lines of `text`.
    pub const fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// Names and values in order; values trimmed of spaces and tabs.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            while !rest.is_empty() {
                let end = find(rest, b'\n').unwrap_or(rest.len());
                let line = &rest[..end];
                rest = rest.get(end + 1..).unwrap_or_default();
                if let Some(colon) = find(line, b':') {
                    return Some((trim(&line[..colon]), trim(&line[colon + 1..])));
                }
            }
            None
        })
    }

    /// The value of the first field called `name`.
    pub fn value(self, name: &str) -> Option<&'a [u8]> {
        self.iter().find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }
}

/// Only SP and HTAB surround a field value (RFC 9110 §5.5); a CR is what is left of a raw header line.
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t' | b'\r'] = text {
        text = rest;
    }
    text
}

/// Where `byte` first stands in `text`, eight bytes at a time: most of the work of reading headers is looking for the
/// ends of lines that say nothing.
pub(crate) fn find(text: &[u8], byte: u8) -> Option<usize> {
    const LOW_BITS: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
    let (chunks, rest) = text.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        // Where the bytes are equal there is now a zero, and subtracting borrows into its high bit. Bits above the
        // first zero may be wrong, but the lowest is right.
        let difference = u64::from_le_bytes(*chunk) ^ (LOW_BITS * u64::from(byte));
        let zeros = difference.wrapping_sub(LOW_BITS) & !difference & HIGH_BITS;
        if zeros != 0 {
            return Some(index * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|&other| other == byte).map(|found| text.len() - rest.len() + found)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_byte_is_found_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..length {
                for other in [b'\n' - 1, b'\n' + 1, 0x00, 0x80, 0x8a, 0xff] {
                    let mut text = Vec::from([other; 40]);
                    text[at] = b'\n';
                    text[length - 1] = b'\n';
                    assert_eq!(find(&text[..length], b'\n'), Some(at));
                    assert_eq!(find(&text[..at], b'\n'), None);
                }
            }
        }
    }

    #[test]
    fn lines_that_are_not_fields_are_skipped() {
        let fields: Vec<_> = HeaderBlock::new(b"\n\nHTTP/1.1 200 OK\r\nA: 1\r\n:x\nb:").iter().collect();
        let expected: [(&[u8], &[u8]); 3] = [(b"A", b"1"), (b"", b"x"), (b"b", b"")];
        assert_eq!(fields, expected);
    }
}
