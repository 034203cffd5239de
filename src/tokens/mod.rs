//! How many model tokens a text has, before anybody counted them.

mod tokenizer;

pub use tokenizer::Tokenizer;

/// Kinds of characters whose shares of an estimate are told apart, so that answers can correct each for itself.
pub const GROUPS: usize = 7;

/// Model tokens of a text by kind of character, in 1/16.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Groups(pub [u32; GROUPS]);

impl Groups {
    /// The sum, in model tokens, rounded up.
    pub fn tokens(&self) -> u64 {
        self.0.iter().map(|&part| u64::from(part)).sum::<u64>().div_ceil(16)
    }
}

/// Counts a text that comes in pieces, by the weights of one tokenizer.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    tokenizer: Tokenizer,
    characters: u64,
}

impl Counter {
    /// A counter for texts that `tokenizer` cuts.
    pub const fn new(tokenizer: Tokenizer) -> Self {
        Self { tokenizer, characters: 0 }
    }

    /// The tokenizer.
    pub const fn tokenizer(&self) -> Tokenizer {
        self.tokenizer
    }

    /// Part of a text, as it stands in UTF-8; need not begin or end between characters.
    pub fn text(&mut self, part: &[u8]) {
        self.characters = self.characters.saturating_add(crate::json::characters(part));
    }

    /// One character of a text.
    pub fn scalar(&mut self, _scalar: char) {
        self.characters = self.characters.saturating_add(1);
    }

    /// Punctuation of JSON, by its number of characters.
    pub fn structure(&mut self, characters: u64) {
        self.characters = self.characters.saturating_add(characters);
    }

    /// The text ends; what comes next is another.
    pub fn end(&mut self) {}

    /// What was counted so far.
    pub fn groups(&self) -> Groups {
        let mut groups = Groups::default();
        groups.0[0] = u32::try_from(self.characters.saturating_mul(4)).unwrap_or(u32::MAX);
        groups
    }
}
