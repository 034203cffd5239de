//! Where in a response body a value stands, as far as anybody wants to know.
//!
//! An array stands where its elements stand, so that a list of chunks reads like one chunk. Everything below a place
//! without a name of its own is [`Place::Elsewhere`]: what a model writes (tool inputs, texts that look like JSON)
//! can never be taken for usage.

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
    /// `response` of an event of OpenAI's Responses API, `interaction` of one of Gemini's Interactions API.
    Response,
    /// `usage`, in the words of Anthropic, OpenAI or Bedrock.
    Usage,
    /// `prompt_tokens_details`, `input_tokens_details`.
    InputDetails,
    /// `usageMetadata`, in the words of Gemini.
    UsageMetadata,
    /// A count.
    Count(Count),
    /// `error`, an object or a sentence.
    Error,
    /// `error.details`.
    ErrorDetails,
    /// A word or a number that classes the error.
    ErrorCode,
    /// `delta`: an object (Anthropic) or the text itself (Responses API).
    Delta,
    /// `choices`, elements of it (OpenAI).
    Choice,
    /// `delta` or `message` of a choice.
    ChoiceMessage,
    /// `tool_calls` of a choice.
    ToolCall,
    /// `function` of a tool call.
    Function,
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
    /// <https://docs.stigg.io/documentation/ai-agents/llm-wrappers/providers/deepseek>.
    pub(super) fn member(self, name: &[u8]) -> Self {
        match self {
            Self::Root => match name {
                b"usage" => Self::Usage,
                b"usageMetadata" => Self::UsageMetadata,
                b"message" => Self::Message,
                b"response" | b"interaction" => Self::Response,
                b"type" => Self::RootType,
                b"code" => Self::RootCode,
                b"error" => Self::Error,
                b"delta" => Self::Delta,
                b"choices" => Self::Choice,
                b"candidates" => Self::Candidate,
                b"content" => Self::Content,
                b"output" => Self::Output,
                _ => Self::Elsewhere,
            },
            // What these two restate of the content was already seen in deltas.
            Self::Message | Self::Response => match name {
                b"usage" => Self::Usage,
                b"error" => Self::Error,
                _ => Self::Elsewhere,
            },
            Self::Usage => match name {
                b"input_tokens" | b"prompt_tokens" | b"inputTokens" | b"total_input_tokens" => {
                    Self::Count(Count::Input)
                }
                b"output_tokens" | b"completion_tokens" | b"outputTokens" | b"total_output_tokens" => {
                    Self::Count(Count::Output)
                }
                b"total_tool_use_tokens" => Self::Count(Count::ToolInput),
                b"total_thought_tokens" => Self::Count(Count::Thoughts),
                b"cache_creation_input_tokens" | b"cacheWriteInputTokens" => Self::Count(Count::CacheCreation),
                b"cache_read_input_tokens" | b"cacheReadInputTokens" => Self::Count(Count::CacheRead),
                b"total_tokens" | b"totalTokens" => Self::Count(Count::Total),
                b"prompt_tokens_details" | b"input_tokens_details" => Self::InputDetails,
                b"prompt_cache_hit_tokens" | b"total_cached_tokens" => Self::Count(Count::CachedInput),
                _ => Self::Elsewhere,
            },
            Self::InputDetails => match name {
                b"cached_tokens" => Self::Count(Count::CachedInput),
                _ => Self::Elsewhere,
            },
            Self::UsageMetadata => match name {
                b"promptTokenCount" => Self::Count(Count::Input),
                b"toolUsePromptTokenCount" => Self::Count(Count::ToolInput),
                b"candidatesTokenCount" => Self::Count(Count::Output),
                b"thoughtsTokenCount" => Self::Count(Count::Thoughts),
                b"cachedContentTokenCount" => Self::Count(Count::CachedInput),
                b"totalTokenCount" => Self::Count(Count::Total),
                _ => Self::Elsewhere,
            },
            Self::Error => match name {
                b"type" | b"code" | b"status" => Self::ErrorCode,
                b"details" => Self::ErrorDetails,
                _ => Self::Elsewhere,
            },
            Self::ErrorDetails => match name {
                b"error_code" => Self::ErrorCode,
                _ => Self::Elsewhere,
            },
            Self::Delta | Self::Content => match name {
                b"text" | b"thinking" | b"partial_json" => Self::Text,
                _ => Self::Elsewhere,
            },
            Self::Choice => match name {
                b"delta" | b"message" => Self::ChoiceMessage,
                b"text" => Self::Text,
                _ => Self::Elsewhere,
            },
            Self::ChoiceMessage => match name {
                b"content" => Self::Content,
                b"reasoning_content" | b"reasoning" | b"refusal" => Self::Text,
                b"tool_calls" => Self::ToolCall,
                _ => Self::Elsewhere,
            },
            Self::ToolCall => match name {
                b"function" => Self::Function,
                _ => Self::Elsewhere,
            },
            Self::Function => match name {
                b"arguments" => Self::Text,
                _ => Self::Elsewhere,
            },
            Self::Candidate => match name {
                b"content" => Self::CandidateContent,
                _ => Self::Elsewhere,
            },
            Self::CandidateContent => match name {
                b"parts" => Self::Content,
                _ => Self::Elsewhere,
            },
            Self::Output => match name {
                b"content" => Self::Content,
                b"message" => Self::Output,
                b"arguments" => Self::Text,
                _ => Self::Elsewhere,
            },
            Self::Elsewhere | Self::RootType | Self::RootCode | Self::Count(_) | Self::ErrorCode | Self::Text => {
                Self::Elsewhere
            }
        }
    }

    /// Whether a string that stands here is text of the model.
    pub(super) fn holds_text(self) -> bool {
        matches!(self, Self::Text | Self::Content | Self::Delta)
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
            "content.input.usage",
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
    fn nothing_comes_back_from_elsewhere() {
        for name in ["usage", "usageMetadata", "error", "delta", "text", "input_tokens"] {
            assert_eq!(Place::Elsewhere.member(name.as_bytes()), Place::Elsewhere);
        }
    }
}
