//! What a request's body says, found in one pass.
#![allow(clippy::wildcard_enum_match_arm, reason = "most places mean nothing to most questions")]

mod files;
mod words;

use super::estimate::{Counted, Estimate, InputEstimate};
use super::kind::Kind;
use super::model::{Class, Maker, Model, Row};
use super::overhead::Tally;
use super::place::Place;
use super::prefix::{Prefixes, Recorder, Section, Weights};
use super::vision::Detail;
use crate::json::{DEPTH_CAP, Lexer, Plain, Role, Sink};
use crate::tokens::Counter;
use files::{Pending, Source};

/// What a body says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said<'a> {
    /// The top-level `model`, as written. `None` too if it is written with escapes, as no known client writes one.
    pub(super) model: Option<&'a [u8]>,
    /// The most that the model may write, all answers together.
    pub(super) max_tokens: Option<u64>,
    /// Whether `speed` is `fast`.
    pub(super) fast: bool,
    /// Whether there is an `anthropic_version`, as Claude's API has it where the path names the model.
    pub(super) anthropic_version: bool,
    pub(super) input: InputEstimate,
    pub(super) prefixes: Prefixes,
    pub(super) kind: Kind,
}

/// Reads `body`, which is for `model` and whose text `counter` counts, or `None` if it does not even begin like a JSON
/// object or array. Messages have frames only where `is_chat` says that a model answers.
pub(super) fn read<'a>(body: &'a [u8], counter: Counter<'_>, model: &Model<'_>, is_chat: bool) -> Option<Said<'a>> {
    let start = body.strip_prefix(BOM).unwrap_or(body).trim_ascii_start();
    if !matches!(start.first(), Some(b'{' | b'[')) {
        return None;
    }
    let mut walk = Walk::new(counter, model);
    let unread = Lexer::new().feed(start, &mut walk);
    // What is not JSON may still be charged by a server that reads it more leniently.
    walk.estimate.add_text(unread);
    Some(walk.finish(is_chat))
}

struct Walk<'a, 'm, 'w> {
    model: &'m Model<'m>,
    said: Said<'a>,
    estimate: Estimate<'w>,
    recorder: Recorder,
    tally: Tally,
    /// Answers that are asked for.
    copies: u64,
    /// The objects and arrays that are open, outermost first.
    frames: [Frame; DEPTH_CAP as usize],
    depth: usize,
    /// Where the value stands that comes next.
    next: Place,
    /// Whether the name that is being read has begun as text.
    key_begun: bool,
    source: Source<'w>,
    pending: Pending,
    detail: Detail,
    /// What was counted before the tool that is being read.
    tool_from: Counted,
    /// What was counted before the thought that is being read, and of thoughts since the user last said something.
    thought_from: Counted,
    thoughts: Counted,
    /// Whether thoughts from before that are not read again.
    forgets: bool,
    /// Whether the message that is being read has more than results of tools, and is one text.
    has_own_words: bool,
    is_one_text: bool,
    /// The parts of the model's name that have come; the name holds once its string ends.
    name: ModelName<'a>,
}

/// An open object or array.
#[derive(Clone, Copy, Debug)]
struct Frame {
    place: Place,
    kind: Block,
    is_object: bool,
    /// Whether a member was counted with its name.
    has_members: bool,
    /// Whether a prompt is to be kept up to its end.
    point: Point,
}

/// Whether a prompt is to be kept up to somewhere, and how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Point {
    None,
    Short,
    Long,
}

/// What an object says that it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Block {
    Other,
    Document,
    Recording,
    /// What the user did not say: the result of a tool.
    ToolResult,
    /// Nothing but a mark that a prompt is to be kept up to here.
    Mark,
    /// A message of the user.
    User,
    /// A tool whose definition the model does not read, or reads elsewhere.
    Unread,
}

impl<'a, 'm, 'w> Walk<'a, 'm, 'w> {
    fn new(counter: Counter<'w>, model: &'m Model<'m>) -> Self {
        Self {
            model,
            said: Said::default(),
            estimate: Estimate::new(counter),
            recorder: Recorder::new(),
            tally: Tally::default(),
            copies: 1,
            frames: [Frame::NONE; DEPTH_CAP as usize],
            depth: 0,
            next: Place::Root,
            key_begun: false,
            source: Source::NONE,
            pending: Pending::NONE,
            detail: Detail::High,
            tool_from: Counted::default(),
            thought_from: Counted::default(),
            thoughts: Counted::default(),
            forgets: model.maker == Maker::Anthropic && model.find(REMEMBERS) != Some(true),
            has_own_words: false,
            is_one_text: false,
            name: ModelName::Empty,
        }
    }

    fn finish(mut self, is_chat: bool) -> Said<'a> {
        self.settle_pending();
        self.estimate.end_text();
        let overhead = if is_chat { self.tally.overhead(self.model) } else { Default::default() };
        if overhead.is_unknown {
            self.estimate.note_unknown();
        }
        let sections = self.estimate.sections();
        self.estimate.add_fixed(overhead.tools);
        self.estimate.add_fixed(overhead.messages);
        self.recorder.end();
        let mut said = self.said;
        said.input = self.estimate.finish();
        if self.tally.has_tools {
            said.input.tools = self.recorder.tools();
        }
        let weights = Weights { sections, before_tools: overhead.tools };
        said.prefixes = self.recorder.finish(self.model, &weights);
        said.kind.has_tools = self.tally.has_tools;
        said.kind.is_forced = self.tally.is_forced;
        said.kind.max_tokens = said.max_tokens;
        said.max_tokens = said.max_tokens.map(|most| most.saturating_mul(self.copies.max(1)).min(u64::from(u32::MAX)));
        said
    }

    /// The innermost open object or array.
    fn top(&self) -> Frame {
        self.frame(self.depth)
    }

    /// The object or array that was opened as the `depth`th, or the innermost that is remembered.
    fn frame(&self, depth: usize) -> Frame {
        let index = depth.min(DEPTH_CAP as usize).checked_sub(1);
        index.and_then(|index| self.frames.get(index)).copied().unwrap_or(Frame::NONE)
    }

    fn frame_mut(&mut self, depth: usize) -> Option<&mut Frame> {
        depth.checked_sub(1).and_then(|index| self.frames.get_mut(index))
    }

    /// Whether the model reads names and punctuation of what stands at `place`.
    fn is_shown_raw(&self, place: Place) -> bool {
        matches!(place, Place::Raw | Place::FormSchema) || (place.is_of_tool() && self.model.maker != Maker::OpenAi)
    }

    /// Whether the model reads a string that stands at `place`.
    fn is_text(&self, place: Place) -> bool {
        match place {
            Place::Content
            | Place::System
            | Place::Messages
            | Place::Document
            | Place::ToolResult
            | Place::Source
            | Place::Output
            | Place::Form
            | Place::Thoughts
            | Place::ToolName
            | Place::ToolText
            | Place::SchemaText => true,
            Place::Data => self.source.is_counted(),
            _ => self.is_shown_raw(place),
        }
    }

    /// Whether the value that comes next stands in JSON that is shown as such.
    fn is_inside_raw(&self) -> bool {
        self.is_shown_raw(self.next) && self.is_frame_shown(self.depth)
    }

    /// Whether the model reads the brackets of what was opened as the `depth`th.
    fn is_frame_shown(&self, depth: usize) -> bool {
        let frame = self.frame(depth);
        // Tools are shown one by one.
        let is_list_of_tools = frame.place == Place::Tools && !frame.is_object;
        self.is_shown_raw(frame.place) && !is_list_of_tools
    }

    /// A name that is shown begins.
    fn begin_shown_name(&mut self) {
        let had_members =
            self.frame_mut(self.depth).is_some_and(|frame| core::mem::replace(&mut frame.has_members, true));
        self.estimate.add_text(if had_members { b",\"" } else { b"\"" });
    }

    /// Part of a name, where names are the caller's own.
    fn read_free_name(&mut self, place: Place) -> bool {
        if !place.has_free_names() {
            return false;
        }
        let shown = self.is_shown_raw(place);
        if shown && !self.key_begun {
            self.begin_shown_name();
        }
        self.key_begun = true;
        shown || place == Place::Properties
    }

    /// A member of the body begins, and the one before it ends.
    fn begin_member(&mut self, place: Place, name: &[u8]) {
        let section = match place {
            Place::Tools | Place::ToolConfig => Section::Tools,
            Place::System => Section::System,
            Place::Messages | Place::Content => Section::Messages,
            Place::Speed | Place::Form => Section::SystemSetting,
            Place::ToolChoice | Place::Thinking | Place::Effort | Place::Output => Section::MessageSetting,
            _ => Section::None,
        };
        self.recorder.begin(section, name, place == Place::ToolChoice);
        self.estimate.begin(section);
        // A system prompt is a message like others but to Claude and Gemini.
        if place == Place::System && matches!(self.model.maker, Maker::OpenAi | Maker::Unknown) {
            self.tally.messages = self.tally.messages.saturating_add(1);
        }
    }

    /// An object ended that was opened as the `depth`th.
    fn end_object(&mut self, frame: Frame, depth: usize) {
        if frame.kind == Block::Unread {
            let unread = self.estimate.counted().since(&self.tool_from);
            self.estimate.drop(&unread);
        }
        let here = self.estimate.here();
        if frame.kind == Block::Mark {
            self.recorder.forget_block();
        }
        if frame.point != Point::None {
            self.recorder.set_point(here, frame.point == Point::Long);
        }
        if frame.kind == Block::Mark {
            return;
        }
        let list = self.frame(depth - 1);
        if list.is_object {
            return;
        }
        match (frame.place, list.place) {
            (Place::Tools, Place::Tools) => self.recorder.end_block(here),
            (Place::System | Place::Content, Place::System) => self.recorder.end_block(here),
            (Place::Messages, Place::Messages) => {
                if self.is_one_text {
                    self.recorder.end_block(here);
                }
                if frame.kind == Block::User && self.has_own_words {
                    let thoughts = core::mem::take(&mut self.thoughts);
                    if self.forgets {
                        self.estimate.drop(&thoughts);
                    }
                }
            }
            (Place::Content, Place::Content) if self.frame(depth - 2).place == Place::Messages => {
                self.has_own_words |= frame.kind != Block::ToolResult;
                self.recorder.end_block(here);
            }
            _ => {}
        }
    }
}

impl<'a> Sink<'a> for Walk<'a, '_, '_> {
    fn open(&mut self, bracket: u8) {
        let is_object = bracket == b'{';
        let place = match self.next {
            // A list of requests is none.
            Place::Root if !is_object => Place::Content,
            next if next.is_word() => Place::Nowhere,
            next => next,
        };
        self.next = place;
        let list = self.top();
        let in_list = !list.is_object && list.place == place;
        self.depth = self.depth.saturating_add(1);
        if let Some(frame) = self.frame_mut(self.depth) {
            *frame = Frame { place, is_object, ..Frame::NONE };
        }
        match place {
            Place::CacheControl => {
                if is_object {
                    self.mark_point(Point::Short);
                }
                return;
            }
            Place::Hidden if is_object => self.estimate.note_remote(),
            Place::Address if is_object => self.note_address(self.depth - 1),
            Place::Tools if is_object && in_list => {
                self.tally.has_tools = true;
                self.tool_from = self.estimate.counted();
            }
            Place::Messages if is_object && in_list => {
                self.tally.messages = self.tally.messages.saturating_add(1);
                self.has_own_words = false;
                self.is_one_text = false;
            }
            Place::Document if is_object => self.note_block(Block::Document),
            Place::FormSchema => self.said.kind.is_structured = true,
            Place::Source | Place::FileData | Place::ImageUrl | Place::Audio if is_object => self.begin_source(place),
            _ => {}
        }
        if is_object && !list.is_object {
            self.recorder.begin_block();
        }
        self.recorder.push(&[bracket]);
        if self.is_frame_shown(self.depth) {
            self.estimate.add_scalar(char::from(bracket));
        }
    }

    fn close(&mut self, bracket: u8) {
        let frame = self.top();
        let is_shown = self.is_frame_shown(self.depth);
        if is_shown {
            self.estimate.add_scalar(char::from(bracket));
        }
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        if self.source.depth == depth {
            self.end_source();
        }
        if self.pending.depth == depth {
            self.settle_pending();
        }
        self.next = self.top().place;
        if is_shown && !self.is_frame_shown(self.depth) {
            self.estimate.end_text();
        }
        // The end of the body belongs to none of its members.
        if frame.place != Place::CacheControl && depth > 1 {
            self.recorder.push(&[bracket]);
        }
        if frame.is_object && depth > 1 {
            self.end_object(frame, depth);
        }
    }

    fn comma(&mut self) {
        // Nobody remembers what is an object there.
        if self.depth > DEPTH_CAP as usize {
            return;
        }
        let list = self.top();
        if !list.is_object && self.is_frame_shown(self.depth) {
            self.estimate.add_scalar(',');
        }
        self.next = if list.is_object { Place::Nowhere } else { list.place };
    }

    fn key(&mut self, name: &[u8]) {
        let object = self.top().place;
        let place = object.member(name);
        if self.depth == 1 {
            self.begin_member(place, name);
        }
        let was_begun = core::mem::take(&mut self.key_begun);
        if object.has_free_names() {
            if self.is_shown_raw(object) {
                if !was_begun {
                    self.begin_shown_name();
                }
                self.estimate.add_text(b"\":");
            } else if object == Place::Properties {
                self.estimate.end_text();
            }
            if object == Place::Properties {
                self.tally.properties = self.tally.properties.saturating_add(1);
            }
        } else if !matches!(place, Place::CacheControl | Place::Ttl) {
            self.recorder.push(name);
            if self.is_shown_raw(object) && self.is_shown_raw(place) {
                self.begin_shown_name();
                self.estimate.add_text(name);
                self.estimate.add_text(b"\":");
            }
        }
        match place {
            Place::AnthropicVersion => self.said.anthropic_version = true,
            Place::ToolName => self.tally.tools = self.tally.tools.saturating_add(1),
            Place::ToolResult => self.note_block(Block::ToolResult),
            Place::CacheControl if name == b"cachePoint" => self.note_block(Block::Mark),
            Place::ToolChoice if object == Place::ToolChoice => self.note_choice(name),
            _ => {}
        }
        self.next = place;
    }

    fn begin_text(&mut self) {
        match self.next {
            Place::Data | Place::FileData | Place::ImageUrl => self.begin_file(self.next),
            Place::Address => self.note_address(self.depth),
            Place::Hidden => self.estimate.note_remote(),
            Place::Seal => self.estimate.note_unknown(),
            Place::Thoughts => self.thought_from = self.estimate.counted(),
            _ if self.is_inside_raw() => self.estimate.add_scalar('"'),
            _ => {}
        }
    }

    fn text(&mut self, role: Role, part: &'a [u8]) {
        if role == Role::Key {
            let object = self.top().place;
            if object.has_free_names() {
                self.recorder.push(part);
            }
            if self.read_free_name(object) {
                self.estimate.add_text(part);
            }
            return;
        }
        match self.next {
            Place::CacheControl | Place::Ttl => {}
            _ => self.recorder.push(part),
        }
        match self.next {
            Place::Model => {
                self.name = if self.name == ModelName::Empty { ModelName::Whole(part) } else { ModelName::Escaped };
            }
            Place::Data | Place::FileData | Place::ImageUrl => self.read_file(part),
            place => self.note_word(place, part),
        }
        if self.is_text(self.next) {
            self.estimate.add_text(part);
        }
    }

    fn scalar(&mut self, role: Role, scalar: char) {
        let mut bytes = [0; 4];
        let part = scalar.encode_utf8(&mut bytes).as_bytes();
        if role == Role::Key {
            let object = self.top().place;
            if object.has_free_names() {
                self.recorder.push(part);
            }
            if self.read_free_name(object) {
                self.estimate.add_scalar(scalar);
            }
            return;
        }
        match self.next {
            Place::CacheControl | Place::Ttl => {}
            _ => self.recorder.push(part),
        }
        match self.next {
            Place::Model => self.name = ModelName::Escaped,
            Place::Data | Place::FileData | Place::ImageUrl => self.read_file(part),
            _ => {}
        }
        if self.is_text(self.next) {
            self.estimate.add_scalar(scalar);
        }
    }

    fn end_text(&mut self) {
        let place = self.next;
        if self.is_inside_raw() {
            self.estimate.add_scalar('"');
        } else if self.is_text(place) {
            self.estimate.end_text();
        }
        match place {
            Place::Model => {
                self.said.model = match core::mem::replace(&mut self.name, ModelName::Empty) {
                    ModelName::Whole(name) => Some(name),
                    ModelName::Empty | ModelName::Escaped => None,
                };
            }
            Place::Data | Place::FileData | Place::ImageUrl => self.end_file(),
            Place::Thoughts => {
                let thought = self.estimate.counted().since(&self.thought_from);
                self.thoughts.add(&thought);
            }
            Place::Messages if self.depth == 1 => self.tally.messages = self.tally.messages.saturating_add(1),
            Place::Content if self.top().place == Place::Messages => {
                self.has_own_words = true;
                self.is_one_text = true;
            }
            Place::System if self.depth == 1 => {
                let here = self.estimate.here();
                self.recorder.end_block(here);
            }
            _ => {}
        }
    }

    fn raw(&mut self, part: &'a [u8]) {
        if self.next != Place::CacheControl {
            self.recorder.push(part);
        }
        if self.is_shown_raw(self.next) {
            self.estimate.add_text(part);
        }
    }

    fn plain(&mut self, value: Plain) {
        self.note_value(self.next, value);
    }
}

impl Frame {
    const NONE: Self =
        Self { place: Place::Nowhere, kind: Block::Other, is_object: false, has_members: false, point: Point::None };
}

/// A name that can be borrowed from the body only if it stands there as it is.
#[derive(Clone, Copy, PartialEq)]
enum ModelName<'a> {
    Empty,
    Whole(&'a [u8]),
    Escaped,
}

/// Whether a Claude is shown what it thought before the user last spoke. Others are not, and are not charged for it:
/// <https://platform.claude.com/docs/en/build-with-claude/prompt-caching> on thinking blocks, read 2026-11-26.
const REMEMBERS: &[Row<bool>] = &[
    Row { class: Some(Class::Haiku), from: 0, value: false },
    Row { class: Some(Class::Opus), from: 45, value: true },
    Row { class: None, from: 46, value: true },
];

const BOM: &[u8] = "\u{FEFF}".as_bytes();

#[cfg(test)]
mod tests;
