//! How many model tokens a request's input has, before anybody counted them.
//!
//! This is the whole estimator: the walker says what it meets, [`Estimate`] turns it into a number. Whatever weighs
//! characters better replaces this file alone.

use super::family::Family;
use crate::json;

/// An estimate that grows as a body is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Estimate {
    characters: u64,
    attachments: u64,
}

impl Estimate {
    /// Part of a text, as it stands in UTF-8; need not begin or end between characters.
    pub(super) fn add_text(&mut self, part: &[u8]) {
        self.characters = self.characters.saturating_add(json::characters(part));
    }

    /// One character of a text.
    pub(super) fn add_scalar(&mut self, _scalar: char) {
        self.characters = self.characters.saturating_add(1);
    }

    /// `characters` of JSON's own punctuation, numbers and words, where the model is given JSON to read.
    pub(super) fn add_structure(&mut self, characters: u64) {
        self.characters = self.characters.saturating_add(characters);
    }

    /// An image, a document or another file.
    pub(super) fn add_attachment(&mut self, attachment: Attachment) {
        self.attachments = self.attachments.saturating_add(match attachment {
            Attachment::Image => IMAGE_TOKENS,
            Attachment::Document => DOCUMENT_TOKENS,
        });
    }

    /// Model tokens, rounded up; at most 2^32 − 1.
    pub(super) fn tokens(self) -> u64 {
        let text = self.characters.div_ceil(CHARACTERS_PER_TOKEN);
        text.saturating_add(self.attachments).min(u64::from(u32::MAX))
    }
}

/// The estimate for a body of `length` bytes that may not be read: all of it counts as text where `family` charges
/// for text, which is too much rather than too little. Nothing counts where it does not.
pub(super) fn of_unread(length: u64, family: Family) -> u64 {
    match family {
        Family::Messages | Family::CountTokens | Family::Embeddings => {
            length.div_ceil(CHARACTERS_PER_TOKEN).min(u64::from(u32::MAX))
        }
        Family::Batches | Family::Models | Family::Files | Family::Images | Family::Audio | Family::Other => 0,
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

    #[test]
    fn four_characters_are_a_token_and_a_rest_is_one_too() {
        let mut estimate = Estimate::default();
        assert_eq!(estimate.tokens(), 0);
        estimate.add_text("日本語😀".as_bytes());
        assert_eq!(estimate.tokens(), 1);
        estimate.add_scalar('a');
        assert_eq!(estimate.tokens(), 2);
    }

    #[test]
    fn the_estimate_is_clamped() {
        let mut estimate = Estimate::default();
        estimate.add_structure(u64::MAX);
        estimate.add_attachment(Attachment::Document);
        assert_eq!(estimate.tokens(), u64::from(u32::MAX));
        assert_eq!(of_unread(u64::MAX, Family::Messages), u64::from(u32::MAX));
    }

    #[test]
    fn a_file_that_may_not_be_read_is_no_prompt() {
        assert_eq!(of_unread(1_000_000, Family::Files), 0);
        assert_eq!(of_unread(1_001, Family::Messages), 251);
    }
}
