//! The state machine that turns bytes into what they mean in JSON.

use super::plain::{Gatherer, Plain};
use super::scan;
use super::word::Word;

/// Takes what a [`Lexer`] meets. What is not wanted costs nothing.
pub(crate) trait Sink<'t> {
    /// An object or array begins, with `bracket`.
    fn open(&mut self, _bracket: u8) {}
    /// The innermost object or array ends, with `bracket`.
    fn close(&mut self, _bracket: u8) {}
    /// A comma between members or elements.
    fn comma(&mut self) {}
    /// The name of the member whose value follows, unescaped; empty if it is longer than any known name.
    fn key(&mut self, _name: &[u8]) {}
    /// A string that is a value begins.
    fn begin_text(&mut self) {}
    /// Part of a string that stands in the text as it is: never empty, not escaped, not necessarily valid UTF-8.
    /// A string that came in one piece and without escapes is one part.
    fn text(&mut self, _role: Role, _part: &'t [u8]) {}
    /// Part of a string that was escaped. Half a surrogate pair is U+FFFD.
    fn scalar(&mut self, _role: Role, _scalar: char) {}
    /// The end of a string that is a value.
    fn end_text(&mut self) {}
    /// Part of a value without quotes, as it stands.
    fn raw(&mut self, _part: &'t [u8]) {}
    /// The end of a value without quotes.
    fn plain(&mut self, _value: Plain) {}
}

/// What a string is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// It names a member.
    Key,
    /// It is a value.
    Value,
}

/// Reads one JSON text, fed in pieces of any size.
///
/// What the sink is told does not depend on where the pieces are cut, except that one string may come in more parts.
/// Time is linear in the bytes, memory is constant. After an error nothing more is told.
#[derive(Clone, Debug)]
pub(crate) struct Lexer {
    state: State,
    /// Objects and arrays that are open. Saturates, which takes 4 GiB of brackets.
    depth: u32,
    /// What the outermost [`DEPTH_CAP`] of them are: 1 for an object, the innermost in the lowest bit.
    kinds: u128,
    role: Role,
    key: Word<KEY_BYTES>,
    plain: Gatherer,
    /// Hexadecimal digits of `\uXXXX` still to come, and the value of those that came.
    digits: u8,
    unit: u16,
    /// The first half of a surrogate pair whose second half may follow.
    high: Option<u16>,
}

impl Lexer {
    /// Before the first byte of a text.
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Value,
            depth: 0,
            kinds: 0,
            role: Role::Value,
            key: Word::EMPTY,
            plain: Gatherer::EMPTY,
            digits: 0,
            unit: 0,
            high: None,
        }
    }

    /// Reads `bytes` and returns what could not be read: empty unless there is an error in them or before them.
    pub(crate) fn feed<'t>(&mut self, bytes: &'t [u8], sink: &mut dyn Sink<'t>) -> &'t [u8] {
        let mut rest = bytes;
        while let [byte, tail @ ..] = rest {
            let byte = *byte;
            match self.state {
                State::Text => {
                    rest = self.handle_text(rest, sink);
                    continue;
                }
                State::Plain if !Gatherer::accepts(byte) => {
                    sink.plain(self.plain.value());
                    self.state = self.after_value();
                    continue;
                }
                State::Plain => {
                    let end = rest.iter().position(|&byte| !Gatherer::accepts(byte)).unwrap_or(rest.len());
                    let (part, behind) = rest.split_at(end);
                    part.iter().for_each(|&byte| self.plain.push(byte));
                    sink.raw(part);
                    rest = behind;
                    continue;
                }
                State::Value | State::Loose if Gatherer::accepts(byte) => {
                    self.plain = Gatherer::EMPTY;
                    self.state = State::Plain;
                    continue;
                }
                State::Escape => self.handle_escape(byte, sink),
                State::Unicode => self.handle_digit(byte, sink),
                State::Failed => return rest,
                State::Value | State::Key | State::Colon | State::Next | State::Loose | State::End => {
                    if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                        self.handle_structure(byte, sink);
                    }
                }
            }
            if self.state == State::Failed {
                return rest;
            }
            rest = tail;
        }
        rest
    }

    fn handle_structure<'t>(&mut self, byte: u8, sink: &mut dyn Sink<'t>) {
        let in_object = self.depth > 0 && self.kinds & 1 == 1;
        self.state = match (self.state, byte) {
            // A byte order mark may stand before the text (RFC 8259 §8.1 lets parsers ignore it).
            (State::Value, 0xEF | 0xBB | 0xBF) if self.depth == 0 => State::Value,
            (State::Value | State::Loose, b'"') => {
                sink.begin_text();
                self.begin_text(Role::Value)
            }
            (State::Value | State::Loose, b'{' | b'[') => self.open(byte, sink),
            (State::Key, b'"') => self.begin_text(Role::Key),
            (State::Colon, b':') => State::Value,
            (State::Next, b',') => {
                sink.comma();
                if in_object { State::Key } else { State::Value }
            }
            (State::Key | State::Next, b'}') if in_object => self.close(byte, sink),
            (State::Value | State::Next, b']') if self.depth > 0 && !in_object => self.close(byte, sink),
            (State::Loose, b'}' | b']') => self.close(byte, sink),
            (State::Loose, b',' | b':') => {
                sink.comma();
                State::Loose
            }
            _ => State::Failed,
        };
    }

    fn open<'t>(&mut self, bracket: u8, sink: &mut dyn Sink<'t>) -> State {
        self.depth = self.depth.saturating_add(1);
        sink.open(bracket);
        if self.depth > DEPTH_CAP {
            return State::Loose;
        }
        let object = bracket == b'{';
        self.kinds = self.kinds << 1 | u128::from(object);
        if object { State::Key } else { State::Value }
    }

    fn close<'t>(&mut self, bracket: u8, sink: &mut dyn Sink<'t>) -> State {
        if self.depth <= DEPTH_CAP {
            self.kinds >>= 1;
        }
        self.depth -= 1;
        sink.close(bracket);
        self.after_value()
    }

    fn after_value(&self) -> State {
        match self.depth {
            0 => State::End,
            1..=DEPTH_CAP => State::Next,
            _ => State::Loose,
        }
    }

    fn begin_text(&mut self, role: Role) -> State {
        self.role = role;
        self.key = Word::EMPTY;
        State::Text
    }

    /// Reads up to and including the next quote or backslash; `bytes` is not empty.
    fn handle_text<'t>(&mut self, bytes: &'t [u8], sink: &mut dyn Sink<'t>) -> &'t [u8] {
        let (part, rest) = bytes.split_at(scan::string_end(bytes));
        if !part.is_empty() {
            self.settle_high(sink);
            sink.text(self.role, part);
        }
        match (rest, self.role) {
            ([b'\\', tail @ ..], role) => {
                if role == Role::Key {
                    self.key.push(part);
                }
                self.state = State::Escape;
                tail
            }
            ([_, tail @ ..], Role::Key) => {
                self.settle_high(sink);
                // A name in one piece, which is nearly every name, is not copied.
                if self.key.is_empty() {
                    sink.key(if part.len() <= KEY_BYTES { part } else { &[] });
                } else {
                    self.key.push(part);
                    sink.key(self.key.as_bytes());
                }
                self.state = State::Colon;
                tail
            }
            ([_, tail @ ..], Role::Value) => {
                self.settle_high(sink);
                sink.end_text();
                self.state = self.after_value();
                tail
            }
            ([], Role::Key) => {
                self.key.push(part);
                rest
            }
            ([], Role::Value) => rest,
        }
    }

    fn handle_escape<'t>(&mut self, byte: u8, sink: &mut dyn Sink<'t>) {
        let scalar = match byte {
            b'u' => {
                self.digits = 4;
                self.unit = 0;
                self.state = State::Unicode;
                return;
            }
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            _ => {
                self.state = State::Failed;
                return;
            }
        };
        self.settle_high(sink);
        self.put(scalar, sink);
        self.state = State::Text;
    }

    fn handle_digit<'t>(&mut self, byte: u8, sink: &mut dyn Sink<'t>) {
        let Some(digit) = char::from(byte).to_digit(16) else {
            self.state = State::Failed;
            return;
        };
        // Four digits fill the sixteen bits exactly.
        self.unit = self.unit << 4 | digit as u16;
        self.digits -= 1;
        if self.digits == 0 {
            self.handle_unit(self.unit, sink);
            self.state = State::Text;
        }
    }

    fn handle_unit<'t>(&mut self, unit: u16, sink: &mut dyn Sink<'t>) {
        if let (Some(high), 0xDC00..=0xDFFF) = (self.high, unit) {
            self.high = None;
            let offset = u32::from(high - 0xD800) << 10 | u32::from(unit - 0xDC00);
            self.put(char::from_u32(0x1_0000 + offset).unwrap_or(char::REPLACEMENT_CHARACTER), sink);
            return;
        }
        self.settle_high(sink);
        match unit {
            0xD800..=0xDBFF => self.high = Some(unit),
            _ => self.put(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER), sink),
        }
    }

    /// A first half whose second half did not follow stands for itself.
    fn settle_high<'t>(&mut self, sink: &mut dyn Sink<'t>) {
        if self.high.take().is_some() {
            self.put(char::REPLACEMENT_CHARACTER, sink);
        }
    }

    fn put<'t>(&mut self, scalar: char, sink: &mut dyn Sink<'t>) {
        if self.role == Role::Key {
            self.key.push_scalar(scalar);
        }
        sink.scalar(self.role, scalar);
    }
}

/// What may come next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// A value, or the end of an array. A comma before the end is let pass.
    Value,
    /// A name, or the end of an object.
    Key,
    /// The colon after a name.
    Colon,
    /// A comma, or the end of the innermost object or array.
    Next,
    /// Anything but a letter out of place: below [`DEPTH_CAP`] nobody remembers what is an object and what an array.
    /// Names are values there.
    Loose,
    /// The rest of a string.
    Text,
    /// The letter after a backslash.
    Escape,
    /// A digit of `\uXXXX`.
    Unicode,
    /// The rest of a value without quotes.
    Plain,
    /// Blanks after the text.
    End,
    /// Nothing: there was an error.
    Failed,
}

/// Objects and arrays within one another whose kind is remembered: as many as `kinds` has bits. Parsers commonly
/// refuse more than this (serde_json: 128), so that no API can ask for it.
pub(crate) const DEPTH_CAP: u32 = u128::BITS;

/// The longest name that a sink of this crate looks for is `amazon-bedrock-invocationMetrics`.
const KEY_BYTES: usize = 32;

#[cfg(test)]
mod tests;
