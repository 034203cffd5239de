//! Members of request bodies that decide something.
//!
//! Sources, read 2026-11-23: npm:@anthropic-ai/sdk@1.12.0 and npm:openai@7.57.0; <https://ai.google.dev/api>;
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.

use crate::names;

/// A member that decides something, whatever dialect it is written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Key {
    AnthropicVersion,
    Bytes,
    /// `generationConfig` (Gemini), `inferenceConfig` (Bedrock): where they keep the most that may be written.
    Config,
    Data,
    Document,
    /// A file as a data URL (OpenAI), or an object that points to one (Gemini).
    FileData,
    /// What a stored file is called.
    FileId,
    ImageUrl,
    InlineData,
    MaxTokens,
    MediaType,
    Model,
    /// Signatures and encrypted content: opaque to everybody but the server.
    Seal,
    Source,
    Speed,
    Stream,
    /// Definitions of tools, which the model reads as text, names and punctuation included.
    Tools,
    Type,
    Url,
    Other,
}

impl Key {
    /// The member called `name`.
    pub(super) fn of(name: &[u8]) -> Self {
        names::find(NAMES, name).unwrap_or(Self::Other)
    }
}

const NAMES: &[(&str, Key)] = &[
    ("anthropic_version", Key::AnthropicVersion),
    ("bytes", Key::Bytes),
    ("generationConfig", Key::Config),
    ("generation_config", Key::Config),
    ("inferenceConfig", Key::Config),
    ("data", Key::Data),
    ("document", Key::Document),
    ("file_data", Key::FileData),
    ("fileData", Key::FileData),
    ("file_id", Key::FileId),
    ("file_uri", Key::FileId),
    ("fileUri", Key::FileId),
    ("image_url", Key::ImageUrl),
    ("inlineData", Key::InlineData),
    ("inline_data", Key::InlineData),
    ("input_audio", Key::InlineData),
    ("max_tokens", Key::MaxTokens),
    ("max_completion_tokens", Key::MaxTokens),
    ("max_output_tokens", Key::MaxTokens),
    ("maxOutputTokens", Key::MaxTokens),
    ("maxTokens", Key::MaxTokens),
    ("media_type", Key::MediaType),
    ("mimeType", Key::MediaType),
    ("mime_type", Key::MediaType),
    ("model", Key::Model),
    ("signature", Key::Seal),
    ("encrypted_content", Key::Seal),
    ("thoughtSignature", Key::Seal),
    ("thought_signature", Key::Seal),
    ("source", Key::Source),
    ("speed", Key::Speed),
    ("stream", Key::Stream),
    ("tools", Key::Tools),
    ("functions", Key::Tools),
    ("toolConfig", Key::Tools),
    ("type", Key::Type),
    ("url", Key::Url),
];
