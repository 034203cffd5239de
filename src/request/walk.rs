//! What a request's body says, found in one pass.

use super::estimate::{Attachment, Estimate, InputEstimate, Prefixes};
use super::key::Key;
use crate::json::{DEPTH_CAP, Lexer, Plain, Role, Sink};
use crate::tokens::Counter;

/// What a body says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said<'a> {
    /// The top-level `model`, as written. `None` too if it is written with escapes, as no known client writes one.
    pub(super) model: Option<&'a [u8]>,
    /// The most that the model may write.
    pub(super) max_tokens: Option<u64>,
    pub(super) stream: bool,
    /// Whether `speed` is `fast`.
    pub(super) fast: bool,
    /// Whether there is an `anthropic_version`, as Claude's API has it where the path names the model.
    pub(super) anthropic_version: bool,
    pub(super) input: InputEstimate,
    pub(super) prefixes: Prefixes,
    /// Tells apart requests whose answers have other lengths.
    pub(super) kind: u16,
}

/// Reads `body`, or `None` if it does not even begin like a JSON object or array.
pub(super) fn read<'a>(body: &'a [u8], counter: Counter<'_>) -> Option<Said<'a>> {
    let start = body.strip_prefix(BOM).unwrap_or(body).trim_ascii_start();
    if !matches!(start.first(), Some(b'{' | b'[')) {
        return None;
    }
    let mut walk = Walk::new(counter);
    let unread = Lexer::new().feed(start, &mut walk);
    // What is not JSON may still be charged by a server that reads it more leniently.
    walk.estimate.add_text(unread);
    Some(Said { input: walk.estimate.finish(), ..walk.said })
}

struct Walk<'a, 'w> {
    said: Said<'a>,
    estimate: Estimate<'w>,
    /// The member that each open object or array is the value of, outermost first.
    keys: [Key; DEPTH_CAP as usize],
    depth: usize,
    /// The member whose value comes next.
    key: Key,
    /// The depth of the tool definitions that are being read; 0 if none are.
    tools: usize,
    /// The depth of the last block that called itself a document.
    document: usize,
    source: Source<'w>,
    /// The parts of the model's name that have come; the name holds once its string ends.
    model: ModelName<'a>,
}

impl<'w> Walk<'_, 'w> {
    fn new(counter: Counter<'w>) -> Self {
        Self {
            said: Said::default(),
            estimate: Estimate::new(counter),
            keys: [Key::Other; DEPTH_CAP as usize],
            depth: 0,
            key: Key::Other,
            tools: 0,
            document: 0,
            source: Source::NONE,
            model: ModelName::Empty,
        }
    }

    /// The member that the innermost open object is the value of.
    fn parent(&self) -> Key {
        self.depth.checked_sub(1).and_then(|index| self.keys.get(index)).copied().unwrap_or(Key::Other)
    }

    fn in_source(&self) -> bool {
        self.source.depth != 0 && self.source.depth == self.depth
    }

    /// What becomes of the string that stands here.
    fn use_of_text(&self) -> Use {
        if self.tools != 0 {
            return Use::Count;
        }
        match (self.key, self.parent()) {
            (Key::Model | Key::Speed, _) if self.depth == 1 => Use::Keep,
            (Key::Data, _) if self.in_source() => match self.source.kind {
                SourceKind::Text => Use::Count,
                SourceKind::Encoded => Use::Skip,
                SourceKind::Unknown => Use::CountForNow,
            },
            (Key::Url, _) if self.in_source() && self.source.kind == SourceKind::Encoded => Use::Skip,
            (Key::Bytes | Key::Seal, _) => Use::Skip,
            (Key::ImageUrl, _) | (Key::Url, Key::ImageUrl) => Use::Attach(Attachment::Image),
            (Key::FileData, _) => Use::Attach(Attachment::Document),
            _ => Use::Count,
        }
    }

    /// Words that decide what the strings beside them are.
    fn note_word(&mut self, word: &[u8]) {
        match (self.key, word) {
            (Key::Speed, word) if self.depth == 1 => self.said.fast = word == b"fast",
            (Key::Type, b"text" | b"content") if self.in_source() => self.source.kind = SourceKind::Text,
            (Key::Type, b"base64" | b"url" | b"file") if self.in_source() => self.source.kind = SourceKind::Encoded,
            (Key::Type, b"document") => self.document = self.depth,
            (Key::MediaType, word) if self.in_source() && word.starts_with(b"application/pdf") => {
                self.source.attachment = Attachment::Document;
            }
            _ => {}
        }
    }

    fn begin_source(&mut self, kind: SourceKind) {
        let in_document = self.parent_block_is_document();
        self.source = Source {
            depth: self.depth,
            kind,
            attachment: if in_document { Attachment::Document } else { Attachment::Image },
            before_data: None,
            is_filled: false,
        };
    }

    /// A source is a member of the block one level above, which said before it what it is.
    fn parent_block_is_document(&self) -> bool {
        let block = self.depth.saturating_sub(1);
        let named = block.checked_sub(1).and_then(|index| self.keys.get(index)) == Some(&Key::Document);
        named || (self.document != 0 && self.document == block)
    }

    fn end_source(&mut self) {
        let source = core::mem::replace(&mut self.source, Source::NONE);
        if source.kind != SourceKind::Encoded || !source.is_filled {
            return;
        }
        // It was no text after all.
        self.estimate = source.before_data.unwrap_or(self.estimate);
        self.estimate.add_attachment(source.attachment);
    }
}

impl<'a> Sink<'a> for Walk<'a, '_> {
    fn open(&mut self) {
        if let Some(slot) = self.keys.get_mut(self.depth) {
            *slot = self.key;
        }
        self.depth = self.depth.saturating_add(1);
        match (self.key, self.depth) {
            (Key::Tools, 2) => self.tools = self.depth,
            (Key::Source, _) if self.tools == 0 => self.begin_source(SourceKind::Unknown),
            (Key::InlineData | Key::FileData, _) if self.tools == 0 => self.begin_source(SourceKind::Encoded),
            _ => {}
        }
        if self.tools != 0 {
            self.estimate.add_structure(1);
        }
        // Elements of an array have no name.
        self.key = Key::Other;
    }

    fn close(&mut self) {
        if self.tools != 0 {
            self.estimate.add_structure(1);
        }
        if self.in_source() {
            self.end_source();
        }
        if self.tools == self.depth {
            self.tools = 0;
        }
        if self.document == self.depth {
            self.document = 0;
        }
        self.depth = self.depth.saturating_sub(1);
        self.key = Key::Other;
    }

    fn comma(&mut self) {
        if self.tools != 0 {
            self.estimate.add_structure(1);
        }
    }

    fn key(&mut self, name: &[u8]) {
        if self.tools != 0 {
            // Two quotes and a colon; the name itself was told as text.
            self.estimate.add_structure(3);
        }
        self.key = Key::of(name);
        if self.in_source() {
            if self.key == Key::Bytes {
                self.source.kind = SourceKind::Encoded;
            }
            self.source.is_filled |= matches!(self.key, Key::Bytes | Key::Data | Key::FileId | Key::Url);
        }
        self.said.anthropic_version |= self.key == Key::AnthropicVersion && self.depth == 1;
    }

    fn text(&mut self, role: Role, part: &'a [u8]) {
        if role == Role::Key {
            if self.tools != 0 {
                self.estimate.add_text(part);
            }
            return;
        }
        match self.use_of_text() {
            Use::Count => {
                self.estimate.add_text(part);
                self.note_word(part);
            }
            Use::CountForNow => {
                self.source.before_data.get_or_insert(self.estimate);
                self.estimate.add_text(part);
            }
            Use::Keep if self.key == Key::Model => {
                self.model = if self.model == ModelName::Empty { ModelName::Whole(part) } else { ModelName::Escaped };
            }
            Use::Keep => self.note_word(part),
            Use::Skip | Use::Attach(_) => {}
        }
    }

    fn scalar(&mut self, role: Role, scalar: char) {
        if role == Role::Key {
            if self.tools != 0 {
                self.estimate.add_scalar(scalar);
            }
            return;
        }
        match self.use_of_text() {
            Use::Count => self.estimate.add_scalar(scalar),
            Use::CountForNow => {
                self.source.before_data.get_or_insert(self.estimate);
                self.estimate.add_scalar(scalar);
            }
            Use::Keep if self.key == Key::Model => self.model = ModelName::Escaped,
            Use::Keep | Use::Skip | Use::Attach(_) => {}
        }
    }

    fn end_text(&mut self) {
        match self.use_of_text() {
            Use::Attach(attachment) => self.estimate.add_attachment(attachment),
            Use::Keep if self.key == Key::Model => {
                self.said.model = match core::mem::replace(&mut self.model, ModelName::Empty) {
                    ModelName::Whole(name) => Some(name),
                    ModelName::Empty | ModelName::Escaped => None,
                };
            }
            Use::Count | Use::CountForNow if self.tools == 0 => self.estimate.end_text(),
            Use::Count | Use::CountForNow | Use::Keep | Use::Skip => {}
        }
        if self.tools != 0 {
            self.estimate.add_structure(2);
        }
    }

    fn plain(&mut self, value: Plain, length: u32) {
        if self.tools != 0 {
            self.estimate.add_structure(u64::from(length));
            return;
        }
        match (self.key, value) {
            (Key::Stream, _) if self.depth == 1 => self.said.stream = value == Plain::True,
            (Key::MaxTokens, Plain::Integer(most))
                if self.depth == 1 || (self.depth == 2 && self.parent() == Key::Config) =>
            {
                // Where several are given, the largest is what may be charged.
                self.said.max_tokens = self.said.max_tokens.max(Some(most.min(u64::from(u32::MAX))));
            }
            _ => {}
        }
    }
}

/// A name that can be borrowed from the body only if it stands there as it is.
#[derive(Clone, Copy, PartialEq)]
enum ModelName<'a> {
    Empty,
    Whole(&'a [u8]),
    Escaped,
}

/// What becomes of a string.
enum Use {
    /// The model reads it.
    Count,
    /// The model reads it, unless it turns out to be encoded.
    CountForNow,
    /// It says something about the request.
    Keep,
    /// It is not for the model to read as text.
    Skip,
    /// It is a file, or the address of one.
    Attach(Attachment),
}

/// An object that holds a file, or stands for one.
struct Source<'w> {
    /// The depth of its members; 0 if there is none.
    depth: usize,
    kind: SourceKind,
    attachment: Attachment,
    /// The estimate before its data, if those came before it was known what they are.
    before_data: Option<Estimate<'w>>,
    /// Whether it has a member that holds or names a file.
    is_filled: bool,
}

impl Source<'_> {
    const NONE: Self =
        Self { depth: 0, kind: SourceKind::Text, attachment: Attachment::Image, before_data: None, is_filled: false };
}

#[derive(Clone, Copy, PartialEq)]
enum SourceKind {
    /// Nothing says so far what it holds: text, unless it turns out otherwise.
    Unknown,
    /// Plain text, or blocks.
    Text,
    /// Base64, an address or an identifier.
    Encoded,
}

const BOM: &[u8] = "\u{FEFF}".as_bytes();

#[cfg(test)]
mod tests;
