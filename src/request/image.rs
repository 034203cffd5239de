//! How large a picture is, as the beginning of its file says.
//!
//! Sources, read 2026-11-26: PNG, W3C Recommendation §11.2.1; JPEG, ITU-T T.81 §B; GIF89a §18;
//! WebP, <https://developers.google.com/speed/webp/docs/riff_container> and RFC 6386 §9.1.

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Reads the header of a picture that comes byte by byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// The first bytes, or those of the segment of a JPEG that has begun.
    bytes: [u8; HEADER_BYTES],
    length: usize,
    /// Bytes to be passed over before those that matter.
    skip: u32,
    is_jpeg: bool,
    state: State,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    /// Not enough has come.
    Reading,
    /// A picture of that size.
    Found(Size),
    /// No picture, or none that can be read.
    Unknown,
}

impl Header {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; HEADER_BYTES], length: 0, skip: 0, is_jpeg: false, state: State::Reading }
    }

    pub(super) const fn state(&self) -> State {
        self.state
    }

    /// Whether it is a photograph, whose size may come late.
    pub(super) const fn is_jpeg(&self) -> bool {
        self.is_jpeg
    }

    /// Bytes that need not be shown.
    pub(super) const fn skippable(&self) -> u32 {
        self.skip
    }

    /// Passes over `bytes` of those that need not be shown.
    pub(super) const fn skip(&mut self, bytes: u32) {
        self.skip = self.skip.saturating_sub(bytes);
    }

    pub(super) fn push(&mut self, byte: u8) {
        if self.state != State::Reading {
            return;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
            self.length += 1;
        }
        let read = self.bytes.get(..self.length).unwrap_or_default();
        self.state = if self.is_jpeg {
            match segment(read) {
                Segment::Short => State::Reading,
                Segment::Frame(size) => State::Found(size),
                Segment::Other { rest } => {
                    self.length = 0;
                    self.skip = rest;
                    State::Reading
                }
                Segment::Fill => {
                    self.length = 1;
                    State::Reading
                }
                Segment::Broken => State::Unknown,
            }
        } else if read == JPEG {
            self.is_jpeg = true;
            self.length = 0;
            State::Reading
        } else {
            of_header(read)
        };
    }
}

/// PNG, GIF and WebP say their size at a place that does not move.
fn of_header(read: &[u8]) -> State {
    let may_become = |magic: &[u8]| read.iter().zip(magic).all(|(read, expected)| read == expected);
    let found = match read {
        [0x89, b'P', b'N', b'G', .., b'I', b'H', b'D', b'R', w3, w2, w1, w0, h3, h2, h1, h0] if read.len() == 24 => {
            Some((u32::from_be_bytes([*w3, *w2, *w1, *w0]), u32::from_be_bytes([*h3, *h2, *h1, *h0])))
        }
        [b'G', b'I', b'F', b'8', _, b'a', w0, w1, h0, h1] => {
            Some((u32::from_le_bytes([*w0, *w1, 0, 0]), u32::from_le_bytes([*h0, *h1, 0, 0])))
        }
        // Lossy: a key frame begins with three bytes of its own, and three that never change.
        [.., 0x9D, 0x01, 0x2A, w0, w1, h0, h1] if read.len() == 30 && is_webp(read, b"VP8 ") => {
            Some((u32::from_le_bytes([*w0, *w1 & 0x3F, 0, 0]), u32::from_le_bytes([*h0, *h1 & 0x3F, 0, 0])))
        }
        // Lossless: fourteen bits each, less one.
        [.., 0x2F, b0, b1, b2, b3] if read.len() == 25 && is_webp(read, b"VP8L") => {
            let bits = u32::from_le_bytes([*b0, *b1, *b2, *b3]);
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        // Extended: the canvas, 24 bits each, less one.
        [.., w0, w1, w2, h0, h1, h2] if read.len() == 30 && is_webp(read, b"VP8X") => {
            Some((u32::from_le_bytes([*w0, *w1, *w2, 0]) + 1, u32::from_le_bytes([*h0, *h1, *h2, 0]) + 1))
        }
        _ => None,
    };
    match found {
        Some((width, height)) if width > 0 && height > 0 => State::Found(Size { width, height }),
        None if read.len() < HEADER_BYTES && [PNG, GIF, RIFF, JPEG].iter().any(|magic| may_become(magic)) => {
            State::Reading
        }
        _ => State::Unknown,
    }
}

fn is_webp(read: &[u8], kind: &[u8]) -> bool {
    read.starts_with(RIFF) && read.get(8..12) == Some(b"WEBP") && read.get(12..16) == Some(kind)
}

/// A segment of a JPEG, as far as it has come.
enum Segment {
    Short,
    /// It says the size.
    Frame(Size),
    /// It does not, and has so many bytes more.
    Other {
        rest: u32,
    },
    /// Another 0xFF before the marker.
    Fill,
    Broken,
}

fn segment(read: &[u8]) -> Segment {
    match read {
        [] | [0xFF] => Segment::Short,
        [0xFF, 0xFF] => Segment::Fill,
        // Markers that stand alone.
        [0xFF, 0x01 | 0xD0..=0xD8] => Segment::Other { rest: 0 },
        // The end, or the picture itself: no frame came before it.
        [0xFF, 0xD9 | 0xDA | 0x00, ..] => Segment::Broken,
        // Start of frame: precision, height, width. C4, C8 and CC are other things.
        [0xFF, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF, rest @ ..] => match rest {
            [_, _, _, h1, h0, w1, w0] => {
                let (width, height) = (u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0]));
                if width == 0 || height == 0 {
                    return Segment::Broken;
                }
                Segment::Frame(Size { width: width.into(), height: height.into() })
            }
            _ => Segment::Short,
        },
        [0xFF, _, high, low] => match u16::from_be_bytes([*high, *low]).checked_sub(2) {
            Some(rest) => Segment::Other { rest: rest.into() },
            None => Segment::Broken,
        },
        [0xFF, _] | [0xFF, _, _] => Segment::Short,
        _ => Segment::Broken,
    }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n";
const GIF: &[u8] = b"GIF8";
const RIFF: &[u8] = b"RIFF";
const JPEG: &[u8] = &[0xFF, 0xD8];

/// As much as the longest header has, that of a WebP.
const HEADER_BYTES: usize = 30;

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    fn size(bytes: &[u8]) -> Option<(u32, u32)> {
        let mut header = Header::new();
        bytes.iter().for_each(|&byte| header.push(byte));
        match header.state() {
            State::Found(size) => Some((size.width, size.height)),
            State::Reading | State::Unknown => None,
        }
    }

    fn webp(kind: &[u8; 4], rest: &[u8]) -> Vec<u8> {
        [b"RIFF\x24\x00\x00\x00WEBP", &kind[..], &[0x18, 0, 0, 0], rest].concat()
    }

    #[test]
    fn each_format_says_its_size() {
        let png = [PNG, &[0, 0, 0, 13], b"IHDR", &[0, 0, 7, 128], &[0, 0, 4, 56], &[8, 6, 0, 0, 0]].concat();
        assert_eq!(size(&png), Some((1_920, 1_080)));
        assert_eq!(size(b"GIF89a\x80\x02\xE0\x01rest"), Some((640, 480)));
        assert_eq!(size(b"GIF87a\x80\x02\xE0\x01"), Some((640, 480)));
        let lossy = webp(b"VP8 ", &[0x30, 1, 0, 0x9D, 1, 0x2A, 0x80, 0x42, 0xE0, 0x41, 9]);
        assert_eq!(size(&lossy), Some((640, 480)));
        let bits: u32 = 639 | 479 << 14 | 1 << 28;
        assert_eq!(size(&webp(b"VP8L", &[&[0x2F], &bits.to_le_bytes()[..]].concat())), Some((640, 480)));
        assert_eq!(size(&webp(b"VP8X", &[0x10, 0, 0, 0, 0x7F, 2, 0, 0xDF, 1, 0])), Some((640, 480)));
    }

    #[test]
    fn the_frame_of_a_jpeg_is_found_behind_what_cameras_write() {
        let exif = [&[0xFF, 0xE1, 0x12, 0x34][..], &vec![0xC0; 0x1232]].concat();
        for marker in [0xC0, 0xC2] {
            let frame = [0xFF, 0xFF, marker, 0, 17, 8, 0x04, 0x38, 0x07, 0x80, 3];
            let tables = [0xFF, 0xC4, 0, 4, 0xFF, 0xC0];
            assert_eq!(size(&[JPEG, &exif, &tables, &frame].concat()), Some((1_920, 1_080)));
        }
        assert_eq!(size(&[JPEG, &exif, &[0xFF, 0xDA, 0, 2]].concat()), None);
    }

    #[test]
    fn nothing_is_made_of_a_file_that_is_no_picture() {
        for bytes in [&b""[..], b"%PDF-1.7", b"\x89PNG", b"RIFF\0\0\0\0WAVEfmt ", b"\xFF\xD8\x00", b"GIF89a\0\0\0\0"] {
            assert_eq!(size(bytes), None, "{bytes:?}");
        }
        assert_eq!(size(&[0xFF; 100]), None);
        assert_eq!(size(&[JPEG, &[0xFF, 0xE0, 0, 1]].concat()), None);
    }
}
