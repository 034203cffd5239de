//! Where in a request's body a value stands, as far as that decides what it is.
//!
//! An array stands where its elements stand. What has no name here is text for the model, so that a member nobody has
//! heard of is counted rather than missed; what is known not to be read by the model is [`Place::Nowhere`].
//!
//! Sources, read 2026-11-26: npm:@anthropic-ai/sdk@1.12.0 and npm:openai@6.49.0 (`src/resources`);
//! <https://ai.google.dev/api/generate-content>;
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>;
//! <https://docs.cohere.com/reference/chat>. That citations are not charged when they are handed back:
//! <https://platform.claude.com/docs/en/build-with-claude/citations>.

use crate::names;

/// A place in a request's body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// What no model reads, and nothing below. The first, so that frames begin as zeroes.
    Nowhere,
    /// The body.
    Root,
    /// What stands on the server, so that nobody here knows how much it is.
    Hidden,

    AnthropicVersion,
    Copies,
    MaxTokens,
    Model,
    Speed,
    Stream,
    /// `generationConfig` (Gemini), `inferenceConfig` (Bedrock).
    Config,
    /// Whether and which tool must be used.
    ToolChoice,
    /// How much the model is to think, and the words and numbers that say it.
    Thinking,
    Effort,
    Budget,
    /// `output_config` (Anthropic), `text` (Responses API).
    Output,
    /// What form the output must have.
    Form,
    FormType,
    FormSchema,

    /// Where a prompt is to be kept, and for how long.
    CacheControl,
    Ttl,

    /// Definitions of tools.
    Tools,
    /// `toolConfig` (Bedrock, Gemini).
    ToolConfig,
    ToolName,
    ToolType,
    ToolText,
    /// Whether a tool is kept from the model for now.
    Deferred,
    /// A schema, and what in it is named as its author likes.
    Schema,
    Properties,
    SchemaText,
    SchemaRest,

    System,
    /// The conversation, and an element of it.
    Messages,
    /// What is said in it.
    Content,
    Role,
    Type,
    /// JSON that the model reads or wrote as such.
    Raw,
    /// Thoughts of earlier answers.
    Thoughts,
    /// Content that only the server can read.
    Seal,
    ToolResult,

    /// Something with pages.
    Document,
    Audio,
    /// An object that holds or names a file, or stands for one.
    Source,
    SourceType,
    Data,
    /// Where a file is to be fetched, or what it is called on the server.
    Address,
    ImageUrl,
    FileData,
    Detail,
}

impl Place {
    /// The place of the member `name` of an object that stands here.
    #[allow(clippy::wildcard_enum_match_arm, reason = "words and numbers have no members")]
    pub(super) fn member(self, name: &[u8]) -> Self {
        let (members, rest): (&[(&str, Self)], Self) = match self {
            Self::Root => (ROOT, Self::Content),
            Self::Config => (CONFIG, Self::Nowhere),
            Self::ToolConfig => (TOOL_CONFIG, Self::Nowhere),
            Self::Tools => (TOOLS, Self::ToolText),
            Self::Schema => (SCHEMA, Self::SchemaRest),
            Self::Properties => (&[], Self::Schema),
            Self::Thinking => (THINKING, Self::Nowhere),
            Self::Output => (OUTPUT, Self::Nowhere),
            Self::Form => (FORM, Self::Raw),
            Self::CacheControl => (&[("ttl", Self::Ttl)], Self::CacheControl),
            Self::System | Self::Messages | Self::Content | Self::ToolResult | Self::Document => {
                (CONTENT, Self::Content)
            }
            Self::Source | Self::ImageUrl | Self::FileData | Self::Audio => (SOURCE, Self::Content),
            Self::Thoughts => (THOUGHTS, Self::Thoughts),
            Self::Raw | Self::FormSchema => (&[], Self::Raw),
            Self::ToolText => (&[], Self::ToolText),
            Self::SchemaText | Self::SchemaRest => (&[], self),
            Self::ToolChoice => (&[], Self::ToolChoice),
            _ => (&[], Self::Nowhere),
        };
        names::find(members, name).unwrap_or(rest)
    }

    /// Whether all members of an object that stands here are alike, whatever they are called.
    pub(super) const fn has_free_names(self) -> bool {
        matches!(self, Self::Raw | Self::Properties | Self::ToolText | Self::SchemaText | Self::SchemaRest)
    }

    /// Whether a word or a number stands there; anything else is a mistake of the caller's.
    pub(super) const fn is_word(self) -> bool {
        matches!(
            self,
            Self::AnthropicVersion
                | Self::Copies
                | Self::MaxTokens
                | Self::Model
                | Self::Speed
                | Self::Stream
                | Self::Effort
                | Self::Budget
                | Self::FormType
                | Self::Ttl
                | Self::ToolName
                | Self::ToolType
                | Self::Deferred
                | Self::Role
                | Self::Type
                | Self::SourceType
                | Self::Data
                | Self::Detail
        )
    }

    /// Whether it belongs to the definition of a tool and is shown to the model.
    pub(super) const fn is_of_tool(self) -> bool {
        matches!(
            self,
            Self::Tools
                | Self::ToolName
                | Self::ToolText
                | Self::Schema
                | Self::Properties
                | Self::SchemaText
                | Self::SchemaRest
        )
    }
}

const ROOT: &[(&str, Place)] = &[
    ("model", Place::Model),
    ("messages", Place::Messages),
    ("input", Place::Messages),
    ("contents", Place::Messages),
    ("chat_history", Place::Messages),
    ("system", Place::System),
    ("systemInstruction", Place::System),
    ("system_instruction", Place::System),
    ("instructions", Place::System),
    ("tools", Place::Tools),
    ("functions", Place::Tools),
    ("toolConfig", Place::ToolConfig),
    ("tool_config", Place::ToolConfig),
    ("tool_choice", Place::ToolChoice),
    ("function_call", Place::ToolChoice),
    ("max_tokens", Place::MaxTokens),
    ("max_completion_tokens", Place::MaxTokens),
    ("max_output_tokens", Place::MaxTokens),
    ("maxOutputTokens", Place::MaxTokens),
    ("maxTokens", Place::MaxTokens),
    ("n", Place::Copies),
    ("best_of", Place::Copies),
    ("num_generations", Place::Copies),
    ("stream", Place::Stream),
    ("speed", Place::Speed),
    ("anthropic_version", Place::AnthropicVersion),
    ("generationConfig", Place::Config),
    ("generation_config", Place::Config),
    ("inferenceConfig", Place::Config),
    ("thinking", Place::Thinking),
    ("reasoning", Place::Thinking),
    ("reasoning_effort", Place::Effort),
    ("output_config", Place::Output),
    ("text", Place::Output),
    ("response_format", Place::Form),
    ("output_format", Place::Form),
    ("cache_control", Place::CacheControl),
    ("previous_response_id", Place::Hidden),
    ("previous_interaction_id", Place::Hidden),
    ("conversation", Place::Hidden),
    ("cachedContent", Place::Hidden),
    ("cached_content", Place::Hidden),
    ("mcp_servers", Place::Hidden),
    ("container", Place::Hidden),
    ("web_search_options", Place::Hidden),
    ("connectors", Place::Hidden),
    ("anthropic_beta", Place::Nowhere),
    ("metadata", Place::Nowhere),
    ("requestMetadata", Place::Nowhere),
    ("labels", Place::Nowhere),
    ("user", Place::Nowhere),
    ("user_profile_id", Place::Nowhere),
    ("workspace_id", Place::Nowhere),
    ("safety_identifier", Place::Nowhere),
    ("service_tier", Place::Nowhere),
    ("inference_geo", Place::Nowhere),
    ("prompt_cache_key", Place::Nowhere),
    ("prompt_cache_retention", Place::Nowhere),
    ("prompt_cache_options", Place::Nowhere),
    ("stop", Place::Nowhere),
    ("stop_sequences", Place::Nowhere),
    ("truncation", Place::Nowhere),
    ("encoding_format", Place::Nowhere),
    ("include", Place::Nowhere),
    ("modalities", Place::Nowhere),
    ("audio", Place::Nowhere),
    ("verbosity", Place::Nowhere),
    ("personality", Place::Nowhere),
    ("logit_bias", Place::Nowhere),
    ("stream_options", Place::Nowhere),
    ("streamOptions", Place::Nowhere),
    ("context_management", Place::Nowhere),
    ("diagnostics", Place::Nowhere),
    ("safetySettings", Place::Nowhere),
    ("safety_settings", Place::Nowhere),
    ("safety_mode", Place::Nowhere),
    ("citation_options", Place::Nowhere),
    ("guardrailConfig", Place::Nowhere),
    ("performanceConfig", Place::Nowhere),
    ("additionalModelRequestFields", Place::Nowhere),
    ("additionalModelResponseFieldPaths", Place::Nowhere),
];

const CONFIG: &[(&str, Place)] = &[
    ("maxOutputTokens", Place::MaxTokens),
    ("max_output_tokens", Place::MaxTokens),
    ("maxTokens", Place::MaxTokens),
    ("candidateCount", Place::Copies),
    ("candidate_count", Place::Copies),
    ("thinkingConfig", Place::Thinking),
    ("thinking_config", Place::Thinking),
    ("thinking_level", Place::Effort),
    ("responseSchema", Place::FormSchema),
    ("response_schema", Place::FormSchema),
    ("responseJsonSchema", Place::FormSchema),
    ("response_json_schema", Place::FormSchema),
];

const TOOL_CONFIG: &[(&str, Place)] = &[
    ("tools", Place::Tools),
    ("toolChoice", Place::ToolChoice),
    ("functionCallingConfig", Place::ToolChoice),
    ("function_calling_config", Place::ToolChoice),
];

/// Of a tool, of what it is wrapped in, and of the tools that Gemini has without a name.
const TOOLS: &[(&str, Place)] = &[
    ("name", Place::ToolName),
    ("type", Place::ToolType),
    ("input_schema", Place::Schema),
    ("inputSchema", Place::Schema),
    ("parameters", Place::Schema),
    ("parametersJsonSchema", Place::Schema),
    ("parameter_definitions", Place::Properties),
    ("function", Place::Tools),
    ("functionDeclarations", Place::Tools),
    ("function_declarations", Place::Tools),
    ("toolSpec", Place::Tools),
    ("cache_control", Place::CacheControl),
    ("cachePoint", Place::CacheControl),
    ("defer_loading", Place::Deferred),
    ("googleSearch", Place::Hidden),
    ("google_search", Place::Hidden),
    ("googleMaps", Place::Hidden),
    ("codeExecution", Place::Hidden),
    ("code_execution", Place::Hidden),
    ("urlContext", Place::Hidden),
    ("url_context", Place::Hidden),
    ("computerUse", Place::Hidden),
    ("fileSearch", Place::Hidden),
    ("systemTool", Place::Hidden),
    ("strict", Place::Nowhere),
    ("allowed_callers", Place::Nowhere),
    ("eager_input_streaming", Place::Nowhere),
    ("response", Place::Nowhere),
    ("behavior", Place::Nowhere),
];

const SCHEMA: &[(&str, Place)] = &[
    ("json", Place::Schema),
    ("properties", Place::Properties),
    ("$defs", Place::Properties),
    ("definitions", Place::Properties),
    ("items", Place::Schema),
    ("anyOf", Place::Schema),
    ("oneOf", Place::Schema),
    ("allOf", Place::Schema),
    ("description", Place::SchemaText),
    ("type", Place::SchemaText),
    ("enum", Place::SchemaText),
    ("const", Place::SchemaText),
];

const THINKING: &[(&str, Place)] = &[
    ("type", Place::Effort),
    ("effort", Place::Effort),
    ("thinkingLevel", Place::Effort),
    ("thinking_level", Place::Effort),
    ("budget_tokens", Place::Budget),
    ("thinkingBudget", Place::Budget),
    ("thinking_budget", Place::Budget),
    ("max_tokens", Place::Budget),
];

const OUTPUT: &[(&str, Place)] = &[("effort", Place::Effort), ("format", Place::Form)];

const FORM: &[(&str, Place)] = &[
    ("type", Place::FormType),
    ("json_schema", Place::Form),
    ("schema", Place::FormSchema),
    ("strict", Place::Nowhere),
];

/// What stands in nearly every message comes first.
const CONTENT: &[(&str, Place)] = &[
    ("text", Place::Content),
    ("type", Place::Type),
    ("content", Place::Content),
    ("role", Place::Role),
    ("parts", Place::Content),
    ("id", Place::Nowhere),
    ("tool_use_id", Place::Nowhere),
    ("tool_call_id", Place::Nowhere),
    ("toolUseId", Place::Nowhere),
    ("call_id", Place::Nowhere),
    ("status", Place::Nowhere),
    ("phase", Place::Nowhere),
    ("citations", Place::Nowhere),
    ("annotations", Place::Nowhere),
    ("logprobs", Place::Nowhere),
    ("metadata", Place::Nowhere),
    ("caller", Place::Nowhere),
    ("toolset_name", Place::Nowhere),
    ("transformations", Place::Nowhere),
    ("page_age", Place::Nowhere),
    ("filename", Place::Nowhere),
    ("format", Place::Nowhere),
    ("signature", Place::Nowhere),
    ("thoughtSignature", Place::Nowhere),
    ("thought_signature", Place::Nowhere),
    ("encrypted_content", Place::Seal),
    ("encrypted_index", Place::Nowhere),
    ("cache_control", Place::CacheControl),
    ("cachePoint", Place::CacheControl),
    ("thinking", Place::Thoughts),
    ("reasoning_content", Place::Thoughts),
    ("reasoningContent", Place::Thoughts),
    ("input", Place::Raw),
    ("arguments", Place::Raw),
    ("args", Place::Raw),
    ("response", Place::Raw),
    ("json", Place::Raw),
    ("toolResult", Place::ToolResult),
    ("document", Place::Document),
    ("file", Place::Document),
    ("source", Place::Source),
    ("inlineData", Place::FileData),
    ("inline_data", Place::FileData),
    ("fileData", Place::FileData),
    ("file_data", Place::FileData),
    ("file_id", Place::Address),
    ("file_url", Place::Address),
    ("image_url", Place::ImageUrl),
    ("input_audio", Place::Audio),
    ("detail", Place::Detail),
];

const SOURCE: &[(&str, Place)] = &[
    ("type", Place::SourceType),
    ("media_type", Place::SourceType),
    ("mimeType", Place::SourceType),
    ("mime_type", Place::SourceType),
    ("format", Place::Nowhere),
    ("displayName", Place::Nowhere),
    ("display_name", Place::Nowhere),
    ("data", Place::Data),
    ("bytes", Place::FileData),
    ("url", Place::ImageUrl),
    ("uri", Place::Address),
    ("file_id", Place::Address),
    ("fileUri", Place::Address),
    ("file_uri", Place::Address),
    ("s3Location", Place::Address),
    ("detail", Place::Detail),
];

const THOUGHTS: &[(&str, Place)] = &[("signature", Place::Nowhere), ("redactedContent", Place::Seal)];

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        path.split('.').fold(Place::Root, |place, name| place.member(name.as_bytes()))
    }

    #[test]
    fn only_the_top_level_speaks_for_the_request() {
        for name in ["model", "max_tokens", "stream", "speed", "tools", "anthropic_version", "tool_choice"] {
            assert_ne!(place(name), Place::Content, "{name}");
            assert_eq!(place(&format!("other.{name}")), Place::Content, "{name}");
            assert_eq!(place(&format!("metadata.{name}")), Place::Nowhere, "{name}");
        }
    }

    #[test]
    fn nothing_comes_back_from_nowhere() {
        for (name, _) in ROOT.iter().chain(CONTENT).chain(TOOLS) {
            assert_eq!(Place::Nowhere.member(name.as_bytes()), Place::Nowhere);
            assert_eq!(Place::Raw.member(name.as_bytes()), Place::Raw);
            assert_eq!(Place::Properties.member(name.as_bytes()), Place::Schema);
        }
    }

    #[test]
    fn names_of_a_table_are_written_once() {
        for table in [ROOT, CONFIG, TOOL_CONFIG, TOOLS, SCHEMA, THINKING, OUTPUT, FORM, CONTENT, SOURCE, THOUGHTS] {
            for (index, (name, _)) in table.iter().enumerate() {
                assert!(table.iter().skip(index + 1).all(|(other, _)| other != name), "{name}");
            }
        }
    }

    use alloc::format;
}
