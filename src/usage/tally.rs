//! What is remembered of the bodies and events that passed: a few integers.

use super::Usage;
use super::path::{Count, Place};
use super::refusal::{self, WORD_BYTES};
use crate::headers::Kind;
use crate::json::{self, Plain, Role, Sink, Word};

/// Gathers usage from JSON.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// Where the open objects and arrays stand, outermost first.
    places: [Place; PLACES],
    depth: usize,
    /// Where the next value stands.
    next: Place,
    word: Word<WORD_BYTES>,
    /// Whether this event's `type` is `error`.
    is_error: bool,
    /// Whether this event's `delta` is sound and no text.
    is_sound: bool,
    input: Option<u64>,
    tool_input: Option<u64>,
    output: Option<u64>,
    thoughts: Option<u64>,
    cache_creation: Option<u64>,
    cache_read: Option<u64>,
    cached_input: Option<u64>,
    written_input: Option<u64>,
    total: Option<u64>,
    characters: u64,
    error: Option<Kind>,
}

impl Tally {
    pub(super) const fn new() -> Self {
        Self {
            places: [Place::Elsewhere; PLACES],
            depth: 0,
            next: Place::Root,
            word: Word::EMPTY,
            is_error: false,
            is_sound: false,
            input: None,
            tool_input: None,
            output: None,
            thoughts: None,
            cache_creation: None,
            cache_read: None,
            cached_input: None,
            written_input: None,
            total: None,
            characters: 0,
            error: None,
        }
    }

    /// Another JSON text begins, whether or not the one before was complete.
    pub(super) fn begin_text(&mut self) {
        self.depth = 0;
        self.next = Place::Root;
        self.word = Word::EMPTY;
        self.is_error = false;
        self.is_sound = false;
    }

    /// Something said that this is an error, and perhaps of which class.
    pub(super) fn note_error(&mut self, kind: Option<Kind>) {
        let kind = kind.unwrap_or(Kind::ServerError);
        self.error = Some(self.error.map_or(kind, |known| refusal::more_telling(known, kind)));
    }

    /// The integers, in the one meaning that [`Usage`] gives them.
    pub(super) fn usage(&self) -> Usage {
        // Where the cached part is counted in the input, it is taken out.
        let cached = self.cached_input.unwrap_or(0) + self.written_input.unwrap_or(0);
        let input = self.input.map(|input| input.saturating_sub(cached));
        Usage {
            input_tokens: sum(input, self.tool_input),
            output_tokens: sum(self.output, self.thoughts),
            cache_creation_input_tokens: self.written_input.or(self.cache_creation),
            cache_read_input_tokens: self.cached_input.or(self.cache_read),
            total_tokens: self.total,
            output_characters: self.characters,
            error: self.error,
        }
    }

    /// Where the innermost open object or array stands.
    fn here(&self) -> Place {
        match self.depth.checked_sub(1) {
            Some(index) => self.places.get(index).copied().unwrap_or(Place::Elsewhere),
            None => Place::Root,
        }
    }

    fn slot(&mut self, count: Count) -> &mut Option<u64> {
        match count {
            Count::Input => &mut self.input,
            Count::ToolInput => &mut self.tool_input,
            Count::Output => &mut self.output,
            Count::Thoughts => &mut self.thoughts,
            Count::CacheCreation => &mut self.cache_creation,
            Count::CacheRead => &mut self.cache_read,
            Count::CachedInput => &mut self.cached_input,
            Count::WrittenInput => &mut self.written_input,
            Count::Total => &mut self.total,
        }
    }

    fn note_word(&mut self) {
        match (self.next, self.word.as_bytes()) {
            (Place::RootType, b"error") => {
                self.is_error = true;
                self.note_error(None);
            }
            (Place::RootType, b"response.audio.delta") => self.is_sound = true,
            (Place::RootCode, word) if self.is_error => self.note_error(refusal::of_word(word)),
            (Place::ErrorCode, word) => self.note_error(refusal::of_word(word)),
            _ => {}
        }
    }
}

impl<'t> Sink<'t> for Tally {
    fn open(&mut self, _bracket: u8) {
        if let Some(place) = self.places.get_mut(self.depth) {
            *place = self.next;
        }
        // `next` stays: elements of an array stand where the array stands, and members say where they stand.
        self.depth = self.depth.saturating_add(1);
    }

    fn close(&mut self, _bracket: u8) {
        self.depth = self.depth.saturating_sub(1);
        self.next = self.here();
    }

    fn key(&mut self, name: &[u8]) {
        let here = self.here();
        self.next = here.member(name);
        if here == Place::Error {
            self.note_error(None);
        }
    }

    fn text(&mut self, role: Role, part: &'t [u8]) {
        if role == Role::Key {
            return;
        }
        if self.next.holds_text() {
            if self.is_sound {
                return;
            }
            self.characters = self.characters.saturating_add(json::characters(part));
        } else if self.next.holds_word() {
            self.word.push(part);
        } else if self.next == Place::Error {
            self.note_error(None);
        }
    }

    fn scalar(&mut self, role: Role, _scalar: char) {
        // Words of interest are never escaped.
        if role == Role::Value && self.next.holds_text() {
            self.characters = self.characters.saturating_add(1);
        }
    }

    fn end_text(&mut self) {
        if self.next.holds_word() {
            self.note_word();
            self.word = Word::EMPTY;
        }
    }

    fn plain(&mut self, value: Plain) {
        match (self.next, value) {
            (Place::Count(count), Plain::Integer(number)) => {
                // A stream restates its counts: the last one is right.
                *self.slot(count) = Some(number.min(u64::from(u32::MAX)));
            }
            (Place::ErrorCode, Plain::Integer(number)) => self.note_error(refusal::of_status(number)),
            _ => {}
        }
    }
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}

/// The deepest known path, `choices[].delta.tool_calls[].function.arguments` within an array of chunks, has eight
/// objects and arrays. Below that everything is elsewhere.
const PLACES: usize = 8;
