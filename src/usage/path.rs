//! Where in a response body a value stands, as far as anybody wants to know.
//!
//! An array stands where its elements stand, so that a list of chunks reads like one chunk. Everything below a place
//! without a name of its own is [`Place::Elsewhere`]: what a model writes (tool inputs, texts that look like JSON)
//! can never be taken for usage.

use crate::names;

/// A place in a response body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// Nothing of interest, and nothing of interest below.
    Elsewhere,
    /// The body, or one event of a stream.
    Root,
    /// `type` of the root: `error` where an event is nothing but an error.
    RootType,
    /// `code` of the root, where `type` says that it is an error.
    RootCode,
    /// `message` of an Anthropic `message_start` event.
    Message,
    /// `response` of an event of OpenAI's Responses API, `interaction` of one of Gemini's Interactions API, `x_groq`.
    Response,
    /// `usage`, in the words of Anthropic, OpenAI or Bedrock.
    Usage,
    /// `prompt_tokens_details`, `input_tokens_details`.
    InputDetails,
    /// `usageMetadata`, in the words of Gemini.
    UsageMetadata,
    /// `amazon-bedrock-invocationMetrics`, at the end of the streams of InvokeModel, whatever the model.
    Metrics,
    /// A count.
    Count(Count),
    /// `error`, an object or a sentence.
    Error,
    /// `error.details`.
    ErrorDetails,
    /// A word or a number that classes the error.
    ErrorCode,
    /// `delta`: an object (Anthropic, Interactions API) or the text itself (Responses API).
    Delta,
    /// `choices`, elements of it (OpenAI).
    Choice,
    /// `delta` or `message` of a choice.
    ChoiceMessage,
    /// `tool_calls` of a choice.
    ToolCall,
    /// `function` or `custom` of a tool call, `audio` of a message.
    Function,
    /// What calls a tool with an object (Gemini, Converse), or runs code.
    ObjectCall,
    /// `candidates` (Gemini).
    Candidate,
    /// `content` of a candidate.
    CandidateContent,
    /// `output` (Responses API, Converse).
    Output,
    /// Text that the model wrote, or blocks of it.
    Content,
    /// Text that the model wrote.
    Text,
    /// An object that the model wrote, as the input of a tool: every string in it is text.
    Written,
}

/// A number of model tokens, named for what the provider includes in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Count {
    /// Tokens read; whether those from a cache are among them depends on the other counts.
    Input,
    /// Tokens of tool results that Gemini counts beside the prompt.
    ToolInput,
    /// Tokens written.
    Output,
    /// Tokens of thoughts that Gemini counts beside the answer.
    Thoughts,
    /// Tokens written to a cache, not among `Input`.
    CacheCreation,
    /// Tokens read from a cache, not among `Input`.
    CacheRead,
    /// Tokens read from a cache, also counted in `Input`.
    CachedInput,
    /// Tokens written to a cache, also counted in `Input`.
    WrittenInput,
    /// Input and output together.
    Total,
}

impl Place {
    /// The place of the member `name` of an object that stands here.
    ///
    /// Sources, read 2026-11-23: Anthropic `usage` and events, npm:@anthropic-ai/sdk@1.12.0 `src/resources/messages`;
    /// OpenAI chat and Responses, npm:openai@7.57.0 and
    /// <https://developers.openai.com/api/docs/guides/rate-limits>; Gemini `UsageMetadata`,
    /// <https://firebase.google.com/docs/reference/js/ai.usagemetadata>, and interactions,
    /// <https://ai.google.dev/gemini-api/docs/tokens> (that their input holds the cached part, as that of
    /// `UsageMetadata` does, is taken for granted, not documented); Bedrock `TokenUsage`,
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html>, whose input does not
    /// hold the cached part, <https://github.com/anomalyco/opencode/pull/38427>; DeepSeek,
    /// <https://docs.stigg.io/documentation/ai-agents/llm-wrappers/providers/deepseek>. Read 2026-11-26: what a model
    /// writes besides text, in the same versions of the two SDKs and in npm:@google/genai@3.1.0 `genai.d.ts`; Converse,
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>; the usage at the end of
    /// Groq's streams, <https://console.groq.com/docs/api-reference>. Read 2026-11-27: the streams of Bedrock,
    /// npm:@aws-sdk/client-bedrock-runtime@3.1164.0, and the metrics at the end of InvokeModel's,
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-invoke.html>.
    pub(super) fn member(self, name: &[u8]) -> Self {
        let members: &[(&str, Self)] = match self {
            Self::Root => &[
                ("usage", Self::Usage),
                ("usageMetadata", Self::UsageMetadata),
                ("amazon-bedrock-invocationMetrics", Self::Metrics),
                ("message", Self::Message),
                ("response", Self::Response),
                ("interaction", Self::Response),
                ("x_groq", Self::Response),
                ("type", Self::RootType),
                ("code", Self::RootCode),
                ("error", Self::Error),
                ("delta", Self::Delta),
                ("choices", Self::Choice),
                ("candidates", Self::Candidate),
                ("content", Self::Content),
                ("output", Self::Output),
            ],
            // What these two restate of the content was already seen in deltas.
            Self::Message | Self::Response => &[("usage", Self::Usage), ("error", Self::Error)],
            Self::Usage => &[
                ("input_tokens", Self::Count(Count::Input)),
                ("prompt_tokens", Self::Count(Count::Input)),
                ("inputTokens", Self::Count(Count::Input)),
                ("total_input_tokens", Self::Count(Count::Input)),
                ("output_tokens", Self::Count(Count::Output)),
                ("completion_tokens", Self::Count(Count::Output)),
                ("outputTokens", Self::Count(Count::Output)),
                ("total_output_tokens", Self::Count(Count::Output)),
                ("total_tool_use_tokens", Self::Count(Count::ToolInput)),
                ("total_thought_tokens", Self::Count(Count::Thoughts)),
                ("cache_creation_input_tokens", Self::Count(Count::CacheCreation)),
                ("cacheWriteInputTokens", Self::Count(Count::CacheCreation)),
                ("cache_read_input_tokens", Self::Count(Count::CacheRead)),
                ("cacheReadInputTokens", Self::Count(Count::CacheRead)),
                ("total_tokens", Self::Count(Count::Total)),
                ("totalTokens", Self::Count(Count::Total)),
                ("prompt_tokens_details", Self::InputDetails),
                ("input_tokens_details", Self::InputDetails),
                ("prompt_cache_hit_tokens", Self::Count(Count::CachedInput)),
                ("total_cached_tokens", Self::Count(Count::CachedInput)),
            ],
            Self::InputDetails => &[
                ("cached_tokens", Self::Count(Count::CachedInput)),
                ("cache_write_tokens", Self::Count(Count::WrittenInput)),
            ],
            Self::UsageMetadata => &[
                ("promptTokenCount", Self::Count(Count::Input)),
                ("toolUsePromptTokenCount", Self::Count(Count::ToolInput)),
                ("candidatesTokenCount", Self::Count(Count::Output)),
                ("thoughtsTokenCount", Self::Count(Count::Thoughts)),
                ("cachedContentTokenCount", Self::Count(Count::CachedInput)),
                ("totalTokenCount", Self::Count(Count::Total)),
            ],
            Self::Metrics => &[
                ("inputTokenCount", Self::Count(Count::Input)),
                ("outputTokenCount", Self::Count(Count::Output)),
                ("cacheWriteInputTokenCount", Self::Count(Count::CacheCreation)),
                ("cacheReadInputTokenCount", Self::Count(Count::CacheRead)),
            ],
            Self::Error => &[
                ("type", Self::ErrorCode),
                ("code", Self::ErrorCode),
                ("status", Self::ErrorCode),
                ("details", Self::ErrorDetails),
            ],
            Self::ErrorDetails => &[("error_code", Self::ErrorCode)],
            Self::Delta => &[
                ("text", Self::Text),
                ("thinking", Self::Text),
                ("partial_json", Self::Text),
                ("arguments", Self::Text),
                ("content", Self::Content),
                ("toolUse", Self::ObjectCall),
                ("reasoningContent", Self::Content),
            ],
            Self::Content => &[
                ("text", Self::Text),
                // Mistral's thoughts are a list of blocks.
                ("thinking", Self::Content),
                ("refusal", Self::Text),
                ("input", Self::Written),
                ("functionCall", Self::ObjectCall),
                ("executableCode", Self::ObjectCall),
                ("toolUse", Self::ObjectCall),
                ("reasoningContent", Self::ObjectCall),
            ],
            Self::ObjectCall => &[
                ("args", Self::Written),
                ("input", Self::Written),
                ("code", Self::Text),
                ("reasoningText", Self::Content),
            ],
            Self::Choice => &[("delta", Self::ChoiceMessage), ("message", Self::ChoiceMessage), ("text", Self::Text)],
            Self::ChoiceMessage => &[
                ("content", Self::Content),
                ("reasoning_content", Self::Text),
                ("reasoning", Self::Text),
                ("refusal", Self::Text),
                ("tool_calls", Self::ToolCall),
                ("function_call", Self::Function),
                ("audio", Self::Function),
            ],
            Self::ToolCall => &[("function", Self::Function), ("custom", Self::Function)],
            Self::Function => &[("arguments", Self::Text), ("input", Self::Text), ("transcript", Self::Text)],
            Self::Candidate => &[("content", Self::CandidateContent)],
            Self::CandidateContent => &[("parts", Self::Content)],
            Self::Output => &[
                ("content", Self::Content),
                ("summary", Self::Content),
                ("message", Self::Output),
                ("arguments", Self::Text),
                ("input", Self::Text),
                ("code", Self::Text),
            ],
            Self::Written => return Self::Written,
            Self::Elsewhere | Self::RootType | Self::RootCode | Self::Count(_) | Self::ErrorCode | Self::Text => &[],
        };
        names::find(members, name).unwrap_or(Self::Elsewhere)
    }

    /// Whether a string that stands here is text of the model.
    pub(super) fn holds_text(self) -> bool {
        matches!(self, Self::Text | Self::Content | Self::Delta | Self::Written)
    }

    /// Whether a string that stands here is a short word to be kept.
    pub(super) fn holds_word(self) -> bool {
        matches!(self, Self::RootType | Self::RootCode | Self::ErrorCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        path.split('.').fold(Place::Root, |place, name| place.member(name.as_bytes()))
    }

    #[test]
    fn usage_stands_only_where_servers_write_it() {
        for path in ["usage", "message.usage", "response.usage"] {
            assert_eq!(place(path), Place::Usage, "{path}");
        }
        for path in [
            "content.usage",
            "delta.usage",
            "choices.usage",
            "choices.message.usage",
            "output.content.usage",
            "output.usage",
            "message.content.usage",
            "response.output.usage",
            "usage.usage",
            "error.usage",
        ] {
            assert_eq!(place(path), Place::Elsewhere, "{path}");
        }
    }

    #[test]
    fn nothing_comes_back_from_elsewhere_nor_out_of_what_the_model_wrote() {
        assert_eq!(place("content.input"), Place::Written);
        for name in ["usage", "usageMetadata", "error", "delta", "text", "input_tokens"] {
            assert_eq!(Place::Elsewhere.member(name.as_bytes()), Place::Elsewhere);
            assert_eq!(Place::Written.member(name.as_bytes()), Place::Written);
        }
    }
}
