//! Event streams taken apart as they pass.
//!
//! The rules are those of <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>
//! (read 2026-11-23), with one liberty: nothing waits for the end of an event, so an event that the connection cuts
//! short has said what it said.

use crate::json;

/// What comes out of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part<'t> {
    /// Part of an event's data, never empty. Where data takes several lines, the line feed between them is a part.
    Data(&'t [u8]),
    /// The end of an event that had data.
    End {
        /// Whether the event was called `error`.
        error: bool,
    },
}

/// Takes an event stream apart, fed in pieces of any size.
#[derive(Clone, Debug)]
pub(super) struct Framer {
    state: State,
    /// Bytes of the byte order mark that have come.
    bom: u8,
    /// Whether the last byte was a CR, which an LF may follow without ending another line.
    after_cr: bool,
    /// Bytes of the current line before its value that match the field name or value sought.
    matched: usize,
    /// Whether the current event has a `data` line already.
    has_data: bool,
    /// Whether the current event is called `error`.
    is_error: bool,
}

impl Framer {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Name(Field::Unknown),
            bom: 0,
            after_cr: false,
            matched: 0,
            has_data: false,
            is_error: false,
        }
    }

    /// Takes `bytes` apart and hands the parts to `out`.
    pub(super) fn feed<'t>(&mut self, bytes: &'t [u8], mut out: impl FnMut(Part<'t>)) {
        let mut rest = self.skip_bom(bytes);
        while let [byte, tail @ ..] = rest {
            if core::mem::take(&mut self.after_cr) && *byte == b'\n' {
                rest = tail;
                continue;
            }
            if matches!(byte, b'\r' | b'\n') {
                self.end_line(&mut out);
                self.after_cr = *byte == b'\r';
                rest = tail;
                continue;
            }
            match self.state {
                State::Name(field) => {
                    self.handle_name(field, *byte, &mut out);
                    rest = tail;
                }
                State::Blank(field) => {
                    self.state = State::Value(field);
                    self.matched = 0;
                    // One space after the colon is not part of the value.
                    if *byte == b' ' {
                        rest = tail;
                    }
                }
                State::Value(field) => {
                    let (value, after) = rest.split_at(json::line_end(rest));
                    match field {
                        Field::Data => out(Part::Data(value)),
                        Field::Event => self.match_error(value),
                        Field::Unknown => {}
                    }
                    rest = after;
                }
            }
        }
    }

    /// One byte order mark at the very beginning is not part of the stream. A part of one begins a line of a name
    /// that nobody knows, which is what the bytes that did come deserve.
    fn skip_bom<'t>(&mut self, mut bytes: &'t [u8]) -> &'t [u8] {
        while let ([byte, tail @ ..], Some(expected)) = (bytes, BOM.get(usize::from(self.bom))) {
            if byte != expected {
                if self.bom > 0 {
                    self.matched = MISMATCH;
                }
                self.bom = BOM.len() as u8;
                break;
            }
            self.bom += 1;
            bytes = tail;
        }
        bytes
    }

    fn handle_name<'t>(&mut self, field: Field, byte: u8, out: &mut impl FnMut(Part<'t>)) {
        if byte == b':' {
            // A line that begins with a colon is a comment: its name is empty, and unknown.
            let complete = self.matched == field.name().len();
            let field = if complete { field } else { Field::Unknown };
            self.begin_value(field, out);
            return;
        }
        let field = match (self.matched, byte) {
            (0, b'd') => Field::Data,
            (0, b'e') => Field::Event,
            _ => field,
        };
        let matches = field.name().get(self.matched) == Some(&byte);
        self.matched = if matches { self.matched + 1 } else { MISMATCH };
        self.state = State::Name(field);
    }

    fn begin_value<'t>(&mut self, field: Field, out: &mut impl FnMut(Part<'t>)) {
        match field {
            Field::Data if core::mem::replace(&mut self.has_data, true) => out(Part::Data(b"\n")),
            // The last `event` line names the event.
            Field::Event => self.is_error = false,
            Field::Data | Field::Unknown => {}
        }
        self.state = State::Blank(field);
        self.matched = 0;
    }

    fn match_error(&mut self, value: &[u8]) {
        let end = self.matched.saturating_add(value.len());
        self.matched = if ERROR.get(self.matched..end) == Some(value) { end } else { MISMATCH };
    }

    fn end_line<'t>(&mut self, out: &mut impl FnMut(Part<'t>)) {
        match self.state {
            State::Name(Field::Unknown) if self.matched == 0 => self.end_event(out),
            // A line without a colon is a name with an empty value.
            State::Name(field) if self.matched == field.name().len() => self.begin_value(field, out),
            State::Value(Field::Event) => self.is_error = self.matched == ERROR.len(),
            State::Name(_) | State::Blank(_) | State::Value(_) => {}
        }
        self.state = State::Name(Field::Unknown);
        self.matched = 0;
    }

    fn end_event<'t>(&mut self, out: &mut impl FnMut(Part<'t>)) {
        let error = core::mem::take(&mut self.is_error);
        if core::mem::take(&mut self.has_data) {
            out(Part::End { error });
        }
    }
}

/// Where in a line the stream is.
#[derive(Clone, Copy, Debug)]
enum State {
    /// In the name of a field, which may become this one.
    Name(Field),
    /// After the colon.
    Blank(Field),
    /// In the value.
    Value(Field),
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Data,
    Event,
    Unknown,
}

impl Field {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Data => b"data",
            Self::Event => b"event",
            Self::Unknown => b"",
        }
    }
}

const BOM: &[u8] = "\u{FEFF}".as_bytes();
const ERROR: &[u8] = b"error";

/// More than any length: what did not match so far never will.
const MISMATCH: usize = usize::MAX / 2;

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    /// The data of each event, with `!` before that of events called `error`.
    fn events(stream: &[u8], piece: usize) -> Vec<String> {
        let mut framer = Framer::new();
        let mut events = Vec::new();
        let mut data = Vec::new();
        for bytes in stream.chunks(piece) {
            framer.feed(bytes, |part| match part {
                Part::Data(bytes) => data.extend_from_slice(bytes),
                Part::End { error } => {
                    let text = String::from_utf8(core::mem::take(&mut data)).unwrap();
                    events.push(if error { String::from("!") + &text } else { text });
                }
            });
        }
        events
    }

    fn assert_events(stream: &str, expected: &[&str]) {
        for piece in [1, 2, 3, 7, stream.len().max(1)] {
            assert_eq!(events(stream.as_bytes(), piece), expected, "in pieces of {piece}: {stream:?}");
        }
    }

    #[test]
    fn all_three_line_ends_are_line_ends() {
        assert_events("data: a\n\ndata: b\r\rdata: c\r\n\r\ndata: d\n\r\n", &["a", "b", "c", "d"]);
        assert_events("data: a\r\ndata: b\r\n\r\n", &["a\nb"]);
    }

    #[test]
    fn one_space_after_the_colon_is_dropped() {
        assert_events("data:a\n\ndata: a\n\ndata:  a\n\n", &["a", "a", " a"]);
    }

    #[test]
    fn data_lines_are_joined_by_line_feeds() {
        assert_events("data: a\ndata:\ndata: b\ndata\n\n", &["a\n\nb\n"]);
    }

    #[test]
    fn comments_and_other_fields_say_nothing() {
        assert_events(": data: no\nid: 1\nretry: 2\ndatas: no\ndat: no\n data: no\ndata: yes\n\n", &["yes"]);
    }

    #[test]
    fn an_event_without_data_is_no_event() {
        assert_events("event: error\n\n\n\ndata: a\n\n", &["a"]);
    }

    #[test]
    fn an_error_is_told_by_its_name_alone() {
        assert_events("event: error\ndata: a\n\ndata: b\n\n", &["!a", "b"]);
        assert_events("data: a\nevent:error\r\n\r\n", &["!a"]);
        assert_events(
            "event: errors\ndata: a\n\nevent: erro\ndata: b\n\nevent: error\nevent: x\ndata: c\n\n",
            &["a", "b", "c"],
        );
        assert_events("event: error\nevent\ndata: a\n\n", &["a"]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped_once() {
        assert_events("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n", &["a"]);
        assert_eq!(events(b"\xEF\xBBdata: a\n\ndata: b\n\n", 1), ["b"]);
        assert_eq!(events(b"\xEF\n\ndata: b\n\n", 1), ["b"]);
    }

    #[test]
    fn an_event_that_is_cut_short_has_no_end() {
        assert_events("data: a\n", &[]);
    }
}
