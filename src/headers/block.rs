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
        self.0.split(|&byte| byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            Some((trim(&line[..colon]), trim(&line[colon + 1..])))
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
