//! Event streams of AWS taken apart as they pass: `application/vnd.amazon.eventstream`.
//!
//! The format, read 2026-11-27 at <https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html> and in
//! npm:@smithy/core@3.41.0 `event-streams`: each message has the length of all of it and that of its headers, a sum of
//! both, the headers, a payload, and a sum of everything. The sums are not looked at: whoever reads the body does, and a
//! broken message says no more than a broken JSON text.

use super::refusal::{self, WORD_BYTES};
use crate::headers::Kind;
use crate::json::Word;

/// What comes out of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part<'t> {
    /// The headers say that the message is an error, and perhaps of which class.
    Error(Option<Kind>),
    /// Part of a payload, never empty.
    Payload(&'t [u8]),
    /// The end of a message.
    End,
}

/// Takes an event stream apart, fed in pieces of any size.
#[derive(Clone, Debug)]
pub(super) struct Framer {
    state: State,
    /// Bytes of the headers still to come, and of the payload.
    headers: u32,
    payload: u32,
    name: Word<NAME_BYTES>,
    value: Word<WORD_BYTES>,
}

/// Where in a message the stream is. Numbers are gathered byte by byte, the highest first.
#[derive(Clone, Copy, Debug)]
enum State {
    /// In the lengths and their sum, of which so many bytes have come.
    Prelude {
        came: u8,
        all: u32,
        headers: u32,
    },
    /// Before a header, or behind the last.
    Header,
    /// In the name of a header, of which so many bytes are to come.
    Name(u8),
    /// Before the type of its value.
    Type,
    /// In the length of its value, of which so many bytes are to come.
    Length {
        left: u8,
        length: u16,
        is_text: bool,
    },
    /// In its value.
    Value {
        left: u16,
        is_text: bool,
    },
    /// In headers that cannot be read.
    Headers,
    Payload,
    /// In the sum at the end, of which so many bytes are to come.
    Sum(u8),
    /// This is no such stream.
    Failed,
}

impl Framer {
    pub(super) const fn new() -> Self {
        Self { state: State::START, headers: 0, payload: 0, name: Word::EMPTY, value: Word::EMPTY }
    }

    /// Takes `bytes` apart and hands the parts to `out`.
    pub(super) fn feed<'t>(&mut self, bytes: &'t [u8], mut out: impl FnMut(Part<'t>)) {
        let mut rest = bytes;
        while let [byte, tail @ ..] = rest {
            let byte = *byte;
            match self.state {
                State::Payload => {
                    let (part, behind) = rest.split_at(rest.len().min(self.payload as usize));
                    self.payload -= part.len() as u32;
                    rest = behind;
                    out(Part::Payload(part));
                    self.skip_empty();
                    continue;
                }
                State::Failed => return,
                State::Prelude { came, all, headers } => self.handle_prelude(byte, came, all, headers),
                State::Sum(left) => {
                    self.state = if left > 1 { State::Sum(left - 1) } else { State::START };
                    if left == 1 {
                        out(Part::End);
                    }
                }
                State::Header
                | State::Name(_)
                | State::Type
                | State::Length { .. }
                | State::Value { .. }
                | State::Headers => self.handle_header(byte, &mut out),
            }
            rest = tail;
        }
    }

    fn handle_prelude(&mut self, byte: u8, came: u8, mut all: u32, mut headers: u32) {
        match came {
            0..4 => all = all << 8 | u32::from(byte),
            4..8 => headers = headers << 8 | u32::from(byte),
            _ => {}
        }
        self.state = State::Prelude { came: came + 1, all, headers };
        if came + 1 < PRELUDE_BYTES {
            return;
        }
        let payload = all.checked_sub(AROUND).and_then(|inner| inner.checked_sub(headers));
        let Some(payload) = payload.filter(|_| all <= LARGEST_MESSAGE) else {
            self.state = State::Failed;
            return;
        };
        self.headers = headers;
        self.payload = payload;
        self.state = State::Header;
        self.skip_empty();
    }

    fn handle_header<'t>(&mut self, byte: u8, out: &mut impl FnMut(Part<'t>)) {
        self.headers -= 1;
        self.state = match self.state {
            State::Header => {
                self.name = Word::EMPTY;
                self.value = Word::EMPTY;
                // A header has a name.
                if byte == 0 { State::Headers } else { State::Name(byte) }
            }
            State::Name(left) => {
                self.name.push(&[byte]);
                if left > 1 { State::Name(left - 1) } else { State::Type }
            }
            State::Type => after_type(byte),
            State::Length { left, length, is_text } => {
                let length = length << 8 | u16::from(byte);
                match (left, length) {
                    (2.., _) => State::Length { left: left - 1, length, is_text },
                    (_, 0) => State::Header,
                    (_, left) => State::Value { left, is_text },
                }
            }
            State::Value { left, is_text } => {
                if is_text {
                    self.value.push(&[byte]);
                }
                if left > 1 {
                    State::Value { left: left - 1, is_text }
                } else {
                    self.end_value(out);
                    State::Header
                }
            }
            State::Headers | State::Prelude { .. } | State::Payload | State::Sum(_) | State::Failed => self.state,
        };
        self.skip_empty();
    }

    /// Goes on where nothing more of the headers, or of the payload, is to come.
    fn skip_empty(&mut self) {
        let in_headers = !matches!(self.state, State::Payload | State::Sum(_));
        if in_headers && self.headers == 0 {
            self.state = State::Payload;
        }
        if matches!(self.state, State::Payload) && self.payload == 0 {
            self.state = State::Sum(SUM_BYTES);
        }
    }

    /// A text is over that is the value of a header.
    fn end_value<'t>(&self, out: &mut impl FnMut(Part<'t>)) {
        match (self.name.as_bytes(), self.value.as_bytes()) {
            (b":message-type", b"exception" | b"error") => out(Part::Error(None)),
            (b":exception-type" | b":error-code", word) => out(Part::Error(refusal::of_word(word))),
            _ => {}
        }
    }
}

impl State {
    const START: Self = Self::Prelude { came: 0, all: 0, headers: 0 };
}

/// What follows a type: nothing for true and false, then integers of one to eight bytes, bytes, a text, an instant, a UUID.
const fn after_type(kind: u8) -> State {
    match kind {
        0 | 1 => State::Header,
        2 => State::Value { left: 1, is_text: false },
        3 => State::Value { left: 2, is_text: false },
        4 => State::Value { left: 4, is_text: false },
        5 | 8 => State::Value { left: 8, is_text: false },
        6 | 7 => State::Length { left: 2, length: 0, is_text: kind == 7 },
        9 => State::Value { left: 16, is_text: false },
        _ => State::Headers,
    }
}

/// The longest name that is looked for has 15.
const NAME_BYTES: usize = 16;
/// Two lengths and their sum.
const PRELUDE_BYTES: u8 = 12;
const SUM_BYTES: u8 = 4;
/// Both.
const AROUND: u32 = 16;
/// `AWS_EVENT_STREAM_MAX_MESSAGE_SIZE` of github.com/awslabs/aws-c-event-stream.
const LARGEST_MESSAGE: u32 = 24 << 20;

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    /// A message with these bytes as its headers. Its sums are wrong.
    fn message(headers: &[u8], payload: &str) -> Vec<u8> {
        let all = AROUND + headers.len() as u32 + payload.len() as u32;
        let sum = [0xFF; 4];
        let lengths = [all.to_be_bytes(), (headers.len() as u32).to_be_bytes(), sum].concat();
        [&lengths, headers, payload.as_bytes(), &sum].concat()
    }

    fn text(name: &str, value: &str) -> Vec<u8> {
        let length = (value.len() as u16).to_be_bytes();
        [&[name.len() as u8], name.as_bytes(), &[7], &length, value.as_bytes()].concat()
    }

    /// What comes out, with `!` and a class for errors, and `.` for the end of a message.
    fn parts(stream: &[u8], piece: usize) -> Vec<String> {
        let mut framer = Framer::new();
        let mut parts = Vec::new();
        let mut payload = String::new();
        for bytes in stream.chunks(piece) {
            framer.feed(bytes, |part| match part {
                Part::Error(kind) => parts.push(format!("!{kind:?}")),
                Part::Payload(part) => payload.push_str(core::str::from_utf8(part).unwrap()),
                Part::End => parts.push(core::mem::take(&mut payload) + "."),
            });
        }
        parts
    }

    fn assert_parts(stream: &[u8], expected: &[&str]) {
        for piece in [1, 2, 3, 7, stream.len()] {
            assert_eq!(parts(stream, piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn messages_are_their_payloads_whatever_headers_they_have() {
        let of_all_types = [
            &b"\x01a\x00\x01b\x01\x01c\x02\xFF\x01d\x03\xFF\xFF\x01e\x04\xFF\xFF\xFF\xFF"[..],
            b"\x01f\x05\0\0\0\0\0\0\0\0\x01g\x06\x00\x03xyz\x01h\x06\x00\x00\x01i\x08\0\0\0\0\0\0\0\0",
            b"\x01j\x090123456789abcdef",
            &text(":event-type", "chunk"),
            &text("", ""),
        ]
        .concat();
        let stream = [message(&of_all_types, "one"), message(b"", "two"), message(b"", ""), message(b"", "3")].concat();
        assert_parts(&stream, &["one.", "two.", ".", "3."]);
    }

    #[test]
    fn an_exception_is_classed_by_its_name_in_any_order() {
        for (headers, expected) in [
            (
                [text(":exception-type", "throttlingException"), text(":message-type", "exception")],
                ["!Some(RateLimit)", "!None", "{}."],
            ),
            (
                [text(":message-type", "error"), text(":error-code", "serviceUnavailableException")],
                ["!None", "!Some(Overloaded)", "{}."],
            ),
            (
                [text(":message-type", "exception"), text(":exception-type", "modelStreamErrorException")],
                ["!None", "!None", "{}."],
            ),
        ] {
            assert_parts(&message(&headers.concat(), "{}"), &expected);
        }
        assert_parts(&message(&text(":message-type", "event"), "{}"), &["{}."]);
    }

    #[test]
    fn headers_that_cannot_be_read_are_passed_over() {
        for headers in [&b"\x01a\xFF:exception-type"[..], b"\x00\x07\x00\x01a", b"\xFFa", b"\x01a\x07\xFF\xFFabc"] {
            let stream = [message(headers, "one"), message(&text("a", "b"), "two")].concat();
            assert_parts(&stream, &["one.", "two."]);
        }
    }

    #[test]
    fn lengths_that_cannot_be_end_the_reading() {
        let good = message(b"", "good");
        for lengths in [[0_u32, 0], [15, 0], [16, 1], [20, 5], [u32::MAX, 0], [LARGEST_MESSAGE + 1, 0], [100, u32::MAX]]
        {
            let bad = lengths.map(u32::to_be_bytes).concat();
            assert_parts(&[&good, &bad, &good[..], &good].concat(), &["good."]);
        }
    }
}
