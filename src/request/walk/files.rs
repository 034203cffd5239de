//! Files in a body: pictures, documents, recordings.

use super::super::attachment::{Context, File, Finding};
use super::super::estimate::Estimate;
use super::super::place::Place;
use super::super::vision::Detail;
use super::{Block, Walk};

/// An object that holds a file, or stands for one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'w> {
    /// The depth of its members; 0 if there is none.
    pub(super) depth: usize,
    kind: SourceKind,
    context: Option<Context>,
    file: File,
    finding: Option<Finding>,
    /// The estimate before its data, if those were counted before it was known what they are.
    before_data: Option<Estimate<'w>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum SourceKind {
    /// Nothing says so far what it holds: text, unless it turns out otherwise.
    Unknown,
    /// Plain text, or blocks.
    Text,
    /// Base64, an address or an identifier.
    Encoded,
}

/// A file whose price depends on what may still stand beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    /// The depth of the members of the block that it belongs to; 0 if there is none.
    pub(super) depth: usize,
    finding: Finding,
    context: Option<Context>,
}

impl Pending {
    pub(super) const NONE: Self = Self { depth: 0, finding: Finding::Elsewhere, context: None };
}

impl Source<'_> {
    pub(super) const NONE: Self = Self {
        depth: 0,
        kind: SourceKind::Unknown,
        context: None,
        file: File::encoded(),
        finding: None,
        before_data: None,
    };

    /// Whether its data are text, as far as is known.
    pub(super) fn is_counted(&self) -> bool {
        match self.kind {
            SourceKind::Text => true,
            SourceKind::Encoded => false,
            SourceKind::Unknown => !self.file.is_recognised(),
        }
    }

    /// A type, or a media type.
    pub(super) fn note_word(&mut self, word: &[u8]) {
        let (kind, context) = match word {
            b"text" | b"content" => (SourceKind::Text, None),
            b"base64" | b"url" | b"file" => (SourceKind::Encoded, None),
            _ if word.starts_with(b"text/") => (SourceKind::Text, Some(Context::Document)),
            _ if word.starts_with(b"image/") => (SourceKind::Encoded, Some(Context::Picture)),
            _ if word.starts_with(b"audio/") || word.starts_with(b"video/") => {
                (SourceKind::Encoded, Some(Context::Recording))
            }
            _ if word.starts_with(b"application/") => (SourceKind::Encoded, Some(Context::Document)),
            _ => return,
        };
        // Gemini's data are encoded whatever they are.
        if self.kind != SourceKind::Encoded || kind == SourceKind::Encoded {
            self.kind = kind;
        }
        self.context = context.or(self.context);
    }
}

impl Walk<'_, '_, '_> {
    /// An object begins at `place` that may hold a file.
    pub(super) fn begin_source(&mut self, place: Place) {
        let (kind, context) = match place {
            Place::Source => (SourceKind::Unknown, None),
            Place::Audio => (SourceKind::Encoded, Some(Context::Recording)),
            Place::ImageUrl => (SourceKind::Encoded, Some(Context::Picture)),
            _ => (SourceKind::Encoded, None),
        };
        self.source = Source { depth: self.depth, kind, context, ..Source::NONE };
    }

    /// What is known of it once it has ended.
    pub(super) fn end_source(&mut self) {
        let source = core::mem::replace(&mut self.source, Source::NONE);
        let Some(finding) = source.finding else { return };
        let is_text = source.kind == SourceKind::Text
            || (source.kind == SourceKind::Unknown && finding != Finding::Elsewhere && !source.file.is_recognised());
        if is_text {
            return;
        }
        if let Some(before_data) = source.before_data {
            // It was no text after all.
            self.estimate = before_data;
        }
        self.attach(self.depth, finding, source.context);
    }

    /// A string begins that may be a file.
    pub(super) fn begin_file(&mut self, place: Place) {
        self.source.file = match place {
            Place::ImageUrl => File::url(),
            Place::FileData => File::maybe_named(),
            _ => File::encoded(),
        };
        if place == Place::Data && self.source.kind == SourceKind::Unknown {
            self.source.before_data = Some(self.estimate);
        }
    }

    pub(super) fn read_file(&mut self, part: &[u8]) {
        // Text may be long, and its beginning never is what a file's is.
        if self.next != Place::Data || self.source.kind != SourceKind::Text {
            self.source.file.push(part);
        }
    }

    pub(super) fn end_file(&mut self) {
        let finding = self.source.file.finding();
        if self.is_in_source() {
            self.source.finding = Some(finding);
            if self.next == Place::FileData {
                self.source.kind = SourceKind::Encoded;
            }
            return;
        }
        let context = (self.next == Place::ImageUrl).then_some(Context::Picture);
        let context = context.or((self.next == Place::FileData).then_some(Context::Document));
        self.attach(self.depth, finding, context);
    }

    /// A member of the object whose members stand at `depth` names a file that stands elsewhere.
    pub(super) fn note_address(&mut self, depth: usize) {
        if self.source.depth != 0 && self.source.depth == depth {
            self.source.finding = Some(Finding::Elsewhere);
        } else {
            self.attach(depth, Finding::Elsewhere, None);
        }
    }

    fn is_in_source(&self) -> bool {
        self.source.depth != 0 && self.source.depth == self.depth
    }

    /// The block whose members stand at `depth` has a file.
    fn attach(&mut self, depth: usize, finding: Finding, context: Option<Context>) {
        self.settle_pending();
        self.pending = Pending { depth, finding, context };
    }

    /// Nothing more will be said of the file that waits.
    pub(super) fn settle_pending(&mut self) {
        let Pending { depth, finding, context } = core::mem::replace(&mut self.pending, Pending::NONE);
        if depth == 0 {
            return;
        }
        let context = match (context, self.frame(depth).kind) {
            (None | Some(Context::Picture), Block::Document) => Context::Document,
            (None, Block::Recording) => Context::Recording,
            (context, _) => context.unwrap_or_default(),
        };
        let detail = core::mem::replace(&mut self.detail, Detail::High);
        let price = finding.price(context, self.model, detail);
        self.estimate.add_fixed(price.tokens);
        if finding == Finding::Elsewhere {
            self.estimate.note_remote();
        }
        if price.is_unknown {
            self.estimate.note_unknown();
        }
        self.recorder.note_picture();
    }
}
