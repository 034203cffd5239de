//! A short string of bounded size.

/// Up to `N` bytes, gathered from pieces. More than that is no longer a word that anybody looks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Word<N> {
    /// A word without letters.
    pub(crate) const EMPTY: Self = Self { bytes: [0; N], length: 0 };

    /// Appends `piece`.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        let end = self.length.saturating_add(piece.len());
        if let Some(free) = self.bytes.get_mut(self.length..end) {
            free.copy_from_slice(piece);
            self.length = end;
        } else {
            // One beyond the end marks the overflow; everything that follows overflows too.
            self.length = N + 1;
        }
    }

    /// Appends `scalar` in UTF-8.
    pub(crate) fn push_scalar(&mut self, scalar: char) {
        self.push(scalar.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Whether nothing was appended.
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The word, or nothing if it did not fit.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_just_fits_is_whole() {
        let mut word = Word::<4>::EMPTY;
        word.push(b"ab");
        word.push("é".as_bytes());
        assert_eq!(word.as_bytes(), "abé".as_bytes());
    }

    #[test]
    fn a_word_that_is_too_long_is_nothing_and_stays_so() {
        let mut word = Word::<4>::EMPTY;
        word.push(b"abc");
        word.push(b"de");
        word.push_scalar('f');
        assert_eq!(word.as_bytes(), b"");
        assert!(!word.is_empty());
    }
}
