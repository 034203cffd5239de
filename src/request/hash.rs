//! A hash that tells texts apart, not one that keeps anybody from making two alike.

/// Hashes bytes that come in pieces; other pieces make another hash. Eight bytes are taken at a time, for prompts are
/// long: the mixing step is that of `rustc-hash` 1, and the last one that of MurmurHash3.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) const NEW: Self = Self(0x243F_6A88_85A3_08D3);

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (slot, byte) in last.iter_mut().zip(tail) {
            *slot = *byte;
        }
        // The length tells a text from one with zeroes behind it, and the end of a piece from its middle.
        self.add(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    pub(super) const fn value(self) -> u64 {
        let mut hash = self.0;
        hash = (hash ^ hash >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        hash = (hash ^ hash >> 33).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        hash ^ hash >> 33
    }
}

/// The hash of what `first` and then `second` are the hashes of.
pub(super) fn join(first: u64, second: u64) -> u64 {
    let mut hash = Hash(first);
    hash.add(second);
    hash.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(pieces: &[&str]) -> u64 {
        let mut hash = Hash::NEW;
        pieces.iter().for_each(|piece| hash.push(piece.as_bytes()));
        hash.value()
    }

    #[test]
    fn texts_that_differ_differ() {
        let texts: &[&[&str]] = &[
            &[],
            &[""],
            &["a"],
            &["b"],
            &["a", ""],
            &["a\0"],
            &["ab"],
            &["a", "b"],
            &["12345678"],
            &["12345678", ""],
            &["123456789"],
            &["123456780"],
        ];
        for (index, text) in texts.iter().enumerate() {
            for other in &texts[..index] {
                assert_ne!(hash(text), hash(other), "{text:?} {other:?}");
            }
        }
        assert_eq!(hash(&["same", "text"]), hash(&["same", "text"]));
    }

    #[test]
    fn the_order_of_joined_hashes_matters() {
        assert_ne!(join(1, 2), join(2, 1));
    }
}
