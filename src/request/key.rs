//! Members of request bodies that decide something.
//!
//! Sources, read 2026-11-23: npm:@anthropic-ai/sdk@1.12.0 and npm:openai@7.57.0; <https://ai.google.dev/api>;
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.

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
        match name {
            b"anthropic_version" => Self::AnthropicVersion,
            b"bytes" => Self::Bytes,
            b"generationConfig" | b"generation_config" | b"inferenceConfig" => Self::Config,
            b"data" => Self::Data,
            b"document" => Self::Document,
            b"file_data" | b"fileData" => Self::FileData,
            b"file_id" | b"file_uri" | b"fileUri" => Self::FileId,
            b"image_url" => Self::ImageUrl,
            b"inlineData" | b"inline_data" | b"input_audio" => Self::InlineData,
            b"max_tokens" | b"max_completion_tokens" | b"max_output_tokens" | b"maxOutputTokens" | b"maxTokens" => {
                Self::MaxTokens
            }
            b"media_type" | b"mimeType" | b"mime_type" => Self::MediaType,
            b"model" => Self::Model,
            b"signature" | b"encrypted_content" | b"thoughtSignature" | b"thought_signature" => Self::Seal,
            b"source" => Self::Source,
            b"speed" => Self::Speed,
            b"stream" => Self::Stream,
            b"tools" | b"functions" | b"toolConfig" => Self::Tools,
            b"type" => Self::Type,
            b"url" => Self::Url,
            _ => Self::Other,
        }
    }
}
