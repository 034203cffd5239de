//! Which tokenizer a body's own model has, known before its text is counted.

use super::key::Key;
use crate::json::{Lexer, Role, Sink, Word};
use crate::tokens::Tokenizer;

/// The tokenizer of the top-level `model` of a JSON body.
///
/// SDKs write it first or nearly so, and reading stops there; where it stands last, all is read once more.
pub(super) fn tokenizer_of(body: &[u8]) -> Tokenizer {
    let (mut lexer, mut finder) =
        (Lexer::new(), Finder { depth: 0, is_model: false, name: Word::EMPTY, is_found: false });
    for piece in body.chunks(PIECE) {
        if !lexer.feed(piece, &mut finder).is_empty() || finder.is_found {
            break;
        }
    }
    let name = finder.name.as_bytes();
    core::str::from_utf8(name).map_or(Tokenizer::Unknown, Tokenizer::of_model)
}

struct Finder {
    depth: u32,
    /// Whether the value that comes next is the model's name.
    is_model: bool,
    name: Word<NAME_BYTES>,
    is_found: bool,
}

impl Sink<'_> for Finder {
    fn open(&mut self) {
        self.depth = self.depth.saturating_add(1);
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn key(&mut self, name: &[u8]) {
        self.is_model = self.depth == 1 && !self.is_found && Key::of(name) == Key::Model;
    }

    fn text(&mut self, role: Role, part: &[u8]) {
        if self.is_model && role == Role::Value && self.depth == 1 {
            self.name.push(part);
        }
    }

    fn scalar(&mut self, role: Role, scalar: char) {
        self.text(role, scalar.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn end_text(&mut self) {
        self.is_found |= self.is_model && self.depth == 1;
    }
}

/// Little is read in vain, and little is called.
const PIECE: usize = 1_024;

/// As long as any name that is kept.
const NAME_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn of(body: &str) -> Tokenizer {
        tokenizer_of(body.as_bytes())
    }

    #[test]
    fn the_model_is_found_wherever_it_stands() {
        assert_eq!(of(r#"{"model":"claude-sonnet-5","messages":[]}"#), Tokenizer::Claude47);
        let long = "x".repeat(10 * PIECE);
        for length in [0, PIECE - 40, PIECE - 30, PIECE - 20, 10 * PIECE] {
            let body = format!(
                r#"{{"messages":[{{"model":"gpt-4o"}},"{}"],"mod\u0065l":"claude-\u0073onnet-5"}}"#,
                &long[..length]
            );
            assert_eq!(of(&body), Tokenizer::Claude47, "{length}");
        }
    }

    #[test]
    fn what_is_no_model_of_the_request_says_nothing() {
        for body in
            [r#"{"a":{"model":"gpt-4o"}}"#, r#"["model","gpt-4o"]"#, r#"{"model":["gpt-4o"]}"#, "model=gpt-4o", ""]
        {
            assert_eq!(of(body), Tokenizer::Unknown, "{body}");
        }
        assert_eq!(of(&format!(r#"{{"model":"{}gpt-4o"}}"#, "-".repeat(NAME_BYTES))), Tokenizer::Unknown);
    }
}
