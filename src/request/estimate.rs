//! How many model tokens a request's input has, before anybody counted them.
//!
//! This is the whole estimator: the walker says what it meets, [`Estimate`] turns it into a number. Whatever weighs
//! characters better replaces this file alone.

use super::family::Family;
use crate::json;
use crate::tokens::{Counter, Groups, Tokenizer};

/// What a request's input is expected to be, before anybody counted it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct InputEstimate {
    /// Whose weights the text was counted by.
    pub tokenizer: Tokenizer,
    /// Whether the text was counted by that tokenizer's whole tables, and not by a few weights.
    pub is_exact: bool,
    /// Model tokens of text.
    pub text: Groups,
    /// Model tokens whose number no tokenizer decides: images, documents, frames of messages, the prompt for tools.
    pub fixed: u32,
    /// Characters of text, for servers that admit by their number.
    pub characters: u32,
    /// Tells sets of tools (with the choice among them) apart; 0 where there are none.
    pub tools: u64,
    /// Whether there is something in it that may cost much more or less than `fixed` says: pages, server-side tools, unread parts.
    pub has_unknown_parts: bool,
}

impl InputEstimate {
    /// Model tokens in all, rounded up; at most 2^32 − 1.
    pub fn tokens(&self) -> u64 {
        self.text.tokens().saturating_add(u64::from(self.fixed)).min(u64::from(u32::MAX))
    }
}

/// Up to where a prompt may be read from a cache the next time.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Prefix {
    /// Tells prompts with other beginnings apart.
    pub hash: u64,
    /// Model tokens from the beginning to here, as estimated.
    pub tokens: u32,
    /// Whether it is kept for an hour, and not for five minutes.
    pub is_long_lived: bool,
}

/// The points up to which a request asks its server to keep its prompt, shortest first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Prefixes {
    points: [Prefix; MOST_PREFIXES],
    length: u8,
}

impl Prefixes {
    /// The points, shortest first.
    pub fn as_slice(&self) -> &[Prefix] {
        self.points.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// Claude's API takes four (<https://platform.claude.com/docs/en/build-with-claude/prompt-caching>, read 2026-11-23).
pub const MOST_PREFIXES: usize = 4;

/// An estimate that grows as a body is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate<'w> {
    counter: Counter<'w>,
    characters: u64,
    attachments: u64,
}

impl<'w> Estimate<'w> {
    pub(super) const fn new(counter: Counter<'w>) -> Self {
        Self { counter, characters: 0, attachments: 0 }
    }

    /// Part of a text, as it stands in UTF-8; need not begin or end between characters.
    pub(super) fn add_text(&mut self, part: &[u8]) {
        self.characters = self.characters.saturating_add(json::characters(part));
        self.counter.text(part);
    }

    /// One character of a text.
    pub(super) fn add_scalar(&mut self, scalar: char) {
        self.characters = self.characters.saturating_add(1);
        self.counter.scalar(scalar);
    }

    /// `characters` of JSON's own punctuation, numbers and words, where the model is given JSON to read.
    pub(super) fn add_structure(&mut self, characters: u64) {
        self.characters = self.characters.saturating_add(characters);
        self.counter.structure(characters);
    }

    /// An image, a document or another file.
    pub(super) fn add_attachment(&mut self, attachment: Attachment) {
        self.attachments = self.attachments.saturating_add(match attachment {
            Attachment::Image => IMAGE_TOKENS,
            Attachment::Document => DOCUMENT_TOKENS,
        });
    }

    /// A text ends; what comes next is another.
    pub(super) fn end_text(&mut self) {
        self.counter.end();
    }

    pub(super) fn finish(&self) -> InputEstimate {
        let clamp = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        InputEstimate {
            tokenizer: self.counter.tokenizer(),
            is_exact: self.counter.is_exact(),
            text: self.counter.groups(),
            fixed: clamp(self.attachments),
            characters: clamp(self.characters),
            tools: 0,
            has_unknown_parts: false,
        }
    }
}

/// The estimate for a body of `length` bytes that may not be read: all of it counts as text where `family` charges
/// for text, which is too much rather than too little. Nothing counts where it does not.
pub(super) fn of_unread(length: u64, family: Family) -> InputEstimate {
    let tokens = match family {
        Family::Messages | Family::CountTokens | Family::Embeddings => length.div_ceil(CHARACTERS_PER_TOKEN),
        Family::Batches | Family::Models | Family::Files | Family::Images | Family::Audio | Family::Other => 0,
    };
    InputEstimate {
        fixed: u32::try_from(tokens).unwrap_or(u32::MAX),
        has_unknown_parts: true,
        ..InputEstimate::default()
    }
}

/// What is not text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attachment {
    /// A picture, and whatever else comes encoded.
    Image,
    /// A document with pages.
    Document,
}

/// "A token is equivalent to about 4 characters for Gemini models", <https://ai.google.dev/gemini-api/docs/tokens>
/// (read 2026-11-23). A rule of thumb for English; other scripts and code have more tokens than it says.
pub(crate) const CHARACTERS_PER_TOKEN: u64 = 4;

/// The most that one image costs on the standard tier,
/// <https://platform.claude.com/docs/en/build-with-claude/vision> (read 2026-11-23). Sizes are not looked at yet, so
/// small images are over-estimated and high-resolution ones (up to 4,784) under-estimated.
const IMAGE_TOKENS: u64 = 1_568;

/// One page: the lower end of the 1,500 to 3,000 tokens that its text typically has, and its picture,
/// <https://platform.claude.com/docs/en/build-with-claude/pdf-support> (read 2026-11-23). Pages are not counted yet.
const DOCUMENT_TOKENS: u64 = 1_500 + IMAGE_TOKENS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Weights;

    #[test]
    fn text_is_counted_by_its_tokenizer_and_its_characters_are_told() {
        let weights = Weights::new();
        let mut estimate = Estimate::new(weights.counter(Tokenizer::Claude3));
        assert_eq!(estimate.finish().tokens(), 0);
        estimate.add_text("日本語😀".as_bytes());
        estimate.add_scalar('a');
        let estimate = estimate.finish();
        assert_eq!((estimate.tokenizer, estimate.tokens(), estimate.characters), (Tokenizer::Claude3, 8, 5));
    }

    #[test]
    fn the_estimate_is_clamped() {
        let weights = Weights::new();
        let mut estimate = Estimate::new(weights.counter(Tokenizer::Unknown));
        estimate.add_structure(u64::MAX);
        for _ in 0..10_000_000 {
            estimate.add_attachment(Attachment::Document);
        }
        assert_eq!(estimate.finish().tokens(), u64::from(u32::MAX));
        assert_eq!(of_unread(u64::MAX, Family::Messages).tokens(), u64::from(u32::MAX));
    }

    #[test]
    fn a_file_that_may_not_be_read_is_no_prompt() {
        assert_eq!(of_unread(1_000_000, Family::Files).tokens(), 0);
        assert_eq!(of_unread(1_001, Family::Messages).tokens(), 251);
    }
}
