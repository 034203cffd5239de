//! What a finished request really used, read from its response body as it passes.
//!
//! A [`UsageReader`] is fed the body in the pieces in which it arrives and remembers a few integers: no byte of the
//! body is kept, nothing is allocated as it passes, and the time is linear in the bytes.
//!
//! ```
//! use tidegate::usage::{Format, UsageReader};
//!
//! let format = Format::of(Some(b"application/json; charset=utf-8")).unwrap();
//! let mut reader = UsageReader::new(format);
//! reader.feed(br#"{"content":[{"type":"text","text":"Hello"}],"usage":{"input_tok"#);
//! reader.feed(br#"ens":12,"output_tokens":3}}"#);
//! assert_eq!(reader.usage().input_tokens, Some(12));
//! assert_eq!(reader.usage().output_tokens, Some(3));
//! assert_eq!(reader.usage().output_characters, 5);
//! ```

mod aws;
mod path;
mod plain;
mod refusal;
mod sse;
mod tally;
mod wrapped;

use alloc::boxed::Box;

use crate::headers::Kind;
use crate::json::Lexer;

pub(crate) use refusal::{more_telling, of_word as class_of_word};
use tally::Tally;
use wrapped::Payload;

/// What a response said that the request used. Counts are in model tokens, at most 2^32 − 1; `None` is what the
/// response did not say.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// Tokens read, without those that came from a cache or went into one.
    ///
    /// Anthropic and Bedrock count so. OpenAI and Gemini count cached tokens among the input: here they are taken
    /// out, so that the three input counts add up to the whole prompt for every provider.
    pub input_tokens: Option<u64>,
    /// Tokens written, thoughts included.
    pub output_tokens: Option<u64>,
    /// Tokens read and written to a cache.
    pub cache_creation_input_tokens: Option<u64>,
    /// Tokens read from a cache.
    pub cache_read_input_tokens: Option<u64>,
    /// The server's own sum.
    pub total_tokens: Option<u64>,
    /// Characters (Unicode scalar values) of text, thoughts, refusals and tool inputs that have passed. For answers
    /// that are cut before they say their usage.
    pub output_characters: u64,
    /// The class of an error that came inside a success.
    pub error: Option<Kind>,
}

/// How a response body is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// One JSON text.
    Json,
    /// Server-sent events with JSON data.
    Sse,
    /// Event streams of AWS, whose messages are JSON or carry it in base64.
    Aws,
}

impl Format {
    /// The format that a `content-type` names, or `None` if there is nothing to be read.
    ///
    /// ```
    /// use tidegate::usage::Format;
    /// assert_eq!(Format::of(Some(b"text/event-stream; charset=utf-8")), Some(Format::Sse));
    /// assert_eq!(Format::of(Some(b"application/vnd.api+json")), Some(Format::Json));
    /// assert_eq!(Format::of(Some(b"application/vnd.amazon.eventstream")), Some(Format::Aws));
    /// assert_eq!(Format::of(Some(b"application/octet-stream")), None);
    /// assert_eq!(Format::of(None), None);
    /// ```
    pub fn of(content_type: Option<&[u8]>) -> Option<Self> {
        let essence = content_type?.split(|&byte| byte == b';').next()?.trim_ascii();
        let suffix = essence.len().checked_sub(JSON_SUFFIX.len()).and_then(|start| essence.get(start..));
        if essence.eq_ignore_ascii_case(b"text/event-stream") {
            Some(Self::Sse)
        } else if essence.eq_ignore_ascii_case(b"application/json")
            || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(JSON_SUFFIX))
        {
            Some(Self::Json)
        } else if essence.eq_ignore_ascii_case(b"application/vnd.amazon.eventstream") {
            Some(Self::Aws)
        } else {
            None
        }
    }
}

/// Reads usage from a response body that passes.
///
/// [`feed`](Self::feed) takes the body in pieces of any size; what they add up to does not depend on where they are
/// cut. [`usage`](Self::usage) may be asked at any time. A body that is not what its format says is read as far as it
/// is, and never panics.
#[derive(Clone, Debug)]
pub struct UsageReader {
    framing: Framing,
    lexer: Lexer,
    tally: Tally,
}

impl UsageReader {
    /// A reader for a body in `format`.
    pub fn new(format: Format) -> Self {
        let framing = match format {
            Format::Json => Framing::Json,
            Format::Sse => Framing::Sse(sse::Framer::new()),
            Format::Aws => Framing::Aws(Box::new((aws::Framer::new(), Payload::new()))),
        };
        Self { framing, lexer: Lexer::new(), tally: Tally::new() }
    }

    /// Reads the next piece of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self { framing, lexer, tally } = self;
        match framing {
            Framing::Json => {
                lexer.feed(bytes, tally);
            }
            Framing::Aws(parts) => {
                let (framer, payload) = &mut **parts;
                framer.feed(bytes, |part| match part {
                    aws::Part::Error(kind) => tally.note_error(kind),
                    aws::Part::Payload(part) => payload.feed(part, tally),
                    aws::Part::End => payload.begin(tally),
                });
            }
            Framing::Sse(framer) => framer.feed(bytes, |part| match part {
                // `[DONE]`, the last event of OpenAI's streams, reads as an array of one word without meaning.
                sse::Part::Data(data) => {
                    lexer.feed(data, tally);
                }
                sse::Part::End { error } => {
                    if error {
                        tally.note_error(None);
                    }
                    *lexer = Lexer::new();
                    tally.begin_text();
                }
            }),
        }
    }

    /// What was read so far.
    pub fn usage(&self) -> Usage {
        self.tally.usage()
    }
}

#[derive(Clone, Debug)]
enum Framing {
    Json,
    Sse(sse::Framer),
    /// In a box, as it is large and most bodies are not of AWS.
    Aws(Box<(aws::Framer, Payload)>),
}

/// RFC 6839 §3.1.
const JSON_SUFFIX: &[u8] = b"+json";

#[cfg(test)]
mod tests;
