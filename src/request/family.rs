//! Which part of an API a request addresses.

/// A part of an API that servers count apart from the others.
///
/// The words are Anthropic's where Anthropic has one; other providers' endpoints are filed under the family that does
/// the same. Source: facts about what identifies a limit, <https://platform.claude.com/docs/en/api/rate-limits> and
/// <https://developers.openai.com/api/docs/guides/rate-limits> (read 2026-11-23).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Family {
    /// A model is asked to write: messages, chat completions, completions, responses, `generateContent`, `rawPredict`,
    /// `invoke`, `converse`.
    Messages,
    /// A prompt is counted and nothing is written.
    CountTokens,
    /// Work that may take a day is handed in, polled or fetched.
    Batches,
    /// Models are listed.
    Models,
    /// Texts are turned into vectors, or classed.
    Embeddings,
    /// Files are stored or fetched.
    Files,
    /// Images are made.
    Images,
    /// Speech is made or read.
    Audio,
    /// Anything else.
    #[default]
    Other,
}

impl Family {
    /// The name in scopes, snapshots and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::CountTokens => "count_tokens",
            Self::Batches => "batches",
            Self::Models => "models",
            Self::Embeddings => "embeddings",
            Self::Files => "files",
            Self::Images => "images",
            Self::Audio => "audio",
            Self::Other => "other",
        }
    }
}
