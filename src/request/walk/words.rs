//! Words and numbers that say what the request is, or what stands beside them.

use super::super::kind::Thinking;
use super::super::overhead;
use super::super::place::Place;
use super::super::vision::Detail;
use super::{Block, Point, Walk};
use crate::json::Plain;
use crate::names;

impl Walk<'_, '_, '_> {
    /// A word that stands at `place`.
    pub(super) fn note_word(&mut self, place: Place, word: &[u8]) {
        match place {
            Place::Type => match names::find(BLOCKS, word) {
                Some(block) => self.note_block(block),
                // Thoughts that nobody but the server can read.
                None if word == b"redacted_thinking" => self.estimate.note_unknown(),
                None => {}
            },
            Place::Role if word == b"user" => self.note_block(Block::User),
            Place::Speed => self.said.fast = word == b"fast",
            Place::Effort => {
                let thinking = Thinking::of_word(word).unwrap_or_default();
                self.said.kind.thinking = self.said.kind.thinking.max(thinking);
            }
            Place::FormType => self.said.kind.is_structured |= word.starts_with(b"json"),
            Place::Ttl if word == b"1h" => self.mark_point(Point::Long),
            Place::ToolType => self.note_tool(word),
            Place::ToolChoice => self.note_choice(word),
            Place::Detail if word == b"low" => self.detail = Detail::Low,
            Place::SourceType => self.source.note_word(word),
            _ => {}
        }
    }

    /// A number or another value without quotes that stands at `place`.
    pub(super) fn note_value(&mut self, place: Place, value: Plain) {
        match (place, value) {
            (Place::Stream, _) => self.said.kind.is_stream = value == Plain::True,
            (Place::MaxTokens, Plain::Integer(most)) => {
                // Where several are given, the largest is what may be charged.
                self.said.max_tokens = self.said.max_tokens.max(Some(most.min(u64::from(u32::MAX))));
            }
            (Place::Copies, Plain::Integer(copies)) => self.copies = self.copies.max(copies),
            (Place::Budget, Plain::Integer(tokens)) => {
                self.said.kind.thinking = self.said.kind.thinking.max(Thinking::of_budget(tokens));
            }
            // Gemini writes −1 for as much as the model likes.
            (Place::Budget, Plain::Other) => self.said.kind.thinking = Thinking::Free,
            (Place::Deferred, Plain::True) => self.note_block(Block::Unread),
            _ => {}
        }
    }

    /// The object that is being read is a `block`.
    pub(super) fn note_block(&mut self, block: Block) {
        if let Some(frame) = self.frame_mut(self.depth) {
            frame.kind = block;
        }
    }

    /// A word or a name of what is said of the choice of tools.
    pub(super) fn note_choice(&mut self, word: &[u8]) {
        self.tally.is_forced |= FORCING.contains(&word);
    }

    /// The type of a tool.
    fn note_tool(&mut self, word: &[u8]) {
        if OWN_TOOLS.contains(&word) {
            return;
        }
        match overhead::predefined(word) {
            Some(tokens) => self.tally.predefined = self.tally.predefined.saturating_add(tokens),
            None => self.estimate.note_remote(),
        }
        self.note_block(Block::Unread);
    }

    /// The object around the one that is being read is the end of what is to be kept.
    pub(super) fn mark_point(&mut self, point: Point) {
        match self.depth.saturating_sub(1) {
            1 => self.recorder.set_automatic(point == Point::Long),
            around => {
                if let Some(frame) = self.frame_mut(around) {
                    frame.point = point;
                }
            }
        }
    }
}

/// Types of blocks that say what stands beside them.
const BLOCKS: &[(&str, Block)] = &[
    ("document", Block::Document),
    ("file", Block::Document),
    ("input_file", Block::Document),
    ("input_audio", Block::Recording),
    ("audio", Block::Recording),
    ("video", Block::Recording),
    ("video_url", Block::Recording),
    ("tool_result", Block::ToolResult),
];

/// Words that make a model use a tool: values and names of `tool_choice` (Anthropic: `any`, `tool`; OpenAI: `required`,
/// `function`, `custom`, and the older `{"name": …}`), of `toolChoice` (Bedrock), and of `functionCallingConfig`
/// (Gemini: `ANY`).
const FORCING: &[&[u8]] = &[b"any", b"tool", b"required", b"function", b"custom", b"name", b"ANY", b"REQUIRED"];

/// Types of tools that the caller describes.
const OWN_TOOLS: &[&[u8]] = &[b"custom", b"function"];
