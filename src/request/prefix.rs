//! Up to where a prompt may be read from a cache the next time.
//!
//! A server builds a prompt from tools, system and messages, in that order, whatever the order in the body; each
//! invalidates those behind it (<https://platform.claude.com/docs/en/build-with-claude/prompt-caching>, read
//! 2026-11-26). So each part is hashed by itself as it passes, and the parts are put together at the end.

use super::hash::{self, Hash};
use super::model::{Class, Model, Row};

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
    earlier: [Prefix; LOOKBACK],
    earlier_length: u8,
}

impl Prefixes {
    /// The points, shortest first.
    pub fn as_slice(&self) -> &[Prefix] {
        self.points.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// Adds a point where it belongs.
    fn insert(&mut self, mut point: Prefix) {
        let Some(slots) = self.points.get_mut(..=usize::from(self.length)) else { return };
        self.length += 1;
        let last = slots.len() - 1;
        for (index, slot) in slots.iter_mut().enumerate() {
            if index == last || point.tokens < slot.tokens {
                core::mem::swap(slot, &mut point);
            }
        }
    }

    /// Ends of blocks before the last point, shortest first: the server also reads what an earlier request had kept up
    /// to one of these, as the one before it in a conversation did. They are not kept by this request, and say nothing
    /// of how long they are.
    pub fn earlier(&self) -> &[Prefix] {
        self.earlier.get(..usize::from(self.earlier_length)).unwrap_or_default()
    }
}

/// Claude's API takes four (<https://platform.claude.com/docs/en/build-with-claude/prompt-caching>, read 2026-11-23).
pub const MOST_PREFIXES: usize = 4;

/// The blocks before a point that are searched for what was kept; the same page.
const LOOKBACK: usize = 20;

/// A part of a request, by what a change of it invalidates.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Section {
    Tools,
    System,
    #[default]
    Messages,
    /// What counts as part of the system prompt: `speed`, the form of the output.
    SystemSetting,
    /// What counts as part of the messages: `tool_choice`, thinking, effort.
    MessageSetting,
    /// What makes no difference.
    None,
}

impl Section {
    pub(super) const PROMPT: usize = 3;
    const ALL: usize = 5;
}

/// A place in a prompt.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    section: Section,
    /// The hash of its section up to there.
    hash: u64,
    /// Model tokens of its section up to there, in 1/16.
    sixteenths: u64,
}

/// Hashes a request as it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorder {
    section: Section,
    hash: Hash,
    /// What has ended. The order of members with one meaning does not matter.
    ended: [u64; Section::ALL],
    points: [(Mark, bool); MOST_PREFIXES],
    length: usize,
    /// The last ends of blocks, as a ring.
    blocks: [Mark; LOOKBACK],
    block: usize,
    /// Those before the last point.
    earlier: [Mark; LOOKBACK],
    earlier_from: usize,
    /// The last end of a block in each section of the prompt.
    last: [Option<Mark>; Section::PROMPT],
    /// Whether a point is to be set at the last block, and for long.
    automatic: Option<bool>,
    has_pictures: bool,
    /// The hash of what is said of the choice of tools, and whether that is being read.
    choice: u64,
    is_choice: bool,
    /// The hash before the block that is being read.
    before_block: Hash,
}

/// What a prompt has in model tokens, and in its sections in 1/16.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weights {
    pub(super) sections: [u64; Section::PROMPT],
    /// What stands before tools without being text.
    pub(super) before_tools: u32,
}

impl Recorder {
    pub(super) const fn new() -> Self {
        // All zeroes; the lengths say what holds.
        const NOWHERE: Mark = Mark { section: Section::Tools, hash: 0, sixteenths: 0 };
        Self {
            section: Section::None,
            hash: Hash::NEW,
            ended: [0; Section::ALL],
            points: [(NOWHERE, false); MOST_PREFIXES],
            length: 0,
            blocks: [NOWHERE; LOOKBACK],
            block: 0,
            earlier: [NOWHERE; LOOKBACK],
            earlier_from: 0,
            last: [None; Section::PROMPT],
            automatic: None,
            has_pictures: false,
            choice: 0,
            is_choice: false,
            before_block: Hash::NEW,
        }
    }

    /// A member of the body begins.
    pub(super) fn begin(&mut self, section: Section, name: &[u8], is_choice: bool) {
        self.end();
        self.section = section;
        self.is_choice = is_choice;
        self.hash = Hash::NEW;
        // What a member of the prompt itself is called is the dialect's matter.
        if matches!(section, Section::SystemSetting | Section::MessageSetting) {
            self.hash.push(name);
        }
    }

    /// The member ends.
    pub(super) fn end(&mut self) {
        if core::mem::take(&mut self.is_choice) {
            self.choice ^= self.hash.value();
        }
        if let Some(ended) = self.ended.get_mut(self.section as usize) {
            *ended ^= self.hash.value();
        }
        self.section = Section::None;
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.section != Section::None {
            self.hash.push(bytes);
        }
    }

    /// A block begins.
    pub(super) const fn begin_block(&mut self) {
        self.before_block = self.hash;
    }

    /// The block that was begun last is nothing but a mark, which makes no other prompt.
    pub(super) const fn forget_block(&mut self) {
        self.hash = self.before_block;
    }

    pub(super) const fn note_picture(&mut self) {
        self.has_pictures = true;
    }

    pub(super) const fn set_automatic(&mut self, is_long_lived: bool) {
        self.automatic = Some(is_long_lived);
    }

    /// A block ends, at so many 1/16 tokens of its section.
    pub(super) fn end_block(&mut self, sixteenths: u64) {
        let mark = self.mark(sixteenths);
        if let Some(last) = self.last.get_mut(self.section as usize) {
            *last = Some(mark);
        }
        if self.section == Section::Messages
            && let Some(slot) = self.blocks.get_mut(self.block % LOOKBACK)
        {
            *slot = mark;
            self.block += 1;
        }
    }

    /// A point stands here, at the end of a block.
    pub(super) fn set_point(&mut self, sixteenths: u64, is_long_lived: bool) {
        let point = self.mark(sixteenths);
        self.keep_blocks();
        self.add(point, is_long_lived);
    }

    fn add(&mut self, point: Mark, is_long_lived: bool) {
        // The API refuses more than there is room for.
        if let Some(slot) = self.points.get_mut(self.length) {
            *slot = (point, is_long_lived);
            self.length += 1;
        }
    }

    fn mark(&self, sixteenths: u64) -> Mark {
        Mark { section: self.section, hash: self.hash.value(), sixteenths }
    }

    fn keep_blocks(&mut self) {
        if self.section == Section::Messages || self.section == Section::None {
            self.earlier = self.blocks;
            self.earlier_from = self.block;
        }
    }

    /// The hash of all tools and of the choice among them; not 0.
    pub(super) fn tools(&self) -> u64 {
        let tools = self.ended.get(Section::Tools as usize).copied().unwrap_or_default();
        hash::join(tools, self.choice).max(1)
    }

    pub(super) fn finish(mut self, model: &Model<'_>, weights: &Weights) -> Prefixes {
        self.end();
        if let Some(is_long_lived) = self.automatic
            && let Some(last) = self.last.iter().rev().flatten().next().copied()
        {
            self.keep_blocks();
            self.add(last, is_long_lived);
        }
        let mut prefixes = Prefixes::default();
        if self.length == 0 {
            return prefixes;
        }
        let levels = Levels::of(&self, model, weights);
        let least = model.find(LEAST).unwrap_or(DEFAULT_LEAST);
        for (mark, is_long_lived) in self.points.iter().take(self.length) {
            let prefix = Prefix { is_long_lived: *is_long_lived, ..levels.prefix(mark) };
            if prefix.tokens >= least {
                prefixes.insert(prefix);
            }
        }
        let from = self.earlier_from.saturating_sub(LOOKBACK);
        for index in from..self.earlier_from {
            let Some(mark) = self.earlier.get(index % LOOKBACK) else { break };
            let prefix = levels.prefix(mark);
            let is_point = prefixes.as_slice().iter().any(|point| point.hash == prefix.hash);
            let Some(slot) = prefixes.earlier.get_mut(usize::from(prefixes.earlier_length)) else { break };
            if prefix.tokens >= least && !is_point {
                *slot = prefix;
                prefixes.earlier_length += 1;
            }
        }
        prefixes
    }
}

/// What stands before each section.
struct Levels {
    hashes: [u64; Section::PROMPT],
    sixteenths: [u64; Section::PROMPT],
}

impl Levels {
    fn of(recorder: &Recorder, model: &Model<'_>, weights: &Weights) -> Self {
        let [tools, system, _, system_settings, message_settings] = recorder.ended;
        let mut hash = Hash::NEW;
        hash.push(model.name.as_bytes());
        let before_tools = hash.value();
        let before_system = hash::join(hash::join(before_tools, tools), system_settings);
        let settings = message_settings ^ u64::from(recorder.has_pictures);
        let before_messages = hash::join(hash::join(before_system, system), settings);
        let [tool_tokens, system_tokens, _] = weights.sections;
        let tools_at = u64::from(weights.before_tools) * 16;
        let system_at = tools_at.saturating_add(tool_tokens);
        let messages_at = system_at.saturating_add(system_tokens);
        Self { hashes: [before_tools, before_system, before_messages], sixteenths: [tools_at, system_at, messages_at] }
    }

    fn prefix(&self, mark: &Mark) -> Prefix {
        let before = |values: &[u64; Section::PROMPT]| values.get(mark.section as usize).copied().unwrap_or_default();
        let sixteenths = before(&self.sixteenths).saturating_add(mark.sixteenths);
        Prefix {
            hash: hash::join(before(&self.hashes), mark.hash),
            tokens: u32::try_from(sixteenths.div_ceil(16)).unwrap_or(u32::MAX),
            is_long_lived: false,
        }
    }
}

/// Shorter prompts are not kept; the page above, read 2026-11-26 in copies up to Opus 5.5 and Fable 5.1. Of models that
/// are not on it their next of kin's.
const LEAST: &[Row<u32>] = &[
    Row { class: Some(Class::Opus), from: 50, value: 512 },
    Row { class: Some(Class::Opus), from: 48, value: 1_024 },
    Row { class: Some(Class::Opus), from: 47, value: 2_048 },
    Row { class: Some(Class::Opus), from: 45, value: 4_096 },
    Row { class: Some(Class::Other), from: 50, value: 512 },
    Row { class: Some(Class::Haiku), from: 40, value: 4_096 },
    Row { class: Some(Class::Haiku), from: 0, value: 2_048 },
];
const DEFAULT_LEAST: u32 = 1_024;

#[cfg(test)]
mod tests;
