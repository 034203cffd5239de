//! Scans of eight bytes at a time. Nearly all of a body is the inside of strings, so this is where the time goes.
//!
//! WebAssembly without SIMD has 64-bit integers but no vectors, and the core has no `unsafe`: arithmetic on whole
//! words is what is left, and it is several times as fast as going byte by byte.

/// Where the first `"` or `\` is, or the length of `bytes` if there is none.
pub(super) fn string_end(bytes: &[u8]) -> usize {
    first_of::<b'"', b'\\'>(bytes)
}

/// Where the first CR or LF is, or the length of `bytes` if there is none.
pub(crate) fn line_end(bytes: &[u8]) -> usize {
    first_of::<b'\r', b'\n'>(bytes)
}

/// Unicode scalar values in `bytes`: every byte that begins one. A scalar cut in two counts once, in the piece that
/// holds its first byte; invalid UTF-8 counts somehow, at most once a byte.
pub(crate) fn characters(bytes: &[u8]) -> u64 {
    let (words, tail) = bytes.as_chunks::<8>();
    let continuations: u32 = words.iter().map(|word| continuations(u64::from_le_bytes(*word))).sum();
    let tail_continuations = tail.iter().filter(|&&byte| byte & 0xC0 == 0x80).count();
    bytes.len() as u64 - u64::from(continuations) - tail_continuations as u64
}

/// Bytes of the form 10xxxxxx in `word`: bit 7 is set and bit 6 is not.
fn continuations(word: u64) -> u32 {
    (word & !(word << 1) & HIGH_BITS).count_ones()
}

fn first_of<const A: u8, const B: u8>(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let hits = zero_bytes(word ^ (LOW_BITS * A as u64)) | zero_bytes(word ^ (LOW_BITS * B as u64));
        if hits != 0 {
            return index * 8 + (hits.trailing_zeros() / 8) as usize;
        }
    }
    let scanned = words.len() * 8;
    scanned + tail.iter().position(|&byte| byte == A || byte == B).unwrap_or(tail.len())
}

/// Sets the high bit of the lowest byte of `word` that is zero. Higher bytes may be marked wrongly (a borrow passes
/// through a zero byte), but never one below the first.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(LOW_BITS) & !word & HIGH_BITS
}

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn the_first_hit_is_found_at_every_place() {
        for length in 0..40 {
            for place in 0..length {
                for byte in [b'"', b'\\'] {
                    let mut bytes = vec![b'!'; length];
                    bytes[place] = byte;
                    bytes[length - 1] = b'"';
                    assert_eq!(string_end(&bytes), place, "length {length}");
                }
            }
            assert_eq!(string_end(&vec![0x80; length]), length);
        }
    }

    #[test]
    fn neighbours_of_the_sought_bytes_are_not_taken_for_them() {
        for byte in 0..=255 {
            let found = string_end(&[byte; 16]) == 0;
            assert_eq!(found, byte == b'"' || byte == b'\\', "byte {byte}");
        }
    }

    #[test]
    fn characters_are_scalar_values() {
        let text = "naïve 日本語 😀 plain ASCII, long enough for words";
        assert_eq!(characters(text.as_bytes()), text.chars().count() as u64);
        let (left, right) = text.as_bytes().split_at(3);
        assert_eq!(characters(left) + characters(right), text.chars().count() as u64);
    }
}
