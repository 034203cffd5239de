//! How many model tokens a request's input has, before anybody counted them.
//!
//! The walker says what it meets, [`Estimate`] adds it up by the sections of the prompt.

use super::family::Family;
use super::prefix::Section;
use crate::archive::Archive;
use crate::json;
use crate::tokens::{Counter, GROUPS, Groups, Tokenizer};

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
    /// Whether there is something in it that may cost much more or less than `fixed` says: pages that cannot be
    /// counted, files that stand elsewhere, tools of the server's own, unread parts.
    pub has_unknown_parts: bool,
    /// Whether some of it is not in the request: files by their address, tools of the server's own, a stored
    /// conversation. Anthropic's endpoint refuses to count such a request
    /// (<https://platform.claude.com/docs/en/build-with-claude/token-counting>, read 2026-11-26).
    pub has_remote_parts: bool,
}

impl InputEstimate {
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        let tokenizer = archive.byte(self.tokenizer as u8);
        self.tokenizer = Tokenizer::ALL.get(usize::from(tokenizer)).copied().unwrap_or_default();
        self.is_exact = archive.flag(self.is_exact);
        for group in &mut self.text.0 {
            *group = archive.small(*group);
        }
        self.fixed = archive.small(self.fixed);
        self.characters = archive.small(self.characters);
        self.tools = archive.bits(self.tools);
        self.has_unknown_parts = archive.flag(self.has_unknown_parts);
        self.has_remote_parts = archive.flag(self.has_remote_parts);
    }

    /// Model tokens in all, rounded up; at most 2^32 − 1.
    pub fn tokens(&self) -> u64 {
        self.text.tokens().saturating_add(u64::from(self.fixed)).min(u64::from(u32::MAX))
    }
}

/// An estimate that grows as a body is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate<'w> {
    /// A counter that has counted nothing.
    blank: Counter<'w>,
    counter: Counter<'w>,
    /// What was counted before that of the section that is being read. Each is counted by itself, so that it makes no
    /// difference in which order they come.
    before: [u64; GROUPS],
    characters: u64,
    /// The section that is being read.
    section: Section,
    /// What the counter said, less what was dropped, when that section was begun.
    from: u64,
    /// What ended sections have, in 1/16.
    ended: [u64; Section::PROMPT],
    /// What was counted, and is not read by the model after all.
    dropped: [u64; GROUPS],
    /// Model tokens whose number no tokenizer decides.
    fixed: u64,
    is_unknown: bool,
    is_remote: bool,
}

/// A point in what was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted([u64; GROUPS]);

impl Counted {
    /// What was counted between `earlier` and here.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let mut difference = *self;
        for (later, earlier) in difference.0.iter_mut().zip(earlier.0) {
            *later = later.saturating_sub(earlier);
        }
        difference
    }

    /// Adds `other`.
    pub(super) fn add(&mut self, other: &Self) {
        add(&mut self.0, &other.0);
    }
}

impl<'w> Estimate<'w> {
    pub(super) const fn new(counter: Counter<'w>) -> Self {
        Self {
            blank: counter,
            counter,
            before: [0; GROUPS],
            characters: 0,
            section: Section::None,
            from: 0,
            ended: [0; Section::PROMPT],
            dropped: [0; GROUPS],
            fixed: 0,
            is_unknown: false,
            is_remote: false,
        }
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

    /// A text ends.
    pub(super) fn end_text(&mut self) {
        self.counter.end();
    }

    /// Model tokens that are not text.
    pub(super) fn add_fixed(&mut self, tokens: u32) {
        self.fixed = self.fixed.saturating_add(u64::from(tokens));
        // A section's prefix holds them too.
        if let Some(ended) = self.ended.get_mut(self.section as usize) {
            *ended = ended.saturating_add(u64::from(tokens) * 16);
        }
    }

    /// There is something that may cost anything.
    pub(super) const fn note_unknown(&mut self) {
        self.is_unknown = true;
    }

    /// There is something that is not in the body, and may cost anything.
    pub(super) const fn note_remote(&mut self) {
        self.is_unknown = true;
        self.is_remote = true;
    }

    /// What was counted so far.
    pub(super) fn counted(&self) -> Counted {
        let mut counted = Counted(self.before);
        add(&mut counted.0, &self.counter.groups().0.map(u64::from));
        counted
    }

    /// Takes back a part of what was counted.
    pub(super) fn drop(&mut self, part: &Counted) {
        add(&mut self.dropped, &part.0);
    }

    /// What follows belongs to `section`.
    pub(super) fn begin(&mut self, section: Section) {
        let here = self.here();
        if let Some(ended) = self.ended.get_mut(self.section as usize) {
            *ended = here;
        }
        self.section = section;
        self.before = self.counted().0;
        self.counter = self.blank;
        self.from = self.read();
    }

    /// What the section that is being read has so far, in 1/16.
    pub(super) fn here(&self) -> u64 {
        let ended = self.ended.get(self.section as usize).copied().unwrap_or_default();
        ended.saturating_add(self.read().saturating_sub(self.from))
    }

    /// What the sections have; nothing is being read any more.
    pub(super) fn sections(&mut self) -> [u64; Section::PROMPT] {
        self.begin(Section::None);
        self.ended
    }

    fn read(&self) -> u64 {
        let sum = |parts: &[u64]| parts.iter().fold(0_u64, |sum, part| sum.saturating_add(*part));
        sum(&self.counted().0).saturating_sub(sum(&self.dropped))
    }

    pub(super) fn finish(&self) -> InputEstimate {
        let mut text = Groups::default();
        for ((group, counted), dropped) in text.0.iter_mut().zip(self.counted().0).zip(self.dropped) {
            *group = clamp(counted.saturating_sub(dropped));
        }
        InputEstimate {
            tokenizer: self.counter.tokenizer(),
            is_exact: self.counter.is_exact(),
            text,
            fixed: clamp(self.fixed),
            characters: clamp(self.characters),
            tools: 0,
            has_unknown_parts: self.is_unknown,
            has_remote_parts: self.is_remote,
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
        fixed: clamp(tokens),
        characters: clamp(if tokens == 0 { 0 } else { length }),
        has_unknown_parts: true,
        ..InputEstimate::default()
    }
}

fn add(sums: &mut [u64; GROUPS], parts: &[u64; GROUPS]) {
    for (sum, part) in sums.iter_mut().zip(parts) {
        *sum = sum.saturating_add(*part);
    }
}

fn clamp(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// "A token is equivalent to about 4 characters for Gemini models", <https://ai.google.dev/gemini-api/docs/tokens>
/// (read 2026-11-23). A rule of thumb for English; other scripts and code have more tokens than it says.
pub(crate) const CHARACTERS_PER_TOKEN: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Weights;

    fn tokens(text: &str) -> u64 {
        let weights = Weights::new();
        let mut counter = weights.counter(Tokenizer::Unknown);
        counter.text(text.as_bytes());
        counter.end();
        counter.groups().tokens()
    }

    #[test]
    fn text_is_what_the_counter_says_and_the_rest_is_added() {
        let weights = Weights::new();
        let mut estimate = Estimate::new(weights.counter(Tokenizer::Unknown));
        assert_eq!(estimate.finish().tokens(), 0);
        estimate.add_text("日本語😀 and so on".as_bytes());
        estimate.end_text();
        assert_eq!(estimate.finish().tokens(), tokens("日本語😀 and so on"));
        assert_eq!(estimate.finish().characters, 14);
        estimate.add_fixed(100);
        assert_eq!(estimate.finish().tokens(), tokens("日本語😀 and so on") + 100);
    }

    #[test]
    fn sections_have_their_share_and_what_is_dropped_is_nobodys() {
        let weights = Weights::new();
        let mut estimate = Estimate::new(weights.counter(Tokenizer::Unknown));
        estimate.begin(Section::Messages);
        estimate.add_text(b"of the messages");
        estimate.begin(Section::Tools);
        estimate.add_text(b"of the tools");
        estimate.add_fixed(2);
        let before = estimate.counted();
        estimate.add_text(b"not read");
        estimate.drop(&estimate.counted().since(&before));
        estimate.begin(Section::Messages);
        estimate.add_text(b" again");
        let whole = estimate.finish();
        let sections = estimate.sections();
        assert_eq!(sections.iter().sum::<u64>().div_ceil(16), whole.tokens());
        assert_eq!(sections[Section::System as usize], 0);
        assert!(sections[Section::Messages as usize] > sections[Section::Tools as usize] - 32);
    }

    #[test]
    fn the_estimate_is_clamped() {
        let weights = Weights::new();
        let mut estimate = Estimate::new(weights.counter(Tokenizer::Unknown));
        estimate.add_fixed(u32::MAX);
        estimate.add_fixed(u32::MAX);
        estimate.add_text(b"x");
        assert_eq!(estimate.finish().tokens(), u64::from(u32::MAX));
        assert_eq!(of_unread(u64::MAX, Family::Messages).tokens(), u64::from(u32::MAX));
    }

    #[test]
    fn a_file_that_may_not_be_read_is_no_prompt() {
        assert_eq!(of_unread(1_000_000, Family::Files).tokens(), 0);
        let unread = of_unread(1_001, Family::Messages);
        assert_eq!((unread.tokens(), unread.characters, unread.has_unknown_parts), (251, 1_001, true));
    }
}
