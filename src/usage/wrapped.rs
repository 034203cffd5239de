//! JSON that is carried as base64 in JSON: `{"bytes":"eyJ0…"}`, as the streams of Bedrock's InvokeModel have it.

use super::tally::Tally;
use crate::json::{Lexer, Plain, Role, Sink};
use crate::request::Base64;

/// Reads a payload that is JSON itself, or carries it.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    outer: Lexer,
    inner: Lexer,
    wrapping: Wrapping,
}

/// How far the wrapping is undone.
#[derive(Clone, Copy, Debug)]
struct Wrapping {
    /// Objects and arrays of the outer text that are open.
    depth: u32,
    /// Whether the value that follows is what is carried.
    is_carried: bool,
    /// Whether something was carried: from then on the outer text says nothing.
    has_carried: bool,
    base64: Base64,
}

impl Payload {
    pub(super) const fn new() -> Self {
        Self { outer: Lexer::new(), inner: Lexer::new(), wrapping: Wrapping::NEW }
    }

    /// Reads the next part of the payload, and tells `tally` what it or the text that it carries says.
    pub(super) fn feed(&mut self, bytes: &[u8], tally: &mut Tally) {
        let Self { outer, inner, wrapping } = self;
        outer.feed(bytes, &mut Unwrap { wrapping, inner, tally });
    }

    /// Another payload begins.
    pub(super) fn begin(&mut self, tally: &mut Tally) {
        *self = Self::new();
        tally.begin_text();
    }
}

impl Wrapping {
    const NEW: Self = Self { depth: 0, is_carried: false, has_carried: false, base64: Base64::NEW };
}

/// Hears the outer text.
struct Unwrap<'a> {
    wrapping: &'a mut Wrapping,
    inner: &'a mut Lexer,
    tally: &'a mut Tally,
}

impl Unwrap<'_> {
    fn decode(&mut self, digits: &[u8]) {
        let mut bytes = [0; 96];
        // Four digits are three bytes.
        for digits in digits.chunks(bytes.len() / 3 * 4) {
            let decoded = digits.iter().filter_map(|&digit| self.wrapping.base64.push(digit));
            let mut length = 0;
            for (slot, byte) in bytes.iter_mut().zip(decoded) {
                *slot = byte;
                length += 1;
            }
            self.inner.feed(bytes.get(..length).unwrap_or_default(), self.tally);
        }
    }
}

impl<'t> Sink<'t> for Unwrap<'_> {
    fn open(&mut self, bracket: u8) {
        self.wrapping.depth = self.wrapping.depth.saturating_add(1);
        self.wrapping.is_carried = false;
        if !self.wrapping.has_carried {
            self.tally.open(bracket);
        }
    }

    fn close(&mut self, bracket: u8) {
        self.wrapping.depth = self.wrapping.depth.saturating_sub(1);
        if !self.wrapping.has_carried {
            self.tally.close(bracket);
        }
    }

    fn key(&mut self, name: &[u8]) {
        self.wrapping.is_carried = self.wrapping.depth == 1 && name == b"bytes";
        if !self.wrapping.has_carried {
            self.tally.key(name);
        }
    }

    fn begin_text(&mut self) {
        if self.wrapping.is_carried && !self.wrapping.has_carried {
            self.wrapping.has_carried = true;
            self.tally.begin_text();
        } else {
            self.wrapping.is_carried = false;
        }
    }

    fn text(&mut self, role: Role, part: &'t [u8]) {
        if self.wrapping.is_carried && role == Role::Value {
            self.decode(part);
        } else if !self.wrapping.has_carried {
            self.tally.text(role, part);
        }
    }

    fn scalar(&mut self, role: Role, scalar: char) {
        if self.wrapping.is_carried && role == Role::Value {
            // A slash may be escaped. What else may be is no digit.
            self.decode(scalar.encode_utf8(&mut [0; 4]).as_bytes());
        } else if !self.wrapping.has_carried {
            self.tally.scalar(role, scalar);
        }
    }

    fn end_text(&mut self) {
        self.wrapping.is_carried = false;
        if !self.wrapping.has_carried {
            self.tally.end_text();
        }
    }

    fn plain(&mut self, value: Plain) {
        if !self.wrapping.has_carried {
            self.tally.plain(value);
        }
    }
}
